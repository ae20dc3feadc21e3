package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/archive"
	"github.com/tocsin-ids/tocsin/console"
	"github.com/tocsin-ids/tocsin/decode"
	"github.com/tocsin-ids/tocsin/engine"
	"github.com/tocsin-ids/tocsin/report"
	"github.com/tocsin-ids/tocsin/source/wal"
	"github.com/tocsin-ids/tocsin/store"
	"github.com/tocsin-ids/tocsin/tell"
)

type runCmd struct {
	Config      string   `help:"Configuration (YAML); \"go doc ./cmd/tocsin Config\" lists its keys. Flags win over it." placeholder:"FILE"`
	Data        string   `help:"Folder for all that is kept; otherwise $STATE_DIRECTORY, or one in the home folder." placeholder:"DIR"`
	Listen      string   `help:"Where console, API and metrics are served; 127.0.0.1:8417. Beyond loopback the configuration must name a certificate." placeholder:"ADDR"`
	File        []string `help:"Follow these files; ** stands for any folders. May be given more than once. With it, --journal or --config nothing is discovered." placeholder:"GLOB" sep:"none"`
	Journal     bool     `help:"Follow this machine's journal."`
	Since       string   `help:"Of files that are there at the first start: start (all of them) or now; start for those that --file names." enum:"start,now," default:"" placeholder:"WHEN"`
	Rules       []string `help:"As hunt's." placeholder:"DIR" sep:"none"`
	NoBuiltin   bool     `help:"As hunt's."`
	NoInstalled bool     `help:"As hunt's."`
	Replay      bool     `help:"Take times as the records say, for recordings: the clock follows them."`
	Past        bool     `help:"Also send alerts for what was over before the first start."`
	Check       bool     `help:"Say whether the configuration is right, and end."`
	Quiet       bool     `short:"q" help:"Log warnings and errors only."`
}

// Run follows and receives until it is stopped.
func (c *runCmd) Run(s std) error {
	cfg, err := c.configure()
	if err != nil {
		return err
	}
	level := slog.LevelInfo
	if c.Quiet {
		level = slog.LevelWarn
	}
	log := slog.New(slog.NewTextHandler(s.err, &slog.HandlerOptions{Level: level}))
	if c.Check {
		return c.check(cfg, s)
	}
	faults, doubts := cfg.missing()
	for _, d := range doubts {
		log.Warn("doubtful", "what", d.Error())
	}
	if len(faults) > 0 {
		return errors.Join(faults...)
	}
	v, err := newService(cfg, c, log)
	if err != nil {
		return err
	}
	return v.serve(s.ctx, func(url string) { fmt.Fprintf(s.out, "console: %s\n", url) })
}

// configure is the configuration with what the flags say.
func (c *runCmd) configure() (*Config, error) {
	cfg := &Config{}
	if c.Config != "" {
		var err error
		if cfg, err = readConfig(c.Config); err != nil {
			return nil, err
		}
	}
	if c.Data != "" {
		cfg.Data = c.Data
	}
	cfg.flags = map[string]string{}
	if c.Listen != "" {
		cfg.Listen, cfg.flags["$.listen"] = c.Listen, "--listen"
	}
	for _, g := range c.File {
		since := c.Since
		if since == "" {
			since = "start"
		}
		cfg.flags[fmt.Sprintf("$.sources.files[%d]", len(cfg.Sources.Files))] = "--file"
		cfg.Sources.Files = append(cfg.Sources.Files, ConfigFiles{Glob: g, Since: since})
	}
	if c.Journal {
		cfg.Sources.Journal = append(cfg.Sources.Journal, ConfigJournal{Since: c.Since})
	}
	if c.Config == "" && len(c.File) == 0 && !c.Journal {
		cfg.Sources.Discover, cfg.Sources.Since = true, c.Since
	}
	cfg.Rules.Paths = append(cfg.Rules.Paths, c.Rules...)
	cfg.Rules.NoBuiltin = cfg.Rules.NoBuiltin || c.NoBuiltin
	cfg.Rules.NoInstalled = cfg.Rules.NoInstalled || c.NoInstalled
	cfg.Alerts.Past = cfg.Alerts.Past || c.Past
	if cfg.Data == "" {
		dir, err := usualData()
		if err != nil {
			return nil, err
		}
		cfg.Data = dir
	}
	if cfg.Listen == "" {
		cfg.Listen = "127.0.0.1:8417"
	}
	// What a flag said is held against the same rules as the file.
	if faults := cfg.faults(); len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return cfg, nil
}

