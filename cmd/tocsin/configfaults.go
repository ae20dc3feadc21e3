package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/decode"
	"github.com/tocsin-ids/tocsin/tell"
)

// Bounds of a configuration.
const (
	mostConfig  = 1 << 20 // bytes
	mostWorkers = 1024
)

// readConfig reads a configuration; what is wrong with it is told with file and line.
func readConfig(file string) (*Config, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("--config: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, mostConfig+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("--config: %w", err)
	case len(data) > mostConfig:
		return nil, fmt.Errorf("--config %s: longer than %d bytes", file, mostConfig)
	}
	return parseConfig(file, data)
}

func parseConfig(file string, data []byte) (*Config, error) {
	doc, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil, yamlFault(file, nil, err)
	}
	c := &Config{file: file, doc: doc}
	var all []*ast.DocumentNode
	for _, d := range doc.Docs {
		if d.Body != nil && d.Body.Type() != ast.NullType && d.Body.Type() != ast.CommentType {
			all = append(all, d)
		}
	}
	c.empty = len(all) == 0
	if len(all) > 1 {
		return nil, fmt.Errorf("--config %s:%d: a second document begins; only the first would be read: take the --- away", file, all[1].Body.GetToken().Position.Line)
	}
	if len(all) == 1 {
		if err := yaml.NodeToValue(all[0].Body, c, yaml.Strict()); err != nil && !errors.Is(err, io.EOF) {
			return nil, yamlFault(file, all[0].Body, err)
		}
	}
	if faults := c.faults(); len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return c, nil
}

// A misplaced is an error with where it is in a document.
type misplaced struct {
	error
	token *token.Token
}

func (m misplaced) Unwrap() error { return m.error }

// at says where an error is; nil stays nil.
func at(n ast.Node, err error) error {
	if err == nil {
		return nil
	}
	return misplaced{err, n.GetToken()}
}

// scalar is the text of a node that has no others below it, else how it begins.
func scalar(n ast.Node) string {
	if s, ok := n.(ast.ScalarNode); ok {
		return fmt.Sprint(s.GetValue())
	}
	return n.String()
}

// yamlFault is what is wrong with the form of a document, in words of its author, with the line and what to do.
func yamlFault(file string, root ast.Node, err error) error {
	var tok *token.Token
	text := err.Error()
	var known yaml.Error
	var ours misplaced
	switch {
	case errors.As(err, &ours):
		tok, text = ours.token, ours.Error()
	case errors.As(err, &known):
		tok, text = known.GetToken(), known.GetMessage()
	}
	if tok == nil || tok.Position == nil {
		return fmt.Errorf("--config %s: %s", file, text)
	}
	path := pathOf(root, tok)
	var unknown *yaml.UnknownFieldError
	var kind *yaml.TypeError
	var shape *yaml.UnexpectedNodeTypeError
	switch {
	case errors.As(err, &unknown):
		text = fmt.Sprintf("%q is no key here; %s", tok.Value, meant(tok.Value, keysAt(above(path)), "keys"))
		path = above(path)
	case errors.As(err, &kind):
		text = "want " + wantedType(kind.DstType)
	case errors.As(err, &shape):
		text = "want " + wantedShape(shape.Expected)
	}
	where := ""
	if path != "" && path != "$" {
		where = strings.TrimPrefix(path, "$.") + ": "
	}
	return fmt.Errorf("--config %s:%d: %s%s", file, tok.Position.Line, where, text)
}

// wantedType says in words what a type takes.
func wantedType(t reflect.Type) string {
	if t != nil {
		switch t.Kind() {
		case reflect.Bool:
			return "true or false"
		case reflect.Int, reflect.Int64:
			return "a whole number"
		case reflect.String:
			return "one text, not a list or keys"
		case reflect.Slice:
			return wantedShape(ast.SequenceType)
		case reflect.Struct, reflect.Map:
			return wantedShape(ast.MappingType)
		}
	}
	return "something else"
}

func wantedShape(n ast.NodeType) string {
	switch n {
	case ast.SequenceType:
		return "a list: [A, B], or lines that begin with \"- \""
	case ast.MappingType:
		return "keys with values: KEY: VALUE"
	}
	return "one value"
}

