package decode

import (
	"bytes"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// A syslogHead is what stands before the message of a syslog line, in any of its ways:
//
//   - RFC 3164 and what BSD, Solaris, rsyslog, syslog-ng, journalctl and network devices make of it: with or without
//     <PRI>, year, fraction and zone in the stamp, host, process id, and the facility and level that BSD's -v and -vv and
//     Solaris write;
//   - the same with an ISO 8601 stamp;
//   - RFC 5424, with structured data.
//
// https://www.rfc-editor.org/rfc/rfc3164 https://www.rfc-editor.org/rfc/rfc5424
type syslogHead struct {
	time     time.Time
	pri      int // -1 where there is none
	host     []byte
	program  []byte
	pid      []byte
	module   []byte // in parentheses behind the program: su(pam_unix)[12]
	msgID    []byte // RFC 5424
	data     []byte // RFC 5424 structured data
	facility []byte // as BSD and Solaris write it
	level    []byte
	message  []byte
}

var (
	facilityNames = [...]string{"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv",
		"ftp", "ntp", "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"}
	severityNames = [...]string{"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"}
)

// parse reads the head of a line and says whether there is one.
func (h *syslogHead) parse(c *clock, b []byte, ref time.Time) bool {
	*h = syslogHead{pri: -1}
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	if len(b) > 3 && b[0] == '<' {
		n, i := 0, 1
		for i < len(b) && i < 4 && b[i] >= '0' && b[i] <= '9' {
			n = n*10 + int(b[i]-'0')
			i++
		}
		if i == 1 || i >= len(b) || b[i] != '>' || n > 191 {
			return false
		}
		h.pri = n
		b = bytes.TrimLeft(b[i+1:], " ")
		if len(b) > 2 && b[0] >= '1' && b[0] <= '9' && b[1] == ' ' {
			return h.rfc5424(c, b[2:], ref)
		}
		// Cisco and others count their messages before the stamp: "<189>123: *Mar  1 18:46:11.123: %SYS-5-…".
		j := digitsAt(b)
		if j > 0 && j+1 < len(b) && b[j] == ':' && b[j+1] == ' ' {
			b = b[j+2:]
		}
		if len(b) > 0 && (b[0] == '*' || b[0] == '.') {
			b = b[1:]
		}
	}
	if len(b) > 24 && b[0] == '1' && b[1] == ' ' && b[6] == '-' && b[12] == 'T' { // RFC 5424, the priority taken off
		return h.rfc5424(c, b[2:], ref)
	}
	t, n, f := c.lead(b, ref)
	if f == noStamp {
		if h.pri < 0 || len(b) == 0 {
			return false
		}
		if !h.tag(b, false) { // a sender that knows no time
			h.message = b
		}
		return true
	}
	if n >= len(b) {
		return false
	}
	h.time = t
	// A colon behind the stamp is a device's or an application's; applications write words there, devices "%…".
	colon := bytes.IndexByte(b[:n], ':') >= 0 && b[n-1] == ' ' && b[n-2] == ':'
	return h.names(b[n:], f, colon)
}

func digitsAt(b []byte) int {
	n := 0
	for n < len(b) && b[n] >= '0' && b[n] <= '9' {
		n++
	}
	return n
}

// names reads host and program behind a stamp. An application that writes "2006-01-02 15:04:05 Login: no" must not be
// taken for a host "Login": the less a stamp is syslog's own, the more the rest must look it.
func (h *syslogHead) names(b []byte, f stampForm, colon bool) bool {
	b = h.verbose(b)
	if i := bytes.IndexByte(b[:min(len(b), 8)], ')'); f == isoStamp && i > 3 && b[2] == '(' && digitsAt(b[3:]) == i-3 && i+1 < len(b) && b[i+1] == ' ' {
		b = b[i+2:] // ESXi 8 writes level and priority: "In(30) sshd[7]: "
	}
	if len(b) == 0 || colon && b[0] != '%' {
		return false
	}
	first, rest := cutWord(b)
	if f != bsdStamp && (first[0] == '[' || first[0] == '"') {
		return false
	}
	if isLevel(first) { // unless the host has such a name
		if f == bsdStamp && h.tag(rest, false) && h.pid != nil {
			h.host = first
			return true
		}
		return false
	}
	own := f == bsdStamp || h.pri >= 0
	if h.tag(b, f == bsdStamp) { // no host
		return own || h.pid != nil
	}
	if len(rest) == 0 || !isHost(first) {
		return false
	}
	rest = h.verbose(rest)
	if f == isoStamp { // RFC 5424 without what stands before its stamp: program, process, message id
		program, more := cutWord(rest)
		pid, more := cutWord(more)
		id, more := cutWord(more)
		if len(id) == 1 && id[0] == '-' && len(program) > 1 && (len(pid) == 1 && pid[0] == '-' || digitsAt(pid) == len(pid)) && len(pid) > 0 && len(more) > 0 {
			h.host, h.program, h.message = first, program, bytes.TrimLeft(bytes.TrimPrefix(more, []byte("- ")), " ")
			if pid[0] != '-' {
				h.pid = pid
			}
			return true
		}
	}
	if len(rest) > 2 && rest[0] == ':' && rest[1] == ' ' { // Cisco ASA: "host : %ASA-6-…"
		rest = rest[2:]
	}
	if h.tag(rest, f == bsdStamp) {
		h.host = first
		return own || h.pid != nil || f == isoStamp && plainHost(first)
	}
	// "last message repeated 2 times", MikroTik's "host system,error,critical login failure …".
	h.host, h.message = first, rest
	return own || f == isoStamp && bytes.IndexByte(first, '.') > 0 || deviceName(first) && deviceBody(rest)
}

// deviceName says that a word looks more like the name or address of a machine than like one of a sentence: it has a small
// letter or a full stop, and is no message's id.
func deviceName(b []byte) bool {
	small := bytes.IndexByte(b, '.') > 0
	for _, c := range b {
		small = small || c >= 'a' && c <= 'z'
	}
	return small && (plainHost(b) || isIP(text(b))) && bytes.Count(b, []byte{'-'}) < 4
}

// deviceBody says that what stands behind a stamp and a word is a record that devices send without naming a program, so
// that the word is the device's name: pairs, CEF, LEEF, JSON, Palo Alto's columns, Check Point's brackets.
func deviceBody(b []byte) bool {
	i := 0
	for i < len(b) && keyByte(b[i]) {
		i++
	}
	switch {
	case i > 1 && i < 40 && i+1 < len(b) && b[i] == '=' && b[0] > '9' && b[i+1] > ' ':
		return bytes.IndexByte(b[i+1:], '=') > 0
	case bytes.HasPrefix(b, []byte("CEF:")), bytes.HasPrefix(b, []byte("LEEF:")), bytes.HasPrefix(b, []byte("{\"")), bytes.HasPrefix(b, []byte("[action:\"")):
		return true
	}
	return i > 0 && i < 4 && digitsAt(b) == i && i+8 < len(b) && b[i] == ',' && (num4(b, i+1) > 2000 || b[i+1] == ',')
}

// verbose takes the "<auth.info> " or "<4.6> " that BSD puts before or behind the host.
func (h *syslogHead) verbose(b []byte) []byte {
	if len(b) < 5 || b[0] != '<' {
		return b
	}
	e := bytes.IndexByte(b, '>')
	if e < 4 || e > 24 {
		return b
	}
	dot := bytes.IndexByte(b[:e], '.')
	if dot < 2 || bytes.IndexByte(b[:e], ' ') >= 0 {
		return b
	}
	h.facility, h.level = b[1:dot], b[dot+1:e]
	return b[e+1+spaces(b[e+1:]):]
}

// tag reads "program[pid]: " and its variants at the start of b and leaves the rest as the message. Without a process
// id there must be a colon. bracketed allows "[program] " and "[program][pid] " too.
func (h *syslogHead) tag(b []byte, bracketed bool) bool {
	i := 0
	var program, pid, module []byte
	switch {
	case len(b) < 2:
		return false
	case b[0] == '(': // systemd's not yet started: "(sshd)[12]: "
		if i = bytes.IndexByte(b, ')') + 1; i < 3 || i > 64 {
			return false
		}
		program = b[1 : i-1]
	case b[0] == '[':
		if i = bytes.IndexByte(b, ']') + 1; !bracketed || i < 3 || i > 64 {
			return false
		}
		program = b[1 : i-1]
		if bytes.IndexByte(program, ' ') >= 0 || digitsAt(program) == len(program) {
			return false
		}
	default:
		for i < len(b) && b[i] > ' ' && b[i] != ':' && b[i] != '[' && b[i] != '(' && b[i] != '=' && b[i] != '"' && b[i] != '|' && b[i] != '<' && b[i] != '>' && b[i] != ',' && b[i] != ';' && i < 128 {
			i++
		}
		program = b[:i]
		if c := b[0]; i == 0 || c == '<' || c == '{' || digitsAt(program) == i {
			return false
		}
	}
	if i < len(b) && b[i] == '(' {
		e := bytes.IndexByte(b[i:], ')')
		if e < 2 || e > 48 || bytes.IndexByte(b[i:i+e], ' ') >= 0 {
			return false
		}
		if module = b[i+1 : i+e]; digitsAt(module) == len(module) { // dovecot's "auth-worker(12): "
			pid, module = module, nil
		}
		i += e + 1
	}
	at := i
	for at < len(b) && b[at] == ' ' && at-i < 16 { // "sogod [26818]: ", "fail2ban.actions        [123]: "
		at++
	}
	if at < len(b) && b[at] == '[' {
		e := bytes.IndexByte(b[at:], ']')
		if e > 1 && e < 34 && (at == i || at+e+1 < len(b) && b[at+e+1] == ':') && wordOnly(b[at+1:at+e], at > i) {
			pid = b[at+1 : at+e]
			i = at + e + 1
		}
	}
	if pid != nil && i+3 < len(b) && b[i] == ' ' && b[i+1] == '<' { // macOS writes the level behind it: "sshd[7] <Notice>: "
		if e := bytes.IndexByte(b[i:min(len(b), i+16)], '>'); e > 0 && isLevel(b[i+2:i+e]) {
			i += e + 1
		}
	}
	switch {
	case i < len(b) && b[i] == ':' && (pid != nil || i+1 == len(b) || b[i+1] == ' '):
		i++
	case i < len(b) && b[i] == ' ' && (pid != nil || module != nil && bracketed || b[0] == '['):
	default:
		return false
	}
	h.program, h.pid, h.module = program, pid, module
	h.message = b[i+spaces(b[i:]):]
	return true
}

// wordOnly says that b could be a process id; strict asks for digits alone.
func wordOnly(b []byte, strict bool) bool {
	for _, c := range b {
		if c >= '0' && c <= '9' || !strict && hostByte(c) {
			continue
		}
		return false
	}
	return true
}

func cutWord(b []byte) (word, rest []byte) {
	i := bytes.IndexByte(b, ' ')
	if i < 0 {
		return b, nil
	}
	return b[:i], b[i+spaces(b[i:]):]
}

// isHost says that a word could be a host's name or address.
func isHost(b []byte) bool {
	if len(b) > 255 {
		return false
	}
	for _, c := range b {
		if !hostByte(c) && c != ':' && c != '%' && c != '/' && c != '@' {
			return false
		}
	}
	return len(b) > 0
}

// plainHost says that a host name does not look like the first word of a sentence.
func plainHost(b []byte) bool {
	if digitsAt(b) == len(b) {
		return false
	}
	for i, c := range b {
		if c >= '0' && c <= '9' || c == '.' || c == '-' {
			return true
		}
		if c >= 'A' && c <= 'Z' && i > 0 {
			return true
		}
	}
	return b[0] >= 'a' && b[0] <= 'z'
}

// isLevel says that a word, up to a bracket or colon, names a severity.
func isLevel(b []byte) bool {
	var low [12]byte
	n := 0
	for _, c := range b {
		if c == '[' || c == ':' || c == '(' || c == ',' || c == '|' || c == ']' {
			if n == 0 {
				continue
			}
			break
		}
		if n == len(low) {
			return false
		}
		low[n] = c | 0x20
		n++
	}
	switch string(low[:n]) {
	case "trace", "debug", "info", "information", "notice", "warn", "warning", "error", "err", "eror", "crit", "critical",
		"alert", "emerg", "fatal", "severe", "panic", "inf", "wrn", "dbg", "log", "security", "verbose", "note", "fine":
		return true
	}
	return false
}

// rfc5424 reads what follows "<PRI>VERSION ".
func (h *syslogHead) rfc5424(c *clock, b []byte, ref time.Time) bool {
	var stamp []byte
	stamp, b = cutWord(b)
	if len(stamp) > 1 {
		t, n, _ := c.stamp(stamp, ref)
		if n == 0 {
			return false
		}
		h.time = t
	}
	h.host, b = cutNil(b)
	h.program, b = cutNil(b)
	if w, _ := cutWord(b); bytes.IndexByte(w, '=') > 0 || merakiEvent(b) { // Meraki's, which has no more of a head
		h.message = b
		return true
	}
	h.pid, b = cutNil(b)
	h.msgID, b = cutNil(b)
	if len(b) > 0 && b[0] == '[' {
		n := structuredEnd(b)
		h.data, b = b[:n], b[n:]
		b = b[spaces(b):]
	} else if len(b) > 0 && b[0] == '-' {
		b = b[1+spaces(b[1:]):]
	}
	h.message = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	return true
}

// merakiEvent says that b begins with the name of one of Meraki's events that have no pairs at once.
func merakiEvent(b []byte) bool {
	for _, p := range [...]string{"ids_alerted ", "security_filtering_", "client_vpn_connect ", "client_vpn_disconnect "} {
		if bytes.HasPrefix(b, []byte(p)) {
			return true
		}
	}
	return false
}

// cutNil cuts a word that is nil when it is a dash.
func cutNil(b []byte) (word, rest []byte) {
	if word, rest = cutWord(b); len(word) == 1 && word[0] == '-' {
		word = nil
	}
	return word, rest
}

// structuredEnd finds the end of the RFC 5424 structured data that b begins with.
func structuredEnd(b []byte) int {
	quoted := false
	for i := 0; i < len(b); i++ {
		switch {
		case quoted && b[i] == '\\':
			i++
		case b[i] == '"':
			quoted = !quoted
		case !quoted && b[i] == ']' && (i+1 == len(b) || b[i+1] != '['):
			return i + 1
		}
	}
	return len(b)
}

// structured adds the parameters of structured data as fields named ID.PARAM.
func (d *lines) structured(b []byte, ev *tocsin.Event) {
	if bytes.IndexByte(b, '=') < 0 || bytes.HasPrefix(b, []byte("[action:")) {
		return // Check Point's, see checkPointMessage
	}
	for len(b) > 1 && b[0] == '[' {
		b = b[1:]
		n := bytes.IndexAny(b, " ]")
		if n < 0 {
			return
		}
		id := b[:n]
		b = b[n:]
		for len(b) > 0 && b[0] == ' ' && len(ev.Fields) < maxFields {
			b = b[1:]
			eq := bytes.Index(b, []byte(`="`))
			if eq < 1 {
				return
			}
			name := b[:eq]
			b = b[eq+2:]
			from := len(d.arena)
			i := 0
			for i < len(b) && b[i] != '"' {
				if b[i] == '\\' && i+1 < len(b) {
					i++
				}
				d.arena = append(d.arena, b[i])
				i++
			}
			value := text(d.arena[from:])
			ev.Add(d.join(text(id), ".", text(name)), value)
			if i >= len(b) {
				return
			}
			b = b[i+1:]
		}
		if len(b) == 0 || b[0] != ']' {
			return
		}
		b = b[1:]
	}
}
