package wal

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin/feed"
)

// A segment begins with 16 bytes, "tocsinW1" and the log's id, that nothing depends on: the id is in its name as well. Then
// come records:
//
//	 0  8  the log's id: a random number that whoever sends data cannot know, by which a record is found after damage
//	 8  4  CRC32C of the id and of all that follows
//	12  4  bytes of data
//	16  4  kind
//	20  4  number of the origin
//	24  8  number of the first line; of an origin, of the line that comes next
//	32  8  byte of the origin at which the data begins
//	40  8  when it was received, Unix nanoseconds
//	48     data: whole lines; of an origin, its fields as JSON
//
// All numbers have their lowest byte first.
const (
	headerSize = 16
	recordHead = 48
	magic      = "tocsinW1"

	kindOrigin = 1
	kindData   = 2
	kindEnd    = 3
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// A record is one entry of a segment.
type record struct {
	kind, number uint32
	line, off    int64
	at           time.Time
	data         []byte
}

func segmentName(seq, id uint64) string { return fmt.Sprintf("%012d-%016x.wal", seq, id) }

func segmentOf(name string) (seq, id uint64, ok bool) {
	name, ok = strings.CutSuffix(name, ".wal")
	a, b, found := strings.Cut(name, "-")
	if !ok || !found || len(a) != 12 || len(b) != 16 {
		return 0, 0, false
	}
	seq, err := strconv.ParseUint(a, 10, 64)
	id, err2 := strconv.ParseUint(b, 16, 64)
	return seq, id, err == nil && err2 == nil && seq > 0 && id > 0
}

func header(id uint64) []byte { return binary.LittleEndian.AppendUint64([]byte(magic), id) }

// appendRecord writes a record behind b.
func appendRecord(b []byte, id uint64, r *record) []byte {
	le := binary.LittleEndian
	start := len(b)
	b = le.AppendUint64(b, id)
	b = le.AppendUint32(b, 0)
	b = le.AppendUint32(b, uint32(len(r.data)))
	b = le.AppendUint32(b, r.kind)
	b = le.AppendUint32(b, r.number)
	b = le.AppendUint64(b, uint64(r.line))
	b = le.AppendUint64(b, uint64(r.off))
	b = le.AppendUint64(b, uint64(r.at.UnixNano()))
	b = append(b, r.data...)
	le.PutUint32(b[start+8:], checksum(id, b[start+12:]))
	return b
}

func checksum(id uint64, rest []byte) uint32 {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], id)
	return crc32.Update(crc32.Update(0, castagnoli, b[:]), castagnoli, rest)
}

// appendOrigin declares an origin, twice: damage to one of them does not make what is its nobody's.
func appendOrigin(b []byte, id uint64, o *feed.Origin, number uint32, line, off int64, at time.Time) []byte {
	text, _ := json.Marshal(o) // strings
	r := &record{kind: kindOrigin, number: number, line: line, off: off, at: at, data: text}
	return appendRecord(appendRecord(b, id, r), id, r)
}

func parseOrigin(b []byte) (feed.Origin, bool) {
	var o feed.Origin
	err := json.Unmarshal(b, &o)
	return o, err == nil && o.ID != ""
}

// lines counts the lines that data has.
func lines(b []byte) int64 { return int64(bytes.Count(b, []byte{'\n'})) }

var errEnd = errors.New("no more records")

// A scanner reads the records of a segment from off up to end.
type scanner struct {
	from io.ReaderAt
	id   uint64
	off  int64 // of the next record
	end  int64
	keep bool // what is given out belongs to the caller

	window []byte // bytes of the segment that were read ahead
	start  int64  // where they begin
	buf    []byte
}

const readAhead = 256 << 10

// next returns the next record, errEnd, or a *Damage that was passed over. A record is valid until the next call, unless
// keep is set.
func (s *scanner) next() (*record, error) {
	if s.off >= s.end {
		return nil, errEnd
	}
	r, why := s.read()
	if why == "" {
		return r, nil
	}
	at := s.off
	s.off = s.seek(at + 1)
	return nil, &Damage{Offset: at, Size: s.off - at, Why: why}
}

// read reads the record at off, or says why there is none.
func (s *scanner) read() (*record, string) {
	if s.end-s.off < recordHead {
		return nil, "it is cut off"
	}
	h, err := s.bytes(s.off, recordHead)
	if err != nil {
		return nil, err.Error()
	}
	le := binary.LittleEndian
	sum, size := le.Uint32(h[8:]), int64(le.Uint32(h[12:]))
	if size > s.end-s.off-recordHead {
		if le.Uint64(h) != s.id {
			return nil, "no record begins here"
		}
		return nil, "it is cut off, or its length is wrong"
	}
	r := &record{kind: le.Uint32(h[16:]), number: le.Uint32(h[20:]), line: int64(le.Uint64(h[24:])), off: int64(le.Uint64(h[32:])), at: time.Unix(0, int64(le.Uint64(h[40:]))).UTC()}
	all, err := s.bytes(s.off, recordHead+int(size))
	if err != nil {
		return nil, err.Error()
	}
	// Where the sum holds, damage to the mark alone does no harm.
	if checksum(s.id, all[12:]) != sum {
		return nil, "its checksum is wrong"
	}
	if r.kind < kindOrigin || r.kind > kindEnd || r.line < 1 || r.off < 0 {
		return nil, "a record of no known kind"
	}
	r.data = all[recordHead:]
	if s.keep {
		r.data = bytes.Clone(r.data)
	}
	s.off += recordHead + size
	return r, ""
}

// bytes returns n bytes of the segment, valid until the next call.
func (s *scanner) bytes(at int64, n int) ([]byte, error) {
	if i := at - s.start; i >= 0 && i+int64(n) <= int64(len(s.window)) {
		return s.window[i : i+int64(n)], nil
	}
	want := int(min(int64(max(n, readAhead)), s.end-at))
	if cap(s.buf) < want || cap(s.buf) > 4*readAhead && want <= readAhead {
		s.buf = make([]byte, want)
	}
	b := s.buf[:want]
	got, err := s.from.ReadAt(b, at)
	s.window, s.start = b[:got], at
	if got < n {
		if err == nil || err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return b[:n], nil
}

// seek returns where the next mark of a record is, from at on; where there is none, the end.
func (s *scanner) seek(at int64) int64 {
	var mark [8]byte
	binary.LittleEndian.PutUint64(mark[:], s.id)
	const block = 4096 // what a disk fails to read at a time
	step := readAhead
	for s.end-at >= recordHead {
		n := int(min(int64(step), s.end-at))
		b, err := s.bytes(at, n)
		if err != nil {
			if step == block {
				at += block - at%block
			}
			step = block
			continue
		}
		if i := bytes.Index(b, mark[:]); i >= 0 {
			if s.end-at-int64(i) < recordHead {
				break
			}
			return at + int64(i)
		}
		at += int64(n - len(mark) + 1)
	}
	return s.end
}
