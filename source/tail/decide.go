package tail

import (
	"bytes"
	"fmt"
	"os"
	"time"

	"github.com/tocsin-ids/tocsin/feed"
)

// decide tells how a file of which nothing was delivered is to be read, once that can be told.
func (f *follower) decide(s *stream) (more bool, err error) {
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
	s.wait = ""
	size := info.Size()
	if size < s.offset {
		return true, f.truncated(s, info)
	}
	if size == 0 || s.sent && s.sentSize == size && s.sentMod == info.ModTime().UnixNano() {
		s.atEnd = true
		if s.final {
			return false, f.end(s, &feed.Batch{})
		}
		return false, nil
	}
	if ok, err := s.head.of(file); err != nil {
		return false, f.cannotRead(s, err)
	} else if !ok && s.offset > 0 {
		return true, f.truncated(s, info)
	} else if !ok && f.lead(s) { // it is being written anew, and nothing of it was delivered
		return true, f.register(s)
	}
	begin := make([]byte, min(size, backMost))
	n, err := file.ReadAt(begin, 0)
	if n == 0 {
		return false, f.cannotRead(s, err)
	}
	begin = begin[:n]
	quiet := s.quiet(now, f.o.Quiet) || s.final
	if compression(begin) != "" {
		if !quiet {
			return false, f.waitQuiet(s, "it is compressed, and may still be written to", now)
		}
		return f.decidePacked(s, entry{name: s.at, path: s.path, info: info, id: s.id, fam: familyOf(s.path)})
	}
	if !quiet && len(begin) < 4096 && !bytes.Contains(begin, newline) {
		s.atEnd = true
		return false, f.waitQuiet(s, "its first line is not whole yet", now)
	}
	if !s.there && s.offset == 0 {
		if stop, err := f.copied(s, begin, size, now); stop || err != nil {
			return !stop, err
		}
	}
	if !f.followable(s.name, begin) {
		s.kind = whole
		f.shut(s)
		return true, nil
	}
	s.kind, s.sent = lines, false
	if !s.known {
		return true, f.register(s)
	}
	return true, nil
}

// followable says whether what begins so can be given as lines.
func (f *follower) followable(name string, begin []byte) bool {
	return compression(begin) == "" && (f.o.Followable == nil || f.o.Followable(name, begin))
}

// waitQuiet has s looked at again when it may have been quiet for Quiet.
func (f *follower) waitQuiet(s *stream, why string, now time.Time) error {
	s.wait = why
	f.remind(s, now.Add(max(f.o.Quiet/4, 10*time.Millisecond)))
	return nil
}

// decidePacked tells whether a compressed file is one that is known.
func (f *follower) decidePacked(s *stream, e entry) (more bool, err error) {
	if s.offset == 0 && !s.final {
		for _, o := range f.streams {
			if o == s || o.dropped || o.kind == whole || o.reject[s.id] || !f.compressedOf(o, e) || !f.isLines(o, e) {
				continue
			}
			switch {
			case o.gone.IsZero():
				s.atEnd = true
				s.wait = fmt.Sprintf("it is %s, compressed", o.path)
				return false, nil
			case o.f == nil || o.atEnd:
				return false, f.adopt(o, e, packed)
			}
			return false, f.waitQuiet(s, fmt.Sprintf("it is %s, compressed, and what is left of that is read first", o.path), time.Now())
		}
	}
	s.kind = whole
	f.shut(s)
	return true, nil
}

