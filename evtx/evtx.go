// Package evtx reads Windows event log files (EVTX, Windows Vista and later): the 4,096-byte file header, the 65,536-byte
// chunks and the binary XML of their records.
//
// A record's XML is stored as a template and an array of values. A template is compiled once into a short program that
// yields flat fields straight from the values; no XML and no tree is built. Fields are named as Sigma and its users
// name them: System elements and attributes joined with an underscore (EventID, Provider_Name, Execution_ProcessID),
// EventData by its Data's Name, UserData by the leaf's element name, unnamed Data as "Data", once for each string.
//
// It promises never to panic, to bound the memory and time that a chunk can take, and to read whatever can be read: a
// wrong checksum or a dirty flag is no reason to drop a record that parses. What lies behind a chunk's last record are
// remains of deleted ones, which are not records any more: only Carve gives them.
//
// The format is described in [MS-EVEN6] section 3.1.4.7 and in the libevtx documentation,
// https://github.com/libyal/libevtx/blob/main/documentation/Windows%20XML%20Event%20Log%20(EVTX).asciidoc
package evtx

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// Sizes of the parts of a file, in bytes.
const (
	HeaderSize = 4096  // the file header with its padding
	ChunkSize  = 65536 // every chunk, the last may be cut off

	chunkHeaderSize  = 512
	recordHeaderSize = 24 // magic, size, id, time; a copy of the size ends the record
)

var (
	fileMagic   = []byte("ElfFile\x00")
	chunkMagic  = []byte("ElfChnk\x00")
	recordMagic = []byte("**\x00\x00")
)

// Errors that callers may test for.
var (
	ErrHeader    = errors.New("not the header of an EVTX file")
	ErrChunk     = errors.New("not an EVTX chunk")
	ErrTruncated = errors.New("cut off")
	ErrRecord    = errors.New("damaged record")
	ErrXML       = errors.New("damaged binary XML")
	ErrSize      = errors.New("expands beyond bounds")
)

// A Header is what a file says of itself. None of it is needed to read the chunks, and a file that was copied from a
// running system says less than is there.
type Header struct {
	FirstChunk, LastChunk uint64
	NextRecord            uint64 // id that the next record would get
	Minor, Major          uint16
	Chunks                uint16
	Dirty, Full           bool
}

// ParseHeader reads the header at the start of a file. It needs the first 128 bytes.
func ParseHeader(b []byte) (Header, error) {
	if len(b) < 128 || !bytes.HasPrefix(b, fileMagic) {
		return Header{}, ErrHeader
	}
	le := binary.LittleEndian
	flags := le.Uint32(b[120:])
	return Header{
		FirstChunk: le.Uint64(b[8:]), LastChunk: le.Uint64(b[16:]), NextRecord: le.Uint64(b[24:]),
		Minor: le.Uint16(b[36:]), Major: le.Uint16(b[38:]), Chunks: le.Uint16(b[42:]),
		Dirty: flags&1 != 0, Full: flags&2 != 0,
	}, nil
}

// A Field is one named value of a record.
type Field struct {
	Name  string
	Plain string // Name without its spaces where it has any, else empty
	Value string
}

// A Record is one event. It and its strings are valid until the function that was given it returns.
type Record struct {
	ID       uint64    // EventRecordID
	Serial   uint64    // the record's number in its file; another than ID in files that were exported
	Time     time.Time // TimeCreated, else the time at which the record was written; UTC
	Written  time.Time // when the record was written to this file, UTC
	EventID  uint32
	Provider string
	Channel  string
	Computer string
	Fields   []Field // all of the above too, in the order of the XML
	Offset   int     // of the record in its chunk, in bytes
	Place    Place   // where in it: InLog but for what Carve gives
	Err      error   // not nil: the record is damaged; the rest is what could be read of it
}

// A Reader reads chunks, of one file or of many. The templates it has met make it faster; its zero value is ready for
// use. It must not be used by two goroutines at a time.
type Reader struct {
	intern    map[string]string    // names and literal text of templates
	templates map[string]*template // by what they do, across chunks and files
	known     map[uint32]*template // by offset in the current chunk
	c         compiler
	chunk     []byte
	rec       Record
	arena     []byte // values of the current record
	subs      []value
	budget    int // steps that the current record may still take …
	room      int // … and bytes that its values may come to
	steps     int // what is left of both for the chunk
	bytes     int
	days      dayCache
	live      []extent          // the records of the chunk
	carving   bool              // what the record at hand refers to may have been overwritten
	same      map[uint32]uint32 // of carving: where a template with an id was defined
}

// Bounds on what a reader keeps, and on what a record and a chunk may expand to. A real chunk has some 30,000 fields
// and no more than twice its size of values, which is what binary ones come to as text.
const (
	maxTemplates = 4096
	maxInterned  = 65536
	maxInternLen = 128
	maxSteps     = 1 << 16 // fields of a record, about
	maxArena     = 1 << 20 // bytes of its values
	chunkSteps   = 1 << 18
	chunkArena   = 8 << 20
	maxNesting   = 8 // binary XML within values of binary XML
	maxDepth     = 64
)