// usualData is where a run keeps what it keeps, if nobody says.
func usualData() (string, error) {
	if dir := os.Getenv("STATE_DIRECTORY"); dir != "" { // systemd
		return dir, nil
	}
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "tocsin"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", errors.New("--data: name the folder for all that is kept: there is no home folder")
	}
	return filepath.Join(home, ".local", "state", "tocsin"), nil
}

// check says whether all that the configuration names can be used.
func (c *runCmd) check(cfg *Config, s std) error {
	faults, doubts := cfg.missing()
	for _, d := range doubts {
		fmt.Fprintf(s.err, "doubtful: %s\n", report.Visible(d.Error()))
	}
	if len(faults) > 0 {
		return errors.Join(faults...)
	}
	set, err := loadRunRules(cfg, nil)
	if err != nil {
		return err
	}
	for _, f := range set.ruleset.rejected {
		fmt.Fprintf(s.err, "rejected: %v\n", report.Visible(f.Error()))
	}
	fmt.Fprintf(s.out, "the configuration is right: %d rules, %d ways of telling\n", len(set.ruleset.set.Rules()), len(cfg.Alerts.Routes))
	return nil
}

// A service is a run with all that is around it.
type service struct {
	settings atomic.Pointer[Config] // those at hand: rules, scope and what is told may be read anew
	command  *runCmd
	replay   bool
	gather   time.Duration // as tell.Policy's
	lags     lags
	dir      string
	log      *slog.Logger

	store     *store.Store
	archive   *archive.Archive
	received  *wal.Log
	keep      *keeper
	live      *engine.Live
	sources   []kindsOf
	listeners []listener
	sender    *tell.Sender
	channels  map[string]tell.Channel
	console   *console.Console
	accounts  *console.Accounts
	listener  net.Listener
	looking   *looking

	rules    atomic.Pointer[runRules]
	rejected map[string]bool // why rules could not be used at the start
	ready    atomic.Bool
	waiting  atomic.Int64 // sources that are not yet followed
	archived atomic.Int64 // bytes of the archive, when they were counted last
	began    time.Time
	first    time.Time // when the first process of this data began
	unkept   unkept
	trying   sync.Mutex // held while rules are tried
	spent    spent
	untaken  bool                            // acts from the command line could not be noted
	aside    atomic.Pointer[map[string]bool] // ids of rules that are put aside for what they cost, until rules are read anew
}

