package decode

import "strings"

// authFailure recognises, in a message of a program that nobody has described, that someone failed to prove who they
// are or was turned away: words for it that stand close together, and the address of the one it is about. The texts it
// finds are in m.got. It says untold where there is no address: most messages end here, after one look.
func (m *matcher) authFailure(s string) verdict {
	m.n = 0
	if len(s) > maxMessage {
		return untold
	}
	first := nextIP(s, 0)
	if first.ip == "" {
		return untold
	}
	m.low = m.low[:0]
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		m.low = append(m.low, c)
	}
	low := text(m.low)
	said := low
	if told, pairs := pairsSay(low, m.sentence[:0]); pairs {
		m.sentence, said = told, text(told)
	}
	v := failureWords(said)
	if v == untold && containsAny(said, failedWords) {
		v = loginFailed
	}
	if v == untold && admitted(said) && clientRank(strings.TrimRight(low[max(0, first.start-32):first.start], "\"'<([{ ")) > 0 {
		if user := namedUser(s, low); user != "" { // who came, from where, and that they are in
			v = loginOK
		}
	}
	if v == untold {
		return v
	}
	ip := client(s, low, first)
	m.keepIP(ip.ip, s[ip.start:ip.end])
	if ip.port != "" {
		m.keep("src_port", ip.port)
	}
	if user := namedUser(s, low); user != "" && user != ip.ip {
		m.keep("user", user)
	}
	if i := strings.Index(low, "forwarded-for: "); i >= 0 { // whom a proxy says it speaks for; anybody can claim it
		if f := nextIP(s, i); f.start == i+len("forwarded-for: ") {
			m.keep("forwarded_for", f.ip)
		}
	}
	return v
}

// failedWords are words for a failed login that are no one word each.
var failedWords = listWords("failed to log in", "failed to sign in", "failed to log on", "unable to log in", "unable to sign in", "could not log in", "log in failed", "sign in failed", "sign-in failed", "log-in failed")

// admitted says that a message, in small letters, tells of a login that worked.
func admitted(low string) bool {
	if !containsAny(low, admittedList) {
		return false
	}
	for _, w := range admittedWords {
		if i := strings.Index(low, w); i >= 0 && !alnumBefore(low[:i+len(w)], len(w)) {
			before := strings.TrimRight(low[:i], " ")
			return !strings.HasSuffix(before, "not") && !strings.HasSuffix(before, "never") && !strings.HasSuffix(before, "no")
		}
	}
	return false
}

// sayingKeys are the names of pairs whose values say in words what happened; doingKeys those of which one says what was
// done and another how it ended.
var (
	sayingKeys = wordSet("msg message text reason error err desc description detail details info note cause event_message errmsg exception failure_reason log")
	doingKeys  = wordSet("action act event event_type eventtype op operation status result outcome res state method task msg_id cmd")
)

// pairsSay gives what a message that is pairs says, in small letters: what is said in pairs of such names, each a sentence
// of its own, then the words outside of pairs. The other pairs name things, and what a thing is called says nothing.
func pairsSay(low string, out []byte) (said []byte, pairs bool) {
	n, free := 0, 0
	var doing, words []byte
	for i := 0; i < len(low); {
		eq := strings.IndexByte(low[i:], '=')
		if eq < 0 {
			break
		}
		eq += i
		k := eq
		for k > i && keyByte(low[k-1]) {
			k--
		}
		if k == eq || k > 0 && hostByte(low[k-1]) {
			i = eq + 1
			continue
		}
		n++
		words = append(append(words, low[free:k]...), ' ')
		key, value := low[k:eq], low[eq+1:]
		end := 0
		if value != "" && (value[0] == '"' || value[0] == '\'' || value[0] == '<') {
			q := value[0]
			if q == '<' {
				q = '>'
			}
			if end = strings.IndexByte(value[1:], q) + 1; end == 0 {
				end = len(value)
			}
			i = eq + 1 + min(end+1, len(value))
			value = value[1:max(end, 1)]
		} else {
			if end = strings.IndexAny(value, " ,;|)]}\t"); end < 0 {
				end = len(value)
			}
			i = eq + 1 + end
			value = value[:end]
		}
		free = i
		if dot := strings.LastIndexByte(key, '.'); dot >= 0 {
			key = key[dot+1:]
		}
		switch {
		case sayingKeys[key]:
			out = append(append(out, value...), " ; "...)
		case doingKeys[key]:
			doing = append(append(doing, value...), ' ')
		}
	}
	if n < 3 {
		return out, false
	}
	words = append(words, low[min(free, len(low)):]...)
	return append(append(append(out, words...), " ; "...), doing...), true
}

