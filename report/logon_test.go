package report

import (
	"testing"

	"github.com/tocsin-ids/tocsin"
)

func TestLogonOf(t *testing.T) {
	win := []tocsin.LogSource{{Product: "windows", Service: "security"}}
	f := func(kv ...string) (out []tocsin.Field) {
		for i := 0; i < len(kv); i += 2 {
			out = append(out, tocsin.Field{Name: kv[i], Value: kv[i+1]})
		}
		return out
	}
	for _, x := range []struct {
		name string
		ev   tocsin.Event
		want Logon
		ok   bool
	}{
		{"windows failure", tocsin.Event{Sources: win, Fields: f("EventID", "4625", "Channel", "Security", "TargetUserName", "eve", "IpAddress", "192.0.2.9")}, Logon{"eve", "192.0.2.9", false}, true},
		{"windows success", tocsin.Event{Sources: win, Fields: f("EventID", "4624", "Channel", "Security", "TargetUserName", "ann")}, Logon{"ann", "", true}, true},
		{"another log's 4624", tocsin.Event{Sources: win, Fields: f("EventID", "4624", "Channel", "Application")}, Logon{}, false},
		{"process", tocsin.Event{Sources: win, Fields: f("EventID", "4688", "Channel", "Security")}, Logon{}, false},
		{"sshd", tocsin.Event{Fields: f("event_type", "login_ok", "user", "ann", "src_ip", "192.0.2.1")}, Logon{"ann", "192.0.2.1", true}, true},
		{"a service with an event_type of its own", tocsin.Event{Fields: f("event_type", "authentication", "event_type", "login_failed", "user", "ann", "src_ip", "192.0.2.1")}, Logon{"ann", "192.0.2.1", false}, true},
		{"its enrolments", tocsin.Event{Fields: f("event_type", "enrollment", "user", "ann")}, Logon{}, false},
		{"Entra, interrupted to ask for more", tocsin.Event{Fields: f("event_type", "login_interrupted", "user", "ann@corp.example")}, Logon{}, false},
		{"sudo", tocsin.Event{Fields: f("event_type", "command", "user", "ann")}, Logon{}, false},
		{"console", tocsin.Event{Fields: f("eventName", "ConsoleLogin", "responseElements.ConsoleLogin", "Failure", "userIdentity.arn", "arn:x", "sourceIPAddress", "192.0.2.2")}, Logon{"arn:x", "192.0.2.2", false}, true},
	} {
		got, ok := LogonOf(&x.ev)
		if ok != x.ok || ok && got != x.want {
			t.Errorf("%s: %+v, %v; want %+v, %v", x.name, got, ok, x.want, x.ok)
		}
	}
}
