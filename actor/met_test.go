package actor

import (
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// One who logs in to several accounts within a page did one deed. Each account's link has the record of its own login, in
// whatever order the records come, and after the pages were written down and read back.
func TestLinkHasItsOwnRecord(t *testing.T) {
	at := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	act := func(record uint64, after time.Duration, verb, who, on string) *tocsin.Action {
		kind, value := "user", who
		if verb == "login" {
			kind = "address"
		}
		a := &tocsin.Action{Verb: verb, Host: "web1", Time: at.Add(after), Outcome: tocsin.Worked, Level: tocsin.Medium, Tactic: "initial-access", Who: []tocsin.Entity{{Kind: kind, Value: value}},
			Place: tocsin.Place{Time: at.Add(after), Source: "web1/auth.log", Record: record}}
		if on != "" {
			a.On = []tocsin.Entity{{Kind: "user", Value: on}}
		} else {
			a.Tactic, a.Text = "discovery", "id"
		}
		return a
	}
	all := []*tocsin.Action{
		act(1, 0, "login", "203.0.113.7", `web1\ann`),
		act(2, 5*time.Second, "run", `web1\ann`, ""),
		act(3, 60*time.Second, "login", "203.0.113.7", `web1\svc`),
		act(4, 65*time.Second, "run", `web1\svc`, ""),
		act(5, 90*time.Second, "login", "203.0.113.7", `web1\ann`),
	}
	check := func(name string, s *Pages) {
		t.Helper()
		actors := s.Actors(0.1)
		if len(actors) != 1 {
			t.Fatalf("%s: %d actors", name, len(actors))
		}
		got := map[string]uint64{}
		for _, l := range actors[0].Links {
			got[l.To] = l.Places[0].Record
			if !l.Time.Equal(l.Places[0].Time) {
				t.Errorf("%s: %s at %s, and its record is of %s", name, l.Evidence, l.Time, l.Places[0].Time)
			}
		}
		if len(got) != 2 || got[`user:web1\ann`] != 1 || got[`user:web1\svc`] != 3 {
			t.Errorf("%s: %v", name, got)
		}
		for _, d := range actors[0].Deeds {
			if d.Verb != "login" {
				continue
			}
			ann, annLast := d.At(`user:web1\ann`)
			svc, svcLast := d.At(`user:web1\svc`)
			if ann.Record != 1 || svc.Record != 3 || !annLast.Equal(at.Add(90*time.Second)) || !svcLast.Equal(at.Add(60*time.Second)) {
				t.Errorf("%s: ann at %v until %s, svc at %v until %s", name, ann, annLast, svc, svcLast)
			}
		}
	}
	forth, back, left, right := NewPages(Key{1}), NewPages(Key{1}), NewPages(Key{1}), NewPages(Key{1})
	for i := range all {
		forth.Add(all[i])
		back.Add(all[len(all)-1-i])
		if i%2 == 0 {
			left.Add(all[i])
		} else {
			right.Add(all[i])
		}
	}
	right.Merge(left)
	again := readBack(t, back)
	check("in order", forth)
	check("backwards", back)
	check("merged", right)
	check("read back", again)
}

// More places than a deed can number are noted anew: what is not used any more goes, and every name keeps its own.
func TestPlacesAreBounded(t *testing.T) {
	d := &deed{at: place{source: 0, record: 1 << 20}}
	for i := range maxRefs {
		d.refs = append(d.refs, ref{name: int32(i)})
	}
	for i := range 5000 {
		r := &d.refs[i%maxRefs]
		r.met = d.placed(place{source: 0, record: uint64(i + 1)})
	}
	if len(d.met) > maxMet {
		t.Errorf("%d places", len(d.met))
	}
	for i := range d.refs {
		last := (5000-1-i)/maxRefs*maxRefs + i
		if got := d.metAt(d.refs[i]).record; got != uint64(last+1) {
			t.Errorf("name %d was met at %d, want %d", i, got, last+1)
		}
	}
}
