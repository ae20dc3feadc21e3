package report

import (
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// KindOf says what tells an event from others of its log source: the number or name that the log gives it, and the
// channel or service it stands under. Either may be empty. Both are parts of the event.
func KindOf(ev *tocsin.Event) (id, under string) {
	if id, ok := ev.Value("EventID"); ok {
		return id, ev.Text("Channel")
	}
	for _, name := range [...]string{"event_type", "eventName", "eventid", "_path", "type", "operationName", "Operation", "eventType", "verb", "action", "tool", "sc-status"} {
		if v, ok := ev.Value(name); ok {
			id = v
			break
		}
	}
	for _, name := range [...]string{"program", "service", "eventSource", "Workload", "objectRef.resource", "agent"} {
		if v, ok := ev.Value(name); ok {
			return id, v
		}
	}
	return id, ev.Format
}

// A Logon is an attempt to log in.
type Logon struct {
	User, Address string
	Worked        bool
}

// LogonOf says whether an event is an attempt to log in, and whose from where. Its texts are parts of the event.
func LogonOf(ev *tocsin.Event) (Logon, bool) {
	if id, ok := ev.Value("EventID"); ok && isWindows(ev) {
		switch id {
		case "4624", "4625":
			return Logon{ev.Text("TargetUserName"), ev.Text("IpAddress"), id == "4624"}, ev.Text("Channel") == "Security"
		}
		return Logon{}, false
	}
	named := false
	for i := range ev.Fields { // some services have a field of that name of their own, before ours
		if ev.Fields[i].Name != "event_type" {
			continue
		}
		switch ev.Fields[i].Value {
		case "login_ok":
			return Logon{ev.Text("user"), ev.Text("src_ip"), true}, true
		case "login_failed", "invalid_user":
			return Logon{ev.Text("user"), ev.Text("src_ip"), false}, true
		case "":
		default:
			named = true
		}
	}
	if named {
		return Logon{}, false
	}
	if ev.Text("eventName") == "ConsoleLogin" {
		user := ev.Text("userIdentity.userName")
		if user == "" {
			user = ev.Text("userIdentity.arn")
		}
		return Logon{user, ev.Text("sourceIPAddress"), strings.EqualFold(ev.Text("responseElements.ConsoleLogin"), "Success")}, true
	}
	return Logon{}, false
}

func isWindows(ev *tocsin.Event) bool {
	return len(ev.Sources) > 0 && ev.Sources[0].Product == "windows"
}
