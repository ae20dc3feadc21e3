package report

import (
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// A part is one labelled piece of the details of an event.
type part struct {
	label string
	// from names the field: the first of several, set apart by |, that says something. A \ between two names joins
	// domain and user, a : between two joins address and port.
	from string
	say  func(string) string // puts the value in words; nil shows it as it is
}

const (
	between  = " ¦ "
	maxValue = 400  // bytes of one value in the details
	maxAll   = 1600 // bytes after which no further part is begun
)

// Details says in one line what an analyst reads first of an event of its kind: "User: CORP\alice ¦ Type: 10 (remote
// desktop) ¦ Src: 192.0.2.7". Known codes are put in words, long values shortened; the values are otherwise as the log
// has them and not yet harmless for a terminal. An event of no known kind shows its first telling fields.
func Details(ev *tocsin.Event) string {
	d := details{ev: ev, b: make([]byte, 0, 256)}
	d.event()
	return string(d.b)
}

// MatchDetails is Details for a match: for a correlation first what made it hold, at the end the fields that the rule
// asks to be shown.
func MatchDetails(m *tocsin.Match) string {
	d := details{ev: event(m), b: make([]byte, 0, 256)}
	if rule(m).Correlation != "" {
		for _, f := range m.Held {
			d.add(f.Name, f.Value)
		}
	}
	d.event()
	for _, name := range rule(m).Show {
		if v, ok := d.ev.Value(name); ok && !d.shown(name) {
			d.add(name, v)
		}
	}
	return string(d.b)
}

// details is the line being written.
type details struct {
	ev   *tocsin.Event
	b    []byte
	used [24]string // names of the fields shown
	n    int
}

func (d *details) event() {
	if d.ev.Format == "evtx" {
		if v := d.ev.Text("Carved"); v != "" { // a deleted record, which is worth less than others
			d.add("Carved", v)
		}
	}
	if id := d.ev.Text("EventID"); id != "" && d.parts(windowsParts(d.ev, id)) {
		return
	}
	for i := range kinds {
		if kinds[i].takes(d.ev) && d.parts(kinds[i].parts) {
			return
		}
	}
	d.telling()
}

// parts says whether any of the parts had something to say.
func (d *details) parts(parts []part) bool {
	start := len(d.b)
	for _, p := range parts {
		d.part(p)
	}
	return len(d.b) > start
}

func (d *details) part(p part) {
	for rest, more := p.from, true; more; {
		var from string
		from, rest, more = strings.Cut(rest, "|")
		v := d.value(from)
		if v == "" {
			continue
		}
		if p.say != nil {
			if v = p.say(v); v == "" {
				continue
			}
		}
		d.add(p.label, v)
		return
	}
}

// value reads one field, or two that belong together.
func (d *details) value(from string) string {
	for _, sep := range [...]string{`\`, ":"} {
		a, b, ok := strings.Cut(from, sep)
		if !ok {
			continue
		}
		v, w := d.one(a), d.one(b)
		switch {
		case sep == `\` && w == "":
			return ""
		case v == "" || strings.Contains(w, sep):
			return w
		case w == "":
			return v
		case sep == ":" && strings.Contains(v, ":"):
			return "[" + v + "]:" + w
		}
		return v + sep + w
	}
	return d.one(from)
}

func (d *details) one(name string) string {
	v, ok := d.ev.Value(name)
	if !ok || v == "-" || v == "" {
		return ""
	}
	if d.n < len(d.used) {
		d.used[d.n] = name
		d.n++
	}
	return v
}

func (d *details) shown(name string) bool {
	for _, u := range d.used[:d.n] {
		if u == name {
			return true
		}
	}
	return false
}

// add appends a part. A value cannot forge a further part: the separator in it is replaced.
func (d *details) add(label, v string) {
	v = strings.TrimSpace(v)
	if v == "" || len(d.b) >= maxAll {
		return
	}
	if len(d.b) > 0 {
		d.b = append(d.b, between...)
	}
	if label != "" {
		d.b = append(d.b, label...)
		d.b = append(d.b, ": "...)
	}
	v = shorten(v, maxValue)
	if strings.Contains(v, "¦") {
		v = strings.ReplaceAll(v, "¦", "|")
	}
	d.b = append(d.b, v...)
}

// shorten cuts v to n bytes; its beginning and its end stay.
func shorten(v string, n int) string { return tocsin.Shorten(v, n) }

// telling shows the first fields that say something of an event of no known kind.
func (d *details) telling() {
	left, start := 6, len(d.b)
	for i := range d.ev.Fields {
		f := &d.ev.Fields[i]
		if left == 0 {
			return
		}
		if f.Value == "" || f.Value == "-" || d.shown(f.Name) || dull(f.Name) {
			continue
		}
		if i > 0 && d.ev.Fields[i-1].Name == f.Name {
			continue
		}
		d.one(f.Name)
		d.add(f.Name, f.Value)
		left--
	}
	if len(d.b) == start {
		d.add("", d.ev.Raw)
	}
}

// dull says that a field of this name places or numbers an event rather than telling what happened.
func dull(name string) bool {
	if strings.HasPrefix(name, "@metadata.") {
		return true
	}
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		name = name[i+1:]
	}
	var low [maxDull]byte
	if len(name) > len(low) {
		return false
	}
	for i := range len(name) {
		c := name[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		low[i] = c
	}
	return dullNames[string(low[:len(name)])]
}

// maxDull is the length of the longest of dullNames.
const maxDull = 29

// dullNames are the last parts of such names, in lower case.
var dullNames = func() map[string]bool {
	all := map[string]bool{}
	for _, name := range []string{
		"time", "timestamp", "@timestamp", "ts", "date", "datetime", "utctime", "timecreated", "systemtime", "eventtime",
		"eventreceivedtime", "hostname", "host", "computer", "computername", "channel", "provider_name", "providername",
		"provider_guid", "providerguid", "sourcename", "sourcemodulename", "sourcemoduletype", "version", "@version",
		"level", "task", "opcode", "keywords", "eventrecordid", "recordnumber", "execution_processid", "execution_threadid",
		"threadid", "guid", "correlation_activityid", "correlation_relatedactivityid", "activityid", "severity",
		"severityvalue", "eventtype", "security_userid", "rulename", "port", "tags", "logtime", "priority", "facility",
		"pid", "uid", "id", "eventversion", "eventid", "offset", "path", "timecreated_systemtime", "qualifiers", "binary",
		"opcodevalue", "accounttype", "userid", "computer_name", "event_id", "record_number", "source_name",
		"provider_eventsourcename", "subjectusersid", "targetusersid", "subjectlogonid", "objectserver", "handleid",
		"transactionid", "eventtypeorignal", "processid", "call_id", "call_index", "log_name", "process_id", "thread_id",
	} {
		all[name] = true
	}
	return all
}()
