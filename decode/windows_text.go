package decode

import (
	"bytes"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// windowsText decodes Windows events as blocks of lines: a few values, one a line, then the rendered text.
// Splunk's classic input, wevtutil query /format:text, Event Viewer's "Copy as text" and PowerShell's Format-List write
// such blocks. Blocks of input may end anywhere.
type windowsText struct {
	opt  Options
	flat flattener
	obj  object
	ev   tocsin.Event
	rest []byte
	seen int   // so much of rest has no second event
	line int64 // on which rest begins
	from string
	way  textWay
}

// A textWay is how a block is written.
type textWay struct {
	mark string // begins a line of the event: its first, or the one after its time
	sep  string // between name and value
	last string // the name whose value goes on to the event's end
	led  bool   // a line with the time stands before the mark's
	list bool   // lines that begin with white space belong to the value before them
}

var (
	splunkText   = textWay{mark: "LogName=", sep: "=", last: "Message", led: true}
	wevtutilText = textWay{mark: "Event[", sep: ":", last: "Description"}
)

func windowsTextFormat() Format {
	return Format{
		Name: "windows-text", Cut: Bytes,
		Is: func(_ string, head []byte) int {
			way, ok := wayOf(head)
			if !ok {
				return 0
			}
			if way.holds(head[:min(len(head), 4096)]) {
				return 85
			}
			return 0
		},
		New: func(o Options) Decoder {
			d := &windowsText{opt: o, flat: flattener{root: &pathNode{}}}
			d.obj = object{opt: o, flat: &d.flat}
			return d
		},
	}
}

// wayOf tells how the events are written that begin at the start of b.
func wayOf(b []byte) (textWay, bool) {
	b = bytes.TrimLeft(bytes.TrimPrefix(b, bom), "\r\n")
	if bytes.HasPrefix(b, []byte(wevtutilText.mark)) {
		return wevtutilText, true
	}
	line, rest, _ := bytes.Cut(b, []byte{'\n'})
	if len(line) < 64 && bytes.HasPrefix(rest, []byte(splunkText.mark)) {
		return splunkText, true
	}
	name, _, ok := bytes.Cut(line[:min(len(line), 64)], []byte{':'})
	if label, _ := windowsHead(text(name)); ok && label == "Log Name" { // Event Viewer's
		return textWay{mark: string(line[:len(name)+1]), sep: ":", last: "Description"}, true
	}
	if ok && listNames[strings.TrimRight(text(name), " ")] {
		return textWay{mark: string(line[:len(name)+1]), sep: ":", list: true}, true
	}
	return textWay{}, false
}

// listNames are the properties of an event that Format-List writes first: those of Get-WinEvent by default and with *, and
// those of Get-EventLog.
var listNames = map[string]bool{"TimeCreated": true, "Message": true, "Id": true, "ProviderName": true, "LogName": true, "MachineName": true, "RecordId": true,
	"Index": true, "EventID": true, "TimeGenerated": true, "Level": true, "LevelDisplayName": true}

// holds says that a beginning has what every event of its way has.
func (w *textWay) holds(head []byte) bool {
	switch {
	case w.led:
		return bytes.Contains(head, []byte("\nEventCode="))
	case w.list: // at column 0, so that no value is taken for a name
		n := 0
		for line := range bytes.Lines(head) {
			name, _, ok := bytes.Cut(line, []byte{':'})
			if word := strings.TrimRight(text(name), " "); ok && (listNames[word] || word == "InstanceId" || word == "Source") {
				n++
			}
		}
		return n > 2
	}
	var log, id bool
	for line := range bytes.Lines(head) {
		name, _, ok := bytes.Cut(line, []byte{':'})
		if !ok || len(name) > 64 {
			continue
		}
		switch label, _ := windowsHead(strings.TrimSpace(text(name))); label {
		case "Log Name":
			log = true
		case "Event ID":
			id = true
		}
	}
	return log && id
}

// maxTextEvent bounds one event.
const maxTextEvent = 1 << 20

// next returns where the second event of b begins, or -1. The first begins at the start of b.
func (w *textWay) next(b []byte, from int) int {
	for from < len(b) {
		i := bytes.Index(b[from:], []byte(w.mark))
		if i < 0 {
			return -1
		}
		from += i
		if from > 0 && b[from-1] == '\n' {
			start := from
			if w.led {
				start = bytes.LastIndexByte(b[:from-1], '\n') + 1
			}
			if start > 0 {
				return start
			}
		}
		from += len(w.mark)
	}
	return -1
}

func (d *windowsText) Decode(r *tocsin.Record, emit func(*tocsin.Event)) {
	d.from = r.Source
	data := r.Data
	if len(d.rest) > 0 {
		d.rest = append(d.rest, data...)
		data = d.rest
	} else {
		d.line = r.Line
	}
	if d.way.mark == "" {
		var ok bool
		if d.way, ok = wayOf(data); !ok && len(data) > 4096 {
			d.way = splunkText
		}
	}
	for d.way.mark != "" {
		n := d.way.next(data, d.seen)
		if n < 0 {
			if len(data) <= maxTextEvent {
				d.seen = max(0, len(data)-len(d.way.mark))
				break
			}
			n = maxTextEvent
		}
		d.event(r.Source, data[:n], emit)
		data, d.seen = data[n:], 0
	}
	d.rest = append(d.rest[:0], data...)
}

func (d *windowsText) Flush(emit func(*tocsin.Event)) {
	if d.way.mark == "" {
		d.way, _ = wayOf(d.rest)
	}
	d.event(d.from, d.rest, emit)
	d.rest, d.seen, d.way = d.rest[:0], 0, textWay{}
}

func (d *windowsText) event(source string, b []byte, emit func(*tocsin.Event)) {
	line := d.line
	d.line += int64(bytes.Count(b, []byte{'\n'}))
	b = bytes.TrimSpace(bytes.TrimPrefix(b, bom))
	if len(b) == 0 {
		return
	}
	f := &d.flat
	f.fields, f.nodes, f.arena = d.ev.Fields[:0], f.nodes[:0], f.arena[:0]
	rest := text(b)
	for first := true; len(rest) > 0; first = false {
		line, next := nextLine(rest)
		name, v, ok := strings.Cut(line, d.way.sep)
		name = strings.TrimSpace(name)
		if !d.way.led && !d.way.list {
			var foreign bool
			if windowsDates[plainLabel(name)] {
				name, foreign = "Date", true
			} else {
				name, foreign = windowsHead(name)
			}
			if foreign && d.obj.opt.order[0] == unsettled {
				d.obj.opt.order[0] = dayFirst // as all who write with slashes but the Americans
			}
		}
		switch {
		case first && d.way.led:
			name, v = "TimeCreated", line
		case first && d.way.mark == wevtutilText.mark, !ok || name == "" || len(name) > 64:
			rest = rest[next:]
			continue
		case name == "User" && !d.way.led: // Sysmon's text has another
			name = "UserID"
		case name == d.way.last:
			v = rest[len(line)-len(v):]
			next = len(rest)
			if xml := eventXMLAt(v); xml >= 0 {
				v = v[:xml]
			}
		case d.way.list:
			v, next = listValue(rest, len(line)-len(v))
			if name == "Id" || name == "InstanceId" {
				name = "EventID"
			}
		}
		if v = strings.TrimSpace(v); v != "" && f.leaf(f.kid(f.root, view(name)), v) != nil {
			break
		}
		rest = rest[next:]
	}
	d.ev = tocsin.Event{Source: source, Record: uint64(line), Format: "windows-text", Raw: text(b), Fields: f.fields}
	d.obj.fields, d.obj.nodes, d.obj.data = f.fields, f.nodes, b
	if !isWindows(&d.obj) && !(d.way.list && d.obj.has("EventID")) {
		d.ev.Fault = &tocsin.Fault{Source: source, Line: line, Err: errNoEvent, Hint: "the events before and after it were read"}
	}
	fillWindows(&d.obj, &d.ev)
	emit(&d.ev)
}

// eventXMLAt tells where the event's XML begins that Event Viewer copies behind the text, or -1. The values of the text
// are the same; a label stands on the line before.
func eventXMLAt(s string) int {
	at := strings.LastIndex(s, "\n<Event xmlns")
	if at < 0 {
		return -1
	}
	return strings.LastIndexByte(s[:at], '\n') + 1
}

// listValue returns the value at s[at:] that goes on over the lines behind it that begin with white space or are empty,
// without the indentation of those lines, and where the next line begins.
func listValue(s string, at int) (v string, next int) {
	line, next := nextLine(s)
	v = line[at:]
	if next >= len(s) || s[next] != ' ' && s[next] != '\r' && s[next] != '\n' {
		return v, next
	}
	indent := at + 1
	var b strings.Builder
	b.WriteString(v)
	for next < len(s) && b.Len() < maxTextEvent {
		line, n := nextLine(s[next:])
		if line != "" && line[0] != ' ' {
			break
		}
		next += n
		b.WriteByte('\n')
		b.WriteString(line[min(indent, len(line)-len(strings.TrimLeft(line, " "))):])
	}
	return b.String(), next
}
