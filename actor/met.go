package actor

import "slices"

// A ref is a name in a role, and where the deed first had it: like actions are one deed, and hardly any two of them have the
// same names.
type ref struct {
	name int32
	role uint8
	met  uint8 // 0: in the first record, deed.at; else deed.met[met-1]
	last int64 // when the last action that has it began
}

const (
	// maxRefs is how many a deed has at most.
	maxRefs = maxOn + maxAlias + 2*maxMarks
	// maxMet is how many places a deed notes before it looks which are of use: more than it has refs.
	maxMet = 128
)

// metAt is where a ref was first met.
func (d *deed) metAt(r ref) place {
	if r.met == 0 {
		return d.at
	}
	return d.met[r.met-1]
}

// metAs is where the name of a ref was first met and when last, whatever its role.
func (d *deed) metAs(t *nameTable, r ref) (at place, last int64) {
	at, last = d.metAt(r), r.last
	for _, o := range d.refs {
		if o.name == r.name && o.role != r.role {
			if p := d.metAt(o); t.before(p, at) {
				at = p
			}
			last = max(last, o.last)
		}
	}
	return at, last
}

// placed is the number by which refs have a place.
func (d *deed) placed(p place) uint8 {
	if p == d.at {
		return 0
	}
	for i := len(d.met) - 1; i >= 0; i-- {
		if d.met[i] == p {
			return uint8(i + 1)
		}
	}
	if len(d.met) == maxMet {
		old := d.met
		d.met = make([]place, 0, len(d.refs)+1)
		for i := range d.refs {
			if m := d.refs[i].met; m > 0 {
				d.refs[i].met = d.placed(old[m-1])
			}
		}
	}
	d.met = append(d.met, p)
	return uint8(len(d.met))
}

// starts says that a deed has an earlier record than those that were known.
func (d *deed) starts(at place) {
	old := d.at
	d.at = place{source: none, record: ^uint64(0)} // of no record, so that the old place gets a number
	n := uint8(0)
	for i := range d.refs {
		if d.refs[i].met == 0 {
			if n == 0 {
				n = d.placed(old)
			}
			d.refs[i].met = n
		}
	}
	d.at = at
}

// refer notes that an action at a place has KIND:VALUE in a role; of a mark the kind is empty.
func (t *nameTable) refer(d *deed, role uint8, kind, value string, most int, p place, last int64) {
	if i := t.has(d.refs, role, kind, value); i >= 0 {
		t.meet(d, i, p, last)
		return
	}
	t.buf = t.buf[:0]
	if kind != "" {
		t.buf = append(append(t.buf, kind...), ':')
	}
	t.buf = append(t.buf, value...)
	t.keep(d, role, most, p, last)
}

// meet notes that a ref of a deed was met at a place.
func (t *nameTable) meet(d *deed, i int, p place, last int64) {
	if t.before(p, d.metAt(d.refs[i])) {
		d.refs[i].met = d.placed(p)
	}
	d.refs[i].last = max(d.refs[i].last, last)
}

// keep adds the name in t.buf to the refs of a role. A name that would not stay is not even numbered, so that one who
// writes a million names fills no memory.
func (t *nameTable) keep(d *deed, role uint8, most int, p place, last int64) {
	t.buf = short(t.buf)
	name, known := t.of[string(t.buf)]
	n, worst := 0, -1
	for i, r := range d.refs {
		if r.role != role {
			continue
		}
		if known && r.name == name {
			t.meet(d, i, p, last)
			return
		}
		n++
		if worst < 0 || t.hashes[r.name] > t.hashes[d.refs[worst].name] {
			worst = i
		}
	}
	if n >= most {
		h := uint64(0)
		if known {
			h = t.hashes[name]
		} else {
			h = t.hash.of(t.buf)
		}
		if h >= t.hashes[d.refs[worst].name] {
			return
		}
	}
	if !known {
		name = t.bytes(t.buf)
	}
	r := ref{name: name, role: role, met: d.placed(p), last: last}
	if n >= most {
		d.refs[worst] = r
		return
	}
	d.refs = append(d.refs, r)
}

// refersTo says that a deed has a name in a role.
func (d *deed) refersTo(name int32, role uint8) bool {
	return slices.ContainsFunc(d.refs, func(r ref) bool { return r.name == name && r.role == role })
}
