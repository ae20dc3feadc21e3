package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin/decode"
	"github.com/tocsin-ids/tocsin/feed"
	"github.com/tocsin-ids/tocsin/source"
	"github.com/tocsin-ids/tocsin/source/journald"
	"github.com/tocsin-ids/tocsin/source/kafka"
	"github.com/tocsin-ids/tocsin/source/nats"
	"github.com/tocsin-ids/tocsin/source/otlp"
	"github.com/tocsin-ids/tocsin/source/push"
	"github.com/tocsin-ids/tocsin/source/syslog"
	"github.com/tocsin-ids/tocsin/source/tail"
	"github.com/tocsin-ids/tocsin/source/wal"
	"github.com/tocsin-ids/tocsin/tell"
)

//go:embed discover.tsv
var discoverTable string

// discovered is what this machine has: files by patterns, and its journal.
func discovered(exclude []string, since string) (files []ConfigFiles, journal bool) {
	var patterns []string
	for line := range strings.Lines(discoverTable) {
		pattern, _, ok := strings.Cut(line, "\t")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		if out, ok := strings.CutPrefix(pattern, "!"); ok {
			exclude = append(exclude, out)
			continue
		}
		patterns = append(patterns, pattern)
	}
	for _, p := range patterns {
		rest, ofHome := strings.CutPrefix(p, "~/")
		if !ofHome {
			files = append(files, ConfigFiles{Glob: p, Since: since, Exclude: exclude})
			continue
		}
		for _, home := range homes() {
			files = append(files, ConfigFiles{Glob: filepath.Join(home, rest), Since: since, Exclude: exclude})
		}
	}
	if _, err := exec.LookPath("journalctl"); err == nil {
		for _, dir := range []string{"/var/log/journal", "/run/log/journal"} {
			if st, err := os.Stat(dir); err == nil && st.IsDir() {
				journal = true
			}
		}
	}
	return files, journal
}

// homes are the home folders that there are.
func homes() (all []string) {
	if h, err := os.UserHomeDir(); err == nil {
		all = append(all, h)
	}
	more, _ := filepath.Glob("/home/*")
	for _, h := range append(more, "/root") {
		if st, err := os.Stat(h); err == nil && st.IsDir() && !slices.Contains(all, h) {
			all = append(all, h)
		}
	}
	return all
}

// After how long of quiet the last line of a file is taken that has no end: a recording is not written on.
const (
	unended       = 30 * time.Second
	replayUnended = time.Second
)

// A listener receives what is pushed.
type listener interface {
	Listen() error
	Run(ctx context.Context) error
	Stats() []feed.Stat
}

// sources makes what the configuration names. Listeners append to the log of what was received, which is a source itself.
func (v *service) makeSources() error {
	c := v.config()
	files, journals := c.Sources.Files, c.Sources.Journal
	if c.Sources.Discover {
		since := cmp.Or(c.Sources.Since, "now")
		found, journal := discovered([]string{filepath.Join(v.dir, "**")}, since)
		files = append(slices.Clone(files), found...)
		if journal && len(journals) == 0 {
			journals = []ConfigJournal{{Since: since}}
		}
	}
	if len(files) > 0 {
		o := tail.Options{Followable: func(name string, head []byte) bool {
			f, why := source.Follow(name, head)
			return f.Lines || why != ""
		}, Cut: decode.LastRecord, Unended: unended, Log: v.log}
		if v.replay {
			o.Unended = replayUnended
		}
		for _, f := range files {
			o.Globs = append(o.Globs, tail.Glob{Pattern: f.Glob, Tenant: f.Tenant, Format: f.Format, Host: f.Host, Start: f.Since != "now"})
			o.Exclude = append(o.Exclude, f.Exclude...)
		}
		slices.Sort(o.Exclude)
		o.Exclude = slices.Compact(o.Exclude)
		t, err := tail.New(o)
		if err != nil {
			return err
		}
		v.sources = append(v.sources, kindsOf{t, []string{"file"}})
	}
	for _, j := range journals {
		o := journald.Options{Dir: j.Dir, Tenant: j.Tenant, Log: v.log, Start: "end"}
		if j.File != "" {
			o.Files = []string{j.File}
		}
		if j.Since == "start" || j.Since == "" && (j.Dir != "" || j.File != "") {
			o.Start = "start"
		}
		v.sources = append(v.sources, kindsOf{journald.New(o), []string{"journal"}})
	}
	for _, k := range c.Sources.Kafka {
		s, err := v.kafka(k)
		if err != nil {
			return err
		}
		v.sources = append(v.sources, kindsOf{s, []string{"kafka"}})
	}
	for _, n := range c.Sources.NATS {
		s, err := v.nats(n)
		if err != nil {
			return err
		}
		v.sources = append(v.sources, kindsOf{s, []string{"nats"}})
	}
	if !c.Sources.Stdin && len(c.Sources.Syslog)+len(c.Sources.HTTP) == 0 {
		return nil
	}
	log, err := wal.Open(filepath.Join(v.dir, "received"), wal.Options{Size: c.Sources.Spool.Size.or(1 << 30), Report: func(err error) {
		v.log.Error("the log of what was received", "error", err.Error())
		v.raise("corrupt", "received", err.Error())
	}})
	if err != nil {
		return fmt.Errorf("the log of what is received: %w", err)
	}
	v.received = log
	v.sources = append(v.sources, kindsOf{log, []string{"syslog", "http", "otlp", "stdin"}})
	for _, s := range c.Sources.Syslog {
		l, err := v.syslog(s)
		if err != nil {
			return err
		}
		v.listeners = append(v.listeners, l)
	}
	for _, h := range c.Sources.HTTP {
		l, err := v.http(h)
		if err != nil {
			return err
		}
		v.listeners = append(v.listeners, l)
	}
	return nil
}

