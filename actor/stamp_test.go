package actor

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tocsin-ids/tocsin"
)

// TestFarTimes holds that a time that nanoseconds since 1970 cannot hold is told as none, and that pages that hold such
// actions can be written and read.
func TestFarTimes(t *testing.T) {
	for _, at := range []time.Time{
		time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), time.Date(1601, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC),
		time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(1970, 1, 1, 0, 0, 5, 0, time.UTC), time.Date(1970, 1, 1, 0, 30, 0, 0, time.FixedZone("", 3600)),
		time.Date(1970, 1, 1, 0, 9, 59, 0, time.UTC), time.Date(2262, 4, 12, 0, 0, 0, 0, time.UTC), {},
	} {
		s := NewPages(Key{1})
		for i := range 3 {
			a := act(0, "203.0.113.7", "h", "probe", "T1190", tocsin.Worked, tocsin.High)
			a.Time, a.End, a.Place.Record = at, at.Add(time.Second), uint64(i)
			s.Add(&a)
		}
		s.Whole()
		actors := s.Actors(0)
		if len(actors) != 1 || !actors[0].First.IsZero() || !actors[0].Last.IsZero() || actors[0].Deeds[0].N != 3 {
			t.Fatalf("%s: %+v", at, actors)
		}
		s.Describe(actors[0])
		again := readBack(t, s)
		if d := cmp.Diff(s.Actors(0), again.Actors(0)); d != "" {
			t.Errorf("%s: %s", at, d)
		}
	}
	a := tocsin.Action{Time: day, End: time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)}
	if k := TickOf(&a); k.End != 0 || k.Time != day.UnixNano() {
		t.Errorf("an end that does not fit is %d", k.End)
	}
}

// TestForgedStamp holds that one line dated far away makes nothing that is usual on a machine rare.
func TestForgedStamp(t *testing.T) {
	weight := func(forged ...time.Time) float64 {
		s := NewPages(Key{1})
		for i := range 60 { // an alert that comes three times a day for twenty days
			a := act(time.Duration(i)*8*time.Hour, "", "srv", "alert", "", tocsin.Unknown, tocsin.Low)
			a.Who = nil
			s.Add(&a)
		}
		for _, at := range forged {
			a := act(0, "203.0.113.7", "srv", "request", "", tocsin.Worked, tocsin.Informational)
			a.Time = at
			s.Add(&a)
		}
		s.Whole()
		most := 0.0
		for _, n := range s.notes() {
			most = max(most, n.w)
		}
		return most
	}
	usual := weight()
	if usual > 0.61 {
		t.Errorf("a usual alert weighs %.2f", usual)
	}
	for _, at := range []time.Time{time.Date(2261, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(1971, 1, 1, 0, 0, 0, 0, time.UTC)} {
		if w := weight(at); w > usual+0.1 {
			t.Errorf("after one line of %s it weighs %.2f, before %.2f", at, w, usual)
		}
	}
}

// TestRulesStay holds that of more rules than a deed keeps the worst stay, whatever came first.
func TestRulesStay(t *testing.T) {
	same := &tocsin.Rule{Title: "same"}
	titles := func(order []int) (out []string) {
		var all []tocsin.Action
		for _, k := range order {
			a := act(time.Duration(k)*time.Second, "203.0.113.7", "h", "probe", "T1190", tocsin.Worked, tocsin.High)
			a.Rules = []*tocsin.Rule{same, {Title: fmt.Sprintf("rule %02d", k), Level: tocsin.Level(k % 3)}}
			all = append(all, a)
		}
		for _, r := range pagesOf(all).Actors(0)[0].Deeds[0].Rules {
			out = append(out, r.Title)
		}
		return out
	}
	up := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}
	down := slices.Clone(up)
	slices.Reverse(down)
	want := titles(up)
	if got := titles(down); !slices.Equal(want, got) || len(want) != maxRules || want[0] != "rule 02" {
		t.Errorf("%v, the other way round %v", want, got)
	}
}