// A foundIP is an address in a text, from start to end.
type foundIP struct {
	ip, port   string
	start, end int
}

// nextIP finds the next address that stands as a word of its own in s[from:].
func nextIP(s string, from int) foundIP {
	for i := from; i < len(s); i++ {
		c := s[i]
		if !(c >= '0' && c <= '9' || c == ':' || c|0x20 >= 'a' && c|0x20 <= 'f') {
			continue
		}
		if i > 0 && (hostByte(s[i-1]) || s[i-1] == ':' && c == ':') {
			continue
		}
		if c > '9' || c == ':' { // IPv6 shows its colon early
			k := strings.IndexByte(s[i:min(len(s), i+5)], ':')
			if k < 0 || c == ':' && (i+1 >= len(s) || s[i+1] != ':') {
				continue
			}
		}
		if p, ok := peerAt(s[i:], true); ok {
			return foundIP{p.ip, p.port, i, i + p.end}
		}
	}
	return foundIP{}
}

// client chooses, of the addresses in a text, the one that it is about: what stands behind "from", "client" or
// "remote", the last of them where there are several, since a name before it may have been chosen to look like one.
func client(s, low string, first foundIP) foundIP {
	best, rank := first, -9
	for f, n := first, 0; f.ip != "" && n < 16; f, n = nextIP(s, f.end), n+1 {
		if r := clientRank(strings.TrimRight(low[max(0, f.start-24):f.start], "\"'<([{` ")); r > rank || r == rank && r > 0 {
			best, rank = f, r
		}
	}
	return best
}

// clientMarks are the words before an address that say whose it is: who came (2), or whoever was asked, passed it on or
// tells of it (-2): servers, proxies, gateways, sensors. Of several that fit the longest counts.
var clientMarks = markTable(map[int][]string{
	2: {"from", "rhost", "rip", "remote_addr", "remote_ip", "remote ip", "remoteip", "remoteaddr", "remote", "remote_address", "remoteaddress", "remote address", "remote-address", "remote host",
		"client", "client_ip", "clientip", "client ip", "client_addr", "clientaddr", "client address", "client-address", "client host", "src", "src_ip", "source", "source_ip", "sourceip", "srcip", "source ip",
		"source address", "source-address", "source network address", "peer", "connecting host", "from ip", "from host", "ip address", "ip-address", "ipaddress", "ip_address", "ip", "viewer address", "oip", "raddr", "addr", "user_ip",
		"userip", "user ip", "attacker", "cli", "calling-station-id", "adminipaddress", "userip", "origin ip", "login ip"},
	-2: {"to", "lip", "local", "server", "upstream", "dst", "destination", "on", "via", "through", "listen", "localaddress", "local_addr", "local address", "local ip", "dest", "dest_ip", "dst_ip", "destination ip",
		"destination address", "proxy", "proxy ip", "at", "vserver", "vserver ip", "virtual server", "vip", "vserver_ip", "vserverserviceip", "nas", "nas ip", "nas-ip-address", "nas_ip", "nas ip address", "gateway", "gateway ip",
		"gateway address", "sensor", "sensor ip", "device", "device ip", "device ip address", "server ip", "server_ip", "serverip", "server address", "server ip address", "server-ip", "nat_ip", "nat ip", "host ip", "host_ip",
		"hostip", "listener", "interface", "agent", "agent ip", "manager", "collector", "balancer", "backend", "firewall", "assigned ip", "assigned", "virtual ip", "framed-ip-address", "switch", "controller", "ap ip", "bssid"},
	-1: {"x-real-ip", "x-forwarded-for", "forwarded-for", "forwarded for"},
})

type clientMark struct {
	words string
	rank  int
}

func markTable(lists map[int][]string) []clientMark {
	var all []clientMark
	for rank, list := range lists {
		for _, w := range list {
			all = append(all, clientMark{w, rank})
		}
	}
	return all
}

// clientRank judges the text before an address.
func clientRank(before string) int {
	if strings.HasSuffix(before, "@") {
		return -2
	}
	before = strings.TrimRight(before, ":= \"'[(<")
	rank, length := 0, 0
	for i := range clientMarks {
		if m := &clientMarks[i]; len(m.words) > length && strings.HasSuffix(before, m.words) && !alnumBefore(before, len(m.words)) {
			rank, length = m.rank, len(m.words)
		}
	}
	return rank
}

