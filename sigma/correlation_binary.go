package sigma

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/wire"
)

// Errors of UnmarshalBinary.
var (
	ErrHitsVersion = errors.New("correlation hits of another version of their written form")
	ErrHitsRules   = errors.New("correlation hits of other correlations, or of correlations over other rules")
	ErrHitsBroken  = errors.New("correlation hits that are damaged")
)

// What is written begins with these words and the version.
const (
	hitsMagic   = "tocsin hits "
	hitsVersion = 1
)

// AppendBinary appends what was collected, here and by merged collectors, and not yet taken in by Advance: the events (as
// Thin gives them; of those that lost some, a hash of all that they said), and which rules matched them. What a page of time has collected is written
// so before it is merged into the collector that advances; one that reads all pages and advances anew tells the same matches under the same keys, whatever
// the marks were.
//
// The form begins with a version and a hash of the correlations and of the names of the rules that they build on, and ends
// with a checksum. Numbers are varints; a name is spelled out where it first occurs and a number after that.
func (c *Correlator) AppendBinary(b []byte) ([]byte, error) {
	from := len(b)
	b = append(b, hitsMagic...)
	b = append(b, hitsVersion)
	hash, numbers := c.set.identity()
	b = append(b, hash[:]...)
	parts := append([]*Correlator{c}, c.parts...)
	undated, n := -c.gone, 0
	for _, p := range parts {
		n += len(p.kept)
		undated += p.stats.Undated
	}
	w := hitsWriter{Writer: wire.Writer{B: b}, names: map[string]uint64{}}
	w.Uint(uint64(undated))
	w.Uint(uint64(n))
	for _, p := range parts {
		w.hits(p, numbers)
	}
	return binary.BigEndian.AppendUint32(w.B, crc32.ChecksumIEEE(w.B[from:])), nil
}

// identity is a hash of the correlations and the rules that they are about, and the numbers of these among themselves.
func (j *joins) identity() (hash [16]byte, numbers map[int]uint64) {
	h := sha256.New()
	numbers = map[int]uint64{}
	for i, r := range j.rules {
		if len(j.feeds[i]) > 0 {
			numbers[i] = uint64(len(numbers))
			fmt.Fprintf(h, "%q %q %q\n", r.ID, r.Title, r.Name)
		}
	}
	for _, c := range j.list {
		said := *c.c
		said.Line = 0
		text, _ := json.Marshal(said) // of texts and finite numbers
		fmt.Fprintf(h, "%q %s", j.rules[c.rule].ID, text)
		for _, s := range c.slots {
			for _, rule := range s.rules {
				fmt.Fprintf(h, " %d", numbers[rule])
			}
			fmt.Fprintf(h, " %q %q\n", s.group, s.fields)
		}
	}
	copy(hash[:], h.Sum(nil))
	return hash, numbers
}

// A hitsWriter writes events and the rules that matched them.
type hitsWriter struct {
	wire.Writer
	names map[string]uint64
	ev    tocsin.Event
	room  []byte
}

func (w *hitsWriter) times(t time.Time) {
	if t.IsZero() {
		w.Byte(0)
		return
	}
	w.Byte(1)
	w.Int(t.Unix())
	w.Uint(uint64(t.Nanosecond()))
}

// name writes a text that occurs often.
func (w *hitsWriter) name(s string) {
	n, ok := w.names[s]
	if w.Uint(n); !ok {
		w.Text(s)
		w.names[s] = uint64(len(w.names) + 1)
	}
}

// hits writes what one collector has.
func (w *hitsWriter) hits(p *Correlator, numbers map[int]uint64) {
	type hit struct {
		event uint32
		rule  uint64
	}
	var hits []hit
	for rule, cells := range p.hits {
		for width := 1 + len(p.set.columns[rule]); len(cells) > 0; cells = cells[width:] {
			hits = append(hits, hit{cells[0], numbers[rule]})
		}
	}
	slices.SortFunc(hits, func(a, b hit) int { return cmp.Or(cmp.Compare(a.event, b.event), cmp.Compare(a.rule, b.rule)) })
	hits = slices.Compact(hits)
	for e, k := range p.kept {
		p.shelf.Load(k.slot, &w.ev)
		thin, content := p.thinned(&w.ev), k.content
		if thin != &w.ev && content == 0 { // it cannot be told of what is written
			w.room, content = contentOf(w.room, &w.ev)
		}
		w.Uint(content)
		w.event(thin)
		n := 0
		for n < len(hits) && hits[n].event == uint32(e) {
			n++
		}
		w.Uint(uint64(n))
		for _, h := range hits[:n] {
			w.Uint(h.rule)
		}
		hits = hits[n:]
	}
}

