package decode

import (
	"bytes"

	"github.com/tocsin-ids/tocsin"
)

// webFormats lists the formats that files of this family are recognised as.
func webFormats() []Format { return []Format{w3cFormat()} }

// webJSON lists the kinds of JSON record of this family.
func webJSON() []jsonKind {
	return []jsonKind{
		{name: "web-json", is: isWebJSON, fill: fillWebJSON},
		{name: "caddy-log", is: isCaddyLog, fill: fillCaddyLog},
	}
}

// webLines lists the kinds of text line of this family.
func webLines() []lineKind {
	return []lineKind{
		{"access", parseAccess},
		{"nginx-error", parseNginxError},
		{"apache-error", parseApacheError},
		{"lighttpd-error", parseLighttpdError},
		{"haproxy", parseHAProxy},
		{"elb", parseBalancer},
		{"w3c-lines", parseHeaderless},
		{"uwsgi", parseUWSGI},
		{"iis-native", parseIISNative},
		{"w3c-content", parseByContent},
		{"umbrella", rowsOf(umbrellaShapes)},
		{"zscaler-csv", rowsOf(zscalerShapes)},
		{"cloudfront-realtime", parseCloudFrontLive},
		{"nps", parseNPS},
		{"xferlog", parseXferlog},
		{"web-output", parseOutput},
		{"web-app", parseLoose},
	}
}

// The log sources of web events, shared by all events of a kind. A line in the common or combined format does not say
// which server wrote it, so it belongs to both that write it by default.
var (
	accessSources = []tocsin.LogSource{
		{Product: "apache", Category: "webserver", Service: "access"},
		{Product: "nginx", Category: "webserver", Service: "access"},
	}
	nginxSources   = []tocsin.LogSource{{Product: "nginx", Category: "webserver", Service: "access"}}
	traefikSources = []tocsin.LogSource{{Product: "traefik", Category: "webserver", Service: "access"}}
)

// A request is one HTTP request as a server's log tells it. Values that the log gives as "-" are the same as empty ones.
type request struct {
	client, port string // who sent it
	user         string // as authenticated
	line         string // the request line as logged; when set, method, uri and version are read from it
	method       string
	uri          string // path?query, or in absolute form
	version      string
	status, size string
	referer      string
	agent        string
	host         string // the Host header or the virtual host
	forwarded    string // X-Forwarded-For
	taken        string // milliseconds
	extra        string // what the log says beyond these, as written
	escaped      bool   // the log writes quotes and control bytes as \" and \xHH
}

// add appends the fields of a webserver event to ev.
//
// SigmaHQ's webserver rules look for parts of paths in cs-uri-query as often as in cs-uri-stem, because their backends
// keep the whole URI under either name. So cs-uri-query has the query and, as a second value, the whole URI.
func (r *request) add(ev *tocsin.Event, arena *[]byte) {
	malformed := r.line != "" && !r.split()
	f := ev.Fields
	put := func(name, value string) {
		if value != "" && value != "-" {
			f = append(f, tocsin.Field{Name: name, Value: value})
		}
	}
	if len(r.client) > 9 && r.client[0] == ':' && r.client[:7] == "::ffff:" && isAddress(r.client[7:]) {
		r.client = r.client[7:] // an IPv4 address on an IPv6 socket
	}
	put("c-ip", r.client)
	put("src_ip", r.client)
	put("src_port", r.port)
	put("cs-username", r.user)
	if malformed {
		f = append(f, tocsin.Field{Name: "request", Value: r.line}, tocsin.Field{Name: "uri-decoded", Value: decodeURI(r.line, r.escaped, arena)})
	} else {
		put("cs-method", r.method)
		f = appendURI(f, r, arena)
		put("cs-version", r.version)
	}
	put("sc-status", r.status)
	put("sc-bytes", r.size)
	put("cs-referer", r.referer)
	put("cs-user-agent", r.agent)
	put("cs-host", r.host)
	put("x-forwarded-for", r.forwarded)
	put("time-taken", r.taken)
	put("extra", r.extra)
	ev.Fields = f
}

func appendURI(f []tocsin.Field, r *request, arena *[]byte) []tocsin.Field {
	if r.uri == "" {
		return f
	}
	path := r.uri
	if path[0] != '/' {
		if host, rest, ok := cutAuthority(path); ok {
			path = rest
			if r.host == "" || r.host == "-" {
				r.host = host
			}
		} else if r.method == "CONNECT" && (r.host == "" || r.host == "-") {
			r.host = path
		}
	}
	stem, query := path, ""
	for i := 0; i < len(path); i++ {
		if path[i] == '?' {
			stem, query = path[:i], path[i+1:]
			break
		}
	}
	f = append(f, tocsin.Field{Name: "cs-uri", Value: r.uri}, tocsin.Field{Name: "cs-uri-stem", Value: stem})
	if query != "" {
		f = append(f, tocsin.Field{Name: "cs-uri-query", Value: query})
	}
	return append(f, tocsin.Field{Name: "cs-uri-query", Value: r.uri}, tocsin.Field{Name: "uri-decoded", Value: decodeURI(r.uri, r.escaped, arena)})
}

