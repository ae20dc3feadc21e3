package wal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/tocsin-ids/tocsin/feed"
	"github.com/tocsin-ids/tocsin/full"
)

const (
	maxPiece = 1 << 20 // bytes of one record, unless a line is longer
	maxWrite = 4 << 20 // bytes after which a group is written before all of it is encoded
)

// A group is what is written and synced together.
type group struct {
	entries []*entry
	done    bool
}

// An entry is what one Append waits for.
type entry struct {
	origin *feed.Origin
	data   []byte
	at     time.Time
	kind   uint32
	need   int64
	err    error

	t    *stream
	was  struct{ line, off int64 } // of t before
	decl uint64                    // t.declared before
	ends struct{ pos, off int64 }  // the segment's and the origin's byte behind it
}

// Append returns when data, whole lines of an origin, is on the disk; a last line without an end gets one. The origin's ID is
// its name: two origins with one ID are one stream, whose later data belongs to the later. at is when data was received.
//
// Errors: ErrFull, ErrSize, ErrOrigins, ErrClosed, or the disk's. With any of them the data was not taken, and the sender
// has to be told so. Data is not kept after the return.
func (l *Log) Append(origin *feed.Origin, data []byte, at time.Time) error {
	if len(data) == 0 {
		return nil
	}
	return l.append(&entry{origin: origin, data: data, at: at, kind: kindData})
}

// End says that nothing more comes of an origin. What is appended to it later begins a new stream once the end was committed.
func (l *Log) End(origin *feed.Origin, at time.Time) error {
	return l.append(&entry{origin: origin, at: at, kind: kindEnd})
}

// AppendWait is Append for senders that can wait: while the log or the disk is full or the disk fails it tries again, until
// ctx ends. What is too much at once it appends in parts; after an error the first of them may be there.
func (l *Log) AppendWait(ctx context.Context, origin *feed.Origin, data []byte, at time.Time) error {
	for most := int(min(l.opt.Size/4, 64<<20)); len(data) > most; {
		i := bytes.LastIndexByte(data[:most], '\n') + 1
		if i == 0 {
			break
		}
		if err := l.AppendWait(ctx, origin, data[:i], at); err != nil {
			return err
		}
		data = data[i:]
	}
	said := false
	for {
		l.mu.Lock()
		room := l.room
		l.mu.Unlock()
		err := l.Append(origin, data, at)
		if err == nil || errors.Is(err, ErrClosed) || errors.Is(err, ErrSize) || errors.Is(err, ErrOrigins) {
			return err
		}
		if !errors.Is(err, ErrFull) && !said {
			l.opt.Report(err)
			said = true
		}
		again := time.NewTimer(time.Second)
		select {
		case <-ctx.Done():
			again.Stop()
			return ctx.Err()
		case <-room:
			again.Stop()
		case <-again.C:
		}
	}
}

func (l *Log) append(e *entry) error {
	if e.origin == nil || e.origin.ID == "" {
		return errors.New("the log of what was received: an origin without an ID")
	}
	if e.need = int64(len(e.data)) + recordHead*int64(len(e.data)/(maxPiece/2)+1); e.need > l.opt.Size/2 {
		return ErrSize
	}
	g, err := l.join(e)
	if err == ErrFull && l.rollCommitted() {
		g, err = l.join(e)
	}
	if err != nil {
		return err
	}
	l.commit.Lock() // while others write, the group grows
	defer l.commit.Unlock()
	if !g.done {
		l.mu.Lock()
		l.group = &group{}
		l.mu.Unlock()
		l.writeGroup(g)
	}
	return e.err
}

// join puts an entry into the group that is written next.
func (l *Log) join(e *entry) (*group, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, ErrClosed
	}
	if l.size+l.reserved+e.need > l.opt.Size {
		l.full = true
		return nil, ErrFull
	}
	l.reserved += e.need
	l.group.entries = append(l.group.entries, e)
	return l.group, nil
}

// rollCommitted begins a new segment where all of the last one was committed, so that it can be removed, and says whether it did.
func (l *Log) rollCommitted() bool {
	l.commit.Lock()
	defer l.commit.Unlock()
	l.mu.Lock()
	ok := !l.closed && l.file != nil
	if ok {
		s := l.segments[len(l.segments)-1]
		ok = len(s.last) > 0 && l.passed(s)
	}
	l.mu.Unlock()
	return ok && l.roll() == nil
}

// writeGroup writes and syncs what a group waits for. The caller holds commit.
func (l *Log) writeGroup(g *group) {
	var run []*entry // encoded, not synced
	for i, e := range g.entries {
		if l.file == nil || l.at+int64(len(l.buf)) >= l.opt.Segment {
			run = l.settle(run)
			if l.file == nil || l.at >= l.opt.Segment {
				if err := l.roll(); err != nil {
					for _, e := range g.entries[i:] {
						e.err = err
					}
					break
				}
			}
		}
		if e.err = l.encode(e); e.err != nil {
			continue
		}
		run = append(run, e)
		if len(l.buf) >= maxWrite {
			if err := l.put(); err != nil {
				l.abort(run, err)
				run = nil
			}
		}
	}
	l.settle(run)
	g.done = true
	l.mu.Lock()
	for _, e := range g.entries {
		l.reserved -= e.need
	}
	l.mu.Unlock()
	if cap(l.buf) > 2*maxWrite {
		l.buf = nil
	}
}

