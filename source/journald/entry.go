package journald

import (
	"bytes"
	"encoding/binary"
	"strconv"
)

// maxEntry bounds an entry, as decode does; systemd allows values of 768 MiB.
const maxEntry = 16 << 20

// maxValue is more than systemd stores: a larger size is none.
const maxValue = 1 << 30

var newline = []byte{'\n'}

// maxName is longer than any field's name, and than the lines that are looked into.
const maxName = 2048

// An entry is one exported entry with its empty line.
type entry struct {
	data   []byte // valid until the next write; nil where the entry was too long
	cursor string
	real   int64 // microseconds since 1970; 0 where it is not said
	lines  int64 // line ends in it, as bytes: those within binary values and sizes count
	size   int64
}

// A splitter cuts an export stream at whole entries. Its memory is bounded by max and what is written at once.
type splitter struct {
	max int

	buf  []byte
	from int   // buf[from:] is of the entry that is begun
	at   int   // buf[from:at] was looked at
	scan int   // buf[at:scan] holds no line end
	need int64 // bytes of a value that are to come
	tail bool  // at is within a line that is too long to be a name or to be kept
	over bool  // the entry is too long: what was looked at is dropped
	e    entry
	any  bool // it has a field
}

func (s *splitter) write(p []byte) {
	if s.from > 0 {
		n := copy(s.buf, s.buf[s.from:])
		s.buf = s.buf[:n]
		s.at, s.scan, s.from = s.at-s.from, s.scan-s.from, 0
		if cap(s.buf) > 1<<20 && n < 64<<10 {
			s.buf = append(make([]byte, 0, 128<<10), s.buf...)
		}
	}
	s.buf = append(s.buf, p...)
}

// next gives the next whole entry, if it is there.
func (s *splitter) next() (entry, bool) {
	for {
		if s.need > 0 {
			n := min(s.need, int64(len(s.buf)-s.at))
			s.pass(int(n))
			if s.need -= n; s.need > 0 {
				return entry{}, false
			}
		}
		i := bytes.IndexByte(s.buf[s.scan:], '\n')
		if i < 0 {
			s.scan = len(s.buf)
			if len(s.buf)-s.from > s.max {
				s.over = true
				s.pass(0)
			}
			if s.over && (s.tail || len(s.buf)-s.at > maxName) {
				s.tail, s.any = true, true
				s.pass(len(s.buf) - s.at)
			}
			return entry{}, false
		}
		i += s.scan - s.at
		line := s.buf[s.at : s.at+i]
		if s.tail { // its beginning is gone
			s.tail = false
			s.pass(i + 1)
			continue
		}
		if len(line) == 0 {
			s.pass(1)
			if s.any { // else it is no entry: the line goes with the next
				return s.end(), true
			}
			continue
		}
		s.any = true
		if s.field(line) || !named(line) {
			s.pass(i + 1)
			continue
		}
		if len(s.buf)-s.at < i+1+8 {
			s.scan = s.at + i
			return entry{}, false
		}
		size := binary.LittleEndian.Uint64(s.buf[s.at+i+1:])
		if size > maxValue { // damaged: decode says so, and the next empty line is where entries are found again
			s.pass(i + 1)
			continue
		}
		s.pass(i + 1 + 8)
		s.need = int64(size) + 1
	}
}

// pass goes on by n bytes, and lets them go where the entry is too long.
func (s *splitter) pass(n int) {
	s.at += n
	s.scan = max(s.scan, s.at)
	if s.at-s.from > s.max {
		s.over = true
	}
	if s.over {
		s.e.lines += int64(bytes.Count(s.buf[s.from:s.at], newline))
		s.e.size += int64(s.at - s.from)
		s.from = s.at
	}
}

// end ends the entry at s.at.
func (s *splitter) end() entry {
	e := s.e
	if !s.over {
		e.data = s.buf[s.from:s.at:s.at]
		e.lines, e.size = int64(bytes.Count(e.data, newline)), int64(len(e.data))
	}
	s.from, s.over, s.any, s.e = s.at, false, false, entry{}
	return e
}

// field takes what is needed of a line NAME=value, and says whether it is one.
func (s *splitter) field(line []byte) bool {
	name, value, ok := bytes.Cut(line, []byte{'='})
	if !ok {
		return false
	}
	switch string(name) {
	case "__CURSOR":
		if s.e.cursor == "" && len(value) <= 1024 {
			s.e.cursor = string(value)
		}
	case "__REALTIME_TIMESTAMP":
		if n, err := strconv.ParseInt(string(value), 10, 64); err == nil && s.e.real == 0 && n > 0 {
			s.e.real = n
		}
	}
	return true
}

// named says whether a line is the name of a sized value.
func named(line []byte) bool {
	if len(line) > maxName {
		return false
	}
	for _, c := range line {
		if c != '_' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}