// copied tells whether what appeared as s may be a copy of a file that is followed, made before that is truncated. While
// it may be, stop is true.
func (f *follower) copied(s *stream, begin []byte, size int64, now time.Time) (stop bool, err error) {
	fam := familyOf(s.path)
	s.looks++ // so that a process that was stopped for a while looks again
	settled := s.final || s.looks > 3 && now.Sub(later(s.since, s.changed)) >= f.o.Quiet
	for _, o := range f.streams {
		if o == s || o.dropped || o.kind != lines && o.kind != packed || o.offset == 0 || o.head.n == 0 || o.fam != fam || o.name == s.name && s.at == s.name {
			continue // the last: it took the name of o, and is no copy
		}
		if o.gone.IsZero() && o.kind == lines {
			file := f.open(o)
			if file == nil {
				continue
			}
			info, err := file.Stat()
			if err != nil {
				continue
			}
			if ok, err := o.fits(file); err != nil && !settled {
				return true, f.waitQuiet(s, fmt.Sprintf("it may be a copy of %s, which cannot be read now", o.path), now)
			} else if ok {
				if !settled && sameUpTo(file, s.f, min(size, info.Size())) {
					return true, f.waitQuiet(s, fmt.Sprintf("it may be a copy of %s, which may be truncated", o.path), now)
				}
				// It may have been truncated while they were compared.
				if ok, err = o.fits(file); err != nil && !settled {
					return true, f.waitQuiet(s, fmt.Sprintf("it may be a copy of %s, which cannot be read now", o.path), now)
				} else if ok || err != nil {
					continue
				}
			}
			if err := f.truncated(o, info); err != nil {
				return true, err
			}
		}
		if o.f != nil && !o.atEnd {
			if o.next == s {
				continue
			}
			return true, f.waitQuiet(s, fmt.Sprintf("it may be a copy of %s, and what is left of that is read first", o.path), now)
		}
		if size >= o.offset {
			ok, _ := o.fits(s.f)
			switch {
			case !ok:
				continue
			case o.kind == packed: // a copy was compressed, and found already
				return true, f.mute(s, o, size)
			case s.gone.IsZero():
				info := statOf(s.f)
				if info == nil {
					continue
				}
				return true, f.adopt(o, entry{name: s.at, path: s.path, info: info, id: s.id}, lines)
			}
			// It is gone already, but open, as what o had may still be.
			f.shut(o)
			o.f, s.f = s.f, nil
			o.cut, o.atEnd, o.checked = false, false, false
			f.ready(o)
			return true, f.end(s, &feed.Batch{})
		}
		// A copy lacks what was written between copying and truncating.
		if (o.cut || o.kind == packed) && (o.head.n == headMost && o.head.begins(begin) || len(begin) <= len(o.first) && bytes.Equal(begin, o.first[:len(begin)])) {
			return true, f.mute(s, o, size)
		}
	}
	return false, nil
}

// mute has s begin at its end, since it is a copy of what was read of o.
func (f *follower) mute(s, o *stream, size int64) error {
	f.o.Log.Debug("a file is a copy of what was read", "path", s.path, "of", o.origin.Path)
	s.kind = lines
	s.line, s.offset, s.scanned, s.resume = 0, size, size, true
	f.prints(s, s.f)
	f.ready(s)
	return f.register(s)
}

func statOf(file *os.File) os.FileInfo {
	if file == nil {
		return nil
	}
	info, err := file.Stat()
	if err != nil {
		return nil
	}
	return info
}

// sameUpTo says whether two files have the same first n bytes, as far as their first and last few tell.
func sameUpTo(a, b *os.File, n int64) bool {
	if n <= 0 || a == nil || b == nil {
		return false
	}
	for _, at := range []int64{0, max(0, n-4096)} {
		x, y := make([]byte, min(n, 4096)), make([]byte, min(n, 4096))
		if readFull(a, x, at) != nil || readFull(b, y, at) != nil || !bytes.Equal(x, y) {
			return false
		}
	}
	return true
}

// whole gives a file that is not lines, once it is quiet, and again when it changed.
func (f *follower) whole(s *stream) error {
	if s.final {
		return f.end(s, &feed.Batch{})
	}
	if !s.gone.IsZero() {
		s.atEnd = true
		return nil
	}
	now := time.Now()
	info, err := os.Stat(s.path)
	if err != nil || identify(s.path, info) != s.id {
		f.rescan = true
		return nil
	}
	s.note(info, now)
	s.wait = ""
	if s.behindWhole() == 0 {
		s.atEnd = true
		return nil
	}
	if !s.quiet(now, f.o.Quiet) {
		return f.waitQuiet(s, "it is read as a whole when it is no longer written to", now)
	}
	if f.open(s) == nil {
		return nil
	}
	f.shut(s)
	at := info.ModTime()
	if at.After(now) {
		at = now
	}
	past := s.there && !s.sent && s.past == info.Size()
	s.sent, s.sentSize, s.sentMod = true, info.Size(), info.ModTime().UnixNano()
	s.atEnd = true
	return f.put(s, &feed.Batch{File: s.path, Line: 1, At: at, Past: past})
}
