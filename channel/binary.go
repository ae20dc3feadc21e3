package channel

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/tocsin-ids/tocsin"
)

// written is the version of a Table's written form.
const written = 1

// ErrWritten is returned for bytes that are no table, or one of another version.
var ErrWritten = errors.New("this is no table of connections that can be read")

// AppendBinary appends the written form of a Table: equal tables have equal forms. The key is not in it.
func (t *Table) AppendBinary(b []byte) ([]byte, error) {
	t.trim()
	w := writer{b: append(b, written)}
	for _, n := range []uint64{uint64(t.level), uint64(t.noted), uint64(t.undated), uint64(t.old), uint64(t.answerBit)} {
		w.uint(n)
	}
	w.bool(t.answering)
	logs := slices.Sorted(slices.Values(t.logs))
	w.texts(logs)
	number := make([]uint64, len(t.logs))
	for i, name := range t.logs {
		at, _ := slices.BinarySearch(logs, name)
		number[i] = uint64(at)
	}
	w.uint(uint64(len(t.answers)))
	for _, h := range sortedKeys(t.answers) {
		w.fixed(h)
	}
	w.uint(uint64(len(t.sources)))
	for _, name := range sortedKeys(t.sources) {
		s := t.sources[name]
		w.text(name)
		w.bool(s.ours)
		w.bool(s.over)
		w.uint(uint64(len(s.pairs)))
		pairs := slices.SortedFunc(slices.Values(s.pairs), func(a, b *pair) int {
			return cmp.Or(cmp.Compare(a.to.kind, b.to.kind), cmp.Compare(a.to.name, b.to.name), cmp.Compare(a.to.port, b.to.port))
		})
		for _, p := range pairs {
			p.tidy(t)
			w.pair(t, p, number)
		}
	}
	return w.b, nil
}

func (w *writer) pair(t *Table, p *pair, number []uint64) {
	w.b = append(w.b, byte(p.to.kind), p.quantum)
	w.uint(uint64(p.to.port))
	w.text(p.to.name)
	w.bool(p.odd)
	l := t.lists[p.list]
	w.uint(uint64(len(l)))
	for _, s := range l {
		w.text(s.Product)
		w.text(s.Category)
		w.text(s.Service)
	}
	w.uint(uint64(p.n))
	w.uint(uint64(len(p.ports)))
	for _, port := range p.ports {
		w.uint(uint64(port))
	}
	x := p.all()
	w.uint(uint64(len(x.names)))
	for _, h := range x.names {
		w.fixed(h)
	}
	w.texts(x.few)
	w.texts(x.peers)
	w.texts(x.agents)
	w.uint(uint64(len(p.cells)))
	for _, c := range p.cells {
		for _, n := range []uint64{uint64(c.at), uint64(c.n), uint64(c.bad), uint64(c.open), uint64(c.long), c.sent, c.got, number[c.log], c.record} {
			w.uint(n)
		}
	}
}

// Read reads the written form of an owner's Table, which goes on as if it had never been written.
func Read(b []byte, key Key) (*Table, error) {
	r := &reader{b: b}
	if v := r.byte(); r.bad || v != written {
		return nil, fmt.Errorf("%w: version %d, want %d", ErrWritten, v, written)
	}
	t := New(key)
	t.level = int(min(r.uint(), 64))
	for _, n := range []*int64{&t.noted, &t.undated, &t.old} {
		*n = int64(min(r.uint(), math.MaxInt64))
	}
	t.answerBit = uint(min(r.uint(), 63))
	t.answering = r.bool()
	for _, name := range r.texts(math.MaxInt32) {
		t.logOf[name] = int32(len(t.logs))
		t.logs = append(t.logs, name)
	}
	for n := r.uint(); n > 0 && !r.bad; n-- {
		t.keepAnswer(r.fixed())
	}
	for n := r.uint(); n > 0 && !r.bad; n-- {
		name := r.text()
		if t.sources[name] != nil {
			r.bad = true
			break
		}
		s := &source{name: name, hash: t.hash(name), ours: r.bool(), over: r.bool()}
		t.sources[name] = s
		for n := r.uint(); n > 0 && !r.bad; n-- {
			r.pair(t, s)
		}
	}
	if r.bad || len(r.b) > 0 {
		return nil, fmt.Errorf("%w: it ends early, or holds what no table holds", ErrWritten)
	}
	t.trim()
	return t, nil
}

