package tail

import (
	"cmp"
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin/feed"
)

const (
	inARow = 4                    // batches of one file before it is another's turn
	gather = 5 * time.Millisecond // between two looks because of what the system told
	active = 30 * time.Second     // for how long after a change a file is polled although the system tells of changes
)

// A follower is a Tail that runs: one goroutine that reads all files in turn.
type follower struct {
	*Tail
	ctx    context.Context
	sink   feed.Sink
	origin *feed.Origin // of the start
	start  start

	streams []*stream
	byID    map[fileID]*stream
	byPath  map[string]*stream
	last    map[string]*stream // by name: which has it, or had it last
	paths   map[string]bool    // Origin.Path of all streams
	stamp   string             // of the last name with a time
	stamps  int

	watch   *watch
	queue   []*stream
	wake    time.Time // when some stream is due; zero: none is
	rescan  bool      // something changed that only a scan understands
	scanned time.Time // when the last scan ended
	took    time.Duration
	settled time.Time // what was changed before was seen and has its cursor
	looked  time.Time // when the system last told something
	opened  int
	peeks   map[fileID]peek
}

func newFollower(ctx context.Context, t *Tail, sink feed.Sink) *follower {
	return &follower{
		Tail: t, ctx: ctx, sink: sink,
		origin: &feed.Origin{ID: startID, Kind: "file", Path: startID},
		byID:   map[fileID]*stream{}, byPath: map[string]*stream{}, last: map[string]*stream{}, paths: map[string]bool{}, peeks: map[fileID]peek{},
	}
}

func (f *follower) close() {
	for _, s := range f.streams {
		f.shut(s)
		if s.unpack != nil {
			s.unpack.close()
		}
	}
	if f.watch != nil {
		f.watch.close()
	}
}

