package channel

import (
	"math"
	"slices"
	"time"
)

// A rhythm is what the times and sizes of a pair's connections have in common.
type rhythm struct {
	n           int64 // connections
	turns       int   // those within burst seconds of the one before are one turn with it
	first, last uint32
	median, mad float64 // of the intervals between turns, in seconds; mad is the median absolute deviation
	skew        float64 // Bowley's, of the intervals
	hours       int     // in which there were connections
	of          int     // hours from the first to the last, without pauses
	size        float64 // median of the bytes sent a turn
	sizeMad     float64
	sent, got   uint64
	long        uint32 // seconds
	longAt      uint32
	bad         int64
	slot        uint32  // seconds that times are exact to
	low, high   float64 // of the intervals, without the outer twentieths
	flat        float64 // how much of that the middle half takes: 0.56 where all intervals within bounds are as likely, 0.41 of a bell, less with outliers
}

const (
	burst = 3        // seconds
	pause = 4 * 3600 // seconds without connections that are no part of a rhythm: a machine that is off at night
)

// rhythm measures a pair. Regularity is measured as RITA does, by how skewed intervals are (A. L. Bowley's coefficient, by
// quartiles) and how widely they are spread (median absolute deviation): https://github.com/activecm/rita, analysis/beacons.go.
// Both hold with jitter, and a few outliers do not move them.
func (p *pair) rhythm(t *Table) (r rhythm) {
	p.tidy(t)
	r.slot = 1 << p.quantum
	var gaps, sizes []float64
	hour, lull := uint32(0), 0
	var turn float64
	for i := range p.cells {
		c := &p.cells[i]
		if c.long > r.long {
			r.long, r.longAt = c.long, c.at
		}
		if c.n == c.open {
			continue
		}
		r.n += int64(c.n)
		r.bad += int64(c.bad)
		r.sent, r.got = plus(r.sent, c.sent), plus(r.got, c.got)
		h := c.at / 3600
		if r.turns == 0 {
			r.first, r.hours = c.at, 1
		} else if h != hour {
			r.hours++
		}
		if r.turns > 0 && c.at-r.last <= burst && r.slot == 1 {
			turn += float64(c.sent)
		} else {
			if r.turns > 0 {
				sizes = append(sizes, turn)
				if gap := c.at - r.last; gap <= pause {
					gaps = append(gaps, float64(gap))
				} else {
					lull += int(h-hour) - 1
				}
			}
			r.turns++
			turn = float64(c.sent) / float64(c.n-c.open)
		}
		hour, r.last = h, c.at
	}
	if r.turns == 0 {
		return r
	}
	sizes = append(sizes, turn)
	r.of = int(r.last/3600-r.first/3600) + 1 - lull
	r.size, r.sizeMad, _ = spread(sizes)
	if r.median, r.mad, r.skew = spread(gaps); len(gaps) > 0 {
		if r.low, r.high = quantile(gaps, 0.05), quantile(gaps, 0.95); r.high > r.low {
			r.flat = (quantile(gaps, 0.75) - quantile(gaps, 0.25)) / (r.high - r.low)
		}
	}
	return r
}

// regular is between 0 (any intervals) and 1 (all alike): the mean of how little intervals are skewed and spread.
func (r *rhythm) regular() float64 {
	if r.median <= 0 {
		return 0
	}
	return (1 - math.Abs(r.skew) + max(0, r.even())) / 2
}

// even is 1 without jitter; random arrivals, as of a Poisson process, have 0.31.
func (r *rhythm) even() float64 { return (r.median - r.mad) / r.median }

// jitters says that intervals are spread evenly between two bounds: a program draws them so (Cobalt Strike's sleep with jitter is
// one), where the delays of networks and machines make a bell or a tail.
func (r *rhythm) jitters() bool {
	return r.turns >= jitterTurns && r.high-r.low >= jitterLeast*r.median && r.flat >= flatLeast && r.flat <= flatMost
}

// spread sorts values, and gives their median, the median absolute deviation from it, and Bowley's skewness.
func spread(v []float64) (median, mad, skew float64) {
	if len(v) == 0 {
		return 0, 0, 0
	}
	slices.Sort(v)
	median = quantile(v, 0.5)
	q1, q3 := quantile(v, 0.25), quantile(v, 0.75)
	if q3-q1 >= 10 && median != q1 && median != q3 { // within ten seconds skew is noise: RITA's bound
		skew = (q1 + q3 - 2*median) / (q3 - q1)
	}
	d := make([]float64, len(v))
	for i, x := range v {
		d[i] = math.Abs(x - median)
	}
	slices.Sort(d)
	return median, quantile(d, 0.5), skew
}

// quantile interpolates in sorted values.
func quantile(v []float64, q float64) float64 {
	at := q * float64(len(v)-1)
	i := int(at)
	if i+1 >= len(v) {
		return v[len(v)-1]
	}
	return v[i] + (at-float64(i))*(v[i+1]-v[i])
}

func stamp(at uint32) time.Time { return time.Unix(int64(at), 0).UTC() }
