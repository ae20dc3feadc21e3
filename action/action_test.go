package action

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/decode"
)

// read decodes text as a file of one format and returns what its events mean.
func read(t testing.TB, name, text string, held ...*tocsin.Rule) []tocsin.Action {
	t.Helper()
	format, ok := decode.ByName(name)
	if !ok {
		t.Fatalf("no format %s", name)
	}
	r := NewReader([]byte("test"), own)
	var out []tocsin.Action
	dec := format.New(decode.Options{})
	see := func(ev *tocsin.Event) {
		if ev.Fault != nil {
			t.Errorf("%s: %v", text, ev.Fault)
		}
		r.Read(ev, held, func(a *tocsin.Action) {
			c := *a
			c.Who, c.On, c.Marks = slices.Clone(a.Who), slices.Clone(a.On), slices.Clone(a.Marks)
			c.Text = strings.Clone(a.Text)
			out = append(out, c)
		})
	}
	dec.Decode(&tocsin.Record{Source: "x", Data: []byte(text + "\n"), Line: 1, Ref: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)}, see)
	dec.Flush(see)
	return out
}

func TestReadEvents(t *testing.T) {
	for _, c := range []struct {
		name, format, text      string
		verb, tactic, technique string
		outcome                 tocsin.Outcome
		level                   tocsin.Level
		who, on                 string // an entity that must be among them, as KIND:VALUE
	}{
		{"request", "access", `203.0.113.5 - - [02/Mar/2026:10:00:00 +0000] "GET /docs HTTP/1.1" 200 10 "-" "Mozilla/5.0"`,
			"request", "", "", tocsin.Worked, tocsin.Informational, "address:203.0.113.5", ""},
		{"not there", "access", `203.0.113.5 - - [02/Mar/2026:10:00:00 +0000] "GET /old/x.php HTTP/1.1" 404 10 "-" "curl/8"`,
			"scan", "reconnaissance", "T1595.003", tocsin.Failed, tocsin.Low, "address:203.0.113.5", ""},
		{"injection", "access", `203.0.113.5 - - [02/Mar/2026:10:00:00 +0000] "GET /i?id=1%27%20UNION%20SELECT%201-- HTTP/1.1" 500 10 "-" "Mozilla/5.0"`,
			"probe", "initial-access", "T1190", tocsin.Failed, tocsin.Medium, "address:203.0.113.5", ""},
		{"web shell", "access", `203.0.113.5 - - [02/Mar/2026:10:00:00 +0000] "GET /u/a.php?cmd=cat%20/etc/passwd HTTP/1.1" 200 900 "-" "Mozilla/5.0"`,
			"probe", "initial-access", "T1190", tocsin.Unknown, tocsin.Medium, "address:203.0.113.5", ""},
		{"password refused", "syslog", `2026-03-02T10:00:00+00:00 web1.corp.example sshd[9]: Failed password for invalid user admin from 203.0.113.5 port 40022 ssh2`,
			"login", "credential-access", "T1110", tocsin.Failed, tocsin.Low, "address:203.0.113.5", "host:web1.corp.example"},
		{"logged in", "syslog", `2026-03-02T10:00:00+00:00 web1.corp.example sshd[9]: Accepted password for deploy from 203.0.113.5 port 40022 ssh2`,
			"login", "", "", tocsin.Worked, tocsin.Informational, "address:203.0.113.5", `user:web1.corp.example\deploy`},
		{"alert by name", "csv", "time,name,ip,host\n1772445600,Possible Nmap scan seen,10.0.0.9,mail",
			"alert", "reconnaissance", "T1595", tocsin.Unknown, tocsin.Medium, "", "host:mail"},
	} {
		t.Run(c.name, func(t *testing.T) {
			all := read(t, c.format, c.text)
			if len(all) == 0 {
				t.Fatal("no action")
			}
			a := all[0]
			if a.Verb != c.verb || a.Tactic != c.tactic || a.Technique != c.technique || a.Outcome != c.outcome || a.Level != c.level {
				t.Errorf("is %s %s %s %s %s, want %s %s %s %s %s", a.Verb, a.Tactic, a.Technique, a.Outcome, a.Level, c.verb, c.tactic, c.technique, c.outcome, c.level)
			}
			has := func(list []tocsin.Entity, want string) bool {
				return want == "" || slices.ContainsFunc(list, func(e tocsin.Entity) bool { return e.Kind+":"+e.Value == want })
			}
			if !has(a.Who, c.who) || !has(a.On, c.on) {
				t.Errorf("who %v, on %v; want %s and %s", a.Who, a.On, c.who, c.on)
			}
		})
	}
}

