package decode

import (
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// A webRequest is a request that a call made: told by the arguments of a tool for it, or written in a command or code.
type webRequest struct{ method, url, body, header, text string }

// Members of arguments that tell a request, as the tools of harnesses, browsers and MCP servers name them.
var (
	urlNames    = []string{"url", "uri", "target_url", "request_url", "endpoint", "href"}
	methodNames = []string{"method", "http_method", "request_method", "verb"}
	bodyNames   = []string{"body", "data", "json", "form", "form_data", "post_data", "payload"}
	queryNames  = []string{"params", "query", "query_params", "querystring"}
	headerNames = []string{"headers", "header"}
	hostNames   = []string{"targetHostname", "target_host", "hostname", "host", "targetHost"}
	rawNames    = []string{"content", "request", "raw_request", "raw", "http_request", "data"}
	pageNames   = []string{"text", "value", "values", "fields", "form", "fill"} // what is written into a page
	inPageNames = []string{"function", "expression", "script", "js", "js_code", "code", "pageFunction"}
)

var statusText = regexp.MustCompile(`(?i)(?:HTTP/[0-9.]+\s+|status(?:[_ ]?code)?"?\s*[:=]\s*"?|<Response \[|http_code"?\s*[:=]\s*"?|\A\s*)([1-5][0-9]{2})\b`)

// statusLine is a line that a loop writes of each request.
var statusLine = regexp.MustCompile(`(?m)(?:^|[ \t:=,])([1-5][0-9]{2})[ \t]*\r?$`)

// maxRequestText bounds the text that is looked at for a request, and that of a result for its status.
const maxRequestText = 16 << 10

// maxRequests bounds the requests of one call that are read: the first.
const maxRequests = 24

// Bounds of the texts of programs that a decoder remembers, to know what is run.
const (
	maxScripts     = 512
	maxScriptBytes = 4 << 20
)

// requestsOf are the requests of a call.
func (d *agentLog) requestsOf(c *call, args raw, command string, depth int) []webRequest {
	m := args.members()
	left := budget(maxMade)
	q := requestReader{budget: &left, session: c.session, calls: &d.calls}
	for _, k := range urlNames {
		u := m.get(k).str()
		if !strings.HasPrefix(u, "http://") && !strings.HasPrefix(u, "https://") {
			continue
		}
		d.calls.visit(c.session, u)
		r := webRequest{method: strings.ToUpper(m.str(methodNames...)), url: u}
		if b := m.first(bodyNames...); b != nil {
			r.body = b.text()
		}
		for _, k := range queryNames {
			if q := m.get(k); len(q) > 0 && q[0] == '{' && !strings.Contains(u, "?") {
				var b []string
				for _, x := range q.members() {
					b = append(b, url.QueryEscape(x.key)+"="+url.QueryEscape(x.val.text()))
				}
				r.url += "?" + strings.Join(b, "&")
			}
		}
		for _, x := range m.first(headerNames...).members() {
			r.header += x.key + ": " + x.val.text() + "\n"
		}
		for _, x := range m.get("cookies").members() {
			r.header += "Cookie: " + x.key + "=" + x.val.text() + "\n"
		}
		return []webRequest{r}
	}
	if path := m.str("file_path", "path", "filePath", "absolute_path", "filename"); path != "" && command == "" {
		if text := m.str("content", "contents", "file_text", "text", "new_string"); text != "" {
			d.calls.wrote(c.session, path, text)
			return nil
		}
	}
	if command == "" {
		if host := m.str(hostNames...); host != "" || strings.Contains(c.args, " HTTP/1") {
			scheme := "http"
			if string(m.get("usesHttps")) == "true" || m.str("scheme", "protocol") == "https" || m.get("targetPort").text() == "443" || m.get("port").text() == "443" {
				scheme = "https"
			}
			for _, k := range rawNames {
				if all := rawRequests(m.get(k).str(), host, scheme); len(all) > 0 {
					return all
				}
			}
		}
		if page := d.calls.page(c.session); inPage(c.tool) {
			for _, k := range inPageNames {
				if text := m.get(k).str(); text != "" {
					return codeRequests(text, q.budget)
				}
			}
			if text := m.first(pageNames...); text != nil && page != "" {
				return []webRequest{{method: "POST", url: page, body: text.text(), header: "X-Typed: into a page\n"}}
			}
		}
		if in := m.first("request", "input", "params", "arguments", "modifications").embedded(); in != nil && depth < 3 {
			return d.requestsOf(c, in, "", depth+1)
		}
		return nil
	}
	text := command[:min(len(command), maxRequestText)]
	if codeLike.MatchString(text) {
		if all := codeRequests(text, q.budget); len(all) > 0 {
			return all
		}
	}
	q.shell(text, 0)
	return q.found
}

// inPage says that a tool acts in a browser's page.
func inPage(tool string) bool {
	low := strings.ToLower(tool)
	for _, w := range []string{"browser", "playwright", "puppeteer", "page", "chrome", "webdriver", "selenium"} {
		if strings.Contains(low, w) {
			return true
		}
	}
	return false
}

// visit notes which page a session's browser shows.
func (s *calls) visit(session, address string) {
	if s.pages == nil || len(s.pages) >= maxOpenCalls {
		s.pages = map[uint64]string{}
	}
	if len(address) <= 1024 {
		s.pages[s.sum(session, "page")] = strings.Clone(address)
	}
}

func (s *calls) page(session string) string {
	at, _, _ := strings.Cut(s.pages[s.sum(session, "page")], "?")
	return at
}

// wrote notes the text of a file that a session wrote, if it may be a program that speaks to others.
func (s *calls) wrote(session, path, text string) {
	name := fileName(path)
	if name == "" || text == "" {
		return
	}
	text = text[:min(len(text), maxRequestText)]
	if s.scripts == nil || len(s.scripts) >= maxScripts || s.scriptBytes > maxScriptBytes {
		s.scripts, s.scriptBytes = map[uint64]string{}, 0
	}
	s.scripts[s.sum(session, "file", name)] = strings.Clone(text)
	s.scriptBytes += len(text)
}

// file is the text of a file that a session wrote.
func (s *calls) file(session, path string) string {
	return s.scripts[s.sum(session, "file", fileName(path))]
}

func fileName(path string) string {
	return strings.ToLower(path[strings.LastIndexAny(path, `/\`)+1:])
}

// A requestReader reads the requests of a command line.
type requestReader struct {
	*budget
	session string
	calls   *calls
	found   []webRequest
	inside  int // a container of one's own, where names without a domain are its project's
}

func (q *requestReader) shell(text string, depth int) {
	if depth > maxShellDepth || !q.spend(len(text)) {
		return
	}
	r := shellReader{budget: q.budget, vars: map[string][]string{}, left: maxShellCommands}
	r.do = func(c *shellCommand, in int) { q.command(&r, c, text, depth+in) }
	r.read(text, depth)
}

// fetching and running are programs that make requests and that run a text of code.
var (
	fetching   = []string{"curl", "wget", "http", "https", "xh", "xhs", "iwr", "irm", "invoke-webrequest", "invoke-restmethod"}
	talking    = []string{"nc", "ncat", "netcat", "telnet"}
	running    = []string{"python", "python2", "python3", "node", "deno", "bun", "php", "ruby", "perl", "go", "tsx", "ts-node"}
	containers = []string{"docker", "docker-compose", "podman", "nerdctl", "kubectl", "oc"}
	shells     = []string{"bash", "sh", "zsh", "dash", "ash", "ksh"}
)

func (q *requestReader) command(r *shellReader, c *shellCommand, text string, depth int) {
	if c.output != "" { // a file is made of what a printer or a here-document gives
		switch {
		case c.input != "":
			q.calls.wrote(q.session, c.output, c.input)
		case len(c.words) > 1 && (c.words[0] == "echo" || c.words[0] == "printf"):
			q.calls.wrote(q.session, c.output, echoed(c.words[1:]))
		}
	}
	if len(c.words) == 0 {
		return
	}
	if c.words[0] == "tee" && len(c.words) > 1 && c.input != "" {
		q.calls.wrote(q.session, c.words[len(c.words)-1], c.input)
		return
	}
	if slices.Contains(containers, path.Base(c.words[0])) {
		q.inside++
		defer func() { q.inside-- }()
	}
	program, args := c.own(func(p string) bool {
		p = strings.ToLower(p)
		return slices.Contains(fetching, p) || slices.Contains(talking, p) || slices.Contains(running, p) || strings.HasPrefix(p, "python3.")
	})
	program = strings.ToLower(program)
	switch {
	case slices.Contains(fetching, program):
		q.fetch(r, program, args, text)
	case slices.Contains(talking, program):
		host := ""
		for i, w := range args {
			if !strings.HasPrefix(w, "-") && i+1 < len(args) && args[i+1] != "" && strings.Trim(args[i+1], "0123456789") == "" {
				host = w + ":" + args[i+1]
			}
		}
		if host != "" {
			for _, in := range r.expand(c.input) {
				q.add(rawRequests(strings.NewReplacer(`\r`, "\r", `\n`, "\n").Replace(in), host, "http")...)
			}
		}
	case slices.Contains(running, program) || strings.HasPrefix(program, "python3."):
		code := c.input
		if onlyLooks(program, args) {
			return
		}
		for i, w := range args {
			switch {
			case (w == "-c" || w == "-e" || w == "-r" || w == "--eval") && i+1 < len(args):
				code = plainWord(args[i+1])
			case code == "" && !strings.HasPrefix(w, "-"):
				code = q.calls.file(q.session, w)
			}
		}
		q.add(codeRequests(code, q.budget)...)
	default: // a shell's text, or one that is run elsewhere
		for i, w := range c.words {
			if i > 0 && strings.Contains(w, " ") && slices.Contains(runsOthers, path.Base(c.words[0])) {
				q.shell(plainWord(w), depth+1)
			}
		}
		if name := path.Base(c.words[0]); slices.Contains(shells, name) || name == "source" || name == "." {
			script := c.input
			if onlyLooks("sh", c.words[1:]) {
				return
			}
			for _, w := range c.words[1:] {
				if script == "" && !strings.HasPrefix(w, "-") {
					script = q.calls.file(q.session, w)
				}
			}
			if script != "" {
				q.shell(script, depth+1)
			}
		} else if script := q.calls.file(q.session, c.words[0]); script != "" && strings.Contains(c.words[0], "/") {
			q.run(script, depth+1)
		}
	}
}

// looking are the words by which programs that run files only look at them, or run others on them: by the program, those of shells
// under sh.
var looking = map[string][]string{"python": {"-m"}, "node": {"--check", "-c", "--test"}, "deno": {"check", "lint", "fmt", "test"}, "bun": {"test"}, "php": {"-l", "--syntax-check"},
	"ruby": {"-c", "-wc"}, "perl": {"-c", "-wc"}, "go": {"vet", "test", "build", "fmt", "doc", "list"}, "tsx": {"--test"}, "sh": {"-n", "-nv", "-vn"}}

// onlyLooks says that a program does not run the files that it is given.
func onlyLooks(program string, args []string) bool {
	if strings.HasPrefix(program, "python") {
		program = "python"
	}
	for _, w := range args {
		if slices.Contains(looking[program], w) {
			return true
		}
		if !strings.HasPrefix(w, "-") && program != "go" && program != "deno" && program != "bun" {
			return false // what follows is the file's
		}
	}
	return false
}

// run reads a program that is started by its name.
func (q *requestReader) run(script string, depth int) {
	if line, _, _ := strings.Cut(script, "\n"); strings.HasPrefix(line, "#!") && !strings.HasSuffix(strings.TrimSpace(line), "sh") {
		q.add(codeRequests(script, q.budget)...)
		return
	}
	q.shell(script, depth)
}

func (q *requestReader) add(all ...webRequest) {
	for _, one := range all {
		_, host, _ := strings.Cut(one.url, "://")
		if len(q.found) < maxRequests && (q.inside == 0 || strings.Contains(upTo(host, '/'), ".")) {
			q.found = append(q.found, one)
		}
	}
}

// withValue are flags of programs that fetch which take the next word, besides those that are read.
var withValue = map[string]string{"curl": "oowmcxKECyYzrtPQUeA", "wget": "OoPtTUQaiBDIlRwX"}

// fetch notes the requests of a program that fetches.
func (q *requestReader) fetch(r *shellReader, program string, args []string, text string) {
	var address []string
	var bodies []string
	method, header, get, multi := "", "", false, false
	flag := func(name, v string) {
		switch name {
		case "-X", "--request", "--method", "-method":
			method = strings.ToUpper(plainWord(v))
		case "-d", "--data", "--data-raw", "--data-binary", "--data-urlencode", "--data-ascii", "--json", "--post-data", "--body-data", "-body":
			if f, ok := strings.CutPrefix(v, "@"); ok {
				if known := q.calls.file(q.session, f); known != "" {
					v = strings.ReplaceAll(known, "$", string(kept))
				}
			}
			bodies = append(bodies, v)
		case "-F", "--form", "--form-string":
			bodies, multi = append(bodies, v), true
		case "-H", "--header", "-headers":
			header += v + "\n"
		case "-b", "--cookie":
			header += "Cookie: " + v + "\n"
		case "-A", "--user-agent":
			header += "User-Agent: " + v + "\n"
		case "-e", "--referer":
			header += "Referer: " + v + "\n"
		case "-u", "--user":
			header += "Login: " + v + "\n"
		case "-T", "--upload-file":
			if method == "" {
				method = "PUT"
			}
			bodies, multi = append(bodies, "file=@"+v), true
		case "--url", "-uri":
			address = append(address, v)
		}
	}
	takes := func(name string) bool {
		switch name {
		case "-X", "-d", "-F", "-H", "-b", "-A", "-e", "-u", "-T", "--request", "--method", "-method", "--data", "--data-raw", "--data-binary", "--data-urlencode", "--data-ascii", "--json", "--post-data", "--body-data", "-body",
			"--form", "--form-string", "--header", "-headers", "--cookie", "--user-agent", "--referer", "--user", "--upload-file", "--url", "-uri", "--output", "--write-out", "--max-time", "--connect-timeout", "--cookie-jar", "--proxy", "--resolve", "--retry", "--cacert", "--cert", "--key", "--range", "--limit-rate", "-outfile", "-contenttype":
			return true
		}
		return false
	}
	httpie := program != "curl" && program != "wget" && !strings.HasPrefix(program, "i")
	for i := 0; i < len(args); i++ {
		w := args[i]
		next := func() string {
			if i+1 < len(args) {
				i++
				return args[i]
			}
			return ""
		}
		low := strings.ToLower(w)
		switch {
		case strings.HasPrefix(w, "--"):
			name, v, has := strings.Cut(w, "=")
			if name == "--get" {
				get = true
			} else if takes(name) {
				if !has {
					v = next()
				}
				flag(name, v)
			}
		case strings.HasPrefix(low, "-") && strings.HasPrefix(program, "i"):
			if takes(low) {
				flag(low, next())
			}
		case strings.HasPrefix(w, "-") && len(w) > 1:
			for k := 1; k < len(w); k++ {
				name := "-" + w[k:k+1]
				if name == "-G" {
					get = true
				}
				own := takes(name) && program == "curl"
				if !own && strings.IndexByte(withValue[program], w[k]) < 0 {
					continue
				}
				v := w[k+1:]
				if v == "" {
					v = next()
				}
				if own {
					flag(name, v)
				}
				break
			}
		case httpie && len(address) == 0 && w == strings.ToUpper(w) && strings.Trim(w, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" && w != "":
			method = w
		case httpie && len(address) > 0:
			if name, v, ok := strings.Cut(w, "="); ok {
				bodies = append(bodies, strings.TrimSuffix(name, ":")+"="+v)
			} else if name, v, ok := strings.Cut(w, ":"); ok {
				header += name + ": " + v + "\n"
			}
		default:
			address = append(address, w)
		}
	}
	body := strings.Join(bodies, "&")
	if multi && method == "" {
		method = "POST"
	}
	for _, a := range address {
		all := r.expand(a)
		for i, u := range all {
			if !strings.Contains(u, "://") {
				if !strings.ContainsAny(upTo(u, '/'), ".:") || strings.HasPrefix(u, ".") || strings.HasPrefix(u, "/") || strings.HasPrefix(u, "$") {
					continue
				}
				u = "http://" + u
			}
			if !strings.HasPrefix(u, "http://") && !strings.HasPrefix(u, "https://") {
				continue
			}
			for _, b := range along(r.expand(body), i, len(all)) {
				for _, h := range along(r.expand(header), i, len(all)) {
					one := webRequest{method: method, url: u, body: b, header: h, text: text}
					if get && b != "" {
						one.url, one.body = u+"?"+b, ""
					}
					q.add(one)
				}
			}
		}
	}
}

func upTo(s string, end byte) string {
	if i := strings.IndexByte(s, end); i >= 0 {
		return s[:i]
	}
	return s
}

// request adds what a call asked of a web server and what came back, for each request the method first. ids_tried is how many
// numbers of one kind of object the session has asked for one after the other up to here, and paths_missed for how many paths of
// the server it has asked that are not there.
func (d *agentLog) request(ev *tocsin.Event, c *call, cmd, result string) {
	all := d.requestsOf(c, raw(c.args), cmd, 0)
	if len(all) == 0 {
		return
	}
	statuses := statusText.FindAllStringSubmatch(result[:min(len(result), maxRequestText)], maxRequests+1)
	if len(statuses) != len(all) && len(all) > 1 {
		if lines := statusLine.FindAllStringSubmatch(result[:min(len(result), maxRequestText)], maxRequests+1); len(lines) == len(all) {
			statuses = lines
		}
	}
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
		ev.Add("http_header", r.header)
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
