package guard

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// A told is one record of a call.
type told struct {
	format, source, session, principal, account, id, command, result string
	after                                                            time.Duration
	took                                                             string
	undated                                                          bool
	act                                                              *tocsin.Action
}

func tell(b *Book, record uint64, c told) {
	ev := &tocsin.Event{Time: start.Add(c.after), Source: c.source, Record: record, Format: c.format}
	if c.undated {
		ev.Time = time.Time{}
	}
	ev.Add("agent", "claude-code")
	ev.Add("session", c.session)
	ev.Add("principal", c.principal)
	ev.Add("account", c.account)
	ev.Add("call_id", c.id)
	if c.command != "" {
		ev.Add("arguments", fmt.Sprintf("{%q:%q}", c.format, c.command)) // each format has its own
	}
	ev.Add("command", c.command)
	ev.Add("result", c.result)
	ev.Add("took_ms", c.took)
	b.Call(ev)
	if c.act != nil {
		a := *c.act
		a.Time, a.Place = ev.Time, tocsin.Place{Time: ev.Time, Source: ev.Source, Record: ev.Record}
		b.Note(&a)
	}
}

// tells notes records in two Books, as readers share them out, and merges these.
func tells(all ...told) *Book {
	b, o := NewBook(), NewBook()
	for i, c := range all {
		to := b
		if strings.HasSuffix(c.source, "2") {
			to = o
		}
		tell(to, uint64(i+1), c)
	}
	b.Merge(o)
	return b
}

const (
	idA = "toolu_01AAbbCC11ddEE22ffGG33"
	idB = "toolu_01HHiiJJ44kkLL55mmNN66"
)

// A call that several records tell of counts once, and by the one that tells most.
func TestOneCallInTwoRecords(t *testing.T) {
	dump := did("dump", "credential-access", "read", tocsin.High, "192.0.2.10")
	full := told{format: "claude-code", source: "s1", session: "S", id: idA, command: "cat /etc/shadow", result: "x", act: &dump}
	bare := told{format: "otlp", source: "o2", session: "S", principal: "ann@corp.example", id: idA, after: 3 * time.Second, took: "3000"}
	for name, x := range map[string]struct {
		records       []told
		calls, grades int
	}{
		"by id, the export without arguments":    {[]told{full, bare}, 1, 1},
		"whichever comes first":                  {[]told{bare, full}, 1, 1},
		"by session, time and command":           {[]told{full, {format: "otlp", source: "o2", session: "S", command: "cat /etc/shadow", after: 4 * time.Second, took: "3500", act: &dump}}, 1, 1},
		"another command is another call":        {[]told{full, {format: "otlp", source: "o2", session: "S", command: "ls -la", after: time.Second}}, 2, 1},
		"a minute later it is another call":      {[]told{full, {format: "otlp", source: "o2", session: "S", command: "cat /etc/shadow", after: time.Minute}}, 2, 1},
		"twice in one log is two calls":          {[]told{full, {format: "claude-code", source: "s1", session: "S", id: idB, command: "cat /etc/shadow", result: "x"}}, 2, 1},
		"two in each of two logs are two":        {[]told{full, {format: "claude-code", source: "s1", session: "S", id: idB, command: "cat /etc/shadow"}, {format: "otlp", source: "o2", session: "S", command: "cat /etc/shadow"}, {format: "otlp", source: "o2", session: "S", command: "cat /etc/shadow"}}, 2, 1},
		"a resumed session repeats its history":  {[]told{full, {format: "claude-code", source: "r2", session: "R", id: idA, command: "cat /etc/shadow", result: "x", act: &dump}, {format: "claude-code", source: "r2", session: "R", id: idB, command: "pwd"}}, 2, 1},
		"numbers of calls are of their sessions": {[]told{{format: "chat", source: "a1", session: "A", principal: "p", id: "call_1", command: "id"}, {format: "chat", source: "b2", session: "B", principal: "p", id: "call_1", command: "id"}}, 2, 0},
	} {
		t.Run(name, func(t *testing.T) {
			all := tells(x.records...).Principals(nil)
			if len(all) != 1 {
				t.Fatalf("%d principals", len(all))
			}
			p := all[0]
			n := 0
			for _, g := range p.Evidence {
				if g.ID == "hardly-ever" {
					n++
					if g.Call != 1 {
						t.Errorf("call %d", g.Call)
					}
				}
			}
			if p.Calls != x.calls || n != x.grades {
				t.Errorf("%d calls, %d grounds, want %d and %d", p.Calls, n, x.calls, x.grades)
			}
			if name == "by id, the export without arguments" || name == "whichever comes first" {
				if p.Name != "ann@corp.example" || p.Sight.State != "full" || p.Sight.Sources != nil {
					t.Errorf("%s, sight %+v", p.Name, p.Sight)
				}
			}
		})
	}
}