// pathOf is the path of what a token begins, "" where that is not known.
func pathOf(root ast.Node, tok *token.Token) string {
	if root == nil {
		return ""
	}
	path := ""
	ast.Walk(visit(func(n ast.Node) {
		if t := n.GetToken(); path == "" && t != nil && t.Position.Offset == tok.Position.Offset && t.Value == tok.Value {
			path = n.GetPath()
		}
	}), root)
	return path
}

type visit func(ast.Node)

// Visit goes on to what is below.
func (v visit) Visit(n ast.Node) ast.Visitor { v(n); return v }

// keysAt are the keys that there are at a path.
func keysAt(path string) (keys []string) {
	t := reflect.TypeFor[Config]()
	for step := range strings.SplitSeq(strings.TrimPrefix(strings.TrimPrefix(path, "$"), "."), ".") {
		name, _, _ := strings.Cut(step, "[")
		if name == "" {
			continue
		}
		i := 0
		for ; i < t.NumField() && t.Field(i).Tag.Get("yaml") != name; i++ {
		}
		if i == t.NumField() {
			return nil
		}
		for t = t.Field(i).Type; t.Kind() == reflect.Slice || t.Kind() == reflect.Pointer; {
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct {
			return nil
		}
	}
	for i := range t.NumField() {
		if key := t.Field(i).Tag.Get("yaml"); key != "" {
			keys = append(keys, key)
		}
	}
	return keys
}

// place is where something stands: the file and line, or the flag that said it.
func (c *Config) place(path string) string {
	for at := path; at != "" && at != "$"; at = above(at) {
		if flag, ok := c.flags[at]; ok {
			return flag
		}
	}
	place := "--config " + c.file
	if line := c.line(path); line > 0 {
		place += ":" + strconv.Itoa(line)
	}
	return place + ": " + strings.TrimPrefix(path, "$.")
}

// above is the path of what something stands in.
func above(path string) string {
	return path[:max(0, strings.LastIndexByte(path, '.'), strings.LastIndexByte(path, '['))]
}

// A sayer notes what is wrong at a path.
type sayer func(path, format string, args ...any)

// saying gives a sayer, and what it noted.
func (c *Config) saying() (sayer, *[]error) {
	var all []error
	return func(path, format string, args ...any) {
		all = append(all, fmt.Errorf("%s: %s", c.place(path), fmt.Sprintf(format, args...)))
	}, &all
}

func (say sayer) oneOf(path, value string, known ...string) {
	if value != "" && !slices.Contains(known, value) {
		say(path, "%q is not one of %s", value, strings.Join(known, ", "))
	}
}

func (say sayer) since(path, value string) { say.oneOf(path, value, "start", "now") }

// name holds that a name can stand in the paths of what is read.
func (say sayer) name(path, name string) {
	if strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") != "" {
		say(path, "%q: want letters, digits and . _ -", name)
	}
}

func (say sayer) format(path, name string) {
	if name == "" {
		return
	}
	if _, ok := decode.ByName(name); !ok {
		say(path, "%q is no format; %s", name, meant(name, decode.Names(), "formats"))
	}
}

func (say sayer) level(path, text string) {
	if text == "" {
		return
	}
	if _, err := tocsin.ParseLevel(text); err != nil {
		say(path, "%q is no level: informational, low, medium, high or critical", text)
	}
}

// faults say what is wrong with a configuration that can be read, each with its place. Files that it names are not looked at;
// see missing.
func (c *Config) faults() []error {
	say, all := c.saying()
	say.oneOf("$.lang", c.Lang, "en", "fr")
	if c.Zone != "" {
		if _, err := parseZone(c.Zone); err != nil {
			say("$.zone", "no such time zone: write UTC, Local, a name such as Europe/Paris, or +02:00")
		}
	}
	if d := time.Duration(c.CommitEach); d > 5*time.Second || d != 0 && d < 10*time.Millisecond {
		say("$.commit", "want 10ms to 5s")
	}
	if c.Workers < 0 || c.Workers > mostWorkers || strings.ContainsAny(c.written("$.workers"), ".eE") {
		say("$.workers", "want a whole number from 0 to %d", mostWorkers)
	}
	if c.Listen != "" {
		c.listener(say, "$.listen", c.Listen, c.TLS, true)
	}
	if c.TLS != nil && c.TLS.ClientCA != "" {
		say("$.tls.client-ca", "the console asks for a login, not for a certificate: take it away")
	}
	for i, h := range c.Hosts {
		if h == "" || strings.ContainsAny(h, "/:@ \t") {
			say(fmt.Sprintf("$.hosts[%d]", i), "%q: want a name such as tocsin.corp.example, without scheme and port", h)
		}
	}
	if err := (&tell.Policy{Base: strings.TrimSuffix(c.PublicURL, "/")}).Check(); err != nil {
		say("$.public-url", "%q: want https://HOST[:PORT][/PATH]", c.PublicURL)
	}
	for i, s := range c.Rules.Status {
		say.oneOf(fmt.Sprintf("$.rules.status[%d]", i), s, statuses...)
	}
	of := map[string]int{}
	for i, g := range c.Tenants.Joined {
		for _, t := range g {
			if j, ok := of[t]; ok && j != i {
				say(fmt.Sprintf("$.tenants.joined[%d]", i), "%q is of another group too: what is joined to both would be one group", t)
			}
			of[t] = i
		}
	}
	c.sourceFaults(say)
	c.alertFaults(say)
	return *all
}

