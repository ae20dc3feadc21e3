package decode

import (
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// postfixPhrases are the messages of Postfix's smtpd and postscreen. The host name before an address is the resolver's
// and holds no bracket, so the first bracket is the address.
var postfixPhrases = []phrase{
	{"connect from {<}[{@ip}]", connection, ""},
	{"warning: {<}[{@ip}]: SASL {!} authentication failed: Connection lost to authentication server", failureNoted, ""},
	{"warning: {<}[{@ip}]: SASL {!} authentication failed: Invalid authentication mechanism", failureNoted, ""},
	{"warning: {<}[{@ip}]: SASL {auth_method!} authentication failed: {reason<}, sasl_username={user}", loginFailed, ""},
	{"warning: {<}[{@ip}]: SASL {auth_method!} authentication failed:{reason}", loginFailed, ""},
	{"warning: {<}[{@ip}]: SASL {auth_method!} authentication failed", loginFailed, ""},
	{"warning: {<}[{@ip}]:{#}: SASL {auth_method!} authentication failed:{reason}", loginFailed, ""},
	{"warning: {<}[{@ip}]: SASL {auth_method!} authentication aborted", failureNoted, ""},
	{"{!}: client={<}[{@ip}], sasl_method={auth_method<}, sasl_username={user<}, sasl_sender={*}", loginOK, ""},
	{"{!}: client={<}[{@ip}], sasl_method={auth_method<}, sasl_username={user}", loginOK, ""},
	{"{!}: reject: {command!} from {<}[{@ip}]: {code#} {reason}", denied, ""},
	{"{!}: reject: {command!} from {@ip}: {code#} {reason}", denied, ""},
	{"{!}: milter-reject: {command!} from {<}[{@ip}]: {reason}", denied, ""},
	{"{!}: reject: {reason<} from {<}[{@ip}]{*}", denied, ""},
	{"NOQUEUE: lost connection after CONNECT from {<}[{@ip}]", protocolError, ""},
	{"lost connection after CONNECT from {<}[{@ip}]", protocolError, "reason=no command"},
	{"lost connection after STARTTLS from {<}[{@ip}]", protocolError, "reason=no command after STARTTLS"},
	{"lost connection after EHLO from {<}[{@ip}]", protocolError, "reason=no command after EHLO"},
	{"lost connection after HELO from {<}[{@ip}]", protocolError, "reason=no command after HELO"},
	{"lost connection after UNKNOWN from {<}[{@ip}]", protocolError, "reason=unknown command"},
	{"lost connection after {command<} from {<}[{@ip}]", disconnected, ""},
	{"improper command pipelining after AUTH from {<}[{@ip}]{*}", failureNoted, "reason=improper command pipelining"}, // old clients do it
	{"improper command pipelining after {command<} from {<}[{@ip}]{*}", protocolError, "reason=improper command pipelining"},
	{"too many errors after {command<} from {<}[{@ip}]{*}", protocolError, "reason=too many errors"},
	{"disconnect from {<}[{@ip}] {<}auth=0/{#}{*}", protocolError, "reason=no login succeeded"},
	{"disconnect from {<}[{@ip}]{*}", disconnected, ""},
	{"SSL_accept error from {<}[{@ip}]: {reason}", protocolError, ""},
	{"warning: non-SMTP command from {<}[{@ip}]: {reason}", protocolError, ""},
	{"warning: {reason<} limit exceeded: {#} from {<}[{@ip}] for service {!}", denied, ""},
	{"warning: hostname {<} does not resolve to address {@ip}{*}", nameMismatch, ""},
	{"CONNECT from {@ip} to {*}", connection, ""},
	{"PREGREET {#} after {!} from {@ip}: {reason}", protocolError, ""},
	{"HANGUP after {<} from {@ip} in {reason}", protocolError, ""},
	{"COMMAND {reason<} from {@ip} after {*}", protocolError, ""},
	{"BARE NEWLINE from {@ip} after {*}", protocolError, "reason=bare newline"},
	{"NON-SMTP COMMAND from {@ip} after {*}", protocolError, "reason=no SMTP command"},
	{"DNSBL rank {#} for {@ip}", denied, "reason=on a blocklist"},
	{"BLACKLISTED {@ip}", denied, "reason=on a blocklist"},
	{"DENYLISTED {@ip}", denied, "reason=on a blocklist"},
	{"DISCONNECT {@ip}", disconnected, ""},
}

// dovecotBody takes off a message of Dovecot's the processes that it went through: "dovecot: auth-worker(12): Info: ".
func dovecotBody(_ *tocsin.Event, s string) string {
	for range 6 {
		word, rest, ok := strings.Cut(s, ": ")
		if !ok || len(word) > 64 {
			break
		}
		name, _, _ := strings.Cut(word, "(")
		name, _, _ = strings.Cut(name, "<")
		switch name {
		case "dovecot", "imap-login", "pop3-login", "managesieve-login", "submission-login", "Info", "Error", "Warning", "auth-worker",
			"conn unix:auth-worker ", "login":
		case "auth":
			if strings.Contains(word, ",") { // auth(user,address,…)
				return s
			}
		default:
			return s
		}
		s = rest
	}
	return s
}

// dovecotSays says that a message under the name "auth" is one of Dovecot's: it names a level, a worker or a database of
// passwords first.
func dovecotSays(s string) bool {
	word, _, ok := strings.Cut(strings.TrimSpace(s), " ")
	if !ok {
		return false
	}
	name, _, _ := strings.Cut(word, "(")
	switch strings.TrimSuffix(name, ":") {
	case "Info", "Error", "Warning", "Debug", "Fatal", "Panic", "auth", "auth-worker", "pam", "passwd-file", "passwd", "shadow", "sql", "ldap", "static", "oauth2", "dict", "master", "client", "policy", "cache", "lua", "sasl", "login":
		return true
	}
	return strings.Contains(s, "rip=") || strings.Contains(word, "dovecot")
}

// dovecotLine reads what Dovecot's login processes and authentication workers tell of clients. What stands behind rip=
// is Dovecot's own; the user name before it is the client's.
func dovecotLine(m *matcher, ev *tocsin.Event, f *family, s string) bool {
	m.n = 0
	if i := strings.LastIndex(s, "rip="); i >= 0 {
		p, ok := peerAt(s[i+4:], true)
		if !ok {
			return false
		}
		head := s[:i]
		user := ""
		if u := strings.Index(head, "user=<"); u >= 0 {
			if e := strings.LastIndexByte(head, '>'); e > u+6 {
				user = head[u+6 : e]
			}
			head = head[:u]
		}
		v := disconnected
		switch {
		case strings.HasPrefix(head, "Login: "):
			v = loginOK
		case strings.Contains(head, "no auth attempts"):
		case strings.Contains(head, "auth failed"), strings.Contains(head, "tried to use dis"), strings.Contains(head, "auth_failed"),
			strings.Contains(head, "unknown user"), strings.Contains(head, "password mismatch"):
			v = loginFailed
		case strings.Contains(head, "didn't finish"), strings.Contains(head, "before auth was ready"), strings.Contains(head, "during TLS handshake"),
			strings.Contains(head, "Too many invalid commands"):
			v = protocolError
		}
		m.keep("user", user)
		m.keep("src_ip", p.ip)
		if j := strings.LastIndex(s[:i], ", method="); j >= 0 {
			method, _, _ := strings.Cut(s[j+9:i], ",")
			m.keep("auth_method", method)
		}
		m.mean(ev, f, v, "")
		return true
	}
	reason := s
	open := strings.IndexByte(s, '(')
	if open < 1 || open > 24 || strings.IndexByte(s[:open], ' ') >= 0 {
		return false
	}
	if !containsAny(reason, dovecotFailures) {
		return false
	}
	inside := s[open+1:]
	for from := 0; ; {
		i := strings.IndexByte(inside[from:], ',')
		if i < 0 {
			return false
		}
		from += i + 1
		p, ok := peerAt(inside[from:], true)
		if !ok {
			continue
		}
		if end := from + p.end; end < len(inside) && (inside[end] == ')' || inside[end] == ',') {
			m.keep("user", inside[:from-1])
			m.keep("src_ip", p.ip)
			m.mean(ev, f, loginFailed, "")
			return true
		}
	}
}

var dovecotFailures = listWords("unknown user", "password mismatch", "authenticate() failed", "invalid credentials", "permission denied", "authentication failure",
	"given password", "account expired", "user disabled")

// eximLine reads Exim's main and reject log.
func eximLine(m *matcher, ev *tocsin.Event, f *family, s string) bool {
	m.n = 0
	v := untold
	var from int // where the client's names begin
	mark := func(word string, is verdict) bool {
		i := strings.Index(s, word)
		if i < 0 {
			return false
		}
		v, from = is, i
		return true
	}
	switch {
	case mark(" authenticator failed for ", loginFailed):
		from += len(" authenticator failed for ")
	case mark("SMTP protocol synchronization error ", protocolError), mark("SMTP protocol error in ", protocolError),
		mark("no MAIL in SMTP connection from ", protocolError), mark("SMTP call from ", protocolError),
		mark("SMTP syntax error in ", protocolError), mark("unexpected disconnection while reading SMTP command from ", protocolError):
		switch {
		case strings.HasPrefix(s[from:], "SMTP call from "):
			if !strings.Contains(s[from:], " dropped: ") {
				return false
			}
			from += len("SMTP call from ")
		case strings.HasPrefix(s[from:], "no MAIL"):
			from += len("no MAIL in SMTP connection from ")
		default:
			if i := strings.LastIndex(s, " H="); i > from {
				from = i + 3
			} else if i := strings.LastIndex(s, "connection from "); i > from {
				from = i + len("connection from ")
				from += len(s[from:]) - len(strings.TrimPrefix(s[from:], "H="))
			} else if i := strings.LastIndex(s, "command from "); i > from {
				from = i + len("command from ")
			} else {
				return false
			}
		}
	case strings.Contains(s, " closed by DROP in ACL") && mark("SMTP connection from ", denied):
		from += len("SMTP connection from ")
	case strings.Contains(s, " SA: Action: ") && mark("(host=", denied):
		from += len("(host=")
	case containsEither(s, " rejected ", " sender verify fail ", " dropped by ") && mark("H=", denied):
		if from > 0 && s[from-1] != ' ' {
			return false
		}
		from += 2
	case strings.Contains(s, " <= ") && strings.Contains(s, " A=") && mark(" H=", loginOK):
		from += 3
	default:
		return eximTransfer(m, ev, f, s)
	}
	p, ok := eximPeer(s[from:])
	if !ok {
		return false
	}
	m.keep("src_ip", p.ip)
	m.keep("src_port", p.port)
	if i := strings.LastIndex(s, "(set_id="); i >= 0 && v == loginFailed {
		m.keep("user", strings.TrimSuffix(s[i+8:], ")"))
	}
	if i := strings.LastIndex(s, " A="); i >= 0 && v == loginOK {
		word, _, _ := strings.Cut(s[i+3:], " ")
		if method, user, ok := strings.Cut(word, ":"); ok {
			m.keep("auth_method", method)
			m.keep("user", user)
		}
	}
	m.mean(ev, f, v, "")
	return true
}

// eximArrows are the signs behind a message's id, and how what they stand for ended.
// https://www.exim.org/exim-html-current/doc/html/spec_html/ch-log_files.html
var eximArrows = map[string]string{"<=": "", "=>": "success", "->": "success", ">>": "success", "**": "failure", "==": ""}

// eximTransfer reads the lines that tell of a message that came in or went out: its sender or recipient, and the host that it
// came from or went to.
func eximTransfer(m *matcher, ev *tocsin.Event, f *family, s string) bool {
	id, rest, _ := strings.Cut(s, " ")
	arrow, rest, _ := strings.Cut(rest, " ")
	ended, ok := eximArrows[arrow]
	if !ok || strings.Count(id, "-") != 2 || len(id) > 32 {
		return false
	}
	m.n = 0
	m.mean(ev, f, untold, "")
	ev.Add("queue_id", id)
	who, rest, _ := strings.Cut(rest, " ")
	if strings.HasPrefix(rest, "<") { // "ann <ann@shop.example>"
		if full, after, ok := strings.Cut(rest[1:], ">"); ok {
			who, rest = full, after
		}
	}
	ip, port := "src_ip", "src_port"
	if arrow == "<=" {
		ev.Add("sender", who)
		if _, to, ok := strings.Cut(rest, " for "); ok {
			for r := range strings.FieldsSeq(to) {
				ev.Add("recipient", r)
			}
		}
	} else {
		ev.Add("recipient", who)
		ip, port = "dst_ip", "dst_port"
	}
	if _, host, ok := strings.Cut(" "+rest, " H="); ok {
		if p, ok := eximPeer(host); ok {
			ev.Add(ip, p.ip)
			ev.Add(port, p.port)
		}
	}
	ev.Add("outcome", ended)
	return true
}

func containsEither(s string, words ...string) bool {
	for _, w := range words {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

// eximPeer reads a client as Exim names it, "host (name it gave) [address]:port", any part but the address missing.
func eximPeer(s string) (peer, bool) {
	for range 4 {
		switch {
		case s == "":
			return peer{}, false
		case s[0] == '[':
			return peerAt(s, true)
		case s[0] == '(':
			e := strings.Index(s, ") ")
			if e < 0 {
				return peer{}, false
			}
			s = s[e+2:]
		default:
			i := strings.IndexByte(s, ' ')
			if i < 0 {
				return peer{}, false
			}
			s = s[i+1:]
		}
	}
	return peer{}, false
}

// sendmailPhrases are the messages of sendmail, behind the queue id.
var sendmailPhrases = []phrase{
	{"{!}: AUTH failure ({auth_method<}): {reason<}, user={user}, relay={@ip}{*}", loginFailed, ""},
	{"{!}: AUTH failure ({auth_method<}): {reason<}, user={user}, relay={!} {@ip}{*}", loginFailed, ""},
	{"{!}: AUTH failure ({auth_method<}): {reason<}, relay={@ip}{*}", loginFailed, ""},
	{"{!}: AUTH failure ({auth_method<}): {reason<}, relay={!} {@ip}{*}", loginFailed, ""},
	{"AUTH=server, relay={@ip}{<}, authid={user<}, mech={auth_method<}, {*}", loginOK, ""},
	{"AUTH=server, relay={!} {@ip}{<}, authid={user<}, mech={auth_method<}, {*}", loginOK, ""},
	{"{!}: {@ip}{<}: possible SMTP attack: {reason}", loginFailed, ""},
	{"{!}: {!} {@ip}{<}: possible SMTP attack: {reason}", loginFailed, ""},
	{"{!}: ruleset={!}, {<}, relay={@ip}{<}, reject={reason}", denied, ""},
	{"{!}: ruleset={!}, {<}, relay={!} {@ip}{<}, reject={reason}", denied, ""},
	{"ruleset={!}, {<}, relay={@ip}{<}, reject={reason}", denied, ""},
	{"ruleset={!}, {<}, relay={!} {@ip}{<}, reject={reason}", denied, ""},
	{"{!}: rejecting commands from {<}[{@ip}] due to {reason}", protocolError, ""},
	{"{!}: {@ip}: {command!} {<} [rejected]", denied, ""},
	{"{!}: {!} {@ip}: {command!} {<} [rejected]", denied, ""},
	{"{!}: {@ip}{<} did not issue MAIL/EXPN/VRFY/ETRN during connection to {*}", protocolError, "reason=no command"},
	{"{!}: {!} {@ip}{<} did not issue MAIL/EXPN/VRFY/ETRN during connection to {*}", protocolError, "reason=no command"},
	{"{!}: lost input channel from {@ip}{*}", protocolError, "reason=connection lost"},
	{"{!}: lost input channel from {!} {@ip}{*}", protocolError, "reason=connection lost"},
	{"{!}: timeout waiting for input from {@ip}{*}", protocolError, "reason=timeout"},
	{"{!}: timeout waiting for input from {!} {@ip}{*}", protocolError, "reason=timeout"},
	{"{!}: {@ip}: {command!} {<} command={*}", untold, ""},
}

// imapPhrases are the messages of the IMAP and POP daemons of the University of Washington, Cyrus, Courier and others.
var imapPhrases = []phrase{
	{"Login {reason<} user={user<} auth={<} host={<} [{@ip}]{*}", loginFailed, ""},
	{"Failed {<} override of user={user<} host={<} [{@ip}]{*}", loginFailed, ""},
	{"LOGIN FAILED, user={user}, ip=[{@ip}]{*}", loginFailed, ""},
	{"LOGIN FAILED, method={auth_method<}, ip=[{@ip}]{*}", loginFailed, ""},
	{"LOGIN, user={user}, ip=[{@ip}]{*}", loginOK, ""},
	{"badlogin: {<}[{@ip}] {auth_method!} {reason}", loginFailed, ""},
	{"login: {<} [{@ip}] {user!} {auth_method!} User logged in{*}", loginOK, ""},
	{"authentication failed: {reason<}: {user} - {@ip}", loginFailed, ""},
	{"authentication failed for user {user} - {@ip}", loginFailed, ""},
	{"authentication failed for mapped user {user} - {@ip}", loginFailed, ""},
	{"root login not allowed - {@ip}", denied, "user=root"},
	{"can't find APOP secret for user {user} - {@ip}", loginFailed, ""},
	{"APOP authentication failed for user {user} - {@ip}", loginFailed, ""},
	{"error,relay={@ip},{<}msg=\"535 Authentication failed.\",cmd: {*}", loginFailed, ""},
	{"error,relay={@ip},{reason}", denied, ""},
	{"do_auth         : auth failure: [user={user<}] [service={<}] {*}", failureNoted, ""}, // saslauthd, which knows no address
	{"Auth: {@ip}->{<} authentication_id=\"{user}\" server=\"{<}status=\"failed: {reason}\"", loginFailed, ""},
	{"Fatal Error reading authentication information from client {@ip}->{*}", protocolError, ""},
}
