package campaign

import (
	"testing"

	"github.com/tocsin-ids/tocsin"
)

func TestFootholdKind(t *testing.T) {
	for _, tt := range []struct {
		verb, tactic, technique string
		want                    string
	}{
		{"create", "persistence", "T1136.001", "account"}, {"write", "persistence", "T1098.004", "key"}, {"create", "persistence", "T1098.001", "credential"},
		{"grant", "privilege-escalation", "T1098.003", "policy"}, {"change", "persistence", "T1098", "changed"}, {"write", "persistence", "T1053.003", "cron"},
		{"create", "persistence", "T1543.003", "service"}, {"create", "execution", "T1610", "workload"}, {"write", "persistence", "T1505.003", "webshell"},
		{"create", "persistence", "T1999", "other"}, {"delete", "persistence", "T1136.001", ""}, {"list", "persistence", "T1053.003", ""},
		{"run", "discovery", "T1033", ""}, {"run", "execution", "T1053", "task"},
	} {
		if got := footholdKind(&tocsin.Deed{Action: tocsin.Action{Verb: tt.verb, Tactic: tt.tactic, Technique: tt.technique}}); got != tt.want {
			t.Errorf("%s %s %s: got %q, want %q", tt.verb, tt.tactic, tt.technique, got, tt.want)
		}
	}
	for _, f := range footholds {
		known := false
		for _, k := range tocsin.FootholdKinds {
			known = known || k == f.kind
		}
		if !known {
			t.Errorf("%s is a %s, which is none of FootholdKinds", f.technique, f.kind)
		}
	}
}

func TestNamedIn(t *testing.T) {
	for _, tt := range []struct{ kind, line, want string }{
		{"cron", "tee /etc/cron.d/refresh", "/etc/cron.d/refresh"},
		{"key", "bash -c tee -a /home/ann/.ssh/authorized_keys; chmod 644 /etc/cron.d/refresh", "/home/ann/.ssh/authorized_keys"},
		{"cron", "bash -c tee -a /home/ann/.ssh/authorized_keys; chmod 644 /etc/cron.d/refresh", "/etc/cron.d/refresh"},
		{"task", `schtasks /create /tn "Refresh" /tr x.exe`, "Refresh"},
		{"service", `C:\Windows\System32\sc.exe create Refresh binPath= x.exe`, "Refresh"},
		{"cron", "crontab -", ""}, {"cron", "", ""}, {"service", "systemctl enable refresh", ""},
	} {
		if got := namedIn(tt.kind, tt.line); got != tt.want {
			t.Errorf("%s, %s: got %q, want %q", tt.kind, tt.line, got, tt.want)
		}
	}
}

// What was laid is told once, with whether it was used and removed; what is a part of a longer command is told by its own.
func TestFootholds(t *testing.T) {
	c := onlyCampaign(t, server+`
109 | address:203.0.113.9 | session:web1/7 user:web1\ann | web1 | write persistence/T1053.003 worked 5 1 | host:web1 | audit.log | tee /etc/cron.d/refresh
109 | address:203.0.113.9 | session:web1/7 user:web1\ann | web1 | write persistence/T1053.003 worked 5 1 | host:web1 | sh.log | bash -c id; tee /etc/cron.d/refresh; id
140 | address:203.0.113.9 | session:web1/7 user:web1\ann | web1 | write persistence/T1098.004 worked 5 1 | host:web1 | audit.log | tee -a /home/ann/.ssh/authorized_keys
160 | address:203.0.113.9 | session:web1/7 user:web1\ann | web1 | write persistence/T1053.003 failed 5 1 | host:web1 | audit.log | tee /etc/cron.d/denied
199 | address:203.0.113.9 | user:web1\svc-copy | web1 | run discovery/T1033 worked 1 1 | host:web1 | audit.log | whoami
300 | address:203.0.113.9 | session:web1/7 user:web1\ann | web1 | delete stealth/T1070.004 worked 2 1 | host:web1 | audit.log | rm /etc/cron.d/refresh
`)
	var got []string
	for i := range c.Laid {
		f := &c.Laid[i]
		s := f.Kind + " " + f.Name
		if !f.Used.IsZero() {
			s += " used " + f.Used.Sub(day).String()
		}
		if !f.Removed.IsZero() {
			s += " removed " + f.Removed.Sub(day).String()
		}
		got = append(got, s)
	}
	want := []string{`account web1\svc-copy used 3m19s`, "cron /etc/cron.d/refresh removed 5m0s", "key /home/ann/.ssh/authorized_keys"}
	if len(got) != len(want) {
		t.Fatalf("got %q, want %q", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("got %q, want %q", got[i], want[i])
		}
	}
}
