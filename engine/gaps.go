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
	faults      int64
	bytes       int64
	first, last time.Time // in order of the file
	min, max    time.Time
	forward     tocsin.Gap // the longest step forward
	backward    tocsin.Gap // the longest step back
	backs       int64
}

// add takes the next event's time.
func (s *span) add(t time.Time) {
	if t.IsZero() {
		return
	}
	if s.last.IsZero() {
		s.first, s.min, s.max = t, t, t
	} else {
		s.step(s.last, t)
	}
	s.last = t
	if t.Before(s.min) {
		s.min = t
	}
	if t.After(s.max) {
		s.max = t
	}
}

func (s *span) step(from, to time.Time) {
	d := to.Sub(from)
	if d > s.forward.To.Sub(s.forward.From) {
		s.forward = tocsin.Gap{From: from, To: to, Kind: "silence"}
	}
	if -d >= backAtLeast {
		s.backs++
		if -d > s.backward.From.Sub(s.backward.To) {
			s.backward = tocsin.Gap{From: from, To: to, Kind: "backwards"}
		}
	}
}

// join appends the span of the block that comes next.
func (s *span) join(next span) {
	s.seq = next.seq + 1
	s.events += next.events
	s.faults += next.faults
	s.bytes += next.bytes
	if next.last.IsZero() {
		return
	}
	if s.last.IsZero() {
		s.first, s.min, s.max = next.first, next.min, next.max
	} else {
		s.step(s.last, next.first)
	}
	s.last = next.last
	if next.min.Before(s.min) {
		s.min = next.min
	}
	if next.max.After(s.max) {
		s.max = next.max
	}
	if next.forward.To.Sub(next.forward.From) > s.forward.To.Sub(s.forward.From) {
		s.forward = next.forward
	}
	if next.backward.From.Sub(next.backward.To) > s.backward.From.Sub(s.backward.To) {
		s.backward = next.backward
	}
	s.backs += next.backs
}

// gaps says what is worth telling about the clock of a file.
func (s span) gaps(path string) []tocsin.Gap {
	if s.events < silenceEvents {
		return nil
	}
	var out []tocsin.Gap
	if float64(s.backs) > backShare*float64(s.events) {
		return nil
	}
	mean := s.max.Sub(s.min) / time.Duration(s.events)
	if d := s.forward.To.Sub(s.forward.From); d >= silenceAtLeast && d > silenceTimes*mean {
		s.forward.Path = path
		out = append(out, s.forward)
	}
	if s.backs > 0 {
		s.backward.Path = path
		out = append(out, s.backward)
	}
	return out
}