// newService opens what a run needs. Nothing is followed yet.
func newService(cfg *Config, c *runCmd, log *slog.Logger) (_ *service, err error) {
	v := &service{command: c, replay: c.Replay, dir: cfg.Data, log: log, began: time.Now()}
	v.settings.Store(cfg)
	defer func() {
		if err != nil {
			v.close()
		}
	}()
	rules, err := loadRunRules(cfg, nil)
	if err != nil {
		return nil, err
	}
	v.rules.Store(rules)
	v.rejected = map[string]bool{}
	for _, f := range rules.rejected {
		log.Warn("a rule is not used", "why", f.Error())
		v.rejected[f.Error()] = true
	}
	if err := v.openStore(); err != nil {
		return nil, err
	}
	v.endOf("configuration", "rule", "audit") // read anew by now, or said again
	ctx := context.Background()
	if !cfg.Archive.Off {
		mark, err := v.store.Spool(ctx)
		if err != nil {
			return nil, err
		}
		if v.archive, err = archive.Open(filepath.Join(v.dir, archiveFolder), archive.Options{Mark: mark}); err != nil {
			return nil, fmt.Errorf("the archive: %w", err)
		}
		if cut := v.archive.Cut(); cut.Missing > 0 {
			v.raise("corrupt", "archive", fmt.Sprintf("%d bytes of events that were kept are not there: the disk has lost what it said it had", cut.Missing))
		} else if cut.Events > 0 {
			log.Info("events that were not committed were cut off, and come again", "events", cut.Events)
		}
	}
	if err := v.since(ctx); err != nil {
		return nil, err
	}
	v.takeActs(ctx)
	key, err := secretKey(filepath.Join(v.dir, keyFile))
	if err != nil {
		return nil, err
	}
	if v.channels, err = makeRoutes(cfg); err != nil {
		return nil, err
	}
	v.keep = &keeper{store: v.store, archive: v.archive, log: log, appended: map[*archiveBlock]bool{}, known: map[string]*tell.Known{}, watch: map[string]waiting{}, private: v.private}
	for _, r := range cfg.Alerts.Routes {
		level, _ := tocsin.ParseLevel(r.Level)
		v.keep.routes = append(v.keep.routes, alertRoute{r.Name, level})
	}
	kept, err := v.keep.kept(ctx, func(tenant, piece string, err error) {
		v.raise("corrupt", piece, fmt.Sprintf("a piece of what was known cannot be read and is left out: %v; campaigns may lack what it held", err))
	})
	if err != nil {
		return nil, err
	}
	zone := time.Local
	if cfg.Zone != "" {
		zone, _ = parseZone(cfg.Zone)
	} else if c.Replay {
		zone = nil
	}
	v.looking = &looking{store: v.store}
	if err := v.looking.refresh(ctx); err != nil {
		return nil, err
	}
	in := v.judging()
	in.Key, in.Workers, in.Decode = key, cfg.Workers, decode.Options{Zone: zone}
	o := engine.LiveOptions{Input: in, Set: rules.set, Rules: rules.hash, Replay: c.Replay, Lateness: time.Duration(cfg.Lateness), Commit: time.Duration(cfg.CommitEach),
		Group: joinedTenants(cfg.Tenants.Joined), Known: v.looking.known, Keep: v.keep, Log: log, Turned: v.turned, Committed: v.committed,
		Rule: func(id, title string) *tocsin.Rule { return v.rules.Load().rule(id, title) }}
	if v.live, err = engine.NewLive(o, kept); err != nil {
		return nil, err
	}
	if err := v.makeSources(); err != nil {
		return nil, err
	}
	return v, v.makeConsole()
}

// since notes when the first process of this data began: what ended before is past.
func (v *service) since(ctx context.Context) error {
	const name = "first start"
	text, err := v.store.Meta(ctx, name)
	if err != nil {
		return err
	}
	if v.first, err = time.Parse(time.RFC3339Nano, text); err == nil {
		return nil
	}
	v.first = v.began.UTC()
	return v.store.Commit(ctx, &store.Commit{Meta: map[string]string{name: v.first.Format(time.RFC3339Nano)}})
}

