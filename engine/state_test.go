package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/actor"
	"github.com/tocsin-ids/tocsin/rules"
	"github.com/tocsin-ids/tocsin/sigma"
)

// clone copies an action that was handed out for the length of a call.
func clone(a *tocsin.Action) tocsin.Action {
	b := *a
	text := func(s *string) { *s = strings.Clone(*s) }
	for _, s := range []*string{&b.Org, &b.Host, &b.Tactic, &b.Technique, &b.Verb, &b.Tool, &b.Text, &b.Credential, &b.Place.Source} {
		text(s)
	}
	b.Who, b.On, b.Marks, b.Rules = slices.Clone(a.Who), slices.Clone(a.On), slices.Clone(a.Marks), slices.Clone(a.Rules)
	for _, list := range [][]tocsin.Entity{b.Who, b.On} {
		for i := range list {
			text(&list[i].Kind)
			text(&list[i].Value)
		}
	}
	for i := range b.Marks {
		text(&b.Marks[i])
	}
	return b
}

// A hit is an event for which rules hold that correlations may build on.
type hit struct {
	ev    *tocsin.Event
	rules []int
}

// actionsOf are what a hunt would note, in order of time.
func actionsOf(t testing.TB, paths ...string) []tocsin.Action {
	all, _ := heard(t, paths...)
	return all
}

