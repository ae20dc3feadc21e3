package sigma

import (
	"encoding/binary"
	"math"

	"github.com/tocsin-ids/tocsin"
)

// Values numbers the values of events, folded. What an event has for a field is a number of its own: 0 for none, one
// more than the value's for a single one, and with listBit set the place of a list of them.
type values struct {
	texts  interned
	lists  [][]uint32
	folded []byte
	found  []string
}

const listBit = 1 << 31

// of finds the values that an event has for a field; they are valid until the next call.
func (v *values) of(ev *tocsin.Event, field string) []string {
	v.found = appendValues(v.found[:0], ev, field)
	return v.found
}

// number is that of a single value.
func (v *values) number(value string) uint32 {
	v.folded = appendFold(v.folded[:0], value)
	return v.texts.number(v.folded) + 1
}

// list is the number of values that are not one.
func (v *values) list(of []string) uint32 {
	if len(of) == 0 {
		return 0
	}
	list := make([]uint32, len(of))
	for i := range of {
		list[i] = v.number(of[i])
	}
	v.lists = append(v.lists, list)
	return uint32(len(v.lists)-1) | listBit
}

// cell is what an event has for a field.
func (v *values) cell(ev *tocsin.Event, field string) uint32 {
	if vals := v.of(ev, field); len(vals) != 1 {
		return v.list(vals)
	}
	return v.number(v.found[0])
}

// A row is what an event has for some fields, as the numbers of the values that it was made with.
type row struct {
	cells []uint32
	from  *values
	to    []uint32 // the numbers of from's values among those of all collectors; nil if they are the same
}

// cell is the values of a column; a single one is put into one.
func (r *row) cell(column int, one *[1]uint32) []uint32 {
	switch n := r.cells[column]; {
	case n == 0:
		return nil
	case n&listBit != 0:
		return r.from.lists[n&^listBit]
	default:
		one[0] = n
		return one[:]
	}
}

// value is the number among those of all collectors.
func (r *row) value(n uint32) uint32 {
	if r.to == nil {
		return n - 1
	}
	return r.to[n-1]
}

// float reads the first of the columns that holds a number.
func (r *row) float(columns []int, texts []string) (float64, bool) {
	var one [1]uint32
	for _, column := range columns {
		for _, n := range r.cell(column, &one) {
			if f, ok := parseNumber(texts[r.value(n)]); ok && !math.IsInf(f.real, 0) {
				return f.real, true
			}
		}
	}
	return 0, false
}

// Tuples are all combinations of the values that an event has for some fields.
type tuples struct {
	width    int
	buf, was []uint32
}

// maxTuples bounds the groups that one event with several values of several fields is in.
const maxTuples = 64

// fill makes the tuples and tells how many there are: none if a column is empty, one for no columns at all.
func (t *tuples) fill(r *row, columns []int) int {
	t.width, t.buf = len(columns), t.buf[:0]
	count := 1
	var one [1]uint32
	for width, column := range columns {
		vals := r.cell(column, &one)
		if count == 1 && len(vals) == 1 {
			t.buf = append(t.buf, r.value(vals[0]))
			continue
		}
		t.buf, t.was = t.was[:0], t.buf
		n := 0
		for i := range count {
			for _, v := range vals {
				if n == maxTuples {
					break
				}
				t.buf = append(append(t.buf, t.was[i*width:(i+1)*width]...), r.value(v))
				n++
			}
		}
		count = n
	}
	return count
}

// tuple is the i-th combination; valid until the next fill.
func (t *tuples) tuple(i int) []uint32 { return t.buf[i*t.width : (i+1)*t.width] }

// A ranking numbers tuples of one width.
type ranking struct {
	width int
	n     uint32
	flat  []uint32          // the tuples, one after the other
	one   []uint32          // by the value of a tuple of one: its number, plus one
	of    map[string]uint32 // of wider ones
	key   []byte
}

