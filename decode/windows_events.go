package decode

import (
	"bytes"
	"errors"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// windowsLines lists the kinds of text line of this family.
func windowsLines() []lineKind {
	return append(windowsServiceLines(), lineKind{name: "windows-xml-line", parse: func(d *lines, line []byte, ev *tocsin.Event) bool {
		start := bytes.Index(line, []byte("<Event"))
		return start >= 0 && d.eventXML(text(line[start:]), ev)
	}})
}

// eventXML completes ev from the XML of an event, with whatever follows it on its line, and reports whether s is one.
// An event whose XML is damaged has a Fault and what could be read of it.
func (d *lines) eventXML(s string, ev *tocsin.Event) bool {
	if !isEventXML(s) {
		return false
	}
	if end := strings.LastIndex(s, "</Event>"); end >= 0 {
		s = s[:end+len("</Event>")]
	}
	if d.win == nil {
		d.win = newEventXML(d.opt)
	}
	line := ev.Record
	if err := d.win.fill(d.rec, s, ev); err != nil {
		ev.Fault = &tocsin.Fault{Source: ev.Source, Line: int64(line), Err: err, Hint: "what could be read of the event was kept"}
	}
	return true
}

// An eventXML makes events of their XML.
type eventXML struct {
	flat flattener
	obj  object
}

func newEventXML(o Options) *eventXML {
	x := &eventXML{flat: flattener{root: &pathNode{}}}
	x.obj = object{opt: o, flat: &x.flat}
	return x
}

// fill completes ev from the XML of one event. The error says that it is damaged; ev has what was read before.
func (x *eventXML) fill(r *tocsin.Record, s string, ev *tocsin.Event) error {
	f := &x.flat
	f.fields, f.nodes, f.arena = ev.Fields[:0], f.nodes[:0], f.arena[:0]
	err := f.xml(s)
	x.obj.fields, x.obj.nodes, x.obj.data, x.obj.rec = f.fields, f.nodes, view(s), r
	fillWindows(&x.obj, ev)
	return err
}

// isWindowsXML recognises what Event Viewer and wevtutil save, and shippers send, as XML.
func isWindowsXML(_ string, head []byte) int {
	head = bytes.TrimLeft(head, "\ufeff \t\r\n-")
	if line, rest, ok := bytes.Cut(head, []byte{'\n'}); ok && bytes.HasPrefix(line, []byte("Record ")) {
		head = rest // evtx_dump
	}
	if !bytes.HasPrefix(head, []byte("<?xml")) && !bytes.HasPrefix(head, []byte("<Event")) && !bytes.HasPrefix(head, []byte("<!--")) {
		return 0
	}
	if i := bytes.Index(head, []byte("<Event")); i >= 0 && isEventXML(text(head[i:min(len(head), i+16)])) {
		return 95
	}
	if bytes.Contains(head, []byte("<Events>")) && bytes.Contains(head, []byte("schemas.microsoft.com/win/2004/08/events/event")) {
		return 95
	}
	return 0
}

// windowsXML decodes streams of <Event> elements; what stands between them is passed over. Blocks may end anywhere.
type windowsXML struct {
	xml  *eventXML
	ev   tocsin.Event
	rest []byte // an event that has begun
	seen int    // so much of rest has no end of an event
	line int64  // on which rest begins
	from string // the source
}

// maxEventXML bounds the XML of one event; EVTX has less than 64 KiB of it, twice as much when rendered.
const maxEventXML = 4 << 20

var (
	eventOpen  = []byte("<Event")
	eventClose = []byte("</Event>")

	errEventCut  = errors.New("an event is cut off")
	errEventLong = errors.New("an event of more than 4 MiB")
)

func (d *windowsXML) Decode(r *tocsin.Record, emit func(*tocsin.Event)) {
	d.from = r.Source
	data := r.Data
	if len(d.rest) > 0 {
		d.rest = append(d.rest, data...)
		data = d.rest
	} else {
		d.line = r.Line
	}
	skip := d.seen
	const unknown = -2
	close := unknown // where the next event ends in data, -1 if none does
	drop := func(n int) {
		d.skip(data[:n])
		data, skip = data[n:], max(0, skip-n)
		if close >= n {
			close -= n
		} else if close >= 0 {
			close = unknown
		}
	}
	for len(data) > 0 {
		start := findEvent(data, 0, true)
		if start < 0 {
			start = max(0, len(data)-len(eventOpen)) // it may begin at the end of the block
			drop(start)
			break
		}
		drop(start)
		if close == unknown {
			if close = bytes.Index(data[skip:], eventClose); close >= 0 {
				close += skip
			}
		}
		upto := data
		if close >= 0 {
			upto = data[:close+len(eventClose)]
		}
		if next := findEvent(upto, max(skip-len(eventOpen), len(eventOpen)), false); next >= 0 {
			d.fault(r, errEventCut, emit) // another begins before this one ends
			drop(next)
			continue
		}
		if close < 0 {
			if len(data) > maxEventXML {
				d.fault(r, errEventLong, emit)
				drop(len(eventOpen))
				continue
			}
			skip = max(0, len(data)-len(eventClose))
			break
		}
		d.ev = tocsin.Event{Source: r.Source, Record: uint64(d.line), Format: "windows-xml", Fields: d.ev.Fields[:0], Raw: text(upto)}
		if err := d.xml.fill(r, text(upto), &d.ev); err != nil {
			d.ev.Fault = &tocsin.Fault{Source: r.Source, Line: d.line, Err: err, Hint: "what could be read of the event was kept"}
		}
		emit(&d.ev)
		drop(len(upto))
	}
	d.rest = append(d.rest[:0], data...)
	d.seen = skip
}

// findEvent returns where the start tag of an event begins at or behind from, or -1. What may be one but for the end
// of b counts if asked for.
func findEvent(b []byte, from int, perhaps bool) int {
	for from < len(b) {
		i := bytes.Index(b[from:], eventOpen)
		if i < 0 {
			return -1
		}
		from += i
		after := from + len(eventOpen)
		if after == len(b) && perhaps || after < len(b) && (b[after] == '>' || xmlSpace(b[after])) {
			return from
		}
		from = after
	}
	return -1
}

func (d *windowsXML) skip(b []byte) { d.line += int64(bytes.Count(b, []byte{'\n'})) }

func (d *windowsXML) fault(r *tocsin.Record, err error, emit func(*tocsin.Event)) {
	d.ev = tocsin.Event{Source: r.Source, Record: uint64(d.line), Format: "windows-xml", Fields: d.ev.Fields[:0],
		Fault: &tocsin.Fault{Source: r.Source, Line: d.line, Err: err, Hint: "the events before and after it were read"}}
	emit(&d.ev)
}

func (d *windowsXML) Flush(emit func(*tocsin.Event)) {
	if findEvent(d.rest, 0, false) >= 0 {
		d.fault(&tocsin.Record{Source: d.from}, errEventCut, emit)
	}
	d.rest, d.seen = d.rest[:0], 0
}
