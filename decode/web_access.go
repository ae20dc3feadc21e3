package decode

import (
	"bytes"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// parseAccess takes a line of a web server's access log in the common or combined format
// (https://httpd.apache.org/docs/2.4/logs.html#accesslog) and the many variants of it: a virtual host before the
// client, more fields behind, whole lines in quotes, the client behind the time, as nginx, lighttpd, LiteSpeed,
// Traefik, Envoy, cPanel, NGINX Proxy Manager and others write them. What they have in common, and what makes a line
// one, is a time in brackets and a quoted request.
func parseAccess(d *lines, line []byte, ev *tocsin.Event) bool {
	b := d.unwrap(line)
	var r request
	head, rest, at, ok := d.findStamp(b)
	if !ok {
		return false
	}
	r.escaped = true
	sources := accessSources
	switch {
	case len(rest) > 1 && rest[0] == ' ' && rest[1] == '"':
		rest = rest[1:]
	default:
		i := bytes.IndexByte(rest, '"')
		if i < 0 || i > 512 {
			return false
		}
		middle := bytes.TrimSpace(rest[:i])
		if bytes.IndexByte(middle, '/') > 0 && parseHAProxy(d, b, ev) {
			return true
		}
		rest = rest[i:]
		if bytes.Contains(rest, []byte("[Client ")) && r.proxyManager(middle, rest) {
			ev.Time, ev.Sources = at, nginxSources
			r.add(ev, &d.arena)
			return true
		}
		if len(bytes.TrimSpace(head)) == 0 || firstAddress(head) < 0 && firstAddress(middle) >= 0 {
			head = middle
			if bytes.HasSuffix(head, []byte(" -")) {
				head = head[:len(head)-2]
			}
		} else if bytes.IndexByte(middle, '.') > 0 && bytes.IndexByte(middle, ' ') < 0 {
			r.host = text(middle)
		}
	}
	if head, ok = untag(head); !ok {
		return false
	}
	first, rest, ok := cutRequest(rest)
	if !ok {
		return false
	}
	r.line = "-"
	if len(first) > 0 {
		r.line = text(first)
	}
	if head = bytes.TrimSpace(head); len(head) == 0 {
		if !r.envoy(rest) {
			return false
		}
	} else {
		r.who(head)
		if !r.outcome(rest) {
			return false
		}
		if n := len(r.extra); n > 3 && r.extra[n-2:] == "ms" && r.extra[n-3] >= '0' && r.extra[n-3] <= '9' {
			sources = traefikSources
			for i := n - 2; i > 0; i-- {
				if c := r.extra[i-1]; c < '0' || c > '9' {
					r.taken = r.extra[i : n-2]
					break
				}
			}
		}
	}
	ev.Time, ev.Sources = at, sources
	r.add(ev, &d.arena)
	if r.status == "" && strings.Contains(r.extra, "FAILED LOGIN") { // cPanel's login log
		login(ev, false, "cpanel", r.user)
	}
	return true
}

// untag takes "host nginx: " off what stands before the time. With a time before it the line is syslog's, which knows
// more of it.
func untag(head []byte) ([]byte, bool) {
	i := bytes.Index(head, []byte(": "))
	if i < 0 {
		return head, true
	}
	if c := head[0]; c == '<' || c >= '0' && c <= '9' || month(head) != 0 || bytes.Count(head[:i], []byte{' '}) > 1 {
		return nil, false
	}
	return head[i+2:], true
}

// unwrap takes away the quotes that some exports put around each line, doubling those within or not.
func (d *lines) unwrap(line []byte) []byte {
	n := len(line)
	if n < 2 || line[0] != '"' || line[n-1] != '"' {
		return line
	}
	open, quote := bytes.IndexByte(line, '['), bytes.IndexByte(line[1:], '"')+1
	if open < 0 || quote < open {
		return line
	}
	line = line[1 : n-1]
	if !bytes.Contains(line, []byte(`] ""`)) {
		return line
	}
	from := len(d.arena)
	for i := 0; i < len(line); i++ {
		d.arena = append(d.arena, line[i])
		if line[i] == '"' && i+1 < len(line) && line[i+1] == '"' {
			i++
		}
	}
	return d.arena[from:]
}

// findStamp finds the bracketed time of an access log line, and what stands before and behind it.
func (d *lines) findStamp(b []byte) (head, rest []byte, at time.Time, ok bool) {
	i := 0
	for range 6 {
		j := bytes.IndexByte(b[i:], '[')
		if j < 0 || i+j > 512 {
			return nil, nil, at, false
		}
		i += j + 1
		if at, rest, ok = d.clfTime(b[i:]); ok {
			return b[:i-1], rest, at, true
		}
	}
	return nil, nil, at, false
}

// clfTime reads "02/Jan/2006:15:04:05 -0700]" from the start of b, and its variants: a space for the first colon, a
// fraction, no zone, the date as 01/02/2006 (cPanel), ISO 8601. It returns what follows the bracket.
func (d *lines) clfTime(b []byte) (at time.Time, rest []byte, ok bool) {
	if len(b) < 20 {
		return at, nil, false
	}
	p := 11
	var mon time.Month
	day, year := 0, 0
	switch {
	case b[2] == '/' && b[6] == '/':
		day, mon, year = two(b), month(b[3:]), two(b[7:])*100+two(b[9:])
	case b[2] == '/' && b[5] == '/':
		date, sep, _ := numericDateAt(b)
		if year, mon, day, ok = date.in(d.opt.order.of(sep)); !ok || !date.long {
			d.clock.against = true
			return at, nil, false
		}
		p = 10
	case b[4] == '-' && b[7] == '-':
		return d.isoStamp(b)
	default:
		return at, nil, false
	}
	if b[p] != ':' && b[p] != ' ' || b[p+3] != ':' || b[p+6] != ':' {
		return at, nil, false
	}
	hour, min, sec := two(b[p+1:]), two(b[p+4:]), two(b[p+7:])
	if mon < 1 || mon > 12 || day < 1 || day > 31 || year < 1970 || hour < 0 || hour > 23 || min < 0 || min > 59 || sec < 0 || sec > 60 {
		return at, nil, false
	}
	i := p + 9
	nanos := 0
	if i < len(b) && (b[i] == '.' || b[i] == ',') {
		unit := 100_000_000
		for i++; i < len(b) && b[i] >= '0' && b[i] <= '9'; i++ {
			nanos += int(b[i]-'0') * unit
			unit /= 10
		}
	}
	var zone []byte
	if i+5 < len(b) && b[i] == ' ' && (b[i+1] == '+' || b[i+1] == '-') && two(b[i+2:]) >= 0 && two(b[i+4:]) >= 0 {
		zone = b[i+1 : i+6]
		i += 6
	}
	for i < len(b) && b[i] == ' ' {
		i++
	}
	if i >= len(b) || b[i] != ']' {
		return at, nil, false
	}
	rest = b[i+1:]
	if zone == nil && d.opt.zone() != time.UTC {
		return d.opt.zoneless(year, mon, day, hour, min, sec, nanos), rest, true
	}
	var key [16]byte
	n := copy(key[:], b[:p])
	n += copy(key[n:], zone)
	if c := &d.stamp; c.n != n || c.key != key {
		c.key, c.n, c.zone = key, n, nil
		c.day = time.Date(year, mon, day, 0, 0, 0, 0, time.UTC).Unix()
		if zone != nil {
			offset := int64(two(zone[1:])*3600 + two(zone[3:])*60)
			if zone[0] == '-' {
				offset = -offset
			}
			c.day -= offset
		}
	}
	at = time.Unix(d.stamp.day+int64(hour*3600+min*60+sec), int64(nanos)).UTC()
	if zone == nil {
		d.opt.basis.rest(at, 1<<GuessZone)
	}
	return at, rest, true
}

func (d *lines) isoStamp(b []byte) (at time.Time, rest []byte, ok bool) {
	i := bytes.IndexByte(b[:min(len(b), 40)], ']')
	if i < 19 {
		return at, nil, false
	}
	if at, ok = parseTime(text(b[:i]), d.opt); !ok {
		return at, nil, false
	}
	rest = b[i+1:]
	// Many other logs begin so: only a request makes it an access log.
	return at, rest, bytes.Contains(rest, []byte(" HTTP/"))
}

// two reads two decimal digits; if they are none, the result is so negative that no sum of such is a valid number.
func two(b []byte) int {
	if len(b) < 2 || b[0] < '0' || b[0] > '9' || b[1] < '0' || b[1] > '9' {
		return -1000
	}
	return int(b[0]-'0')*10 + int(b[1]-'0')
}

// cutRequest cuts the quoted request line off the start of b. A quote ends it that is not escaped and is followed by
// what follows a request; servers that do not escape quotes are so read right too.
func cutRequest(b []byte) (line, rest []byte, ok bool) {
	first := -1
	for i := 1; ; i++ {
		j := bytes.IndexByte(b[i:], '"')
		if j < 0 {
			break
		}
		i += j
		if escapedAt(b, i) {
			continue
		}
		if first < 0 {
			first = i
		}
		after := b[i+1:]
		if len(after) == 0 || len(after) >= 2 && after[0] == ' ' &&
			(after[1] == '-' || after[1] == '"' || len(after) >= 4 && two(after[1:]) >= 0 && after[3] >= '0' && after[3] <= '9' &&
				(len(after) == 4 || after[4] == ' ')) {
			return b[1:i], after, true
		}
	}
	if first < 0 {
		return nil, nil, false
	}
	return b[1:first], b[first+1:], true
}

// cutQuoted cuts a quoted value off the start of b, which may have a space before it.
func cutQuoted(b []byte) (value, rest []byte, ok bool) {
	b = bytes.TrimLeft(b, " ")
	if len(b) < 2 || b[0] != '"' {
		return nil, b, false
	}
	first := -1
	for i := 1; ; i++ {
		j := bytes.IndexByte(b[i:], '"')
		if j < 0 {
			break
		}
		i += j
		if escapedAt(b, i) {
			continue
		}
		if i+1 == len(b) || b[i+1] == ' ' {
			return b[1:i], b[i+1:], true
		}
		if first < 0 {
			first = i
		}
	}
	if first < 0 { // cut off
		return b[1:], nil, true
	}
	return b[1:first], b[first+1:], true
}

// escapedAt says that an odd number of backslashes stands before b[i].
func escapedAt(b []byte, i int) bool {
	n := 0
	for i--; i >= 0 && b[i] == '\\'; i-- {
		n++
	}
	return n%2 == 1
}

// who reads client, user and virtual host from what stands before the time: "client ident user", with more around it
// in many variants.
func (r *request) who(head []byte) {
	word, rest := cutSpace(head)
	if len(rest) == 3 && rest[1] == ' ' { // "- -", nearly always
		r.client, r.port = splitPort(trimWord(word))
		return
	}
	var words [12][]byte
	n := 0
	for b := head; len(b) > 0 && n < len(words); {
		var w []byte
		if w, b = cutSpace(b); len(w) > 0 {
			words[n] = w
			n++
		}
	}
	at := -1
	for i, w := range words[:n] {
		if a, _ := splitPort(trimWord(w)); isAddress(a) {
			at = i
			break
		}
	}
	if at < 0 {
		at = 0
		if n >= 4 && string(words[2]) == "-" && string(words[1]) != "-" {
			at = 1
		}
	}
	if at > 0 {
		r.host = text(words[at-1])
	}
	r.client, r.port = splitPort(trimWord(words[at]))
	if w := words[at]; w[len(w)-1] == ',' { // X-Forwarded-For in the client's place
		from := at
		for at+1 < n {
			at++
			if w := words[at]; w[len(w)-1] != ',' {
				break
			}
		}
		r.forwarded = text(span(head, words[from], words[at]))
	}
	if at+2 < n && string(words[n-1]) != "-" {
		r.user = text(span(head, words[at+2], words[n-1]))
	}
}

// firstAddress returns at which word of b there is an address, or -1.
func firstAddress(b []byte) int {
	for i := 0; len(b) > 0 && i < 12; i++ {
		var w []byte
		w, b = cutSpace(b)
		if a, _ := splitPort(trimWord(w)); isAddress(a) {
			return i
		}
	}
	return -1
}

// span returns the part of b from the start of first to the end of last, which are both parts of b.
func span(b, first, last []byte) []byte {
	return b[cap(b)-cap(first) : cap(b)-cap(last)+len(last)]
}

// trimWord takes away quotes and commas around a word.
func trimWord(w []byte) string {
	for len(w) > 1 && (w[0] == '"' || w[0] == '\'') {
		w = w[1:]
	}
	for len(w) > 1 && (w[len(w)-1] == '"' || w[len(w)-1] == '\'' || w[len(w)-1] == ',') {
		w = w[:len(w)-1]
	}
	return text(w)
}

// outcome reads what follows the request: status, size, and in the combined format referer and user agent.
func (r *request) outcome(b []byte) bool {
	b = bytes.TrimLeft(b, " ")
	word, rest := cutSpace(b)
	if len(word) == 3 && isDigits(text(word)) || string(word) == "-" {
		r.status = text(word)
		word, rest = cutSpace(rest)
		if len(word) > 0 && (isDigits(text(word)) || string(word) == "-") {
			r.size = text(word)
		} else if len(word) > 0 {
			rest = bytes.TrimLeft(b[3:], " ")
		}
	} else {
		rest = b
	}
	rest = bytes.TrimLeft(rest, " ")
	if len(rest) == 0 {
		return true
	}
	i := bytes.IndexByte(rest, '"')
	if i < 0 {
		r.bare(rest)
		return true
	}
	value, after, ok := cutQuoted(rest[i:])
	if !ok {
		return true
	}
	r.referer = text(value)
	if value, after2, ok := cutQuoted(after); ok {
		r.agent, after = text(value), after2
	}
	if i > 0 {
		r.extra = text(rest)
	} else if after = bytes.TrimSpace(after); len(after) > 0 && string(after) != `"-"` {
		r.extra = text(after)
	}
	if after = bytes.TrimLeft(after, " "); len(after) > 1 && after[0] == '"' {
		if value, _, ok := cutQuoted(after); ok && isAddressList(value) {
			r.forwarded = text(value)
		}
	}
	return true
}

// isAddressList says that b begins with an address, and with a comma after it if there is more.
func isAddressList(b []byte) bool {
	if i := bytes.IndexByte(b, ','); i >= 0 {
		b = b[:i]
	}
	a, _ := splitPort(text(b))
	return isAddress(a)
}

// bare reads what follows status and size in formats that do not quote: numbers, referer, user agent to the end.
func (r *request) bare(b []byte) {
	r.extra = text(b)
	for len(b) > 0 {
		word, rest := cutSpace(b)
		if len(word) > 0 && (word[0] < '0' || word[0] > '9') {
			if len(rest) > 0 && (string(word) == "-" || bytes.Contains(word, []byte("://"))) {
				r.referer, r.agent, r.extra = text(word), text(rest), ""
			}
			return
		}
		b = rest
	}
}

// proxyManager reads NGINX Proxy Manager's two formats, "[time] cache upstream status - method scheme host "path"
// [Client addr] [Length n] …" and the same without cache and upstream.
func (r *request) proxyManager(head, rest []byte) bool {
	var words [12][]byte
	n := 0
	for b := head; len(b) > 0 && n < len(words); {
		var w []byte
		if w, b = cutSpace(b); len(w) > 0 {
			words[n] = w
			n++
		}
	}
	if n < 5 || string(words[n-4]) != "-" {
		return false
	}
	uri, rest, ok := cutQuoted(rest)
	if !ok {
		return false
	}
	r.status, r.method, r.host, r.uri = text(words[n-5]), text(words[n-3]), text(words[n-1]), text(uri)
	r.escaped = true
	for {
		rest = bytes.TrimLeft(rest, " ")
		if len(rest) == 0 || rest[0] != '[' {
			break
		}
		end := bytes.IndexByte(rest, ']')
		if end < 0 {
			return false
		}
		name, value := cutSpace(rest[1:end])
		switch string(name) {
		case "Client":
			r.client = text(value)
		case "Length":
			r.size = text(value)
		}
		rest = rest[end+1:]
	}
	agent, rest, ok := cutQuoted(rest)
	if ok {
		r.agent = text(agent)
		if referer, _, ok := cutQuoted(rest); ok {
			r.referer = text(referer)
		}
	}
	return r.client != ""
}

// envoy reads what follows the request in Envoy's default format, which has no client but X-Forwarded-For:
// https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage
func (r *request) envoy(b []byte) bool {
	word, rest := cutSpace(bytes.TrimLeft(b, " "))
	if len(word) == 0 || len(word) > 3 || !isDigits(text(word)) {
		return false
	}
	r.status = text(word)
	var quoted [8][]byte
	n := 0
	for len(rest) > 0 && n < len(quoted) {
		i := bytes.IndexByte(rest, '"')
		if i < 0 {
			break
		}
		value, after, ok := cutQuoted(rest[i:])
		if !ok {
			break
		}
		quoted[n], rest = value, after
		n++
	}
	if n > 5 && string(quoted[0]) == "-" { // Istio: a quoted transport failure reason comes first
		copy(quoted[:], quoted[1:])
		n--
	}
	if n < 4 {
		return false
	}
	r.forwarded, r.agent, r.host = text(quoted[0]), text(quoted[1]), text(quoted[3])
	list := quoted[0]
	if i := bytes.IndexByte(list, ','); i >= 0 {
		list = list[:i]
	}
	r.client, r.port = splitPort(text(list))
	return true
}
