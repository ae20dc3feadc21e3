// Package channel finds channels that no signature knows, in what sensors, firewalls, proxies and name servers log of
// connections: small ones at regular intervals for hours (beacons), data carried in lookups, names that a program makes up,
// connections that stay open, and uploads larger than a host ever sends.
//
// A [Table] takes events in any order and notes, for each source and destination, when there were connections, how many and
// how large. Its memory is bounded, and what it holds is a function of what was noted: neither order nor shares nor the
// written form change it. [Table.Judge] then holds the rows of knowledge.tsv against it, with what the same input says of
// the site for the measure: what many of its hosts contact is ordinary.
//
// Left out: connections between two machines inside, where regular ones are what monitoring and file servers are made of.
package channel

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"
	"strings"

	"github.com/dchest/siphash"

	"github.com/tocsin-ids/tocsin"
)

// A Key is the owner's secret: where not all can be kept, hashes under it choose, so that nobody who writes logs can pick
// what is let go.
type Key [16]byte

// What a Table holds is counted in units of about fifty bytes: a pair's time slot is one, a pair pairUnits besides.
const (
	budget     = 2 << 20 // units of all sources: some 100 MB
	leastShare = 4096    // units that each source may have, however many there are; beyond that sources are sampled
	slack      = 8       // a bound is kept to within one part in slack between two cuts
	pairUnits  = 8
	maxCells   = 2048 // time slots of a pair; where there are more, they are made longer
	maxNames   = 1024 // different names below a domain that are counted
	maxFew     = 4    // texts kept as examples
	maxPeers   = 16   // addresses of a name
	maxPorts   = 64   // of a source's connections to one destination
	maxText    = 255  // bytes of a text that is kept
	maxAnswers = 1 << 17
)

// A Table is what one reader noted of channels. It is used by one goroutine at a time.
type Table struct {
	k0, k1  uint64
	sources map[string]*source
	pairs   map[link]*pair
	level   int   // how far the shares were lowered; see share
	units   int   // of all sources, as they are in memory
	budget  int   // of units
	noted   int64 // visits
	undated int64 // of them without a time that can be held
	old     int64 // visits that were forgotten because of their age

	logs   []string // names of logs, numbered
	logOf  map[string]int32
	lists  [][]tocsin.LogSource
	listOf map[*tocsin.LogSource]kind
	last   *tocsin.LogSource
	gate   kind

	answers   map[uint64]struct{} // addresses that answers of name servers held, by hash: those whose hash ends in answerBit zeros
	answering bool                // answers were seen at all
	answerBit uint
	addresses [1024]address // met lately
	met       [1024]met
}

// A source is who opens connections or asks: an address, or a machine where its log names no address.
type source struct {
	name  string
	hash  uint64
	ours  bool // an address that is given out inside
	pairs []*pair
	units int
	over  bool // it had more than its share at some time
}

// A kind is what a destination is.
type kind uint8

const (
	nothing kind = iota
	flow         // an address and port
	named        // a server's name, as requests and TLS say it
	asked        // a domain whose names are looked up
	missing      // all domains that do not exist
)

// A dest is what a source contacts.
type dest struct {
	kind kind
	port uint16
	name string
}

// A met is a pair that was met not long ago: who connects connects again soon.
type met struct {
	who string
	to  dest
	s   *source
	p   *pair
}

// meet is where a pair of these names is looked for.
func (t *Table) meet(who string, to dest) *met {
	h := uint(to.port)*31 + uint(len(to.name))
	for i := max(0, len(who)-4); i < len(who); i++ {
		h = h*31 + uint(who[i])
	}
	for i := max(0, len(to.name)-4); i < len(to.name); i++ {
		h = h*31 + uint(to.name[i])
	}
	return &t.met[h%uint(len(t.met))]
}

// is says that a pair is of these names.
func (m *met) is(who string, to dest) bool {
	return m.p != nil && m.to.port == to.port && m.to.kind == to.kind && m.to.name == to.name && m.who == who
}

// A link is a source and what it contacts.
type link struct {
	from *source
	to   dest
}

// A pair is what a source and a destination have to do with each other.
type pair struct {
	to      dest
	n       int64 // visits
	cells   []cell
	tidied  int32    // cells that are in order and each of its own slot
	list    int16    // which log sources
	quantum uint8    // a slot has 2^quantum seconds
	odd     bool     // a certificate that nobody vouches for
	ports   []uint16 // of the source, the lowest
	*texts           // nil where there are none
	one     [1]cell  // most have one
}

// texts are what pairs of some kinds have besides.
type texts struct {
	names  []uint64 // hashes of names below a domain
	few    []string // of the names, the first in order
	peers  []string // addresses of a server
	agents []string // user agents or programs
}

