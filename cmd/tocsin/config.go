package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

// Config is the file of "tocsin run --config FILE": YAML, in which a key that is not known is an error. Every key may be left
// out. Paths are as the process sees them. Secrets (tokens, passwords, keys) stand in files of their own, which hold nothing
// else. "tocsin run --check --config FILE" says with file, line and reason what is wrong. SIGHUP, or a change of this file or one
// that it names, takes rules, scope, lang, archive, retention and alerts but their routes anew; all else takes a restart.
//
// All keys, with an example of each; what stands in brackets holds where the key is left out:
//
//	data: /var/lib/tocsin         # folder for all that is kept, made if it is not there [$STATE_DIRECTORY, or ~/.local/state/tocsin]
//	listen: 127.0.0.1:8417        # where console, API and metrics are served; beyond loopback tls is needed, and a login asked for [127.0.0.1:8417]
//	tls:                          # of listen, PEM files; a renewed certificate is taken without a restart
//	  cert: /etc/tocsin/tls.crt
//	  key: /etc/tocsin/tls.key
//	login: true                   # asks for a login on loopback too [false]
//	hosts: [tocsin.corp.example]  # names by which browsers may call listen, besides localhost and loopback addresses
//	public-url: https://tocsin.corp.example # what links in alerts begin with [listen's address]
//	lang: en                      # en or fr: of alerts [en]
//	zone: Europe/Paris            # of stamps that name none, as hunt's --zone [this machine's; with --replay UTC]
//	lateness: 1s                  # how long after it happened an event may come without being late [1s; with --replay 1h]
//	horizon: 7d                   # how long what happened is remembered for joining [7d]
//	workers: 4                    # readers [one for each processor]
//	commit: 1s                    # the longest between two commits, 10ms to 5s [1s]
//	rules:
//	  paths: [/etc/tocsin/rules]  # folders, files and archives, as hunt's --rules
//	  no-builtin: false           # leaves out Tocsin's own rules [false]
//	  no-installed: false         # leaves out those of "tocsin rules update" [false]
//	  status: [stable, test]      # only rules of these statuses [all]
//	  suppress: /etc/tocsin/suppress.yml # as hunt's --suppress
//	  levels: /etc/tocsin/levels.yml     # as hunt's --levels
//	  ioc: [/etc/tocsin/ioc.txt]         # as hunt's --ioc
//	scope:
//	  records: [/etc/tocsin/scope]       # scope records, as hunt's --scope
//	  allowed-signers: /etc/tocsin/signers # whose signatures of them count
//	sources:                      # with --config nothing is followed that does not stand here
//	  discover: true              # what this machine has: its logs, its journal, its agents' sessions [false]
//	  since: now                  # of files that discover finds at the first start: start (all of them) or now [now]
//	  files:                      # a file that appears later is followed from its start
//	    - glob: /var/log/nginx/*.log # * and ? within a name, ** over folders; a folder stands for all below it
//	      exclude: ["*.bak"]      # patterns of paths or names
//	      since: start            # of files that are there at the first start: start (all of them) or now [start]
//	      tenant: acme            # whose they are; tenants are apart [the only one]
//	      format: access          # as hunt's --input-format [told by content]
//	      host: web1              # of records that name none
//	  journal:                    # of systemd: {} is this machine's; a list where there are several
//	    - dir: /var/log/journal/remote # a folder of journals
//	      since: now              # at the first start: start or now [now; start with dir or file]
//	      tenant: acme
//	    - file: /srv/old.journal  # or one journal
//	  stdin: false                # lines of standard input [false]
//	  syslog:
//	    - listen: tls://0.0.0.0:6514 # udp://, tcp:// or tls://ADDR:PORT; beyond loopback it needs tls with client-ca, or trusted
//	      tls: {cert: /etc/tocsin/tls.crt, key: /etc/tocsin/tls.key, client-ca: /etc/tocsin/clients.pem} # client-ca: by whom certificates of senders must be signed
//	      tenant: acme            # of all senders
//	      tenants: {fw1.acme.example: acme} # by the common name of a sender's certificate; others are refused
//	    - listen: udp://10.0.0.5:514
//	      trusted: [10.0.0.0/8]   # networks whose senders are believed, of udp and tcp
//	  http:                       # JSON lines /ingest, Elastic /_bulk, webhooks /webhook/NAME, OpenTelemetry /v1/logs and /v1/traces
//	    - listen: 0.0.0.0:8443    # beyond loopback it needs tls, and tokens or client-ca
//	      tls: {cert: /etc/tocsin/tls.crt, key: /etc/tocsin/tls.key, client-ca: /etc/tocsin/clients.pem}
//	      tokens:                 # that senders show, as "Authorization: Bearer TOKEN"
//	        - {file: /etc/tocsin/acme.token, tenant: acme}
//	      tenant: acme            # of what comes without a token
//	      tenants: {agent1: acme} # by the common name of a sender's certificate; others are refused
//	  kafka:
//	    - brokers: [kafka1:9093]
//	      topics: [logs]
//	      name: north             # of the cluster, where several have a topic of one name: what is read has it in its name and goes on by it [none]
//	      group: tocsin           # offsets are also committed for it, so that Kafka's own tools show the lag [none]
//	      tls: {client-ca: /etc/tocsin/kafka-ca.pem, cert: /etc/tocsin/us.crt, key: /etc/tocsin/us.key} # client-ca: by whom the brokers' certificates must be signed [the system's]; cert and key: our own [none]
//	      sasl: scram-sha-512     # plain, scram-sha-256 or scram-sha-512 [none]
//	      user: tocsin
//	      password-file: /etc/tocsin/kafka.password
//	      since: now              # at the first start: start or now [now]
//	      tenant: acme
//	      format: json
//	  nats:                       # streams of JetStream
//	    - url: nats://nats1:4222
//	      stream: LOGS
//	      name: north             # as of kafka
//	      subjects: ["logs.>"]    # [all of the stream]
//	      creds: /etc/tocsin/nats.creds
//	      tls: {client-ca: /etc/tocsin/nats-ca.pem, cert: /etc/tocsin/us.crt, key: /etc/tocsin/us.key} # as of kafka
//	      since: now              # [now]
//	      tenant: acme
//	      format: json
//	  received: {size: 1GiB}      # of what syslog, http and stdin brought and is not committed yet; senders wait beyond it [1GiB]
//	tenants:
//	  joined: [[acme, acme-cloud]] # groups of tenants whose events are joined to campaigns together [all are apart]
//	archive:                      # the events, as Parquet files
//	  off: false                  # keeps none; search and records are then of what matched only [false]
//	  age: 30d                    # [30d]
//	  size: 20GiB                 # the oldest go first [20GiB]
//	alerts:
//	  level: medium               # campaigns from this level on [medium]
//	  every: 15m                  # the shortest between two updates on one campaign [15m]
//	  past: false                 # also of what was over before the first start [false]
//	  routes:                     # ways of telling; "tocsin alert test NAME" tries one
//	    - name: soc               # what was sent where is remembered by it
//	      kind: slack             # webhook, slack, teams, email, syslog or command
//	      level: high             # only from this level on [that of alerts]
//	      url-file: /etc/tocsin/slack.url # of webhook, slack and teams: holds the URL, where that is the secret
//	    - name: tickets
//	      kind: webhook
//	      url: https://tickets.corp.example/hook
//	      secret-file: /etc/tocsin/hook.secret # key of its signatures, whsec_… (Standard Webhooks)
//	      ca: /etc/tocsin/ca.pem  # certificates by which the server's must be signed [the system's]
//	    - name: duty
//	      kind: email
//	      server: mail.corp.example:587 # HOST:PORT; TLS by STARTTLS, on port 465 from the first byte
//	      plain: false            # of email, without TLS; of webhook, slack and teams, http to other machines [false]
//	      user: tocsin            # [no login]
//	      password-file: /etc/tocsin/mail.password
//	      from: Tocsin <tocsin@corp.example>
//	      to: [duty@corp.example]
//	    - name: siem
//	      kind: syslog
//	      server: tls://siem.corp.example:6514 # udp://, tcp:// or tls://HOST:PORT [udp]
//	    - name: pager
//	      kind: command
//	      command: [/usr/local/bin/page, --urgent] # program with its whole path, and arguments; the alert is its standard input
//	retention:
//	  campaigns: 400d             # how long one is remembered after it was closed or last seen [400d]
type Config struct {
	Data       string          `yaml:"data"`
	Listen     string          `yaml:"listen"`
	TLS        *ConfigTLS      `yaml:"tls"`
	Login      bool            `yaml:"login"`
	Hosts      []string        `yaml:"hosts"`
	PublicURL  string          `yaml:"public-url"`
	Lang       string          `yaml:"lang"`
	Zone       string          `yaml:"zone"`
	Lateness   ConfigDuration  `yaml:"lateness"`
	Horizon    ConfigDuration  `yaml:"horizon"`
	Workers    int             `yaml:"workers"`
	CommitEach ConfigDuration  `yaml:"commit"`
	Rules      ConfigRules     `yaml:"rules"`
	Scope      ConfigScope     `yaml:"scope"`
	Sources    ConfigSources   `yaml:"sources"`
	Tenants    ConfigTenants   `yaml:"tenants"`
	Archive    ConfigArchive   `yaml:"archive"`
	Alerts     ConfigAlerts    `yaml:"alerts"`
	Retention  ConfigRetention `yaml:"retention"`

	file  string            // it was read from; "" for none
	empty bool              // nothing stands in it
	doc   *ast.File         // what was read; nil for none
	flags map[string]string // which flag said what stands at a path
}

