package sigma_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/sigma"
)

// TestHitsWritten: of hits that were written and read again, the same is told under the same keys, with any marks.
func TestHitsWritten(t *testing.T) {
	rnd := rand.New(rand.NewPCG(2, 3))
	matches := 0
	for range runs(700) {
		set := compiled(t, "rules.yml", []byte(someCorrelations(rnd)))
		events := someEvents(rnd, 4, rnd.IntN(80))
		for i := range events {
			if rnd.IntN(10) == 0 {
				events[i].Add("twins", "2")
			}
		}
		want := finished(t, set, events)
		k := advanced(t, set, events, rnd, func(c *sigma.Correlator) *sigma.Correlator {
			b, err := c.AppendBinary([]byte("before"))
			if err != nil {
				t.Fatal(err)
			}
			// Another program reads it: its rules are compiled anew, its shelf is its own.
			again := set.Correlator(&tocsin.Shelf{})
			if err := again.UnmarshalBinary(b[len("before"):]); err != nil {
				t.Fatal(err)
			}
			if was, is := c.Stats(), again.Stats(); was.Events != is.Events || was.Hits != is.Hits || is.Thin != 0 {
				t.Errorf("%+v read as %+v", was, is)
			}
			return again
		})
		matches += len(want)
		if d := cmp.Diff(want, k.lines()); d != "" {
			t.Fatalf("(-finish +written, read and advanced)\n%s", d)
		}
	}
	if matches < runs(500) {
		t.Errorf("only %d matches", matches)
	}
}

// written are the hits of seven failures, two of them undated.
func written(t testing.TB, set *sigma.Set) []byte {
	var shelf tocsin.Shelf
	c := set.Correlator(&shelf)
	for i, ev := range failures(7) {
		if i < 2 {
			ev.Time = time.Time{}
		}
		c.Add(ev, shelf.Put(ev), 0)
	}
	b, err := c.AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// sealed puts the right checksum on bytes.
func sealed(b []byte) []byte {
	b = bytes.Clone(b)
	binary.BigEndian.PutUint32(b[len(b)-4:], crc32.ChecksumIEEE(b[:len(b)-4]))
	return b
}

// TestHitsRefused: what is not ours is refused with its reason and leaves the collector as it was.
func TestHitsRefused(t *testing.T) {
	set := compiled(t, "rules.yml", []byte(guessing))
	good := written(t, set)
	if !bytes.Contains(good, []byte("other")) || !bytes.Contains(good, []byte("raw")) {
		t.Error("small events are not written whole")
	}
	version := bytes.Clone(good)
	version[bytes.IndexByte(good, 1)] = 2
	flipped := bytes.Clone(good)
	flipped[len(good)/2] ^= 1
	other := func(from, to string) *sigma.Set {
		return compiled(t, "rules.yml", []byte(strings.Replace(guessing, from, to, 1)))
	}
	for _, tt := range []struct {
		name string
		set  *sigma.Set
		b    []byte
		want error
	}{
		{"whole", set, good, nil},
		{"same correlations on other lines, with a rule more", compiled(t, "more.yml", []byte("\n\n"+guessing+"---\ntitle: More\nlogsource: {category: test}\ndetection: {s: {kind: x}, condition: s}\n")), good, nil},
		{"empty", set, nil, sigma.ErrHitsBroken},
		{"something else", set, bytes.Repeat([]byte("x"), 100), sigma.ErrHitsBroken},
		{"version", set, sealed(version), sigma.ErrHitsVersion},
		{"flipped", set, flipped, sigma.ErrHitsBroken},
		{"cut", set, good[:len(good)-9], sigma.ErrHitsBroken},
		{"cut and sealed", set, sealed(good[:len(good)-9]), sigma.ErrHitsBroken},
		{"longer", set, sealed(append(bytes.Clone(good), 0)), sigma.ErrHitsBroken},
		{"another threshold", other("gte: 3", "gte: 4"), good, sigma.ErrHitsRules},
		{"another timespan", other("1m", "2m"), good, sigma.ErrHitsRules},
		{"another rule", other("title: fail", "title: failed"), good, sigma.ErrHitsRules},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := tt.set.Correlator(&tocsin.Shelf{})
			err := c.UnmarshalBinary(tt.b)
			if !errors.Is(err, tt.want) {
				t.Errorf("%v, want %v", err, tt.want)
			}
			st, want := c.Stats(), sigma.CorrelatorStats{}
			if tt.want == nil {
				want = sigma.CorrelatorStats{Events: 5, Hits: 7, Undated: 2}
			}
			if st != want {
				t.Errorf("%+v, want %+v", st, want)
			}
		})
	}
}

// FuzzHits: whatever bytes are read, nothing breaks; what is accepted says the same when it is written and read again.
func FuzzHits(f *testing.F) {
	set := compiled(f, "rules.yml", []byte(guessing+"---\n"+strings.Replace(strings.Split(guessing, "---\n")[1], "title: Guessing", "title: Guessing 2", 1)))
	good := written(f, set)
	head := good[:len("tocsin hits ")+1+16]
	f.Add(good[len(head) : len(good)-4])
	f.Add([]byte{0, 0, 0})
	f.Fuzz(func(t *testing.T, body []byte) {
		b := sealed(append(append(bytes.Clone(head), body...), 0, 0, 0, 0))
		read := func(b []byte) (*sigma.Correlator, error) {
			c := set.Correlator(&tocsin.Shelf{})
			return c, c.UnmarshalBinary(b)
		}
		c, err := read(b)
		if err != nil {
			if !errors.Is(err, sigma.ErrHitsBroken) || c.Stats() != (sigma.CorrelatorStats{}) {
				t.Fatal(err, c.Stats())
			}
			return
		}
		again, err := c.AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		d, err := read(again)
		if err != nil {
			t.Fatal(err)
		}
		tell := func(c *sigma.Correlator) string {
			var b strings.Builder
			c.Finish(func(m *tocsin.Match) { fmt.Fprintln(&b, m.Time, m.Event.Host, m.Held, m.Series, m.Key) })
			return b.String()
		}
		if diff := cmp.Diff(tell(c), tell(d)); diff != "" {
			t.Error(diff)
		}
	})
}