// A cell is what was noted in one slot, and the first place where it is read.
type cell struct {
	at        uint32 // Unix seconds
	n         uint32
	bad       uint32 // that failed
	open      uint32 // that are told while they go on, and are told again when they end
	long      uint32 // seconds that the longest lasted
	sent, got uint64
	log       int32
	record    uint64
}

// New makes an empty Table.
func New(key Key) *Table {
	return &Table{k0: binary.LittleEndian.Uint64(key[:8]), k1: binary.LittleEndian.Uint64(key[8:]), sources: map[string]*source{}, pairs: map[link]*pair{}, budget: budget,
		logOf: map[string]int32{}, listOf: map[*tocsin.LogSource]kind{}, answers: map[uint64]struct{}{}}
}

// Fresh makes an empty one of the same owner.
func (t *Table) Fresh() *Table {
	f := New(Key{})
	f.k0, f.k1, f.budget = t.k0, t.k1, t.budget
	return f
}

// Empty says that nothing was noted.
func (t *Table) Empty() bool { return t.noted == 0 && len(t.answers) == 0 }

// Heavy says that a reader's share is large enough to be given to the owner.
func (t *Table) Heavy() bool { return t.units > t.budget/16 }

// Noted counts the connections, requests and lookups that were noted, kept or not.
func (t *Table) Noted() int64 { return t.noted }

// Add notes an event, if it is one of a connection, a request or a lookup. Nothing of it is kept but copies.
func (t *Table) Add(ev *tocsin.Event) {
	if len(ev.Sources) == 0 {
		return
	}
	if s := &ev.Sources[0]; s != t.last {
		g, ok := t.listOf[s]
		if !ok {
			g = kindOf(ev.Sources)
			if len(t.listOf) < 1024 {
				t.listOf[s] = g
			}
		}
		t.last, t.gate = s, g
	}
	if t.gate == nothing {
		return
	}
	var v visit
	if v.read(t, ev, t.gate) {
		t.note(&v)
	}
}

func (t *Table) hash(s string) uint64 { return siphash.Hash(t.k0, t.k1, []byte(s)) }

func (t *Table) note(v *visit) {
	t.noted++
	if v.at == 0 {
		t.undated++
		return
	}
	m := v.met
	if m == nil {
		m = t.meet(v.who, v.to)
	}
	s, p := m.s, m.p
	if v.met == nil && !m.is(v.who, v.to) {
		if s = t.sources[v.who]; s == nil {
			h := t.hash(v.who)
			if !t.keeps(h) {
				return
			}
			s = &source{name: strings.Clone(v.who), hash: h, ours: v.ours}
			t.sources[s.name] = s
		}
		if p = t.pairs[link{s, v.to}]; p == nil {
			v.to.name = strings.Clone(v.to.name)
			p = t.pair(s, v.to)
			p.list = t.list(v.sources)
			*m = met{s.name, p.to, s, p}
			t.grow(s, pairUnits)
		} else {
			*m = met{s.name, p.to, s, p}
		}
	}
	if p.n++; p.n <= maxCells {
		t.grow(s, 1)
	}
	c := cell{at: v.at, n: 1, long: v.long, sent: v.sent, got: v.got, log: t.log(v.log), record: v.record}
	if v.bad {
		c.bad = 1
	}
	if v.open {
		c.open = 1
	}
	p.odd = p.odd || v.odd
	if v.port > 0 && v.to.kind == flow {
		p.ports = least(p.ports, v.port, maxPorts)
	}
	if v.name != "" || v.peer != "" || v.agent != "" {
		if p.texts == nil {
			p.texts = &texts{}
		}
		if v.name != "" {
			p.names = least(p.names, t.hash(v.name), maxNames)
			p.few = keepFew(p.few, v.name, maxFew)
		}
		if v.peer != "" {
			p.peers = keepFew(p.peers, v.peer, maxPeers)
		}
		if v.agent != "" {
			p.agents = keepFew(p.agents, cutText(v.agent), maxFew)
		}
	}
	p.add(t, c)
}

// pair makes an empty pair of a source.
func (t *Table) pair(s *source, to dest) *pair {
	p := &pair{to: to}
	p.cells = p.one[:0]
	s.pairs = append(s.pairs, p)
	t.pairs[link{s, to}] = p
	return p
}

// list numbers log sources.
func (t *Table) list(l []tocsin.LogSource) int16 {
	for i := range t.lists {
		if &t.lists[i][0] == &l[0] || slices.Equal(t.lists[i], l) {
			return int16(i)
		}
	}
	if len(t.lists) < 256 {
		t.lists = append(t.lists, l)
	}
	return int16(len(t.lists) - 1)
}

