package decode

import (
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// An appRole is what every log line has, under whatever name.
type appRole uint8

const (
	noAppRole appRole = iota
	appTime
	appHost
	appUser
	appAddress
	appLevel
	appProgram
	appStatus // of the HTTP request it is about
	appPath
	appRoles
	appMessage // of which a record may have several
)

// appRoleOf tells the role of a leaf by its name, of those that logging libraries, shippers and the applications met so
// far use, and how telling the name is: of two that are there the lower wins.
func appRoleOf(name string) (appRole, uint8) {
	switch name {
	case "@timestamp", "timestamp", "time", "ts", "eventTime", "EventTime", "datetime", "Timestamp": // and see stampRank
		return appTime, 1
	case "host.name", "hostname", "host.hostname", "Hostname", "HostName", "host_name", "computer", "Computer", "ComputerName", "agent.hostname", "hostIdentifier", "DeviceName", "deviceName", "device_name", "machineName":
		return appHost, 1
	case "host", "server_name", "nodename", "node":
		return appHost, 2
	case "username", "user_name", "userName", "user.name", "user.username", "attr.principalName":
		return appUser, 1
	case "user", "login", "account", "identifier", "principal":
		return appUser, 2
	case "email", "user_email":
		return appUser, 3
	case "src_ip", "source.ip", "client.ip", "client_ip", "clientip", "clientIp", "clientIP":
		return appAddress, 1
	case "remote_ip", "remoteIp", "remoteIP", "remote_addr", "remoteAddr", "remoteAddress", "RemoteAddr", "request_ip", "requestIp", "visitor_ip", "sourceIP", "sourceIp", "source_ip",
		"srcip", "attr.remote", "meta.remote_ip", "request.remote_ip", "http.client_ip":
		return appAddress, 2
	case "ip_address", "ipAddress", "ip", "x_forwarded_for", "peer", "addr", "remote", "client", "ipaddr", "client_address", "clientAddress", "clientAddr", "rhost", "requester_ip_address":
		return appAddress, 3
	case "level", "severity", "levelname", "loglevel", "log.level", "lvl", "levelName":
		return appLevel, 1
	case "service", "service.name", "app", "application", "program", "container.name":
		return appProgram, 1
	case "logger", "logger_name", "source", "sender":
		return appProgram, 2
	case "http_status", "httpStatus", "http_status_code", "status_code", "statusCode", "response_code", "http.response.status_code":
		return appStatus, 1
	case "http_path", "httpPath", "url.path", "request_path", "requestPath":
		return appPath, 1
	case "message", "msg", "MESSAGE":
		return appMessage, 1
	case "event", "error", "err", "error.message", "detail", "reason", "metric_name", "text", "log":
		return appMessage, 2
	case "type":
		return appMessage, 3
	}
	return noAppRole, 0
}

// An appLine is what a record of an application says, by role.
type appLine struct {
	value   [appRoles]string
	rank    [appRoles]uint8
	at      time.Time
	local   bool   // at names no zone
	message string // the first of the most telling
	kind    string // of event that one of its messages tells of
	said    string // that message
}

func (a *appLine) read(fields []tocsin.Field, o Options) {
	first := uint8(9)
	for i := range fields {
		f := &fields[i]
		role, rank := appRoleOf(f.Name)
		switch {
		case role == noAppRole || f.Value == "":
		case role == appMessage:
			if rank < first {
				a.message, first = f.Value, rank
			}
			if a.kind == "" || a.kind == "denied" {
				if k := wording(f.Value); k != "" {
					a.kind, a.said = k, f.Value
				}
			}
		case role == appTime && a.local && len(f.Value) > 19 && f.Value[4] == '-' && zoned(f.Value):
			// A stamp with a zone beside a local one tells how far that is from UTC.
			if t, ok := parseTime(f.Value, o); ok {
				if far := apart(t.Sub(a.at), 5*time.Minute); far.known && !o.saysZone() {
					a.at, a.local = o.beside(a.at, far.behind), false
				}
			}
		case a.rank[role] != 0 && a.rank[role] <= rank:
		case role == appTime:
			if t, ok := parseTime(f.Value, o); ok {
				a.at, a.rank[role] = t, rank
				a.local = len(f.Value) >= 19 && f.Value[4] == '-' && !zoned(f.Value)
			}
		case role == appAddress:
			if v := hostOf(f.Value); isIP(v) {
				a.value[role], a.rank[role] = v, rank
			}
		default:
			a.value[role], a.rank[role] = f.Value, rank
		}
	}
}

// appRecord completes a record of no known kind: the log line of an application. It has no log source of its own, but
// one that tells of someone logging in is of category authentication.
func appRecord(o *object, ev *tocsin.Event) {
	var a appLine
	a.read(o.fields, o.opt)
	if ev.Time.IsZero() {
		ev.Time = a.at
	}
	if ev.Host == "" {
		ev.Host = a.value[appHost]
	}
	if ev.Time.IsZero() {
		ev.Time = anyTime(o.fields, o.opt, o.rec.Ref)
	}
	message, kind, said, address := a.message, a.kind, a.said, a.value[appAddress]
	if kind == "" && len(message) > 8 && len(message) <= maxMessage && (address != "" || nextIP(message, 0).ip != "") {
		// Words that nobody has listed, about someone who has an address.
		kind, said = outcomes[failureWords(strings.ToLower(message))].event, message
	}
	if kind == "" && o.get("event.category") == "authentication" { // ECS says so
		switch o.get("event.outcome") {
		case "failure":
			kind = "login_failed"
		case "success":
			kind = "login_ok"
		}
	}
	if kind == "" || kind == "denied" {
		kind = refusal(a.value[appStatus], a.value[appPath], message, kind)
	}
	if kind == "" {
		if a.value[appLevel] != "" {
			ev.Sources = appSources
		}
		return
	}
	if address == "" {
		address = addressIn(message)
	}
	if address == "" {
		address = addressIn(said)
	}
	user := a.value[appUser]
	if blank := user == "-" || user == "--"; user == "" || blank {
		if user = userIn(message); user == "" {
			user = userIn(said)
		}
		for i := range ev.Fields { // what the application wrote for nobody would hide the name
			if f := &ev.Fields[i]; blank && f.Name == "user" && user != "" {
				f.Value = user
			}
		}
	}
	happened(ev, kind, outcome(kind == "login_ok" || kind == "logout"))
	if !o.has("src_ip") {
		ev.Add("src_ip", address)
	}
	if o.get("user") != user {
		ev.Add("user", user)
	}
	own(o, ev, "service", a.value[appProgram])
	if ev.Sources = appAuthSources; kind == "denied" || kind == paymentFailed {
		ev.Sources = appSources
	}
}

// refusal returns what kind of event the HTTP status in an application's own log tells of: 401 to a path that people
// log in by is a login that failed, other refusals are denials. Else it returns kind.
func refusal(status, path, message, kind string) string {
	switch status {
	case "401":
		if isLoginPath(path) || isLoginPath(message) {
			return "login_failed"
		}
		return "denied"
	case "403":
		return "denied"
	}
	return kind
}

// loginPaths are parts of the paths that people log in by, behind a slash.
var loginPaths = [...]string{"/login", "/auth", "/signin", "/sign_in", "/sign-in", "/session", "/token", "/logon"}

// isLoginPath says that a text has one of them.
func isLoginPath(s string) bool {
	for i := 0; ; i++ {
		k := strings.IndexByte(s[i:], '/')
		if k < 0 {
			return false
		}
		i += k
		for _, p := range loginPaths {
			if foldPrefix(s[i:], p) {
				return true
			}
		}
	}
}

var appAuthSources = []tocsin.LogSource{{Category: "authentication"}}

// Words of applications about logins, in small letters. A failure is looked for first: "login successful" does not
// occur in one, "not logged in" does.
var (
	refusedWords = listWords("failed login", "login failed", "failed to login", "failed to log in", "login failure", "login attempt failed", "login attempt for",
		"authentication failed", "authentication failure", "failed authentication", "failed to authenticate", "could not authenticate", "auth failed", "auth failure", "authenticationfailed",
		"login_failed", "login.failed", "loginfailed", "login error", "login_error", "invalid_login", "invalid login", "unsuccessful login", "unsuccessful 1fa", "unsuccessful 2fa", "unsuccessful authentication", "bad login",
		"invalid password", "wrong password", "incorrect password", "bad password", "password mismatch", "password incorrect", "password is incorrect", "password did not match", "password check failed",
		"invalid credential", "wrong credential", "bad credential", "incorrect credential", "invalid username", "incorrect username", "wrong username", "bad username",
		"invalid user", "unknown user", "user not found", "no such user", "user does not exist", "invalid_identifier", "username or password",
		"login rejected", "rejected login", "login denied", "denied due to bad credentials", "loginfailure", "failed to sign in", "authentication rejected", "authentication denied", "authentication attempt")
	admittedWords = [...]string{"logged in", "login successful", "login succeeded", "successful login", "successfully authenticated", "authentication succeeded", "authentication successful", "authenticated successfully",
		"login_ok", "login success", "loginsuccess", "login allowed", "successful administrator login", "signed in successfully", "login.success", "log in success", "successful 1fa authentication", "successful 2fa authentication", "user authenticated"}
	admittedList   = listWords(admittedWords[:]...)
	strangerWords  = listWords("invalid user ", "invalid user:", "unknown user", "user not found", "no such user", "user does not exist", "invalid_identifier")
	declinedWords  = listWords("payment_failed", "payment failed", "payment.failed", "payment declined", "payment_declined", "card declined", "card_declined", "card was declined")
	forbiddenWords = listWords("trusted domain error", "not authorized", "unauthorized", "access denied", "permission denied", "forbidden")
)

// wording returns what kind of event a message tells of, "" where it tells of no login.
func wording(s string) string {
	if len(s) > 4096 || len(s) < 8 {
		return ""
	}
	switch {
	case containsAny(s, refusedWords):
		if containsAny(s, strangerWords) {
			return "invalid_user"
		}
		return "login_failed"
	case containsAny(s, admittedList):
		return "login_ok"
	case containsAny(s, forbiddenWords):
		return "denied"
	case containsAny(s, declinedWords):
		return paymentFailed
	}
	return ""
}

// paymentFailed is the kind of event of a payment that was not accepted: what testers of stolen cards leave.
const paymentFailed = "payment_failed"

// A wordList is words in small letters, by the letter that they begin with.
type wordList [26][]string

func listWords(words ...string) *wordList {
	l := new(wordList)
	for _, w := range words {
		l[w[0]-'a'] = append(l[w[0]-'a'], w)
	}
	return l
}

// containsAny says that s, in whatever letters, contains one of some words in small letters.
func containsAny(s string, words *wordList) bool {
	for i := 0; i < len(s); i++ {
		c := s[i] | 0x20 - 'a'
		if c >= 26 {
			continue
		}
		for _, w := range words[c] {
			if len(s)-i >= len(w) && foldedPrefix(s[i:], w) {
				return true
			}
		}
	}
	return false
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

func foldedPrefix(s, w string) bool {
	for i := 1; i < len(w); i++ {
		if lower(s[i]) != w[i] {
			return false
		}
	}
	return true
}

// addressIn returns the address that a message is about, "" where there is none.
func addressIn(s string) string {
	first := nextIP(s, 0)
	if first.ip == "" {
		return ""
	}
	return client(s, strings.ToLower(s), first).ip
}

// isIP says that s is an IP address and nothing else.
func isIP(s string) bool {
	ip, end := ipAt(s)
	return ip != "" && end == len(s)
}

// userIn returns the name that a sentence gives after a word for user: quoted, in parentheses or as one word that is
// no other part of the sentence.
func userIn(s string) string {
	low := strings.ToLower(s)
	if len(low) != len(s) {
		return ""
	}
	for _, mark := range [...]string{"username ", "user name ", "user: ", "username: ", "user=", "username=", "login failed: ", "user ", "for account ", "login for ", "attempt for ", "attempt by ", "for "} {
		for from := 0; ; {
			i := strings.Index(low[from:], mark)
			if i < 0 {
				break
			}
			from += i + len(mark)
			word := strings.TrimLeft(s[from:], " :=([")
			if word == "" {
				break
			}
			if q := word[0]; q == '"' || q == '\'' || q == '`' {
				if e := strings.IndexByte(word[1:], q); e >= 0 && e < 256 && !isNobody(word[1:1+e]) {
					return word[1 : 1+e]
				}
				continue
			}
			e := strings.IndexAny(word, " ,;()[]\"'")
			if e < 0 {
				e = len(word)
			}
			if w := strings.TrimRight(word[:e], ".:"); isName(w) && !isIP(w) {
				return w
			}
		}
	}
	return ""
}

// isRails takes the request log of GitLab and other applications on Rails.
// https://docs.gitlab.com/administration/logs/#production_jsonlog
func isRails(o *object) bool { return o.has("controller", "action", "method", "path") }

// fillRails makes it the event of a request, and of a login where the controller is one of Devise's.
func fillRails(o *object, ev *tocsin.Event) {
	fillWebJSON(o, ev)
	ev.Sources = railsSources
	if ev.Time.IsZero() {
		ev.Time = o.time("time", "@timestamp", "timestamp")
	}
	kind := ""
	switch status := o.get("status"); o.get("controller") {
	case "SessionsController", "Devise::SessionsController", "Users::SessionsController":
		// A login that worked redirects; one that failed shows the form again, or Devise stops the request before there
		// is a status (0). A second factor asked for is a form, too.
		if o.get("action") != "create" || o.get("method") != "POST" {
			return
		}
		switch status {
		case "302", "303":
			kind = "login_ok"
		case "0", "401", "422":
			kind = "login_failed"
		}
	case "OmniauthCallbacksController", "Users::OmniauthCallbacksController":
		if o.get("action") == "failure" {
			kind = "login_failed"
		}
	}
	if kind == "" {
		return
	}
	happened(ev, kind, outcome(kind == "login_ok"))
	own(o, ev, "user", o.first("username", "meta.user", "params.value.login", "params.value.email"))
	ev.Sources = railsLoginSources
}

var (
	railsSources      = []tocsin.LogSource{{Product: "ruby_on_rails", Category: "webserver", Service: "access"}, {Product: "ruby_on_rails", Category: "application"}}
	railsLoginSources = append(railsSources[:2:2], tocsin.LogSource{Product: "ruby_on_rails", Category: "authentication"})
)
