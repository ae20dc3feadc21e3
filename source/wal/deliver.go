package wal

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tocsin-ids/tocsin/feed"
)

var _ feed.Source = (*Log)(nil)

const noOrigin = "whose it is cannot be read"

// keptDamaged is how many damaged segments are kept after they were done with.
const keptDamaged = 4

func (l *Log) cursor(p position) string { return fmt.Sprintf("%016x/%d/%d", l.id, p.seq, p.off) }

func (l *Log) parseCursor(s string) (position, bool) {
	var id uint64
	var p position
	n, err := fmt.Sscanf(s, "%x/%d/%d", &id, &p.seq, &p.off)
	return p, n == 3 && err == nil && id == l.id && p.off >= 0
}

// Run is feed.Source's. Origins are those that were appended to, of any kind. A cursor that is not of this log, or lies behind
// its end, is reported and not used: what is there is then delivered from its beginning. It may be called again after it
// returned, but not twice at a time.
func (l *Log) Run(ctx context.Context, cursors map[string]string, sink feed.Sink, ready func()) error {
	l.mu.Lock()
	if l.running {
		l.mu.Unlock()
		return errors.New("the log of what was received is already delivered from")
	}
	end := l.opened
	if l.ran && len(l.segments) > 0 {
		s := l.segments[len(l.segments)-1]
		end = position{s.seq, s.end}
	}
	l.running, l.ran = true, true
	from, strange := map[string]position{}, 0
	for id, c := range cursors {
		if l.streams[id] == nil {
			continue
		}
		if p, ok := l.parseCursor(c); !ok || p.after(end) {
			strange++
		} else {
			from[id] = p
		}
	}
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		l.running = false
		l.mu.Unlock()
	}()
	if strange > 0 {
		l.opt.Report(fmt.Errorf("%s: what was committed of %d origins is not of this log; was it replaced or restored? All that is there of them is read, some of it perhaps again", l.dir, strange))
	}
	l.pass(from)
	ready()
	for seq := uint64(0); ; {
		s, err := l.following(ctx, seq)
		if s == nil {
			return err
		}
		if err := l.deliver(ctx, s, from, sink); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		seq = s.seq
	}
}

// following waits for the first segment after seq. Without one ctx has ended, or the log cannot go on.
func (l *Log) following(ctx context.Context, seq uint64) (*segment, error) {
	for {
		l.mu.Lock()
		more, closed := l.more, l.closed
		for _, s := range l.segments {
			if s.seq > seq {
				l.mu.Unlock()
				return s, nil
			}
		}
		l.mu.Unlock()
		if closed {
			return nil, ErrClosed
		}
		select {
		case <-ctx.Done():
			return nil, nil
		case <-more:
		}
	}
}

