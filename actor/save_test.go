package actor

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-ids/tocsin"
)

// A shop keeps pieces as a database would: a commit is kept whole or not at all.
type shop map[string][]byte

var errFull = errors.New("the disk is full")

// save commits what changed. left is after how many pieces the disk is full; -1 is never.
func (all shop) save(t testing.TB, s *Pages, left int) (put int) {
	t.Helper()
	next := shop{}
	err := s.Save(func(name string, piece []byte) error {
		if left == 0 {
			return errFull
		}
		left--
		put++
		next[name] = piece
		return nil
	}, func(name string) {
		if all[name] == nil {
			t.Fatalf("%s is to be kept, and there is none", name)
		}
		next[name] = all[name]
	})
	if errors.Is(err, errFull) {
		return put
	}
	if err != nil {
		t.Fatal(err)
	}
	clear(all)
	maps.Copy(all, next)
	s.Saved()
	return put
}

func (all shop) load(t testing.TB) *Pages {
	t.Helper()
	return LoadPages(maps.Clone(all), Key{1}, nil, func(name string, err error) { t.Errorf("%s: %v", name, err) })
}

// readBack writes pages that were never written, and reads them.
func readBack(t testing.TB, s *Pages) *Pages {
	t.Helper()
	all := shop{}
	all.save(t, s, -1)
	return all.load(t)
}

// content is all that there is, in an order of its own.
func content(s *Pages) []string {
	out := []string{fmt.Sprintf("common %x", s.common())}
	for _, p := range s.inOrder() {
		for st := range strata {
			for _, d := range p.of[st].doers {
				slices.SortFunc(d.deeds, func(x, y *deed) int { return strings.Compare(fmt.Sprint(s.t.deedHash(x)), fmt.Sprint(s.t.deedHash(y))) })
				d.index = nil
				d.reindex()
				d.ticks.Sort()
				for _, x := range d.deeds {
					s.t.sortRefs(x)
					s.t.tidy(x, maxBlocks)
				}
			}
		}
		name := s.pieceName(p, 0)
		w := s.t.writes(0)
		w.facts(p)
		out = append(out, fmt.Sprintf("%s %+v\n%q", name, p.head(), w.whole()))
		for st := range strata {
			for _, d := range p.of[st].doers {
				w := s.t.writes(0)
				w.doers(&p.of[st], func(x *doer) bool { return x == d })
				out = append(out, fmt.Sprintf("%s %d %q", name, st, w.whole()))
			}
		}
	}
	slices.Sort(out)
	return out
}

// TestSave holds that whatever is done with pages, what a store was given is what there is: after any commit, also after ones that
// failed, and with what was noted between a commit's beginning and its end.
func TestSave(t *testing.T) {
	wasShare, wasBounds, wasTicks := share, bounds, maxTicks
	defer func() { share, bounds, maxTicks = wasShare, wasBounds, wasTicks }()
	seeds := uint64(40)
	if testing.Short() {
		seeds = 8
	}
	for seed := range seeds {
		rng := rand.New(rand.NewPCG(seed, 11))
		share, bounds, maxTicks = wasShare, wasBounds, wasTicks
		if seed%2 == 1 { // all bounds are met
			share, bounds, maxTicks = [strata]int{4, 5, 6}, [strata]int{256, 128, 128}, [strata]int{128, 128, 128}
		}
		raw := make([]byte, 8*1200)
		for i := range raw {
			raw[i] = byte(rng.Uint32())
		}
		all := actionsOf(raw)
		slices.SortStableFunc(all, func(x, y tocsin.Action) int { return x.Time.Compare(y.Time) })
		s, kept := NewPages(Key{1}), shop{}
		mark := day
		for len(all) > 0 {
			n := min(1+rng.IntN(60), len(all))
			batch := all[:n]
			all = all[n:]
			for i := range batch { // some are late
				if len(all) > 0 && rng.IntN(10) == 0 {
					k := rng.IntN(len(all))
					batch[i], all[k] = all[k], batch[i]
				}
			}
			if rng.IntN(2) == 0 {
				o := s.Fresh()
				for i := range batch {
					o.Add(&batch[i])
				}
				s.Merge(o)
			} else {
				for i := range batch {
					s.Add(&batch[i])
				}
			}
			switch rng.IntN(6) {
			case 0, 1:
				if at := batch[0].Time; at.After(mark) && at.Year() < 2100 {
					mark = at
				}
				s.Seal(mark)
			case 2:
				s.Actors(0)
			case 3:
				s.sweep()
			case 4:
				if rng.IntN(3) == 0 {
					s.Pin(map[string]bool{"address:203.0.113.1": true, "address:203.0.113.2": rng.IntN(2) == 0})
					s.Forget(mark.Add(-time.Hour))
				}
			}
			switch rng.IntN(4) {
			case 0:
				kept.save(t, s, rng.IntN(4))
			case 1:
				kept.save(t, s, -1)
				got := kept.load(t)
				if d := cmp.Diff(content(s), content(got)); d != "" {
					t.Fatalf("seed %d: %s", seed, d[:min(len(d), 1000)])
				}
				if rng.IntN(2) == 0 {
					got.Pin(s.pinned)
					s = got
				}
			}
		}
		s.Seal(time.Time{})
		kept.save(t, s, -1)
		got := kept.load(t)
		if d := cmp.Diff(told(s), told(got)); d != "" {
			t.Fatalf("seed %d: %s", seed, d[:min(len(d), 1000)])
		}
		if d := cmp.Diff(s.LetGo(), got.LetGo()); d != "" {
			t.Fatalf("seed %d: %s", seed, d)
		}
	}
}

