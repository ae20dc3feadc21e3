package engine

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/decode"
	"github.com/tocsin-ids/tocsin/feed"
	"github.com/tocsin-ids/tocsin/source"
)

// unpackedLines writes the streams below a path that can be read line by line into a folder as plain files, as they grow on a
// server, and returns how many bytes these have.
func unpackedLines(t *testing.T, path, dir string) (bytes int64) {
	t.Helper()
	r, err := source.New(source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, u := range r.List([]string{path}, nil2) {
		_ = r.Open(u, source.Hooks{Skip: nil2, Fault: func(*tocsin.Fault) {}}, func(s *source.Stream) error {
			switch s.Format.Cut {
			case decode.Lines, decode.Ordered, decode.Values, decode.OrderedValues:
			default:
				return nil
			}
			name := strings.ReplaceAll(strings.TrimPrefix(s.Path, path), "!/", "/")
			name = strings.TrimSuffix(strings.TrimSuffix(name, ".gz"), ".tar")
			n++
			full := filepath.Join(dir, fmt.Sprintf("%s.%d.log", name, n))
			if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
				return err
			}
			f, err := os.Create(full)
			if err != nil {
				return err
			}
			defer f.Close()
			if err := s.Frames(func(rec *tocsin.Record) error {
				bytes += int64(len(rec.Data))
				_, err := f.Write(rec.Data)
				r.Release(rec)
				return err
			}); err != nil {
				return err
			}
			if !s.ModTime.IsZero() {
				return os.Chtimes(full, s.ModTime, s.ModTime)
			}
			return nil
		})
	}
	return bytes
}

func nil2(tocsin.File) {}

// TestLiveRecordings plays each recording that can be read line by line into a live run, its files interleaved, and holds the
// campaigns that the run ends with against those of a hunt that knows no more than what came before.
func TestLiveRecordings(t *testing.T) {
	data := os.Getenv("TOCSIN_DATA")
	if data == "" || testing.Short() {
		t.Skip("TOCSIN_DATA names no recordings")
	}
	var all []string
	for _, pattern := range []string{"campaign/*", "campaign/ait-ads/*", "linux/*", "web/*", "network/*", "cloud/*", "operator/*", "windows/eqllib", "windows/otrf-*", "agents/*"} {
		more, err := filepath.Glob(filepath.Join(data, filepath.FromSlash(pattern)))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, more...)
	}
	set := ownRules(t)
	const most = 80 << 20 // bytes of a recording
	campaigns, played, over := 0, 0, 0
	for _, path := range all {
		name, _ := filepath.Rel(data, path)
		if name == filepath.Join("campaign", "ait-ads") {
			continue
		}
		if only := os.Getenv("TOCSIN_LIVE_ONLY"); only != "" && !strings.Contains(name, only) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if n := unpackedLines(t, path, dir); n == 0 || n > most {
				t.Skipf("%d bytes of lines", n)
			}
			want, events := causalHunt(t, dir, set)
			o := liveOptions(set)
			o.Idle, o.Commit = 6*time.Second, 50*time.Millisecond // so that a busy machine lets no file fall behind
			l, err := NewLive(o, nil)
			if err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithCancel(context.Background())
			var done sync.WaitGroup
			done.Go(func() { _ = l.Run(ctx) })
			times := map[string]time.Time{}
			_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
				if st, err := os.Stat(path); err == nil {
					times[path] = st.ModTime()
				}
				return nil
			})
			ends := map[string]*feed.Batch{}
			for _, s := range stretches(t, dir, 200) {
				b := s.batch()
				b.At = times[s.path]
				if !s.whole {
					ends[s.path] = &feed.Batch{Origin: b.Origin, Cursor: b.Cursor, Line: s.line + int64(bytes.Count(s.data, []byte("\n"))), Offset: s.offset + int64(len(s.data)), At: b.At, End: true}
				}
				if err := l.Put(ctx, b); err != nil {
					t.Fatal(err)
				}
			}
			for _, b := range ends { // a call whose result has not come is waited for as long as its tool may take
				if err := l.Put(ctx, b); err != nil {
					t.Fatal(err)
				}
			}
			settled(t, l, events)
			settled2(t, l) // the streams have ended and may be gone before they were seen
			stop()
			done.Wait()
			played++
			// What was told stays told, also where what came later speaks against it.
			var got []*tocsin.Campaign
			late := int64(0)
			for _, g := range l.View().Groups {
				late += g.Late
				for _, c := range g.Campaigns {
					if strings.HasSuffix(c.Why, "it would not be told again") {
						over++
						continue
					}
					got = append(got, c)
				}
			}
			campaigns += len(want)
			if n := outOfOrder(t, dir); n > 0 { // a hunt puts them in order, a run has judged what was before them
				alike := 0
				said := outlines(t, got)
				for _, o := range outlines(t, want) {
					if slices.Contains(said, o) {
						alike++
					}
				}
				t.Logf("%d of %d events are out of order, %d actions late: %d of %d campaigns are told alike, %d of the run", n, events, late, alike, len(want), len(got))
				return
			}
			if d := cmp.Diff(gist(t, want), gist(t, got)); d != "" {
				t.Errorf("%d campaigns of a hunt, %d of the run, %d actions late (-hunt +live):\n%.3000s", len(want), len(got), late, d)
			}
			t.Logf("%d events, %d campaigns, %d actions late", events, len(want), late)
		})
	}
	t.Logf("%d recordings with %d campaigns; %d more were told on the way and would not be at the end", played, campaigns, over)
}

// outOfOrder is how many events stand in their file after one that happened later.
func outOfOrder(t testing.TB, dir string) (n int64) {
	t.Helper()
	newest := map[string]time.Time{}
	_, err := Read(context.Background(), Input{Paths: []string{dir}, Workers: 1}, func(int) Desk {
		return DeskFunc(func(ev *tocsin.Event) {
			switch was := newest[ev.Source]; {
			case ev.Time.IsZero():
			case ev.Time.Before(was):
				n++
			default:
				newest[strings.Clone(ev.Source)] = ev.Time
			}
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// outlines are what campaigns come to: what they are called and how grave they are, whom they aimed at and who acted, what rules held
// and how much was done.
func outlines(t testing.TB, all []*tocsin.Campaign) (out []string) {
	t.Helper()
	for _, c := range all {
		var names []string
		for i := range c.Victims {
			v := &c.Victims[i]
			names = append(names, fmt.Sprintf("%s:%s reached %v", v.Kind, v.Value, v.Reached))
		}
		for _, a := range c.Actors {
			for _, h := range a.Handles {
				names = append(names, "by "+h.Kind+":"+h.Value)
			}
		}
		slices.Sort(names)
		out = append(out, fmt.Sprintf("%s, %s, %s to %s, %d actions, %d alerts, driver %s, rules %q: %q", c.Title, c.Level, c.First, c.Last, c.Actions, c.Alerts, c.Driver, slices.Sorted(slices.Values(c.Rules)), names))
	}
	slices.Sort(out)
	return out
}
