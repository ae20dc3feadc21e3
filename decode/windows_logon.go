package decode

import (
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// deriveLogon gives the Security events about logons the fields that logins of any service have, so that one rule
// holds for all of them. Logons of computers, of services and without a name are nobody's and left as they are; a
// logon at the keyboard has no address.
// Codes: https://learn.microsoft.com/previous-versions/windows/it-pro/windows-10/security/threat-protection/auditing/event-4625
// and https://learn.microsoft.com/previous-versions/windows/it-pro/windows-10/security/threat-protection/auditing/event-4771
func deriveLogon(w *windowsRoutes, ev *tocsin.Event) {
	var user, ip, port, kind, status, substatus, station, method string
	for i := range ev.Fields {
		switch f := &ev.Fields[i]; f.Name {
		case "TargetUserName":
			user = f.Value
		case "IpAddress":
			ip = f.Value
		case "IpPort":
			port = f.Value
		case "LogonType":
			kind = f.Value
		case "Status":
			status = f.Value
		case "SubStatus":
			substatus = f.Value
		case "WorkstationName", "Workstation":
			station = f.Value
		case "AuthenticationPackageName":
			method = f.Value
		}
	}
	switch {
	case user == "", user == "-", strings.HasSuffix(user, "$"), strings.EqualFold(user, "ANONYMOUS LOGON"),
		kind == "0", kind == "4", kind == "5":
		return
	}
	v := logonVerdict(w.route.key.id, status, substatus)
	if v == untold {
		return
	}
	ev.Add("event_type", outcomes[v].event)
	ev.Add("outcome", outcomes[v].outcome)
	ev.Add("service", "windows")
	ev.Add("user", user)
	ev.Add("hostname", ev.Host)
	ev.Add("auth_method", dashless(method))
	if addr, end := ipAt(ip); addr != "" && end == len(ip) && addr != "::1" && !strings.HasPrefix(addr, "127.") {
		ev.Add("src_ip", addr)
		if port != "0" {
			ev.Add("src_port", dashless(port))
		}
	} else {
		ev.Add("src_host", dashless(station))
	}
}

// logonVerdict says what one of the events about logons means.
func logonVerdict(id uint32, status, substatus string) verdict {
	switch id {
	case 4624:
		return loginOK
	case 4740:
		return accountLocked
	case 4625:
		if isCode(substatus, "c0000064") || isCode(status, "c0000064") {
			return invalidUser
		}
		return loginFailed
	case 4776: // NTLM: what a domain controller found
		switch {
		case isCode(status, "0"):
			return untold // the logon itself follows
		case isCode(status, "c0000064"):
			return invalidUser
		}
		return loginFailed
	case 4768, 4771: // Kerberos
		switch {
		case isCode(status, "6"): // KDC_ERR_C_PRINCIPAL_UNKNOWN
			return invalidUser
		case isCode(status, "12"), isCode(status, "18"), isCode(status, "17"): // revoked, wrong password, expired
			return loginFailed
		}
	}
	return untold
}

// isCode says that s is the hexadecimal number hex, however it is written.
func isCode(s, hex string) bool {
	if len(s) > 2 && s[0] == '0' && s[1]|0x20 == 'x' {
		s = strings.TrimLeft(s[2:len(s)-1], "0") + s[len(s)-1:]
	}
	return strings.EqualFold(s, hex)
}
