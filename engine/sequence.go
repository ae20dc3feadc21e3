package engine

import (
	"container/heap"
	"encoding/binary"
	"iter"
	"slices"
)

// findsBound is how many finds of a hunt, those of all workers together, are in memory, and how many hits its correlations
// are first given: ten megabytes and some sixty. More are sorted and put away by that many.
const findsBound = 1 << 18

// A sequence is finds in order, in memory or put away.
type sequence struct {
	finds  []find
	pieces []piece
}

// A piece of a sequence lies in the spool.
type piece struct {
	at int64
	n  int
}

// pieceSize is about how long a piece is.
const pieceSize = 32 << 10

// A sequencer makes a sequence of finds that come in order. Where there are more than bound it puts them away.
type sequencer struct {
	sequence
	spool *spool
	bound int
	buf   []byte
	last  find
}

func (w *sequencer) add(x *find) {
	if len(w.pieces) == 0 && len(w.buf) == 0 {
		if len(w.finds) < w.bound {
			w.finds = append(w.finds, *x)
			return
		}
		for i := range w.finds {
			w.write(&w.finds[i])
		}
		w.finds = nil
	}
	w.write(x)
}

// write appends a find, as differences to the one before it in its piece.
func (w *sequencer) write(x *find) {
	b := binary.AppendVarint(w.buf, x.at-w.last.at)
	b = binary.AppendVarint(b, int64(x.record-w.last.record))
	b = binary.AppendVarint(b, int64(x.slot.Number()-w.last.slot.Number()))
	b = binary.AppendUvarint(b, uint64(x.rule))
	b = binary.AppendVarint(b, int64(x.desk))
	w.buf = binary.AppendUvarint(b, uint64(x.source))
	if w.last = *x; len(w.buf) >= pieceSize {
		w.flush()
	}
}

// flush puts the piece away. Where it cannot, the spool remembers why.
func (w *sequencer) flush() {
	if len(w.buf) == 0 {
		return
	}
	at, _ := w.spool.put(w.buf)
	w.pieces = append(w.pieces, piece{at, len(w.buf)})
	w.buf, w.last = w.buf[:0], find{}
}

// all goes through a sequence; what it yields is valid until the next. It ends early where the spool fails.
func (q *sequence) all(s *spool) iter.Seq[*find] {
	return func(yield func(*find) bool) {
		for i := range q.finds {
			if !yield(&q.finds[i]) {
				return
			}
		}
		for _, p := range q.pieces {
			var x find
			for b := s.get(p.at, p.n); len(b) > 0; {
				signed := func() int64 {
					v, n := binary.Varint(b)
					b = b[n:]
					return v
				}
				unsigned := func() int32 {
					v, n := binary.Uvarint(b)
					b = b[n:]
					return int32(v)
				}
				x.at += signed()
				x.record += uint64(signed())
				x.slot.SetNumber(x.slot.Number() + uint64(signed()))
				x.rule, x.desk, x.source = unsigned(), int32(signed()), unsigned()
				if !yield(&x) {
					return
				}
			}
		}
	}
}

// A pile is finds that come in any order: what is more than bound is sorted and put away.
type pile struct {
	finds   []find
	bound   int
	spilt   []sequence // in the order they came
	spool   *spool
	compare func(a, b *find) int
}

func (p *pile) add(x find) {
	if p.finds = append(p.finds, x); len(p.finds) < p.bound {
		return
	}
	p.sort()
	w := sequencer{spool: p.spool}
	for i := range p.finds {
		w.add(&p.finds[i])
	}
	w.flush()
	p.spilt, p.finds = append(p.spilt, w.sequence), p.finds[:0]
}

func (p *pile) sort() {
	slices.SortStableFunc(p.finds, func(a, b find) int { return p.compare(&a, &b) })
}

// sequences are all the finds, and the pile is empty.
func (p *pile) sequences() []sequence {
	p.sort()
	all := append(p.spilt, sequence{finds: p.finds})
	p.spilt, p.finds = nil, nil
	return all
}

// merged goes through the finds of several sequences in order; of equal ones those of earlier sequences come first.
func merged(list []sequence, s *spool, compare func(a, b *find) int) iter.Seq[*find] {
	return func(yield func(*find) bool) {
		h := heads{compare: compare}
		for i := range list {
			next, stop := iter.Pull(list[i].all(s))
			defer stop()
			if x, ok := next(); ok {
				h.list = append(h.list, head{x, i, next})
			}
		}
		heap.Init(&h)
		for len(h.list) > 0 {
			first := &h.list[0]
			if !yield(first.find) {
				return
			}
			var ok bool
			if first.find, ok = first.next(); ok {
				heap.Fix(&h, 0)
			} else {
				heap.Pop(&h)
			}
		}
	}
}

// A head is the next find of a sequence.
type head struct {
	find *find
	from int // which sequence
	next func() (*find, bool)
}

// heads is a heap.
type heads struct {
	list    []head
	compare func(a, b *find) int
}

func (h *heads) Len() int { return len(h.list) }
func (h *heads) Less(i, j int) bool {
	c := h.compare(h.list[i].find, h.list[j].find)
	return c < 0 || c == 0 && h.list[i].from < h.list[j].from
}
func (h *heads) Swap(i, j int) { h.list[i], h.list[j] = h.list[j], h.list[i] }
func (h *heads) Push(x any)    { h.list = append(h.list, x.(head)) }
func (h *heads) Pop() any {
	last := h.list[len(h.list)-1]
	h.list = slices.Delete(h.list, len(h.list)-1, len(h.list))
	return last
}
