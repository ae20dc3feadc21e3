package guard

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// A said is a call as a test tells of it.
type said struct {
	principal, session string
	acts               []tocsin.Action
}

func on(all ...string) (out []tocsin.Entity) {
	for _, v := range all {
		out = append(out, tocsin.Entity{Kind: "address", Value: v})
	}
	return out
}

func row(id string, l tocsin.Level) *tocsin.Rule {
	return &tocsin.Rule{ID: id, Title: "Act " + id, Level: l}
}

func did(id, tactic, verb string, l tocsin.Level, targets ...string) tocsin.Action {
	return tocsin.Action{Tactic: tactic, Verb: verb, Level: l, Row: row(id, l), On: on(targets...), Text: id}
}

var start = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

// note notes calls from the numbered one on, each a second after the one before.
func note(b *Book, calls []said, from int) {
	for i, c := range calls {
		n := from + i
		ev := &tocsin.Event{Time: start.Add(time.Duration(n) * time.Second), Source: "log", Record: uint64(n + 1)}
		ev.Add("principal", c.principal)
		ev.Add("session", c.session)
		ev.Add("arguments", `{"command":"x"}`)
		ev.Add("result", "y")
		b.Call(ev)
		for k := range c.acts {
			a := c.acts[k]
			a.Time, a.Place = ev.Time, tocsin.Place{Time: ev.Time, Source: ev.Source, Record: ev.Record}
			b.Note(&a)
		}
	}
}

// intrusion is a chain against one network, one call each.
func intrusion() []tocsin.Action {
	login := did("login", "credential-access", "login", tocsin.Low, "192.0.2.10")
	login.Outcome = tocsin.Failed
	return []tocsin.Action{
		did("scan", "discovery", "scan", tocsin.Medium, "192.0.2.0/24"),
		did("accounts", "discovery", "list", tocsin.Medium, "192.0.2.10"),
		login, login, login,
		did("spray", "credential-access", "login", tocsin.Medium, "192.0.2.10"),
		did("dump", "credential-access", "read", tocsin.High, "192.0.2.10"),
		did("remote", "lateral-movement", "run", tocsin.High, "192.0.2.11"),
	}
}

func TestChainIsAnIntrusion(t *testing.T) {
	b := NewBook()
	var calls []said
	for i, a := range intrusion() {
		calls = append(calls, said{"p1", "s" + strconv.Itoa(i/3), []tocsin.Action{a}})
	}
	for i := range 5 {
		calls = append(calls, said{"p2", "w" + strconv.Itoa(i), []tocsin.Action{{Verb: "run", Level: tocsin.Informational, Text: "go test ./..."}}})
	}
	note(b, calls, 0)
	all := b.Principals(nil)
	if len(all) != 2 || all[0].Name != "p1" || all[0].Verdict != tocsin.Intrusion || all[0].Calls != 8 || !slices.Equal(all[0].Sessions, []string{"s0", "s1", "s2"}) {
		t.Fatalf("%+v", all[0])
	}
	if len(all[0].ByTarget) != 1 || all[0].ByTarget[0].Target != "192.0.2.0/24" || all[0].ByTarget[0].Verdict != tocsin.Intrusion || !slices.Equal(all[0].ByTarget[0].Phases, []string{"discovery", "credential-access", "lateral-movement"}) {
		t.Errorf("%+v", all[0].ByTarget)
	}
	if all[1].Verdict != tocsin.Ordinary || all[1].FirstAlert != 0 || all[1].Calls != 5 {
		t.Errorf("%+v", all[1])
	}
}

// What is said after a call rests on no later one.
func TestAlertIsCausal(t *testing.T) {
	var calls []said
	for _, a := range intrusion() {
		calls = append(calls, said{"p1", "s1", []tocsin.Action{{Verb: "run", Level: tocsin.Informational}}}, said{"p1", "s1", []tocsin.Action{a}})
	}
	whole := NewBook()
	note(whole, calls, 0)
	at := whole.Principals(nil)[0].FirstAlert
	if at == 0 || at == len(calls) {
		t.Fatalf("suspicious with call %d of %d", at, len(calls))
	}
	for n := range len(calls) {
		part := NewBook()
		note(part, calls[:n+1], 0)
		if p := part.Principals(nil)[0]; (p.Verdict >= tocsin.Suspicious) != (n+1 >= at) || p.FirstAlert != 0 && p.FirstAlert != at {
			t.Errorf("after %d calls %v from call %d on, not %d", n+1, p.Verdict, p.FirstAlert, at)
		}
	}
}

