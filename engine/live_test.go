package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"iter"
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
	"github.com/tocsin-ids/tocsin/channel"
	"github.com/tocsin-ids/tocsin/feed"
	"github.com/tocsin-ids/tocsin/sigma"
	"github.com/tocsin-ids/tocsin/source"
)

// A stretch is some lines of a file.
type stretch struct {
	path   string
	data   []byte
	line   int64
	offset int64
	whole  bool // it is read as a whole
}

// stretches cuts the files below a folder that can be read by line into stretches of so many lines, interleaved.
func stretches(t testing.TB, dir string, lines int) (all []stretch) {
	t.Helper()
	var files [][]stretch
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if f, why := source.Follow(path, data[:min(len(data), 64<<10)]); why != "" {
			return nil
		} else if !f.Lines {
			files = append(files, []stretch{{path: path, whole: true}})
			return nil
		}
		var of []stretch
		line, offset := int64(1), int64(0)
		for rest := data; len(rest) > 0; {
			n, end := 0, 0
			for end < len(rest) && n < lines {
				i := bytes.IndexByte(rest[end:], '\n')
				if i < 0 {
					end = len(rest)
				} else {
					end += i + 1
				}
				n++
			}
			of = append(of, stretch{path: path, data: rest[:end], line: line, offset: offset})
			line, offset, rest = line+int64(n), offset+int64(end), rest[end:]
		}
		files = append(files, of)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; ; i++ {
		any := false
		for _, f := range files {
			if i < len(f) {
				all = append(all, f[i])
				any = true
			}
		}
		if !any {
			return all
		}
	}
}

func (s *stretch) batch() *feed.Batch {
	if s.whole {
		return &feed.Batch{Origin: &feed.Origin{ID: "file:" + s.path, Kind: "file", Path: s.path}, File: s.path, Cursor: "1", At: time.Now()}
	}
	return &feed.Batch{Origin: &feed.Origin{ID: "file:" + s.path, Kind: "file", Path: s.path}, Data: bytes.Clone(s.data), Line: s.line, Offset: s.offset,
		Cursor: fmt.Sprint(s.offset + int64(len(s.data))), At: time.Now()}
}

// gist is what of campaigns must be the same, however they were read.
func gist(t testing.TB, all []*tocsin.Campaign) (out []string) {
	t.Helper()
	for _, c := range all {
		x := *c
		x.ID, x.Was = "", nil
		b, err := json.MarshalIndent(&x, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(b))
	}
	slices.Sort(out)
	return out
}

func liveOptions(set *sigma.Set) LiveOptions {
	return LiveOptions{Input: Input{Key: []byte("a key of a test"), Findings: true, Channels: channel.Rules(), Workers: 2}, Set: set, Replay: true, Idle: 50 * time.Millisecond, Commit: 20 * time.Millisecond}
}

// settled waits until all that was put is taken and judged to its end.
func settled(t testing.TB, l *Live, events int64) *View {
	t.Helper()
	var newest time.Time
	for began := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		v := l.View()
		for _, o := range v.Origins {
			if o.Newest.After(newest) {
				newest = o.Newest
			}
		}
		if v.Events == events && (v.Mark.After(newest) || newest.IsZero()) {
			return v
		}
		if time.Since(began) > 60*time.Second {
			t.Fatalf("%d of %d events, mark %v, newest %v", v.Events, events, v.Mark, newest)
		}
	}
}

