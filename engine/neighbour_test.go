package engine

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/decode"
)

// twoLogs writes what a web server's logs tell of n requests: the access log with a zone, the error log, of every third
// request, in the local time that is east of UTC by what east says of it.
func twoLogs(n int, east func(i int) time.Duration) (access, errors string) {
	var a, e strings.Builder
	at := time.Date(2026, 3, 4, 5, 0, 0, 0, time.UTC)
	for i := range n {
		at = at.Add(time.Duration(7+i*i%23) * time.Second)
		fmt.Fprintf(&a, "192.0.2.%d - - [%s] \"GET /p%d HTTP/1.1\" 404 5 \"-\" \"probe\"\n", i%7, at.In(time.FixedZone("", -3*3600)).Format("02/Jan/2006:15:04:05 -0700"), i%50)
		if i%3 == 0 {
			fmt.Fprintf(&e, "%s [error] 12#12: *66 open() \"/srv/p%d\" failed (2: No such file or directory), client: 192.0.2.%d, server: shop.example, request: \"GET /p%d HTTP/1.1\", host: \"shop.example\"\n",
				at.Add(east(i)).Format("2006/01/02 15:04:05"), i%50, i%7, i%50)
		}
	}
	return a.String(), e.String()
}

// Of two logs of one web server whose clocks differ by a constant, the one without a zone is read by the other, if many
// requests that both tell of say so and few do not; the same with any number of workers, in any order, and in an archive.
func TestNeighbours(t *testing.T) {
	always := func(d time.Duration) func(int) time.Duration { return func(int) time.Duration { return d } }
	tests := []struct {
		name string
		n    int
		east func(int) time.Duration
		opt  decode.Options
		by   string // what the clock of the error log was taken to be; empty where nothing was found
		zone time.Duration
	}{
		{"two hours east", 200, always(2 * time.Hour), decode.Options{}, "UTC+02:00", 2 * time.Hour},
		{"west, and not by whole hours", 200, always(-3*time.Hour - 30*time.Minute), decode.Options{}, "UTC-03:30", -3*time.Hour - 30*time.Minute},
		{"seconds late", 200, func(i int) time.Duration { return 9*time.Hour + 45*time.Minute + time.Duration(i%4)*time.Second }, decode.Options{}, "UTC+09:45", 9*time.Hour + 45*time.Minute},
		{"the same clock", 200, always(0), decode.Options{}, "UTC+00:00", 0},
		{"few against it", 200, func(i int) time.Duration {
			if i%30 == 0 {
				return 7 * time.Hour
			}
			return 2 * time.Hour
		}, decode.Options{}, "UTC+02:00", 2 * time.Hour},
		{"two clocks in one log", 200, func(i int) time.Duration { return time.Duration(i%2) * time.Hour }, decode.Options{}, "", 0},
		{"too few", 12, always(2 * time.Hour), decode.Options{}, "", 0},
		{"no zone's distance", 200, always(2*time.Hour + 7*time.Minute), decode.Options{}, "", 0},
		{"the user said so", 200, always(2 * time.Hour), decode.Options{Zone: time.FixedZone("+01:00", 3600)}, "", time.Hour},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			access, errs := twoLogs(tt.n, tt.east)
			dir := t.TempDir()
			paths := []string{write(t, dir, "access.log", access), write(t, dir, "error.log", errs)}
			write(t, dir, "other/error.log", errs) // has no neighbour
			var packed bytes.Buffer
			z := zip.NewWriter(&packed)
			for _, p := range paths {
				w, err := z.Create("logs/" + filepath.Base(p))
				if err != nil {
					t.Fatal(err)
				}
				b, err := os.ReadFile(p)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := w.Write(b); err != nil {
					t.Fatal(err)
				}
			}
			if err := z.Close(); err != nil {
				t.Fatal(err)
			}
			for _, in := range []Input{{Paths: paths, Workers: 1}, {Paths: []string{paths[1], paths[0]}, Workers: 3}, {Paths: []string{dir}, Workers: 2},
				{Paths: []string{write(t, t.TempDir(), "logs.zip", packed.String())}, Workers: 1}} {
				in.Decode = tt.opt
				var first time.Time
				desk := func(ev *tocsin.Event) {
					if strings.HasSuffix(ev.Source, "error.log") && !strings.Contains(ev.Source, "other") && ev.Record == 2 {
						first = ev.Time
					}
				}
				var c *tocsin.Coverage
				var err error
				if in.Workers == 1 {
					c, err = Read(context.Background(), in, func(int) Desk { return DeskFunc(desk) })
				} else {
					c, err = Read(context.Background(), in, func(int) Desk { return DeskFunc(func(*tocsin.Event) {}) })
				}
				if err != nil {
					t.Fatal(err)
				}
				got := ""
				for _, g := range c.Guesses {
					if g.Kind == "offset" {
						if got += g.Taken; !strings.HasSuffix(g.Path, "error.log") || strings.Contains(g.Path, "other") || g.N != g.Of || !strings.Contains(g.Why, "access.log names its zone") {
							t.Errorf("%+v", g)
						}
					}
				}
				if got != tt.by {
					t.Errorf("%v, %d workers: the error log's clock is taken to be %q, want %q: %+v", in.Paths, in.Workers, got, tt.by, c.Guesses)
				}
				if in.Workers == 1 {
					written, _ := time.Parse("2006/01/02 15:04:05", strings.Split(errs, "\n")[1][:19])
					if want := written.Add(-tt.zone); !first.Equal(want) {
						t.Errorf("%v: its second event is at %v, want %v", in.Paths, first, want)
					}
				}
			}
		})
	}
}
