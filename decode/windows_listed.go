package decode

import (
	"bytes"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// isListedEvents says that a text is what Get-WinEvent prints to a console: a table of time, id, level and the first line of
// the message for each provider.
// https://learn.microsoft.com/en-us/powershell/module/microsoft.powershell.diagnostics/get-winevent
func isListedEvents(head []byte) bool {
	return bytes.Contains(head, []byte("ProviderName: ")) && bytes.Contains(head, []byte("LevelDisplayName"))
}

// listed takes a line of it.
func (d *blocks) listed(line []byte, n int64, emit func(*tocsin.Event)) {
	s := strings.TrimSpace(text(bytes.TrimPrefix(line, bom)))
	if provider, ok := strings.CutPrefix(s, "ProviderName: "); ok {
		d.provider = strings.Clone(strings.TrimSpace(provider))
		return
	}
	if s == "" || strings.HasPrefix(s, "TimeCreated ") || strings.HasPrefix(s, "---") {
		return
	}
	at, k, f := d.clock.lead(view(s), d.ref)
	id, said := "", ""
	if f != noStamp {
		id, said, _ = strings.Cut(strings.TrimLeft(s[k:], " "), " ")
	}
	d.line, d.at = n, at
	ev := d.begin("windows-listed", nil)
	ev.Raw = text(line)
	if id == "" || !isDigits(id) || len(id) > 6 {
		ev.Fault = &tocsin.Fault{Source: d.source, Line: n, Err: errNoEvent, Hint: "no row of Get-WinEvent's table; the rest of the file was read"}
		emit(ev)
		d.reset()
		return
	}
	level, said, _ := strings.Cut(strings.TrimLeft(said, " "), " ")
	ev.Add("EventID", id)
	ev.Add("Provider_Name", d.provider)
	ev.Add("LevelDisplayName", level)
	ev.Add("Message", strings.TrimSpace(said))
	d.routes.complete(ev, "", d.provider, uint32(number(id)), strings.TrimSpace(said))
	if v := logonVerdict(uint32(number(id)), "", ""); v != untold && d.provider == "Microsoft-Windows-Security-Auditing" && ev.Text("event_type") == "" {
		happened(ev, outcomes[v].event, outcomes[v].outcome)
	}
	emit(ev)
	d.reset()
}

func (d *blocks) listedEnd(func(*tocsin.Event)) {}

// isDNSDetail says that a text is the debug log of Windows' DNS server with what is in each packet below its line.
func isDNSDetail(head []byte) bool {
	return bytes.Contains(head, []byte(" PACKET ")) && (bytes.Contains(head, []byte(" response info at ")) || bytes.Contains(head, []byte(" question info at ")))
}

// dnsDetail takes a line of it: a packet's, or one of what is in the packet, of which the answers are kept.
func (d *blocks) dnsDetail(line []byte, n int64, emit func(*tocsin.Event)) {
	if bytes.Contains(line[:min(len(line), 80)], []byte(" PACKET ")) {
		d.dnsDetailEnd(emit)
		d.line = n
		d.more(line)
		return
	}
	if d.line == 0 {
		return
	}
	s := strings.TrimSpace(text(line))
	switch {
	case strings.HasSuffix(s, " SECTION:"):
		d.part = s[1] // QUESTION, ANSWER, AUTHORITY, ADDITIONAL
		if s[0] != 'A' {
			d.part = 0
		}
	case strings.HasPrefix(s, "Remote addr "):
		if _, port, ok := strings.Cut(s, ", port "); ok && isPort(port) {
			d.note("port", port)
		}
	case d.part == 'N' && strings.HasPrefix(s, "DATA "):
		d.note("answer", s[5:])
	}
}

// dnsDetailEnd emits the packet at hand.
func (d *blocks) dnsDetailEnd(emit func(*tocsin.Event)) {
	if d.line > 0 && len(d.body) > 0 {
		if d.packets == nil {
			d.packets = &lines{opt: d.opt, kinds: []lineKind{{name: "windows-dns", parse: parseWindowsDNS}}, nest: nest{opt: d.opt}}
		}
		d.packets.rec = &tocsin.Record{Source: d.source, Ref: d.ref}
		d.packets.line(d.body, d.line)
		ev := &d.packets.ev
		if ev.Fault == nil {
			ev.Format = "windows-dns-detail"
		}
		for _, f := range d.fields {
			v := f.Value
			switch {
			case f.Name == "port" && ev.Text("src_ip") != "":
				ev.Add("src_port", v)
			case f.Name == "port":
				ev.Add("dst_port", v)
			default:
				if i := strings.IndexByte(v, '('); i >= 0 { // a name by its labels, behind where it stands before
					v = d.packets.labelled(v[i:])
				}
				ev.Add("answer", v)
			}
		}
		emit(ev)
	}
	d.part = 0
	d.reset()
}