func causalHunt(t testing.TB, dir string, set *sigma.Set) ([]*tocsin.Campaign, int64) {
	t.Helper()
	in := liveOptions(set).Input
	in.Paths, in.Causal = []string{dir}, true
	f, c, err := Hunt(context.Background(), in, set, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	return f.Campaigns, c.Events
}

const intrusion = "../example/intrusion"

// TestLiveHunt says that what is delivered live comes to the campaigns of a hunt that knows no more than what came before.
func TestLiveHunt(t *testing.T) {
	set := ownRules(t)
	want, events := causalHunt(t, intrusion, set)
	if len(want) == 0 {
		t.Fatal("the example has no campaign")
	}
	for _, lines := range []int{1, 7, 1000} {
		l, err := NewLive(liveOptions(set), nil)
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(context.Background())
		var done sync.WaitGroup
		done.Go(func() { _ = l.Run(ctx) })
		for _, s := range stretches(t, intrusion, lines) {
			if err := l.Put(ctx, s.batch()); err != nil {
				t.Fatal(err)
			}
		}
		settled(t, l, events)
		stop()
		done.Wait()
		v := l.View()
		if d := cmp.Diff(gist(t, want), gist(t, v.Groups[0].Campaigns)); d != "" {
			t.Errorf("%d lines at a time: campaigns differ from a hunt's (-hunt +live):\n%s", lines, d)
		}
	}
}

// TestLiveKnown says that what is known of one group hides nothing of another.
func TestLiveKnown(t *testing.T) {
	set := ownRules(t)
	_, events := causalHunt(t, intrusion, set)
	tenants := []string{"acme", "beta", "gamma"}
	for _, hushed := range []string{"none", "acme", "beta+gamma"} {
		o := liveOptions(set)
		o.Group = func(tenant string) string {
			if tenant == "acme" {
				return tenant
			}
			return "beta+gamma"
		}
		o.Known = func(group string, m *tocsin.Match) bool { return group == hushed }
		l, err := NewLive(o, nil)
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		var done sync.WaitGroup
		done.Go(func() { _ = l.Run(ctx) })
		for i, s := range stretches(t, intrusion, 50) {
			if i == 20 { // rules that are read anew change nothing of it
				l.SetRules(o.Input, set, "again")
			}
			for _, tenant := range tenants {
				b := s.batch()
				b.Origin.Tenant = tenant
				b.Origin.ID += " of " + tenant
				if err := l.Put(ctx, b); err != nil {
					t.Fatal(err)
				}
			}
		}
		settled(t, l, int64(len(tenants))*events)
		stop()
		done.Wait()
		v := l.View()
		if len(v.Groups) != 2 {
			t.Fatalf("%d groups", len(v.Groups))
		}
		for _, g := range v.Groups {
			ruled := 0 // the rest is only unusual
			for _, c := range g.Campaigns {
				if len(c.Rules) > 0 {
					ruled++
				}
			}
			if (ruled > 0) != (g.Name != hushed) {
				t.Errorf("with %s hushed, rules held in %d campaigns of %s", hushed, ruled, g.Name)
			}
			shown := 0
			for _, m := range l.Matches(g.Name) {
				if len(m.Series) == 0 && m.Key == ([16]byte{}) { // no correlation, which is shown all the same
					shown++
				}
			}
			if (shown > 0) != (g.Name != hushed) {
				t.Errorf("with %s hushed, %d matches of %s are shown", hushed, shown, g.Name)
			}
		}
	}
}

// A memory is a Keeper that keeps commits as a database does.
type memory struct {
	mu        sync.Mutex
	positions map[string]string
	pieces    map[string][]byte
	events    int
	told      map[string]int
	fail      func() bool
}

type countedBlock struct{ n int }

func (b *countedBlock) Add(*tocsin.Event) { b.n++ }
func (b *countedBlock) Len() int          { return 100 * b.n }

func newMemory() *memory {
	return &memory{positions: map[string]string{}, pieces: map[string][]byte{}, told: map[string]int{}}
}

func (m *memory) Block() EventBlock { return &countedBlock{} }

func (m *memory) Commit(_ context.Context, c *Commit) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil && m.fail() {
		return fmt.Errorf("no room")
	}
	for id, p := range c.Positions {
		m.positions[id] = p
	}
	for _, id := range c.Gone {
		delete(m.positions, id)
	}
	for _, p := range c.Pieces {
		m.pieces[p.Tenant+"\x00"+p.Name] = bytes.Clone(p.Data)
	}
	for _, p := range c.Dropped {
		delete(m.pieces, p.Tenant+"\x00"+p.Name)
	}
	for _, b := range c.Blocks {
		m.events += b.Events.(*countedBlock).n
	}
	for _, x := range c.Campaigns {
		m.told[x.Campaign.ID]++
	}
	return nil
}

func (m *memory) kept() *Kept {
	m.mu.Lock()
	defer m.mu.Unlock()
	k := &Kept{Positions: map[string]string{}}
	for id, p := range m.positions {
		k.Positions[id] = p
	}
	pieces := map[string][]byte{}
	for name, b := range m.pieces {
		tenant, _, _ := strings.Cut(name, "\x00")
		if !slices.Contains(k.Tenants, tenant) {
			k.Tenants = append(k.Tenants, tenant)
		}
		pieces[name] = bytes.Clone(b)
	}
	k.Pieces = func(tenant string) iter.Seq2[string, []byte] {
		return func(yield func(string, []byte) bool) {
			for name, b := range pieces {
				if of, piece, _ := strings.Cut(name, "\x00"); of == tenant && !yield(piece, b) {
					return
				}
			}
		}
	}
	return k
}