// begin takes up what the cursors say and what is there.
func (f *follower) begin(cursors map[string]string) error {
	f.watch = f.newWatch()
	now := time.Now()
	for _, id := range slices.Sorted(maps.Keys(cursors)) {
		if id == startID {
			st, err := parseStart(cursors[id])
			if err != nil {
				f.o.Log.Error("the cursor of the first start cannot be read: files without a cursor are taken as there from the beginning", "error", err)
			}
			f.start = st
			f.settled = later(f.settled, time.UnixMilli(st.Time))
			continue
		}
		c, err := parseCursor(cursors[id])
		if err != nil {
			f.o.Log.Error("a cursor cannot be read: its file is read as a new one", "id", id, "error", err)
			continue
		}
		f.settled = later(f.settled, time.UnixMilli(c.Time))
		f.restore(id, c)
	}
	if f.settled.IsZero() {
		f.settled = now
	}
	// What got farthest has the first claim on a file.
	slices.SortStableFunc(f.streams, func(a, b *stream) int { return cmp.Compare(b.offset, a.offset) })
	globs := map[string]bool{}
	for _, g := range f.start.Globs {
		globs[string(g)] = true
	}
	if err := f.scan(func(g *glob) bool { return !globs[g.pattern.text] }); err != nil {
		return err
	}
	f.start.Globs = nil
	for _, g := range f.globs {
		f.start.Globs = append(f.start.Globs, pathText(g.pattern.text))
	}
	f.o.Log.Info("files are followed", "files", len(f.streams), "resumed", len(cursors), "took", time.Since(now))
	return f.begun()
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// restore makes a stream of a cursor. Where it lies the next scan finds.
func (f *follower) restore(id string, c cursor) {
	g := f.named(string(c.Name), string(c.Path))
	if g == nil {
		f.o.Log.Info("a file that was followed is left alone, for no pattern names it any more", "path", string(c.Name))
		return
	}
	now := time.Now()
	s := &stream{
		origin: &feed.Origin{ID: id, Kind: "file", Path: string(c.As), Tenant: g.Tenant, Format: g.Format, Host: g.Host},
		name:   string(c.Name), fam: familyOf(string(c.Name)), path: string(c.Path), id: fileID{c.Dev, c.Ino}, kind: c.Kind,
		head: head{c.Head, c.HeadN}, tail: c.Tail, offset: c.Offset, line: c.Line, past: c.Past, resume: c.Offset > 0, there: c.Past > 0,
		since: now, known: true, done: c.Done, sentSize: c.Size, sentMod: c.Mod, sent: c.Mod != 0, born: c.Born, unread: c.Offset == 0 && c.Kind != whole, held: c.Path == c.Name,
		lay: -1, seenSize: -1, scanned: c.Offset,
	}
	f.keep(s)
}

// ready queues s to be looked at.
func (f *follower) ready(s *stream) {
	if !s.queued && !s.dropped {
		s.queued = true
		f.queue = append(f.queue, s)
	}
}

// remind has s looked at again at a time.
func (f *follower) remind(s *stream, at time.Time) {
	if s.due.IsZero() || at.Before(s.due) {
		s.due = at
	}
	if f.wake.IsZero() || at.Before(f.wake) {
		f.wake = at
	}
}

// loop follows until a Put fails, which is when ctx ends.
func (f *follower) loop() error {
	for f.ctx.Err() == nil {
		f.listen()
		now := time.Now()
		if f.scanDue(now) {
			if err := f.scan(nil); err != nil {
				return err
			}
		}
		if !f.wake.IsZero() && !now.Before(f.wake) {
			f.wakeUp(now)
		}
		if len(f.queue) == 0 {
			f.pause(now)
			continue
		}
		s := f.queue[0]
		f.queue[0] = nil
		f.queue = f.queue[1:]
		s.queued = false
		if err := f.turn(s); err != nil {
			return err
		}
	}
	return f.ctx.Err()
}

// turn lets s deliver a few batches.
func (f *follower) turn(s *stream) error {
	for range inARow {
		if s.dropped {
			return nil
		}
		more, err := f.step(s)
		if err != nil {
			return err
		}
		if !more {
			if !s.dropped {
				f.publish(s)
				f.nextLook(s)
				if s.next != nil {
					f.ready(s.next)
				}
			}
			return nil
		}
		if f.ctx.Err() != nil {
			return f.ctx.Err()
		}
	}
	f.ready(s)
	return nil
}

// nextLook says when s, of which nothing more can be read now, is polled.
func (f *follower) nextLook(s *stream) {
	now := time.Now()
	switch {
	case !s.gone.IsZero() && s.f == nil, s.kind == packed && s.done: // scans look after it
	case !f.watch.tells(s.path), !s.gone.IsZero(), !s.changed.IsZero() && now.Sub(s.changed) < active:
		f.remind(s, now.Add(f.o.Poll))
	}
}

func (f *follower) wakeUp(now time.Time) {
	f.wake = time.Time{}
	for _, s := range f.streams {
		if s.due.IsZero() || s.dropped {
			continue
		}
		if !now.Before(s.due) {
			s.due = time.Time{}
			f.poll(s)
		} else if f.wake.IsZero() || s.due.Before(f.wake) {
			f.wake = s.due
		}
	}
}

// poll looks at s if it changed, or if that cannot be told from outside.
func (f *follower) poll(s *stream) {
	if s.f == nil && s.atEnd && s.kind == lines && s.gone.IsZero() {
		if info, err := os.Stat(s.path); err == nil && info.Size() == s.seenSize && info.ModTime().Equal(s.seenMod) && identify(s.path, info) == s.id {
			f.nextLook(s)
			return
		}
	}
	f.ready(s)
}

// nextScan is when to look for files again: soon if something changed, but not so often that it takes most of the time.
func (f *follower) nextScan() time.Time {
	if f.rescan {
		return f.scanned.Add(max(gather, 10*f.took))
	}
	return f.scanned.Add(max(f.o.Rescan, 10*f.took))
}

func (f *follower) scanDue(now time.Time) bool { return !now.Before(f.nextScan()) }

// pause waits until there is something to do.
func (f *follower) pause(began time.Time) {
	until := f.nextScan()
	if !f.wake.IsZero() && f.wake.Before(until) {
		until = f.wake
	}
	timer := time.NewTimer(max(0, time.Until(until)))
	defer timer.Stop()
	select {
	case <-f.ctx.Done():
		return
	case <-timer.C:
		return
	case ev, ok := <-f.watch.events():
		if !ok {
			f.watch.w = nil
			return
		}
		f.told(ev)
	case _, ok := <-f.watch.errors():
		if !ok {
			f.watch.w = nil
			return
		}
		f.overflow()
	}
	// While a file is written to, every write is told: what is not taken at once the system joins.
	if wait := gather - time.Since(f.looked); wait > 0 {
		short := time.NewTimer(wait)
		defer short.Stop()
		select {
		case <-f.ctx.Done():
		case <-short.C:
		}
	}
	f.looked = time.Now()
}

// step looks at s once and delivers at most one batch. more says that it should be looked at again at once.
func (f *follower) step(s *stream) (more bool, err error) {
	if s.after != nil {
		if o := s.after; !o.atEnd && o.fault == "" && o.wait == "" && (o.gone.IsZero() || o.f != nil || !o.sought) {
			f.ready(o)
			return false, nil
		}
		s.after.next, s.after = nil, nil
	}
	switch s.kind {
	case lines:
		return f.lines(s)
	case whole:
		return false, f.whole(s)
	case packed:
		return f.packed(s)
	}
	return f.decide(s)
}

// siblings are the regular files in the folders of paths, each once.
func siblings(paths ...string) []entry {
	var all []entry
	seen := map[string]bool{}
	for _, path := range paths {
		dir := filepath.Dir(path)
		if real, err := filepath.EvalSymlinks(dir); err == nil {
			dir = real
		}
		if seen[dir] {
			continue
		}
		seen[dir] = true
		list, err := os.ReadDir(dir)
		if err != nil {
			continue
		}
		for _, d := range list {
			if !d.Type().IsRegular() {
				continue
			}
			if info, err := d.Info(); err == nil {
				p := filepath.Join(dir, d.Name())
				all = append(all, entry{path: p, info: info, id: identify(p, info), fam: familyOf(p)})
			}
		}
	}
	return all
}

// under says whether path lies below one of dirs.
func under[V any](path string, dirs map[string]V) bool {
	for dir := range dirs {
		if path == dir || strings.HasPrefix(path, strings.TrimSuffix(dir, string(filepath.Separator))+string(filepath.Separator)) {
			return true
		}
	}
	return false
}