func (c *Config) sourceFaults(say sayer) {
	say.since("$.sources.since", c.Sources.Since)
	for i, f := range c.Sources.Files {
		at := fmt.Sprintf("$.sources.files[%d]", i)
		if f.Glob == "" {
			say(at, "names no glob: which files are to be followed?")
		} else if _, err := filepath.Match(f.Glob, ""); err != nil {
			say(at+".glob", "%q is no pattern: a [ is not closed", f.Glob)
		}
		say.since(at+".since", f.Since)
		say.format(at+".format", f.Format)
	}
	named := map[string]string{} // what is read, by what its place is kept under
	once := func(at, what, hint string, key ...string) {
		id := strings.Join(key, "\x00")
		if was, ok := named[id]; ok {
			say(at, "%s is of %s too, and their records could not be told apart: %s", what, was, hint)
			return
		}
		named[id] = strings.TrimPrefix(at, "$.")
	}
	for i, j := range c.Sources.Journal {
		at := fmt.Sprintf("$.sources.journal[%d]", i)
		if j.Dir != "" && j.File != "" {
			say(at, "has both dir and file; give one of them")
		}
		once(at, "this journal", "take one of them away", "journal", j.Dir, j.File, j.Tenant)
		say.since(at+".since", j.Since)
	}
	taken := map[string]string{}
	twice := func(path, network, addr string) {
		key := network + " " + addr
		switch was, ok := taken[key]; {
		case strings.HasSuffix(addr, ":0"):
		case ok:
			say(path, "%s is taken by %s", addr, was)
		default:
			taken[key] = strings.TrimPrefix(path, "$.")
		}
	}
	if c.Listen != "" {
		twice("$.listen", "tcp", c.Listen)
	}
	for i, s := range c.Sources.Syslog {
		if network, addr, ok := c.syslogFaults(say, fmt.Sprintf("$.sources.syslog[%d]", i), &s); ok {
			twice(fmt.Sprintf("$.sources.syslog[%d].listen", i), strings.Replace(network, "tls", "tcp", 1), addr)
		}
	}
	for i, h := range c.Sources.HTTP {
		at := fmt.Sprintf("$.sources.http[%d]", i)
		if c.listener(say, at+".listen", h.Listen, h.TLS, false) && len(h.Tokens) == 0 && (h.TLS == nil || h.TLS.ClientCA == "") {
			say(at, "is reachable from other machines: it needs tokens, or tls with client-ca")
		}
		twice(at+".listen", "tcp", h.Listen)
		for j, t := range h.Tokens {
			if t.File == "" {
				say(fmt.Sprintf("%s.tokens[%d]", at, j), "names no file that holds the token")
			}
		}
		if len(h.Tenants) > 0 && (h.TLS == nil || h.TLS.ClientCA == "") {
			say(at+".tenants", "are told by certificates of senders: it needs tls with client-ca")
		}
	}
	for i, k := range c.Sources.Kafka {
		at := fmt.Sprintf("$.sources.kafka[%d]", i)
		if len(k.Brokers) == 0 || len(k.Topics) == 0 {
			say(at, "wants brokers and topics")
		}
		for j, b := range k.Brokers {
			if _, _, err := net.SplitHostPort(b); err != nil {
				say(fmt.Sprintf("%s.brokers[%d]", at, j), "%q: want HOST:PORT", b)
			}
		}
		say.oneOf(at+".sasl", k.SASL, "plain", "scram-sha-256", "scram-sha-512")
		if (k.SASL != "") != (k.User != "" && k.PasswordFile != "") || (k.User != "") != (k.PasswordFile != "") {
			say(at, "a login wants sasl, user and password-file, all of them")
		}
		for _, topic := range slices.Compact(slices.Sorted(slices.Values(k.Topics))) {
			once(at, fmt.Sprintf("topic %q", topic), hintName, "kafka", k.Name, topic, k.Tenant)
		}
		say.name(at+".name", k.Name)
		pairOf(say, at+".tls", k.TLS)
		say.since(at+".since", k.Since)
		say.format(at+".format", k.Format)
	}
	for i, n := range c.Sources.NATS {
		at := fmt.Sprintf("$.sources.nats[%d]", i)
		if n.URL == "" || n.Stream == "" {
			say(at, "wants url and stream")
		}
		if n.Stream != "" {
			once(at, fmt.Sprintf("stream %q", n.Stream), hintName, "nats", n.Name, n.Stream, strings.Join(n.Subjects, ","), n.Tenant)
		}
		say.name(at+".name", n.Name)
		pairOf(say, at+".tls", n.TLS)
		say.since(at+".since", n.Since)
		say.format(at+".format", n.Format)
	}
}

