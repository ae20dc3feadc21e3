package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/decode"
)

// Config is the file of "tocsin run --config FILE": YAML, in which a key that is not known is an error. Every member may be
// left out. Paths are as the process sees them; secrets (tokens, passwords, keys) stand in files of their own, which the
// configuration names. "tocsin run --check" says with file, line and reason what is wrong.
//
//	data: /var/lib/tocsin
//	listen: 127.0.0.1:8417
//	sources:
//	  files:
//	    - glob: /var/log/nginx/*.log
//	  journal: {follow: true}
//	alerts:
//	  routes:
//	    - {name: soc, kind: slack, url-file: /etc/tocsin/slack.url}
type Config struct {
	Data       string          `yaml:"data"`       // folder for all that is kept: state, archive, what was received; made if it is not there
	Listen     string          `yaml:"listen"`     // where console, API and metrics are served; beyond loopback tls and a login are needed
	TLS        *ConfigTLS      `yaml:"tls"`        // of listen
	Login      bool            `yaml:"login"`      // asks for a login on loopback too
	Hosts      []string        `yaml:"hosts"`      // names by which browsers may call listen, besides localhost and its addresses
	PublicURL  string          `yaml:"public-url"` // what links in alerts begin with; otherwise they name listen
	Lang       string          `yaml:"lang"`       // en or fr: of the console and of alerts
	Zone       string          `yaml:"zone"`       // of stamps that name none, as hunt's --zone; Local, or with --replay UTC
	Lateness   ConfigDuration  `yaml:"lateness"`   // how long after it happened an event may come without being late; 5s
	Horizon    ConfigDuration  `yaml:"horizon"`    // how long what happened is remembered for joining; 7d
	Workers    int             `yaml:"workers"`    // readers; 0 is one for each processor
	CommitEach ConfigDuration  `yaml:"commit"`     // the longest between two commits, at most 5s; 1s
	Rules      ConfigRules     `yaml:"rules"`
	Scope      ConfigScope     `yaml:"scope"`
	Sources    ConfigSources   `yaml:"sources"`
	Tenants    ConfigTenants   `yaml:"tenants"`
	Archive    ConfigArchive   `yaml:"archive"`
	Alerts     ConfigAlerts    `yaml:"alerts"`
	Retention  ConfigRetention `yaml:"retention"`

	file string // it was read from
}

// ConfigTLS is certificate and key of a listener, as PEM files.
type ConfigTLS struct {
	Cert     string `yaml:"cert"`
	Key      string `yaml:"key"`
	ClientCA string `yaml:"client-ca"` // certificates of clients must be signed by one of these
}

// ConfigRules say which rules are held against events.
type ConfigRules struct {
	Paths       []string `yaml:"paths"` // folders, files and archives, as hunt's --rules
	NoBuiltin   bool     `yaml:"no-builtin"`
	NoInstalled bool     `yaml:"no-installed"`
	Status      []string `yaml:"status"`
	Suppress    string   `yaml:"suppress"` // a file as hunt's --suppress
	Levels      string   `yaml:"levels"`   // a file as hunt's --levels
	IOC         []string `yaml:"ioc"`      // files as hunt's --ioc
}

// ConfigScope names scope records, as hunt's --scope and --allowed-signers.
type ConfigScope struct {
	Records        []string `yaml:"records"`
	AllowedSigners string   `yaml:"allowed-signers"`
}

// ConfigSources say what is followed and received. Without a configuration, --file and --journal, what this machine has is
// discovered.
type ConfigSources struct {
	Discover bool            `yaml:"discover"` // also what this machine has
	Files    []ConfigFiles   `yaml:"files"`
	Journal  []ConfigJournal `yaml:"journal"`
	Stdin    bool            `yaml:"stdin"`
	Syslog   []ConfigSyslog  `yaml:"syslog"`
	HTTP     []ConfigHTTP    `yaml:"http"`
	Kafka    []ConfigKafka   `yaml:"kafka"`
	NATS     []ConfigNATS    `yaml:"nats"`
	Spool    ConfigSpool     `yaml:"received"` // the log of what is received and cannot be read again
}

// ConfigFiles are files to follow. A file that appears later is followed from its start.
type ConfigFiles struct {
	Glob    string   `yaml:"glob"`    // * and ? within a name, ** over folders; a folder means all below it
	Exclude []string `yaml:"exclude"` // patterns of paths or names
	Since   string   `yaml:"since"`   // of files that are there at the first start: start (all of them) or now; start
	Tenant  string   `yaml:"tenant"`
	Format  string   `yaml:"format"` // as hunt's --input-format; otherwise told by content
	Host    string   `yaml:"host"`   // of records that name none
}