// TestHeldRules holds that a rule gives an action its level and, where the reading has none, its tactic.
func TestHeldRules(t *testing.T) {
	rule := &tocsin.Rule{Title: "x", Level: tocsin.High, Tags: []string{"attack.execution", "attack.t1059"}}
	all := read(t, "access", `203.0.113.5 - - [02/Mar/2026:10:00:00 +0000] "GET /docs HTTP/1.1" 200 10 "-" "Mozilla/5.0"`, rule)
	if len(all) != 1 || all[0].Level != tocsin.High || all[0].Tactic != "execution" || all[0].Technique != "T1059" {
		t.Errorf("%+v", all)
	}
}

func TestFingerprint(t *testing.T) {
	a, b := NewReader([]byte("a"), own), NewReader([]byte("b"), own)
	one := a.fingerprint("zinnia-Kv81")
	if one == "" || strings.Contains(one, "zinnia") || one != a.fingerprint("zinnia-Kv81") || one == a.fingerprint("zinnia-Kv82") || one == b.fingerprint("zinnia-Kv81") {
		t.Errorf("fingerprints %q %q", one, b.fingerprint("zinnia-Kv81"))
	}
	for _, s := range []string{"", "abc", "Winter2026", "****", "none", "${PASS}"} {
		if f := a.fingerprint(s); f != "" {
			t.Errorf("%q has the fingerprint %s", s, f)
		}
	}
}

func TestOrgOf(t *testing.T) {
	for host, want := range map[string]string{"web1.corp.example": "corp.example", "a.b.shop.co.uk": "shop.co.uk", "web01": "", "192.0.2.1": "", "ip-10-0-0-1.eu.compute.internal": "", "dc.corp.local": "corp.local", "": "", "a.": ""} {
		if got := orgOf(host); got != want {
			t.Errorf("%s: %q, want %q", host, got, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add("windows", "process_creation", "sysmon", "CommandLine", "cmd /c whoami", "EventID", "1")
	f.Add("linux", "", "auditd", "command", "id", "ses", "5")
	f.Add("zeek", "", "conn", "src_ip", "192.0.2.1", "dst_ip", "::1")
	f.Add("ai_agent", "tool_call", "", "command", "ls", "result", "password: x")
	f.Add("alert", "", "", "name", "trojan", "raw", "Received: from [203.0.113.1]\n\n")
	f.Add("aws", "", "cloudtrail", "eventName", "CreateUser", "errorCode", "AccessDenied")
	f.Fuzz(func(t *testing.T, product, category, service, n1, v1, n2, v2 string) {
		ev := &tocsin.Event{Sources: []tocsin.LogSource{{Product: product, Category: category, Service: service}}, Host: v2,
			Fields: []tocsin.Field{{Name: n1, Value: v1}, {Name: n2, Value: v2}, {Name: "Provider_Name", Value: "Microsoft-Windows-Sysmon"}, {Name: "src_ip", Value: v1}}}
		NewReader(nil, own).Read(ev, nil, func(a *tocsin.Action) {
			if len(a.Text) > tocsin.MaxText || !slices.Contains(tocsin.Verbs[:], a.Verb) || a.Level > tocsin.Critical {
				t.Errorf("%+v", a)
			}
		})
	})
}

// TestTargets says which words name a machine.
func TestTargets(t *testing.T) {
	for word, want := range map[string]string{
		"//192.0.2.7/share": "address:192.0.2.7", `\\FILES1\c$`: "host:files1", "//dc1.corp.example/SYSVOL": "host:dc1.corp.example",
		"//$ip/share": "", "//${host}/x": "", "//$(hostname)/x": "", `\\%COMPUTERNAME%\c$`: "", "ldap://$ip": "", "//./pipe": "",
		"http://web1.corp.example:8080/x": "host:web1.corp.example", "198.51.100.0/24": "address:198.51.100.0/24", "deploy@192.0.2.9": "",
	} {
		got := ""
		if e, ok := targetOf(word); ok {
			got = e.Kind + ":" + e.Value
		}
		if got != want {
			t.Errorf("%s: %q, want %q", word, got, want)
		}
	}
}