// alnumBefore says that the last n bytes of s are only the end of a longer word.
func alnumBefore(s string, n int) bool {
	if n >= len(s) {
		return false
	}
	c := s[len(s)-n-1]
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9'
}

// A wordSense is what a word says about proving who one is.
type wordSense uint8

const (
	plain    wordSense = iota
	subject            // a proof, or an attempt at one
	someone            // a user, an account: a subject only right beside certain words
	negative           // it did not work
	unknown            // of a user: there is none
	denial             // turned away
	access             // what one is turned away from
	breaker            // the sentence is about something else
	provider           // the same, where it stands behind a subject: "authentication server"
)

func sense(w string) wordSense {
	switch w {
	case "login", "logins", "logon", "signin", "auth", "authentication", "authenticate", "authenticating", "authenticator",
		"password", "passwd", "passwords", "passphrase", "passcode", "credential", "credentials", "username", "usernames", "otp", "totp",
		"2fa", "mfa", "rcon", "logging", "userid", "pubkey", "publickey", "passkey", "captcha", "authorisation", "authn", "jwt",
		"passwort", "kennwort", "anmeldung", "anmeldeversuch", "authentifizierung", "authentification", "connexion", "identifiant", "identifiants",
		"contraseña", "autenticación", "autenticazione", "senha", "wachtwoord", "inloggen", "aanmelding", "lösenord", "hasło":
		return subject
	case "user", "users", "account", "accounts", "identity", "token", "identifier", "recipient", "admin", "member", "subscriber", "peer",
		"extension", "email", "principal":
		return someone
	case "failed", "failure", "failures", "fail", "fails", "invalid", "incorrect", "wrong", "bad", "unsuccessful", "mismatch",
		"mismatched", "badlogin", "illegal", "error", "errors", "exceeded", "authfail", "failing", "unauthenticated", "inexistent",
		"fehlgeschlagen", "fehlgeschlagener", "fehlgeschlagene", "ungültig", "ungültige", "ungültiges", "falsch", "falsches", "échec", "échoué", "echec",
		"invalide", "incorrecte", "mislukt", "mislukte", "ongeldig", "ongeldige", "fallido", "fallida", "fallito", "fallita", "inválido", "inválida",
		"incorrecta", "incorrecto", "errata", "falha", "falhou", "misslyckades", "nieudane":
		return negative
	case "unknown", "nonexistent", "existent", "nosuch", "exist", "found", "match", "correct", "valid", "recognized", "recognised", "registered":
		return unknown
	case "denied", "rejected", "refused", "forbidden", "unauthorized", "unauthorised", "disallowed", "blocked", "permitted",
		"allowed", "denying", "refusing", "rejecting", "banned", "bruteforce", "hacking", "limited":
		return denial
	case "access", "request", "registration", "client", "host", "relay", "relaying", "attempt", "attempts", "api":
		return access
	case "connect", "connecting", "socket", "lookup", "resolve", "database", "timeout", "module", "file", "ping", "handshake",
		"certificate", "permission", "succeeded", "success", "successful", "successfully", "accepted", "backend", "upstream",
		"directory", "checksum", "renew", "renewal", "ready":
		return breaker
	case "server", "service", "servers":
		return provider
	}
	return plain
}

