package decode

import (
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// A phrase is one way in which a program says what happened. Its form is the text of the message with the parts that
// vary in braces:
//
//	{name}   any text; of several places where the text behind it could begin, the last: whoever is named may have
//	         chosen a name that looks like the rest of the message, and what the program itself wrote stands last
//	{name<}  any text; of several places the first
//	{name!}  one word
//	{name#}  digits
//	{@}      the other end: an address or host name with the port that may follow → src_ip or src_host, src_port
//	{@ip}    the same, but an address
//	{@port}  the same, but with its port
//	{@to}    the address that somebody turned to, with the port that may follow → dst_ip, dst_port
//	{*}      whatever follows, to the end
//	{preauth} " [preauth]" or nothing, to the end
//	{ssh}    what OpenSSH writes after a port: " ssh2", and ": " with what it knows of a key
//
// Without a name the text is matched and dropped. All else stands for itself.
type phrase struct {
	form string
	is   verdict
	add  string // one more field, as name=value
}

// A verdict is what a phrase means.
type verdict uint8

const (
	untold verdict = iota
	loginFailed
	loginOK
	logout
	invalidUser
	sessionOpened
	sessionClosed
	connection
	disconnected
	preauthEnd // the connection ended before anyone was authenticated
	connectionRefused
	protocolError
	denied
	scanned
	userAdded
	userDeleted
	userChanged
	groupChanged
	passwordChanged
	passwordFailed
	ranCommand
	commandDenied
	cronJob
	cronChanged
	serviceState
	pamFailed
	keyRefused
	loginPending
	loginTimeout
	accountLocked
	banned
	malwareFound
	crashed
	firewallDenied
	firewallAllowed
	nameMismatch
	loginSummary
	failureNoted
	failedChange
	firewallLogged
	promiscuous
	moduleLoaded
	flooded
	typed
	uploaded
	downloaded
	unbanned
	verdicts
)

// outcomes are the event_type and outcome of the verdicts.
var outcomes = [verdicts]struct{ event, outcome string }{
	loginFailed:       {"login_failed", "failure"},
	loginOK:           {"login_ok", "success"},
	logout:            {"logout", ""},
	invalidUser:       {"invalid_user", "failure"},
	sessionOpened:     {"session_opened", "success"},
	sessionClosed:     {"session_closed", ""},
	connection:        {"connection", ""},
	disconnected:      {"disconnected", ""},
	preauthEnd:        {"preauth_disconnect", "failure"},
	connectionRefused: {"connection_refused", "failure"},
	protocolError:     {"protocol_error", "failure"},
	denied:            {"denied", "failure"},
	scanned:           {"scan", ""},
	userAdded:         {"user_added", "success"},
	userDeleted:       {"user_deleted", "success"},
	userChanged:       {"user_changed", "success"},
	groupChanged:      {"group_changed", "success"},
	passwordChanged:   {"password_changed", "success"},
	passwordFailed:    {"password_change_failed", "failure"},
	ranCommand:        {"command", "success"},
	commandDenied:     {"command_denied", "failure"},
	cronJob:           {"cron_job", ""},
	cronChanged:       {"cron_changed", ""},
	serviceState:      {"service_state", ""},
	pamFailed:         {"pam_failed", "failure"},
	keyRefused:        {"key_refused", "failure"},
	loginPending:      {"login_pending", ""},
	loginTimeout:      {"login_timeout", "failure"},
	accountLocked:     {"account_locked", "failure"},
	banned:            {"banned", ""},
	malwareFound:      {"malware_found", ""},
	crashed:           {"crash", ""},
	firewallDenied:    {"firewall_denied", "failure"},
	firewallAllowed:   {"firewall_allowed", "success"},
	nameMismatch:      {"name_mismatch", ""},
	loginSummary:      {"login", "failure"},
	failureNoted:      {"auth_noted", "failure"},
	failedChange:      {"change_failed", "failure"},
	firewallLogged:    {"firewall", ""},
	promiscuous:       {"promiscuous_mode", ""},
	moduleLoaded:      {"module_loaded", ""},
	flooded:           {"flood", ""},
	typed:             {"tty_input", ""},
	uploaded:          {"upload", "success"},
	downloaded:        {"download", "success"},
	unbanned:          {"unbanned", ""},
}

// authentic says that the verdict is about someone who proves, or does not prove, to be who they say.
func (v verdict) authentic() bool {
	switch v {
	case loginFailed, loginOK, logout, invalidUser, sessionOpened, sessionClosed, pamFailed, keyRefused, loginPending,
		loginTimeout, accountLocked, denied, preauthEnd, protocolError, connectionRefused, loginSummary, failureNoted:
		return true
	}
	return false
}

// Bounds on matching one message, which may be as long and as odd as its writer likes.
const (
	maxMessage  = 16 << 10 // longer messages are not matched
	maxCaptures = 12
	maxTries    = 400 // places tried for the texts of all phrases of one message
)

// A matcher holds messages against phrases.
type matcher struct {
	got   [maxCaptures]tocsin.Field
	n     int
	tries int
	low   []byte // a message in lower case, see authfail.go

	sentence []byte // what pairs say

	service string // what the message at hand is about
}

// find returns the first phrase that is the form of msg, its texts in m.got[:m.n].
func (m *matcher) find(list []phrase, msg string) *phrase {
	if len(msg) > maxMessage || len(msg) == 0 {
		return nil
	}
	m.tries = 0
	for i := range list {
		p := &list[i]
		if c := p.form[0]; c != msg[0] && c != '{' {
			continue
		}
		m.n = 0
		if m.match(p.form, msg) {
			return p
		}
	}
	return nil
}

// keep remembers a text under its name.
func (m *matcher) keep(name, value string) {
	if name != "" && m.n < maxCaptures {
		m.got[m.n] = tocsin.Field{Name: name, Value: value}
		m.n++
	}
}

// keepIP remembers the address of the other end, and as the log has it where that is IPv4 mapped into IPv6, since that
// is what people search for.
func (m *matcher) keepIP(ip, written string) {
	m.keep("src_ip", ip)
	const mapped = "::ffff:"
	if i := strings.Index(written, ip); i >= len(mapped) && strings.EqualFold(written[i-len(mapped):i], mapped) {
		m.keep("src_ip_mapped", written[i-len(mapped):i+len(ip)])
	}
}

// match says whether all of s has the form.
func (m *matcher) match(form, s string) bool {
	for {
		k := strings.IndexByte(form, '{')
		if k < 0 {
			return s == form
		}
		if len(s) < k || s[:k] != form[:k] {
			return false
		}
		s, form = s[k:], form[k+1:]
		e := strings.IndexByte(form, '}')
		spec := form[:e]
		form = form[e+1:]
		kind := byte(0)
		if e > 0 {
			kind = spec[e-1]
		}
		n := 0
		switch {
		case spec == "*":
			return true
		case spec == "preauth":
			return s == "" || s == " [preauth]"
		case spec == "ssh":
			if strings.HasPrefix(s, " ssh") {
				s = strings.TrimLeft(s[4:], "12")
			}
			if s == "" || s[0] == ':' {
				return true
			}
			return false
		case e > 0 && spec[0] == '@':
			p, ok := peerAt(s, spec == "@ip" || spec == "@to")
			if ok && p.port == "" && p.end < len(s) && s[p.end] == '/' && (form == "" || form[0] != '/') { // 192.0.2.7/22
				p.takePort(s[p.end+1:], 1)
			}
			if ok && spec == "@to" {
				m.keep("dst_ip", p.ip)
				if p.port != "" {
					m.keep("dst_port", p.port)
				}
				s = s[p.end:]
				continue
			}
			if !ok || spec == "@port" && p.port == "" {
				return false
			}
			if p.ip != "" {
				m.keepIP(p.ip, s[:p.end])
			} else {
				m.keep("src_host", p.host)
			}
			if p.port != "" {
				m.keep("src_port", p.port)
			}
			s = s[p.end:]
			continue
		case kind == '!':
			for n < len(s) && s[n] != ' ' && (form == "" || s[n] != form[0]) {
				n++
			}
		case kind == '#':
			for n < len(s) && s[n] >= '0' && s[n] <= '9' {
				n++
			}
		default:
			return m.text(spec, form, s)
		}
		if n == 0 {
			return false
		}
		m.keep(spec[:e-1], s[:n])
		s = s[n:]
	}
}

// text matches a {name} or {name<} and the form behind it.
func (m *matcher) text(name, form, s string) bool {
	first := strings.HasSuffix(name, "<")
	if first {
		name = name[:len(name)-1]
	}
	if form == "" {
		m.keep(name, s)
		return true
	}
	lit := form
	if k := strings.IndexByte(form, '{'); k >= 0 {
		lit = form[:k]
	} else if !first {
		if !strings.HasSuffix(s, form) {
			return false
		}
		m.keep(name, s[:len(s)-len(form)])
		return true
	}
	if !strings.Contains(s, lit) { // far quicker than looking for the last
		return false
	}
	slot := m.n
	m.keep(name, "")
	after := m.n
	from, to := 0, len(s)
	for m.tries < maxTries {
		m.tries++
		var at int
		if first {
			at = strings.Index(s[from:to], lit)
		} else {
			at = strings.LastIndex(s[from:to], lit)
		}
		if at < 0 {
			break
		}
		at += from
		m.n = after
		if m.match(form[len(lit):], s[at+len(lit):]) {
			if slot < after {
				m.got[slot].Value = s[:at]
			}
			return true
		}
		if first {
			from = at + 1
		} else {
			to = at + len(lit) - 1
		}
	}
	m.n = slot
	return false
}