// TestLiveKilled says that a run that is killed again and again, and whose commits fail now and then, ends with the campaigns
// of one that was not, and that each event is kept once.
func TestLiveKilled(t *testing.T) {
	set := ownRules(t)
	want, events := causalHunt(t, intrusion, set)
	for seed := range uint64(4) {
		rng := rand.New(rand.NewPCG(seed, 1))
		m := newMemory()
		luck := rand.New(rand.NewPCG(seed, 2)) // of its own: the store is called while the test goes on
		failing := func() bool { return luck.IntN(5) == 0 }
		m.fail = failing
		all := stretches(t, intrusion, 1+rng.IntN(20))
		var v *View
		for life := 0; ; life++ {
			o := liveOptions(set)
			o.Keep, o.Commit = m, time.Millisecond
			l, err := NewLive(o, m.kept())
			if err != nil {
				t.Fatal(err)
			}
			cursors := l.Cursors("file")
			ctx, stop := context.WithCancel(context.Background())
			var done sync.WaitGroup
			done.Go(func() { _ = l.Run(ctx) })
			last := life > 6
			upto := rng.IntN(len(all))
			heads := map[string][]byte{} // of what was delivered before, by file
			for i, s := range all {
				if !last && i > upto {
					break
				}
				b := s.batch()
				var done int64
				fmt.Sscan(cursors[b.Origin.ID], &done)
				if s.offset < done || s.whole && done > 0 {
					if heads[s.path] == nil {
						heads[s.path] = s.data
					}
					continue
				}
				if !s.whole { // as a feed goes on: with the beginning
					b.Head = heads[s.path]
					delete(heads, s.path)
				}
				if s.offset == 0 && !s.whole { // a file that is met has a cursor before anything is read
					if err := l.Put(ctx, &feed.Batch{Origin: b.Origin, Cursor: "0", Line: 1}); err != nil {
						t.Fatal(err)
					}
				}
				if err := l.Put(ctx, b); err != nil {
					t.Fatal(err)
				}
			}
			if last {
				settled2(t, l)
				m.mu.Lock()
				m.fail = nil
				m.mu.Unlock()
				stop()
				done.Wait()
				v = l.View()
				break
			}
			time.Sleep(time.Duration(rng.IntN(60)) * time.Millisecond)
			m.mu.Lock()
			m.fail = func() bool { return true } // it is dead
			m.mu.Unlock()
			stop()
			done.Wait()
			m.fail = failing
		}
		if int64(m.events) != events {
			t.Errorf("seed %d: %d events kept of %d", seed, m.events, events)
		}
		if d := cmp.Diff(gist(t, want), gist(t, v.Groups[0].Campaigns)); d != "" {
			t.Errorf("seed %d: campaigns differ from a hunt's (-hunt +live):\n%s", seed, d)
		}
	}
}

// settled2 waits until a run that went on is judged to its end.
func settled2(t testing.TB, l *Live) *View {
	t.Helper()
	quiet, was := 0, int64(-1)
	for began := time.Now(); quiet < 30; time.Sleep(10 * time.Millisecond) {
		v := l.View()
		if quiet++; v.Events != was {
			quiet, was = 0, v.Events
		}
		if time.Since(began) > 60*time.Second {
			t.Fatal("it does not come to rest")
		}
	}
	return l.View()
}

// TestLiveEnd says that what streams delivered that have ended is judged to its end while a replay goes on.
func TestLiveEnd(t *testing.T) {
	set := ownRules(t)
	want, events := causalHunt(t, intrusion, set)
	o := liveOptions(set)
	o.Idle = time.Hour // so that only their ends let the mark go on
	l, err := NewLive(o, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var done sync.WaitGroup
	done.Go(func() { _ = l.Run(ctx) })
	ends := map[string]*feed.Batch{}
	for _, s := range stretches(t, intrusion, 50) {
		b := s.batch()
		if err := l.Put(ctx, b); err != nil {
			t.Fatal(err)
		}
		ends[s.path] = &feed.Batch{Origin: b.Origin, Cursor: b.Cursor, Line: s.line + int64(bytes.Count(s.data, []byte("\n"))), Offset: s.offset + int64(len(s.data)), At: b.At, End: true}
	}
	for _, b := range ends {
		if err := l.Put(ctx, b); err != nil {
			t.Fatal(err)
		}
	}
	var v *View
	for began := time.Now(); time.Since(began) < 60*time.Second; time.Sleep(10 * time.Millisecond) {
		if v = l.View(); v.Events == events && len(v.Origins) == 0 && len(v.Groups) > 0 && cmp.Diff(gist(t, want), gist(t, v.Groups[0].Campaigns)) == "" {
			break
		}
	}
	if d := cmp.Diff(gist(t, want), gist(t, v.Groups[0].Campaigns)); d != "" {
		t.Errorf("%d of %d events, %d streams left; campaigns differ from a hunt's (-hunt +live):\n%s", v.Events, events, len(v.Origins), d)
	}
	stop()
	done.Wait()
}