// ConfigJournal is a journal to follow: this machine's, or those of a folder or file.
type ConfigJournal struct {
	Dir    string `yaml:"dir"`
	File   string `yaml:"file"`
	Since  string `yaml:"since"` // at the first start: start or now; now, or start for a folder or file
	Tenant string `yaml:"tenant"`
}

// ConfigSyslog is a syslog listener. Beyond loopback it needs client certificates, except over UDP, which is said.
type ConfigSyslog struct {
	Listen  string            `yaml:"listen"` // udp://ADDR:PORT, tcp://ADDR:PORT or tls://ADDR:PORT
	TLS     *ConfigTLS        `yaml:"tls"`
	Tenant  string            `yaml:"tenant"`
	Tenants map[string]string `yaml:"tenants"` // by the common name of a client's certificate
	Trusted []string          `yaml:"trusted"` // networks from which udp and tcp are taken beyond loopback
}

// ConfigHTTP is a listener for JSON lines (/ingest), Elastic's bulk requests (/_bulk), webhooks (/webhook/NAME) and
// OpenTelemetry (/v1/logs, /v1/traces).
type ConfigHTTP struct {
	Listen  string            `yaml:"listen"` // ADDR:PORT; beyond loopback it needs tls, and tokens or client certificates
	TLS     *ConfigTLS        `yaml:"tls"`
	Tokens  []ConfigToken     `yaml:"tokens"`
	Tenant  string            `yaml:"tenant"`  // of what comes from loopback without a token
	Tenants map[string]string `yaml:"tenants"` // by the common name of a client's certificate
}

// ConfigToken is a token that senders show, and the tenant it is bound to.
type ConfigToken struct {
	File   string `yaml:"file"` // holds the token and nothing else
	Tenant string `yaml:"tenant"`
}

// ConfigKafka are topics to read.
type ConfigKafka struct {
	Brokers      []string   `yaml:"brokers"`
	Topics       []string   `yaml:"topics"`
	Group        string     `yaml:"group"`
	TLS          *ConfigTLS `yaml:"tls"`
	SASL         string     `yaml:"sasl"` // plain, scram-sha-256 or scram-sha-512
	User         string     `yaml:"user"`
	PasswordFile string     `yaml:"password-file"`
	Since        string     `yaml:"since"` // at the first start: start or now; now
	Tenant       string     `yaml:"tenant"`
	Format       string     `yaml:"format"`
}

// ConfigNATS is a JetStream stream to read.
type ConfigNATS struct {
	URL      string     `yaml:"url"`
	Stream   string     `yaml:"stream"`
	Subjects []string   `yaml:"subjects"`
	Creds    string     `yaml:"creds"` // credentials file
	TLS      *ConfigTLS `yaml:"tls"`
	Since    string     `yaml:"since"`
	Tenant   string     `yaml:"tenant"`
	Format   string     `yaml:"format"`
}

// ConfigSpool bounds the log of what was received and not yet committed.
type ConfigSpool struct {
	Size ConfigSize `yaml:"size"` // senders wait beyond it; 1GiB
}

// ConfigTenants say which tenants are joined to campaigns together. All others are apart.
type ConfigTenants struct {
	Joined [][]string `yaml:"joined"`
}

// ConfigArchive bounds the events that are kept.
type ConfigArchive struct {
	Off  bool           `yaml:"off"`  // keep none
	Age  ConfigDuration `yaml:"age"`  // 30d
	Size ConfigSize     `yaml:"size"` // 20GiB
}

// ConfigRetention bounds what is remembered of campaigns that are over.
type ConfigRetention struct {
	Campaigns ConfigDuration `yaml:"campaigns"` // after they were closed or last seen; 400d
}

// ConfigAlerts say who is told of what.
type ConfigAlerts struct {
	Level  string         `yaml:"level"` // campaigns from this level on; medium
	Every  ConfigDuration `yaml:"every"` // the shortest between two updates on one campaign; 15m
	Past   bool           `yaml:"past"`  // also campaigns that were over before the first start
	Routes []ConfigRoute  `yaml:"routes"`
}

// ConfigRoute is one way of telling.
type ConfigRoute struct {
	Name  string `yaml:"name"`
	Kind  string `yaml:"kind"`  // webhook, slack, teams, email, syslog or command
	Level string `yaml:"level"` // only from this level on; the alerts' own

	URL        string   `yaml:"url"`         // of webhook, slack, teams
	URLFile    string   `yaml:"url-file"`    // holds it, where the URL itself is the secret
	SecretFile string   `yaml:"secret-file"` // of webhook: key of its signatures, whsec_… (Standard Webhooks)
	CA         string   `yaml:"ca"`          // certificates that the server's must be signed by
	Server     string   `yaml:"server"`      // of email and syslog: HOST:PORT; of syslog also udp://, tcp://, tls://
	Plain      bool     `yaml:"plain"`       // of email: without TLS
	User       string   `yaml:"user"`
	Password   string   `yaml:"password-file"`
	From       string   `yaml:"from"`
	To         []string `yaml:"to"`
	Command    []string `yaml:"command"` // program and arguments; the alert is its standard input
}

