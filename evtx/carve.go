package evtx

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// An extent is where a record stands in the chunk.
type extent struct{ from, to int }

// A Place says where a record was found.
type Place uint8

// The places of a record.
const (
	InLog    Place = iota // where the chunk's header says that records are
	InSlack               // in space that no record takes: behind the last one, between two, or in a chunk that was emptied
	InRecord              // within the bytes of another, which was made longer to hide it
)

// Carve gives emit the remains of deleted records in the chunk that Chunk was given last, in their order in the chunk:
// whole ones whose two sizes agree, and those that a record before them was made to swallow. Copies of records that the
// chunk still has are left out; those of other chunks are not known here. What the records were written with, their
// templates and names, may have been overwritten since. Another template of the chunk with the same id serves as well;
// without one the record has an Err, and its values are fields named Data. Anybody who can write events can write one that
// looks as if it had a deleted one in it, so that carved records are leads and no proof.
//
// It is bounded as Chunk is, and does nothing before Chunk was called.
func (r *Reader) Carve(emit func(*Record)) {
	if r.known == nil || len(r.chunk) < chunkHeaderSize {
		return
	}
	r.carving, r.same = true, make(map[uint32]uint32, len(r.known))
	defer func() { r.carving = false }()
	for off, t := range r.known {
		if t == nil {
			continue
		}
		id := binary.LittleEndian.Uint32(r.chunk[off+4:])
		if first, ok := r.same[id]; !ok || off < first {
			r.same[id] = off
		}
	}
	r.steps, r.bytes = chunkSteps, chunkArena
	type stamp struct{ id, written uint64 }
	at := func(pos int) stamp {
		return stamp{binary.LittleEndian.Uint64(r.chunk[pos+8:]), binary.LittleEndian.Uint64(r.chunk[pos+16:])}
	}
	there := make(map[stamp]bool, len(r.live))
	for _, l := range r.live {
		there[at(l.from)] = true
	}
	found := func(pos, size int, where Place) {
		if there[at(pos)] {
			return
		}
		r.record(pos, size)
		r.rec.Place = where
		emit(&r.rec)
	}
	from := chunkHeaderSize
	for _, l := range r.live {
		r.remains(from, l.from, false, func(pos, size int) { found(pos, size, InSlack) })
		r.remains(l.from+recordHeaderSize, l.to, true, func(pos, size int) { found(pos, size, InRecord) })
		from = l.to
	}
	r.remains(from, len(r.chunk), false, func(pos, size int) { found(pos, size, InSlack) })
}

// remains finds records that stand wholly from one place to another, which do not overlap. Of those that a record
// swallowed the last ends where that one does and has its size, not its own, behind it.
func (r *Reader) remains(from, to int, swallowed bool, found func(pos, size int)) {
	const align = 8 // of all records
	for pos := from; pos < to; {
		i := bytes.Index(r.chunk[pos:to], recordMagic)
		if i < 0 {
			return
		}
		pos += i
		size, ok := r.recordAt(pos, to)
		if !ok || pos%align != 0 || !r.ends(pos, size) && !(swallowed && pos+size == to) {
			pos++
			continue
		}
		found(pos, size)
		pos += size
	}
}

// carved returns the template of an instance with an id, which was defined at an offset of the chunk.
func (r *Reader) carved(id, off uint32) (*template, error) {
	if int64(off)+24 > int64(len(r.chunk)) || binary.LittleEndian.Uint32(r.chunk[off+4:]) != id {
		if same, ok := r.same[id]; ok {
			return r.known[same], nil
		}
		return nil, overwritten("template", off)
	}
	t, err := r.lookup(off)
	if err == nil {
		return t, nil
	}
	if same, ok := r.same[id]; ok {
		return r.known[same], nil
	}
	return nil, err
}

// unnamed are the steps that yield n values without their names.
func unnamed(n int) []step {
	steps := make([]step, n)
	for i := range steps {
		steps[i] = step{name: "Data", piece: piece{sub: i}}
	}
	return steps
}

// nameHash is what a name is stored with: 65599 times the hash so far plus the next UTF-16 unit, cut to 16 bits.
func nameHash(utf16 []byte) uint16 {
	var h uint32
	for i := 0; i+1 < len(utf16); i += 2 {
		h = h*65599 + uint32(binary.LittleEndian.Uint16(utf16[i:]))
	}
	return uint16(h)
}

// overwritten is the error of a carved record that refers to what is not there any more.
func overwritten(what string, at uint32) error {
	return fmt.Errorf("%w: the %s at byte %d has been overwritten", ErrRecord, what, at)
}
