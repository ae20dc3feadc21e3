package tail

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/tocsin-ids/tocsin/feed"
)

const (
	backMost  = 64 << 10 // bytes of a beginning
	sliceMost = 4 << 20  // bytes that are gone over before it is another's turn, where nothing is delivered
)

var newline = []byte{'\n'}

// lines delivers what came to a file that is followed.
func (f *follower) lines(s *stream) (more bool, err error) {
	file := f.open(s)
	if file == nil {
		if s.final {
			return false, f.end(s, &feed.Batch{})
		}
		return false, nil
	}
	now := time.Now()
	info, err := file.Stat()
	if err != nil {
		return false, f.cannotRead(s, err)
	}
	s.note(info, now)
	size := info.Size()
	if size < s.offset {
		return true, f.truncated(s, info)
	}
	if !s.checked {
		ok, err := s.head.of(file)
		if err != nil {
			return false, f.cannotRead(s, err)
		}
		if !ok {
			return true, f.truncated(s, info)
		}
		s.checked = true
	}
	if size == s.offset {
		s.atEnd = true
		if s.tail != "" && s.changed == now { // rewritten to the same size
			if sum, err := tailAt(file, s.offset); err == nil && sum != s.tail {
				return true, f.truncated(s, info)
			}
		}
		if s.final {
			return false, f.end(s, &feed.Batch{})
		}
		return false, nil
	}
	if s.line == 0 {
		return true, f.count(s, file)
	}
	if s.scanned > size || s.scanned < s.offset {
		s.scanned = s.offset
	}
	return f.block(s, file, info, now)
}

// block delivers the next block of whole lines, if there are any.
func (f *follower) block(s *stream, file *os.File, info os.FileInfo, now time.Time) (more bool, err error) {
	limit := info.Size()
	past := s.offset < s.past
	if past {
		limit = min(limit, s.past)
	}
	n := min(limit-s.offset, int64(f.o.Block))
	if s.skipping || s.scanned-s.offset >= int64(f.o.Block) {
		end, err := f.lineEnd(s, file, limit)
		switch {
		case err != nil:
			return false, f.cannotRead(s, err)
		case s.skipping:
			return f.skip(s, file, end, limit)
		case end >= 0:
			n = max(n, end-s.offset)
		case s.scanned < limit:
			return true, nil
		case s.final:
			n = limit - s.offset
		case past:
			s.past = 0
			return true, nil
		default:
			s.atEnd = true
			return false, nil
		}
	}
	k := min(s.offset, tailMost)
	buf := make([]byte, k+n)
	got, err := file.ReadAt(buf, s.offset-k)
	if err != nil && err != io.EOF {
		return false, f.cannotRead(s, err)
	}
	if buf = buf[:got]; int64(got) < k || s.tail != "" && printOf(buf[:k]) != s.tail {
		return true, f.truncated(s, info)
	}
	if int64(got) == k {
		return true, nil // it shrank just now
	}
	data := buf[k:]
	whole := s.offset+int64(len(data)) < limit // the block is, and more is there
	cut := bytes.LastIndexByte(data, '\n') + 1
	last := s.final && !whole && limit == info.Size()
	switch {
	case last:
		cut = len(data)
	case cut == 0:
		s.scanned = s.offset + int64(len(data))
		if !whole && past {
			s.past = 0
			return info.Size() > limit || f.o.Unended > 0, nil
		}
		until := later(s.changed, s.since).Add(f.o.Unended)
		switch {
		case whole:
			return true, nil
		case f.o.Unended <= 0:
			s.atEnd = true
			return false, nil
		case now.Before(until):
			f.remind(s, until)
			return false, nil
		}
		cut = len(data) // who writes may have no more to say
	case f.o.Cut != nil && !(past && !whole):
		at := min(max(f.o.Cut(data[:cut]), 0), cut)
		until := later(s.changed, s.since).Add(f.o.Hold)
		switch {
		case whole && at > 0 || at == cut:
			cut = at
		case whole || !now.Before(until):
		default:
			f.remind(s, until)
			if cut = at; at == 0 {
				return false, nil
			}
		}
	}
	at := now
	if past || s.offset < s.lay {
		if at = info.ModTime(); at.After(now) {
			at = now
		}
	}
	b := &feed.Batch{Data: data[:cut:cut], Line: s.line, Offset: s.offset, At: at, Past: past}
	if s.resume {
		if err := again(file, b); err != nil {
			return false, f.cannotRead(s, err)
		}
	}
	s.advance(buf, int(k), cut)
	if s.head.n < headMost && s.offset > int64(s.head.n) {
		f.prints(s, file)
	}
	if last {
		return false, f.end(s, b)
	}
	return true, f.put(s, b)
}

// advance says that cut bytes of buf behind the first k are delivered.
func (s *stream) advance(buf []byte, k, cut int) {
	s.line += int64(bytes.Count(buf[k:k+cut], newline))
	s.offset += int64(cut)
	s.scanned = s.offset
	done := buf[:k+cut]
	if k < tailMost && s.offset-int64(cut) == int64(k) || len(done) >= tailMost {
		s.tail = printOf(done[max(0, len(done)-tailMost):])
	}
	if k == 0 && len(done) > s.head.n {
		s.first = bytes.Clone(done[:min(len(done), headMost)])
		s.head = head{printOf(s.first), len(s.first)}
	}
}

// again gives a batch that goes on after a restart the beginning of its file.
func again(file io.ReaderAt, b *feed.Batch) error {
	begin := make([]byte, min(b.Offset, backMost))
	if err := readFull(file, begin, 0); err != nil {
		return err
	}
	b.Head = wholeLines(begin)
	return nil
}

