package guard

import (
	"testing"

	"github.com/tocsin-ids/tocsin"
)

// The course of a target has the first act of each of its phases, in their order, and evidence names the techniques of its acts
// and the ids that the log gives the calls.
func TestCourse(t *testing.T) {
	b := NewBook()
	for i, a := range intrusion() {
		a.Technique = [...]string{"T1046", "T1087", "T1110", "T1110", "T1110", "T1110", "T1003", "T1021.004"}[i]
		ev := &tocsin.Event{Time: start, Source: "log", Record: uint64(i + 1)}
		ev.Add("principal", "p")
		ev.Add("session", "s")
		ev.Add("call_id", "id-"+string(rune('a'+i)))
		ev.Add("arguments", `{"command":"x"}`)
		b.Call(ev)
		a.Place = tocsin.Place{Time: ev.Time, Source: ev.Source, Record: ev.Record}
		b.Note(&a)
	}
	p := b.Principals(nil)[0]
	if len(p.ByTarget) == 0 {
		t.Fatalf("%+v", p)
	}
	v := p.ByTarget[0]
	want := []struct {
		phase, technique, request, quote string
		call                             int
	}{{"discovery", "T1046", "id-a", "scan", 1}, {"credential-access", "T1110", "id-c", "login", 3}, {"lateral-movement", "T1021.004", "id-h", "remote", 8}}
	if len(v.Course) != len(want) || len(v.Phases) != len(want) {
		t.Fatalf("%+v of %v", v.Course, v.Phases)
	}
	for i, w := range want {
		g := v.Course[i]
		if g.ID != w.phase || v.Phases[i] != w.phase || g.Call != w.call || g.Request != w.request || g.Quote != w.quote || g.Weight != 0 || len(g.Techniques) != 1 || g.Techniques[0] != w.technique {
			t.Errorf("%d: %+v", i, g)
		}
	}
	for _, g := range v.Evidence {
		if g.ID == "phases" && len(g.Techniques) != 3 || g.Request == "" {
			t.Errorf("%+v", g)
		}
	}
}
