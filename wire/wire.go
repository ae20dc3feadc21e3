// Package wire is how what is known is written in pieces: numbers as varints, texts after their lengths or by their place in a
// list, and how far a store has each piece.
package wire

import "encoding/binary"

// A Writer appends to B.
type Writer struct{ B []byte }

func (w *Writer) Int(n int64)      { w.B = binary.AppendVarint(w.B, n) }
func (w *Writer) Uint(n uint64)    { w.B = binary.AppendUvarint(w.B, n) }
func (w *Writer) Fixed(n uint64)   { w.B = binary.LittleEndian.AppendUint64(w.B, n) }
func (w *Writer) Byte(all ...byte) { w.B = append(w.B, all...) }
func (w *Writer) Text(s string)    { w.Uint(uint64(len(s))); w.B = append(w.B, s...) }

// Flags writes at most eight in a byte.
func (w *Writer) Flags(all ...bool) {
	f := byte(0)
	for i, on := range all {
		if on {
			f |= 1 << i
		}
	}
	w.B = append(w.B, f)
}

// A Reader reads what a Writer wrote. Whatever does not fit makes it bad; then it gives zeros.
type Reader struct {
	B   []byte
	Bad bool
}

func (r *Reader) Int() int64 {
	v, n := binary.Varint(r.B)
	if r.Bad = r.Bad || n <= 0; r.Bad {
		return 0
	}
	r.B = r.B[n:]
	return v
}

func (r *Reader) Uint() uint64 {
	v, n := binary.Uvarint(r.B)
	if r.Bad = r.Bad || n <= 0; r.Bad {
		return 0
	}
	r.B = r.B[n:]
	return v
}

func (r *Reader) Byte() byte {
	if r.Bad = r.Bad || len(r.B) == 0; r.Bad {
		return 0
	}
	v := r.B[0]
	r.B = r.B[1:]
	return v
}

func (r *Reader) Fixed() uint64 {
	if b := r.Take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// Take is the next n bytes, in the memory that is read.
func (r *Reader) Take(n uint64) []byte {
	if r.Bad = r.Bad || n > uint64(len(r.B)); r.Bad {
		return nil
	}
	v := r.B[:n]
	r.B = r.B[n:]
	return v
}

func (r *Reader) Text() string { return string(r.Take(r.Uint())) }

// Count is how many of something follow, each of which takes so many bytes at least.
func (r *Reader) Count(bytes int) int {
	n := r.Uint()
	if r.Bad = r.Bad || n > uint64(len(r.B)/bytes); r.Bad {
		return 0
	}
	return int(n)
}

// Whole says that all was read, and fits.
func (r *Reader) Whole() bool { return !r.Bad && len(r.B) == 0 }