// wholeLines are the whole lines that b begins with; nil if there are none.
func wholeLines(b []byte) []byte {
	i := bytes.LastIndexByte(b, '\n') + 1
	if i == 0 {
		return nil
	}
	return b[:i:i]
}

func readFull(r io.ReaderAt, buf []byte, at int64) error {
	n, err := r.ReadAt(buf, at)
	if n == len(buf) {
		return nil
	}
	if err == nil || err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// cannotRead says what is wrong with a file that was open. Unless it is because it shrank, reading it is tried again.
func (f *follower) cannotRead(s *stream, err error) error {
	f.shut(s)
	s.final = false
	if errors.Is(err, io.ErrUnexpectedEOF) {
		f.remind(s, time.Now().Add(f.o.Poll))
		return nil
	}
	s.fault = fmt.Sprintf("%s cannot be read: %v; it is tried again", s.path, err)
	f.o.Log.Warn("a file cannot be read", "path", s.path, "error", err)
	f.publish(s)
	return nil
}

// lineEnd looks for the end of the line that goes on at s.scanned, before limit; -1: not found yet, and s.scanned is how
// far it was looked for.
func (f *follower) lineEnd(s *stream, file io.ReaderAt, limit int64) (int64, error) {
	buf := make([]byte, min(limit-s.scanned, sliceMost))
	n, err := file.ReadAt(buf, s.scanned)
	if err != nil && err != io.EOF {
		return -1, err
	}
	if i := bytes.IndexByte(buf[:n], '\n'); i >= 0 {
		end := s.scanned + int64(i) + 1
		if end-s.offset > int64(f.o.MaxLine) {
			s.skipping = true
		}
		return end, nil
	}
	s.scanned += int64(n)
	if s.scanned-s.offset > int64(f.o.MaxLine) {
		s.skipping = true
	}
	return -1, nil
}

// skip passes over a line that is too long; end is where it ends, -1 if that is not known yet.
func (f *follower) skip(s *stream, file *os.File, end, limit int64) (more bool, err error) {
	if end < 0 {
		switch {
		case s.scanned < limit:
			return true, nil
		case s.final:
			f.tooLong(s)
			return false, f.end(s, &feed.Batch{})
		case s.offset < s.past:
			s.past = 0
			return true, nil
		}
		s.atEnd = true
		return false, nil
	}
	f.tooLong(s)
	s.skipping = false
	s.offset, s.scanned = end, end
	s.line++
	f.prints(s, file)
	return true, nil
}

func (f *follower) tooLong(s *stream) {
	s.lost++
	s.why = fmt.Sprintf("line %d is longer than %d bytes and was passed over", s.line, f.o.MaxLine)
	f.o.Log.Warn("a line is too long and passed over", "path", s.path, "line", s.line, "limit", f.o.MaxLine)
}

// count finds out, a slice at a time, where the line begins that s.offset is in, and which it is.
func (f *follower) count(s *stream, file *os.File) error {
	if !s.aligned {
		if s.tail != "" {
			if sum, err := tailAt(file, s.offset); err != nil || sum != s.tail {
				if info, err := file.Stat(); err == nil {
					return f.truncated(s, info)
				}
				return f.cannotRead(s, err)
			}
		}
		at, err := lineStart(file, s.offset, int64(f.o.MaxLine))
		if err != nil {
			return f.cannotRead(s, err)
		}
		s.aligned, s.offset, s.scanned = true, at, at
		s.countAt, s.counted = 0, 0
		s.resume = at > 0
		f.prints(s, file)
	}
	buf := make([]byte, min(s.offset-s.countAt, sliceMost))
	if err := readFull(file, buf, s.countAt); err != nil {
		return f.cannotRead(s, err)
	}
	s.counted += int64(bytes.Count(buf, newline))
	if s.countAt += int64(len(buf)); s.countAt == s.offset {
		s.line = s.counted + 1
	}
	return nil
}

// lineStart is where the line begins that offset lies in, or offset if it is farther back than most.
func lineStart(r io.ReaderAt, offset, most int64) (int64, error) {
	for end := offset; end > 0 && offset-end < most; {
		buf := make([]byte, min(end, backMost))
		end -= int64(len(buf))
		if err := readFull(r, buf, end); err != nil {
			return 0, err
		}
		if i := bytes.LastIndexByte(buf, '\n'); i >= 0 {
			return end + int64(i) + 1, nil
		}
		if end == 0 {
			return 0, nil
		}
	}
	return offset, nil
}

// truncated says that the file of s holds something else now. The next scan looks for a copy of what it held, and what
// is left of that is read before the stream that begins in its place.
func (f *follower) truncated(s *stream, info os.FileInfo) error {
	f.o.Log.Debug("a file was truncated", "path", s.path, "offset", s.offset, "size", info.Size())
	e := entry{name: s.at, path: s.path, info: info, id: s.id}
	file := s.f
	s.f = nil
	f.unplace(s)
	s.cut, s.gone, s.at, s.sought, s.atEnd, s.skipping = true, time.Now(), "", false, false, false
	f.rescan = true
	if err := f.register(s); err != nil { // so that it has no claim to the file any more
		return err
	}
	name := e.name
	if name == "" && time.Since(s.away) < f.o.Grace { // it was renamed after that
		name = s.name
	}
	if name != "" {
		e.glob = f.named(name)
	}
	if e.glob == nil { // a file that was rotated is being wiped
		if file != nil {
			_ = file.Close() // nothing was written
			f.opened--
		}
		return nil
	}
	n := f.add(e, name)
	n.f, n.lay = file, 0
	n.after, s.next = s, n
	if n.away = s.away; n.at == name || f.last[name] == s {
		f.last[name] = n
	}
	f.ready(n)
	return f.register(n)
}
