package engine

import (
	"bytes"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/actor"
)

// A store keeps pieces as a database would: a commit is kept whole or not at all.
type store map[string][]byte

// save commits what changed of a State, and says whether it is kept. With fails a put or the commit itself fails, at random, and
// nothing is kept; it may also turn out that what failed was kept after all.
func (all store) save(t testing.TB, s *State, fails *rand.Rand) bool {
	t.Helper()
	next := maps.Clone(all)
	left := -1
	if fails != nil && fails.IntN(3) == 0 {
		left = fails.IntN(20)
	}
	var full = errors.New("the disk is full")
	err := s.Save(func(name string, piece []byte) error {
		if left == 0 {
			return full
		}
		left--
		next[name] = piece
		return nil
	}, func(name string) error {
		if left == 0 {
			return full
		}
		left--
		delete(next, name)
		return nil
	})
	switch {
	case errors.Is(err, full):
		return false
	case err != nil:
		t.Fatal(err)
	case fails != nil && fails.IntN(4) == 0: // the answer to the commit was lost
		if fails.IntN(2) == 0 {
			return false
		}
		clear(all)
		maps.Copy(all, next)
		return true
	}
	clear(all)
	maps.Copy(all, next)
	s.Saved()
	return true
}

// load reads back what was committed.
func (all store) load(t testing.TB, o StateOptions, rule func(id, title string) *tocsin.Rule) *State {
	t.Helper()
	own := store{}
	for name, b := range all {
		own[name] = bytes.Clone(b)
	}
	s, err := LoadState(maps.All(own), o, rule, func(name string, err error) { t.Errorf("%s: %v", name, err) })
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// again writes what changed of a State, all of which is kept here, and reads it back.
func (all store) again(t testing.TB, s *State, rule func(id, title string) *tocsin.Rule) *State {
	t.Helper()
	all.save(t, s, nil)
	return all.load(t, s.options, rule)
}

// FuzzLoadState holds that whatever bytes are read as pieces of a State, nothing panics, and that what was read goes on and can be
// written and read again.
func FuzzLoadState(f *testing.F) {
	horizon := StateOptions{Key: actor.Key{1}, Horizon: 7 * 24 * time.Hour}
	s := NewState(horizon)
	base := store{}
	for i, a := range append(breach(1, 0), breach(2, 4)...) {
		a.Place.Time, a.Place.Source, a.Place.Record = a.Time, "log", uint64(i+1)
		s.Note("a", uint64(i+1), &a)
		if i%5 != 0 {
			continue
		}
		s.Turn(a.Time)
		base.save(f, s, nil)
		for name, b := range base {
			piece, err := unpacked(b)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(name, piece)
		}
	}
	for name, piece := range map[string]string{
		"told/": `null`, "told/x": `{"Campaign":null}`, "told/c-0": `{"Campaign":{"id":"c-0","actors":[null]}}`, "told/c-1": `{"Campaign":{"id":"c-1"}}`,
		"told/c-2": `{"Campaign":{"id":"c-2","actors":[{"handles":null}],"level":"critical","last":"9999-01-01T00:00:00Z"},"Anchors":[1,1,2]}`,
		"head":     `{"Mark":"9999-01-01T00:00:00Z","Lost":{"x":-1}}`, "parts": `{"a":18446744073709551615}`, "channels/told": `{"Open":{"0":1}}`,
	} {
		f.Add(name, []byte(piece))
	}
	f.Fuzz(func(t *testing.T, name string, piece []byte) {
		for _, o := range []StateOptions{horizon, {Key: actor.Key{1}}} {
			all := maps.Clone(base)
			all[name] = packed(piece)
			s, err := LoadState(maps.All(all), o, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			s.Turn(s.mark)
			for i, a := range breach(3, 5) {
				a.Place.Time, a.Place.Source, a.Place.Record = a.Time, "log", uint64(i+1)
				s.Note("b", uint64(i+1), &a)
			}
			s.Turn(month.Add(6 * 24 * time.Hour))
			s.Turn(month.Add(20 * 24 * time.Hour))
			s.LetGo()
			next := all.again(t, s, nil)
			next.changed = true
			next.Turn(next.mark)
			s.changed = true
			s.Turn(s.mark)
			if len(s.LetGo()) > 0 {
				if x, y := len(s.Result().Campaigns), len(next.Result().Campaigns); x != y {
					t.Fatalf("%d campaigns, after it was written and read %d", x, y)
				}
				continue
			}
			if d := cmp.Diff(tale(t, s.Result().Campaigns), tale(t, next.Result().Campaigns)); d != "" {
				t.Fatalf("what was read and written tells otherwise: %s", d)
			}
		}
	})
}

// TestCommits holds that a commit of what hardly changed is small, that a piece that is damaged costs what it held and nothing else, and
// that it is told and dropped.
func TestCommits(t *testing.T) {
	s := NewState(StateOptions{Key: actor.Key{1}})
	all := append(office(2, 120, 1), append(breach(1, 0), breach(2, 1)...)...)
	slices.SortStableFunc(all, func(x, y tocsin.Action) int { return x.Time.Compare(y.Time) })
	for i := range all {
		a := &all[i]
		a.Place = tocsin.Place{Time: a.Time, Source: "log", Record: uint64(i + 1)}
		s.Note("a", uint64(i+1), a)
	}
	s.Turn(all[len(all)-1].Time.Add(time.Hour))
	kept := store{}
	kept.save(t, s, nil)
	if n := count(t, s); n != 0 {
		t.Errorf("nothing changed, and %d pieces are written", n)
	}
	s.Saved()
	more := all[len(all)-1]
	s.Note("a", uint64(len(all)+1), &more)
	if n := count(t, s); n != 3 { // the page, the part, and that one came late
		t.Errorf("one action was noted, and %d pieces are written", n)
	}
	want := tale(t, s.Result().Campaigns)
	for name := range kept {
		for _, bit := range []int{0, 9, 8 * (len(kept[name]) / 2), 8*len(kept[name]) - 1} {
			torn := maps.Clone(kept)
			torn[name] = bytes.Clone(kept[name])
			torn[name][bit/8] ^= 1 << (bit % 8)
			var bad []string
			got, err := LoadState(maps.All(torn), s.options, nil, func(name string, err error) { bad = append(bad, name) })
			if bit == 0 && torn[name][0] > stateVersion {
				if !errors.Is(err, ErrState) {
					t.Errorf("%s: of a later version, and it is read: %v", name, err)
				}
				continue
			}
			if err != nil || !slices.Equal(bad, []string{name}) {
				t.Fatalf("%s is damaged, and %v: %v", name, bad, err)
			}
			got.Turn(got.mark)
			if n := len(got.Result().Campaigns); n == 0 || name == "parts" && tale(t, got.Result().Campaigns) != want {
				t.Errorf("without %s %d campaigns are told", name, n)
			}
			torn.save(t, got, nil)
			torn.load(t, s.options, nil) // nothing bad is left
		}
	}
}

// count is how many pieces a Save would write or drop.
func count(t *testing.T, s *State) (n int) {
	t.Helper()
	if err := s.Save(func(string, []byte) error { n++; return nil }, func(string) error { n++; return nil }); err != nil {
		t.Fatal(err)
	}
	return n
}