// failureWords looks for words of failure close to words of authentication, in lower-case text.
func failureWords(low string) verdict {
	const near, far = 4, 10
	var lastSubject, lastSomeone, lastNegative, lastUnknown, lastAccess, lastDenial, lastNot = -99, -99, -99, -99, -99, -99, -99
	lastConnection := -99
	n := 0 // words
	found := untold
	for i := 0; i < len(low); {
		c := low[i]
		if !wordByte(c) {
			if c == ';' || c == '|' || c == '\n' || c == '.' && i+1 < len(low) && low[i+1] == ' ' {
				n += far
			}
			i++
			continue
		}
		from := i
		for i < len(low) && (wordByte(low[i]) || (low[i] == '.' || low[i] == ':') && i+1 < len(low) && low[i+1] >= '0' && low[i+1] <= '9' && low[i-1] >= '0' && low[i-1] <= '9') {
			i++
		}
		w := low[from:i]
		n++
		if w == "connection" {
			lastConnection = n
		}
		if w == "not" || w == "no" || w == "non" || w == "t" || w == "n't" || w == "never" || w == "cannot" || w == "without" || w == "couldn" || w == "doesn" {
			lastNot = n
			continue
		}
		is := sense(w)
		if is == provider && lastSubject == n-1 {
			is = breaker
		}
		switch is {
		case subject:
			if n-lastNegative <= near {
				return loginFailed
			}
			if n-lastUnknown <= 1 && lastUnknown > lastNot-2 || n-lastDenial <= 1 {
				return loginFailed
			}
			lastSubject = n
		case someone:
			if n-lastNegative <= 1 || n-lastUnknown <= 1 {
				found = loginFailed
			}
			if n-lastNot <= 2 && n-lastNot > 0 && lastUnknown > lastNot { // "no such user"
				found = loginFailed
			}
			lastSomeone = n
		case negative:
			switch {
			case n-lastSubject <= near:
				return loginFailed
			case n-lastSubject <= far && (w == "failed" || w == "failure" || w == "unsuccessful"):
				return loginFailed
			case n-lastSomeone <= 1 && w != "error" && w != "failed":
				found = loginFailed
			}
			lastNegative = n
		case unknown:
			switch {
			case w != "unknown" && w != "nonexistent" && w != "existent":
				if n-lastNot <= 1 && (n-lastSomeone <= 5 && (w == "found" || w == "exist") || n-lastSubject <= near) {
					found = loginFailed
				}
			case n-lastSomeone <= 2:
				found = loginFailed
			}
			lastUnknown = n
		case denial:
			if (w == "allowed" || w == "permitted") && n-lastNot > 2 {
				break
			}
			switch {
			case n-lastSubject <= near, n-lastSubject <= far && (w == "denied" || w == "rejected" || w == "limited"), n-lastSomeone <= 1 && w != "allowed":
				found = loginFailed
			case w == "unauthorized" || w == "unauthorised" || w == "forbidden" || w == "bruteforce" || w == "hacking", n-lastAccess <= near, n-lastSomeone <= near:
				if found == untold {
					found = denied
				}
			case w == "rejected" && n-lastConnection <= 6:
				if found == untold {
					found = denied
				}
			}
			lastDenial = n
		case access:
			if n-lastDenial <= 2 && found == untold {
				found = denied
			}
			lastAccess = n
		case breaker:
			if w == "successful" || w == "successfully" || w == "succeeded" || w == "success" {
				if lastNot == n-1 { // "not successful"
					if n-lastSubject <= near {
						return loginFailed
					}
					break
				}
			}
			lastSubject, lastNegative = -99, -99
		}
	}
	return found
}

func wordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c >= 0x80
}

// userKeys are what stands before a user's name, the surest first.
var userKeys = [...]string{"user denied: ", "username=", "user=", "user_name=", "login=", "account=", "acct=", "accountid=", "usr=", "uname=", "identifier=",
	"user name:", "username:", "username ", "for user ", "user ", "login for ", "login:", "account ", "authenticate ", "authentication for ",
	"login as ", "authenticate as ", "failed for ", "logon for ", "as ", "for "}

// namedUser finds the name of a user in a text.
func namedUser(s, low string) string {
	for _, k := range userKeys {
		from := 0
		for tries := 0; tries < 4; tries++ {
			i := strings.Index(low[from:], k)
			if i < 0 {
				break
			}
			i += from
			from = i + len(k)
			if i > 0 && (wordByte(low[i-1]) || low[i-1] == '_' && k[len(k)-1] != '=') {
				continue
			}
			if u := userAt(s[from:], k[len(k)-1] == ' '); u != "" {
				return u
			}
		}
	}
	return ""
}

// userAt reads a name at the start of s; prose says that it stands in a sentence, where common words are no names.
func userAt(s string, prose bool) string {
	s = strings.TrimLeft(s, " :=")
	if s == "" {
		return ""
	}
	if k := strings.IndexByte("\"'`<[(", s[0]); k >= 0 {
		e := strings.IndexByte(s[1:], "\"'`>])"[k])
		if e < 0 || e > 128 {
			return ""
		}
		if isNobody(s[1 : 1+e]) {
			return ""
		}
		return s[1 : 1+e]
	}
	e := 0
	for e < len(s) && e < 128 && s[e] > ' ' && s[e] != ',' && s[e] != ';' && s[e] != '"' && s[e] != '\'' && s[e] != ')' && s[e] != ']' {
		e++
	}
	u := strings.TrimRight(s[:e], ".:")
	if isNobody(u) || prose && !isName(u) {
		return ""
	}
	return u
}
