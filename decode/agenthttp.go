package decode

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// A webRequest is a request that a call made: told by the arguments of a tool for it, or written in a command or code.
type webRequest struct{ method, url, body, text string }

// Members of arguments that tell a request, as the tools of harnesses, browsers and MCP servers name them.
var (
	urlNames    = []string{"url", "uri", "target_url", "request_url", "endpoint", "href"}
	methodNames = []string{"method", "http_method", "request_method", "verb"}
	bodyNames   = []string{"body", "data", "json", "form", "form_data", "post_data", "payload"}
)

// Requests as commands and code write them.
var (
	curlURL    = regexp.MustCompile(`(?:^|[\s;|&(])(?:curl|wget|https?|xh)\s[^\n|]*?["']?(https?://[^\s"'|;)]+)`)
	curlMethod = regexp.MustCompile(`\s(?:-X\s*|--request[ =]|--method=)["']?([A-Z]{3,7})\b`)
	curlBody   = regexp.MustCompile(`\s(?:-d|--data(?:-raw|-binary|-urlencode)?|--json|--post-data)[ =]?(?:'([^']*)'|"((?:[^"\\]|\\.)*)"|([^\s'"]+))`)
	codeCall   = regexp.MustCompile(`\b(?:requests|httpx|session|client|s|axios|sess)\.(get|post|put|patch|delete|head|request)\(\s*(?:["']([A-Z]+)["']\s*,\s*)?[rbfu]?["'` + "`" + `](https?://[^"'` + "`" + `\s]+)["'` + "`" + `]([^\n]{0,400})`)
	codeFetch  = regexp.MustCompile(`\bfetch\(\s*["'` + "`" + `](https?://[^"'` + "`" + `\s]+)["'` + "`" + `]([^;]{0,400})`)
	codeMethod = regexp.MustCompile(`method["']?\s*:\s*["']([A-Z]+)`)
	codeBody   = regexp.MustCompile(`(?:data|json|body)["']?\s*[=:]\s*(\{[^}]*\}|"[^"]*"|'[^']*')`)
	statusText = regexp.MustCompile(`(?i)(?:HTTP/[0-9.]+\s+|status(?:[_ ]?code)?"?\s*[:=]\s*"?|<Response \[|http_code"?\s*[:=]\s*"?|\A\s*)([1-5][0-9]{2})\b`)
)

// maxRequestText bounds the text that is looked at for a request, and that of a result for its status.
const maxRequestText = 16 << 10

// maxRequests bounds the requests of one call that are read: the first.
const maxRequests = 8

// requestsOf are the requests of a call.
func requestsOf(args raw, command string, depth int) []webRequest {
	m := args.members()
	for _, k := range urlNames {
		u := m.get(k).str()
		if !strings.HasPrefix(u, "http://") && !strings.HasPrefix(u, "https://") {
			continue
		}
		r := webRequest{method: strings.ToUpper(m.str(methodNames...)), url: u}
		if b := m.first(bodyNames...); b != nil {
			r.body = b.text()
		}
		return []webRequest{r}
	}
	if command == "" {
		if in := m.first("request", "input", "params", "arguments").embedded(); in != nil && depth < 3 {
			return requestsOf(in, "", depth+1)
		}
		return nil
	}
	text := command[:min(len(command), maxRequestText)]
	if !strings.Contains(text, "://") {
		return nil
	}
	var all []webRequest
	found := curlURL.FindAllStringSubmatchIndex(text, maxRequests)
	for i, x := range found {
		own := text[x[0]:] // up to where the next one begins
		if i+1 < len(found) {
			own = text[x[0]:found[i+1][0]]
		}
		r := webRequest{url: text[x[2]:x[3]], text: text}
		if b := curlBody.FindStringSubmatch(own); b != nil {
			r.body = b[1] + b[2] + b[3]
		}
		if b := curlMethod.FindStringSubmatch(own); b != nil {
			r.method = b[1]
		}
		all = append(all, r)
	}
	if len(all) > 0 {
		return all
	}
	code := func(method, address, rest string) {
		r := webRequest{method: method, url: address, text: text}
		if b := codeBody.FindStringSubmatch(rest); b != nil {
			r.body = strings.Trim(b[1], `"'`)
		}
		all = append(all, r)
	}
	for _, x := range codeCall.FindAllStringSubmatch(text, maxRequests) {
		method := strings.ToUpper(x[1])
		if x[2] != "" {
			method = x[2]
		}
		code(method, x[3], x[4])
	}
	if len(all) > 0 {
		return all
	}
	for _, x := range codeFetch.FindAllStringSubmatch(text, maxRequests) {
		method := ""
		if b := codeMethod.FindStringSubmatch(x[2]); b != nil {
			method = b[1]
		}
		code(method, x[1], x[2])
	}
	return all
}

