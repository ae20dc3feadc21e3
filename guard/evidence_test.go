package guard

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// one judges calls of one principal and gives the evidence by id.
func one(acts ...tocsin.Action) (*tocsin.Principal, map[string]tocsin.Ground) {
	b := NewBook()
	var calls []said
	for _, a := range acts {
		calls = append(calls, said{"p1", "s1", []tocsin.Action{a}})
	}
	note(b, calls, 0)
	p := b.Principals(nil)[0]
	out := map[string]tocsin.Ground{}
	for _, g := range p.Evidence {
		out[g.ID] = g
	}
	return p, out
}

func login(outcome tocsin.Outcome, credential, target string) tocsin.Action {
	a := did("login", "credential-access", "login", tocsin.Low, target)
	a.Outcome, a.Credential, a.Text = outcome, credential, "login "+credential
	return a
}

// Each kind of evidence is there for what it is of, and not for what is like it.
func TestEvidence(t *testing.T) {
	missing := func(n int) (out []tocsin.Action) {
		for i := range n {
			a := did("path", "reconnaissance", "scan", tocsin.Low, "192.0.2.5")
			a.Technique, a.Outcome, a.Text = "T1595.003", tocsin.Failed, fmt.Sprint("GET /", i)
			out = append(out, a)
		}
		return out
	}
	refused := func(n int) (out []tocsin.Action) {
		for i := range n {
			out = append(out, login(tocsin.Denied, fmt.Sprint("key:", i), "192.0.2.5"))
		}
		return out
	}
	scan := did("scan", "discovery", "scan", tocsin.Medium, "192.0.2.0/24")
	again := did("scan", "discovery", "scan", tocsin.Medium, "192.0.2.5")
	rights := func(text, technique, verb string) tocsin.Action {
		a := did(technique+verb, "privilege-escalation", verb, tocsin.Low)
		a.Technique, a.Text = technique, text
		return a
	}
	for _, c := range []struct {
		what string
		id   string
		acts []tocsin.Action
		want bool
	}{
		{"many refused logins", "guesses", refused(8), true},
		{"a mistyped password", "guesses", refused(2), false},
		{"many paths that are not there", "forced-browsing", missing(9), true},
		{"dead links", "forced-browsing", missing(2), false},
		{"a scan, then a login to what it found", "found-then-met", []tocsin.Action{scan, did("spray", "credential-access", "login", tocsin.Medium, "192.0.2.5")}, true},
		{"a scan, then a closer one", "found-then-met", []tocsin.Action{scan, again}, false},
		{"a search for programs of root", "rights-sought", []tocsin.Action{rights("find / -perm -4000", "T1548.001", "list")}, true},
		{"the hashes, as root", "rights-sought", []tocsin.Action{rights("sudo cat /etc/shadow", "T1003.008", "read")}, false},
		{"the same on a fleet, as root", "rights-sought", []tocsin.Action{rights("ansible all -b -a 'cat /etc/shadow'", "T1003.008", "read")}, false},
		{"own rights to sudo", "rights-sought", []tocsin.Action{rights("sudo -l", "T1548.003", "list")}, true},
		{"rules of sudo changed as root", "rights-sought", []tocsin.Action{rights("echo x | sudo tee /etc/sudoers.d/x", "T1548.003", "write")}, false},
	} {
		if _, found := one(c.acts...); (found[c.id].Weight > 0) != c.want {
			t.Errorf("%s: %s is %+v, want it: %v", c.what, c.id, found[c.id], c.want)
		}
	}
}