// ConfigTLS is certificate and key of a listener, or of our side of a connection, as PEM files.
type ConfigTLS struct {
	Cert     string `yaml:"cert"`
	Key      string `yaml:"key"`
	ClientCA string `yaml:"client-ca"` // certificates of the other side must be signed by one of these; not of the console, which asks for a login
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
	Discover bool           `yaml:"discover"` // also what this machine has
	Since    string         `yaml:"since"`    // of what is discovered: start or now; now
	Files    []ConfigFiles  `yaml:"files"`
	Journal  ConfigJournals `yaml:"journal"`
	Stdin    bool           `yaml:"stdin"`
	Syslog   []ConfigSyslog `yaml:"syslog"`
	HTTP     []ConfigHTTP   `yaml:"http"`
	Kafka    []ConfigKafka  `yaml:"kafka"`
	NATS     []ConfigNATS   `yaml:"nats"`
	Spool    ConfigSpool    `yaml:"received"` // the log of what is received and cannot be read again
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

// ConfigJournals are journals to follow: a list of them, or one.
type ConfigJournals []ConfigJournal

// UnmarshalYAML reads a list, or one journal.
func (j *ConfigJournals) UnmarshalYAML(n ast.Node) error {
	if n.Type() == ast.SequenceType {
		return yaml.NodeToValue(n, (*[]ConfigJournal)(j), yaml.Strict())
	}
	*j = make(ConfigJournals, 1)
	return yaml.NodeToValue(n, &(*j)[0], yaml.Strict())
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
	Name         string     `yaml:"name"` // of the cluster: told by it from others that have such a topic; what is read goes on by it
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
	Name     string     `yaml:"name"` // as of Kafka
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
	Plain      bool     `yaml:"plain"`       // of email: without TLS; of webhook, slack and teams: http to other machines
	User       string   `yaml:"user"`
	Password   string   `yaml:"password-file"`
	From       string   `yaml:"from"`
	To         []string `yaml:"to"`
	Command    []string `yaml:"command"` // program and arguments; the alert is its standard input
}

// A ConfigDuration is a length of time: 30s, 15m, 36h, 7d.
type ConfigDuration time.Duration

// UnmarshalYAML reads a length of time.
func (d *ConfigDuration) UnmarshalYAML(n ast.Node) error {
	v, err := parseSpan(scalar(n))
	*d = ConfigDuration(v)
	return at(n, err)
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
func (s *ConfigSize) UnmarshalYAML(n ast.Node) error {
	text := scalar(n)
	for _, u := range sizeUnits {
		if number, ok := strings.CutSuffix(text, u.unit); ok {
			if v, err := strconv.ParseFloat(strings.TrimSpace(number), 64); err == nil && v > 0 && v*float64(u.n) < 1<<60 {
				*s = ConfigSize(v * float64(u.n))
				return nil
			}
		}
	}
	return at(n, fmt.Errorf("%q is no number of bytes; write 500MB or 20GiB", text))
}

func (s ConfigSize) or(usual int64) int64 {
	if s == 0 {
		return usual
	}
	return int64(s)
}