// A ConfigDuration is a length of time: 30s, 15m, 36h, 7d.
type ConfigDuration time.Duration

// UnmarshalYAML reads a length of time.
func (d *ConfigDuration) UnmarshalYAML(b []byte) error {
	text := strings.Trim(strings.TrimSpace(string(b)), `"'`)
	v, err := parseSpan(text)
	*d = ConfigDuration(v)
	return err
}

// parseSpan reads a length of time as a user types it.
func parseSpan(text string) (time.Duration, error) {
	v, err := time.ParseDuration(text)
	if days, ok := strings.CutSuffix(text, "d"); ok {
		var n int
		if n, err = strconv.Atoi(days); err == nil && n < 100_000 {
			v = time.Duration(n) * 24 * time.Hour
		}
	}
	if err != nil || v <= 0 {
		return 0, fmt.Errorf("%q is no length of time; write 30s, 15m, 36h or 7d", text)
	}
	return v, nil
}

func (d ConfigDuration) or(usual time.Duration) time.Duration {
	if d == 0 {
		return usual
	}
	return time.Duration(d)
}

// A ConfigSize is a number of bytes: 500MB, 20GiB.
type ConfigSize int64

var sizeUnits = []struct {
	unit string
	n    int64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}, {"B", 1}}

// UnmarshalYAML reads a number of bytes.
func (s *ConfigSize) UnmarshalYAML(b []byte) error {
	text := strings.Trim(strings.TrimSpace(string(b)), `"'`)
	for _, u := range sizeUnits {
		if number, ok := strings.CutSuffix(text, u.unit); ok {
			if n, err := strconv.ParseFloat(strings.TrimSpace(number), 64); err == nil && n > 0 && n < 1e9 {
				*s = ConfigSize(n * float64(u.n))
				return nil
			}
		}
	}
	return fmt.Errorf("%q is no number of bytes; write 500MB or 20GiB", text)
}

func (s ConfigSize) or(usual int64) int64 {
	if s == 0 {
		return usual
	}
	return int64(s)
}

const mostConfig = 1 << 20

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
	c := &Config{file: file}
	if len(bytes.TrimSpace(data)) > 0 {
		if err := yaml.UnmarshalWithOptions(data, c, yaml.Strict()); err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("--config %s: %w", file, err)
		}
	}
	if faults := c.faults(data); len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return c, nil
}