// Attacking requests to one address differ by what they carry; the command that makes them tells nothing more.
func TestVariants(t *testing.T) {
	command := did("injection-tried", "initial-access", "probe", tocsin.Medium, "192.0.2.5")
	command.Technique, command.Tool = "T1190", "curl"
	request := func(sent uint64) tocsin.Action {
		a := did("query-broken", "initial-access", "probe", tocsin.Medium, "192.0.2.5")
		a.Technique, a.Text, a.Sent = "T1190", "POST 192.0.2.5/q", sent
		return a
	}
	for _, c := range []struct {
		what            string
		call            []tocsin.Action
		variants, kinds string
	}{
		{"the command alone", []tocsin.Action{command}, "1 variant", "(1)"},
		{"with its request", []tocsin.Action{command, request(1)}, "1 variant", "(1)"},
		{"two that differ", []tocsin.Action{command, request(1), request(2)}, "2 variants", "(1)"},
		{"one twice", []tocsin.Action{request(1), request(1)}, "1 variant", "(1)"},
	} {
		b := NewBook()
		note(b, []said{{"p1", "s1", c.call}}, 0)
		got := map[string]string{}
		for _, g := range b.Principals(nil)[0].Evidence {
			got[g.ID] = g.Sentence
		}
		if !strings.Contains(got["variants"], c.variants+" ") || !strings.Contains(got["seldom"], c.kinds) {
			t.Errorf("%s: %q, %q", c.what, got["variants"], got["seldom"])
		}
	}
}

// An act that tells nothing by itself is kept for what its result gave away; it is none of the acts that work hardly ever has.
func TestActBelowLow(t *testing.T) {
	for _, l := range []tocsin.Level{tocsin.Unrated, tocsin.Informational} {
		a := did("read", "collection", "read", l)
		a.Gave = []string{"secret"}
		_, grounds := one(a)
		for _, id := range []string{"telling-in-number", "seldom", "hardly-ever"} {
			if g, ok := grounds[id]; ok {
				t.Errorf("an act of level %q: %+v", l, g)
			}
		}
	}
}

// A machine that was reached and then acts on another one is a pivot.
func TestPivot(t *testing.T) {
	for want, first := range map[bool]string{true: "192.0.2.5", false: "198.51.100.9"} {
		b := NewBook()
		note(b, []said{{"p1", "s1", []tocsin.Action{did("remote", "lateral-movement", "run", tocsin.Medium, first), did("dump", "credential-access", "read", tocsin.Medium, "198.51.100.9")}}}, 0)
		found := slices.ContainsFunc(b.Principals(nil)[0].Evidence, func(g tocsin.Ground) bool { return g.ID == "pivots" })
		if found != want {
			t.Errorf("from %s: %v", first, found)
		}
	}
}

// What one principal found and another one used joins them; a password that strangers have in common does not.
func TestLinkedBySecret(t *testing.T) {
	for _, gave := range []bool{true, false} {
		b := NewBook()
		find := did("config", "credential-access", "read", tocsin.Medium, "192.0.2.5")
		if gave {
			find.Gave = []string{"key:1"}
		}
		var calls []said
		calls = append(calls, said{"p1", "s1", []tocsin.Action{find}})
		for i, a := range []tocsin.Action{
			did("sprayed", "credential-access", "login", tocsin.Medium, "198.51.100.7"),
			did("ran", "lateral-movement", "run", tocsin.High, "203.0.113.7"),
			did("took", "collection", "read", tocsin.Medium, "fs.example"),
		} {
			a.Credential = "key:1"
			calls = append(calls, said{fmt.Sprint("p", i+2), fmt.Sprint("s", i+2), []tocsin.Action{a}})
		}
		note(b, calls, 0)
		joined := false
		for _, p := range b.Principals(nil) {
			joined = joined || slices.ContainsFunc(p.Evidence, func(g tocsin.Ground) bool { return g.ID == "shared" })
		}
		if joined != gave {
			t.Errorf("the secret was given: %v, joined: %v", gave, joined)
		}
	}
}

// Who only came by is not taken for those who broke in there.
func TestStrangerAtATarget(t *testing.T) {
	b := NewBook()
	var calls []said
	for _, a := range intrusion() {
		calls = append(calls, said{"p1", "s1", []tocsin.Action{a}})
	}
	request := did("request", "", "request", tocsin.Informational, "192.0.2.10")
	look := did("who", "discovery", "list", tocsin.Low, "192.0.2.10")
	calls = append(calls, said{"p2", "s2", []tocsin.Action{request}}, said{"p2", "s2", []tocsin.Action{look}})
	note(b, calls, 0)
	for _, p := range b.Principals(nil) {
		if want := map[string]tocsin.Verdict{"p1": tocsin.Intrusion, "p2": tocsin.Ordinary}[p.Name]; p.Verdict != want {
			t.Errorf("%s: %v, want %v", p.Name, p.Verdict, want)
		}
	}
}