// TestAlertRules holds that an alert that each reader has its own rule of is one rule.
func TestAlertRules(t *testing.T) {
	of := func(readers int) []*tocsin.Rule {
		s := NewPages(Key{1})
		for i := range readers {
			a := act(time.Duration(i)*time.Second, "203.0.113.7", "h", "alert", "T1190", tocsin.Unknown, tocsin.High)
			a.Rules = []*tocsin.Rule{{ID: "alert:X", Title: "X"}}
			p := s.Fresh()
			p.Add(&a)
			s.Merge(p)
		}
		s.Whole()
		return s.Actors(0)[0].Deeds[0].Rules
	}
	if n := len(of(5)); n != 1 {
		t.Errorf("five readers have %d rules for one alert", n)
	}
}

// TestAfter holds that an adaptation and the sentence about it count from the same denial.
func TestAfter(t *testing.T) {
	var all []tocsin.Action
	for i := range 20 {
		all = append(all, act(time.Duration(i)*3*time.Second, "203.0.113.1", "h", "scan", "T1595.003", tocsin.Failed, tocsin.Low, "agent:tool/1"))
	}
	for i := range 8 {
		all = append(all, act(time.Minute+time.Duration(i)*20*time.Second, "203.0.113.1", "h", "scan", "T1595.003", tocsin.Denied, tocsin.Low, "agent:tool/1"))
	}
	for i := range 20 {
		all = append(all, act(5*time.Minute+time.Duration(i)*3*time.Second, "198.51.100.1", "h", "scan", "T1595.003", tocsin.Failed, tocsin.Low, "agent:tool/1"))
	}
	actors := pagesOf(all).Actors(0)
	if len(actors) != 1 || len(actors[0].Adaptations) != 1 {
		t.Fatalf("%+v", actors)
	}
	a := actors[0].Adaptations[0]
	if want := 100 * time.Second; a.After != want || a.Blocked != day.Add(200*time.Second) || a.Resumed.Sub(a.Blocked) != a.After {
		t.Errorf("after %s, want %s; blocked %s, resumed %s", a.After, want, a.Blocked, a.Resumed)
	}
	for _, l := range actors[0].Links {
		if l.Kind == "takeover" && l.Evidence != a.Evidence {
			t.Errorf("%q and %q", l.Evidence, a.Evidence)
		}
	}
	if want := "came there 1m40s later"; !strings.Contains(a.Evidence, want) {
		t.Errorf("%q does not say %q", a.Evidence, want)
	}
}

// TestAgainIsNotCounted holds that what a correlation says of actions adds nothing to their number, wherever they are.
func TestAgainIsNotCounted(t *testing.T) {
	s := NewPages(Key{1})
	note := func(at time.Duration, again bool) {
		a := act(at, "203.0.113.7", "h", "login", "T1110", tocsin.Worked, tocsin.High)
		a.Again = again
		if again {
			a.Rules = []*tocsin.Rule{{Title: "many failures, then one success", Level: tocsin.High}}
		}
		s.Add(&a)
	}
	note(0, false)
	note(0, true)
	s.Seal(day.Add(time.Hour))
	note(0, true)
	if s.held() != 1 || s.Late() != 0 || s.letGoN() != 0 {
		t.Errorf("%d actions, %d late, %d let go", s.held(), s.Late(), s.letGoN())
	}
	s.Forget(day.Add(2 * time.Hour))
	note(0, true)
	note(0, false)
	if s.held() != 0 || s.letGoN() != 2 {
		t.Errorf("after all was forgotten: %d actions, %d let go of 2", s.held(), s.letGoN())
	}
}

