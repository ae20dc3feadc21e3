package decode

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// windowsSentences are the first sentences of the security events that agents send on as text, without the id that belongs
// to them. https://learn.microsoft.com/en-us/previous-versions/windows/it-pro/windows-10/security/threat-protection/auditing/
var windowsSentences = []struct {
	id    uint32
	words string
}{
	{4624, "An account was successfully logged on."}, {4625, "An account failed to log on."}, {4634, "An account was logged off."}, {4647, "User initiated logoff"},
	{4648, "A logon was attempted using explicit credentials."}, {4672, "Special privileges assigned to new logon."}, {4688, "A new process has been created."},
	{4697, "A service was installed in the system."}, {4698, "A scheduled task was created."}, {4702, "A scheduled task was updated."},
	{4720, "A user account was created."}, {4722, "A user account was enabled."}, {4723, "An attempt was made to change an account's password."},
	{4724, "An attempt was made to reset an account's password."}, {4725, "A user account was disabled."}, {4726, "A user account was deleted."},
	{4728, "A member was added to a security-enabled global group."}, {4732, "A member was added to a security-enabled local group."}, {4756, "A member was added to a security-enabled universal group."},
	{4738, "A user account was changed."}, {4740, "A user account was locked out."}, {4767, "A user account was unlocked."},
	{4768, "A Kerberos authentication ticket (TGT) was requested."}, {4769, "A Kerberos service ticket was requested."}, {4771, "Kerberos pre-authentication failed."},
	{4776, "attempted to validate the credentials for an account."}, {1102, "The audit log was cleared."}, {5140, "A network share object was accessed."},
	{5145, "A network share object was checked to see whether client can be granted desired access."}, {4778, "A session was reconnected to a Window Station."},
	{4779, "A session was disconnected from a Window Station."}, {4719, "System audit policy was changed."},
}

// windowsSaid says that a rendered text begins as that of the security event with an id.
func windowsSaid(id uint32, msg string) bool {
	for i := range windowsSentences {
		if s := &windowsSentences[i]; s.id == id {
			return strings.HasPrefix(strings.TrimLeft(msg, " \r\n"), s.words)
		}
	}
	return false
}

// windowsLabels are the labels of securityLabels and the names of sections, the longest first.
var windowsLabels = func() []string {
	var all []string
	for l := range securityLabels {
		all = append(all, l)
	}
	for s := range sections {
		all = append(all, s)
	}
	all = append(all, "Failure Information", "Network Information", "Process Information", "Detailed Authentication Information", "Additional Information", "Logon Information",
		"Transited Services", "Attributes", "Service Information", "Share Information", "Access Request Information", "Certificate Information", "Logon Type", "User ID", "Supplied Realm Name", "Access Reasons")
	slices.SortFunc(all, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	return slices.Compact(all)
}()

// windowsOneLine reads an event of Windows' Security log whose rendered text an agent or collector wrote as one line:
// OSSEC's and Wazuh's "WinEvtLog: Security: AUDIT_FAILURE(4625): provider: user: domain: computer: text", Snare's and
// NXLog's relatives. The labels in the text tell the event's fields.
func (d *lines) windowsOneLine(msg string, ev *tocsin.Event) bool {
	if len(msg) > maxMessage {
		return false
	}
	id, host := uint32(0), ""
	if _, after, ok := strings.Cut(msg, "WinEvtLog: Security: AUDIT_"); ok {
		_, after, _ = strings.Cut(after, "(")
		code, after, _ := strings.Cut(after, "): ")
		if !isDigits(code) || len(code) > 5 {
			return false
		}
		id = uint32(number(code))
		for range 3 { // provider, user, domain
			_, after, _ = strings.Cut(after, ": ")
		}
		host, msg, ok = strings.Cut(after, ": ")
		if !ok {
			return false
		}
	} else if strings.Contains(msg, "Account Name:") || strings.Contains(msg, "Security ID:") || strings.Contains(msg, "Logon Account:") {
		for _, s := range windowsSentences {
			if at := strings.Index(msg, s.words); at >= 0 {
				id, msg = s.id, msg[at:]
				break
			}
		}
	}
	if id == 0 {
		return false
	}
	ev.Add("message", msg)
	if host != "" && isHost(view(host)) && !strings.Contains(host, "(") {
		ev.Host = host
	}
	ev.Add("EventID", strconv.Itoa(int(id)))
	ev.Add("Channel", "Security")
	ev.Add("Provider_Name", "Microsoft-Windows-Security-Auditing")
	ev.Add("Computer", ev.Host)
	d.flatLabels(msg, ev)
	d.routes.arena = d.routes.arena[:0]
	d.routes.complete(ev, "Security", "Microsoft-Windows-Security-Auditing", id, "")
	ev.Format = "windows-message"
	return true
}

// flatLabels adds the values behind the labels of a text whose lines were joined. A value ends where the next label begins.
func (d *lines) flatLabels(msg string, ev *tocsin.Event) {
	section, name := "", ""
	from := 0
	end := func(to int) {
		if v := strings.TrimSpace(msg[from:to]); name != "" && v != "" && len(ev.Fields) < maxFields {
			ev.Add(name, v)
		}
		name = ""
	}
	for i := 0; i < len(msg); i++ {
		if msg[i] < 'A' || msg[i] > 'Z' || i > 0 && msg[i-1] != ' ' && msg[i-1] != '\t' && msg[i-1] != '.' {
			continue
		}
		label := ""
		for _, l := range windowsLabels {
			if strings.HasPrefix(msg[i:], l) && len(msg) > i+len(l) && msg[i+len(l)] == ':' {
				label = l
				break
			}
		}
		if label == "" {
			continue
		}
		end(i)
		at := i + len(label) + 1
		field, known := securityLabels[label]
		_, opens := sections[label]
		switch {
		case opens && (!known || strings.HasPrefix(strings.TrimLeft(msg[at:], " \t"), "Security ID:") || strings.HasPrefix(strings.TrimLeft(msg[at:], " \t"), "Account Name:")):
			section = label
		case known:
			if name = field; field[0] == '*' {
				name = ""
				if prefix, ok := sections[section]; ok {
					name = prefix + field[1:]
				}
				if n, ok := memberNames[name]; ok {
					name = n
				}
			}
		default:
			section = label
		}
		from = at
		i = at - 1
	}
	end(len(msg))
}
