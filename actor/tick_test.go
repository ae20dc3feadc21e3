package actor

import (
	"testing"
	"time"
	"unsafe"

	"github.com/tocsin-ids/tocsin"
)

func TestTickOf(t *testing.T) {
	at := time.Date(2026, 3, 4, 5, 6, 7, 8, time.UTC)
	a := tocsin.Action{Time: at, End: at.Add(time.Second), Verb: "scan", Tool: "nmap", Text: "sudo nmap -sn 192.0.2.0/24 | tee out && ls", Tactic: "discovery",
		Outcome: tocsin.Failed, On: []tocsin.Entity{{Kind: "address", Value: "192.0.2.1"}}, Place: tocsin.Place{Record: 9}}
	k := TickOf(&a)
	if k.Time != at.UnixNano() || k.End-k.Time != int64(time.Second) || k.Record != 9 || int(k.Length) != len(a.Text) || !k.Typed || k.Outcome != tocsin.Failed {
		t.Errorf("TickOf: %+v", k)
	}
	if k.Operators != 2 {
		t.Errorf("%d operators, want | and &&", k.Operators)
	}
	if k.Tactic != tacticNumber("discovery") || k.Tactic == 0 {
		t.Errorf("tactic %d", k.Tactic)
	}
	b := a
	b.Tool, b.On = "masscan", nil
	if o := TickOf(&b); o.Kind == k.Kind || o.Target != 0 || o.Text != k.Text {
		t.Errorf("another tool without a target: %+v", o)
	}
	if z := TickOf(&tocsin.Action{}); z.Time != 0 || z.Typed || z.Length != 0 {
		t.Errorf("of nothing: %+v", z)
	}
	if n := unsafe.Sizeof(k); n > 56 {
		t.Errorf("a tick takes %d bytes", n)
	}
	if n := testing.AllocsPerRun(100, func() { TickOf(&a) }); n != 0 {
		t.Errorf("TickOf allocates %v times", n)
	}
}

func TestTyped(t *testing.T) {
	for _, c := range []struct {
		verb, tool, text string
		want             bool
	}{
		{"run", "ls", "ls -la", true},
		{"login", "ssh", "ssh root@192.0.2.1", true},
		{"login", "sshd", "login as root", false},
		{"request", "curl", "curl -s http://host.example/", true},
		{"request", "mozilla", "GET /index.php", false},
		{"scan", "", "Did not receive identification string from 192.0.2.1", false},
		{"create", "sc", "SC.EXE \\\\host create x", true},
		{"read", "impacket-secretsdump", "impacket-SecretsDump a@b", true},
		{"connect", "", "192.0.2.1:25", false},
		{"call", "grep", `Grep {"pattern":"x"}`, false},
		{"run", "", "", false},
	} {
		if k := TickOf(&tocsin.Action{Verb: c.verb, Tool: c.tool, Text: c.text}); k.Typed != c.want {
			t.Errorf("%s by %q, %q: typed is %t", c.verb, c.tool, c.text, k.Typed)
		}
	}
}

func TestLike(t *testing.T) {
	of := func(s string) *tocsin.Tick { k := TickOf(&tocsin.Action{Verb: "run", Text: s}); return &k }
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"python x.py http://host.example:80 ls", "python x.py http://host.example:80 ls -la", true},
		{"nmap -sV 192.0.2.1", "nmap -sV 192.0.2.2", true},
		{"nmap -sV 192.0.2.1", "cat /etc/passwd", false},
		{"ls", "ls", false}, // too short to say
	} {
		if of(c.a).Like(of(c.b)) != c.want {
			t.Errorf("%q like %q is %t", c.a, c.b, !c.want)
		}
	}
}

func BenchmarkTickOf(b *testing.B) {
	a := tocsin.Action{Time: time.Unix(1, 2), Verb: "scan", Tool: "nmap", Text: "sudo nmap -sS -sV -p 21,22,80,443 198.51.100.10 -oN scan.txt", Tactic: "discovery",
		On: []tocsin.Entity{{Kind: "address", Value: "198.51.100.10"}}}
	b.ReportAllocs()
	for b.Loop() {
		TickOf(&a)
	}
}