// Ids of models are not given once in the world where no time tells calls apart: strangers stay strangers.
func TestSameIDs(t *testing.T) {
	one := told{format: "chat", source: "a1", session: "A", principal: "p", id: idA, command: "ls /srv", undated: true}
	other := told{format: "chat", source: "b2", session: "B", principal: "q", id: idA, command: "cat notes.txt", undated: true}
	if all := tells(one, other).Principals(nil); len(all) != 2 || all[0].Calls != 1 || all[1].Calls != 1 {
		t.Errorf("%d principals of two, %+v", len(all), all[0])
	}
	other.command = one.command
	if all := tells(one, other).Principals(nil); len(all) != 1 || all[0].Calls != 1 {
		t.Errorf("a copy of a session is %d principals", len(all))
	}
}

// What the meaning of a call is known by in one record only is kept, though another one tells more.
func TestMeaningIsKept(t *testing.T) {
	dump := did("dump", "credential-access", "read", tocsin.High, "192.0.2.10")
	p := tells(told{format: "claude-code", source: "s1", session: "S", id: idA, command: "x", act: &dump},
		told{format: "otlp", source: "o2", session: "S", id: idA, command: "x", result: "r"}).Principals(nil)[0]
	if p.Calls != 1 || len(p.Evidence) == 0 || p.Sight.State != "full" {
		t.Errorf("%+v", p)
	}
}

// Names that one record gives to an account join all of them; a session's own name does not join those who share it.
func TestNamesOfOneAccount(t *testing.T) {
	all := tells(
		told{source: "a1", session: "A", principal: "ann@corp.example", account: "acct-1", command: "ls"},
		told{source: "b2", session: "B", principal: "acct-1", command: "ls"},
		told{source: "c1", session: "C", principal: "ben@corp.example", command: "ls"}).Principals(nil)
	if len(all) != 2 || all[0].Name != "acct-1" || len(all[0].Sessions) != 2 || all[1].Name != "ben@corp.example" {
		t.Errorf("%+v", all)
	}
}

// Each source says what it leaves out and the switch that mends it.
func TestSightOfSources(t *testing.T) {
	long := strings.Repeat("x", 512)
	for name, x := range map[string]struct {
		records           []told
		state, why, mends string
		sources           int
	}{
		"whole":               {[]told{{format: "claude-code", session: "S", command: "ls", result: "x"}}, "full", "", "", 0},
		"without arguments":   {[]told{{format: "otlp", session: "S"}}, "blind", "arguments", "OTEL_LOG_TOOL_DETAILS", 0},
		"without results":     {[]told{{format: "otlp", session: "S", command: "ls"}}, "blind", "results", "OTEL_LOG_TOOL_CONTENT", 0},
		"cut at 512":          {[]told{{format: "otlp", session: "S", command: long, result: "x"}}, "degraded", "what was read and then used may be missed", "OTEL_LOG_RAW_API_BODIES", 0},
		"a session and spans": {[]told{{format: "claude-code", session: "S", command: "ls", result: "x"}, {format: "otlp", session: "S", command: "pwd"}}, "degraded", "1 of 2 calls have no result", "OTEL_LOG_TOOL_CONTENT", 2},
	} {
		s := tells(x.records...).Principals(nil)[0].Sight
		if s.State != x.state || !strings.Contains(s.Why, x.why) || !strings.Contains(s.Mend, x.mends) || x.mends == "" && s.Mend != "" || len(s.Sources) != x.sources {
			t.Errorf("%s: %+v", name, s)
		}
	}
}

func word(kind, category, session, principal, request string, at time.Duration) *tocsin.Event {
	ev := &tocsin.Event{Time: start.Add(at), Source: "words", Record: uint64(at/time.Second) + 1, Format: "otlp"}
	ev.Add("session", session)
	ev.Add("principal", principal)
	ev.Add("verdict", kind)
	ev.Add("category", category)
	ev.Add("request_id", request)
	return ev
}

