package decode

import (
	"bytes"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// maxPairs bounds the pairs of one line, maxKeys the distinct names of pairs that a decoder remembers.
const (
	maxPairs = 512
	maxKeys  = 8192
)

// The log sources of devices that write pairs. Which one a line belongs to is told by its vendor, or by what it has.
var (
	fortiEvent   = []tocsin.LogSource{{Product: "fortigate", Service: "event"}}
	fortiVPN     = []tocsin.LogSource{{Product: "fortigate", Service: "event"}, {Product: "fortios", Service: "sslvpnd"}}
	fortiLogin   = append(fortiVPN[:2:2], tocsin.LogSource{Product: "fortigate", Category: "authentication", Service: "event"})
	fortiTraffic = []tocsin.LogSource{{Product: "fortigate", Category: "firewall", Service: "traffic"}}
	fortiWeb     = []tocsin.LogSource{{Product: "fortigate", Category: "proxy", Service: "webfilter"}}
	fortiDNS     = []tocsin.LogSource{{Product: "fortigate", Category: "dns", Service: "dns"}}
	fortiIPS     = []tocsin.LogSource{{Product: "fortigate", Category: "ids", Service: "ips"}}
	fortiVirus   = []tocsin.LogSource{{Product: "fortigate", Category: "antivirus", Service: "virus"}}
	fortiUTM     = []tocsin.LogSource{{Product: "fortigate", Service: "utm"}}
	pairFirewall = []tocsin.LogSource{{Category: "firewall"}}
	pairDevice   = []tocsin.LogSource{{Category: "appliance"}}
	pairLogin    = []tocsin.LogSource{{Category: "appliance"}, {Category: "authentication"}}
	cefSources   = []tocsin.LogSource{{Service: "cef"}}
	leefSources  = []tocsin.LogSource{{Service: "leef"}}
	cefFirewall  = []tocsin.LogSource{{Category: "firewall", Service: "cef"}}
	cefProxy     = []tocsin.LogSource{{Category: "proxy", Service: "cef"}}
	cefIDS       = []tocsin.LogSource{{Category: "ids", Service: "cef"}, {Category: "firewall", Service: "cef"}}
	cefLogin     = []tocsin.LogSource{{Service: "cef"}, {Category: "authentication"}}
)

// name gives b as a string that stays: the names of pairs are few, however many lines there are.
func (d *lines) name(b []byte) string { return d.pairName(b).name }

// A pairName is the name of a pair and what it says.
type pairName struct {
	name string
	role pairRole
}

func (d *lines) pairName(b []byte) pairName {
	if n, ok := d.names[string(b)]; ok {
		return n
	}
	n := pairName{name: string(b)}
	n.role = pairRoleNames[n.name]
	if d.names == nil {
		d.names = map[string]pairName{}
	}
	if len(d.names) < maxKeys {
		d.names[n.name] = n
	}
	return n
}

// pairs appends the key=value pairs that b consists of, words between them left out, and returns how many there are.
func (d *lines) pairs(b []byte, ev *tocsin.Event) (n int) {
	d.roles = d.roles[:0]
	for i := 0; i < len(b) && n < maxPairs; {
		if b[i] == ' ' || b[i] == '\t' || b[i] == ',' || b[i] == ';' {
			i++
			continue
		}
		k := i
		for k < len(b) && keyByte(b[k]) {
			k++
		}
		if k == i || k == len(b) || b[k] != '=' {
			for k < len(b) && b[k] != ' ' && b[k] != '\t' { // a word
				k++
			}
			i = k
			continue
		}
		value := b[k+1:]
		end := 0
		// Records of a kind have their names in one order: the name is mostly the one that stood here in the record before.
		var name pairName
		if n < len(d.order) && d.order[n].name == string(b[i:k]) {
			name = d.order[n]
		} else if name = d.pairName(b[i:k]); n < len(d.order) {
			d.order[n] = name
		} else {
			d.order = append(d.order, name)
		}
		d.roles = append(d.roles, name.role)
		if len(value) > 0 && (value[0] == '"' || value[0] == '\'') {
			q := value[0]
			for end = 1; end < len(value); end++ {
				if value[end] == q && (!escapedAt(value, end)) {
					break
				}
			}
			v := value[1:min(end, len(value))]
			if q == '"' && bytes.IndexByte(v, '\\') >= 0 {
				from := len(d.arena)
				d.arena = append(d.arena, v...)
				v = unescapeLog(d.arena[from:])
				d.arena = d.arena[:from+len(v)]
			}
			end = min(end+1, len(value))
			ev.Fields = append(ev.Fields, tocsin.Field{Name: name.name, Value: text(v)})
		} else {
			for end < len(value) && value[end] != ' ' && value[end] != '\t' {
				end++
			}
			v := bytes.TrimRight(value[:end], ",;")
			ev.Fields = append(ev.Fields, tocsin.Field{Name: name.name, Value: text(v)})
		}
		n++
		i = k + 1 + end
	}
	return n
}

// connectionPairs is pairMessage for a message that a program of a known name sent: it must tell of a connection between
// two addresses, and of nothing that programs tell of themselves.
func (d *lines) connectionPairs(b []byte, ev *tocsin.Event) bool {
	from := len(ev.Fields)
	d.pairs(b, ev)
	var p pairRecord
	p.read(ev.Fields[from:])
	ev.Fields = ev.Fields[:from]
	src, _ := pairEnd(p.value[pairSrc])
	dst, _ := pairEnd(p.value[pairDst])
	if src == "" || dst == "" || p.value[pairAction] == "" && p.value[pairStatus] == "" && p.value[pairDeviceName] == "" {
		return false
	}
	return d.pairMessage(b, ev)
}

// barred is pairs for pairs with bars between, whose values may hold spaces: "time=1|action=Drop|product=VPN-1 & FireWall-1".
func (d *lines) barred(b []byte, ev *tocsin.Event) (n int) {
	for len(b) > 0 && n < maxPairs {
		pair, rest, _ := bytes.Cut(b, []byte{'|'})
		if k, v, ok := bytes.Cut(pair, []byte{'='}); ok && len(k) > 0 && len(v) > 0 {
			ev.Fields = append(ev.Fields, tocsin.Field{Name: d.name(k), Value: text(v)})
			n++
		}
		b = rest
	}
	return n
}

func keyByte(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '.' || c == '@' || c == '/'
}

// parsePairs takes a line that is pairs from its start, as Fortinet, Sophos, SonicWall, WatchGuard and others write. A
// syslog priority may stand before them.
func parsePairs(d *lines, line []byte, ev *tocsin.Event) bool {
	b := line
	if len(b) > 3 && b[0] == '<' {
		if i := bytes.IndexByte(b[:min(len(b), 6)], '>'); i > 0 {
			b = bytes.TrimLeft(b[i+1:], " ")
		}
	}
	i := 0
	for i < len(b) && keyByte(b[i]) {
		i++
	}
	if i == 0 || i > 32 || i >= len(b) || b[i] != '=' || b[0] >= '0' && b[0] <= '9' {
		return false
	}
	return d.pairMessage(b, ev)
}

// pairMessage makes ev the event of a device's message that is pairs. A program's pairs, which tell of no connection
// and no device, are another kind.
func (d *lines) pairMessage(b []byte, ev *tocsin.Event) bool {
	from := len(ev.Fields)
	n := 0
	if i := bytes.IndexAny(b, "| \""); i > 0 && b[i] == '|' {
		d.roles = d.roles[:0]
		n = d.barred(b, ev)
	} else {
		n = d.pairs(b, ev)
	}
	var p pairRecord
	p.readAs(ev.Fields[from:], d.roles)
	if n < 4 || !p.device() {
		ev.Fields = ev.Fields[:from]
		return false
	}
	if t := p.time(d); !t.IsZero() {
		ev.Time = t
	}
	if ev.Host == "" {
		ev.Host = p.value[pairDeviceName]
	}
	p.finish(ev, d)
	return true
}

// parseCEF takes ArcSight's Common Event Format, with or without a syslog head:
// "CEF:0|Vendor|Product|1.0|id|name|5|src=192.0.2.7 msg=words with spaces cs1Label=Zone cs1=dmz".
func parseCEF(d *lines, line []byte, ev *tocsin.Event) bool {
	i := bytes.Index(line[:min(len(line), 256)], []byte("CEF:"))
	if i < 0 {
		if len(line) < 16 || line[0] > '1' || line[0] < '0' || line[1] != '|' || bytes.Count(line[:min(len(line), 512)], []byte{'|'}) < 7 {
			return false
		}
		i = -4
	}
	b := bytes.TrimLeft(line[i+4:], " ")
	var head [7]string
	for j := range head {
		end := -1
		for k := 0; k < len(b); k++ {
			if b[k] == '|' && !escapedAt(b, k) {
				end = k
				break
			}
		}
		if end < 0 {
			return false
		}
		head[j] = d.unbackslash(b[:end])
		b = b[end+1:]
	}
	if len(head[0]) > 2 || !isDigits(head[0]) {
		return false
	}
	if i > 0 {
		d.carrierHead(line[:i], ev)
	}
	for j, n := range [...]string{"", "device_vendor", "device_product", "device_version", "signature_id", "name", "severity"} {
		if n != "" {
			ev.Add(n, head[j])
		}
	}
	from := len(ev.Fields)
	d.extension(b, ev)
	d.vendorEvent(ev, from, cefSources)
	return true
}

// parseLEEF takes IBM's Log Event Extended Format 1.0 and 2.0: tabs, or what 2.0 names, between the pairs.
func parseLEEF(d *lines, line []byte, ev *tocsin.Event) bool {
	i := bytes.Index(line[:min(len(line), 256)], []byte("LEEF:"))
	if i < 0 {
		return false
	}
	b := line[i+5:]
	var head [5]string
	for j := range head {
		v, rest, ok := bytes.Cut(b, []byte("|"))
		if !ok {
			return false
		}
		head[j], b = text(v), rest
	}
	sep := byte('\t')
	if v, rest, ok := bytes.Cut(b, []byte("|")); head[0] == "2.0" && ok && bytes.IndexByte(v, '=') < 0 { // Check Point leaves it out
		b = rest
		switch {
		case len(v) == 1:
			sep = v[0]
		case len(v) > 2 && (v[0] == 'x' || bytes.HasPrefix(v, []byte("0x"))):
			hex := v[len(v)-2:]
			if hi, lo := hexDigit(hex[0]), hexDigit(hex[1]); hi|lo >= 0 {
				sep = byte(hi<<4 | lo)
			}
		}
	} else if head[0] != "1.0" && head[0] != "2.0" {
		return false
	}
	if i > 0 {
		d.carrierHead(line[:i], ev)
	}
	for j, n := range [...]string{"", "device_vendor", "device_product", "device_version", "signature_id"} {
		if n != "" {
			ev.Add(n, head[j])
		}
	}
	from := len(ev.Fields)
	for n := 0; len(b) > 0 && n < maxPairs; n++ {
		pair, rest, _ := bytes.Cut(b, []byte{sep})
		if k, v, ok := bytes.Cut(pair, []byte("=")); ok && len(k) > 0 && len(v) > 0 {
			ev.Fields = append(ev.Fields, tocsin.Field{Name: d.name(bytes.TrimSpace(k)), Value: text(v)})
		}
		b = rest
	}
	d.vendorEvent(ev, from, leefSources)
	return true
}

// carrierHead reads the syslog head before a CEF or LEEF record, for its time and host.
func (d *lines) carrierHead(b []byte, ev *tocsin.Event) {
	d.clock.opt = d.opt
	from := len(d.arena)
	d.arena = append(append(d.arena, b...), "CEF: x"...)
	if d.head.parse(&d.clock, d.arena[from:], d.rec.Ref) {
		ev.Time, ev.Host = d.head.time, text(d.head.host)
		ev.Add("hostname", ev.Host)
	}
}

// extension reads CEF's pairs: a value goes on until the next key, and may hold spaces, \=, \\ and \n.
func (d *lines) extension(b []byte, ev *tocsin.Event) {
	for n := 0; n < maxPairs; n++ {
		eq := bytes.IndexByte(b, '=')
		if eq <= 0 {
			return
		}
		key := bytes.TrimSpace(b[:eq])
		b = b[eq+1:]
		end := len(b)
		for i := 0; i < len(b); i++ {
			if b[i] != '=' || escapedAt(b, i) {
				continue
			}
			k := i
			for k > 0 && keyByte(b[k-1]) {
				k--
			}
			if k < i && k > 0 && b[k-1] == ' ' {
				end = k
				break
			}
		}
		if v := bytes.TrimSpace(b[:end]); len(key) > 0 && len(key) <= 128 && len(v) > 0 {
			ev.Fields = append(ev.Fields, tocsin.Field{Name: d.name(key), Value: d.unbackslash(v)})
		}
		b = b[end:]
	}
}

func (d *lines) unbackslash(b []byte) string {
	if bytes.IndexByte(b, '\\') < 0 {
		return text(b)
	}
	from := len(d.arena)
	for i := 0; i < len(b); i++ {
		if b[i] == '\\' && i+1 < len(b) {
			switch i++; b[i] {
			case 'n', 'r':
				d.arena = append(d.arena, '\n')
				continue
			case '\\', '=', '|', '"':
			default:
				d.arena = append(d.arena, '\\')
			}
		}
		d.arena = append(d.arena, b[i])
	}
	return text(d.arena[from:])
}

// vendorEvent completes a CEF or LEEF event whose pairs are ev's fields from from on.
func (d *lines) vendorEvent(ev *tocsin.Event, from int, other []tocsin.LogSource) {
	var p pairRecord
	p.read(ev.Fields[from:])
	if ev.Host == "" {
		ev.Host = p.value[pairDeviceName]
	}
	if t := p.time(d); !t.IsZero() {
		ev.Time = t
	}
	for i, n := from, len(ev.Fields); i < n; i++ { // cs1Label=Zone cs1=dmz: Zone=dmz
		f := ev.Fields[i]
		if !strings.HasSuffix(f.Name, "Label") {
			continue
		}
		if v := ev.Text(f.Name[:len(f.Name)-5]); v != "" {
			ev.Fields = append(ev.Fields, tocsin.Field{Name: d.name([]byte(f.Value)), Value: v})
		}
	}
	p.addresses(ev)
	name := strings.ToLower(ev.Text("name") + " " + ev.Text("signature_id") + " " + ev.Text("cat"))
	failed, ok := p.loginOutcome()
	if strings.Contains(name, "login") || strings.Contains(name, "logon") || strings.Contains(name, "auth") {
		failed = failed || strings.Contains(name, "fail") || strings.Contains(name, "denied") || ev.Text("outcome") == "failure"
		ok = ok || strings.Contains(name, "success") || ev.Text("outcome") == "success"
	}
	switch {
	case failed || ok:
		ev.Sources = cefLogin
		p.addLogin(ev, !failed)
	case p.value[pairURL] != "":
		ev.Sources = cefProxy
		r := p.request()
		r.addSeen(ev, p.value[pairDstPort], &d.arena)
	case strings.Contains(name, "threat") || strings.Contains(name, "intrusion") || strings.Contains(name, "attack") || strings.Contains(name, "malware"):
		ev.Sources = cefIDS
	case p.value[pairSrc] != "" && p.value[pairDst] != "":
		ev.Sources = cefFirewall
	default:
		ev.Sources = other
	}
	if !failed && !ok {
		if p.value[pairAction] == "" {
			p.value[pairAction] = decisionIn(ev.Text("signature_id"))
		}
		p.decision(ev)
		if _, given := ev.Value("user"); !given {
			ev.Add("user", p.value[pairUser])
		}
	}
}

// decisionIn returns the word of an event's id that says what was decided, "" where none does: "Traffic Permitted", "FW_DENY".
func decisionIn(id string) string {
	for w := range strings.FieldsFuncSeq(id, func(r rune) bool { return r < 'A' || r > 'Z' && r < 'a' || r > 'z' }) {
		if decisions[strings.ToLower(w)] != untold {
			return w
		}
	}
	return ""
}