// TestForgottenIsCounted holds that what is forgotten, what was let go before, and what came too late are counted once each,
// however it was noted, and that what is pinned stays.
func TestForgottenIsCounted(t *testing.T) {
	small(t, 300, 150, 200)
	all := crowd(12_000, 3)
	noted := int64(0)
	for i := range all {
		if a := &all[i]; !a.Again && (len(a.Who) > 0 || a.Level > tocsin.Informational) {
			noted++
		}
	}
	for _, readers := range []int{1, 4} {
		s := shared(5, readers, all)
		s.Seal(day.Add(2 * time.Hour))
		s.Pin(map[string]bool{"address:198.51.100.1": true, "address:198.51.100.2": true, "address:203.0.113.4": true})
		for _, cut := range []time.Duration{20 * time.Minute, 41 * time.Minute, 3 * time.Hour} {
			s.Forget(day.Add(cut))
			if held, gone := s.held(), s.letGoN(); held+gone != noted {
				t.Errorf("%d readers, after %s: %d are held and %d let go of %d", readers, cut, held, gone, noted)
			}
			if s.held() == 0 {
				t.Errorf("%d readers, after %s: what is pinned is gone", readers, cut)
			}
		}
		s.Pin(map[string]bool{"address:198.51.100.2": true})
		s.Forget(day.Add(4 * time.Hour))
		if held, gone := s.held(), s.letGoN(); held+gone != noted {
			t.Errorf("%d readers, after one is pinned no more: %d are held and %d let go of %d", readers, held, gone, noted)
		}
		s.Pin(nil)
		s.Forget(day.Add(5 * time.Hour))
		late := shared(6, readers, all[:1000])
		n := late.held() + late.letGoN()
		s.Merge(late)
		if held, gone := s.held(), s.letGoN(); held+gone != noted+n {
			t.Errorf("%d readers, after some came too late: %d are held and %d let go of %d", readers, held, gone, noted+n)
		}
		s.Forget(day.Add(6 * time.Hour))
		if len(s.pages) > 1 { // what has no time is as old as when it came
			t.Errorf("%d readers: %d pages are held though all is forgotten", readers, len(s.pages))
		}
	}
}

// TestUndatedOfReaders holds that what has no time is forgotten a horizon after it came, however many readers there were.
func TestUndatedOfReaders(t *testing.T) {
	for _, readers := range []int{1, 2} {
		s := NewPages(Key{1})
		a := act(0, "203.0.113.7", "h", "probe", "T1190", tocsin.Worked, tocsin.High)
		s.Add(&a)
		s.Seal(day.Add(24 * time.Hour))
		a.Time = time.Time{}
		if readers == 1 {
			s.Add(&a)
		} else {
			p := s.Fresh()
			p.Add(&a)
			s.Merge(p)
		}
		s.Forget(day.Add(12 * time.Hour))
		if s.held() != 1 {
			t.Errorf("%d readers: what came after the horizon is forgotten", readers)
		}
		s.Forget(day.Add(25 * time.Hour))
		if s.held() != 0 {
			t.Errorf("%d readers: what came before the horizon is not forgotten", readers)
		}
	}
}

// TestLateOfReaders holds that what came late is counted, however many readers there were.
func TestLateOfReaders(t *testing.T) {
	s := NewPages(Key{1})
	a := act(0, "203.0.113.7", "h", "probe", "T1190", tocsin.Worked, tocsin.High)
	s.Add(&a)
	s.Seal(day.Add(time.Hour))
	s.Add(&a)
	p := s.Fresh()
	p.Add(&a)
	p.Add(&a)
	s.Merge(p)
	if s.Late() != 3 {
		t.Errorf("%d came late, want 3", s.Late())
	}
}

// TestUTF8 holds that what is no UTF-8 is told as what is left of it, and that pages of it can be read again.
func TestUTF8(t *testing.T) {
	s := NewPages(Key{1})
	a := act(0, "203.0.113.7", "h\xff", "probe", "T\xc3\x28", tocsin.Worked, tocsin.High, "agent:\xf0x")
	a.Text, a.Tool, a.Org, a.Place.Source = "GET /\xff\xfe", "\x80curl", "corp\xff.example", "log/\xff"
	s.Add(&a)
	s.Add(&a)
	s.Whole()
	again := readBack(t, s)
	d := again.Actors(0)[0].Deeds[0]
	if diff := cmp.Diff(s.Actors(0), again.Actors(0)); diff != "" || d.N != 2 || d.Text != "GET /" || d.Tool != "curl" || d.Technique != "T(" {
		t.Errorf("%+v, %s", d, diff)
	}
}
