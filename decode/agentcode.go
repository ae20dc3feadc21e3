package decode

import (
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// A codeReader reads the requests that a program's text makes, without running it: literals, names that are given literals, lists
// that loops go through, and what functions of the text are called with.
type codeReader struct {
	*budget
	text   string
	values map[string][]string // texts that a name may be
	source map[string]string   // the expression that a name was given, of those that are no text
	lists  map[string][]string // objects that a name may be
	base   string              // the address that a client puts before paths
	found  []webRequest
}

// Bounds of what is looked at.
const (
	maxCodeNames = 256
	maxCodeCalls = 64
	maxArguments = 4096 // bytes of a call's

	readingCosts = 16 // bytes of the budget for a byte of code: as many texts could be made in the time that reading it takes
)

var (
	codeSets    = regexp.MustCompile(`(?m)(?:^|[;{(,]|\b(?:const|let|var|my|our)\s)\s*[$@]?([A-Za-z_]\w*)\s*(?::\s*[\w\[\], ]+)?(?:=|:=)\s*([^=\s])`)
	codeLoops   = regexp.MustCompile(`\bfor\s*(?:each)?\s*\(?\s*(?:const |let |var |my |_\s*,\s*)?[(\[]?\$?([A-Za-z_]\w*)\s*(?:,\s*(\w+)\s*)?[)\]]?\s*(?:in|of|:?=\s*range)\s+((?:enumerate\()?)([^\n]{0,200})|\bforeach\s*\(\s*(\$?\w+|\[[^\]]*\])\s+as\s+\$(\w+)\)|([\w\]]+)\.(?:each|forEach|map)\s*(?:\{\s*\||\(\s*(?:async\s*)?(?:function\s*)?\(?)\s*(\w+)`)
	codeDefines = regexp.MustCompile(`\b(?:def|function|func|sub|fn)\s+([A-Za-z_]\w*)\s*\(([^)]{0,200})\)|\b(?:const|let|var)\s+([A-Za-z_]\w*)\s*=\s*(?:async\s*)?\(([^)]{0,200})\)\s*=>`)
	codeCalls   = regexp.MustCompile(`(?:[\w\])]\s*\.\s*|::|->)(get|post|put|patch|delete|head|options|request|Get|Post|PostForm|Head|NewRequest|get_response|post_form|urlopen|Request|open|goto|getForEntity|send)\s*\(|\b(fetch|urlopen|Request|NewRequest|axios|got|curl_init|curl_setopt|file_get_contents|HTTP\.get|URI|Get|Post)\s*\(`)
	codeBase    = regexp.MustCompile(`\b(?:base_url|baseURL|base_uri|baseUrl|prefixUrl)["']?\s*[=:]\s*`)
	codeConnect = regexp.MustCompile(`(?i)\b(?:connect|create_connection|remote|open_connection|TCPSocket\.(?:new|open)|createConnection|Dial)\s*\(\(?\s*(?:["']tcp["']\s*,\s*)?(?:\{\s*host\s*:\s*)?([^,()]{1,100}),?\s*(?:port\s*:\s*)?(\w+)?`)
	rawRequest  = regexp.MustCompile(`(?:^|[\s"'])(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) (\S[^\r\n]*?) HTTP/[12](?:\.[01])?(?:\r|\n|\\r|\\n|$)`)
	rawHost     = regexp.MustCompile(`(?i)(?:\n|\\n)host:\s*([\w.-]+(?::\d+)?)`)
	codeProduct = regexp.MustCompile(`^(?:\w+\.)?(?:product|zip)\(`)
	codeOpens   = regexp.MustCompile(`(?:^|[^\w.])open\(`)
	codeLike    = regexp.MustCompile(`(?m)\A\s*(?:import|from|const|let|var|async|await|def|class|function|package|use|require|try|with|return|my|new|\(|<\?php|#!|#|//|"""|'''|[A-Za-z_]\w*\s+=\s|for \w+ in [^;\n]*:|[A-Za-z_][\w.]*\()`)
)

var (
	// codeRemarks are lines of remarks, and texts that stand for themselves: what a program says of itself.
	codeRemarks = regexp.MustCompile(`(?m)^[ \t]*(?:#|//|\*|--)[^\n]*$|(?s:^[ \t]*(?:"""(?:.*?)"""|'''(?:.*?)'''|/\*.*?\*/))`)

	// codeMocks are ways by which tests answer their own requests.
	codeMocks = regexp.MustCompile(`responses\.(?:add|activate)|requests_mock\.|httpretty\.(?:enable|activate)|respx\.mock|mock\.patch|\bpatch\(["'](?:requests|httpx|urllib)|monkeypatch\.setattr\((?:requests|httpx)|MockTransport|TestClient\(|test_client\(|\bnock\(|setupServer\(|httptest\.New|stub_request|WebMock|jest\.mock|vi\.mock`)
)

// codeRequests are the requests that a program's text makes.
func codeRequests(text string, b *budget) []webRequest {
	text = text[:min(len(text), maxRequestText)]
	if !strings.Contains(text, "://") && !strings.Contains(text, " HTTP/1") || !b.spend(readingCosts*len(text)) {
		return nil
	}
	text = codeRemarks.ReplaceAllString(text, "")
	if codeMocks.MatchString(text) {
		return nil
	}
	c := codeReader{budget: b, text: text, values: map[string][]string{}, source: map[string]string{}, lists: map[string][]string{}}
	c.names()
	c.loops()
	c.functions()
	for _, x := range codeBase.FindAllStringIndex(text, 4) {
		for _, v := range c.texts(argument(text[x[1]:])) {
			if strings.Contains(v, "://") {
				c.base = strings.TrimSuffix(v, "/")
			}
		}
	}
	for _, x := range codeCalls.FindAllStringSubmatchIndex(text, maxCodeCalls) {
		name := text[max(x[2], x[4]):max(x[3], x[5])]
		c.call(name, text[x[1]:])
	}
	c.raw()
	return c.found
}

// names notes what names are given.
func (c *codeReader) names() {
	for _, x := range codeSets.FindAllStringSubmatchIndex(c.text, maxCodeNames) {
		name, rest := c.text[x[2]:x[3]], c.text[x[4]:]
		if _, has := c.source[name]; has {
			continue
		}
		c.source[name] = argument(rest)
		if all := c.texts(c.source[name]); len(all) > 0 {
			c.values[name] = all
		}
	}
}

// loops notes what loops go through, by the name that stands for one of them.
func (c *codeReader) loops() {
	for _, x := range codeLoops.FindAllStringSubmatchIndex(c.text, maxCodeNames) {
		get := func(i int) string {
			if x[2*i] < 0 {
				return ""
			}
			return c.text[x[2*i]:x[2*i+1]]
		}
		name, second, over := get(1), get(2), ""
		switch {
		case name != "":
			over = argument(c.text[x[8]:])
			if get(3) != "" { // the first is a number
				name = ""
			}
		case get(5) != "":
			name, over = get(6), get(5)
		default:
			name, over = get(8), get(7)
			if strings.HasSuffix(over, "]") { // a list that stands there
				if open := strings.LastIndexByte(c.text[:x[14]], '['); open >= 0 {
					over = c.text[open:x[15]]
				}
			}
		}
		for _, end := range []string{".items()", ".values()", ".entries()"} {
			over = strings.TrimSuffix(strings.TrimSpace(over), end)
		}
		if x := codeProduct.FindStringIndex(over); x != nil { // each name has its own list
			for i, a := range arguments(over[x[1]:]) {
				if n := []string{name, second}; i < 2 && n[i] != "" {
					if all := c.items(a); len(all) > 0 {
						c.values[n[i]] = all
					}
				}
			}
			continue
		}
		all := c.items(over)
		for _, n := range []string{name, second} {
			if n != "" && len(all) > 0 {
				c.values[n] = all
			}
		}
		if list := c.resolved(over); strings.HasPrefix(list, "[") && strings.Contains(list, "{") { // a list of objects
			c.lists[name] = arguments(list[1:])
			if all := c.bodies(name); len(all) > 0 {
				c.values[name] = all
			}
		}
	}
}

// functions notes what functions of the text are called with, by their parameters.
func (c *codeReader) functions() {
	for _, x := range codeDefines.FindAllStringSubmatch(c.text, 32) {
		name, list := x[1]+x[3], x[2]+x[4]
		var params []string
		for p := range strings.SplitSeq(list, ",") {
			p, _, _ = strings.Cut(strings.TrimSpace(p), "=")
			p, _, _ = strings.Cut(strings.TrimLeft(p, "$*&"), ":")
			p, _, _ = strings.Cut(p, " ")
			params = append(params, p)
		}
		rest := c.text
		for range 32 {
			i := strings.Index(rest, name+"(")
			if i < 0 {
				break
			}
			before := strings.TrimRight(rest[:i], " ")
			other := i > 0 && (rest[i-1] == '.' || isVariable("a"+rest[i-1:i])) // the end of another name
			rest = rest[i+len(name)+1:]
			if other || strings.HasSuffix(before, "def") || strings.HasSuffix(before, "function") || strings.HasSuffix(before, "func") {
				continue
			}
			for k, a := range arguments(rest) {
				if k < len(params) && isVariable(params[k]) {
					for _, v := range c.texts(a) {
						if !slices.Contains(c.values[params[k]], v) && len(c.values[params[k]]) < maxVariants {
							c.values[params[k]] = append(c.values[params[k]], v)
						}
					}
				}
			}
		}
	}
}

// items are the texts of a list: one that stands there, or one that a name was given.
func (c *codeReader) items(expr string) []string {
	expr = strings.TrimSpace(expr)
	if isVariable(strings.TrimLeft(expr, "$@")) {
		name := strings.TrimLeft(expr, "$@")
		if s, ok := c.source[name]; ok && s != expr {
			expr = s
		} else {
			return c.values[name]
		}
	}
	if expr == "" || strings.HasPrefix(expr, "range") || !strings.ContainsAny(expr[:1], "[({%") && !strings.HasPrefix(expr, "[]") && !strings.HasPrefix(expr, "array") && !strings.HasPrefix(expr, "enumerate") && !strings.HasPrefix(expr, "qw") {
		return nil
	}
	if strings.HasPrefix(expr, "%w") || strings.HasPrefix(expr, "qw") {
		words := strings.Fields(strings.Trim(expr[2:], "[](){}"))
		return words[:min(len(words), maxVariants)]
	}
	if codeOpens.MatchString(expr) {
		return nil // lines of a file
	}
	var out []string
	depth := 0
	for i := 0; i < len(expr) && len(out) < maxVariants; i++ {
		switch expr[i] {
		case '"', '\'', '`':
			s, n := literal(expr[i:])
			out = append(out, s)
			i += n - 1
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			if depth--; depth == 0 && len(out) > 0 {
				return out
			}
		}
	}
	return out
}

// texts are what an expression may be: literals and names of texts, one behind the other. What is not known of it is left as {name}.
// Without a literal or a known name there is none.
func (c *codeReader) texts(expr string) []string {
	expr = strings.TrimSpace(expr)
	if !c.spend(len(expr)) {
		return nil
	}
	out, known := []string{""}, false
	for i := 0; i < len(expr); {
		switch b := expr[i]; {
		case b == '"' || b == '\'' || b == '`':
			formatted := b == '`' || i > 0 && (expr[i-1] == 'f' || expr[i-1] == 'F') || i > 1 && (expr[i-2] == 'f' || expr[i-2] == 'F')
			s, n := literal(expr[i:])
			i += n
			if known = true; !formatted && (!strings.Contains(s, "#{") && !strings.Contains(s, "$") && !strings.Contains(s, "{$")) {
				out = c.times(out, s, []string{""})
				break
			}
			out = c.filled(out, s)
		case b == '[' || b == '{':
			return nil // a list or an object
		case isVariable(expr[i:i+1]) || b == '$':
			n := 1
			for i+n < len(expr) && (isVariable(expr[i:i+1]+expr[i+n:i+n+1]) || b == '$' && isVariable("a"+expr[i+n:i+n+1])) {
				n++
			}
			name := strings.TrimPrefix(expr[i:i+n], "$")
			i += n
			if i < len(expr) && (expr[i] == '"' || expr[i] == '\'') && n <= 2 {
				break // a prefix of a literal
			}
			switch values := c.values[name]; {
			case i < len(expr) && (expr[i] == '(' || expr[i] == '.' && i+1 < len(expr) && isVariable(expr[i+1:i+2]) && len(values) == 0):
				// a function of what stands in it
			case len(values) > 0:
				known = true
				out = c.times(out, "", values)
			case name != "" && name != "str" && name != "String":
				out = c.times(out, "{"+name+"}", []string{""})
			}
		default:
			i++
		}
	}
	if !known {
		return nil
	}
	return out
}

// filled puts values into the places of a formatted text.
func (c *codeReader) filled(out []string, s string) []string {
	for s != "" {
		i := strings.IndexAny(s, "{$#")
		if i < 0 {
			break
		}
		if s[i:] == "{{" || strings.HasPrefix(s[i:], "{{") {
			out = c.times(out, s[:i]+"{", []string{""})
			s = s[i+2:]
			continue
		}
		start, end := i, -1
		if rest := strings.TrimLeft(s[i:], "$#"); strings.HasPrefix(rest, "{") {
			if e := strings.IndexByte(rest, '}'); e > 0 {
				start, end = len(s)-len(rest)+1, len(s)-len(rest)+e
			}
		}
		if end < 0 {
			out = c.times(out, s[:i+1], []string{""})
			s = s[i+1:]
			continue
		}
		name := strings.TrimLeft(strings.TrimSpace(s[start:end]), "$")
		values := c.values[name]
		if len(values) == 0 {
			if values = c.texts(name); len(values) == 0 {
				values = []string{"{" + name + "}"}
			}
		}
		out = c.times(out, s[:i], values)
		s = s[end+1:]
	}
	return c.times(out, s, []string{""})
}

// literal is the text of a literal that begins an expression, and how long it is with its quotes.
func literal(s string) (string, int) {
	q := s[:1]
	if len(s) >= 3 && s[1] == s[0] && s[2] == s[0] && q != "`" {
		q = s[:3]
	}
	if len(q) == 1 && len(s) >= 2 && s[1] == s[0] {
		return "", 2
	}
	var b strings.Builder
	for i := len(q); i < len(s); i++ {
		if strings.HasPrefix(s[i:], q) {
			return b.String(), i + len(q)
		}
		if s[i] == '\\' && i+1 < len(s) {
			switch i++; s[i] {
			case 'n':
				b.WriteByte('\n')
			case 'r':
				b.WriteByte('\r')
			case 't':
				b.WriteByte('\t')
			case '\'', '"', '\\', '`':
				b.WriteByte(s[i])
			default:
				b.WriteByte('\\')
				b.WriteByte(s[i])
			}
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String(), len(s)
}

// argument is the expression that begins a text, up to the comma, line or bracket that ends it.
func argument(text string) string {
	text = text[:min(len(text), maxArguments)]
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"', '\'', '`':
			_, n := literal(text[i:])
			i += n - 1
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			if depth--; depth < 0 {
				return text[:i]
			}
		case ',', ';':
			if depth == 0 {
				return text[:i]
			}
		case '\n', ':':
			if depth == 0 && strings.TrimSpace(text[:i]) != "" && !(text[i] == ':' && i+2 < len(text) && text[i+1:i+3] == "//") {
				return text[:i]
			}
		}
	}
	return text
}

// arguments are the expressions of a call whose bracket was opened before a text.
func arguments(text string) (out []string) {
	text = text[:min(len(text), maxArguments)]
	depth, start := 0, 0
	for i := 0; i < len(text) && len(out) < 16; i++ {
		switch text[i] {
		case '"', '\'', '`':
			_, n := literal(text[i:])
			i += n - 1
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			if depth--; depth < 0 {
				return append(out, text[start:i])
			}
		case ',':
			if depth == 0 {
				out = append(out, text[start:i])
				start = i + 1
			}
		}
	}
	return append(out, text[start:])
}

// call notes the requests of a call, if it makes any.
func (c *codeReader) call(name, text string) {
	args := arguments(text)
	if name == "curl_setopt" && len(args) > 2 { // PHP: an option at a time
		switch strings.TrimSpace(args[1]) {
		case "CURLOPT_URL":
			name, args = "curl_init", args[2:]
		case "CURLOPT_POSTFIELDS":
			if bodies, n := c.bodies(args[2]), len(c.found); n > 0 && len(bodies) > 0 {
				c.found[n-1].body = bodies[0]
			}
			return
		default:
			return
		}
	}
	method := strings.ToUpper(name)
	switch method {
	case "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS":
	case "POSTFORM", "POST_FORM":
		method = "POST"
	default:
		method = ""
	}
	if len(args) > 1 && (name == "request" || name == "NewRequest" || name == "Request") {
		if m := c.texts(args[0]); len(m) == 1 && !strings.Contains(m[0], "/") {
			method = strings.ToUpper(m[0])
			args = args[1:]
		}
	}
	first := args[0]
	if _, v, ok := keyword(first); ok {
		first = v
	}
	if inner := strings.TrimSpace(first); strings.HasPrefix(inner, "{") { // axios({url: …})
		for k, v := range pairs(inner) {
			if k == "url" {
				first = v
			}
		}
		args = append(args, inner)
	}
	addresses := c.texts(first)
	var body, header string
	var bodies, queries []string
	for i, a := range args[1:] {
		key, v, ok := keyword(a)
		if !ok {
			switch v = strings.TrimSpace(a); {
			case strings.HasPrefix(c.resolved(v), "{") && isOptions(c.resolved(v)):
				for k, o := range pairs(c.resolved(v)) {
					switch strings.ToLower(k) {
					case "method":
						if m := c.texts(o); len(m) == 1 {
							method = strings.ToUpper(m[0])
						}
					case "body", "data", "json", "form":
						bodies = append(bodies, c.bodies(o)...)
					case "params", "query":
						queries = append(queries, c.forms(o)...)
					case "headers":
						header += c.headers(o)
					}
				}
			case i == 0 || method == "POST" || name == "NewRequest": // fetch and axios give it so, Go's form behind the type
				bodies = append(bodies, c.bodies(v)...)
			}
			continue
		}
		switch key {
		case "data", "json", "content", "body", "form":
			bodies = append(bodies, c.bodies(v)...)
		case "params", "query":
			queries = append(queries, c.forms(v)...)
		case "headers":
			header += c.headers(v)
		case "cookies":
			for _, f := range c.forms(v) {
				header += "Cookie: " + f + "\n"
			}
		case "method":
			if m := c.texts(v); len(m) == 1 {
				method = strings.ToUpper(m[0])
			}
		}
	}
	if len(bodies) == 0 {
		bodies = []string{body}
	}
	if len(queries) == 0 {
		queries = []string{""}
	}
	for i, u := range addresses {
		if strings.HasPrefix(u, "/") && c.base != "" {
			u = c.base + u
		}
		if !strings.HasPrefix(u, "http://") && !strings.HasPrefix(u, "https://") {
			continue
		}
		for k, q := range along(queries, i, len(addresses)) {
			at := u
			if q != "" {
				at += "?" + q
			}
			for _, b := range along(bodies, max(i, k), max(len(addresses), len(queries))) {
				if len(c.found) < maxRequests {
					c.found = append(c.found, webRequest{method: method, url: at, body: b, header: header, text: c.text})
				}
			}
		}
	}
}

// keyword splits NAME=EXPRESSION.
func keyword(a string) (name, value string, ok bool) {
	a = strings.TrimSpace(a)
	name, value, ok = strings.Cut(a, "=")
	if name = strings.TrimSpace(name); !ok || !isVariable(name) || strings.HasPrefix(value, "=") || strings.HasPrefix(value, ">") {
		return "", a, false
	}
	return name, strings.TrimSpace(value), true
}

// resolved is what a name was given, where an expression is one of an object.
func (c *codeReader) resolved(expr string) string {
	expr = strings.TrimSpace(expr)
	if s, ok := c.source[strings.TrimLeft(expr, "$")]; ok {
		return strings.TrimSpace(s)
	}
	return expr
}

// isOptions says that an object is how a request is made and not what it carries.
func isOptions(expr string) bool {
	for k := range pairs(expr) {
		switch k {
		case "method", "headers", "params", "body", "cache", "credentials", "mode", "timeout", "validateStatus", "maxRedirects":
			return true
		}
	}
	return false
}

// pairs are the members of an object or map as code writes it.
func pairs(expr string) map[string]string {
	out := map[string]string{}
	expr = strings.TrimSpace(expr)
	if i := strings.IndexByte(expr, '{'); i >= 0 && i < 40 {
		expr = expr[i+1:]
	} else {
		return out
	}
	for _, m := range arguments(expr) {
		m = strings.TrimSpace(m)
		key, value := "", ""
		if m != "" && (m[0] == '"' || m[0] == '\'') {
			k, n := literal(m)
			key, value = k, strings.TrimLeft(m[n:], " :=>")
		} else if k, v, ok := strings.Cut(m, ":"); ok {
			key, value = strings.Trim(strings.TrimSpace(k), "[]"), v
		} else {
			key, value = m, m // {name}
		}
		if value = strings.TrimSpace(value); key != "" && len(key) <= 100 && len(out) < 32 {
			out[key] = value
		}
	}
	return out
}

// bodies are what a body may be.
func (c *codeReader) bodies(expr string) (out []string) {
	for _, o := range c.lists[strings.TrimSpace(expr)] {
		if o = strings.TrimSpace(o); strings.HasPrefix(o, "{") && len(out) < maxVariants {
			out = append(out, c.objects(o)...)
		}
	}
	if len(out) > 0 {
		return out
	}
	expr = c.resolved(strings.TrimSpace(expr))
	for _, f := range []string{"JSON.stringify(", "json.dumps(", "new URLSearchParams(", "URLSearchParams(", "urllib.parse.urlencode(", "urlencode(", "http_build_query(", "strings.NewReader(", "bytes.NewBufferString("} {
		if rest, ok := strings.CutPrefix(expr, f); ok {
			expr = c.resolved(argument(rest))
			break
		}
	}
	if i := strings.IndexByte(expr, '{'); i >= 0 && i < 40 && (i == 0 || isVariable(strings.NewReplacer(".", "", "[", "", "]", "").Replace(expr[:i]))) {
		return c.objects(expr)
	}
	return c.texts(expr)
}

// objects are what an object may be, as JSON of texts.
func (c *codeReader) objects(expr string) []string {
	if !c.spend(len(expr)) {
		return nil
	}
	all := pairs(expr)
	keys := make([]string, 0, len(all))
	for k := range all {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	out := []string{""}
	for _, k := range keys {
		name, _ := json.Marshal(k)
		var values []string
		for _, v := range c.member(all[k]) {
			if !strings.HasPrefix(v, "{\"") {
				quoted, _ := json.Marshal(v)
				v = string(quoted)
			}
			values = append(values, v)
		}
		comma := ","
		if out[0] == "" {
			comma = ""
		}
		out = c.beside(out, comma+string(name)+":", values)
	}
	for i := range out {
		out[i] = "{" + out[i] + "}"
	}
	return out
}

// beside is times for the members of one object: as many values as texts stand for the same loop.
func (c *codeReader) beside(all []string, text string, values []string) []string {
	if len(values) != len(all) || len(all) < 2 {
		return c.times(all, text, values)
	}
	out := make([]string, len(all))
	for i := range all {
		out[i] = c.times(all[i:i+1], text, values[i:i+1])[0]
	}
	return out
}

// member are what the value of a member may be; one that is not known is told by its name.
func (c *codeReader) member(expr string) []string {
	expr = strings.TrimSpace(expr)
	if strings.HasPrefix(expr, "{") && len(expr) > 2 {
		if !strings.Contains(expr, ":") { // a list of Go's
			return c.member(strings.TrimSuffix(expr[1:], "}"))
		}
		return c.objects(expr)
	}
	if all := c.texts(expr); len(all) > 0 {
		return all
	}
	if list := c.items(expr); len(list) > 0 {
		return list[:1]
	}
	if isVariable(expr) { // a name that a loop or a function gives a value
		return []string{"{" + expr + "}"}
	}
	return []string{strings.Trim(expr[:min(len(expr), 100)], `"'`)}
}

// forms are what an object may be as a query or form.
func (c *codeReader) forms(expr string) []string {
	expr = c.resolved(expr)
	if !strings.HasPrefix(expr, "{") {
		return c.texts(expr)
	}
	all := pairs(expr)
	keys := make([]string, 0, len(all))
	for k := range all {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	out := []string{""}
	for _, k := range keys {
		var values []string
		for _, v := range c.member(all[k]) {
			values = append(values, url.QueryEscape(v))
		}
		and := "&"
		if out[0] == "" {
			and = ""
		}
		out = c.beside(out, and+url.QueryEscape(k)+"=", values)
	}
	return out
}

// headers are the lines of an object of headers.
func (c *codeReader) headers(expr string) string {
	var b strings.Builder
	all := pairs(c.resolved(expr))
	keys := make([]string, 0, len(all))
	for k := range all {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		for _, v := range c.member(all[k]) {
			b.WriteString(k + ": " + v + "\n")
		}
	}
	return b.String()
}

// raw notes requests that are written out and sent through a connection.
func (c *codeReader) raw() {
	if !strings.Contains(c.text, " HTTP/1") {
		return
	}
	host := ""
	if x := codeConnect.FindStringSubmatch(c.text); x != nil {
		one := func(expr string) string {
			if v := c.texts(expr); len(v) > 0 {
				return v[0]
			}
			return strings.TrimSpace(expr)
		}
		if host = one(x[1]); x[2] != "" {
			if port := one(x[2]); strings.Trim(port, "0123456789") == "" {
				host += ":" + port
			}
		}
	}
	for i := 0; i < len(c.text); i++ {
		if b := c.text[i]; b == '"' || b == '\'' || b == '`' {
			s, n := literal(c.text[i:])
			if strings.Contains(s, " HTTP/1") {
				for _, v := range c.filled([]string{""}, s) {
					c.found = append(c.found, rawRequests(v, host, "http")...)
				}
			}
			i += n - 1
		}
	}
	c.found = c.found[:min(len(c.found), maxRequests)]
}

// rawRequests are requests that are written out; host is where they go if they do not say so.
func rawRequests(text, host, scheme string) (out []webRequest) {
	for _, x := range rawRequest.FindAllStringSubmatchIndex(text, maxRequests) {
		method, uri, rest := text[x[2]:x[3]], text[x[4]:x[5]], text[x[1]:]
		to := host
		if h := rawHost.FindStringSubmatch("\n" + rest); h != nil && to == "" {
			to = h[1]
		}
		if to == "" || strings.ContainsAny(to, " {}$") {
			continue
		}
		if !strings.HasPrefix(uri, "http") {
			uri = scheme + "://" + to + "/" + strings.TrimPrefix(uri, "/")
		}
		head, body, _ := strings.Cut(strings.ReplaceAll(rest, "\r", ""), "\n\n")
		if head = strings.TrimSpace(head); head != "" {
			head += "\n"
		}
		out = append(out, webRequest{method: method, url: uri, body: strings.TrimSpace(body), header: head, text: text})
	}
	return out
}
