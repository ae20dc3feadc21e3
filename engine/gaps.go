package engine

import (
	"sort"
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

// join puts the spans of one file together, whatever order its blocks were decoded in.
func join(spans []span) span {
	sort.Slice(spans, func(i, j int) bool { return spans[i].seq < spans[j].seq })
	var all span
	for _, s := range spans {
		all.events += s.events
		all.faults += s.faults
		all.bytes += s.bytes
		if s.last.IsZero() {
			continue
		}
		if all.last.IsZero() {
			all.first, all.min, all.max = s.first, s.min, s.max
		} else {
			all.step(all.last, s.first)
		}
		all.last = s.last
		if s.min.Before(all.min) {
			all.min = s.min
		}
		if s.max.After(all.max) {
			all.max = s.max
		}
		if s.forward.To.Sub(s.forward.From) > all.forward.To.Sub(all.forward.From) {
			all.forward = s.forward
		}
		if s.backward.From.Sub(s.backward.To) > all.backward.From.Sub(all.backward.To) {
			all.backward = s.backward
		}
		all.backs += s.backs
	}
	return all
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