// An intrusion that is spread over many keys is seen by its target.
func TestSpreadOverPrincipals(t *testing.T) {
	b := NewBook()
	var calls []said
	for i, a := range intrusion() {
		calls = append(calls, said{"p" + strconv.Itoa(i), "s" + strconv.Itoa(i), []tocsin.Action{a}})
	}
	note(b, calls, 0)
	worse := 0
	for _, p := range b.Principals(nil) {
		if p.Verdict >= tocsin.Suspicious {
			worse++
		}
	}
	if worse < 2 {
		t.Errorf("%d of %d principals are suspicious", worse, len(calls))
	}
}

// How calls are shared out among readers makes no difference.
func TestMerge(t *testing.T) {
	var calls []said
	for i, a := range intrusion() {
		calls = append(calls, said{"p" + strconv.Itoa(i%2), "s" + strconv.Itoa(i%2), []tocsin.Action{a}})
	}
	one := NewBook()
	note(one, calls, 0)
	want := one.Principals(nil)
	for cut := 1; cut < len(calls); cut++ {
		a, b := NewBook(), NewBook()
		note(a, calls[cut:], cut)
		note(b, calls[:cut], 0)
		a.Merge(b)
		got := a.Principals(nil)
		for i := range want {
			if got[i].Name != want[i].Name || got[i].Verdict != want[i].Verdict || got[i].FirstAlert != want[i].FirstAlert || got[i].Score != want[i].Score {
				t.Errorf("cut at %d: %+v, not %+v", cut, got[i], want[i])
			}
		}
	}
}

func TestTargets(t *testing.T) {
	for _, c := range []struct{ kind, name, group string }{
		{"address", "192.0.2.7", "192.0.2.0/24"},
		{"address", "192.0.2.1-254", "192.0.2.0/24"},
		{"address", "10.0.0.0/16", "10.0.0.0/16"},
		{"address", "2001:db8::7", "2001:db8::/64"},
		{"address", "127.0.0.1", "own"},
		{"host", "localhost", "own"},
		{"host", "db.default.svc.cluster.local", "own"},
		{"host", "DC01.corp.example", "corp.example"},
		{"host", "www.shop.co.uk", "shop.co.uk"},
		{"host", "dc01", "dc01"},
		{"file", "/etc/passwd", ""},
	} {
		all, own := targets([]tocsin.Entity{{Kind: c.kind, Value: c.name}})
		got := ""
		if len(all) > 0 {
			got = all[0].group
		} else if own {
			got = "own"
		}
		if got != c.group {
			t.Errorf("%s: %q, not %q", c.name, got, c.group)
		}
	}
}

func TestWorkplace(t *testing.T) {
	for folder, want := range map[string]string{
		"/home/ann/src/shop":               "/home/ann/src/shop",
		`C:\Users\ann\shop`:                "/Users/ann/shop",
		"/home/ann":                        "",
		"/workspace":                       "",
		"/root/x":                          "",
		"/home/ubuntu/x":                   "",
		"/home/ann/shop/.worktrees/fix-12": "/home/ann/shop",
	} {
		if got := workplace(folder); got != want {
			t.Errorf("%s: %q, not %q", folder, got, want)
		}
	}
}

// granting is a scope record as a test writes it.
type granting func(principal, target, phase string, at time.Time) bool

func (g granting) Covers(principal, target, phase string, at time.Time) (string, bool) {
	return "r1", g(principal, target, phase, at)
}

// What a scope record grants is security work; what lies outside of it is judged as if there were none.
func TestScope(t *testing.T) {
	for what, c := range map[string]struct {
		covers granting
		want   tocsin.Verdict
	}{
		"all of it":     {func(p, target, phase string, at time.Time) bool { return p == "p1" }, tocsin.SecurityWork},
		"another one's": {func(p, target, phase string, at time.Time) bool { return p == "p2" }, tocsin.Intrusion},
		"only looking":  {func(p, target, phase string, at time.Time) bool { return phase == "discovery" }, tocsin.Suspicious},
		"over":          {func(p, target, phase string, at time.Time) bool { return at.Before(start) }, tocsin.Intrusion},
	} {
		b := NewBook()
		var calls []said
		for _, a := range intrusion() {
			calls = append(calls, said{"p1", "s1", []tocsin.Action{a}})
		}
		note(b, calls, 0)
		if p := b.Principals(c.covers)[0]; p.Verdict != c.want {
			t.Errorf("%s: %v, score %.1f", what, p.Verdict, p.Score)
		}
	}
}
