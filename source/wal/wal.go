// Package wal keeps what was pushed on disk before it is acknowledged: syslog, HTTP and OTLP cannot be read again.
//
// A [Log] is a folder of segments. Append returns once its data is synced to the disk; many that append at the same time
// share one sync, and one that is alone does not wait for others. The log is also a feed.Source: Run delivers what was
// appended, origin by origin in the order it came, and Committed removes segments of which everything was committed. The line
// numbers of an origin go on over restarts.
//
// It promises that what Append acknowledged is delivered, more than once rather than not at all, as long as the disk gives
// back what was written. Where it does not, that is said as a [Damage], and everything else is delivered: each record has a
// checksum and a mark by which the next one is found, and what they belong to is written in each segment twice. A write that
// a crash cut off was never acknowledged; it is cut off and said. A full log or disk is an error to the sender, who tries
// again: nothing is ever dropped to make room.
//
// It leaves out: more than one process on a folder (the caller sees to that), compression, encryption, and telling whoever
// sends something twice that it is there.
package wal

import (
	"cmp"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/tocsin-ids/tocsin/feed"
	"github.com/tocsin-ids/tocsin/full"
)

var (
	// ErrFull says that the log holds as much as it may: the sender waits and sends again.
	ErrFull = errors.New("the log of what was received is full until more of it is processed; send again later")
	// ErrClosed says that the log was closed.
	ErrClosed = errors.New("the log of what was received is closed")
	// ErrSize says that what was appended at once would never have room.
	ErrSize = errors.New("more at once than the log of what was received may hold; send less at a time or let the log be larger")
	// ErrOrigins says that there are as many origins as a log may have.
	ErrOrigins = errors.New("too many different origins (10,000) in the log of what was received; use fewer names")
)

// maxOrigins bounds the origins of a log: each segment names all.
const maxOrigins = 10_000

// Options of a log; the zero value works.
type Options struct {
	Size    int64 // bytes that all segments may take; 0 is 1 GiB. When they do, Append returns ErrFull
	Segment int64 // bytes after which a new segment begins; 0 is 16 MiB. At most a quarter of Size

	// Report is told of what was damaged (*Damage) and of faults of the disk. It is called by whoever meets them, by several
	// goroutines at once, and not for what Append returns. nil: nobody is told.
	Report func(error)
}

// A Damage is a part of a segment that cannot be read.
type Damage struct {
	Segment string // path of its file; when the segment is done with, it is kept with ".damaged" behind its name
	Offset  int64  // where in the file
	Size    int64  // bytes
	Torn    bool   // it is at the end of what was written last before a crash, and was cut off: it had not been acknowledged
	Why     string
}

func (d *Damage) Error() string {
	if d.Torn {
		return fmt.Sprintf("%s: the last write, %d bytes at %d, was not finished before the process or machine stopped; it was cut off. It had not been acknowledged: its sender sends it again", d.Segment, d.Size, d.Offset)
	}
	return fmt.Sprintf("%s: %d bytes at %d cannot be read (%s) and were passed over; what follows was read. Check the disk", d.Segment, d.Size, d.Offset, d.Why)
}

// A Log is what was pushed and not yet committed. Any number of goroutines may use it.
type Log struct {
	dir string
	opt Options
	id  uint64 // of the log; in each segment's name and at each record

	// The disk's calls, which tests let fail.
	write func(f *os.File, b []byte, at int64) (int, error)
	sync  func(f *os.File) error

	commit sync.Mutex // held by whoever writes; taken before mu
	file   *os.File   // of the last segment; nil: the next write begins a new one
	at     int64      // where the next write to file goes
	buf    []byte     // of what is to be written at at
	seq    uint64     // of the last segment there was

	mu       sync.Mutex
	group    *group // of those that wait for a write
	reserved int64  // bytes of entries that are not yet in a segment
	closed   bool
	segments []*segment // in order
	streams  map[string]*stream
	numbers  map[uint32]*feed.Origin
	number   uint32        // of the last origin
	size     int64         // of all segments
	more     chan struct{} // closed when more can be delivered
	room     chan struct{} // closed when there is more room
	full     bool          // something was refused, and there was no more room since
	opened   position      // where what this process writes begins
	ran      bool
	running  bool
}

// A position is where a record ends.
type position struct {
	seq uint64 // of the segment
	off int64
}

func (p position) after(q position) bool { return p.seq > q.seq || p.seq == q.seq && p.off > q.off }

// A segment is one file.
type segment struct {
	seq      uint64
	path     string
	end      int64 // what may be read of it
	sealed   bool  // nothing more will be written to it
	damaged  bool
	last     map[string]int64 // origin → end of its last record
	reported map[int64]bool   // damages that were reported, by offset
}

// A stream is an origin and how far it is.
type stream struct {
	origin *feed.Origin
	number uint32

	// Of the writer, under Log.commit.
	declared uint64 // the last segment that names it
	line     int64  // of what comes next
	off      int64

	// Under Log.mu.
	end       int64 // off of what is durable
	begun     bool  // there was data of it when the log was opened
	told      int64 // off up to which it was delivered
	read      int64 // bytes delivered by this process
	at        time.Time
	committed position
	ended     bool
}