// heard are the actions and hits of a hunt, in order of time.
func heard(t testing.TB, paths ...string) ([]tocsin.Action, []hit) {
	t.Helper()
	set := ownRules(t)
	var all []tocsin.Action
	var hits []hit
	var mu sync.Mutex
	_, err := Read(context.Background(), Input{Paths: paths, Workers: 1}, func(int) Desk {
		m := set.Matcher()
		w := newWitness(set, nil, actor.Key{1}, nil, func(a *tocsin.Action) {
			mu.Lock()
			defer mu.Unlock()
			all = append(all, clone(a))
		})
		var held []int
		return DeskFunc(func(ev *tocsin.Event) {
			held = held[:0]
			m.Match(ev, func(r int) { held = append(held, r) })
			w.see(ev, held)
			if len(held) > 0 {
				hits = append(hits, hit{ev.Clone(), slices.Clone(held)})
			}
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortStableFunc(all, func(x, y tocsin.Action) int { return x.Time.Compare(y.Time) })
	slices.SortStableFunc(hits, func(x, y hit) int { return x.ev.Time.Compare(y.ev.Time) })
	return all, hits
}

// recordings are what there is to try a State on: our example, and whatever TOCSIN_DATA holds that is small enough.
func recordings(t *testing.T) map[string][]string {
	all := map[string][]string{"example": {"../example/intrusion", "../example/benign"}}
	if dir := os.Getenv("TOCSIN_DATA"); dir != "" && !testing.Short() {
		for name, pattern := range map[string]string{
			"log4shell": "campaign/otrf-Log4Shell", "apt29": "campaign/apt29-zeek", "sans": "campaign/sans-forensics-2021", "ssh": "linux/auth-elastic-ec2.log.gz",
			"benign windows": "windows/benign-evtx-omer.tar.gz", "web": "web", "stratus": "cloud",
		} {
			path := filepath.Join(dir, filepath.FromSlash(pattern))
			if _, err := os.Stat(path); err != nil {
				t.Fatalf("no recording: %v", err)
			}
			all[name] = []string{path}
		}
	}
	return all
}

// tale is what campaigns tell, without the names by which they are told.
func tale(t testing.TB, all []*tocsin.Campaign) string {
	var out []string
	for _, c := range all {
		x := *c
		x.ID, x.Was = "", nil
		b, err := json.MarshalIndent(x, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(b))
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

// marksOf cuts what happened into stretches.
func marksOf(all []tocsin.Action, n int) []time.Time {
	var marks []time.Time
	for i := 1; i <= n; i++ {
		if a := &all[len(all)*i/n-1]; !a.Time.IsZero() {
			marks = append(marks, a.Time.Add(time.Nanosecond))
		}
	}
	return append(marks, all[len(all)-1].Time.Add(24*time.Hour))
}

// upTo is a causal run up to a mark: everything noted, one turn.
func upTo(o StateOptions, all []tocsin.Action, hits []hit, mark time.Time) *State {
	s := NewState(o)
	for i := range all {
		if all[i].Time.Before(mark) {
			s.Note("all", uint64(i+1), &all[i])
		}
	}
	for i, h := range hits {
		if h.ev.Time.Before(mark) {
			s.Hold("all", uint64(i+1), h.ev, h.rules...)
		}
	}
	s.Turn(mark)
	return s
}

// TestCuts holds that a State that is cut into turns and shared out among readers, to which things are delivered again, and
// that is written down and read back on the way, tells at each mark what one that took everything at once tells.
func TestCuts(t *testing.T) {
	for name, paths := range recordings(t) {
		t.Run(name, func(t *testing.T) {
			all, hits := heard(t, paths...)
			marks := marksOf(all, 4)
			want := make([]string, len(marks))
			o := StateOptions{Key: actor.Key{1}, Set: ownRules(t), Rules: "own"}
			told := 0
			for i, m := range marks {
				s := upTo(o, all, hits, m)
				want[i] = tale(t, s.current)
				told += len(s.current)
			}
			if name == "example" && told == 0 {
				t.Fatal("no campaigns, so that nothing is compared")
			}
			for seed := range uint64(4) {
				rng := rand.New(rand.NewPCG(seed, 7))
				s, kept := NewState(o), store{}
				next, held := 0, 0
				restarts := 0
				for i, m := range marks {
					for next < len(all) && all[next].Time.Before(m) {
						n := min(1+rng.IntN(400), len(all)-next)
						for n > 0 && !all[next+n-1].Time.Before(m) {
							n--
						}
						batch := make([]int, n)
						for k := range batch {
							batch[k] = next + k
						}
						next += n
						if rng.IntN(2) == 0 { // by another reader, in any order
							rng.Shuffle(len(batch), func(i, j int) { batch[i], batch[j] = batch[j], batch[i] })
							p := actor.NewPages(actor.Key{1})
							for _, k := range batch {
								p.Add(&all[k])
							}
							s.Merge(p)
						} else {
							for _, k := range batch {
								s.Note("a", uint64(k+1), &all[k])
							}
							for _, k := range batch[rng.IntN(len(batch)):] { // again
								s.Note("a", uint64(k+1), &all[k])
							}
						}
						for held < len(hits) && !hits[held].ev.Time.After(all[next-1].Time) && hits[held].ev.Time.Before(m) {
							held++
							s.Hold("h", uint64(held), hits[held-1].ev, hits[held-1].rules...)
							s.Hold("h", uint64(held), hits[held-1].ev, hits[held-1].rules...)
						}
						switch rng.IntN(12) {
						case 0:
							s.Turn(all[next-1].Time)
						case 1:
							s = kept.again(t, s, nil)
							restarts++
						}
					}
					for ; held < len(hits) && hits[held].ev.Time.Before(m); held++ {
						s.Hold("h", uint64(held+1), hits[held].ev, hits[held].rules...)
					}
					s.Turn(m)
					if got := tale(t, s.current); got != want[i] {
						t.Fatalf("seed %d, mark %d (%s), %d restarts: %s", seed, i, m, restarts, firstDiff(want[i], got))
					}
				}
			}
			t.Logf("%d actions, %d tellings at %d marks", len(all), told, len(marks))
		})
	}
}

func firstDiff(want, got string) string {
	d := cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n"))
	return d[:min(len(d), 3000)]
}

// TestLate holds that what comes late is told of all the same, and that being written down and read back makes no
// difference to it.
func TestLate(t *testing.T) {
	all := actionsOf(t, "../example/intrusion", "../example/benign")
	for _, late := range []time.Duration{time.Minute, time.Hour, 24 * time.Hour} {
		var first []*tocsin.Campaign
		for _, restart := range []bool{false, true} {
			s, kept := NewState(StateOptions{Key: actor.Key{1}}), store{}
			var behind []tocsin.Action
			rng := rand.New(rand.NewPCG(1, uint64(late)))
			seq := uint64(0)
			note := func(a *tocsin.Action) {
				seq++
				s.Note("a", seq, a)
			}
			turn := func(m time.Time) {
				s.Turn(m)
				if restart {
					s = kept.again(t, s, nil)
				}
			}
			for i := range all {
				a := &all[i]
				if rng.IntN(5) == 0 {
					behind = append(behind, *a)
				} else {
					note(a)
				}
				for len(behind) > 0 && a.Time.Sub(behind[0].Time) >= late {
					note(&behind[0])
					behind = behind[1:]
				}
				if i%200 == 199 {
					turn(a.Time)
				}
			}
			turn(all[len(all)-1].Time.Add(11 * time.Minute))
			for i := range behind {
				note(&behind[i])
			}
			turn(all[len(all)-1].Time.Add(30 * time.Hour))
			s.Turn(all[len(all)-1].Time.Add(31 * time.Hour))
			if n := s.Late(); n == 0 && late > time.Minute {
				t.Errorf("%s late: none counted", late)
			}
			got := s.Result().Campaigns
			if len(got) < 3 {
				t.Errorf("%s late: %d campaigns", late, len(got))
			}
			if first == nil {
				first = got
			} else if x, y := tale(t, first), tale(t, got); x != y {
				t.Errorf("%s late, written down and read back: %s", late, firstDiff(x, y))
			}
		}
	}
}

// TestTold holds that a campaign keeps its id while more of it is seen, that two that turn out one have the elder's, and
// that a turn tells only what changed.
func TestTold(t *testing.T) {
	all := actionsOf(t, "../example/intrusion")
	s := NewState(StateOptions{Key: actor.Key{1}})
	known := map[string]bool{}
	for i := range all {
		s.Note("a", uint64(i+1), &all[i])
		if i%50 != 49 && i != len(all)-1 {
			continue
		}
		for _, c := range s.Turn(all[i].Time) {
			known[c.ID] = true
			for _, w := range c.Was {
				if !known[w] {
					t.Errorf("%s was %s, which was never told", c.ID, w)
				}
			}
		}
		if again := s.Turn(all[i].Time); again != nil {
			t.Errorf("told again without anything new: %v", again)
		}
		have := map[string]bool{}
		for _, c := range s.Result().Campaigns {
			for _, id := range append([]string{c.ID}, c.Was...) {
				if have[id] {
					t.Errorf("two campaigns are %s", id)
				}
				have[id] = true
			}
		}
		for id := range known {
			if !have[id] {
				t.Fatalf("%s was told and is gone", id)
			}
		}
	}
	if len(known) == 0 {
		t.Fatal("nothing told")
	}
	if len(s.Standing()) == 0 {
		t.Error("no standing")
	}
}

// TestApart holds that what a person has said is not one stays apart.
func TestApart(t *testing.T) {
	all := actionsOf(t, "../example/intrusion")
	end := all[len(all)-1].Time.Add(time.Hour)
	build := func(apart [][2]string) []*tocsin.Campaign {
		s := NewState(StateOptions{Key: actor.Key{1}, Apart: apart})
		for i := range all {
			s.Note("a", uint64(i+1), &all[i])
		}
		s.Turn(end)
		return s.Result().Campaigns
	}
	for _, c := range build(nil) {
		for _, l := range c.Links {
			if l.Tie != tocsin.Core {
				continue
			}
			for _, x := range build([][2]string{{l.From, l.To}}) {
				in := map[string]bool{}
				for _, a := range x.Actors {
					in[a.ID] = true
				}
				if in[l.From] && in[l.To] {
					t.Errorf("%s and %s are one all the same", l.From, l.To)
				}
			}
			return
		}
	}
	t.Fatal("no link between cores")
}

func ExampleState() {
	s := NewState(StateOptions{})
	at := time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC)
	for i, verb := range []string{"probe", "create", "send"} {
		s.Note("web.log", uint64(i+1), &tocsin.Action{
			Time: at.Add(time.Duration(i) * time.Minute), Host: "web1.corp.example",
			Who:  []tocsin.Entity{{Kind: "address", Value: "203.0.113.9"}},
			Verb: verb, Tactic: []string{"initial-access", "persistence", "exfiltration"}[i], Outcome: tocsin.Worked, Level: tocsin.High,
			Place: tocsin.Place{Source: "web.log", Record: uint64(i + 1)},
		})
	}
	for _, c := range s.Turn(at.Add(time.Hour)) {
		fmt.Println(c.Level, c.Title)
	}
	// Output: high Intrusion into web1.corp.example by 203.0.113.9: as far as exfiltration
}

// ownRules are the rules that are in the binary.
func ownRules(t testing.TB) *sigma.Set {
	t.Helper()
	files, err := rules.Files()
	if err != nil {
		t.Fatal(err)
	}
	var all []*sigma.Rule
	for _, f := range files {
		parsed, faults := sigma.Parse(f.Path, f.Data)
		for _, f := range faults {
			t.Fatal(f)
		}
		all = append(all, parsed...)
	}
	set, faults := sigma.Compile(all, sigma.Options{})
	for _, f := range faults {
		t.Fatal(f)
	}
	return set
}

// TestQuiet holds that a turn that looks at nothing, since only ordinary use of nobody was noted, would have told nothing new: also
// where that use is of somebody who is told of, or becomes so.
func TestQuiet(t *testing.T) {
	all := office(1, 100, 7)
	all = append(append(all, breach(1, 0)...), breach(2, 0)...)
	for i := range 1200 { // what strangers do, those who are told of, and who logs in to what they use
		at := month.Add(time.Duration(i) * time.Minute)
		all = append(all, deedOf(at, "srv1", fmt.Sprint("address:192.0.2.", i%9), "request", "", "", tocsin.Worked, tocsin.Informational, "host:srv1.corp.example"))
		switch i % 40 {
		case 0:
			all = append(all, deedOf(at, "srv1", "address:203.0.113.11", "request", "", "", tocsin.Worked, tocsin.Informational, "host:srv1.corp.example"))
		case 20:
			all = append(all, deedOf(at, "db2", "address:198.51.100.250", "login", "", "", tocsin.Worked, tocsin.Informational, "session:db2.corp.example/72"))
		}
	}
	slices.SortStableFunc(all, func(x, y tocsin.Action) int { return x.Time.Compare(y.Time) })
	quiet, told := 0, 0
	for seed := range uint64(3) {
		rng := rand.New(rand.NewPCG(seed, 1))
		s, always := NewState(StateOptions{Key: actor.Key{1}}), NewState(StateOptions{Key: actor.Key{1}})
		for next := 0; next < len(all); {
			n := min(1+rng.IntN(4), len(all)-next)
			p := s.pages.Fresh()
			for i := next; i < next+n; i++ {
				a := &all[i]
				a.Place = tocsin.Place{Time: a.Time, Source: "log/" + a.Host, Record: uint64(i + 1)}
				always.Note("a", uint64(i+1), a)
				if seed%2 == 0 {
					s.Note("a", uint64(i+1), a)
				} else {
					p.Add(a)
				}
			}
			s.Merge(p)
			next += n
			mark := all[next-1].Time
			if !s.pages.Stirred() && len(s.pages.Open(mark)) == 0 {
				quiet++
			}
			s.Turn(mark)
			if rng.IntN(12) == 0 {
				always.changed = true
				always.Turn(mark)
				told += len(always.current)
				if x, y := tale(t, always.current), tale(t, s.current); x != y {
					t.Fatalf("seed %d, after %d actions: %s", seed, next, firstDiff(x, y))
				}
			}
		}
	}
	if quiet == 0 || told == 0 {
		t.Errorf("%d quiet turns, %d campaigns told", quiet, told)
	}
	t.Logf("%d quiet turns, %d campaigns told", quiet, told)
}