// encode puts an entry behind what is to be written.
func (l *Log) encode(e *entry) error {
	o := e.origin
	t := l.streams[o.ID]
	if t == nil && len(l.streams) >= maxOrigins {
		return ErrOrigins
	}
	if t == nil || *t.origin != *o {
		l.mu.Lock()
		l.known(*o, l.number+1)
		t = l.streams[o.ID]
		l.mu.Unlock()
		t.declared = 0
	}
	e.t, e.decl = t, t.declared
	e.was.line, e.was.off = t.line, t.off
	if t.declared != l.seq {
		l.buf = appendOrigin(l.buf, l.id, t.origin, t.number, t.line, t.off, e.at)
		t.declared = l.seq
	}
	r := record{kind: e.kind, number: t.number, at: e.at}
	for data := e.data; len(data) > 0 || e.kind == kindEnd; {
		r.data, data = piece(data)
		r.line, r.off = t.line, t.off
		if n := len(r.data); n > 0 && r.data[n-1] != '\n' {
			r.data = append(r.data[:n:n], '\n')
		}
		l.buf = appendRecord(l.buf, l.id, &r)
		t.line += lines(r.data)
		t.off += int64(len(r.data))
		if e.kind == kindEnd {
			break
		}
	}
	e.ends.pos, e.ends.off = l.at+int64(len(l.buf)), t.off
	return nil
}

// piece cuts whole lines off, about maxPiece bytes of them.
func piece(b []byte) (first, rest []byte) {
	if len(b) <= maxPiece {
		return b, nil
	}
	if i := bytes.LastIndexByte(b[:maxPiece], '\n'); i >= 0 {
		return b[:i+1], b[i+1:]
	}
	if i := bytes.IndexByte(b[maxPiece:], '\n'); i >= 0 {
		return b[:maxPiece+i+1], b[maxPiece+i+1:]
	}
	return b, nil
}

// put writes what was encoded, without syncing it.
func (l *Log) put() error {
	if _, err := l.write(l.file, l.buf, l.at); err != nil {
		return fmt.Errorf("what was received could not be written: %w%s", err, hint(err))
	}
	l.at += int64(len(l.buf))
	l.buf = l.buf[:0]
	return nil
}

func hint(err error) string {
	if full.Is(err) {
		return "; nothing is lost as long as senders try again: make room on the disk"
	}
	return ""
}

// settle writes and syncs what was encoded for run and tells readers of it. It returns an empty run.
func (l *Log) settle(run []*entry) []*entry {
	if len(run) == 0 {
		return nil
	}
	if err := l.put(); err != nil {
		l.abort(run, err)
		return nil
	}
	if err := l.sync(l.file); err != nil {
		// What the system still holds of this file is not known: no more is written to it.
		l.abort(run, fmt.Errorf("what was received could not be synced to the disk: %w%s", err, hint(err)))
		l.seal()
		return nil
	}
	l.mu.Lock()
	s := l.segments[len(l.segments)-1]
	l.size += l.at - s.end
	s.end = l.at
	for _, e := range run {
		e.t.end, e.t.at, e.t.ended = e.ends.off, e.at, e.kind == kindEnd
		s.last[e.origin.ID] = e.ends.pos
	}
	l.wake(&l.more)
	l.mu.Unlock()
	return nil
}

// abort gives up what was encoded for run: the segment is again as it was before.
func (l *Log) abort(run []*entry, err error) {
	for i := len(run) - 1; i >= 0; i-- {
		e := run[i]
		e.err = err
		e.t.line, e.t.off, e.t.declared = e.was.line, e.was.off, e.decl
	}
	l.buf = l.buf[:0]
	l.mu.Lock()
	l.at = l.segments[len(l.segments)-1].end
	l.mu.Unlock()
	if l.file.Truncate(l.at) != nil {
		l.seal()
	}
}

// seal ends the last segment.
func (l *Log) seal() {
	if l.file == nil {
		return
	}
	l.file.Close()
	l.file = nil
	l.mu.Lock()
	l.segments[len(l.segments)-1].sealed = true
	l.wake(&l.more)
	l.mu.Unlock()
}

// forget drops the origins that have ended and of which no segment holds anything. The caller holds commit.
func (l *Log) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, t := range l.streams {
		held := func(s *segment) bool { return s.last[id] > 0 }
		if t.ended && !slices.ContainsFunc(l.segments, held) {
			delete(l.streams, id)
			delete(l.numbers, t.number)
		}
	}
}

// roll ends the last segment and begins a new one that names all origins. The caller holds commit and has nothing encoded.
func (l *Log) roll() error {
	l.seal()
	l.clean()
	l.mu.Lock()
	closed := l.closed
	l.mu.Unlock()
	if closed {
		return ErrClosed
	}
	seq, now := l.seq+1, time.Now()
	path := filepath.Join(l.dir, segmentName(seq, l.id))
	b := header(l.id)
	l.forget()
	for _, t := range l.streams {
		if !t.ended {
			b = appendOrigin(b, l.id, t.origin, t.number, t.line, t.off, now)
		}
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		if _, err = l.write(f, b, 0); err == nil {
			if err = l.sync(f); err == nil {
				err = syncDir(l.dir)
			}
		}
		if err != nil {
			f.Close()
			os.Remove(path)
		}
	}
	if err != nil {
		if errors.Is(err, os.ErrExist) {
			l.seq++ // what another attempt left; it is read when the log is opened next
		}
		return fmt.Errorf("what was received could not be written: %w%s", err, hint(err))
	}
	l.file, l.at, l.seq = f, int64(len(b)), seq
	for _, t := range l.streams {
		if !t.ended {
			t.declared = seq
		}
	}
	l.mu.Lock()
	l.segments = append(l.segments, &segment{seq: seq, path: path, end: l.at, last: map[string]int64{}, reported: map[int64]bool{}})
	l.size += l.at
	l.wake(&l.more)
	l.mu.Unlock()
	l.clean()
	return nil
}