// request adds what a call asked of a web server and what came back, for each request the method first. ids_tried is how many
// numbers of one kind of object the session has asked for one after the other up to here, and paths_missed for how many paths of
// the server it has asked that are not there.
func (d *agentLog) request(ev *tocsin.Event, c *call, cmd, result string) {
	all := requestsOf(raw(c.args), cmd, 0)
	if len(all) == 0 {
		return
	}
	statuses := statusText.FindAllStringSubmatch(result[:min(len(result), maxRequestText)], maxRequests+1)
	for i := range all {
		r := &all[i]
		if r.method == "" {
			if r.method = "GET"; r.body != "" {
				r.method = "POST"
			}
		}
		ev.Add("http_method", r.method)
		ev.Add("http_url", r.url)
		ev.Add("http_body", r.body)
		status := ""
		if len(statuses) == len(all) || len(statuses) > 0 && len(all) == 1 { // else it is not known whose a status is
			status = statuses[i][1]
		}
		ev.Add("http_status", status)
		if n := d.calls.objects(c.session, r); n > 1 {
			ev.Add("ids_tried", strconv.Itoa(n))
		}
		if status == "404" {
			ev.Add("paths_missed", strconv.Itoa(d.calls.missed(c.session, r.url)))
		}
	}
}

// missed counts the requests of a session for what is not on a server.
func (s *calls) missed(session, address string) int {
	u, err := url.Parse(address)
	if err != nil {
		return 1
	}
	if s.series == nil || len(s.series) >= maxOpenCalls {
		s.series = map[uint64]*series{}
	}
	k := s.sum(session, "missed", u.Host)
	x := s.series[k]
	if x == nil {
		x = &series{}
		s.series[k] = x
	}
	x.n++
	return x.n
}

// Objects are named by a number behind a slash or an equals sign. Loops stand for as many as a count that is telling.
var (
	objectID = regexp.MustCompile(`([/=])([0-9]{1,12})(?:[/?&#]|$)`)
	bodyID   = regexp.MustCompile(`([A-Za-z_]*id["']?\s*[:=]\s*["']?)([0-9]{1,12})\b`)
	loopURL  = regexp.MustCompile(`[/=](?:\$?\{[A-Za-z_]\w*\}|\$[A-Za-z_]\w*|\[[0-9]+-[0-9]+\])(?:[/?&#"']|$)`)
	loopText = regexp.MustCompile(`\brange\(\s*\d*\s*,?\s*\d{1,9}|\{[0-9]+\.\.[0-9]+\}|\$\(seq\s|\[[0-9]+-[0-9]+\]`)
	pageName = regexp.MustCompile(`(?i)(?:^|[?&/])(?:page|p|offset|limit|start|size|per_page|skip|cursor|since|after|year|month|day|v|version|width|height|port)[=/]$`)
)

// looped is what a loop over the numbers of an object counts as.
const looped = 10

// A series is the numbers that a session has asked for of one kind of object.
type series struct {
	last int64
	n    int
}

// objects counts the numbers of the object that a request names, asked for one after the other; 0 where it names none.
func (s *calls) objects(session string, r *webRequest) int {
	u, err := url.Parse(r.url)
	if err != nil || u.Host == "" {
		if !loopURL.MatchString(r.url) {
			return 0
		}
		u = &url.URL{Host: r.url}
	}
	if at := loopURL.FindStringIndex(r.url); at != nil && loopText.MatchString(r.text) && !pageName.MatchString(r.url[:at[0]+1]) {
		return looped
	}
	text, kind := r.url[strings.Index(r.url, "://")+3:], objectID
	all := kind.FindAllStringSubmatchIndex(text, -1)
	if len(all) == 0 && r.body != "" {
		text, kind = text+" "+r.body, bodyID
		all = kind.FindAllStringSubmatchIndex(text, -1)
	}
	if len(all) == 0 {
		return 0
	}
	at := all[len(all)-1]
	if kind == objectID && pageName.MatchString(text[:at[4]]) {
		return 0
	}
	id, _ := strconv.ParseInt(text[at[4]:at[5]], 10, 64)
	if s.series == nil || len(s.series) >= maxOpenCalls {
		s.series = map[uint64]*series{}
	}
	k := s.sum(session, r.method, text[:at[4]], text[at[5]:])
	x := s.series[k]
	switch {
	case x == nil:
		x = &series{id, 1}
		s.series[k] = x
	case id == x.last:
	case id-x.last <= 2 && id-x.last >= -2:
		x.last = id
		x.n++
	default:
		x.last, x.n = id, 1
	}
	return x.n
}
