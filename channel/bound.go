package channel

import (
	"cmp"
	"slices"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// share is how many units each source may have, and in how many bits its hash must be zero to be kept at all. Shares are
// halved first, so that whoever is loudest loses first; when they are as small as leastShare, half of the sources go.
//
// The level is the lowest at which all that was noted fits. Of a part of it no more fits at a lower level, and of a source's
// pairs those with the lowest hashes stay, so that what stays in the end was never cut before.
func (t *Table) share() (units int, bits uint) {
	units = t.budget
	for level := t.level; level > 0; level-- {
		if units/2 >= leastShare {
			units /= 2
		} else {
			bits++
		}
	}
	return units, bits
}

// keeps says that a source of this hash is kept.
func (t *Table) keeps(h uint64) bool {
	_, bits := t.share()
	return h<<(64-bits) == 0
}

// grow counts units of a source, and cuts when there are too many.
func (t *Table) grow(s *source, units int) {
	s.units += units
	t.units += units
	if most, _ := t.share(); s.units > 2*most {
		t.cut(s, most)
	}
	if t.units > t.budget+t.budget/slack {
		t.trim()
	}
}

// cut leaves a source the pairs with the lowest hashes of their destinations, as many as fit into its share.
func (t *Table) cut(s *source, most int) {
	if s.units <= most {
		return
	}
	s.over = true
	clear(t.met[:])
	hashes := make(map[*pair]uint64, len(s.pairs))
	for _, p := range s.pairs {
		hashes[p] = t.hash(string([]byte{byte(p.to.kind), byte(p.to.port >> 8), byte(p.to.port)}) + p.to.name)
	}
	slices.SortFunc(s.pairs, func(a, b *pair) int { return cmp.Compare(hashes[a], hashes[b]) })
	t.units -= s.units
	s.units = 0
	for i, p := range s.pairs {
		if s.units+p.units() > most {
			for _, p := range s.pairs[i:] {
				delete(t.pairs, link{s, p.to})
			}
			s.pairs = slices.Clone(s.pairs[:i])
			break
		}
		s.units += p.units()
	}
	t.units += s.units
}

// drop lets go a source.
func (t *Table) drop(s *source) {
	clear(t.met[:])
	t.units -= s.units
	delete(t.sources, s.name)
	for _, p := range s.pairs {
		delete(t.pairs, link{s, p.to})
	}
}

func (p *pair) units() int { return pairUnits + int(min(p.n, maxCells)) }

// trim lowers shares until all fits.
func (t *Table) trim() {
	for {
		most, bits := t.share()
		sum := 0
		for _, s := range t.sources {
			if bits > 0 && !t.keeps(s.hash) {
				t.drop(s)
				continue
			}
			t.cut(s, most)
			if s.over {
				sum += most
			} else {
				sum += s.units
			}
		}
		if sum <= t.budget {
			return
		}
		t.level++
	}
}

// Merge adds what another reader of the same owner has noted. It is not to be used afterwards.
func (t *Table) Merge(o *Table) {
	t.noted += o.noted
	t.undated += o.undated
	t.old += o.old
	t.level = max(t.level, o.level)
	logs := make([]int32, len(o.logs))
	for i, name := range o.logs {
		logs[i] = t.log(name)
	}
	lists := make([]int16, len(o.lists))
	for i, l := range o.lists {
		lists[i] = t.list(l)
	}
	for name, s := range o.sources {
		if !t.keeps(s.hash) {
			continue
		}
		mine := t.sources[name]
		if mine == nil {
			mine = &source{name: name, hash: s.hash, ours: s.ours}
			t.sources[name] = mine
		}
		mine.over = mine.over || s.over
		for _, p := range s.pairs {
			for i := range p.cells {
				p.cells[i].log = logs[p.cells[i].log]
			}
			p.list = lists[p.list]
			have, before := t.pairs[link{mine, p.to}], 0
			if have == nil {
				have = t.pair(mine, p.to)
				*have = *p
			} else {
				before = have.units()
				have.merge(t, p)
			}
			mine.units += have.units() - before
			t.units += have.units() - before
		}
	}
	t.answering = t.answering || o.answering
	t.answerBit = max(t.answerBit, o.answerBit)
	t.fewerAnswers()
	for h := range o.answers {
		t.keepAnswer(h)
	}
	t.trim()
}

func (p *pair) merge(t *Table, o *pair) {
	p.n += o.n
	p.odd = p.odd || o.odd
	for _, port := range o.ports {
		p.ports = least(p.ports, port, maxPorts)
	}
	if p.quantum = max(p.quantum, o.quantum); len(o.cells) > 0 {
		p.cells = append(p.cells, o.cells...)
		for i := range p.cells {
			p.cells[i].at = p.cells[i].at >> p.quantum << p.quantum
		}
		p.tidy(t)
	}
	if p.texts == nil {
		p.texts = o.texts
	} else if o.texts != nil {
		for _, h := range o.names {
			p.names = least(p.names, h, maxNames)
		}
		for _, x := range [...]struct {
			to   *[]string
			from []string
			most int
		}{{&p.few, o.few, maxFew}, {&p.peers, o.peers, maxPeers}, {&p.agents, o.agents, maxFew}} {
			for _, text := range x.from {
				*x.to = keepFew(*x.to, text, x.most)
			}
		}
	}
	if slices.CompareFunc(t.lists[o.list], t.lists[p.list], compareSources) < 0 {
		p.list = o.list
	}
}

func compareSources(a, b tocsin.LogSource) int {
	return cmp.Or(cmp.Compare(a.Product, b.Product), cmp.Compare(a.Category, b.Category), cmp.Compare(a.Service, b.Service))
}

// Forget lets go what was before a time.
func (t *Table) Forget(before time.Time) {
	clear(t.met[:])
	at := seconds(before)
	for _, s := range t.sources {
		s.pairs = slices.DeleteFunc(s.pairs, func(p *pair) bool {
			had, left := p.units(), 0
			for _, c := range p.forget(t, at) {
				p.n -= min(p.n, int64(c.n))
				t.old += int64(c.n)
			}
			if len(p.cells) > 0 {
				left = p.units()
			} else {
				delete(t.pairs, link{s, p.to})
			}
			s.units += left - had
			t.units += left - had
			return left == 0
		})
		if len(s.pairs) == 0 {
			t.drop(s)
		}
	}
}

// forget takes out the cells before a time, and returns them.
func (p *pair) forget(t *Table, at uint32) []cell {
	p.tidy(t)
	i, _ := slices.BinarySearchFunc(p.cells, at, func(c cell, at uint32) int { return cmp.Compare(c.at, at) })
	old := p.cells[:i]
	if i > 0 {
		p.cells = slices.Clone(p.cells[i:])
		p.tidied = int32(len(p.cells))
	}
	return old
}

// LetGo says what was noted and not kept.
func (t *Table) LetGo() []tocsin.LetGo {
	kept := int64(0)
	for _, s := range t.sources {
		for _, p := range s.pairs {
			kept += p.n
		}
	}
	var all []tocsin.LetGo
	if t.undated > 0 {
		all = append(all, tocsin.LetGo{Kind: "connections without a time", N: t.undated, Why: "channels are judged by when connections were"})
	}
	if n := t.noted - t.undated - t.old - kept; n > 0 {
		all = append(all, tocsin.LetGo{Kind: "connections", N: n, Why: "for channels, those of some sources and destinations were not kept, to bound memory"})
	}
	return all
}