const hintName = "give one of them a name, or take it away if it is the same"

// pairOf holds that a certificate of our own has its key.
func pairOf(say sayer, path string, t *ConfigTLS) {
	if t != nil && (t.Cert == "") != (t.Key == "") {
		say(path, "wants cert and key, or neither")
	}
}

// syslogFaults say what is wrong with a listener, and give where it listens if that can be told.
func (c *Config) syslogFaults(say sayer, at string, s *ConfigSyslog) (network, addr string, ok bool) {
	network, addr, ok = strings.Cut(s.Listen, "://")
	if !ok || !slices.Contains([]string{"udp", "tcp", "tls"}, network) || !hasPort(addr) {
		say(at+".listen", "%q: want udp://ADDR:PORT, tcp://ADDR:PORT or tls://ADDR:PORT", s.Listen)
		return "", "", false
	}
	switch {
	case network == "tls" && (s.TLS == nil || s.TLS.Cert == "" || s.TLS.Key == ""):
		say(at, "needs tls: {cert, key, client-ca}")
	case network != "tls" && s.TLS != nil:
		say(at+".tls", "%s:// is not encrypted: write tls://%s", network, addr)
	}
	certified := network == "tls" && s.TLS != nil && s.TLS.ClientCA != ""
	if !loopback(addr) && !certified && len(s.Trusted) == 0 {
		say(at+".listen", "is reachable from other machines: use tls:// with client-ca, or name under trusted the networks whose senders are believed")
	}
	if len(s.Tenants) > 0 && !certified {
		say(at+".tenants", "are told by certificates of senders: use tls:// with client-ca")
	}
	for i, n := range s.Trusted {
		if _, _, err := net.ParseCIDR(n); err != nil {
			say(fmt.Sprintf("%s.trusted[%d]", at, i), "%q is no network such as 10.0.0.0/8", n)
		}
	}
	return network, addr, true
}

// routeKeys are the keys of a route by the kinds that read them.
var routeKeys = []struct {
	key   string
	given func(*ConfigRoute) bool
	kinds []string
}{
	{"url", func(r *ConfigRoute) bool { return r.URL != "" }, []string{"webhook", "slack", "teams"}},
	{"url-file", func(r *ConfigRoute) bool { return r.URLFile != "" }, []string{"webhook", "slack", "teams"}},
	{"secret-file", func(r *ConfigRoute) bool { return r.SecretFile != "" }, []string{"webhook"}},
	{"ca", func(r *ConfigRoute) bool { return r.CA != "" }, []string{"webhook", "slack", "teams", "email", "syslog"}},
	{"server", func(r *ConfigRoute) bool { return r.Server != "" }, []string{"email", "syslog"}},
	{"plain", func(r *ConfigRoute) bool { return r.Plain }, []string{"webhook", "slack", "teams", "email"}},
	{"user", func(r *ConfigRoute) bool { return r.User != "" }, []string{"email"}},
	{"password-file", func(r *ConfigRoute) bool { return r.Password != "" }, []string{"email"}},
	{"from", func(r *ConfigRoute) bool { return r.From != "" }, []string{"email"}},
	{"to", func(r *ConfigRoute) bool { return len(r.To) > 0 }, []string{"email"}},
	{"command", func(r *ConfigRoute) bool { return len(r.Command) > 0 }, []string{"command"}},
}

