package decode

import (
	"bytes"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// looseLines are the kinds of line that are recognised by little: a stamp of any form, a tag without a stamp, words
// of failure beside an address. They see only lines that no other kind takes.
func looseLines() []lineKind {
	return []lineKind{
		{name: "listed-history", parse: parseListedHistory},
		{name: "stamped", parse: stampedLine},
		{name: "tagged", parse: taggedLine},
		{name: "worded", parse: wordedLine},
	}
}

// looseN is how many there are.
const looseN = 4

// maxLead is how far into a line its stamp may begin.
const maxLead = 120

// stampedLine takes the lines of an application's own log: a stamp in any common form, at the start or behind a level,
// a name, an address or whatever the application puts before it, then the message.
func stampedLine(d *lines, line []byte, ev *tocsin.Event) bool {
	d.clock.opt = d.opt
	b := bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))
	if name, rest, ok := composed(b); ok { // docker compose's "name  | …"
		if d.nest.unwrap(d.rec, ev, text(rest)) {
			ev.Add("program", text(name))
			return true
		}
		d.head = syslogHead{pri: -1, program: name, message: rest}
		if at, _, f := d.clock.lead(rest, d.rec.Ref); f != noStamp {
			d.head.time = at
		}
		d.tell(ev)
		return true
	}
	if t, n, f := d.clock.lead(b, d.rec.Ref); f != noStamp && n < len(b) {
		if b[n] == '{' && b[len(b)-1] == '}' { // a logger that puts a stamp before everything
			if in := d.nest.decode(d.rec, ev.Record, text(b[n:])); in != nil {
				fields := append(ev.Fields, in.Fields...)
				raw := ev.Raw
				*ev = *in
				ev.Raw, ev.Fields = raw, fields
				if !t.IsZero() {
					ev.Time = t
				}
				return true
			}
		}
		d.head = syslogHead{pri: -1, time: t, message: b[n:]}
		d.tell(ev)
		return true
	}
	if taggedLine(d, line, ev) { // the message may say the time
		if ev.Time.IsZero() {
			ev.Time, _ = buriedStamp(&d.clock, b, d.rec.Ref)
		}
		return true
	}
	t, ok := buriedStamp(&d.clock, b, d.rec.Ref)
	if ok {
		d.head = syslogHead{pri: -1, time: t, message: b}
		d.tell(ev)
	}
	return ok
}

// composed cuts the name that docker compose puts before each line of a container.
func composed(b []byte) (name, rest []byte, ok bool) {
	i := 0
	for i < len(b) && i < 64 && hostByte(b[i]) {
		i++
	}
	n := spaces(b[i:])
	if i == 0 || n == 0 || i+n+2 > len(b) || b[i+n] != '|' || b[i+n+1] != ' ' {
		return nil, nil, false
	}
	return b[:i], b[i+n+2:], true
}

// taggedLine takes what is left of syslog without its stamp: "host program[pid]: message".
func taggedLine(d *lines, line []byte, ev *tocsin.Event) bool {
	h := &d.head
	*h = syslogHead{pri: -1}
	if h.tag(line, false) && h.pid != nil {
		d.tell(ev)
		return true
	}
	first, rest := cutWord(line)
	if !isHost(first) || len(first) < 2 || !h.tag(rest, false) || h.pid == nil {
		return false
	}
	if first[len(first)-1] != ':' { // else it is the program whose part is named behind it
		h.host = first
	}
	d.tell(ev)
	return true
}

// wordedLine takes lines without any head that tell of something known all the same, most often of a login that
// failed. Their time is not known.
func wordedLine(d *lines, line []byte, ev *tocsin.Event) bool {
	if nextIP(text(line), 0).ip == "" || !looksText(line) {
		return false
	}
	keep := *ev
	d.say.message(ev, "", "", strings.TrimSpace(text(line)))
	if _, told := ev.Value("event_type"); !told {
		*ev = keep
		return false
	}
	return true
}
