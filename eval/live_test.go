//go:build unix

package eval

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin/archive"
	"github.com/tocsin-ids/tocsin/channel"
	"github.com/tocsin-ids/tocsin/engine"
	"github.com/tocsin-ids/tocsin/feed"
	"github.com/tocsin-ids/tocsin/store"
)

// A disk keeps commits as "tocsin run" does: events in an archive, all else in a store.
type disk struct {
	store   *store.Store
	archive *archive.Archive
	commits int
}

type block struct{ archive.Block }

func (d *disk) Block() engine.EventBlock { return &block{} }

func (d *disk) Commit(ctx context.Context, c *engine.Commit) error {
	sc := &store.Commit{At: c.At, Cursors: map[store.Origin]string{}}
	for id, p := range c.Positions {
		sc.Cursors[store.Origin{Kind: "origin", ID: id}] = p
	}
	for _, p := range c.Pieces {
		sc.Pieces = append(sc.Pieces, store.Piece(p))
	}
	for _, p := range c.Dropped {
		sc.Dropped = append(sc.Dropped, store.PieceName{Tenant: p.Tenant, Name: p.Name})
	}
	for _, b := range c.Blocks {
		if err := d.archive.Append(b.Tenant, &b.Events.(*block).Block); err != nil {
			return err
		}
	}
	mark, err := d.archive.Sync()
	if err != nil {
		return err
	}
	sc.Spool = mark
	for _, x := range c.Campaigns {
		sc.Told = append(sc.Told, store.Told{Tenant: x.Tenant, Campaign: x.Campaign, Updated: c.At})
	}
	d.commits++
	return d.store.Commit(ctx, sc)
}

// TestLiveCost measures what it costs to follow a log, all rules and campaigns, each event kept and committed, against a hunt
// through it.
func TestLiveCost(t *testing.T) {
	measures(t)
	timed(t)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	set := everything(t)
	for _, kind := range []string{"nginx", "sshd"} {
		path, _ := generated(t, kind, 300_000)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		in := engine.Input{Paths: []string{path}, Workers: 1, Key: []byte("eval"), Channels: channel.Rules(), Findings: true}
		var hunt, live float64
		for range 2 {
			var events int64
			hunt = least(hunt, spends(func() {
				found, coverage, err := engine.Hunt(context.Background(), in, set, nil)
				if err != nil {
					t.Fatal(err)
				}
				events = coverage.Events
				found.Close()
			}).Seconds())
			dir := t.TempDir()
			s, err := store.Open(filepath.Join(dir, "tocsin.db"), store.Options{})
			if err != nil {
				t.Fatal(err)
			}
			a, err := archive.Open(filepath.Join(dir, "archive"), archive.Options{})
			if err != nil {
				t.Fatal(err)
			}
			d := &disk{store: s, archive: a}
			live = least(live, spends(func() {
				follow(t, data, in, d, engine.LiveOptions{Set: set, Keep: d, Replay: true, Lateness: time.Minute}, events)
			}).Seconds())
			if d.commits == 0 {
				t.Error("nothing was committed")
			}
			if err := a.Close(); err != nil {
				t.Error(err)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
		t.Logf("%s: a hunt %.2f s, live %.2f s", kind, hunt, live)
		score(t, "live/cost/"+kind, live/hunt, 0)
	}
}

// follow gives a log to a live run, in batches of 256 KiB, and waits until all is joined and kept.
func follow(t *testing.T, data []byte, in engine.Input, d *disk, o engine.LiveOptions, events int64) {
	t.Helper()
	o.Input = in
	l, err := engine.NewLive(o, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() {
		if err := l.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	origin := &feed.Origin{ID: "file:a", Kind: "file", Path: in.Paths[0]}
	line := int64(1)
	for at := 0; at < len(data); {
		end := min(len(data), at+256<<10)
		if end < len(data) {
			end = at + bytes.LastIndexByte(data[at:end], '\n') + 1
		}
		b := &feed.Batch{Origin: origin, Data: bytes.Clone(data[at:end]), Line: line, Offset: int64(at), Cursor: "x", At: time.Now()}
		line += int64(bytes.Count(b.Data, []byte{'\n'}))
		at = end
		if err := l.Put(ctx, b); err != nil {
			t.Fatal(err)
		}
	}
	for began := time.Now(); l.Events() < events && time.Since(began) < time.Minute; {
		time.Sleep(5 * time.Millisecond)
	}
	stop()
	done.Wait()
	if l.Events() != events {
		t.Errorf("%d events of %d", l.Events(), events)
	}
}
