package actor

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tocsin-ids/tocsin"
)

// actionsOf makes actions of bytes, eight for each: of few names, so that there is much to join.
func actionsOf(b []byte) []tocsin.Action {
	var all []tocsin.Action
	tactics := []string{"", "discovery", "credential-access", "initial-access", "persistence", "lateral-movement"}
	gaps := []time.Duration{0, time.Second, 17 * time.Second, 3 * time.Minute, 11 * time.Minute, time.Hour, 11 * time.Hour, 6 * 24 * time.Hour}
	at := day
	for i := 0; len(b) >= 8 && i < 400; i++ {
		x := b[:8]
		b = b[8:]
		at = at.Add(gaps[x[0]&7])
		a := tocsin.Action{Time: at, Verb: []string{"login", "scan", "probe", "run", "read", "alert"}[x[1]%6], Outcome: tocsin.Outcome(x[1] >> 6), Level: tocsin.Level(x[2] % 6),
			Tactic: tactics[(x[2]>>3)%6], Text: fmt.Sprint("text ", x[3]), Tool: []string{"", "nmap", "curl"}[x[3]%3], Place: tocsin.Place{Time: at, Record: uint64(i/2) + uint64(x[0]>>5), Source: fmt.Sprintf("log/%d/a.log", x[4]&3)}}
		if a.Tactic != "" {
			a.Technique = fmt.Sprint("T1", x[1]&3)
		}
		if x[4]&4 == 0 {
			a.Host = fmt.Sprintf("h%d.corp.example", (x[4]>>3)&3)
		}
		if x[4]&0x40 != 0 {
			a.Org = fmt.Sprintf("org%d.example", x[4]>>7)
		}
		names := []tocsin.Entity{entity("address", "203.0.113.1"), entity("address", "10.0.0.1"), entity("address", "2001:db8::1"), entity("session", "h1.corp.example/7"),
			entity("user", `corp\eve`), entity("principal", "arn:x"), entity("agent", "bot"), entity("address", "198.51.100.7")}
		if x[5]&1 == 0 {
			a.Who = append(a.Who, names[(x[5]>>1)&7])
			if x[5]&0x10 != 0 {
				a.Who = append(a.Who, names[x[5]>>5])
			}
		}
		a.On = []tocsin.Entity{names[x[6]&7], entity("host", fmt.Sprintf("h%d.corp.example", (x[6]>>3)&3))}
		if x[6]&0x20 != 0 {
			a.Marks = append(a.Marks, fmt.Sprintf("%s:%d", []string{"agent", "callback", "token", "hash"}[x[7]&3], (x[7]>>2)&3))
		}
		if x[6]&0x40 != 0 {
			a.Credential = fmt.Sprintf("key:%016x", x[7]>>4)
		}
		if x[6]&0x80 != 0 {
			a.Rules = []*tocsin.Rule{{ID: "r", Title: fmt.Sprint("rule ", x[7]&3), Level: a.Level}}
		}
		switch x[7] {
		case 255:
			a.Again = true
		case 254:
			a.Time = time.Time{}
		case 253:
			a.Time = time.Unix(int64(x[3])*30, 0).UTC()
		case 252:
			a.Time = time.Date(2000+int(x[3])*40, 1, 1, 0, 0, 0, 0, time.UTC)
		}
		a.Bytes = int64(x[3])
		all = append(all, a)
	}
	return all
}

// told is what pages tell.
func told(s *Pages) []*tocsin.Actor {
	actors := s.Actors(0)
	for _, a := range actors {
		s.Describe(a)
	}
	return actors
}

