package engine

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/actor"
	"github.com/tocsin-ids/tocsin/channel"
	"github.com/tocsin-ids/tocsin/guard"
	"github.com/tocsin-ids/tocsin/naming"
	"github.com/tocsin-ids/tocsin/sigma"
)

// A teller is a reader as a live run has several of them: it notes by itself, and its share is taken from time to time.
type teller struct {
	set     *sigma.Set
	matcher *sigma.Matcher
	witness *witness
	pages   *actor.Pages
	hits    *sigma.Correlator
	shelf   *tocsin.Shelf
	tables  map[int64]*channel.Table
	facts   *naming.Facts
	book    *guard.Book
	agents  bool
	held    []int
}

func newTeller(s *State) *teller {
	r := &teller{set: s.options.Set, matcher: s.options.Set.Matcher(), book: s.Book().Fork()}
	r.witness = newWitness(r.set, nil, s.options.Key, nil, func(a *tocsin.Action) {
		if r.agents {
			r.book.Note(a)
		}
		r.pages.Add(a)
	})
	r.empty(s)
	return r
}

func (r *teller) empty(s *State) {
	r.pages, r.shelf, r.tables, r.facts = actor.NewPages(s.options.Key), &tocsin.Shelf{}, map[int64]*channel.Table{}, naming.New(s.options.Key)
	r.hits = r.set.Correlator(r.shelf)
}

func (r *teller) see(ev *tocsin.Event, key actor.Key) {
	r.held = r.held[:0]
	r.matcher.Match(ev, func(rule int) { r.held = append(r.held, rule) })
	r.facts.See(ev)
	if r.agents = len(ev.Sources) > 0 && ev.Sources[0].Product == "ai_agent"; r.agents {
		r.book.Call(ev)
	}
	r.witness.see(ev, r.held)
	hour := int64(0)
	if !ev.Time.IsZero() {
		hour = ev.Time.Unix() / 3600
	}
	if r.tables[hour] == nil {
		r.tables[hour] = channel.New(channel.Key(key))
	}
	r.tables[hour].Add(ev)
	if len(r.held) > 0 {
		r.hits.Add(ev, r.shelf.Put(r.hits.Thin(ev)), r.held...)
	}
}

// hand gives its share to the owner.
func (r *teller) hand(s *State) {
	s.Merge(r.pages)
	s.MergeHits(r.set, r.hits)
	s.MergeChannels(r.tables)
	s.Facts().Merge(r.facts)
	s.Book().Merge(r.book.Take())
	r.empty(s)
}

