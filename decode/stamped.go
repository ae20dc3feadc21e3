package decode

import (
	"bytes"

	"github.com/tocsin-ids/tocsin"
)

// looseLines are the kinds of line that are recognised by little: a stamp of any form, a tag without a stamp, words
// of failure beside an address. They see only lines that no other kind takes.
func looseLines() []lineKind {
	return []lineKind{
		{name: "stamped", parse: stampedLine},
		{name: "tagged", parse: taggedLine},
	}
}

// looseN is how many there are.
const looseN = 2

// taggedLine takes what "journalctl -o cat"-like outputs leave of syslog: "host program[pid]: message", without a time.
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
	h.host = first
	d.tell(ev)
	return true
}

// stampedLine takes the lines of an application's own log: a stamp in any common form, then whatever.
func stampedLine(d *lines, line []byte, ev *tocsin.Event) bool {
	d.clock.opt = d.opt
	b := bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))
	t, n, f := d.clock.lead(b, d.rec.Ref)
	if f == noStamp || n >= len(b) {
		return false
	}
	h := &d.head
	*h = syslogHead{pri: -1, time: t, message: b[n:]}
	d.tell(ev)
	return true
}