// FuzzActors holds that actions in any order, shared out and merged in any way, written down and read back, give the same
// actors, each with all that it did.
func FuzzActors(f *testing.F) {
	rng := rand.New(rand.NewPCG(1, 5))
	for n := range 40 {
		b := make([]byte, 8*(1+n*5))
		for i := range b {
			b[i] = byte(rng.Uint32())
			if i%8 == 0 && n%2 == 0 {
				b[i] &= 3 // close in time
			}
		}
		f.Add(b, uint64(n))
	}
	f.Fuzz(func(t *testing.T, b []byte, seed uint64) {
		all := actionsOf(b)
		if len(all) == 0 {
			return
		}
		one := shared(0, 1, all)
		two := shared(seed|1, 1+int(seed%4), all)
		three := readBack(t, two)
		mark := all[len(all)/2].Time
		for _, s := range []*Pages{one, two, three} {
			s.Seal(mark)
		}
		for _, p := range three.pages { // another store has nothing of it
			p.kept = keptPage{}
		}
		three.commonSaved.Change()
		kept := shop{}
		kept.save(t, three, -1)
		four := kept.load(t)
		if d := cmp.Diff(content(three), content(four)); d != "" {
			t.Fatalf("what was written is read another way: %s", d)
		}
		var want []*tocsin.Actor
		for i, s := range []*Pages{one, two, three, four} {
			s.Seal(time.Time{})
			got := told(s)
			if want == nil {
				want = got
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Fatalf("way %d: %s", i, d)
			}
			s.sweep()
			if d := cmp.Diff(want, told(s)); d != "" {
				t.Fatalf("way %d, after the names were numbered anew: %s", i, d)
			}
		}
		ids := map[string]int{}
		for _, a := range want {
			if len(a.Handles) == 0 || len(a.Deeds) == 0 || a.ID == "" {
				t.Fatalf("%+v", a)
			}
			for i := range a.Deeds {
				d := &a.Deeds[i]
				if !d.Time.IsZero() && (d.Time.Before(a.First) || d.Last.After(a.Last) || d.Last.Before(d.Time)) {
					t.Fatalf("a deed of %s to %s of an actor of %s to %s", d.Time, d.Last, a.First, a.Last)
				}
			}
			sums := map[[2]string]float64{}
			for _, l := range a.Links {
				if l.Weight <= 0 || l.Evidence == "" || len(l.Places) == 0 || len(l.Places) > 4 {
					t.Fatalf("%+v", l)
				}
				sums[[2]string{l.From, l.To}] += l.Weight
				has := 0
				for _, h := range a.Handles {
					if n := h.Kind + ":" + h.Value; n == l.From || n == l.To {
						has++
					}
				}
				if has < 2 && l.From != l.To {
					t.Fatalf("a link between %s and %s of an actor that goes by %v", l.From, l.To, a.Handles)
				}
			}
			for p, w := range sums {
				if w < joined {
					t.Fatalf("%v are joined by %.2f", p, w)
				}
			}
			ids[a.ID]++
		}
	})
}

// FuzzReadPages holds that whatever bytes are read as pages, nothing panics, and what was read can be worked with.
func FuzzReadPages(f *testing.F) {
	for n := range 6 {
		b := make([]byte, 8*40)
		rng := rand.New(rand.NewPCG(uint64(n), 5))
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
		s := shared(1, 1, actionsOf(b))
		if n%2 == 0 {
			s.Seal(day.Add(time.Hour))
		}
		if n%3 == 0 {
			s.Pin(map[string]bool{"address:203.0.113.1": true})
			s.Forget(day.Add(2 * time.Hour))
		}
		w := shop{}
		w.save(f, s, -1)
		for name, b := range w {
			f.Add(name, b)
		}
	}
	f.Fuzz(func(t *testing.T, name string, b []byte) {
		bad := 0
		s := LoadPages(shop{name: b}, Key{1}, nil, func(string, error) { bad++ })
		if bad > 0 {
			if len(s.pages) > 0 {
				t.Fatal("pages and an error")
			}
			return
		}
		n, ticks, blocks, facts, names := s.size()
		if n[0]+n[1]+n[2]+ticks+blocks+facts+names > 2*len(b)+1 {
			t.Fatalf("of %d bytes %v deeds, %d ticks, %d blocks, %d facts, %d names", len(b), n, ticks, blocks, facts, names)
		}
		told(s)
		s.LetGo()
		a := act(0, "203.0.113.7", "h", "probe", "T1190", tocsin.Worked, tocsin.High)
		s.Add(&a)
		o := s.Fresh()
		o.Add(&a)
		o.Merge(s)
		o.Seal(day.Add(time.Hour))
		told(o)
		o.Pin(map[string]bool{"address:203.0.113.1": true})
		o.Forget(day.Add(time.Hour))
		o.sweep()
		o.Whole()
		told(o)
		readBack(t, o)
	})
}

// TestNoSource holds that a place without a source, which no writer makes, is refused.
func TestNoSource(t *testing.T) {
	all := story()
	s := shared(0, 1, all)
	for _, p := range s.pages {
		for _, d := range p.of[telling].doers {
			d.deeds[0].blocks = append(d.deeds[0].blocks, block{none, 1, 1})
		}
	}
	kept := shop{}
	kept.save(t, s, -1)
	bad := 0
	LoadPages(kept, Key{1}, nil, func(string, error) { bad++ })
	if bad != len(s.pages) {
		t.Errorf("of %d pages %d are refused", len(s.pages), bad)
	}
}
