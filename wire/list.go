package wire

import "encoding/binary"

// A Lister is a Writer that writes texts by their numbers, as it meets them. The zero one is ready for use.
type Lister struct {
	Writer
	texts []string
	of    map[string]uint64
}

// Ref writes the number of a text.
func (w *Lister) Ref(s string) {
	n, ok := w.of[s]
	if !ok {
		if w.of == nil {
			w.of = map[string]uint64{}
		}
		n = uint64(len(w.texts))
		w.texts = append(w.texts, s)
		w.of[s] = n
	}
	w.Uint(n)
}

// Refs writes the numbers of texts, after how many there are.
func (w *Lister) Refs(all []string) {
	w.Uint(uint64(len(all)))
	for _, s := range all {
		w.Ref(s)
	}
}

// All is what was written, after the version and the texts.
func (w *Lister) All(version byte) []byte {
	b := Writer{binary.AppendUvarint([]byte{version}, uint64(len(w.texts)))}
	for _, s := range w.texts {
		b.Text(s)
	}
	return append(b.B, w.B...)
}

// A Listed is a Reader of what a Lister wrote.
type Listed struct {
	Reader
	texts []string
}

// List reads the version and the texts.
func List(b []byte, version byte) Listed {
	r := Listed{Reader: Reader{B: b}}
	r.Bad = r.Byte() != version
	for n := r.Uint(); n > 0 && !r.Bad; n-- {
		r.texts = append(r.texts, r.Text())
	}
	return r
}

// Ref is a text by its number.
func (r *Listed) Ref() string {
	n := r.Uint()
	if r.Bad = r.Bad || n >= uint64(len(r.texts)); r.Bad {
		return ""
	}
	return r.texts[n]
}

func (r *Listed) Refs() (all []string) {
	for n := r.Count(1); n > 0 && !r.Bad; n-- {
		all = append(all, r.Ref())
	}
	return all
}
