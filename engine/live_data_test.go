package engine

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/decode"
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
			for _, s := range stretches(t, dir, 200) {
				b := s.batch()
				b.At = times[s.path]
				if err := l.Put(ctx, b); err != nil {
					t.Fatal(err)
				}
			}
			settled(t, l, events)
			stop()
			done.Wait()
			played++
			// What was told stays told, also where what came later speaks against it.
			var got []*tocsin.Campaign
			for _, g := range l.View().Groups {
				for _, c := range g.Campaigns {
					if strings.HasSuffix(c.Why, "it would not be told again") {
						over++
						continue
					}
					got = append(got, c)
				}
			}
			campaigns += len(want)
			if d := cmp.Diff(gist(t, want), gist(t, got)); d != "" {
				t.Errorf("%d campaigns of a hunt, %d of the run (-hunt +live):\n%.3000s", len(want), len(got), d)
			}
			t.Logf("%d events, %d campaigns", events, len(want))
		})
	}
	t.Logf("%d recordings with %d campaigns; %d more were told on the way and would not be at the end", played, campaigns, over)
}
