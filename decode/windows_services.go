package decode

import (
	"bytes"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// The log sources of what Windows' services write as text.
var (
	dhcpSources       = []tocsin.LogSource{{Product: "windows", Category: "dhcp", Service: "dhcp"}}
	windowsDNSSources = []tocsin.LogSource{{Product: "windows", Category: "dns", Service: "dns-server"}, {Product: "windows", Service: "dns-server-analytic"}}
	transcriptSources = []tocsin.LogSource{{Product: "windows", Service: "powershell-transcript"}}
	typedSources      = []tocsin.LogSource{{Product: "windows", Service: "powershell-transcript"}, {Product: "windows", Category: "ps_script"}, {Product: "windows", Service: "powershell"}}
)

// windowsServiceFormats are the logs of services that begin with an explanation of themselves.
func windowsServiceFormats() []Format {
	explained := func(name, mark string, k lineKind, prose func(line []byte) bool) Format {
		return Format{Name: name, Cut: Lines,
			Is: func(_ string, head []byte) int {
				if bytes.Contains(head[:min(len(head), 512)], []byte(mark)) {
					return 90
				}
				return 0
			},
			New: func(o Options) Decoder { return &lines{opt: o, kinds: []lineKind{k}, nest: nest{opt: o}, prose: prose} },
		}
	}
	letters := func(line []byte) bool { // no row begins with a letter, or with a number and a tab
		line = bytes.TrimLeft(line, " \t")
		n := digitsAt(line)
		return len(line) == 0 || n == 0 || n < len(line) && line[n] == '\t'
	}
	return []Format{
		explained("windows-dhcp", "DHCP Service Activity Log", lineKind{name: "windows-dhcp", parse: parseDHCP}, letters),
		explained("windows-dhcp6", "DHCPv6 Service Activity Log", lineKind{name: "windows-dhcp", parse: parseDHCP}, letters),
		explained("windows-dns", "DNS Server log", lineKind{name: "windows-dns", parse: parseWindowsDNS}, letters),
		transcriptFormat(),
	}
}

// windowsServiceLines are the same records where the explanation is cut off.
func windowsServiceLines() []lineKind {
	return []lineKind{{name: "windows-dhcp", parse: parseDHCP}, {name: "windows-dns", parse: parseWindowsDNS}}
}

// parseDHCP takes a row of the audit log of Windows' DHCP server: id, date, time, what was done, and for whom.
// https://learn.microsoft.com/en-us/windows-server/networking/technologies/dhcp/dhcp-audit-logging
func parseDHCP(d *lines, line []byte, ev *tocsin.Event) bool {
	if n := digitsAt(line); n == 0 || n > 5 || n >= len(line) || line[n] != ',' || bytes.Count(line, []byte{','}) < 6 {
		return false
	}
	w := strings.SplitN(text(line), ",", 20)
	date, sep, ok := numericDateAt(view(w[1]))
	t := dayTime(view(w[2]), 0)
	if !ok || date.end != len(w[1]) || t.sec < 0 {
		return false
	}
	year, mon, day, ok := date.in(d.opt.order.of(sep))
	if !ok {
		d.clock.against = true
	} else {
		d.opt.basis.begin()
		d.opt.basis.wait(date.guess(d.opt.order.of(sep)))
		ev.Time = d.clock.at(year, mon, day, t)
	}
	ev.Sources = dhcpSources
	columns := [...]string{"ID", "", "", "Description", "src_ip", "client_host", "mac", "user", "", "", ""}
	if strings.Contains(w[4], ":") { // the server of IPv6
		columns = [...]string{"ID", "", "", "Description", "src_ip", "client_host", "error_code", "", "duid", "user", ""}
	}
	for i, name := range columns {
		if name != "" && i < len(w) {
			ev.Add(name, strings.TrimSpace(w[i]))
		}
	}
	ev.Add("action", strings.ToLower(strings.TrimSpace(w[3])))
	return true
}

// parseWindowsDNS takes a packet of the debug log of Windows' DNS server.
// https://learn.microsoft.com/en-us/previous-versions/windows/it-pro/windows-server-2012-r2-and-2012/dn800669(v=ws.11)
func parseWindowsDNS(d *lines, line []byte, ev *tocsin.Event) bool {
	i := bytes.Index(line[:min(len(line), 80)], []byte(" PACKET "))
	if i < 12 {
		return false
	}
	d.clock.opt = d.opt
	at, _, f := d.clock.lead(line, d.rec.Ref)
	if f == noStamp {
		return false
	}
	rest := line[i+len(" PACKET "):]
	flags, tail, ok := bytes.Cut(rest, []byte{'['})
	w := strings.Fields(text(flags))
	if len(w) > 0 && len(w[0]) > 3 { // where the packet lies
		w = w[1:]
	}
	if !ok || len(w) < 4 || w[0] != "UDP" && w[0] != "TCP" {
		return false
	}
	inside, asked, ok := bytes.Cut(tail, []byte{']'})
	if !ok {
		return false
	}
	q := strings.Fields(text(asked))
	ev.Time, ev.Sources = at, windowsDNSSources
	ev.Add("proto", strings.ToLower(w[0]))
	ev.Add("direction", w[1])
	answer := false
	for _, x := range w[3:] {
		answer = answer || x == "R"
	}
	if client := w[2]; isIP(client) {
		if (w[1] == "Rcv") != answer { // a question came from whom it is received, its answer goes to whom it is sent
			ev.Add("src_ip", client)
		} else {
			ev.Add("dst_ip", client)
		}
	}
	if c := strings.Fields(text(inside)); len(c) > 0 {
		ev.Add("response_code", c[len(c)-1])
	}
	if len(q) == 2 {
		ev.Add("record_type", q[0])
		ev.Add("query", d.labelled(q[1]))
	}
	ev.Add("message", text(rest))
	return true
}

// labelled reads a name with the length of each label before it: (3)www(7)example(0).
func (d *lines) labelled(s string) string {
	from := len(d.arena)
	for s != "" {
		open, end := strings.IndexByte(s, '('), strings.IndexByte(s, ')')
		if open != 0 || end < 0 {
			break
		}
		label := s[end+1:]
		if next := strings.IndexByte(label, '('); next >= 0 {
			label = label[:next]
		}
		s = s[end+1+len(label):]
		if label != "" {
			if len(d.arena) > from {
				d.arena = append(d.arena, '.')
			}
			d.arena = append(d.arena, label...)
		}
	}
	return text(d.arena[from:])
}

// transcriptFormat is what PowerShell's Start-Transcript writes: a head between two lines of asterisks, then what was typed
// behind prompts and what came back; with -IncludeInvocationHeader each command has its own time.
// https://learn.microsoft.com/en-us/powershell/module/microsoft.powershell.host/start-transcript
func transcriptFormat() Format {
	return Format{Name: "powershell-transcript", Cut: Ordered,
		Is: func(_ string, head []byte) int {
			head = bytes.TrimLeft(bytes.TrimPrefix(head, bom), "\r\n")
			if !bytes.HasPrefix(head, asterisks) {
				return 0
			}
			n := 0
			for rest := head; n < 4 && len(rest) > 0; n++ {
				var line []byte
				line, rest, _ = bytes.Cut(rest, []byte{'\n'})
				if _, v, ok := bytes.Cut(bytes.TrimRight(line, "\r "), []byte(": ")); ok && digitsAt(v) == 14 && len(v) == 14 {
					return 90
				}
			}
			return 0
		},
		New: func(o Options) Decoder { return &transcript{clock: clock{opt: o}} },
	}
}

var asterisks = []byte("**********************")

// transcriptNotes begin what PowerShell writes itself behind a prompt that nobody typed at.
var transcriptNotes = []string{"TerminatingError(", "CommandInvocation(", "ParameterBinding("}

// transcriptHead names the lines of a transcript's head by their place behind the time, for they are written in the
// system's language.
var transcriptHead = [...]string{"User", "RunAsUser", "ConfigurationName", "Computer", "CommandLine", "ProcessId"}

type transcript struct {
	clock  clock
	source string
	head   bool // within the head
	place  int
	at     time.Time
	about  []tocsin.Field // what the head says so far
	shared []tocsin.Field // what the head of the session said
	host   string
	first  int64
	typed  []byte
	line   int64
	ev     tocsin.Event
}

func (d *transcript) Decode(r *tocsin.Record, emit func(*tocsin.Event)) {
	d.source = r.Source
	n := r.Line
	for rest := r.Data; len(rest) > 0; n++ {
		var line []byte
		line, rest, _ = bytes.Cut(rest, []byte{'\n'})
		d.one(bytes.TrimRight(bytes.TrimPrefix(line, bom), "\r"), n, emit)
	}
}

func (d *transcript) Flush(emit func(*tocsin.Event)) { d.command(emit) }

// one takes a line.
func (d *transcript) one(line []byte, n int64, emit func(*tocsin.Event)) {
	if bytes.HasPrefix(line, asterisks) {
		d.command(emit)
		if d.head && len(d.about) > 2 { // the head of a command has its time only
			d.shared, d.about = d.about, d.shared
			d.session(emit)
		}
		d.head = !d.head
		d.about, d.place, d.first = d.about[:0], 0, n
		return
	}
	name, value, ok := strings.Cut(text(line), ": ")
	if value = strings.TrimSpace(value); d.head {
		switch {
		case ok && digitsAt(view(value)) == 14 && len(value) == 14:
			if at, ok := d.clock.packed(view(value)); ok {
				d.at = at
			}
			d.place = 1
		case ok && d.place > 0 && len(d.about) < len(transcriptHead)+8:
			known := transcriptHead[min(d.place-1, len(transcriptHead)-1)]
			switch {
			case d.place == 3 && strings.Contains(value, "("): // older versions know no configuration
				known = "Computer"
				d.place++
			case d.place > len(transcriptHead):
				known = name
			}
			if d.place++; known == "Computer" {
				value, _, _ = strings.Cut(value, " (")
				d.host = strings.Clone(value)
			}
			d.about = append(d.about, tocsin.Field{Name: strings.Clone(known), Value: strings.Clone(value)})
		}
		return
	}
	if prompt := bytes.IndexByte(line, '>'); bytes.HasPrefix(line, []byte("PS ")) && prompt > 0 || bytes.HasPrefix(line, []byte("PS>")) {
		d.command(emit)
		if typed := text(line[bytes.IndexByte(line, '>')+1:]); containsPrefix(strings.TrimSpace(typed), transcriptNotes...) {
			return
		}
		d.typed = append(d.typed[:0], bytes.TrimSpace(line[bytes.IndexByte(line, '>')+1:])...)
		d.line = n
		return
	}
	if bytes.HasPrefix(line, []byte(">> ")) && len(d.typed) > 0 && len(d.typed) < maxLine {
		d.typed = append(append(d.typed, '\n'), line[3:]...)
	}
}

// maxLine bounds a command that goes over many lines.
const maxLine = 1 << 20

// session emits the event of the head.
func (d *transcript) session(emit func(*tocsin.Event)) {
	d.ev = tocsin.Event{Source: d.source, Record: uint64(d.first), Format: "powershell-transcript", Time: d.at, Host: d.host, Sources: transcriptSources,
		Fields: append(d.ev.Fields[:0], d.shared...)}
	d.ev.Add("event_type", outcomes[sessionOpened].event)
	d.ev.Add("user", account(d.ev.Text("User")))
	emit(&d.ev)
}

// command emits what was typed.
func (d *transcript) command(emit func(*tocsin.Event)) {
	if len(d.typed) == 0 {
		return
	}
	typed := text(d.typed)
	d.ev = tocsin.Event{Source: d.source, Record: uint64(d.line), Format: "powershell-transcript", Time: d.at, Host: d.host, Sources: typedSources, Fields: d.ev.Fields[:0], Raw: typed}
	ev := &d.ev
	ev.Add("command", typed)
	ev.Add("ScriptBlockText", typed)
	ev.Add("event_type", outcomes[ranCommand].event)
	for _, f := range d.shared {
		if f.Name == "User" || f.Name == "Computer" {
			ev.Fields = append(ev.Fields, f)
		}
	}
	ev.Add("user", account(ev.Text("User")))
	emit(ev)
	d.typed = d.typed[:0]
}

// account takes the domain off an account's name.
func account(s string) string { return s[strings.LastIndexByte(s, '\\')+1:] }
