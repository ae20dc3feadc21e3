package engine

import (
	"fmt"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/decode"
)

// doubts count the stamps of a file that tell no time, by kind.
type doubts [decode.Doubts]struct {
	n     int64
	line  int64 // of the first of them, in order of the file
	stamp time.Time
}

func (d *doubts) add(kind decode.Doubt, n, line int64, stamp time.Time) {
	c := &d[kind]
	if c.n == 0 || line < c.line || line == c.line && stamp.Before(c.stamp) {
		c.line, c.stamp = line, stamp
	}
	c.n += n
}

func (d *doubts) join(next *doubts) {
	for kind := range next {
		if c := &next[kind]; c.n > 0 {
			d.add(decode.Doubt(kind), c.n, c.line, c.stamp)
		}
	}
}

// Each kind of doubt in words.
var doubtWords = [decode.Doubts]struct{ what, hint string }{
	decode.Unset:   {"a clock's zero: it was never set, or was wiped", "the log does not know this time"},
	decode.Early:   {"before 1970", "the clock of that machine was wrong, or the stamp is no time"},
	decode.Late:    {"more than a day after the file was last written", "the clock of that machine was wrong or the stamp is forged; if its year or zone is, give --year or --zone"},
	decode.Outside: {"beyond 1678 to 2262, which no log is from", "the stamp is forged, damaged or stands for never"},
}

// faults says which stamps of a file were not believed: one fault for each kind.
func (d *doubts) faults(path string) (all []*tocsin.Fault, stamps int64) {
	for kind, c := range d {
		if c.n == 0 {
			continue
		}
		stamps += c.n
		others := ""
		if c.n > 1 {
			others = fmt.Sprintf(", as are %d more of this file", c.n-1)
		}
		all = append(all, &tocsin.Fault{Source: path, Line: c.line,
			Err:  fmt.Errorf("the stamp %s is %s%s; read as if it were not there", c.stamp.Format(time.RFC3339Nano), doubtWords[kind].what, others),
			Hint: doubtWords[kind].hint})
	}
	return all, stamps
}

// A window weighs late stamps against the other stamps of their block, since the file's time may be what is wrong: set
// back, kept by a copy, not brought up to date. Late stamps are believed where they go on from believed ones by steps of
// at most a day, and where there are more of them than of others. Until that is known their events are held. Nobody
// writes to a file for mostAhead and more after its time: what is later than that is never believed.
type window struct {
	believed int
	latest   time.Time // the last that was believed
	doubted  int       // late ones that were held
	held     []*tocsin.Event
	order    []moment // of the events from the first that is held on
	refuted  bool     // the file's time is wrong: no stamp of the block is late any more
}

// A moment is the time of an event that was not held, or stands for the next one that was.
type moment struct {
	at   time.Time
	held bool
}

const (
	mostHeld  = 1024          // events that a window holds …
	mostOrder = 16 * mostHeld // … and times of those between them
	mostAhead = 30 * 365 * 24 * time.Hour
)

// firstWritten is the second day of 2000. Files from before say so only because something gave them a fixed time: archives
// are made with 0, 1980 and 1985, and machines without a clock begin there.
var firstWritten = time.Date(2000, 1, 2, 0, 0, 0, 0, time.UTC)

// mapped are the formats that are written through mapped memory: the file's time may be weeks behind its records, which the
// system's own clock stamps.
var mapped = map[string]bool{"evtx": true, "journal": true}

// written sets what the stamps of a block's file are held against.
func (w *worker) written(f *file) {
	w.ref, w.far = time.Time{}, time.Time{}
	if w.stored || f.ref.Before(firstWritten) {
		return
	}
	w.ref, w.far = f.ref, f.ref.Add(mostAhead)
	if mapped[f.format] {
		w.ref = w.far
	}
}

// weigh judges an event's stamps, strikes those that tell no time, and reports whether the event must be held.
func (w *worker) weigh(ev *tocsin.Event) (hold bool) {
	ref, far := w.ref, w.far
	if w.window.refuted {
		ref = far
	}
	first, second := decode.Judge(ev.Time, ref), decode.Judge(ev.Sensor, ref)
	at := ev.Time
	if first != decode.Late && second == decode.Late || at.IsZero() || first != decode.Sound && first != decode.Late {
		at = ev.Sensor
	}
	if (first == decode.Late || second == decode.Late) && !w.window.refuted {
		if decode.Judge(at, far) == decode.Late {
			w.strike(ev, far)
			return w.weigh(ev) // by the other stamp, if there is one
		}
		if at.Sub(w.window.latest) > decode.Slack {
			w.window.doubted++
			return true
		}
	}
	if first != decode.Sound || second != decode.Sound {
		w.strike(ev, far)
	}
	if !ev.Time.IsZero() || !ev.Sensor.IsZero() {
		w.window.believed++
		w.window.latest = at
	}
	return false
}

// strike removes the stamps of an event that tell no time in a file last written at ref. A collector's stamp that was never
// set is no loss where the event's own is there.
func (w *worker) strike(ev *tocsin.Event, ref time.Time) {
	for _, stamp := range [2]*time.Time{&ev.Time, &ev.Sensor} {
		kind := decode.Judge(*stamp, ref)
		if kind == decode.Sound {
			continue
		}
		if stamp == &ev.Time || kind != decode.Unset || ev.Time.IsZero() {
			line, _ := ev.Place().Line()
			w.span.doubts.add(kind, 1, int64(line), *stamp)
		}
		*stamp = time.Time{}
	}
}

// moment notes the time of an event, in the order of the file.
func (w *worker) moment(at time.Time) {
	if len(w.window.held) > 0 {
		if w.window.order = append(w.window.order, moment{at: at}); len(w.window.order) >= mostOrder {
			w.settle()
		}
		return
	}
	w.span.add(at)
}

// hold keeps an event until its block, or enough of it, has been seen.
func (w *worker) hold(ev *tocsin.Event) {
	v := &w.window
	c := ev.Clone()
	c.Source = strings.Clone(ev.Source)
	v.held = append(v.held, c)
	v.order = append(v.order, moment{held: true})
	if len(v.held) >= mostHeld {
		w.settle()
	}
}

// settle decides about the events that are held and takes them.
func (w *worker) settle() {
	v := &w.window
	if len(v.held) == 0 {
		return
	}
	held, order := v.held, v.order
	v.held, v.order = nil, nil
	v.refuted = v.doubted > v.believed
	ref := w.ref
	if v.refuted {
		ref = w.far
	}
	for _, ev := range held {
		w.strike(ev, ref)
	}
	n := 0
	for _, m := range order {
		if m.held {
			m.at = held[n].Time
			n++
			if !w.within(m.at) {
				continue
			}
		}
		w.span.add(m.at)
	}
	for _, ev := range held {
		if !w.within(ev.Time) {
			w.leave(ev)
		} else {
			w.take(ev)
		}
	}
}
