package eval

import (
	"context"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/engine"
)

// captureClocks is how many of the Windows captures have records whose local stamp is hours from another of their stamps, and
// how many have not.
const captureClocks, captureClock = 94, 7

// A stamped is an event beside the stamps of its record, read here as if all were UTC.
type stamped struct {
	at, local, utc, collected time.Time
}

// Captures whose local stamps lie hours from UTC are read on one clock, that of the stamps that say UTC: each event is where
// they put it, and the span is as long as they make it. Where there is one clock only nothing is moved.
func TestCapturesWithTwoClocks(t *testing.T) {
	var paths []string
	err := filepath.WalkDir(data(t, "windows/otrf-atomic"), func(path string, d fs.DirEntry, err error) error {
		if strings.HasSuffix(path, ".zip") || strings.HasSuffix(path, ".tar.gz") {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	two, one := 0, 0
	for _, path := range paths {
		var all []stamped
		c, err := engine.Read(context.Background(), engine.Input{Paths: []string{path}, Workers: 1}, func(int) engine.Desk {
			return engine.DeskFunc(func(ev *tocsin.Event) { all = append(all, stampsOf(ev)) })
		})
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(path)
		apart, known := ahead(all)
		if apart != 0 {
			two++
		} else {
			one++
		}
		moved := int64(0)
		for _, g := range c.Guesses {
			if g.Kind == "offset" && g.Taken != "UTC+00:00" {
				moved += g.N
			}
		}
		if apart == 0 && moved > 0 {
			t.Errorf("%s has one clock, but %d of its events were moved: %+v", name, moved, c.Guesses)
		}
		if apart != 0 && moved == 0 {
			t.Errorf("%s has two clocks, and the coverage does not say so: %+v", name, c.Guesses)
		}
		var first, last time.Time
		for i, s := range all {
			want := s.collected // of records that have no other
			switch {
			case !s.utc.IsZero():
				want = s.utc
			case !s.local.IsZero() && known:
				want = s.local.Add(apart)
			case !s.local.IsZero():
				want = s.local
			}
			if s.at.Sub(want).Abs() > 10*time.Second {
				t.Errorf("%s: event %d of %d is at %v, want %v", name, i+1, len(all), s.at, want)
				break
			}
			if first.IsZero() || want.Before(first) {
				first = want
			}
			if want.After(last) {
				last = want
			}
		}
		if got, want := c.Last.Sub(c.First), last.Sub(first); (got-want).Abs() > time.Second || len(c.Strays) > 0 {
			t.Errorf("%s: the span is %v and there are %d strays, want %v and none", name, got, len(c.Strays), want)
		}
	}
	if two != captureClocks || one != captureClock {
		t.Errorf("%d captures have two clocks and %d one, want %d and %d", two, one, captureClocks, captureClock)
	}
}

// stampsOf reads the stamps of a record by its fields.
func stampsOf(ev *tocsin.Event) stamped {
	s := stamped{at: ev.Time}
	for _, f := range ev.Fields {
		v := strings.TrimSuffix(strings.Replace(f.Value, "T", " ", 1), "Z")
		at, err := time.Parse("2006-01-02 15:04:05.999999999", v)
		if err != nil {
			continue
		}
		switch f.Name {
		case "EventTime", "TimeCreated":
			s.local = at
		case "UtcTime":
			s.utc = at
		case "@timestamp":
			s.collected = at
		}
	}
	return s
}

// ahead is by how much the local stamps of a capture are behind UTC, in quarters of an hour: what most records with Sysmon's
// UtcTime say or, where there are none, those with a collector's stamp; known says that some record does.
func ahead(all []stamped) (apart time.Duration, known bool) {
	for _, other := range [...]func(stamped) time.Time{func(s stamped) time.Time { return s.utc }, func(s stamped) time.Time { return s.collected }} {
		var d []time.Duration
		for _, s := range all {
			if at := other(s); !at.IsZero() && !s.local.IsZero() {
				d = append(d, at.Sub(s.local).Round(15*time.Minute))
			}
		}
		if len(d) > 0 {
			slices.Sort(d)
			return d[len(d)/2], true
		}
	}
	return 0, false
}
