package decode

import (
	"bytes"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// Bounds on the audit events that wait for their remaining records.
const (
	maxOpenAudit  = 64        // events open at a time; auditd itself interleaves a handful
	maxAuditBytes = 256 << 10 // text of one event
	auditPatience = 2 * time.Second
)

// auditFormat is the Linux audit log as auditd, audisp and ausearch --raw write it, by itself or among other syslog
// lines: "type=SYSCALL msg=audit(1700000000.123:456): …". The records of one event carry the same stamp and serial
// number; they may be interleaved with those of others.
// https://github.com/linux-audit/audit-documentation/wiki
func auditFormat() Format {
	return Format{
		Name: "auditd", Cut: Ordered,
		Is: func(_ string, head []byte) int {
			audit, n := 0, 0
			for rest := head; len(rest) > 0 && n < 200; {
				line, after, _ := bytes.Cut(rest, []byte{'\n'})
				rest = after
				if len(line) == 0 || line[0] == '{' {
					continue
				}
				n++
				var h auditHead
				if h.parse(line, nil) {
					audit++
				}
			}
			if audit == 0 || audit*20 < n { // a few among other lines stand for themselves: the kernel's in a syslog
				return 0
			}
			return 60
		},
		New: func(o Options) Decoder {
			return &auditLog{lines: &lines{opt: o, kinds: lineKinds(), nest: nest{opt: o}}, audit: auditReader{opt: o, seen: map[uint32]execed{}}}
		},
	}
}

// auditKind takes audit records one by one, where a line must stand for itself.
func auditKind() lineKind {
	return lineKind{name: "auditd", parse: func(d *lines, line []byte, ev *tocsin.Event) bool {
		var h auditHead
		if !h.parse(line, nil) {
			return false
		}
		if d.audit == nil {
			d.audit = &auditReader{opt: d.opt}
		}
		d.audit.event(ev, line, h.time, text(h.node))
		return true
	}}
}

// An auditHead is what stands before the fields of an audit record.
type auditHead struct {
	kind   []byte // SYSCALL, or a number
	node   []byte
	time   time.Time
	serial uint64
	body   []byte
	from   int // where the record begins in its line, behind what syslog put before it
}

var auditOpen = []byte("audit(")

// parse reads the head of the audit record in a line, and says whether there is one. Stamps that were interpreted by
// ausearch -i are in the clock's zone.
func (h *auditHead) parse(line []byte, c *clock) bool {
	at := bytes.Index(line, auditOpen)
	if at < 0 || at > 1024 {
		return false
	}
	start := bytes.LastIndex(line[:at], []byte("type="))
	if start < 0 || at-start > 64 {
		return false
	}
	if start > 0 && line[start-1] != ' ' && line[start-1] != '"' && line[start-1] != '\'' {
		return false
	}
	kind := line[start+5 : at]
	kind, _, _ = bytes.Cut(kind, []byte{' '})
	in := line[at+len(auditOpen):]
	end := bytes.IndexByte(in, ')')
	if end < 3 || end > 48 || len(kind) == 0 {
		return false
	}
	stamp := in[:end]
	colon := bytes.LastIndexByte(stamp, ':')
	if colon < 0 || colon+1 == len(stamp) || digitsAt(stamp[colon+1:]) != len(stamp)-colon-1 || len(stamp)-colon > 20 {
		return false
	}
	h.serial = 0
	for _, ch := range stamp[colon+1:] {
		h.serial = h.serial*10 + uint64(ch-'0')
	}
	stamp = stamp[:colon]
	if t, ok := unixTime(text(stamp)); ok {
		h.time = t
	} else {
		var k clock
		if c == nil {
			c = &k
		}
		t, n, f := c.stamp(stamp, time.Time{})
		if f == noStamp || n != len(stamp) {
			return false
		}
		h.time = t
	}
	h.kind = kind
	h.body = bytes.TrimLeft(in[end+1:], ": ")
	h.from = start
	h.node = nil
	if i := bytes.LastIndex(line[:start], []byte("node=")); i >= 0 && (i == 0 || line[i-1] == ' ') {
		node, _, _ := bytes.Cut(line[i+5:start], []byte{' '})
		h.node = node
		h.from = i
	}
	return true
}

// An openAudit is an event whose records may not all have been read.
type openAudit struct {
	serial      uint64
	time        time.Time
	node        string
	record      uint64
	text        []byte // its lines
	paths, want int    // PATH records read, and how many its SYSCALL record announced; want is -1 before that
	title       bool   // its PROCTITLE record was read, which is the last but for EOE
}

// auditLog puts the records of an audit log together.
type auditLog struct {
	lines  *lines // for what is no audit record
	audit  auditReader
	head   syslogHead
	clock  clock
	open   []*openAudit // in the order of their first records
	free   []*openAudit
	newest time.Time
	source string
	ev     tocsin.Event
}

func (d *auditLog) Decode(r *tocsin.Record, emit func(*tocsin.Event)) {
	d.source = r.Source
	d.lines.rec = r
	d.clock.opt = d.lines.opt
	n := r.Line
	for rest := r.Data; len(rest) > 0; n++ {
		var line []byte
		line, rest, _ = bytes.Cut(rest, []byte{'\n'})
		line = bytes.TrimSuffix(line, []byte{'\r'})
		if len(bytes.TrimSpace(line)) == 0 || bytes.Equal(line, []byte("----")) || bytes.HasPrefix(line, []byte("time->")) {
			continue // ausearch's separators
		}
		var h auditHead
		if !h.parse(line, &d.clock) {
			d.lines.line(line, n)
			emit(&d.lines.ev)
			continue
		}
		d.add(&h, line, n, emit)
	}
}

func (d *auditLog) Flush(emit func(*tocsin.Event)) {
	for len(d.open) > 0 {
		d.close(0, emit)
	}
}

// add puts a record to the event that it belongs to and emits the events that are complete.
func (d *auditLog) add(h *auditHead, line []byte, n int64, emit func(*tocsin.Event)) {
	var host []byte
	if h.from > 0 && d.head.parse(&d.clock, line, d.lines.rec.Ref) { // syslog's
		host = d.head.host
	}
	if h.node != nil {
		host = h.node
	}
	at := -1
	for i, o := range d.open {
		if o.serial == h.serial && o.time.Equal(h.time) && o.node == text(host) {
			at = i
			break
		}
	}
	kind := auditType(h.kind)
	if at < 0 {
		if kind == "EOE" {
			return
		}
		if len(d.open) >= maxOpenAudit {
			d.close(0, emit)
		}
		o := &openAudit{}
		if k := len(d.free); k > 0 {
			o, d.free = d.free[k-1], d.free[:k-1]
		}
		*o = openAudit{serial: h.serial, time: h.time, node: string(host), record: uint64(n), text: o.text[:0], want: -1}
		d.open = append(d.open, o)
		at = len(d.open) - 1
	}
	o := d.open[at]
	if kind != "EOE" && len(o.text)+len(line) <= maxAuditBytes {
		if len(o.text) > 0 {
			o.text = append(o.text, '\n')
		}
		o.text = append(o.text, line[h.from:]...)
	}
	whole := false
	switch {
	case kind == "EOE":
		whole = true
	case kind == "SYSCALL":
		o.want = auditItems(h.body)
	case kind == "PATH":
		o.paths++
	case kind == "PROCTITLE":
		o.title = true
	case standsAlone(kind):
		whole = o.want < 0
	}
	if whole || o.title && o.want >= 0 && o.paths >= o.want {
		d.close(at, emit)
	}
	if h.time.After(d.newest) {
		d.newest = h.time
	}
	for len(d.open) > 0 && d.newest.Sub(d.open[0].time) > auditPatience {
		d.close(0, emit)
	}
}

// close emits the i-th open event.
func (d *auditLog) close(i int, emit func(*tocsin.Event)) {
	o := d.open[i]
	d.open = append(d.open[:i], d.open[i+1:]...)
	d.ev = tocsin.Event{Source: d.source, Record: o.record, Format: "auditd", Fields: d.ev.Fields[:0]}
	d.audit.event(&d.ev, o.text, o.time, o.node)
	emit(&d.ev)
	d.free = append(d.free, o)
}

// auditItems reads how many PATH records a SYSCALL record announces.
func auditItems(body []byte) int {
	i := bytes.Index(body, []byte(" items="))
	if i < 0 {
		return 0
	}
	n := 0
	for _, c := range body[i+7 : min(len(body), i+10)] {
		if c < '0' || c > '9' {
			break
		}
		n = n*10 + int(c-'0')
	}
	return n
}