// addSeen appends to the event of a sensor or proxy, which has the log's own fields already, the names that Sigma's
// proxy and webserver rules use. The client wrote uri as a path, or named the host in it; c-uri has it as written and
// as a whole URL.
func (r *request) addSeen(ev *tocsin.Event, port string, arena *[]byte) {
	f := ev.Fields
	put := func(name, value string) {
		if value != "" && value != "-" {
			f = append(f, tocsin.Field{Name: name, Value: value})
		}
	}
	put("cs-method", r.method)
	n := len(f)
	f = appendURI(f, r, arena)
	path := ""
	for _, uri := range f[n:] {
		switch uri.Name {
		case "cs-uri-stem":
			path = uri.Value
		case "cs-uri-query":
			if len(uri.Value) < len(r.uri) {
				put("c-uri-query", uri.Value)
			}
		}
	}
	put("c-uri", r.uri)
	put("c-uri-extension", extension(path))
	if r.host != "" && r.host != "-" {
		if len(r.uri) > 0 && r.uri[0] == '/' {
			from := len(*arena)
			if port == "443" {
				*arena = append(*arena, "https://"...)
			} else {
				*arena = append(*arena, "http://"...)
			}
			*arena = append(append(*arena, r.host...), r.uri...)
			put("c-uri", text((*arena)[from:]))
		}
		f = append(f, tocsin.Field{Name: "cs-host", Value: r.host}, tocsin.Field{Name: "r-dns", Value: r.host})
	}
	put("cs-version", r.version)
	put("cs-username", r.user)
	put("sc-status", r.status)
	put("sc-bytes", r.size)
	put("cs-referer", r.referer)
	put("c-useragent", r.agent)
	put("cs-user-agent", r.agent)
	ev.Fields = f
}

// extension returns what follows the last dot of a path's last part, or "".
func extension(path string) string {
	for i := len(path) - 1; i >= 0 && len(path)-i < 16 && path[i] != '/'; i-- {
		if path[i] == '.' {
			return path[i+1:]
		}
	}
	return ""
}

// path makes an absolute URI the path and query in it, and the host the Host.
func (r *request) path() {
	if host, rest, ok := cutAuthority(r.uri); ok {
		r.uri = rest
		if r.host == "" || r.host == "-" {
			r.host = host
		}
	}
}

// cutAuthority splits an absolute URI after its host: "http://host/path" into "host" and "/path".
func cutAuthority(uri string) (host, path string, ok bool) {
	for i := 1; i < len(uri) && i < 12; i++ {
		c := uri[i]
		if c == ':' {
			if len(uri) < i+3 || uri[i+1] != '/' || uri[i+2] != '/' {
				return "", "", false
			}
			rest := uri[i+3:]
			for j := 0; j < len(rest); j++ {
				if rest[j] == '/' || rest[j] == '?' {
					return rest[:j], rest[j:], true
				}
			}
			return rest, "/", true
		}
		if c|0x20 < 'a' || c|0x20 > 'z' {
			return "", "", false
		}
	}
	return "", "", false
}

// split reads method, uri and version from the request line and reports whether it is one (RFC 9112, section 3, but
// with spaces let through in the target, as servers log them).
func (r *request) split() bool {
	s := r.line
	n := 0
	for n < len(s) && s[n] != ' ' {
		c := s[n]
		if (c|0x20 < 'a' || c|0x20 > 'z') && c != '-' && c != '_' || n > 32 {
			return false
		}
		n++
	}
	if n == 0 || n == len(s) {
		return false
	}
	method, rest := s[:n], s[n+1:]
	for len(rest) > 0 && rest[len(rest)-1] == ' ' {
		rest = rest[:len(rest)-1]
	}
	uri, version := rest, ""
	for i := len(rest) - 1; i >= 0 && len(rest)-i < 12; i-- {
		if rest[i] == ' ' {
			if v := rest[i+1:]; len(v) >= 4 && v[:4] == "HTTP" {
				uri, version = rest[:i], v
			}
			break
		}
	}
	if uri == "" {
		return false
	}
	r.method, r.uri, r.version = method, uri, version
	return true
}

// isAddress says that s looks like an IPv4 or IPv6 address: enough to tell it from a host name.
func isAddress(s string) bool {
	dots, colons, digits, letters := 0, 0, 0, 0
	twice := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			digits++
		case c == '.':
			dots++
		case c == ':':
			colons++
			twice = twice || i > 0 && s[i-1] == ':'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			letters++
		case c == '%' && twice && i > 2: // a zone: fe80::1%eth0
			return len(s) < 64
		default:
			return false
		}
	}
	return len(s) < 64 && (twice || colons == 7 || colons == 0 && dots == 3 && letters == 0 && digits >= 4)
}

// splitPort splits "addr:port", "[addr]:port", "[addr]" and "addr" as logs write clients. An address that is not
// followed by a port comes back whole.
func splitPort(s string) (addr, port string) {
	if len(s) > 1 && s[0] == '[' {
		for i := 1; i < len(s); i++ {
			if s[i] == ']' {
				addr = s[1:i]
				if i+1 < len(s) && s[i+1] == ':' {
					port = s[i+2:]
				}
				return addr, port
			}
		}
		return s, ""
	}
	last, colons := -1, 0
	for i := 0; i < len(s); i++ {
		if s[i] == ':' {
			last = i
			colons++
		}
	}
	if colons == 1 && isDigits(s[last+1:]) {
		return s[:last], s[last+1:]
	}
	return s, ""
}

func isDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return len(s) > 0
}

// cutSpace returns the word before the first space of b, and what follows the space.
func cutSpace(b []byte) (word, rest []byte) {
	if i := bytes.IndexByte(b, ' '); i >= 0 {
		return b[:i], b[i+1:]
	}
	return b, nil
}
