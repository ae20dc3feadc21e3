package decode

import (
	"strconv"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// deriveProcess gives a Security 4688 the fields that Sysmon has for a new process: its user is the account it was
// started for if that is another than the one that started it.
func deriveProcess(w *windowsRoutes, ev *tocsin.Event) {
	var domain, user, logon, newDomain, newUser, newLogon string
	for i := range ev.Fields {
		switch f := &ev.Fields[i]; f.Name {
		case "SubjectDomainName":
			domain = f.Value
		case "SubjectUserName":
			user = f.Value
		case "SubjectLogonId":
			logon = f.Value
		case "TargetDomainName":
			newDomain = f.Value
		case "TargetUserName":
			newUser = f.Value
		case "TargetLogonId":
			newLogon = f.Value
		}
	}
	if newUser != "" && newUser != "-" {
		domain, user, logon = newDomain, newUser, newLogon
	}
	switch {
	case user == "" || user == "-":
	case domain == "" || domain == "-":
		ev.Add("User", user)
	default:
		ev.Add("User", w.join(domain, `\`, user))
	}
	ev.Add("LogonId", logon)
}

// deriveRegistry gives the Security events about registry objects the fields that Sysmon has for them.
func deriveRegistry(w *windowsRoutes, ev *tocsin.Event) {
	var object, value, kind, operation, data, dataType string
	for i := range ev.Fields {
		switch f := &ev.Fields[i]; f.Name {
		case "ObjectName":
			object = f.Value
		case "ObjectValueName":
			value = f.Value
		case "ObjectType":
			kind = f.Value
		case "OperationType":
			operation = f.Value
		case "NewValue":
			data = f.Value
		case "NewValueType":
			dataType = f.Value
		}
	}
	if object == "" || kind != "" && kind != "Key" {
		return
	}
	from := len(w.arena)
	w.arena = appendRegistryPath(w.arena, object)
	if value != "" && value != "-" {
		w.arena = append(append(w.arena, '\\'), value...)
	}
	ev.Add("TargetObject", text(w.arena[from:]))
	switch operation {
	case "%%1904", "%%1905":
		ev.Add("EventType", "SetValue")
		ev.Add("Details", w.registryData(data, dataType))
	case "%%1906":
		ev.Add("EventType", "DeleteValue")
	}
}

// registryRoots are the kernel's names of registry roots and Sysmon's, which rules are written for; see "Event ID 12"
// of https://learn.microsoft.com/sysinternals/downloads/sysmon.
var registryRoots = []struct{ kernel, sysmon string }{
	{`\REGISTRY\MACHINE\SYSTEM\CurrentControlSet`, `HKLM\System\CurrentControlSet`},
	{`\REGISTRY\MACHINE\SYSTEM\ControlSet001`, `HKLM\System\CurrentControlSet`},
	{`\REGISTRY\MACHINE\SYSTEM\ControlSet002`, `HKLM\System\CurrentControlSet`},
	{`\REGISTRY\MACHINE`, `HKLM`},
	{`\REGISTRY\USER`, `HKU`},
}

func appendRegistryPath(dst []byte, path string) []byte {
	for _, r := range registryRoots {
		n := len(r.kernel)
		if len(path) >= n && strings.EqualFold(path[:n], r.kernel) && (len(path) == n || path[n] == '\\') {
			return append(append(dst, r.sysmon...), path[n:]...)
		}
	}
	return append(dst, path...)
}

// registryData writes a registry value as Sysmon does: DWORD (0x00000001), QWORD (0x00000000-0x00000001), Binary Data,
// and strings as they are. The type is that of the message table of Microsoft-Windows-Security-Auditing.
func (w *windowsRoutes) registryData(data, kind string) string {
	switch kind {
	case "%%1875":
		return "Binary Data"
	case "%%1876", "%%1883":
		n, err := strconv.ParseUint(data, 0, 64)
		if err != nil {
			return data
		}
		from := len(w.arena)
		if kind == "%%1876" {
			w.arena = appendHex32(append(w.arena, "DWORD (0x"...), uint32(n))
		} else {
			w.arena = appendHex32(append(w.arena, "QWORD (0x"...), uint32(n>>32))
			w.arena = appendHex32(append(w.arena, "-0x"...), uint32(n))
		}
		w.arena = append(w.arena, ')')
		return text(w.arena[from:])
	}
	return data
}

func appendHex32(dst []byte, n uint32) []byte {
	for i := 28; i >= 0; i -= 4 {
		dst = append(dst, "0123456789abcdef"[n>>i&15])
	}
	return dst
}

// deriveRequest gives a request that IIS logs as an event the fields of its log files.
func deriveRequest(w *windowsRoutes, ev *tocsin.Event) {
	var stem, query, agent, client string
	for i := range ev.Fields {
		switch f := &ev.Fields[i]; f.Name {
		case "cs-uri-stem":
			stem = f.Value
		case "cs-uri-query":
			query = f.Value
		case "csUser-Agent":
			agent = f.Value
		case "c-ip":
			client = f.Value
		}
	}
	uri := stem
	if query != "" && query != "-" {
		uri = w.join(stem, "?", query)
	}
	ev.Add("src_ip", client)
	ev.Add("cs-uri", uri)
	ev.Add("cs-uri-query", uri) // as for any web server, see request.add
	ev.Add("uri-decoded", decodeURI(uri, false, &w.arena))
	if agent != "-" {
		ev.Add("cs-user-agent", w.join(strings.ReplaceAll(agent, "+", " ")))
	}
}