// number is the number of a tuple.
func (r *ranking) number(tuple []uint32) uint32 {
	switch len(tuple) {
	case 0:
		r.n = 1
		return 0
	case 1:
		v := int(tuple[0])
		if v >= len(r.one) {
			r.one = append(r.one, make([]uint32, v+1-len(r.one))...)
		}
		if r.one[v] == 0 {
			r.one[v] = r.add(tuple) + 1
		}
		return r.one[v] - 1
	}
	r.key = r.key[:0]
	for _, v := range tuple {
		r.key = binary.NativeEndian.AppendUint32(r.key, v)
	}
	n, ok := r.of[string(r.key)]
	if !ok {
		if r.of == nil {
			r.of = map[string]uint32{}
		}
		n = r.add(tuple)
		r.of[string(r.key)] = n
	}
	return n
}

func (r *ranking) add(tuple []uint32) uint32 {
	r.width = len(tuple)
	r.flat = append(r.flat, tuple...)
	r.n++
	return r.n - 1
}

// tuple is the one that has a number.
func (r *ranking) tuple(n uint32) []uint32 { return r.flat[int(n)*r.width : (int(n)+1)*r.width] }

// appendPart adds a folded value to a key, its length first, so that no two tuples have the same key.
func appendPart(key []byte, v string) []byte {
	at := len(key)
	key = append(key, 0)
	key = appendFold(key, v)
	n := len(key) - at - 1
	if n < 0x80 {
		key[at] = byte(n)
		return key
	}
	var head [binary.MaxVarintLen64]byte
	h := binary.PutUvarint(head[:], uint64(n))
	key = append(key, head[1:h]...)
	copy(key[at+h:], key[at+1:at+1+n])
	copy(key[at:], head[:h])
	return key
}

// keyParts takes a key apart again.
func keyParts(key string) []string {
	var out []string
	for b := []byte(key); len(b) > 0; {
		n, h := binary.Uvarint(b)
		out = append(out, string(b[h:h+int(n)]))
		b = b[h+int(n):]
	}
	return out
}

// appendValues adds the values of a field. Spaces in names do not count; the names of hosts mean the event's Host where
// there is no such field.
func appendValues(to []string, ev *tocsin.Event, field string) []string {
	n := len(to)
	for i := range ev.Fields {
		if ev.Fields[i].Name == field {
			to = append(to, ev.Fields[i].Value)
		}
	}
	if len(to) > n {
		return to
	}
	name := bare(field)
	for i := range ev.Fields {
		if bare(ev.Fields[i].Name) == name {
			to = append(to, ev.Fields[i].Value)
		}
	}
	if len(to) > n {
		return to
	}
	switch field {
	case "host", "hostname", "Computer", "ComputerName":
		if ev.Host != "" {
			return append(to, ev.Host)
		}
		if ev.Source != "" { // a log that names no host is one host's
			return append(to, ev.Source)
		}
	}
	return to
}

// Interned numbers texts.
type interned struct {
	of   map[string]uint32
	text []string
	last uint32
}

// number is the number of a text; it is copied when it is new.
func (n *interned) number(b []byte) uint32 {
	if len(n.text) > 0 && n.text[n.last] == string(b) {
		return n.last
	}
	i, ok := n.of[string(b)]
	if !ok {
		i = n.add(b)
	}
	n.last = i
	return i
}

// numberOf is number of a string.
func (n *interned) numberOf(s string) uint32 {
	if len(n.text) > 0 && n.text[n.last] == s {
		return n.last
	}
	i, ok := n.of[s]
	if !ok {
		i = n.add([]byte(s))
	}
	n.last = i
	return i
}

func (n *interned) add(b []byte) uint32 {
	if n.of == nil {
		n.of = map[string]uint32{}
	}
	s := string(b)
	i := uint32(len(n.text))
	n.text = append(n.text, s)
	n.of[s] = i
	return i
}
