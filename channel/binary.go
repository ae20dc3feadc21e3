package channel

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/wire"
)

// written is the version of a Table's written form.
const written = 1

// ErrWritten is returned for bytes that are no table, or one of another version.
var ErrWritten = errors.New("this is no table of connections that can be read")

// AppendBinary appends the written form of a Table: equal tables have equal forms. The key is not in it.
func (t *Table) AppendBinary(b []byte) ([]byte, error) {
	t.trim()
	w := writer{wire.Writer{B: append(b, written)}}
	for _, n := range []uint64{uint64(t.level), uint64(t.noted), uint64(t.undated), uint64(t.old), uint64(t.answerBit)} {
		w.Uint(n)
	}
	w.Flags(t.answering)
	logs := slices.Sorted(slices.Values(t.logs))
	w.texts(logs)
	number := make([]uint64, len(t.logs))
	for i, name := range t.logs {
		at, _ := slices.BinarySearch(logs, name)
		number[i] = uint64(at)
	}
	w.Uint(uint64(len(t.answers)))
	for _, h := range sortedKeys(t.answers) {
		w.Fixed(h)
	}
	w.Uint(uint64(len(t.sources)))
	for _, name := range sortedKeys(t.sources) {
		s := t.sources[name]
		w.Text(name)
		w.Flags(s.ours)
		w.Flags(s.over)
		w.Uint(uint64(len(s.pairs)))
		pairs := slices.SortedFunc(slices.Values(s.pairs), func(a, b *pair) int {
			return cmp.Or(cmp.Compare(a.to.kind, b.to.kind), cmp.Compare(a.to.name, b.to.name), cmp.Compare(a.to.port, b.to.port))
		})
		for _, p := range pairs {
			p.tidy(t)
			w.pair(t, p, number)
		}
	}
	return w.B, nil
}

func (w *writer) pair(t *Table, p *pair, number []uint64) {
	w.Byte(byte(p.to.kind), p.quantum)
	w.Uint(uint64(p.to.port))
	w.Text(p.to.name)
	w.Flags(p.odd)
	l := t.lists[p.list]
	w.Uint(uint64(len(l)))
	for _, s := range l {
		w.Text(s.Product)
		w.Text(s.Category)
		w.Text(s.Service)
	}
	w.Uint(uint64(p.n))
	w.Uint(uint64(len(p.ports)))
	for _, port := range p.ports {
		w.Uint(uint64(port))
	}
	x := p.all()
	w.Uint(uint64(len(x.names)))
	for _, h := range x.names {
		w.Fixed(h)
	}
	w.texts(x.few)
	w.texts(x.peers)
	w.texts(x.agents)
	w.Uint(uint64(len(p.cells)))
	for _, c := range p.cells {
		for _, n := range []uint64{uint64(c.at), uint64(c.n), uint64(c.bad), uint64(c.open), uint64(c.long), c.sent, c.got, number[c.log], c.record} {
			w.Uint(n)
		}
	}
}

// Read reads the written form of an owner's Table, which goes on as if it had never been written.
func Read(b []byte, key Key) (*Table, error) {
	r := &reader{wire.Reader{B: b}}
	if v := r.Byte(); r.Bad || v != written {
		return nil, fmt.Errorf("%w: version %d, want %d", ErrWritten, v, written)
	}
	t := New(key)
	t.level = int(min(r.Uint(), 64))
	for _, n := range []*int64{&t.noted, &t.undated, &t.old} {
		*n = int64(min(r.Uint(), math.MaxInt64))
	}
	t.answerBit = uint(min(r.Uint(), 63))
	t.answering = r.bool()
	for _, name := range r.texts(math.MaxInt32) {
		t.logOf[name] = int32(len(t.logs))
		t.logs = append(t.logs, name)
	}
	for n := r.Uint(); n > 0 && !r.Bad; n-- {
		t.keepAnswer(r.Fixed())
	}
	for n := r.Uint(); n > 0 && !r.Bad; n-- {
		name := r.Text()
		if t.sources[name] != nil {
			r.Bad = true
			break
		}
		s := &source{name: name, hash: t.hash(name), ours: r.bool(), over: r.bool()}
		t.sources[name] = s
		for n := r.Uint(); n > 0 && !r.Bad; n-- {
			r.pair(t, s)
		}
	}
	if !r.Whole() {
		return nil, fmt.Errorf("%w: it ends early, or holds what no table holds", ErrWritten)
	}
	t.trim()
	return t, nil
}

func (r *reader) pair(t *Table, s *source) {
	to := dest{kind: kind(r.Byte())}
	quantum := r.Byte()
	to.port = uint16(r.Uint())
	to.name = r.Text()
	if to.kind == nothing || to.kind > missing || quantum > 31 || t.pairs[link{s, to}] != nil {
		r.Bad = true
		return
	}
	p := t.pair(s, to)
	p.quantum, p.odd = quantum, r.bool()
	var l []tocsin.LogSource
	for n := r.Uint(); n > 0 && !r.Bad; n-- {
		l = append(l, tocsin.LogSource{Product: r.Text(), Category: r.Text(), Service: r.Text()})
	}
	if len(l) == 0 {
		r.Bad = true
		return
	}
	p.list = t.list(l)
	p.n = int64(min(r.Uint(), math.MaxInt64))
	for n := r.Uint(); n > 0 && !r.Bad; n-- {
		p.ports = least(p.ports, uint16(r.Uint()), maxPorts)
	}
	var x texts
	for n := r.Uint(); n > 0 && !r.Bad; n-- {
		x.names = least(x.names, r.Fixed(), maxNames)
	}
	x.few, x.peers, x.agents = r.texts(maxFew), r.texts(maxPeers), r.texts(maxFew)
	if len(x.names)+len(x.few)+len(x.peers)+len(x.agents) > 0 {
		p.texts = &x
	}
	for n := r.Uint(); n > 0 && !r.Bad; n-- {
		var c cell
		for _, x := range []*uint32{&c.at, &c.n, &c.bad, &c.open, &c.long} {
			v := r.Uint()
			*x = uint32(v)
			r.Bad = r.Bad || v > math.MaxUint32
		}
		c.sent, c.got = r.Uint(), r.Uint()
		log := r.Uint()
		if r.Bad = r.Bad || log >= uint64(len(t.logs)) || c.open > c.n; r.Bad {
			return
		}
		c.log, c.record = int32(log), r.Uint()
		p.cells = append(p.cells, c)
	}
	if (to.kind == missing || to.kind == asked) && len(x.few) == 0 || len(p.cells) == 0 {
		r.Bad = true
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

type writer struct{ wire.Writer }

func (w *writer) texts(all []string) {
	w.Uint(uint64(len(all)))
	for _, s := range all {
		w.Text(s)
	}
}

type reader struct{ wire.Reader }

func (r *reader) bool() bool { return r.Byte() == 1 }

func (r *reader) texts(most uint64) (all []string) {
	n := r.Uint()
	if n > most {
		r.Bad = true
	}
	for ; n > 0 && !r.Bad; n-- {
		all = append(all, r.Text())
	}
	return all
}