// Work with defenders' tools is told as such, and only where nothing worse is.
func TestSecurityWork(t *testing.T) {
	for _, c := range []struct {
		tool, command, trade string
	}{
		{"Bash", "sudo vol -f mem.raw windows.pslist", "forensics"},
		{"mcp__case__tsk_fls_list", "", "forensics"},
		{"Bash", "cd /cases && fls -r disk.img | head", "forensics"},
		{"Bash", "python3 /opt/vol.py -f mem.raw linux.bash", "forensics"},
		{"Bash", "chainsaw hunt logs/ -s rules", "hunting"},
		{"Bash", "ssh web1.example 'sudo lynis audit system'", "hardening"},
		{"Bash", "nmap -sn 192.0.2.0/24", "scanning"},
		{"Bash", "grep -r volatility docs/", ""},
		{"Bash", "go test ./...", ""},
		{"Bash", "git commit -m 'add yara'", ""},
	} {
		got := ""
		if i := tradeOf(c.tool, c.command); i >= 0 {
			got = trades[i].name
		}
		if got != c.trade {
			t.Errorf("%s %s: %q, not %q", c.tool, c.command, got, c.trade)
		}
	}
	b := NewBook()
	for i, command := range []string{"vol -f m.raw windows.pslist", "vol -f m.raw windows.netscan", "fls disk.img", "ls", "cat notes.md"} {
		ev := &tocsin.Event{Source: "log", Record: uint64(i + 1)}
		for _, f := range [][2]string{{"principal", "p1"}, {"session", "s1"}, {"tool", "Bash"}, {"command", command}} {
			ev.Add(f[0], f[1])
		}
		b.Call(ev)
	}
	if p := b.Principals(nil)[0]; p.Verdict != tocsin.SecurityWork || len(p.Cleared) != 1 || p.Cleared[0] != "3 of 5 calls read images, memory or artefacts of a machine with forensic tools" {
		t.Errorf("%v %q", p.Verdict, p.Cleared)
	}
}

// A session that goes to ever new targets and calls back to ever new hosts keeps a bounded number of heaps.
func TestManyTargetsAreBounded(t *testing.T) {
	m := map[string]*heap{}
	for i := range 2 * mostHeaps {
		a := did("x", "discovery", "list", tocsin.Medium, "192.0.2.1")
		at(m, fmt.Sprint(i)).add(&call{}, &act{tactic: a.Tactic, level: a.Level}, nil)
	}
	if len(m) != mostHeaps || at(m, "0") == nil || at(m, "new") != nil {
		t.Errorf("%d heaps", len(m))
	}
}

// TestSaid says that one is told as one, and that what a log says is never taken for a hole.
func TestSaid(t *testing.T) {
	for _, c := range []struct {
		id, what, where string
		n               int
		want            string
	}{
		{"rights-sought", "Sudo {n}", itself, 1, "1 way sought to more rights at its own machine, the last: Sudo {n}"},
		{"rights-sought", "x", itself, 3, "3 ways sought to more rights at its own machine, the last: x"},
		{"guessed", "", "{what}", 1, "logged in at {what} after 1 failure"},
		{"phases", phaseName("lateral-movement"), "db1", 2, "2 phases of an intrusion at db1, the last: lateral movement"},
		{"provider-refused", "refusal, cyber", "", 1, "the provider of the model refused or stopped 1 of its requests: refusal, cyber"},
	} {
		if got := grounds[c.id].said(c.n, c.what, c.where); got != c.want {
			t.Errorf("%s: %q, want %q", c.id, got, c.want)
		}
	}
	for id, g := range grounds {
		if s := g.said(1, "x", "y"); strings.ContainsAny(s, "{}|") {
			t.Errorf("%s: %q", id, s)
		}
	}
}

