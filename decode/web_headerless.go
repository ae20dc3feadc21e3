package decode

import (
	"bytes"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// parseByContent takes lines of IIS and of Blue Coat's proxies whose #Fields line is cut off and whose columns are none of
// the usual sets, by what stands in them.
func parseByContent(d *lines, line []byte, ev *tocsin.Event) bool {
	if len(line) < 40 || line[4] != '-' || line[7] != '-' || line[10] != ' ' || line[13] != ':' || line[19] != ' ' {
		return false
	}
	at, rest, ok := isoTime(text(line), d.opt)
	if !ok {
		return false
	}
	var w [48]string
	n := words(rest, w[:])
	method, action := -1, -1
	for i, v := range w[:n] {
		switch {
		case method < 0 && isMethod(v):
			method = i
		case action < 0 && (strings.HasPrefix(v, "TCP_") || strings.HasPrefix(v, "NONE_") || v == "ALLOWED" || v == "FAILED") && i > 3:
			action = i
		}
	}
	if method < 1 || n-method < 4 {
		return false
	}
	if action > 0 && (action == method-1 || action == method+1) {
		return d.blueCoat(w[:n], method, action, ev, func() { ev.Time = at })
	}
	return d.iisColumns(w[:n], method, ev, func() { ev.Time = at })
}

func isMethod(s string) bool {
	switch s {
	case "GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE", "PROPFIND", "SEARCH", "DEBUG", "LOCK", "MKCOL":
		return true
	}
	return false
}

// iisColumns reads the columns of IIS: since version 6 the server's address stands before the method and the client's
// behind port and user, before that the client's stands first and the server's after it.
func (d *lines) iisColumns(w []string, method int, ev *tocsin.Event, stamp func()) bool {
	var r request
	r.method = w[method]
	r.uri = w[method+1]
	if r.uri == "" || r.uri[0] != '/' && r.uri != "*" {
		return false
	}
	if q := w[method+2]; q != "-" {
		r.uri = d.join(r.uri, "?", q)
	}
	var before []string
	for _, v := range w[:method] {
		if isIP(v) {
			before = append(before, v)
		}
	}
	after := 0
	for i := method + 2; i < len(w) && after == 0; i++ {
		if isIP(w[i]) {
			after = i
		}
	}
	server, port, from := "", "", method+3
	switch {
	case after > 0 && after <= method+6:
		r.client = w[after]
		if len(before) > 0 {
			server = before[len(before)-1]
		}
		if r.user = w[after-1]; isDigits(r.user) {
			r.user = ""
		}
		if isPort(w[method+3]) {
			port = w[method+3]
		}
		from = after + 1
	case len(before) == 2:
		r.client, server = before[0], before[1]
		if isPort(w[method-1]) {
			port = w[method-1]
		}
		if w[1] != server {
			r.user = w[1]
		}
	case len(before) == 1:
		r.client = before[0]
	default:
		return false
	}
	for _, v := range w[from:] {
		switch {
		case r.status == "" && len(v) == 3 && v[0] >= '1' && v[0] <= '5' && isDigits(v):
			r.status = v
		case r.version == "" && strings.HasPrefix(v, "HTTP/"):
			r.version = v
		case r.agent == "" && r.status == "" && v != "-" && strings.ContainsAny(v, "/+") && !strings.Contains(v, "://"):
			r.agent = strings.ReplaceAll(v, "+", " ")
		case r.referer == "" && strings.Contains(v, "://"):
			r.referer = v
		}
	}
	if r.status == "" {
		return false
	}
	stamp()
	ev.Sources = iisSources
	ev.Add("s-ip", server)
	ev.Add("dst_ip", server)
	ev.Add("dst_port", port)
	r.add(ev, &d.arena)
	return true
}

// blueCoat reads the columns of a proxy: the first address is the client's, then the user; the status stands before what
// the proxy did, and the parts of the URL behind the method. The last address is the proxy's own.
func (d *lines) blueCoat(w []string, method, action int, ev *tocsin.Event, stamp func()) bool {
	var r request
	for i, v := range w[:method] {
		if isIP(v) {
			r.client = v
			if i+1 < method && w[i+1] != "-" && !isDigits(w[i+1]) {
				r.user = w[i+1]
			}
			break
		}
	}
	for _, v := range w[:action] {
		if len(v) == 3 && v[0] >= '1' && v[0] <= '5' && isDigits(v) {
			r.status = v
		}
	}
	if r.client == "" {
		return false
	}
	r.method = w[method]
	port := ""
	for i := method + 1; i < len(w); i++ {
		switch v := w[i]; {
		case v == "http" || v == "https" || v == "tcp" || v == "ssl" || v == "ftp":
			if r.host == "" && i+3 < len(w) {
				r.host = w[i+1]
				if isPort(w[i+2]) {
					port = w[i+2]
				}
				if r.uri = w[i+3]; i+4 < len(w) && strings.HasPrefix(w[i+4], "?") {
					r.uri = d.join(r.uri, w[i+4])
				}
			}
		case strings.Contains(v, "://") && r.uri == "":
			r.uri = v
		case strings.Contains(v, "/") && strings.Contains(v, " "), strings.HasPrefix(v, "Mozilla/"), strings.HasPrefix(v, "curl/"):
			r.agent = v
		}
	}
	if r.host == "" && r.uri == "" {
		return false
	}
	stamp()
	ev.Sources = bluecoatSources
	ev.Add("c-ip", r.client)
	ev.Add("src_ip", r.client)
	ev.Add("cs-username", dashless(r.user))
	ev.Add("sc-status", r.status)
	ev.Add("s-action", w[action])
	ev.Add("cs-user-agent", r.agent)
	for _, v := range w[:method] {
		if v == "DENIED" || v == "OBSERVED" || v == "PROXIED" {
			ev.Add("sc-filter-result", v)
		}
	}
	r.addSeen(ev, port, &d.arena)
	refused(ev, ev.Text("sc-filter-result"), w[action], r.status)
	return true
}

// cloudFrontLive are the columns of CloudFront's real-time log, in the order of the documentation; whoever takes fewer has
// as a rule the first of them.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/real-time-logs.html
var cloudFrontLive = newLayout("timestamp c-ip time-to-first-byte sc-status sc-bytes cs-method cs-protocol cs-host cs-uri-stem cs-bytes x-edge-location x-edge-request-id x-host-header time-taken "+
	"cs-protocol-version c-ip-version cs(User-Agent) cs(Referer) cs(Cookie) cs-uri-query x-edge-response-result-type x-forwarded-for ssl-protocol ssl-cipher x-edge-result-type "+
	"fle-encrypted-fields fle-status sc-content-type sc-content-len sc-range-start sc-range-end c-port x-edge-detailed-result-type c-country cs-accept-encoding cs-accept "+
	"cache-behavior-path-pattern cs-headers cs-header-names cs-headers-count", "", false)

// parseCloudFrontLive takes the lines of CloudFront's real-time log as Firehose stores them.
func parseCloudFrontLive(d *lines, line []byte, ev *tocsin.Event) bool {
	if len(line) < 60 || digitsAt(line) != 10 || line[10] != '.' && line[10] != '\t' {
		return false
	}
	var w [6]string
	rest := text(line)
	for i := range w {
		var ok bool
		if w[i], rest, ok = strings.Cut(rest, "\t"); !ok {
			return false
		}
	}
	if !isIP(w[1]) || !isMethod(w[5]) || len(w[3]) != 3 || !isDigits(w[3]) {
		return false
	}
	cloudFrontLive.fill(line, "", ev, &d.arena, d.opt)
	ev.Time, _ = unixTime(w[0])
	return true
}

// parseNPS takes the rows of Windows' RADIUS server (IAS, NPS) in its database form: server, "IAS", date, time, what kind
// of packet, who, …, and from which station.
// https://learn.microsoft.com/en-us/windows-server/networking/technologies/nps/nps-accounting-configure
func parseNPS(d *lines, line []byte, ev *tocsin.Event) bool {
	if len(line) < 40 || line[0] != '"' || !bytes.Contains(line[:min(len(line), 80)], []byte(`,"IAS",`)) {
		return false
	}
	var t table
	w, whole := t.cells(line, ',')
	if !whole || len(w) < 16 {
		return false
	}
	date, sep, ok := numericDateAt(view(w[2]))
	day := dayTime(view(w[3]), 0)
	if !ok || day.sec < 0 {
		return false
	}
	if y, m, dd, ok := date.in(d.opt.order.of(sep)); ok {
		d.opt.basis.begin()
		d.opt.basis.wait(date.guess(d.opt.order.of(sep)))
		ev.Time = d.clock.at(y, m, dd, day)
	} else {
		d.clock.against = true
	}
	ev.Host, ev.Sources = w[0], npsSources
	user := w[5]
	if user == "" {
		user = account(w[6])
	}
	is := untold
	switch w[4] {
	case "2":
		is = loginOK
	case "3":
		is = loginFailed
	}
	if is != untold {
		ev.Sources = npsLogin
	}
	ev.Add("packet_type", w[4])
	happened(ev, outcomes[is].event, outcomes[is].outcome)
	ev.Add("user", user)
	if isIP(w[8]) {
		ev.Add("src_ip", w[8])
	} else {
		ev.Add("calling_station", w[8])
	}
	ev.Add("nas", w[11])
	ev.Add("nas_ip", w[12])
	return true
}

var (
	npsSources = []tocsin.LogSource{{Product: "windows", Service: "nps"}}
	npsLogin   = append(npsSources[:1:1], tocsin.LogSource{Product: "windows", Category: "authentication", Service: "nps"})
)