func (r *reader) pair(t *Table, s *source) {
	to := dest{kind: kind(r.byte())}
	quantum := r.byte()
	to.port = uint16(r.uint())
	to.name = r.text()
	if to.kind == nothing || to.kind > missing || quantum > 31 || t.pairs[link{s, to}] != nil {
		r.bad = true
		return
	}
	p := t.pair(s, to)
	p.quantum, p.odd = quantum, r.bool()
	var l []tocsin.LogSource
	for n := r.uint(); n > 0 && !r.bad; n-- {
		l = append(l, tocsin.LogSource{Product: r.text(), Category: r.text(), Service: r.text()})
	}
	if len(l) == 0 {
		r.bad = true
		return
	}
	p.list = t.list(l)
	p.n = int64(min(r.uint(), math.MaxInt64))
	for n := r.uint(); n > 0 && !r.bad; n-- {
		p.ports = least(p.ports, uint16(r.uint()), maxPorts)
	}
	var x texts
	for n := r.uint(); n > 0 && !r.bad; n-- {
		x.names = least(x.names, r.fixed(), maxNames)
	}
	x.few, x.peers, x.agents = r.texts(maxFew), r.texts(maxPeers), r.texts(maxFew)
	if len(x.names)+len(x.few)+len(x.peers)+len(x.agents) > 0 {
		p.texts = &x
	}
	for n := r.uint(); n > 0 && !r.bad; n-- {
		var c cell
		for _, x := range []*uint32{&c.at, &c.n, &c.bad, &c.open, &c.long} {
			v := r.uint()
			*x = uint32(v)
			r.bad = r.bad || v > math.MaxUint32
		}
		c.sent, c.got = r.uint(), r.uint()
		log := r.uint()
		if r.bad = r.bad || log >= uint64(len(t.logs)) || c.open > c.n; r.bad {
			return
		}
		c.log, c.record = int32(log), r.uint()
		p.cells = append(p.cells, c)
	}
	if (to.kind == missing || to.kind == asked) && len(x.few) == 0 || len(p.cells) == 0 {
		r.bad = true
		return
	}
	p.tidy(t)
	s.units += p.units()
	t.units += p.units()
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K {
	all := make([]K, 0, len(m))
	for k := range m {
		all = append(all, k)
	}
	slices.Sort(all)
	return all
}

type writer struct{ b []byte }

func (w *writer) uint(n uint64)  { w.b = binary.AppendUvarint(w.b, n) }
func (w *writer) fixed(n uint64) { w.b = binary.LittleEndian.AppendUint64(w.b, n) }
func (w *writer) text(s string)  { w.uint(uint64(len(s))); w.b = append(w.b, s...) }

func (w *writer) bool(on bool) {
	if on {
		w.b = append(w.b, 1)
	} else {
		w.b = append(w.b, 0)
	}
}

func (w *writer) texts(all []string) {
	w.uint(uint64(len(all)))
	for _, s := range all {
		w.text(s)
	}
}

// A reader reads what a writer wrote; bad says that it could not.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) take(n uint64) []byte {
	if r.bad || n > uint64(len(r.b)) {
		r.bad = true
		return nil
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

func (r *reader) byte() byte {
	if b := r.take(1); len(b) == 1 {
		return b[0]
	}
	return 0
}

func (r *reader) bool() bool { return r.byte() == 1 }

func (r *reader) uint() uint64 {
	n, k := binary.Uvarint(r.b)
	if r.bad || k <= 0 {
		r.bad = true
		return 0
	}
	r.b = r.b[k:]
	return n
}

func (r *reader) fixed() uint64 {
	if b := r.take(8); len(b) == 8 {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

func (r *reader) text() string { return string(r.take(r.uint())) }

func (r *reader) texts(most uint64) (all []string) {
	n := r.uint()
	if n > most {
		r.bad = true
	}
	for ; n > 0 && !r.bad; n-- {
		all = append(all, r.text())
	}
	return all
}