// Who tries attacking requests out on what is his own attacks nobody.
func TestOwnTriedOut(t *testing.T) {
	probe := func(on ...string) tocsin.Action {
		a := did("injection", "initial-access", "probe", tocsin.Medium, on...)
		a.Tool = "curl"
		return a
	}
	for _, c := range []struct {
		name string
		on   []string
		want bool
	}{{"localhost", []string{"localhost"}, false}, {"no target", nil, false}, {"another's", []string{"192.0.2.5"}, true}} {
		if _, found := one(probe(c.on...)); (found["seldom"].Weight > 0) != c.want {
			t.Errorf("%s: %+v", c.name, found["seldom"])
		}
	}
}

// What an administrator's own shell runs on another machine is done there; small things there are no phases of an intrusion.
func TestThroughAShell(t *testing.T) {
	via := func(id, tactic string, l tocsin.Level) tocsin.Action {
		a := did(id, tactic, "read", l, "192.0.2.5")
		a.Via = true
		return a
	}
	small := []tocsin.Action{via("jobs", "discovery", tocsin.Low), via("history", "credential-access", tocsin.Low), via("key", "persistence", tocsin.Low)}
	if p, found := one(small...); found["phases"].Weight > 0 || p.Verdict >= tocsin.Suspicious {
		t.Errorf("%s, %+v", p.Verdict, found["phases"])
	}
	grave := []tocsin.Action{via("jobs", "discovery", tocsin.Medium), via("dump", "credential-access", tocsin.High), via("key", "persistence", tocsin.Medium)}
	p, found := one(grave...)
	if found["phases"].Weight == 0 || len(p.ByTarget) != 1 || p.ByTarget[0].Target != "192.0.2.0/24" {
		t.Errorf("%+v, by target %+v", found["phases"], p.ByTarget)
	}
}

// A report on a target counts after two phases there, and not what is written about others, nor a page that tells no findings.
func TestReportWritten(t *testing.T) {
	acts := []tocsin.Action{did("scan-x", "discovery", "list", tocsin.Medium, "192.0.2.5"), did("dump-x", "credential-access", "read", tocsin.High, "192.0.2.5")}
	for _, c := range []struct {
		what, path, text string
		acts             []tocsin.Action
		want             bool
	}{
		{"findings", "/w/out/findings.md", "# 192.0.2.5\nhash of svc-copy cracked, foothold", acts, true},
		{"of a machine of the same network", "/w/out/findings.md", "# 192.0.2.77\nhash of svc-copy cracked", acts, true}, // a target is a network of 256 addresses
		{"about another network", "/w/out/findings.md", "# 198.51.100.5\nhash of svc-copy cracked", acts, false},
		{"no findings", "/w/README.md", "The service runs at 192.0.2.5, port 8080", acts, false},
		{"code", "/w/main.go", "conn to 192.0.2.5 // exploit nothing", acts, false},
		{"after one phase", "/w/out/findings.md", "# 192.0.2.5\nhash of svc-copy cracked", acts[:1], false},
	} {
		b := NewBook()
		note(b, []said{{"p1", "s1", c.acts}}, 0)
		ev := &tocsin.Event{Time: start.Add(time.Hour), Source: "s1", Record: 99}
		for _, f := range [][2]string{{"principal", "p1"}, {"session", "s1"}, {"tool", "Write"}, {"arguments.file_path", c.path}, {"arguments", `{"file_path":"` + c.path + `","content":` + strconv.Quote(c.text) + `}`}} {
			ev.Add(f[0], f[1])
		}
		write := func(b *Book) {
			b.Call(ev)
			b.Note(&tocsin.Action{Time: ev.Time, Verb: "write", Level: tocsin.Informational, Text: "Write " + c.path, Place: ev.Place()})
		}
		write(b)
		told := func(b *Book) bool {
			return slices.ContainsFunc(b.Principals(nil)[0].Evidence, func(g tocsin.Ground) bool { return g.ID == "reported" && g.Weight > 0 })
		}
		if told(b) != c.want {
			t.Errorf("%s: told %v, want %v", c.what, told(b), c.want)
		}
	}
}