// Chunk reads the records of one chunk and gives each to emit, in their order in the chunk, damaged ones with their
// Err. A chunk of zeros, which was never used, is no error. The error says what was wrong with the chunk itself; the
// records that could be read have been emitted all the same.
func (r *Reader) Chunk(data []byte, emit func(*Record)) error {
	if len(data) > ChunkSize {
		data = data[:ChunkSize]
	}
	if r.known == nil {
		r.intern = make(map[string]string)
		r.templates = make(map[string]*template)
		r.known = make(map[uint32]*template)
	}
	clear(r.known)
	r.chunk, r.live = data, r.live[:0]
	r.steps, r.bytes = chunkSteps, chunkArena
	if len(data) < chunkHeaderSize {
		if empty(data) {
			return nil
		}
		return fmt.Errorf("%w after %d bytes of a chunk", ErrTruncated, len(data))
	}
	var fault error
	end, sure := ChunkSize, true
	if bytes.HasPrefix(data, chunkMagic) {
		end = int(binary.LittleEndian.Uint32(data[48:])) // where free space begins
		if end < chunkHeaderSize || end > ChunkSize {
			end, sure = ChunkSize, false
			fault = fmt.Errorf("%w: the header's offset of free space is out of range", ErrChunk)
		}
	} else {
		if empty(data) {
			return nil
		}
		end, sure = ChunkSize, false
		fault = ErrChunk
	}
	if len(data) < end && sure {
		fault = fmt.Errorf("%w after %d of %d bytes of a chunk", ErrTruncated, len(data), end)
	}
	if err := r.walk(min(end, len(data)), sure, emit); fault == nil {
		fault = err
	}
	return fault
}

func empty(b []byte) bool {
	for ; len(b) >= 8; b = b[8:] {
		if binary.LittleEndian.Uint64(b) != 0 {
			return false
		}
	}
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// walk reads the records up to end. If the header does not vouch for end, a record whose id does not follow the one
// before is taken for what it most likely is: a remain of an earlier use of the chunk.
func (r *Reader) walk(end int, sure bool, emit func(*Record)) error {
	var fault error
	var last uint64
	for pos := chunkHeaderSize; pos < end; {
		size, ok := r.recordAt(pos, end)
		if !ok {
			if !sure {
				return fault
			}
			if fault == nil {
				if len(r.chunk)-pos < recordHeaderSize || bytes.HasPrefix(r.chunk[pos:], recordMagic) {
					fault = fmt.Errorf("%w: a record at byte %d of the chunk is incomplete", ErrTruncated, pos)
				} else {
					fault = fmt.Errorf("%w at byte %d of the chunk", ErrRecord, pos)
				}
			}
			if pos = r.nextRecord(pos+1, end, last); pos < 0 {
				return fault
			}
			continue
		}
		id := binary.LittleEndian.Uint64(r.chunk[pos+8:])
		if !sure && last != 0 && id != last+1 {
			return fault
		}
		last = id
		r.live = append(r.live, extent{pos, pos + size})
		r.record(pos, size)
		emit(&r.rec)
		pos += size
	}
	return fault
}

// recordAt says whether a whole record begins at pos, and its size.
func (r *Reader) recordAt(pos, end int) (int, bool) {
	if end-pos < recordHeaderSize+4 || !bytes.HasPrefix(r.chunk[pos:], recordMagic) {
		return 0, false
	}
	size := binary.LittleEndian.Uint32(r.chunk[pos+4:])
	if size < recordHeaderSize+4 || size > uint32(end-pos) {
		return 0, false
	}
	return int(size), true
}

// ends says that the record at pos is whole: its end repeats its size.
func (r *Reader) ends(pos, size int) bool {
	return binary.LittleEndian.Uint32(r.chunk[pos+size-4:]) == uint32(size)
}

// nextRecord finds a record behind a damaged place: one whose two sizes agree and that comes after the last.
func (r *Reader) nextRecord(pos, end int, last uint64) int {
	for pos < end {
		i := bytes.Index(r.chunk[pos:end], recordMagic)
		if i < 0 {
			return -1
		}
		pos += i
		if size, ok := r.recordAt(pos, end); ok && r.ends(pos, size) && binary.LittleEndian.Uint64(r.chunk[pos+8:]) > last {
			return pos
		}
		pos++
	}
	return -1
}

// record decodes the record at pos into r.rec.
func (r *Reader) record(pos, size int) {
	le := binary.LittleEndian
	written := fileTime(le.Uint64(r.chunk[pos+16:]))
	id := le.Uint64(r.chunk[pos+8:])
	r.rec = Record{ID: id, Serial: id, Time: written, Written: written, Offset: pos, Fields: r.rec.Fields[:0]}
	r.arena, r.subs = r.arena[:0], r.subs[:0]
	budget := min(r.steps, maxSteps)
	r.budget, r.room = budget, min(r.bytes, maxArena)
	if err := r.fragment(pos+recordHeaderSize, pos+size-4, true, 0); err != nil {
		r.rec.Err = err
	} else if !r.carving && !r.ends(pos, size) {
		r.rec.Err = fmt.Errorf("%w: its end is missing", ErrRecord)
	}
	r.steps -= budget - max(r.budget, 0)
	r.bytes -= len(r.arena)
}