func (c *Config) alertFaults(say sayer) {
	say.level("$.alerts.level", c.Alerts.Level)
	names := map[string]bool{}
	for i, r := range c.Alerts.Routes {
		at := fmt.Sprintf("$.alerts.routes[%d]", i)
		switch {
		case r.Name == "":
			say(at, "has no name: what was sent where is remembered by it")
		case names[r.Name]:
			say(at+".name", "%q is the name of another route too", r.Name)
		}
		names[r.Name] = true
		say.level(at+".level", r.Level)
		say.oneOf(at+".kind", r.Kind, "webhook", "slack", "teams", "email", "syslog", "command")
		switch r.Kind {
		case "webhook", "slack", "teams":
			if (r.URL == "") == (r.URLFile == "") {
				say(at, "wants url or url-file")
			}
		case "email":
			if r.Server == "" || r.From == "" || len(r.To) == 0 {
				say(at, "wants server, from and to")
			}
			if (r.User == "") != (r.Password == "") {
				say(at, "a login wants user and password-file")
			}
		case "syslog":
			if network, addr, ok := strings.Cut(r.Server, "://"); r.Server == "" || !hasPort(r.Server) && !ok || ok && (!hasPort(addr) || !slices.Contains([]string{"udp", "tcp", "tls"}, network)) {
				say(at, "wants server: udp://HOST:PORT, tcp://HOST:PORT or tls://HOST:PORT")
			}
		case "command":
			if len(r.Command) == 0 || !filepath.IsAbs(r.Command[0]) {
				say(at, "wants command: [PROGRAM, ARGUMENT…], the program with its whole path")
			}
		case "":
			say(at, "has no kind: webhook, slack, teams, email, syslog or command")
			continue
		default:
			continue
		}
		for _, k := range routeKeys {
			if k.given(&r) && !slices.Contains(k.kinds, r.Kind) {
				say(at+"."+k.key, "a route of kind %s does not have it; it is of %s", r.Kind, strings.Join(k.kinds, ", "))
			}
		}
	}
}

// listener holds an address against the rule that what is reachable from other machines is encrypted; it says whether it is
// reachable.
func (c *Config) listener(say sayer, path, addr string, t *ConfigTLS, console bool) (beyond bool) {
	if !hasPort(addr) {
		say(path, "%q: want ADDR:PORT", addr)
		return false
	}
	if t != nil && (t.Cert == "" || t.Key == "") {
		say(path, "its tls wants cert and key")
	}
	if loopback(addr) {
		return false
	}
	if t == nil {
		what := "senders need"
		if console {
			what = "the console needs"
		}
		say(path, "%s is reachable from other machines: %s tls: {cert, key}; 127.0.0.1 stays on this machine", addr, what)
	}
	return true
}

// hasPort says that an address ends with the number of a port.
func hasPort(addr string) bool {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	_, err = strconv.ParseUint(port, 10, 16)
	return err == nil
}

// loopback says that an address is of this machine only. A name is not: what it means may change.
func loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// written is what stands at a path of the file.
func (c *Config) written(path string) string {
	if n := nodeAt(c.doc, path); n != nil {
		return n.GetToken().Value
	}
	return ""
}

// nodeAt is what stands at a path of a document; nil where nothing does, or where there is none.
func nodeAt(doc *ast.File, path string) ast.Node {
	p, err := yaml.PathString(path)
	if doc == nil || err != nil {
		return nil
	}
	n, err := p.FilterFile(doc)
	if err != nil || n == nil || n.GetToken() == nil {
		return nil
	}
	return n
}

// line is the line of the file on which a path stands, or the nearest of its parents; 0 if there is none.
func (c *Config) line(path string) int {
	for ; path != "$" && path != ""; path = above(path) {
		if n := nodeAt(c.doc, path); n != nil {
			return n.GetToken().Position.Line
		}
	}
	return 0
}
