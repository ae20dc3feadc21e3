package action

import (
	"testing"

	"github.com/tocsin-ids/tocsin"
)

// What an action's log tells decides what is judged of it.
func TestLogAndSetOff(t *testing.T) {
	windows := []tocsin.LogSource{{Category: "process_creation", Product: "windows", Service: "sysmon"}}
	audit := []tocsin.LogSource{{Product: "linux", Service: "auditd"}, {Category: "process_creation", Product: "linux", Service: "auditd"}}
	started := func(parent, image, line string) []string {
		return []string{"Provider_Name", "Microsoft-Windows-Sysmon", "EventID", "1", "ParentImage", parent, "Image", image, "CommandLine", line, "LogonId", "0x1234", "User", `CORP\ann`}
	}
	for _, c := range []struct {
		name    string
		sources []tocsin.LogSource
		fields  []string
		log     string
		set     bool
	}{
		{"a shell's child", windows, started(`C:\Windows\System32\cmd.exe`, `C:\Windows\System32\net.exe`, "net user"), "windows", false},
		{"a program's child", windows, started(`C:\Windows\System32\net.exe`, `C:\Windows\System32\net1.exe`, "net1 user"), "windows", true},
		{"a service's child", windows, started(`C:\Windows\System32\svchost.exe`, `C:\Windows\System32\backup.exe`, "backup.exe /all"), "windows", true},
		{"a shell that a program starts", windows, started(`C:\Users\Public\update.exe`, `C:\Windows\System32\cmd.exe`, "cmd.exe /c whoami"), "windows", false},
		{"from the desktop", windows, started(`C:\Windows\explorer.exe`, `C:\Windows\System32\mmc.exe`, "mmc.exe"), "windows", false},
		{"audit", audit, []string{"CommandLine", "id", "User", "ann"}, "program", false},
		{"cron", audit, []string{"CommandLine", "/usr/bin/backup", "User", "ann", "ParentImage", "/usr/sbin/cron", "Image", "/usr/bin/backup"}, "program", true},
		{"history", []tocsin.LogSource{{Category: "process_creation", Product: "linux", Service: "history"}}, []string{"CommandLine", "ls -l", "User", "ann"}, "line", false},
		{"honeypot", []tocsin.LogSource{{Category: "honeypot", Product: "linux", Service: "cowrie"}, {Category: "process_creation", Product: "linux", Service: "cowrie"}}, []string{"CommandLine", "uname -a", "src_ip", "203.0.113.9"}, "line", false},
		{"an agent's own log", []tocsin.LogSource{{Category: "tool_call", Product: "ai_agent"}}, []string{"tool", "bash", "command", "uname -a", "session", "s1"}, "session", false},
	} {
		ev := tocsin.Event{Host: "ws1.example", Sources: c.sources}
		for i := 0; i+1 < len(c.fields); i += 2 {
			ev.Add(c.fields[i], c.fields[i+1])
		}
		n := 0
		NewReader([]byte("key"), own).Read(&ev, nil, func(a *tocsin.Action) {
			n++
			if a.Log != c.log || a.Set != c.set {
				t.Errorf("%s: log %q, set off %t, want %q and %t", c.name, a.Log, a.Set, c.log, c.set)
			}
		})
		if n == 0 {
			t.Errorf("%s: no action", c.name)
		}
	}
}

// The audit daemon names who was logged in and, apart from them, whose account it is; where it does not, nobody's is meant.
func TestAuditedAccount(t *testing.T) {
	for _, c := range []struct{ acct, target, text string }{
		{"svc-copy", `web1\svc-copy`, "create account svc-copy"},
		{"", "", "create account"},
	} {
		ev := tocsin.Event{Host: "web1", Sources: []tocsin.LogSource{{Product: "linux", Service: "auditd"}}}
		for _, f := range [][2]string{{"type", "ADD_USER"}, {"AUID", "ann"}, {"ses", "7"}, {"event_type", "user_added"}, {"outcome", "success"}, {"user", c.acct}} {
			ev.Add(f[0], f[1])
		}
		n := 0
		NewReader([]byte("key"), own).Read(&ev, nil, func(a *tocsin.Action) {
			n++
			target := ""
			for _, e := range a.On {
				if e.Kind == "user" {
					target = e.Value
				}
			}
			if target != c.target || a.Text != c.text || a.Who[len(a.Who)-1].Value != `web1\ann` {
				t.Errorf("account %q: on %v by %v, %q", c.acct, a.On, a.Who, a.Text)
			}
		})
		if n != 1 {
			t.Errorf("account %q: %d actions", c.acct, n)
		}
	}
}
