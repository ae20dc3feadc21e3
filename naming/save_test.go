package naming

import (
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

// A shop keeps pieces as a database would.
type shop map[string][]byte

var errFull = errors.New("the disk is full")

// save commits what changed; left is after how many pieces the disk is full, -1 is never.
func (all shop) save(t testing.TB, f *Facts, left int) (put int) {
	t.Helper()
	next := shop{}
	err := f.Save(func(name string, piece []byte) error {
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
	if err != nil {
		return put
	}
	clear(all)
	maps.Copy(all, next)
	f.Saved()
	return put
}

func (all shop) load(t testing.TB) *Facts {
	t.Helper()
	return Load(maps.Clone(all), [16]byte{1}, func(name string, err error) { t.Errorf("%s: %v", name, err) })
}

// network is what a network's logs say of so many machines, in no order.
func network(machines, n int, rng *rand.Rand) (all []*tocsin.Event) {
	for i := range n {
		m := rng.IntN(machines)
		at := rng.Float64() * 24 * 30
		address, host := fmt.Sprintf("10.%d.%d.%d", m>>16, m>>8&255, m&255), fmt.Sprintf("pc%d.corp.example", m)
		var ev *tocsin.Event
		switch rng.IntN(4) {
		case 0:
			ev = lease(at, address, host)
		case 1:
			ev = claim(at, address, host)
		case 2:
			ev = ownRecord(at, address, host)
		default:
			ev = answer(at, host, address)
		}
		if rng.IntN(50) == 0 {
			ev.Time = time.Time{}
		}
		ev.Source, ev.Record = fmt.Sprintf("log/%d", rng.IntN(9)), uint64(i+1)
		all = append(all, ev)
	}
	return all
}

// content is all that Facts hold.
func content(f *Facts) []string {
	f.settle()
	out := []string{fmt.Sprint(f.before, f.old, f.kinds)}
	for key, x := range f.facts {
		out = append(out, fmt.Sprintf("%q %s %s %s %d %d %+v", key, x.say.row.id, x.of, x.name, x.rank, x.width, x.spans))
	}
	for key, sh := range f.shares {
		var in []string
		for _, x := range sh.facts {
			in = append(in, x.name)
		}
		slices.Sort(in)
		out = append(out, fmt.Sprintf("%q %q", key, in))
	}
	slices.Sort(out)
	return out
}

// TestSave holds that whatever is taken in, merged and forgotten, what a store was given is what there is: after any commit, also
// after ones that failed.
func TestSave(t *testing.T) {
	for seed := range uint64(8) {
		rng := rand.New(rand.NewPCG(seed, 4))
		machines := 200
		if seed%2 == 1 { // more of one name than is kept
			machines = 20
		}
		f, kept := New([16]byte{1}), shop{}
		all := network(machines, 4000, rng)
		if seed%2 == 1 {
			for i := range all {
				if rng.IntN(3) == 0 {
					all[i] = answer(float64(i)/10, "many.corp.example", fmt.Sprintf("10.9.%d.%d", i>>8, i&255))
				}
			}
		}
		for len(all) > 0 {
			n := min(1+rng.IntN(100), len(all))
			to := f
			if rng.IntN(2) == 0 {
				to = f.Fresh()
			}
			for _, ev := range all[:n] {
				to.See(ev)
			}
			if all = all[n:]; to != f {
				f.Merge(to)
			}
			switch rng.IntN(8) {
			case 0:
				f.Names()
			case 1:
				if rng.IntN(4) == 0 {
					f.Forget(day.Add(time.Duration(rng.IntN(20*24)) * time.Hour))
				}
			case 2, 3:
				kept.save(t, f, rng.IntN(8))
			case 4:
				kept.save(t, f, -1)
				got := kept.load(t)
				if d := cmp.Diff(content(f), content(got)); d != "" {
					t.Fatalf("seed %d: %s", seed, d[:min(len(d), 2000)])
				}
				if rng.IntN(2) == 0 {
					f = got
				}
			}
		}
		kept.save(t, f, -1)
		got := kept.load(t)
		if d := cmp.Diff(f.Names().All(), got.Names().All()); d != "" {
			t.Fatalf("seed %d: %s", seed, d[:min(len(d), 2000)])
		}
		if d := cmp.Diff(f.LetGo(), got.LetGo()); d != "" {
			t.Error(d)
		}
		if n := kept.save(t, f, -1); n != 0 {
			t.Errorf("nothing changed, and %d pieces are given", n)
		}
	}
}

// TestForget holds that what was seen last before the horizon goes and is counted, what is still seen stays as it is, what has no time
// stays, and that after a flood of names the next ones are taken in again.
func TestForget(t *testing.T) {
	f := New([16]byte{1})
	f.See(lease(1, "10.0.0.1", "old.corp.example"))
	f.See(lease(2, "10.0.0.2", "still.corp.example"))
	f.See(lease(500, "10.0.0.2", "still.corp.example"))
	ev := lease(0, "10.0.0.3", "undated.corp.example")
	ev.Time = time.Time{}
	f.See(ev)
	for i := range 3 * perKind {
		f.See(lease(float64(i)/float64(perKind), fmt.Sprintf("10.%d.%d.%d", 1+i>>16, i>>8&255, i&255), fmt.Sprintf("flood%d.corp.example", i)))
	}
	was := f.Revision()
	if n := len(f.facts); n > perKind+perKind/4+8 {
		t.Fatalf("%d facts", n)
	}
	f.Forget(day.Add(400 * time.Hour))
	if f.Revision() == was {
		t.Error("the revision is what it was")
	}
	var left []string
	for s := range f.says() {
		left = append(left, s)
	}
	slices.Sort(left)
	for _, s := range left {
		if strings.Contains(s, "old.") || strings.Contains(s, "flood") {
			t.Errorf("%s is still there", s)
		}
	}
	lost := f.LetGo()
	if len(lost) != 2 || lost[1].N == 0 {
		t.Errorf("%+v", lost)
	}
	for i := range 100 {
		f.See(lease(600, fmt.Sprintf("10.200.0.%d", i), fmt.Sprintf("new%d.corp.example", i)))
	}
	n := 0
	for s := range f.says() {
		if strings.Contains(s, "new") {
			n++
		}
	}
	if n < 100 {
		t.Errorf("%d of 100 new names are taken in after the flood", n)
	}
	was = f.Revision()
	f.Forget(day.Add(400 * time.Hour))
	if f.Revision() != was {
		t.Error("nothing was forgotten, and the revision is another")
	}
}

// TestDamaged holds that a piece that cannot be read costs what it held only, and is written anew.
func TestDamaged(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	f, kept := New([16]byte{1}), shop{}
	for i, ev := range network(500, 3000, rng) {
		f.See(ev)
		if i == 2000 || i == 2900 {
			kept.save(t, f, -1)
		}
	}
	kept.save(t, f, -1)
	if later := slices.ContainsFunc(slices.Collect(maps.Keys(kept)), func(s string) bool { return strings.HasPrefix(s, "later") }); !later {
		t.Fatal("no later piece")
	}
	for name := range kept {
		torn := maps.Clone(kept)
		torn[name] = kept[name][:len(kept[name])-1]
		var bad []string
		got := Load(torn, [16]byte{1}, func(name string, err error) {
			if !errors.Is(err, ErrWritten) {
				t.Error(err)
			}
			bad = append(bad, name)
		})
		if !slices.Equal(bad, []string{name}) || len(got.facts) < len(f.facts)*3/4 {
			t.Errorf("%s is damaged: %v are bad, and %d of %d facts are left", name, bad, len(got.facts), len(f.facts))
		}
		got.Names()
		_ = got.Save(func(string, []byte) error { return nil }, func(keep string) {
			if keep == name {
				t.Errorf("the damaged %s is kept", name)
			}
		})
	}
}

// FuzzLoad holds that whatever bytes are read as pieces, nothing panics, and that what was read can be judged, written and read.
func FuzzLoad(f *testing.F) {
	facts, base := New([16]byte{1}), shop{}
	for i, ev := range network(20, 60, rand.New(rand.NewPCG(1, 1))) {
		facts.See(ev)
		if i%25 == 24 {
			base.save(f, facts, -1)
		}
	}
	for name, piece := range base {
		f.Add(name, piece)
	}
	f.Fuzz(func(t *testing.T, name string, piece []byte) {
		torn := maps.Clone(base)
		torn[name] = piece
		got := Load(torn, [16]byte{1}, func(string, error) {})
		got.Names()
		got.See(lease(1, "10.0.0.1", "pc1.corp.example"))
		got.Forget(day.Add(time.Hour))
		kept := maps.Clone(torn)
		kept.save(t, got, -1)
		again := kept.load(t)
		if d := cmp.Diff(content(got), content(again)); d != "" {
			t.Fatal(d)
		}
	})
}

// BenchmarkSaveFacts is a commit of facts about 5,000 machines when a hundred were seen again, and judging them.
func BenchmarkSaveFacts(b *testing.B) {
	f := New([16]byte{1})
	all := network(5000, 60_000, rand.New(rand.NewPCG(1, 1)))
	for _, ev := range all {
		f.See(ev)
	}
	kept := shop{}
	kept.save(b, f, -1)
	var saving, judging time.Duration
	size, n := 0, 0
	for b.Loop() {
		for range 100 {
			f.See(all[n%len(all)])
			n++
		}
		began := cpuNow()
		_ = f.Save(func(_ string, p []byte) error { size += len(p); return nil }, func(string) {})
		f.Saved()
		saving += cpuNow() - began
		began = cpuNow()
		f.Names()
		judging += cpuNow() - began
	}
	b.ReportMetric(saving.Seconds()*1000/float64(b.N), "cpu-ms/save")
	b.ReportMetric(float64(size)/float64(b.N), "B/save")
	b.ReportMetric(judging.Seconds()*1000/float64(b.N), "cpu-ms/names")
	b.ReportMetric(float64(len(f.facts)), "facts")
}
