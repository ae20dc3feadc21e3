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
	idRank, underRank := len(kindNames), len(kindNames)
	for i := range ev.Fields { // once: every event is asked
		f := &ev.Fields[i]
		switch rank := kindRank(f.Name); {
		case rank < 0:
		case rank < firstUnder && rank < idRank:
			idRank, id = rank, f.Value
		case rank >= firstUnder && rank < underRank:
			underRank, under = rank, f.Value
		}
	}
	if underRank == len(kindNames) {
		under = ev.Format
	}
	return id, under
}

// kindNames are the fields that hold the name of what happened, the best first, and from firstUnder on those that say who
// tells of it.
var kindNames = [...]string{"event_type", "eventName", "eventid", "_path", "type", "operationName", "Operation", "eventType", "verb", "action", "tool", "sc-status",
	"program", "service", "eventSource", "Workload", "objectRef.resource", "agent"}

const firstUnder = 12

// kindLengths are the lengths that those names have, as bits: few fields need to be compared.
var kindLengths = func() (bits uint64) {
	for _, n := range kindNames {
		bits |= 1 << len(n)
	}
	return bits
}()

// kindRank is the place of a name in kindNames, -1 for any other.
func kindRank(name string) int {
	if len(name) > 63 || kindLengths>>len(name)&1 == 0 {
		return -1
	}
	for i := range kindNames {
		if kindNames[i] == name {
			return i
		}
	}
	return -1
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
