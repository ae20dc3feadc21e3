package decode

import (
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// webminLine takes the action log of Webmin and Usermin: an id that begins with the time, the local time in brackets,
// the user, the session, the address, the module, the script, then the action, its type and its object in quotes.
// https://webmin.com/docs/modules/webmin-actions-log/
func webminLine() lineKind {
	return lineKind{name: "webmin", parse: func(d *lines, line []byte, ev *tocsin.Event) bool {
		if len(line) < 40 || line[0] < '0' || line[0] > '9' {
			return false
		}
		id, rest, ok := strings.Cut(text(line), " [")
		if !ok || len(id) > 40 || strings.Count(id, ".") < 1 || strings.IndexByte(id, ' ') >= 0 {
			return false
		}
		stamp, rest, ok := strings.Cut(rest, "] ")
		if !ok {
			return false
		}
		at, err := time.ParseInLocation("2/Jan/2006 15:04:05", stamp, d.opt.zone())
		if err != nil {
			return false
		}
		var col [8]string // user session address module script action type object
		for i := range col {
			if strings.HasPrefix(rest, `"`) {
				col[i], rest, _ = strings.Cut(rest[1:], `"`)
				rest = strings.TrimPrefix(rest, " ")
			} else {
				col[i], rest, _ = strings.Cut(rest, " ")
			}
		}
		if col[5] == "" || !isIP(col[2]) && !isHost(view(col[2])) {
			return false
		}
		ev.Time = d.opt.basis.rest(at.UTC(), 1<<GuessZone)
		ev.Sources = webminSources
		ev.Add("service", "webmin")
		ev.Add("user", col[0])
		ev.Add("session", dashless(col[1]))
		if isIP(col[2]) {
			ev.Add("src_ip", col[2])
		} else {
			ev.Add("src_host", dashless(col[2]))
		}
		ev.Add("module", col[3])
		ev.Add("script", col[4])
		ev.Add("action", col[5])
		ev.Add("type", dashless(col[6]))
		ev.Add("object", dashless(col[7]))
		v := untold
		switch col[5] {
		case "failed":
			if v = loginFailed; strings.HasPrefix(col[7], "nouser") {
				v = invalidUser
			}
		case "login":
			v = loginOK
		case "logout":
			v = logout
		}
		if v != untold {
			ev.Sources = webminAuth
			ev.Add("event_type", outcomes[v].event)
			ev.Add("outcome", outcomes[v].outcome)
		}
		return true
	}}
}

func dashless(s string) string {
	if s == "-" {
		return ""
	}
	return s
}

var (
	webminSources = []tocsin.LogSource{{Product: "linux", Category: "application", Service: "webmin"}}
	webminAuth    = append(webminSources[:1:1], tocsin.LogSource{Product: "linux", Category: "authentication", Service: "webmin"})
)