// TestCrashes holds that a State which readers give to, which is turned and committed at random, sometimes in vain, and which is lost and
// read back from what was committed, to go on from where that was, and whose rules are read anew on the way, tells in the end what one
// tells that took all at once: campaigns, channels, correlations, names and principals.
func TestCrashes(t *testing.T) {
	set := ownRules(t)
	var events []*tocsin.Event
	if _, err := Read(context.Background(), Input{Paths: []string{"../example/intrusion", "../example/benign", sensor(t)}, Workers: 1}, func(int) Desk {
		return DeskFunc(func(ev *tocsin.Event) { events = append(events, ev.Clone()) })
	}); err != nil {
		t.Fatal(err)
	}
	slices.SortStableFunc(events, func(a, b *tocsin.Event) int { return a.Time.Compare(b.Time) })
	end := events[len(events)-1].Time.Add(3 * time.Hour)
	told := map[[16]byte]bool{}
	o := StateOptions{Key: actor.Key{1}, Set: set, Channels: channel.Rules(), Rules: "own", Matches: func(m *tocsin.Match) { told[m.Key] = true }}
	type telling struct {
		Campaigns  string
		Told       map[[16]byte]bool
		Names      []naming.Known
		Principals []*tocsin.Principal
	}
	tell := func(s *State) telling {
		s.Turn(end)
		n := s.Facts().Names()
		s.Names(n)
		s.Turn(end)
		return telling{tale(t, s.Named(s.current)), told, n.All(), s.Book().Principals(nil)}
	}
	one := NewState(o)
	r := newTeller(one)
	for _, ev := range events {
		r.see(ev, o.Key)
	}
	r.hand(one)
	want := tell(one)
	if len(one.current) == 0 || len(want.Told) < 2 || len(want.Names) == 0 || len(want.Principals) == 0 {
		t.Fatalf("nothing is compared: %d campaigns, %d matches, %d names, %d principals", len(one.current), len(want.Told), len(want.Names), len(want.Principals))
	}
	crashes, failed := 0, 0
	for seed := range uint64(4) {
		rng := rand.New(rand.NewPCG(seed, 21))
		told = map[[16]byte]bool{}
		s, kept, from := NewState(o), store{}, 0
		readers := []*teller{newTeller(s), newTeller(s)}
		for at := 0; at < len(events); {
			to := min(len(events), at+1+rng.IntN(400))
			for ; at < to; at++ {
				k := int(events[at].Source[len(events[at].Source)-1]) % len(readers)
				readers[k].see(events[at], o.Key)
			}
			for _, r := range readers {
				r.hand(s)
			}
			if rng.IntN(3) > 0 {
				s.Turn(events[at-1].Time)
			}
			if rng.IntN(2) == 0 {
				if kept.save(t, s, rng) {
					from = at
				} else {
					failed++
				}
			}
			if rng.IntN(10) == 0 {
				next := o
				next.Set = ownRules(t)
				s.SetOptions(next, nil)
				readers = []*teller{newTeller(s), newTeller(s)}
			}
			if rng.IntN(8) == 0 && from > 0 {
				crashes++
				s, at = kept.load(t, o, nil), from
				readers = []*teller{newTeller(s), newTeller(s)}
			}
		}
		got := tell(s)
		if got.Campaigns != want.Campaigns {
			t.Errorf("seed %d: %s", seed, firstDiff(want.Campaigns, got.Campaigns))
		}
		got.Campaigns = want.Campaigns
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("seed %d: %s", seed, d[:min(len(d), 3000)])
		}
	}
	if crashes == 0 || failed == 0 {
		t.Errorf("%d crashes, %d commits in vain", crashes, failed)
	}
	t.Logf("%d events, %d campaigns, %d matches, %d names, %d principals; %d crashes, %d commits in vain", len(events), len(one.current), len(want.Told), len(want.Names), len(want.Principals), crashes, failed)
}

// TestOtherRules holds that a State goes on with other rules: what was told stays told, pages and channels stay, hits of correlations that
// are not what they were are let go and counted, and so are those that a worker hands over late. What is read back with other
// rules is as if they had been changed.
func TestOtherRules(t *testing.T) {
	all, hits := heard(t, "../example/intrusion")
	o := StateOptions{Key: actor.Key{1}, Set: ownRules(t), Channels: channel.Rules(), Rules: "own"}
	fill := func() *State {
		s := NewState(o)
		for i := range all {
			s.Note("a", uint64(i+1), &all[i])
		}
		for i, h := range hits {
			s.Hold("h", uint64(i+1), h.ev, h.rules...)
		}
		s.Turn(all[len(all)-1].Time)
		return s
	}
	lost := func(s *State) (n int64) {
		for _, l := range s.LetGo() {
			if l.Kind == lostHits {
				n += l.N
			}
		}
		return n
	}
	parsed, faults := sigma.Parse("other.yml", []byte("title: Other\nid: 6b2f6a0e-5a5c-4f0e-8d0a-0d9a5f6f7a11\nstatus: test\nlevel: low\nlogsource:\n  category: process_creation\ndetection:\n  a:\n    Image: x\n  condition: a\n"))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	other, _ := sigma.Compile(parsed, sigma.Options{})
	changed := o
	changed.Set, changed.Rules = other, "other"
	before := fill()
	if len(before.Result().Campaigns) == 0 || len(before.series.held) == 0 {
		t.Fatal("nothing to go on with")
	}
	kept := store{}
	kept.save(t, before, nil)
	late := newTeller(before)
	for _, h := range hits {
		late.hits.Add(h.ev, late.shelf.Put(late.hits.Thin(h.ev)), h.rules...)
	}
	live := fill()
	live.SetOptions(changed, nil)
	n := lost(live)
	live.MergeHits(late.set, late.hits)
	if n == 0 || lost(live) <= n {
		t.Errorf("%d hits are let go, and with those handed over late %d", n, lost(live))
	}
	for what, s := range map[string]*State{"live": live, "read back": kept.load(t, changed, nil)} {
		s.Turn(s.mark)
		if x, y := tale(t, before.Result().Campaigns), tale(t, s.Result().Campaigns); x != y {
			t.Errorf("%s: %s", what, firstDiff(x, y))
		}
		if lost(s) == 0 {
			t.Errorf("%s: no hits are counted as let go", what)
		}
	}
}