// faults say what is wrong with a configuration that can be read, each with its line.
func (c *Config) faults(data []byte) (all []error) {
	say := func(path, format string, args ...any) {
		place := c.file
		if line := yamlLine(data, path); line > 0 {
			place = fmt.Sprintf("%s:%d", c.file, line)
		}
		all = append(all, fmt.Errorf("--config %s: %s: %s", place, strings.TrimPrefix(path, "$."), fmt.Sprintf(format, args...)))
	}
	oneOf := func(path, value string, known ...string) {
		if value != "" && !slices.Contains(known, value) {
			say(path, "%q is not one of %s", value, strings.Join(known, ", "))
		}
	}
	oneOf("$.lang", c.Lang, "en", "fr")
	if c.Zone != "" {
		if _, err := parseZone(c.Zone); err != nil {
			say("$.zone", "no such time zone: write UTC, Local, a name such as Europe/Paris, or +02:00")
		}
	}
	if d := time.Duration(c.CommitEach); d > 5*time.Second || d != 0 && d < 10*time.Millisecond {
		say("$.commit", "want 10ms to 5s")
	}
	if c.Listen != "" {
		c.listener(say, "$.listen", c.Listen, c.TLS, true)
	}
	for i, f := range c.Sources.Files {
		at := fmt.Sprintf("$.sources.files[%d]", i)
		if f.Glob == "" {
			say(at, "names no glob: which files are to be followed?")
		}
		oneOf(at+".since", f.Since, "start", "now")
		c.format(say, at+".format", f.Format)
	}
	for i, j := range c.Sources.Journal {
		at := fmt.Sprintf("$.sources.journal[%d]", i)
		if j.Dir != "" && j.File != "" {
			say(at, "has both dir and file; give one of them")
		}
		oneOf(at+".since", j.Since, "start", "now")
	}
	for i, s := range c.Sources.Syslog {
		at := fmt.Sprintf("$.sources.syslog[%d]", i)
		network, addr, ok := strings.Cut(s.Listen, "://")
		if !ok || !slices.Contains([]string{"udp", "tcp", "tls"}, network) {
			say(at+".listen", "%q: want udp://ADDR:PORT, tcp://ADDR:PORT or tls://ADDR:PORT", s.Listen)
			continue
		}
		if network == "tls" && s.TLS == nil {
			say(at, "needs tls: {cert, key, client-ca}")
		}
		if !loopback(addr) && (network != "tls" || s.TLS == nil || s.TLS.ClientCA == "") && len(s.Trusted) == 0 {
			say(at+".listen", "is reachable from other machines: use tls:// with client-ca, or name under trusted the networks whose senders are believed")
		}
		for _, n := range s.Trusted {
			if _, _, err := net.ParseCIDR(n); err != nil {
				say(at+".trusted", "%q is no network such as 10.0.0.0/8", n)
			}
		}
	}
	for i, h := range c.Sources.HTTP {
		at := fmt.Sprintf("$.sources.http[%d]", i)
		if c.listener(say, at+".listen", h.Listen, h.TLS, false) && len(h.Tokens) == 0 && (h.TLS == nil || h.TLS.ClientCA == "") {
			say(at, "is reachable from other machines: it needs tokens, or tls with client-ca")
		}
		for j, t := range h.Tokens {
			if t.File == "" {
				say(fmt.Sprintf("%s.tokens[%d]", at, j), "names no file that holds the token")
			}
		}
	}
	for i, k := range c.Sources.Kafka {
		at := fmt.Sprintf("$.sources.kafka[%d]", i)
		if len(k.Brokers) == 0 || len(k.Topics) == 0 {
			say(at, "wants brokers and topics")
		}
		oneOf(at+".sasl", k.SASL, "plain", "scram-sha-256", "scram-sha-512")
		oneOf(at+".since", k.Since, "start", "now")
		c.format(say, at+".format", k.Format)
	}
	for i, n := range c.Sources.NATS {
		at := fmt.Sprintf("$.sources.nats[%d]", i)
		if n.URL == "" || n.Stream == "" {
			say(at, "wants url and stream")
		}
		oneOf(at+".since", n.Since, "start", "now")
		c.format(say, at+".format", n.Format)
	}
	c.alertFaults(say, oneOf)
	return all
}

func (c *Config) alertFaults(say func(path, format string, args ...any), oneOf func(path, value string, known ...string)) {
	level := func(path, text string) {
		if text == "" {
			return
		}
		if _, err := tocsin.ParseLevel(text); err != nil {
			say(path, "%q is no level: informational, low, medium, high or critical", text)
		}
	}
	level("$.alerts.level", c.Alerts.Level)
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
		level(at+".level", r.Level)
		oneOf(at+".kind", r.Kind, "webhook", "slack", "teams", "email", "syslog", "command")
		switch r.Kind {
		case "webhook", "slack", "teams":
			if (r.URL == "") == (r.URLFile == "") {
				say(at, "wants url or url-file")
			}
		case "email":
			if r.Server == "" || r.From == "" || len(r.To) == 0 {
				say(at, "wants server, from and to")
			}
		case "syslog":
			if r.Server == "" {
				say(at, "wants server")
			}
		case "command":
			if len(r.Command) == 0 || !filepath.IsAbs(r.Command[0]) {
				say(at, "wants command: [PROGRAM, ARGUMENT…], the program with its whole path")
			}
		case "":
			say(at, "has no kind: webhook, slack, teams, email, syslog or command")
		}
	}
}

// listener holds an address against the rule that what is reachable from other machines is encrypted; it says whether it is
// reachable.
func (c *Config) listener(say func(path, format string, args ...any), path, addr string, t *ConfigTLS, console bool) (beyond bool) {
	if _, _, err := net.SplitHostPort(addr); err != nil {
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
		what := "senders"
		if console {
			what = "the console"
		}
		say(path, "%s is reachable from other machines: %s needs tls: {cert, key}; 127.0.0.1 stays on this machine", addr, what)
	}
	return true
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

func (c *Config) format(say func(path, format string, args ...any), path, name string) {
	if name == "" {
		return
	}
	if _, ok := decode.ByName(name); !ok {
		say(path, "%q is no format; there are %s", name, strings.Join(decode.Names(), " "))
	}
}

// yamlLine is the line on which a path of a document stands, or the nearest of its parents; 0 if there is none.
func yamlLine(data []byte, path string) int {
	for path != "$" && path != "" {
		if p, err := yaml.PathString(path); err == nil {
			if n, err := p.ReadNode(bytes.NewReader(data)); err == nil && n != nil && n.GetToken() != nil {
				return n.GetToken().Position.Line
			}
		}
		cut := max(strings.LastIndexByte(path, '.'), strings.LastIndexByte(path, '['))
		if cut < 0 {
			return 0
		}
		path = path[:cut]
	}
	return 0
}