// deliver delivers what a segment holds behind the positions in from, and waits for more until it is sealed.
func (l *Log) deliver(ctx context.Context, s *segment, from map[string]position, sink feed.Sink) error {
	f, err := os.Open(s.path)
	if err != nil {
		l.mu.Lock()
		gone := !slices.Contains(l.segments, s) // all of it was committed meanwhile
		l.mu.Unlock()
		if !gone {
			l.damage(s, &Damage{Segment: s.path, Size: s.end, Why: err.Error()})
		}
		return nil
	}
	defer f.Close()
	in := scanner{from: f, id: l.id, off: headerSize, keep: true}
	origins := map[uint32]*feed.Origin{}
	for {
		l.mu.Lock()
		end, sealed, closed, more := s.end, s.sealed, l.closed, l.more
		l.mu.Unlock()
		in.end = end
		for {
			start := in.off
			r, err := in.next()
			if err == errEnd {
				break
			}
			if d, ok := err.(*Damage); ok {
				l.damage(s, d)
				continue
			}
			if r.kind == kindOrigin {
				if o, ok := parseOrigin(r.data); ok {
					origins[r.number] = l.same(o)
				}
				continue
			}
			o := origins[r.number]
			if o == nil {
				l.mu.Lock()
				o = l.numbers[r.number]
				l.mu.Unlock()
			}
			if o == nil {
				l.damage(s, &Damage{Offset: start, Size: in.off - start, Why: noOrigin})
				continue
			}
			here := position{s.seq, in.off}
			if here.after(from[o.ID]) {
				b := &feed.Batch{Origin: o, Data: r.data, Line: r.line, Offset: r.off, Cursor: l.cursor(here), At: r.at, End: r.kind == kindEnd}
				if err := sink.Put(ctx, b); err != nil {
					return err
				}
			}
			l.delivered(o.ID, r, here.after(from[o.ID]))
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
		if sealed {
			return nil
		}
		if closed {
			return ErrClosed
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-more:
		}
	}
}

// same returns the copy of an origin that is delivered.
func (l *Log) same(o feed.Origin) *feed.Origin {
	l.mu.Lock()
	defer l.mu.Unlock()
	if t := l.streams[o.ID]; t != nil && *t.origin == o {
		return t.origin
	}
	return &o
}

func (l *Log) delivered(id string, r *record, now bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if t := l.streams[id]; t != nil {
		t.told = r.off + int64(len(r.data))
		if now {
			t.read += int64(len(r.data))
		}
	}
}

// damage notes a damage and reports it, if it was not.
func (l *Log) damage(s *segment, d *Damage) {
	d.Segment = s.path
	l.mu.Lock()
	s.damaged = true
	said := s.reported[d.Offset]
	s.reported[d.Offset] = true
	l.mu.Unlock()
	if !said {
		l.opt.Report(d)
	}
}

// Committed is feed.Source's.
func (l *Log) Committed(cursors map[string]string) {
	done := make(map[string]position, len(cursors))
	for id, c := range cursors {
		if p, ok := l.parseCursor(c); ok {
			done[id] = p
		}
	}
	l.pass(done)
}

// pass notes what was committed and removes what nobody needs any more.
func (l *Log) pass(done map[string]position) {
	l.mu.Lock()
	for id, p := range done {
		if t := l.streams[id]; t != nil && p.after(t.committed) {
			t.committed = p
		}
	}
	l.mu.Unlock()
	l.clean()
}

// passed says that all of a segment was committed. The caller holds mu.
func (l *Log) passed(s *segment) bool {
	for id, off := range s.last {
		if t := l.streams[id]; t != nil && (position{s.seq, off}).after(t.committed) {
			return false
		}
	}
	return true
}

// clean removes the sealed segments of which everything was committed, but for the last there is: it knows the origins.
func (l *Log) clean() {
	l.mu.Lock()
	var gone []*segment
	for i, s := range l.segments {
		if i < len(l.segments)-1 && s.sealed && l.passed(s) {
			gone = append(gone, s)
			l.size -= s.end
		}
	}
	if n := len(l.segments); len(gone) == 0 && l.full && n > 0 && len(l.segments[n-1].last) > 0 && l.passed(l.segments[n-1]) {
		l.wake(&l.room) // the next append makes room: see rollCommitted
	}
	if len(gone) > 0 {
		l.segments = slices.DeleteFunc(l.segments, func(s *segment) bool { return slices.Contains(gone, s) })
		l.full = false
		l.wake(&l.room)
	}
	l.mu.Unlock()
	for _, s := range gone {
		var err error
		if s.damaged {
			err = l.putAside(s)
		} else {
			err = os.Remove(s.path)
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			l.opt.Report(fmt.Errorf("what was committed could not be removed: %w; it is tried again at the next start", err))
		}
	}
}

// putAside keeps a damaged segment under another name, and of such the last few.
func (l *Log) putAside(s *segment) error {
	if err := os.Rename(s.path, s.path+".damaged"); err != nil {
		return err
	}
	all, err := filepath.Glob(filepath.Join(escape(l.dir), "*.wal.damaged"))
	if err != nil {
		return err
	}
	slices.Sort(all)
	for len(all) > keptDamaged {
		if err := os.Remove(all[0]); err != nil {
			return err
		}
		all = all[1:]
	}
	return nil
}

func escape(dir string) string {
	return strings.NewReplacer(`*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(dir)
}

// Stats is feed.Source's: one for each origin. While the log is full all of them wait.
func (l *Log) Stats() []feed.Stat {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []feed.Stat
	for _, id := range slices.Sorted(maps.Keys(l.streams)) {
		t := l.streams[id]
		s := feed.Stat{ID: id, Kind: t.origin.Kind, Path: t.origin.Path, Tenant: t.origin.Tenant, State: "following",
			Read: t.read, Behind: max(t.end-t.told, 0), Last: t.at}
		switch {
		case t.ended:
			s.State = "ended"
		case l.full:
			s.State, s.Why = "waiting", ErrFull.Error()
		}
		all = append(all, s)
	}
	return all
}
