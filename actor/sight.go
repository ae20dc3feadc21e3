package actor

import (
	"cmp"
	"slices"

	"github.com/tocsin-ids/tocsin"
)

// Bounds of what is known of the sensors of one deed. Of what is more, that with the smallest hashes stays.
const (
	maxSensors = 6 // of a deed
	maxWorded  = 8 // texts whose acts are counted one by one, of a sensor
)

// A sight is what one sensor told of a deed.
type sight struct {
	sensor int32
	rest   int32   // acts whose texts are not counted one by one
	at     place   // the first
	words  []words // in order of text
}

// Words are acts of one text.
type words struct {
	text uint32 // its hash under the owner's key
	n    int32
}

// see counts n acts of a text that a sensor tells of.
func (t *nameTable) see(d *deed, sensor int32, p place, text uint32, n int32, plain bool) {
	s := t.sightOf(d, sensor, p)
	switch {
	case s == nil || n == 0:
	case plain:
		s.rest += n
	default:
		s.count(words{uint32(mix(uint64(text), t.hash.k0) >> 32), n})
	}
}

// sightOf is a sensor's sight of a deed at a place; nil where others stay rather.
func (t *nameTable) sightOf(d *deed, sensor int32, p place) *sight {
	worst := 0
	for i := range d.seen {
		s := &d.seen[i]
		if s.sensor == sensor {
			if t.before(p, s.at) {
				s.at = p
			}
			return s
		}
		if t.hashes[s.sensor] > t.hashes[d.seen[worst].sensor] {
			worst = i
		}
	}
	if len(d.seen) < maxSensors {
		d.seen = append(d.seen, sight{sensor: sensor, at: p})
		return &d.seen[len(d.seen)-1]
	}
	if t.hashes[sensor] > t.hashes[d.seen[worst].sensor] {
		return nil
	}
	d.seen[worst] = sight{sensor: sensor, at: p}
	return &d.seen[worst]
}

// count adds acts of a text.
func (s *sight) count(w words) {
	i := 0
	for i < len(s.words) && s.words[i].text < w.text {
		i++
	}
	switch {
	case i < len(s.words) && s.words[i].text == w.text:
		s.words[i].n += w.n
	case i == maxWorded:
		s.rest += w.n
	default:
		if len(s.words) == maxWorded {
			s.rest += s.words[maxWorded-1].n
			s.words = s.words[:maxWorded-1]
		}
		s.words = slices.Insert(s.words, i, w)
	}
}

// acts is how many acts a deed is: what several sensors told of counts as often as the one that told of it most often. It goes
// by text as far as all of them count the text, and by the rest in sum.
func (d *deed) acts() int32 {
	if len(d.seen) < 2 {
		return d.n
	}
	all := ^uint32(0) // up to this all sensors count texts one by one
	for i := range d.seen {
		if w := d.seen[i].words; len(w) == maxWorded {
			all = min(all, w[maxWorded-1].text)
		}
	}
	most, rest := map[uint32]int32{}, int32(0)
	for i := range d.seen {
		left := d.seen[i].rest
		for _, w := range d.seen[i].words {
			if w.text > all {
				left += w.n
			} else {
				most[w.text] = max(most[w.text], w.n)
			}
		}
		rest = max(rest, left)
	}
	for _, n := range most {
		rest += n
	}
	return min(rest, d.n)
}

// joinSights adds what the sensors of o, whose names are of t, told of.
func (t *nameTable) joinSights(d, o *deed) {
	for i := range o.seen {
		x := &o.seen[i]
		s := t.sightOf(d, x.sensor, x.at)
		if s == nil {
			continue
		}
		s.rest += x.rest
		for _, w := range x.words {
			s.count(w)
		}
	}
}

// sights are those of a deed in the words of the vocabulary.
func (s *Pages) sights(d *deed) []tocsin.Sight {
	out := make([]tocsin.Sight, 0, len(d.seen))
	for i := range d.seen {
		out = append(out, tocsin.Sight{Sensor: s.t.text(d.seen[i].sensor), Place: s.placeOf(d.seen[i].at)})
	}
	slices.SortFunc(out, func(x, y tocsin.Sight) int { return cmp.Or(x.Place.Compare(y.Place), cmp.Compare(x.Sensor, y.Sensor)) })
	return out
}