// log numbers logs.
func (t *Table) log(name string) int32 {
	if n := len(t.logs); n > 0 && t.logs[n-1] == name {
		return int32(n - 1)
	}
	i, ok := t.logOf[name]
	if !ok {
		i = int32(len(t.logs))
		name = strings.Clone(name)
		t.logs = append(t.logs, name)
		t.logOf[name] = i
	}
	return i
}

// add puts a cell to the others, which are put in order whenever they have become many.
func (p *pair) add(t *Table, c cell) {
	c.at = c.at >> p.quantum << p.quantum
	if n := len(p.cells); n > 0 && p.cells[n-1].at == c.at {
		p.cells[n-1].join(t, &c)
		return
	}
	if len(p.cells) == cap(p.cells) && len(p.cells) > int(p.tidied) || len(p.cells) >= 2*maxCells {
		p.tidy(t)
	}
	p.cells = append(p.cells, c)
}

// join adds a cell of the same slot.
func (c *cell) join(t *Table, o *cell) {
	if o.log == c.log && o.record < c.record || o.log != c.log && t.logs[o.log] < t.logs[c.log] {
		c.log, c.record = o.log, o.record
	}
	c.n = uint32(min(uint64(c.n)+uint64(o.n), math.MaxUint32))
	c.bad = uint32(min(uint64(c.bad)+uint64(o.bad), math.MaxUint32))
	c.open = uint32(min(uint64(c.open)+uint64(o.open), math.MaxUint32))
	c.long = max(c.long, o.long)
	c.sent, c.got = plus(c.sent, o.sent), plus(c.got, o.got)
}

// plus adds without overflow.
func plus(a, b uint64) uint64 {
	if a > math.MaxUint64-b {
		return math.MaxUint64
	}
	return a + b
}

// tidy puts cells in order, each of its own slot. Where they are more than maxCells, slots are doubled until they are not: of
// a part of the visits the slots are never longer than of all, so that neither order nor shares matter.
func (p *pair) tidy(t *Table) {
	for {
		slices.SortStableFunc(p.cells, func(a, b cell) int { return cmp.Compare(a.at, b.at) })
		k := 0
		for i := range p.cells {
			if k > 0 && p.cells[k-1].at == p.cells[i].at {
				p.cells[k-1].join(t, &p.cells[i])
				continue
			}
			p.cells[k] = p.cells[i]
			k++
		}
		p.cells = p.cells[:k]
		if k <= maxCells {
			p.tidied = int32(k)
			return
		}
		p.quantum++
		for i := range p.cells {
			p.cells[i].at = p.cells[i].at >> p.quantum << p.quantum
		}
	}
}

// keepFew keeps the first of some texts in their order, so that examples are the same whatever the key.
func keepFew(all []string, text string, most int) []string {
	if len(all) == most && text >= all[most-1] {
		return all
	}
	i, ok := slices.BinarySearch(all, text)
	if ok {
		return all
	}
	if len(all) == most {
		all = all[:most-1]
	}
	return slices.Insert(all, i, strings.ToValidUTF8(strings.Clone(text), ""))
}

// cutText is a text of at most maxText bytes.
func cutText(s string) string { return s[:min(len(s), maxText)] }

// least keeps the lowest of some numbers, each once.
func least[N uint16 | uint64](all []N, n N, most int) []N {
	if len(all) == most && n >= all[most-1] {
		return all
	}
	i, ok := slices.BinarySearch(all, n)
	if ok {
		return all
	}
	if len(all) == most {
		all = all[:most-1]
	}
	return slices.Insert(all, i, n)
}

// distinct is how many different names there were, maxNames for that many or more.
func (p *pair) distinct() int {
	if p.texts == nil {
		return 0
	}
	return len(p.names)
}

// answered notes that a name server gave an address for a name.
func (t *Table) answered(address string) {
	t.answering = true
	t.keepAnswer(t.hash(address))
}

func (t *Table) keepAnswer(h uint64) {
	if h<<(64-t.answerBit) != 0 {
		return
	}
	t.answers[h] = struct{}{}
	for len(t.answers) > maxAnswers {
		t.answerBit++
		t.fewerAnswers()
	}
}

// fewerAnswers leaves those whose hashes end in enough zeros.
func (t *Table) fewerAnswers() {
	for h := range t.answers {
		if h<<(64-t.answerBit) != 0 {
			delete(t.answers, h)
		}
	}
}

// nameless says that name servers' answers were seen and none held this address.
func (t *Table) nameless(address string) bool {
	h := t.hash(address)
	_, ok := t.answers[h]
	return t.answering && !ok && h<<(64-t.answerBit) == 0
}
