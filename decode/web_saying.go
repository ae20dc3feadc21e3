package decode

import (
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// A webSaying is what a server says in its error log when something happened that a defender counts. The user stands
// between before and after, where they are given.
type webSaying struct {
	has           string // part of the message
	before, after string
	event         string
}

// apacheSayings are in the order in which they are looked for. Apache's messages are numbered since 2.4 and the same
// in words before: https://cwiki.apache.org/confluence/display/HTTPD/ListOfErrors
var apacheSayings = []webSaying{
	{"File does not exist: ", "", "", "not_found"}, // first: the path may say anything
	{"script not found or unable to stat", "", "", "not_found"},
	{"not found or unable to stat", "", "", "not_found"},
	{"Primary script unknown", "", "", "not_found"},
	{"client denied by server configuration: ", "", "", "denied"},
	{"Invalid URI in request ", "", "", "protocol_error"},
	{"invalid URI path (", "", "", "protocol_error"},
	{"Invalid method in request ", "", "", "protocol_error"},
	{"request failed: ", "", "", "protocol_error"},
	{" provided via SNI", "", "", "protocol_error"},
	{"SSL handshake", "", "", "protocol_error"},
	{"ModSecurity: ", "", "", "waf_alert"},
	{": authentication failure for \"", "user ", ": authentication failure for \"", "login_failed"},
	{": Password Mismatch", "user ", ": ", "login_failed"},
	{": password mismatch: ", "user ", ": password mismatch: ", "login_failed"},
	{" in realm `", "user `", "' in realm", "login_failed"},
	{" not found: ", "user ", " not found: ", "login_failed"},
	{"client used wrong authentication scheme", "", "", "login_failed"},
	{" authentication failed; URI ", "user ", " authentication failed; URI ", "login_failed"},
	{"user failed to authenticate", "", "", "login_failed"},
	{": authorization failure for \"", "user ", ": authorization failure for \"", "denied"},
	{"Authorization of user ", "Authorization of user ", " to access ", "denied"},
	{" received - hash is not ", "", "", "auth_noted"}, // a nonce from before the server started anew
	{"invalid nonce ", "", "", "login_failed"},
	{"user mismatch", "", "", "login_failed"},
	{"realm mismatch", "", "", "login_failed"},
	{"unknown algorithm `", "", "", "login_failed"},
	{"invalid qop `", "", "", "login_failed"},
	{"invalid opaque", "", "", "login_failed"},
	{"nonce count", "", "", "login_failed"},
	{"not authenticated: Authentication failure", "user '", "'", "login_failed"},
}

var nginxSayings = []webSaying{
	{"open() \"", "", "", "not_found"},
	{" is not found (", "", "", "not_found"},
	{"access forbidden by rule", "", "", "denied"},
	{" is forbidden", "", "", "denied"},
	{"ModSecurity: ", "", "", "waf_alert"},
	{"limiting requests, excess:", "", "", "rate_limited"},
	{"limiting connections by zone", "", "", "rate_limited"},
	{"delaying request, excess:", "", "", "rate_limited"},
	{": password mismatch", "user \"", "\": password mismatch", "login_failed"},
	{"was not found in \"", "user \"", "\" was not found in \"", "login_failed"},
	{"not authenticated: Authentication failure", "user '", "' - not authenticated", "login_failed"},
	{"client login failed: ", "", "", "login_failed"},
	{"client logged in", "", "", "login_ok"},
	{"client sent ", "", "", "protocol_error"},
	{"SSL_do_handshake() failed", "", "", "protocol_error"},
	{"SSL_read() failed", "", "", "protocol_error"},
}

// applicationSayings are what applications behind a server write into its error log when a login fails.
var applicationSayings = []webSaying{
	{"Failed login for ", "Failed login for ", "", "login_failed"},
	{"ailed login attempt", "", "", "login_failed"},
	{"ogin failed", "", "", "login_failed"},
	{" authentication failure for ", "user ", " authentication failure for ", "login_failed"},
	{"uthentication failed", "", "", "login_failed"},
	{"failed to authenticate", "User '", "' failed", "login_failed"},
	{"Failed Login Attempt", "username:", " ip:", "login_failed"},
	{"password doesn't match", "username: ", "", "login_failed"},
	{"get_password failed", "", "", "login_failed"},
	{"ogin denied for user ", "user \"", "\"", "login_failed"},
	{"ould not retrieve user ", "retrieve user ", " details", "login_failed"},
	{"Trusted domain error", "", "", "denied"},
	{"digest: auth failed for ", "digest: auth failed for ", " : wrong password", "login_failed"},
	{"digest: auth failed", "", "", "login_failed"},
}

// said adds what a message says by the first of the sayings that is in it, and reports whether that is about a login.
func said(ev *tocsin.Event, service, msg string, sayings []webSaying) bool {
	for i := range sayings {
		s := &sayings[i]
		if !strings.Contains(msg, s.has) {
			continue
		}
		user := ""
		if s.before != "" {
			if _, after, ok := strings.Cut(msg, s.before); ok {
				user = after
				if s.after != "" {
					user, _, _ = strings.Cut(after, s.after)
				} else if j := strings.IndexAny(user, ",\""); j >= 0 {
					user = user[:j]
				} else if j := strings.Index(user, " IP:"); j >= 0 {
					user = user[:j]
				}
			}
		}
		switch s.event {
		case "login_failed", "login_ok":
			login(ev, s.event == "login_ok", service, strings.TrimSpace(user))
			return true
		}
		ev.Add("event_type", s.event)
		if s.event == "denied" {
			ev.Add("outcome", "failure")
			ev.Add("user", user)
		}
		return false
	}
	return false
}

// modSecurity adds what a message of ModSecurity or Coraza says about the rule that held, as [name "value"] pairs, and
// returns the request's URI: https://github.com/owasp-modsecurity/ModSecurity/wiki/ModSecurity-2-Data-Formats
func modSecurity(ev *tocsin.Event, msg string) (uri string) {
	if strings.Contains(msg, "Access denied") || strings.Contains(msg, "Access denied with") {
		ev.Add("outcome", "failure")
		ev.Add("action", "blocked")
	} else {
		ev.Add("action", "detected")
	}
	for rest := msg; ; {
		i := strings.Index(rest, ` "`)
		if i < 0 {
			return uri
		}
		open := strings.LastIndexByte(rest[:i], '[')
		name := rest[open+1 : i]
		end := strings.Index(rest[i+2:], `"]`)
		if open < 0 || len(name) > 16 || strings.IndexByte(name, ' ') >= 0 || end < 0 {
			rest = rest[i+2:]
			continue
		}
		value := rest[i+2 : i+2+end]
		rest = rest[i+2+end+2:]
		switch name {
		case "uri":
			uri = value
		case "id", "msg", "data", "severity", "tag", "file", "line", "ver", "phase":
			ev.Add(modSecurityNames[name], value)
		case "hostname":
			ev.Add("cs-host", value)
		case "unique_id":
			ev.Add("unique_id", value)
		}
	}
}

var modSecurityNames = map[string]string{"id": "rule.id", "msg": "rule.msg", "data": "rule.data", "severity": "rule.severity", "tag": "rule.tag",
	"file": "rule.file", "line": "rule.line", "ver": "rule.ver", "phase": "rule.phase"}

// suhosinMessage reads what PHP's hardening says: "ALERT - … (attacker '192.0.2.7', file '/srv/a.php')".
func suhosinMessage(ev *tocsin.Event, msg string) {
	ev.Sources = suhosinSources
	if i := strings.LastIndex(msg, "(attacker '"); i >= 0 {
		addr, rest, _ := strings.Cut(msg[i+len("(attacker '"):], "'")
		ev.Add("src_ip", addr)
		if _, file, ok := strings.Cut(rest, "file '"); ok {
			file, _, _ = strings.Cut(file, "'")
			ev.Add("file", file)
		}
		ev.Add("event_type", "waf_alert")
	}
	if ev.Text("message") == "" {
		ev.Add("message", msg)
	}
}
