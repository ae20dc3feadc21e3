package engine

import (
	"time"

	"github.com/tocsin-ids/tocsin"
)

// What counts as a silence or a clock jump. A silence must be long both for a human and against the log's own pace:
// a log that speaks once a day is not silent for a day.
const (
	silenceAtLeast = time.Hour
	silenceTimes   = 200 // times the mean distance of two events of the file
	silenceEvents  = 100 // a file with fewer events has no pace
	backAtLeast    = 5 * time.Minute
	backShare      = 0.01 // a file that goes back more often than this share of its steps is not in order at all
	gapsKept       = 20
)

// A span is what a run of consecutive events of one file says about the file's clock.
type span struct {
	seq         int
	events      int64
	dated       int64 // events with a time
	timeless    int64 // events without one that were read
	faults      int64
	bytes       int64
	first, last time.Time // in order of the file
	eras        eras
	forward     step    // the longest forward
	backward    step    // the longest back
	leaps       [2]step // the longest forward and back that is eraApart or more
	backs       int64
	doubts      doubts
	guesses     guesses
	out         outside
	numbers     numbers
}

// What is outside the bounds that the user set.
type outside struct {
	n        int64
	min, max time.Time
}

// leave counts an event that is outside the bounds.
func (s *span) leave(t time.Time) { s.out.join(outside{1, t, t}) }

func (o *outside) join(next outside) {
	if next.n == 0 {
		return
	}
	if o.n == 0 || next.min.Before(o.min) {
		o.min = next.min
	}
	if next.max.After(o.max) {
		o.max = next.max
	}
	o.n += next.n
}

// add takes the next event's time.
func (s *span) add(t time.Time) {
	if t.IsZero() {
		return
	}
	s.dated++
	if s.last.IsZero() {
		s.first = t
	} else {
		s.step(s.last, t)
	}
	s.last = t
	s.eras.add(t)
}

// A step is from one event of a file to the next.
type step struct {
	from, to time.Time
	by       time.Duration // never negative: back, for a step back
}

func (s *span) step(from, to time.Time) {
	d := to.Sub(from)
	switch {
	case d >= eraApart:
		s.leaps[0].longer(step{from, to, d})
	case d <= -eraApart:
		s.backs++
		s.leaps[1].longer(step{from, to, -d})
		return
	default:
		s.forward.longer(step{from, to, d})
	}
	if -d >= backAtLeast {
		s.backs++
		s.backward.longer(step{from, to, -d})
	}
}

func (s *step) longer(next step) {
	if next.by > s.by {
		*s = next
	}
}

// join appends the span of the block that comes next.
func (s *span) join(next span) {
	s.seq = next.seq + 1
	s.events += next.events
	s.faults += next.faults
	s.bytes += next.bytes
	s.doubts.join(&next.doubts)
	s.guesses.join(&next.guesses)
	s.out.join(next.out)
	s.dated += next.dated
	s.timeless += next.timeless
	older := s.numbers.before(&next.numbers)
	s.numbers.join(&next.numbers)
	if next.last.IsZero() {
		return
	}
	if s.last.IsZero() {
		s.first = next.first
	} else if !older {
		s.step(s.last, next.first)
	}
	s.last = next.last
	for _, x := range next.eras {
		s.eras.join(x)
	}
	s.forward.longer(next.forward)
	s.backward.longer(next.backward)
	for i := range s.leaps {
		s.leaps[i].longer(next.leaps[i])
	}
	s.backs += next.backs
}

// gaps says what is worth telling about the records and the clock of a file. What is missing of a damaged one is told by
// its faults.
func (s span) gaps(path string) (out []tocsin.Gap) {
	if s.faults == 0 {
		out = s.numbers.missing(path)
	}
	if s.dated < silenceEvents || float64(s.backs) > backShare*float64(s.dated) {
		return out
	}
	first, last := s.eras.bulk()
	if s.eras.outside(first, last).n == 0 { // else the longest steps lead to strays and back
		s.forward.longer(s.leaps[0])
		s.backward.longer(s.leaps[1])
	}
	mean := last.Sub(first) / time.Duration(s.dated)
	if d := s.forward.by; d >= silenceAtLeast && d > silenceTimes*mean {
		out = append(out, tocsin.Gap{Path: path, From: s.forward.from, To: s.forward.to, Kind: "silence"})
	}
	if s.backward.by > 0 {
		out = append(out, tocsin.Gap{Path: path, From: s.backward.from, To: s.backward.to, Kind: "backwards"})
	}
	return out
}