// A kindsOf is a source with the kinds of origins that it delivers.
type kindsOf struct {
	feed.Source
	kinds []string
}

// sourceTLS reads certificates for a listener.
func sourceTLS(t *ConfigTLS) (*tls.Config, error) {
	if t == nil {
		return nil, nil
	}
	if _, err := tls.LoadX509KeyPair(t.Cert, t.Key); err != nil {
		return nil, fmt.Errorf("tls: %w", err)
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { // read anew, so that a renewed one is used
		pair, err := tls.LoadX509KeyPair(t.Cert, t.Key)
		return &pair, err
	}}
	if t.ClientCA != "" {
		pool, err := certPool(t.ClientCA)
		if err != nil {
			return nil, err
		}
		c.ClientCAs, c.ClientAuth = pool, tls.VerifyClientCertIfGiven
	}
	return c, nil
}

func certPool(file string) (*x509.CertPool, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(data) {
		return nil, fmt.Errorf("%s: no certificates in PEM form there", file)
	}
	return pool, nil
}

// clientTLS is for connections that we make.
func clientTLS(t *ConfigTLS) (*tls.Config, error) {
	if t == nil {
		return nil, nil
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if t.Cert != "" {
		pair, err := tls.LoadX509KeyPair(t.Cert, t.Key)
		if err != nil {
			return nil, fmt.Errorf("tls: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	if t.ClientCA != "" {
		pool, err := certPool(t.ClientCA)
		if err != nil {
			return nil, err
		}
		c.RootCAs = pool
	}
	return c, nil
}

// byName says whose a client's certificate is, by its common name.
func byName(tenants map[string]string, usual string) func(*x509.Certificate) (string, bool) {
	return func(c *x509.Certificate) (string, bool) {
		if len(tenants) == 0 {
			return usual, true
		}
		tenant, ok := tenants[c.Subject.CommonName]
		return tenant, ok
	}
}

func (v *service) syslog(s ConfigSyslog) (listener, error) {
	network, addr, _ := strings.Cut(s.Listen, "://")
	o := syslog.Options{Network: network, Addr: addr, Log: v.received, Tenant: s.Tenant, Logger: v.log}
	var err error
	if o.TLS, err = sourceTLS(s.TLS); err != nil {
		return nil, fmt.Errorf("syslog %s: %w", s.Listen, err)
	}
	if o.TLS != nil && o.TLS.ClientCAs != nil {
		o.TLS.ClientAuth = tls.RequireAndVerifyClientCert
		o.Tenants = byName(s.Tenants, s.Tenant)
	}
	for _, n := range s.Trusted {
		p, err := netip.ParsePrefix(n)
		if err != nil {
			return nil, fmt.Errorf("syslog %s: %w", s.Listen, err)
		}
		o.From = append(o.From, p)
	}
	return syslog.New(o)
}

// A web is a listener for what comes over HTTP.
type web struct {
	addr     string
	log      *slog.Logger
	tls      *tls.Config
	handler  http.Handler
	stats    []func() []feed.Stat
	listener net.Listener
}

func (v *service) http(h ConfigHTTP) (listener, error) {
	w := &web{addr: h.Listen, log: v.log}
	var err error
	if w.tls, err = sourceTLS(h.TLS); err != nil {
		return nil, fmt.Errorf("http %s: %w", h.Listen, err)
	}
	tokens := map[string]string{}
	for _, t := range h.Tokens {
		secret, err := tell.Secret(t.File)
		if err != nil {
			return nil, fmt.Errorf("http %s: %w", h.Listen, err)
		}
		tokens[secret] = t.Tenant
	}
	gate := &push.Gate{Token: push.Tokens(tokens), Open: loopback(h.Listen) && len(tokens) == 0}
	if w.tls != nil && w.tls.ClientCAs != nil {
		gate.Cert = byName(h.Tenants, h.Tenant)
	}
	p := push.New(push.Options{Gate: gate, Log: v.received, Logger: v.log})
	o := otlp.New(otlp.Options{Gate: gate, Log: v.received, Logger: v.log})
	w.handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if otlp.Serves(r.URL.Path) {
			o.ServeHTTP(rw, r)
			return
		}
		p.ServeHTTP(rw, r)
	})
	w.stats = []func() []feed.Stat{p.Stats, o.Stats}
	return w, nil
}

// Listen begins to listen.
func (w *web) Listen() (err error) {
	w.listener, err = net.Listen("tcp", w.addr)
	if err == nil && w.tls != nil {
		w.listener = tls.NewListener(w.listener, w.tls)
	}
	return err
}

// Run answers until ctx ends.
func (w *web) Run(ctx context.Context) error {
	s := &http.Server{Handler: w.handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 2 * time.Minute, WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10,
		ErrorLog: slog.NewLogLogger(w.log.Handler(), slog.LevelDebug)}
	go func() {
		<-ctx.Done()
		last, stop := context.WithTimeout(context.Background(), 3*time.Second)
		defer stop()
		_ = s.Shutdown(last)
	}()
	if err := s.Serve(w.listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Stats are those of all that listens there.
func (w *web) Stats() (all []feed.Stat) {
	for _, f := range w.stats {
		for _, s := range f() {
			s.ID += "/" + w.addr // there may be several
			s.Path += "/" + w.addr
			all = append(all, s)
		}
	}
	return all
}

// kafka makes the source of a cluster's topics.
func (v *service) kafka(k ConfigKafka) (feed.Source, error) {
	o := kafka.Options{Name: k.Name, Brokers: k.Brokers, Topics: k.Topics, Group: k.Group, Tenant: k.Tenant, Format: k.Format, User: k.User, Mechanism: k.SASL, Start: startOf(k.Since), Log: v.log}
	var err error
	if o.TLS, err = clientTLS(k.TLS); err != nil {
		return nil, fmt.Errorf("kafka %s: %w", strings.Join(k.Brokers, ","), err)
	}
	if k.PasswordFile != "" {
		if o.Password, err = tell.Secret(k.PasswordFile); err != nil {
			return nil, err
		}
	}
	return kafka.New(o)
}

// nats makes the source of a stream.
func (v *service) nats(n ConfigNATS) (feed.Source, error) {
	o := nats.Options{Name: n.Name, URL: n.URL, Stream: n.Stream, Subjects: n.Subjects, Creds: n.Creds, Tenant: n.Tenant, Format: n.Format, Start: startOf(n.Since), Log: v.log}
	var err error
	if o.TLS, err = clientTLS(n.TLS); err != nil {
		return nil, fmt.Errorf("nats %s: %w", n.URL, err)
	}
	return nats.New(o)
}

// startOf is where a first start begins.
func startOf(since string) string {
	if since == "start" {
		return "start"
	}
	return "end"
}

// stdin takes what standard input has.
func (v *service) stdin(ctx context.Context) {
	o := &feed.Origin{ID: fmt.Sprintf("stdin:%d", v.began.UnixNano()), Kind: "stdin", Path: "stdin@" + v.began.UTC().Format("20060102T150405.000Z")}
	if err := wal.Stdin(ctx, os.Stdin, v.received, o); err != nil && ctx.Err() == nil {
		v.log.Error("standard input", "error", err.Error())
	}
}