// What a provider said raises, is counted once however often it is told, is no call, and is not suspicious by itself.
func TestProviderVerdicts(t *testing.T) {
	b := NewBook()
	tell(b, 1, told{source: "s", format: "otlp", session: "S", principal: "p1", command: "ls", result: "x"})
	for i := range 9 {
		b.Verdict(word("refusal", "cyber", "S", "p1", fmt.Sprint("req_", i), time.Duration(i)*time.Second))
		b.Verdict(word("refusal", "cyber", "S", "p1", fmt.Sprint("req_", i), time.Duration(i+20)*time.Second))
	}
	b.Verdict(word("refusal", "bio", "S", "p1", "req_b", time.Second))
	b.Verdict(word("access", "cyber", "S", "p1", "req_c", time.Second))
	b.Verdict(word("enforcement", "resolved", "", "p1", "e1", time.Second))
	p := b.Principals(nil)[0]
	if p.Calls != 1 || p.Verdict != tocsin.Ordinary || len(p.Evidence) != 1 || p.Evidence[0].ID != "provider-refused" || !strings.Contains(p.Evidence[0].Sentence, "9 of its requests: refusal, cyber") || p.Evidence[0].Call != 1 {
		t.Fatalf("%+v", p)
	}

	// With one thing that it did, it is.
	did := func(said bool) *tocsin.Principal {
		b := NewBook()
		a := did("dump", "credential-access", "read", tocsin.High, "192.0.2.10")
		tell(b, 1, told{source: "s", format: "otlp", session: "S", principal: "p1", command: "x", result: "x", act: &a})
		if said {
			b.Verdict(word("refusal", "cyber", "S", "", "r", time.Second))
			b.Verdict(word("enforcement", "opened", "", "p1", "e", 2*time.Second))
		}
		return b.Principals(nil)[0]
	}
	if without, with := did(false), did(true); without.Verdict != tocsin.Ordinary || with.Verdict != tocsin.Suspicious || with.FirstAlert != 1 || with.Score <= without.Score {
		t.Errorf("%v %.1f without, %v %.1f with", without.Verdict, without.Score, with.Verdict, with.Score)
	}
}

// A principal of whom only a provider spoke is there, with no calls.
func TestVerdictAlone(t *testing.T) {
	b := NewBook()
	b.Verdict(word("enforcement", "opened", "", "uprof_1", "e", 0))
	all := b.Principals(nil)
	if len(all) != 1 || all[0].Name != "uprof_1" || all[0].Calls != 0 || len(all[0].Evidence) != 1 || all[0].Sight.State != "blind" {
		t.Errorf("%+v", all)
	}
}

// A million records of calls, each in two logs, cost memory in proportion and are joined in time that does not grow with their
// square, whether ids tell them apart or all are alike.
func TestManyCalls(t *testing.T) {
	if testing.Short() {
		t.Skip("a million calls")
	}
	b := NewBook()
	for i := range 500_000 {
		id := fmt.Sprintf("toolu_01AAbbCCddEEff%08d", i)
		at := time.Duration(i) * time.Second
		tell(b, uint64(i+1), told{source: "s1", format: "claude-code", session: fmt.Sprint("S", i/1000), principal: "p", id: id, command: "ls", result: "x", after: at})
		tell(b, uint64(i+1), told{source: "o1", format: "otlp", session: fmt.Sprint("S", i/1000), principal: "p", id: id, command: "ls", after: at})
	}
	if p := b.Principals(nil)[0]; p.Calls != 500_000 || len(p.Sessions) != 500 {
		t.Errorf("%d calls in %d sessions", p.Calls, len(p.Sessions))
	}
	b = NewBook()
	for i := range 200_000 {
		tell(b, uint64(i+1), told{source: "s1", format: "claude-code", session: "S", id: idA, command: "ls"})
		tell(b, uint64(i+1), told{source: "o1", format: "otlp", session: "S", id: idA, command: "ls"})
	}
	if p := b.Principals(nil)[0]; p.Calls == 0 || p.Calls > 400_000 { // that they are found is not asked: no honest log has them
		t.Errorf("%d calls", p.Calls)
	}
}
