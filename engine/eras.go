package engine

import (
	"slices"
	"time"
)

// eraApart is how far apart the events of two eras are at least, and strayShare how many times as many events as a stray
// era the greatest has: a few records that are a year or more from all others (a stamp of whoever played a recording, of
// metadata, of a clock that was never set) do not say when the log was written.
const (
	eraApart   = 365 * 24 * time.Hour
	strayShare = 20
)

// An era is events no two neighbours of which are eraApart.
type era struct {
	n           int64
	first, last time.Time
}

// eras are in order of time. There are at most as many as there are years in what 64 bits of nanoseconds hold. They do not
// depend on the order in which events were added.
type eras []era

func (e *eras) add(t time.Time) {
	all := *e
	for i := range all {
		x := &all[i]
		switch {
		case t.Before(x.first):
			if x.first.Sub(t) >= eraApart || i > 0 && t.Sub(all[i-1].last) < eraApart {
				continue
			}
			x.first = t
		case t.After(x.last):
			if t.Sub(x.last) >= eraApart || i+1 < len(all) && all[i+1].first.Sub(t) < eraApart {
				continue
			}
			x.last = t
		}
		x.n++
		return
	}
	e.join(era{1, t, t})
}

// join adds an era of others, which may be within eraApart of several.
func (e *eras) join(x era) {
	at := len(*e)
	for i := 0; i < len(*e); i++ {
		y := (*e)[i]
		switch {
		case x.first.Sub(y.last) >= eraApart:
		case y.first.Sub(x.last) >= eraApart:
			at = min(at, i)
		default:
			x.n += y.n
			if y.first.Before(x.first) {
				x.first = y.first
			}
			if y.last.After(x.last) {
				x.last = y.last
			}
			*e = slices.Delete(*e, i, i+1)
			at = min(at, i)
			i--
		}
	}
	*e = slices.Insert(*e, min(at, len(*e)), x)
}

// strays says of each era whether it is one of a few events far from all others.
func (e eras) strays() []bool {
	var most int64
	for _, x := range e {
		most = max(most, x.n)
	}
	stray := make([]bool, len(e))
	for i, x := range e {
		stray[i] = x.n*strayShare <= most
	}
	return stray
}

// bulk is from the first to the last event of what is no stray.
func (e eras) bulk() (first, last time.Time) {
	for i, stray := range e.strays() {
		if stray {
			continue
		}
		if first.IsZero() {
			first = e[i].first
		}
		last = e[i].last
	}
	return first, last
}

// outside sums up the eras that are strays of their file or of the whole run, whose bulk is from first to last.
func (e eras) outside(first, last time.Time) (sum era) {
	for i, stray := range e.strays() {
		x := e[i]
		if !stray && !x.last.Before(first) && !x.first.After(last) {
			continue
		}
		if sum.n == 0 {
			sum.first = x.first
		}
		sum.n, sum.last = sum.n+x.n, x.last
	}
	return sum
}