// secretKey is the key of a run's fingerprints, made by its first process.
func secretKey(file string) ([]byte, error) {
	key, err := os.ReadFile(file)
	if err == nil && len(key) >= leastKey {
		return key, nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	if err == nil {
		return nil, fmt.Errorf("%s: %d bytes are no key; restore it from a backup, or remove it together with tocsin.db", file, len(key))
	}
	key = make([]byte, 32)
	_, _ = rand.Read(key) // it never fails
	return key, writeNew(file, key, 0o600)
}

// joinedTenants names the group of each tenant.
func joinedTenants(groups [][]string) func(string) string {
	if len(groups) == 0 {
		return nil
	}
	of := map[string]string{}
	for _, g := range groups {
		name := strings.Join(g, "+")
		for _, t := range g {
			of[t] = name
		}
	}
	return func(tenant string) string {
		if g, ok := of[tenant]; ok {
			return g
		}
		return tenant
	}
}

// policy is what is told.
func (v *service) policy() tell.Policy {
	level, _ := tocsin.ParseLevel(v.config().Alerts.Level)
	p := tell.Policy{Level: level, Every: time.Duration(v.config().Alerts.Every), Past: v.config().Alerts.Past, Lang: v.config().Lang, Base: v.url(), Gather: v.gather}
	if !v.replay {
		p.Since = v.first
	}
	return p
}

// config is the configuration at hand; it is never changed.
func (v *service) config() *Config { return v.settings.Load() }

// url is what links in alerts begin with.
func (v *service) url() string {
	if v.config().PublicURL != "" {
		return strings.TrimSuffix(v.config().PublicURL, "/")
	}
	scheme := "http"
	if v.config().TLS != nil {
		scheme = "https"
	}
	addr := v.config().Listen
	if v.listener != nil {
		addr = v.listener.Addr().String()
	}
	return scheme + "://" + addr
}

// close gives back what was opened.
func (v *service) close() {
	if v.listener != nil {
		_ = v.listener.Close()
	}
	if v.console != nil {
		v.console.Close()
	}
	if v.received != nil {
		_ = v.received.Close()
	}
	if v.archive != nil {
		_ = v.archive.Close()
	}
	if v.store != nil {
		if err := v.store.Close(); err != nil {
			v.log.Error("the store", "error", err.Error())
		}
	}
}

// serve follows and receives until ctx ends.
func (v *service) serve(ctx context.Context, open func(url string)) error {
	defer v.close()
	var err error
	if v.listener, err = net.Listen("tcp", v.config().Listen); err != nil {
		return fmt.Errorf("--listen %s: %w", v.config().Listen, err)
	}
	v.keep.follow(v.policy()) // which names where the console listens
	if v.sender, err = tell.NewSender(outbox{v.store}, v.channels, v.log); err != nil {
		return err
	}
	v.keep.wake = v.sender.Wake
	for _, l := range v.listeners {
		if err := l.Listen(); err != nil {
			return err
		}
	}
	reading, stopReading := context.WithCancel(ctx)
	defer stopReading()
	rest, stopRest := context.WithCancel(context.Background())
	defer stopRest()
	var feeds, others sync.WaitGroup
	failed := make(chan error, len(v.sources)+len(v.listeners)+2)
	v.waiting.Store(int64(len(v.sources)))
	for _, s := range v.sources {
		feeds.Go(func() {
			var once sync.Once
			ready := func() { once.Do(func() { v.isReady() }) }
			if err := s.Run(reading, v.live.Cursors(s.kinds...), v.live, ready); err != nil && reading.Err() == nil {
				failed <- err
			}
		})
	}
	if len(v.sources) == 0 {
		v.ready.Store(true)
	}
	for _, l := range v.listeners {
		feeds.Go(func() {
			if err := l.Run(reading); err != nil && reading.Err() == nil {
				failed <- err
			}
		})
	}
	if v.config().Sources.Stdin {
		feeds.Go(func() { v.stdin(reading) })
	}
	joining, stopJoining := context.WithCancel(context.Background())
	defer stopJoining()
	var joined sync.WaitGroup
	joined.Go(func() {
		if err := v.live.Run(joining); err != nil {
			v.log.Error("the last commit failed; what was read since the one before is read again at the next start", "error", err.Error())
		}
	})
	others.Go(func() { v.sender.Run(rest) })
	others.Go(func() { v.watch(rest) })
	others.Go(func() { v.reloads(rest) })
	others.Go(func() {
		if err := v.console.Serve(rest, v.listener); err != nil && rest.Err() == nil {
			failed <- err
		}
	})
	v.log.Info("running", "version", version(), "console", v.url(), "data", v.dir, "sources", len(v.sources), "rules", len(v.rules.Load().set.Rules()))
	open(v.url())
	select {
	case <-ctx.Done():
	case err = <-failed:
		v.log.Error("the run ends", "error", err.Error())
	}
	v.ready.Store(false)
	// First nothing more is taken, then what was taken is kept, then all else ends.
	stopReading()
	waitFor(&feeds, 4*time.Second)
	stopJoining()
	joined.Wait()
	stopRest()
	waitFor(&others, 6*time.Second)
	v.log.Info("stopped", "events", v.live.Events())
	return err
}

// waitFor waits for goroutines, but not for ever.
func waitFor(g *sync.WaitGroup, most time.Duration) {
	done := make(chan struct{})
	go func() { g.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(most):
	}
}

// isReady notes that one more source is followed.
func (v *service) isReady() {
	if v.waiting.Add(-1) == 0 {
		v.ready.Store(true)
	}
}

// committed tells the sources what was kept.
func (v *service) committed(cursors map[string]string) {
	for _, s := range v.sources {
		s.Committed(cursors)
	}
}

// private gives campaigns as they may be shown.
func (v *service) private(all []*tocsin.Campaign) []*tocsin.Campaign {
	h := report.Private(&report.Hunt{Campaigns: all, Principals: v.principals()}, report.Privacy{Redact: v.rules.Load().know.Redact})
	return h.Campaigns
}

// principals are those of all tenants.
func (v *service) principals() (all []*tocsin.Principal) {
	if v.live == nil {
		return nil
	}
	for _, g := range v.live.View().Groups {
		all = append(all, g.Principals...)
	}
	return all
}
