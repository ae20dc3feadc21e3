package tocsin

import (
	"cmp"
	"slices"
)

// A Tick is an action as tempo and driver see it: small, so that millions can be kept. Names are hashes: what drives an
// actor is judged by how it acts, never by what its tools are called.
type Tick struct {
	Time   int64  // when it began, Unix nanoseconds; 0 is not known, below 0 it is not, and the number tells only the place among others of its log
	End    int64  // when it ended; 0 is not known
	Words  uint64 // a bit for each word of the text, by the word's hash: similar texts have similar bits
	Record uint32 // of the event, in its source: parts of one event have it in common
	Text   uint32 // hash of the text
	Kind   uint32 // hash of verb and tool
	Target uint32 // hash of the first target; 0 where there is none
	Stream uint32 // hash of the log and session it was read in: gaps are measured within one

	Length    uint16 // of the text, in bytes
	Sensor    uint16 // hash of the sensor that told of it; 0 is not known
	Count     uint8  // words in the text, at most 255
	Operators uint8  // that join or redirect commands: | ; & < > $( and line ends, at most 255
	Tactic    uint8  // 1 and up in the order of the matrix; 0 is ordinary use
	Log       uint8  // 1 and up in the order of Logs; 0 is none of them
	Typed     bool   // the text is a command, not a request or a message of a log
	Set       bool   // another act or the machine itself set it off
	Hole      bool   // actions between the one before and this were not kept, so that the time between them tells nothing
	Outcome   Outcome
}

// Dated says that it is known when the action began.
func (t *Tick) Dated() bool { return t.Time > 0 }

// Failed says that the action is known not to have worked.
func (t *Tick) Failed() bool { return t.Outcome == Failed || t.Outcome == Denied }

// SameEvent says that two ticks are of one event: the parts of a command line have its whole text.
func (t *Tick) SameEvent(o *Tick) bool {
	return t.Time == o.Time && t.Record == o.Record && t.Record != 0 && t.Text == o.Text && t.Stream == o.Stream
}

// Ticks are what one name did.
type Ticks []Tick

// Sort puts ticks in order of time, first those without one in the order of their logs, those of one time in an order of their own, so that it does not matter in which
// order they came.
func (t Ticks) Sort() {
	slices.SortFunc(t, func(a, b Tick) int {
		if a.Time < 0 && b.Time < 0 && a.Stream != b.Stream {
			return cmp.Compare(a.Stream, b.Stream) // places in different logs say nothing of each other
		}
		return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(a.Record, b.Record), cmp.Compare(a.Text, b.Text), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Target, b.Target), cmp.Compare(a.Stream, b.Stream))
	})
}

// Events are the ticks, which are in order, without those that have no time and, of those of one event, without all but
// the first; of what several sensors tell, once. The ticks are not changed: they are copied where one is left out.
func (t Ticks) Events() Ticks {
	from := 0
	for from < len(t) && t[from].Time <= 0 {
		from++
	}
	return t[from:].single().once()
}

// single are the ticks without all but the first of those of one event.
func (t Ticks) single() Ticks {
	for i := 1; i < len(t); i++ {
		if !t[i-1].SameEvent(&t[i]) {
			continue
		}
		out := append(make(Ticks, 0, len(t)-1), t[:i]...)
		for ; i < len(t); i++ {
			if !t[i-1].SameEvent(&t[i]) {
				out = append(out, t[i])
			}
		}
		return out
	}
	return t
}
