package actor

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// maxAnswers bounds the answers of one deed. Of what is more, the first in order stay, so that what stays is counted whole.
const maxAnswers = 16

// An answer is how often a server answered actions of a deed that asked for one thing with about one size.
type answer struct {
	asked uint32 // a hash under the owner's key of what was asked for
	size  uint16 // in eighths of a doubling
	n     int32
	bytes int64 // of the first
	at    place // the first
	last  int64
}

func (x *answer) order(y *answer) int {
	return cmp.Or(cmp.Compare(x.asked, y.asked), cmp.Compare(x.size, y.size))
}

// answered counts the answer that a guess or an attempt got.
func (t *nameTable) answered(d *deed, a *tocsin.Action, p place) {
	if a.Answer <= 0 || a.Again || a.Verb != "probe" && a.Verb != "login" {
		return
	}
	path, _, _ := strings.Cut(a.Text, "?")
	t.buf = append(t.buf[:0], path...)
	t.count(d, answer{uint32(t.hash.of(t.buf) >> 32), uint16(8 * math.Log2(float64(a.Answer))), 1, a.Answer, p, p.time})
}

// count adds answers of one kind.
func (t *nameTable) count(d *deed, x answer) {
	i, found := slices.BinarySearchFunc(d.answers, x, func(y, x answer) int { return y.order(&x) })
	switch {
	case found:
		y := &d.answers[i]
		y.n, y.last = y.n+x.n, max(y.last, x.last)
		if t.before(x.at, y.at) {
			y.at, y.bytes = x.at, x.bytes
		}
	case i < maxAnswers:
		d.answers = slices.Insert(d.answers, i, x)
		d.answers = d.answers[:min(len(d.answers), maxAnswers)]
	}
}

const (
	// fewAlike is how many answers of about one size another one must differ from.
	fewAlike = 6
	// near and farther are how far sizes differ, in eighths of a doubling, that are about one, and that are clearly two: pages that
	// print back what they were sent differ by less.
	near, farther = 1, 3
	// leastMore is by how many bytes two sizes must differ that are clearly two.
	leastMore = 64
)

// odd is what shows that a server answered one of many like guesses or attempts otherwise than the others, and where; "" if none
// did. They asked for the same, most answers were of about one size, and hardly any is of another.
func (s *Pages) odd(d *deed) (string, tocsin.Place) {
	all := d.answers
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n].asked == all[0].asked {
			n++
		}
		group := all[:n]
		if all = all[n:]; len(all) == 0 && len(d.answers) == maxAnswers {
			break // it may have had more
		}
		usual := slices.MaxFunc(group, func(x, y answer) int { return cmp.Or(cmp.Compare(x.n, y.n), cmp.Compare(y.size, x.size)) })
		alike, others := int32(0), int32(0)
		last := int64(0)
		var other *answer
		for i := range group {
			x := &group[i]
			apart := max(int(x.size)-int(usual.size), int(usual.size)-int(x.size))
			switch {
			case apart <= near:
				alike, last = alike+x.n, max(last, x.last)
			case apart < farther || max(x.bytes-usual.bytes, usual.bytes-x.bytes) < leastMore:
				others = math.MaxInt32 / 2 // sizes run into each other
			default:
				if others += x.n; other == nil || s.t.before(x.at, other.at) {
					other = x
				}
			}
		}
		guess := s.t.kinds[d.kind].verb == "login"
		switch {
		case other == nil, alike < fewAlike, others > max(1, alike/fewAlike), other.at.time <= usual.at.time:
		case guess && other.at.time < last: // who is in guesses no more
		default:
			return fmt.Sprintf("it was answered with %d bytes, and %d like it with about %d", other.bytes, alike, usual.bytes), s.placeOf(other.at)
		}
	}
	return "", tocsin.Place{}
}