func (w *hitsWriter) event(ev *tocsin.Event) {
	w.times(ev.Time)
	w.times(ev.Sensor)
	w.Uint(ev.Record)
	for _, s := range [...]string{ev.Source, ev.Format, ev.Host} {
		w.name(s)
	}
	w.Uint(uint64(len(ev.Sources)))
	for _, l := range ev.Sources {
		for _, s := range [...]string{l.Product, l.Category, l.Service} {
			w.name(s)
		}
	}
	w.Text(ev.Raw)
	w.Uint(uint64(len(ev.Fields)))
	for _, f := range ev.Fields {
		w.name(f.Name)
		w.Text(f.Value)
	}
}

// UnmarshalBinary adds to the collector what AppendBinary wrote, as if Add were called for each event; the events are put on
// the collector's shelf, which it must have. Bytes of another version, of other correlations, or that are damaged are refused
// as a whole.
func (c *Correlator) UnmarshalBinary(b []byte) error {
	head := len(hitsMagic)
	hash, numbers := c.set.identity()
	switch {
	case len(b) < head+1+len(hash)+4 || string(b[:head]) != hitsMagic:
		return fmt.Errorf("%w: they do not begin as such", ErrHitsBroken)
	case b[head] != hitsVersion:
		return fmt.Errorf("%w: %d, this program reads %d", ErrHitsVersion, b[head], hitsVersion)
	case crc32.ChecksumIEEE(b[:len(b)-4]) != binary.BigEndian.Uint32(b[len(b)-4:]):
		return fmt.Errorf("%w: the checksum is another", ErrHitsBroken)
	case !bytes.Equal(b[head+1:][:len(hash)], hash[:]):
		return ErrHitsRules
	}
	rules := make([]int, len(numbers))
	for rule, n := range numbers {
		rules[n] = rule
	}
	r := hitsReader{Reader: wire.Reader{B: b[head+1+len(hash) : len(b)-4]}, lists: map[string][]tocsin.LogSource{}}
	undated, n := r.Uint(), r.Uint()
	type hit struct {
		content uint64
		ev      tocsin.Event
		rules   []int
	}
	var hits []hit
	for ; n > 0 && !r.Bad; n-- {
		content := r.Uint()
		ev := r.event()
		if _, ok := dated(&ev); !ok {
			r.Bad = true
		}
		var held []int
		for k := r.Count(1); k > 0 && !r.Bad; k-- {
			i := r.Uint()
			if i >= uint64(len(rules)) || len(held) > 0 && held[len(held)-1] >= rules[i] {
				r.Bad = true
				break
			}
			held = append(held, rules[i])
		}
		if len(held) == 0 {
			r.Bad = true
		}
		hits = append(hits, hit{content, ev, held})
	}
	if !r.Whole() || undated > 1<<48 {
		return fmt.Errorf("%w: %d bytes before their end", ErrHitsBroken, len(r.B))
	}
	for i := range hits {
		c.Add(&hits[i].ev, c.shelf.Put(&hits[i].ev), hits[i].rules...)
		c.kept[len(c.kept)-1].content = hits[i].content &^ shared
	}
	c.stats.Hits += int64(undated)
	c.stats.Undated += int64(undated)
	return nil
}

// A hitsReader reads what a hitsWriter wrote. Once it is bad it gives zeros.
type hitsReader struct {
	wire.Reader
	names []string
	lists map[string][]tocsin.LogSource // by what they say: equal ones are one
}

func (r *hitsReader) name() string {
	n := r.Uint()
	switch {
	case n > uint64(len(r.names)):
		r.Bad = true
	case n > 0:
		return r.names[n-1]
	default:
		r.names = append(r.names, r.Text())
		return r.names[len(r.names)-1]
	}
	return ""
}

func (r *hitsReader) times() time.Time {
	if r.Uint() == 0 {
		return time.Time{}
	}
	sec, nano := r.Int(), r.Uint()
	if r.Bad = r.Bad || nano >= 1e9; r.Bad {
		return time.Time{}
	}
	return time.Unix(sec, int64(nano)).UTC()
}

func (r *hitsReader) event() (ev tocsin.Event) {
	ev.Time, ev.Sensor, ev.Record = r.times(), r.times(), r.Uint()
	ev.Source, ev.Format, ev.Host = r.name(), r.name(), r.name()
	var key strings.Builder
	var list []tocsin.LogSource
	for n := r.Count(3); n > 0 && !r.Bad; n-- {
		l := tocsin.LogSource{Product: r.name(), Category: r.name(), Service: r.name()}
		fmt.Fprintf(&key, "%q%q%q", l.Product, l.Category, l.Service)
		list = append(list, l)
	}
	if known, ok := r.lists[key.String()]; ok {
		list = known
	}
	r.lists[key.String()] = list
	ev.Sources = list
	ev.Raw = r.Text()
	for n := r.Count(2); n > 0 && !r.Bad; n-- {
		ev.Fields = append(ev.Fields, tocsin.Field{Name: r.name(), Value: r.Text()})
	}
	return ev
}