// TestSaveBetween holds that what is noted between Save and Saved is given by the next Save.
func TestSaveBetween(t *testing.T) {
	a := act(0, "203.0.113.7", "h", "probe", "T1190", tocsin.Worked, tocsin.High)
	b := act(time.Second, "203.0.113.8", "h", "probe", "T1190", tocsin.Worked, tocsin.High)
	s, kept := NewPages(Key{1}), shop{}
	s.Add(&a)
	if err := s.Save(func(name string, piece []byte) error { kept[name] = piece; return nil }, func(string) {}); err != nil {
		t.Fatal(err)
	}
	s.Add(&a)
	s.Add(&b)
	s.Saved()
	if n := kept.save(t, s, -1); n != 1 {
		t.Errorf("%d pieces, want 1", n)
	}
	if d := cmp.Diff(content(s), content(kept.load(t))); d != "" {
		t.Error(d)
	}
	if n := kept.save(t, s, -1); n != 0 {
		t.Errorf("nothing changed, and %d pieces are given", n)
	}
}

// busy is an hour's page of so many deeds: of each doer a few.
func busy(deeds int) (*Pages, []tocsin.Action) {
	s := NewPages(Key{1})
	all := make([]tocsin.Action, deeds)
	for i := range all {
		a := act(0, fmt.Sprintf("203.0.%d.%d", i/4>>8&255, i/4&255), fmt.Sprintf("h%d", i/65536), []string{"request", "probe", "scan", "login"}[i%4], "", tocsin.Failed, tocsin.Level(1+i%3))
		a.Time = day.Add(time.Duration(i) * time.Millisecond)
		a.Text = fmt.Sprintf("GET /index.php?id=%d HTTP/1.1", i)
		all[i] = a
		s.Add(&all[i])
	}
	return s, all
}

// BenchmarkSave is a commit of an open page of 100,000 deeds: all of it, and when a thousandth, a hundredth and a tenth of its doers
// did something more.
func BenchmarkSave(b *testing.B) {
	for _, changed := range []int{100_000, 10_000, 1000, 100} {
		b.Run(fmt.Sprint(changed), func(b *testing.B) {
			s, all := busy(100_000)
			kept := shop{}
			if changed < len(all) {
				kept.save(b, s, -1)
			}
			bytes, n := 0, 0
			var cpu time.Duration
			for b.Loop() {
				b.StopTimer()
				if changed == len(all) {
					s, _ = busy(len(all))
					clear(kept)
				}
				for i := range changed {
					s.Add(&all[(i+n*changed)%len(all)])
				}
				n++
				b.StartTimer()
				began := cpuNow()
				_ = s.Save(func(_ string, piece []byte) error { bytes += len(piece); return nil }, func(string) {})
				s.Saved()
				cpu += cpuNow() - began
			}
			b.ReportMetric(cpu.Seconds()*1000/float64(b.N), "cpu-ms/save")
			b.ReportMetric(float64(bytes)/float64(b.N)/1e6, "MB/save")
		})
	}
}

// TestDamaged holds that a piece that cannot be read costs what it held only.
func TestDamaged(t *testing.T) {
	s, kept := NewPages(Key{1}), shop{}
	for i := range 40 {
		a := act(time.Duration(i)*time.Minute, fmt.Sprintf("203.0.113.%d", i%5), "h", "probe", "T1190", tocsin.Worked, tocsin.High)
		s.Add(&a)
		if i%8 == 7 {
			kept.save(t, s, -1)
		}
	}
	want := s.Len()
	for name := range kept {
		for _, b := range [][]byte{nil, {0}, kept[name][:len(kept[name])/2], append(bytes.Clone(kept[name]), 0)} {
			torn := maps.Clone(kept)
			torn[name] = b
			var bad []string
			got := LoadPages(torn, Key{1}, nil, func(name string, err error) {
				if !errors.Is(err, ErrWritten) {
					t.Error(err)
				}
				bad = append(bad, name)
			})
			if !slices.Equal(bad, []string{name}) {
				t.Errorf("of %s, %v are told as bad", name, bad)
			}
			if n := got.Len(); n == 0 || n > want || name == commonPiece && n != want {
				t.Errorf("without %s %d deeds are left of %d", name, n, want)
			}
			got.Seal(time.Time{})
			told(got)
			delete(torn, name)
			of, _, _ := strings.Cut(name, ".")
			got.Save(func(string, []byte) error { return nil }, func(kept string) {
				if strings.HasPrefix(kept, of) {
					t.Errorf("%s is kept beside the damaged %s", kept, name)
				}
			})
		}
	}
}