// Open opens the log in a folder, which it makes where there is none, and reads all of it once. What cannot be read of it
// goes to Options.Report; an error says that nothing can be written to it.
func Open(dir string, opt Options) (*Log, error) {
	if opt.Size <= 0 {
		opt.Size = 1 << 30
	}
	if opt.Segment <= 0 {
		opt.Segment = 16 << 20
	}
	opt.Segment = max(min(opt.Segment, opt.Size/4), 1)
	if opt.Report == nil {
		opt.Report = func(error) {}
	}
	l := &Log{dir: dir, opt: opt, streams: map[string]*stream{}, numbers: map[uint32]*feed.Origin{}, group: &group{},
		more: make(chan struct{}), room: make(chan struct{}),
		write: func(f *os.File, b []byte, at int64) (int, error) { return f.WriteAt(b, at) },
		sync:  func(f *os.File) error { return f.Sync() }}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("the log of what was received: %w", err)
	}
	if err := syncDir(filepath.Dir(dir)); err != nil {
		return nil, fmt.Errorf("the log of what was received: %w", err)
	}
	if err := l.load(); err != nil {
		return nil, fmt.Errorf("the log of what was received: %w", err)
	}
	if l.id == 0 {
		var b [8]byte
		rand.Read(b[:])
		l.id = binary.BigEndian.Uint64(b[:]) | 1
	}
	l.commit.Lock()
	defer l.commit.Unlock()
	if err := l.roll(); err != nil && !full.Is(err) { // on a full disk what is there can still be delivered, which makes room
		return nil, fmt.Errorf("the log of what was received: %w", err)
	} else if err != nil {
		l.opt.Report(err)
	}
	l.opened.seq = l.seq
	if l.file == nil {
		l.opened.seq++
	}
	return l, nil
}

// load finds the segments and reads what they hold of which origins.
func (l *Log) load() error {
	list, err := os.ReadDir(l.dir)
	if err != nil {
		return err
	}
	type name struct{ seq, id uint64 }
	var names []name
	for _, e := range list {
		if seq, id, ok := segmentOf(e.Name()); ok && e.Type().IsRegular() {
			names = append(names, name{seq, id})
		}
	}
	slices.SortFunc(names, func(a, b name) int { return cmp.Or(cmp.Compare(a.seq, b.seq), cmp.Compare(a.id, b.id)) })
	if len(names) > 0 {
		l.id = names[len(names)-1].id
	}
	for i, n := range names {
		path := filepath.Join(l.dir, segmentName(n.seq, n.id))
		if n.id != l.id {
			l.opt.Report(fmt.Errorf("%s: is of another log and was left alone; if it belongs here, put it into a folder of its own and let a process read it there", path))
			continue
		}
		s := &segment{seq: n.seq, path: path, sealed: true, last: map[string]int64{}, reported: map[int64]bool{}}
		if err := l.index(s, i == len(names)-1); err != nil {
			return err
		}
		l.segments = append(l.segments, s)
		l.size += s.end
		l.seq = n.seq
	}
	return nil
}

// index reads a segment that was there. What was cut off of the last one by a crash is cut off.
func (l *Log) index(s *segment, last bool) error {
	mode := os.O_RDONLY
	if last {
		mode = os.O_RDWR
	}
	f, err := os.OpenFile(s.path, mode, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return err
	}
	s.end = st.Size()
	in := scanner{from: f, id: l.id, off: headerSize, end: s.end}
	origins := map[uint32]*feed.Origin{}
	for {
		start := in.off
		r, err := in.next()
		if err == errEnd {
			break
		}
		if d, ok := err.(*Damage); ok {
			d.Segment = s.path
			if last && d.Offset+d.Size >= s.end {
				d.Torn = true
				if err := f.Truncate(d.Offset); err != nil {
					return err
				}
				if err := f.Sync(); err != nil {
					return err
				}
				s.end = d.Offset
			} else {
				s.damaged = true
			}
			s.reported[d.Offset] = true
			l.opt.Report(d)
			continue
		}
		if err != nil {
			return err
		}
		if r.kind == kindOrigin {
			if o, ok := parseOrigin(r.data); ok {
				origins[r.number] = l.known(o, r.number)
				t := l.streams[o.ID]
				t.line, t.off = max(t.line, r.line), max(t.off, r.off)
				if t.end = t.off; !t.begun {
					t.told = t.off
				}
			}
			continue
		}
		o := origins[r.number]
		if o == nil {
			o = l.numbers[r.number]
		}
		if o == nil {
			l.damage(s, &Damage{Offset: start, Size: in.off - start, Why: noOrigin})
			continue
		}
		t := l.streams[o.ID]
		if !t.begun {
			t.begun, t.told = true, r.off
		}
		t.line = max(t.line, r.line+lines(r.data))
		t.off = max(t.off, r.off+int64(len(r.data)))
		t.end, t.at, t.ended = t.off, r.at, r.kind == kindEnd
		s.last[o.ID] = in.off
	}
	return nil
}

// known returns the one copy of an origin that is delivered, and notes its number.
func (l *Log) known(o feed.Origin, number uint32) *feed.Origin {
	t := l.streams[o.ID]
	if t == nil {
		t = &stream{line: 1}
		l.streams[o.ID] = t
	}
	if t.origin == nil || *t.origin != o {
		t.origin = &o
	}
	t.number = number
	l.numbers[number] = t.origin
	l.number = max(l.number, number)
	return t.origin
}

// Close waits for what is being written and ends the log. What was appended stays.
func (l *Log) Close() error {
	l.mu.Lock()
	l.closed = true
	l.wake(&l.more)
	l.wake(&l.room)
	l.mu.Unlock()
	l.commit.Lock()
	defer l.commit.Unlock()
	if l.file == nil {
		return nil
	}
	err := l.file.Close()
	l.file = nil
	return err
}

// wake lets those go on that wait for a channel. The caller holds mu.
func (l *Log) wake(c *chan struct{}) {
	close(*c)
	*c = make(chan struct{})
}

// syncDir makes the names in a folder durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, fs.ErrInvalid) && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, fs.ErrPermission) {
		return err // folders cannot be synced everywhere
	}
	return nil
}
