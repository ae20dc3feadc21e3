// Package console serves what a live run knows: pages for people, an API for scripts, metrics for Prometheus.
//
// It shows what a Run tells it and keeps nothing of that itself. The pages are the HTML report's own markup, styles and scripts
// with data that grows, and forms that work without scripts. The API gives campaigns as JSONL has them; its description
// (OpenAPI) is made from the code that answers.
//
// On a loopback address it answers without a login unless told otherwise. Beyond one it speaks TLS and wants a login: New and
// Serve refuse any other configuration, and each request is held against the same rule once more, by the addresses of its
// connection and never by what a header says. Whoever may only look (viewer) changes nothing; every action of a person goes to
// the Run's audit before it is answered.
//
// It leaves out accounts of other systems (single sign-on), and rights by tenant: who may look sees all tenants.
package console

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin/report"
)

// Options are what a console needs to know. The zero value, with Run, serves loopback addresses without a login.
type Options struct {
	Run Run

	// Listen are the addresses that it will be served on, as HOST:PORT: New holds them against the rules before anything is
	// opened. Serve holds what it is given against them again.
	Listen []string
	// TLS is spoken on every listener beyond loopback; nil where there is none. It must have a certificate.
	TLS *tls.Config
	// Login asks for a login on loopback addresses as well.
	Login bool
	// Accounts are who may log in, and API tokens; nil where nobody can.
	Accounts *Accounts
	// Hosts are the names, beside localhost and loopback addresses, by which it may be called on loopback; where there are any
	// they are the only ones beyond it.
	Hosts []string

	Version string        // Tocsin's
	Log     *slog.Logger  // nil discards
	Names   bool          // shows the names of principals of whom there is nothing to report
	Idle    time.Duration // a session ends after so long without a request; 0 is 30 minutes
	Longest time.Duration // a session ends after so long in any case; 0 is 12 hours
	Clients int           // event streams at one time; 0 is 64
	Beat    time.Duration // between signs of life on an event stream; 0 is 15 seconds
}

// A Console is an http.Handler. Several goroutines may use it.
type Console struct {
	o        Options
	log      *slog.Logger
	mux      *http.ServeMux
	hub      *hub
	sessions *sessions
	attempts *attempts
	local    string // the CSRF token of those who need no login
	langs    map[string]*language
	hosts    map[string]bool
	now      pageCache
	started  time.Time
	readTime time.Duration // of a request's body
}

// A language is what the console says and sends in one.
type language struct {
	page   *report.Page
	said   map[string]string
	assets map[string]asset
	pages  map[string]*template.Template // by the name of what is in the layout
}

// An asset is a file that pages ask for, by a name that changes with what is in it.
type asset struct {
	kind string
	data []byte
	name string
}

// New returns a console, or an error that says what in the options is wrong and how to mend it.
func New(o Options) (*Console, error) {
	if o.Run == nil {
		return nil, errors.New("console: no run to show")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Idle <= 0 {
		o.Idle = 30 * time.Minute
	}
	if o.Longest <= 0 {
		o.Longest = 12 * time.Hour
	}
	if o.Clients <= 0 {
		o.Clients = 64
	}
	if o.Beat <= 0 {
		o.Beat = 15 * time.Second
	}
	if o.Accounts == nil {
		o.Accounts = &Accounts{}
	}
	if o.Login && o.Accounts.empty() {
		return nil, errors.New("console: a login is asked for and there is no account: add one, or leave the login out on loopback addresses")
	}
	for _, addr := range o.Listen {
		if err := o.admissible(addr); err != nil {
			return nil, err
		}
	}
	c := &Console{o: o, log: o.Log, sessions: newSessions(o.Idle, o.Longest), attempts: newAttempts(), local: secret(), langs: map[string]*language{}, hosts: map[string]bool{}, started: time.Now(), readTime: readTime}
	for _, h := range o.Hosts {
		c.hosts[strings.ToLower(strings.TrimSuffix(h, "."))] = true
	}
	for _, lang := range []string{"en", "fr"} {
		l, err := newLanguage(lang)
		if err != nil {
			return nil, fmt.Errorf("console: %w", err)
		}
		c.langs[lang] = l
	}
	c.hub = newHub(o.Clients)
	c.mux = http.NewServeMux()
	c.routes()
	return c, nil
}

// Changed tells those who look on that something is not what it was. It never waits.
func (c *Console) Changed(x Change) { c.hub.tell(x) }

// Close ends all event streams, and there are no more.
func (c *Console) Close() { c.hub.close() }

func (c *Console) routes() {
	c.apiRoutes()
	c.mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) { plain(w, http.StatusOK, "ok\n") })
	c.mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if !c.o.Run.Ready() {
			plain(w, http.StatusServiceUnavailable, "sources are not followed yet\n")
			return
		}
		plain(w, http.StatusOK, "ready\n")
	})
	c.mux.Handle("GET /metrics", c.metrics())
	c.mux.HandleFunc("GET /api/v1/events", c.events)
	c.mux.HandleFunc("GET /assets/{name}", c.asset)
	c.pageRoutes()
}

// plain answers with a line of text.
func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text)) // who asked may be gone
}

func (c *Console) asset(w http.ResponseWriter, r *http.Request) {
	for _, l := range c.langs {
		for _, a := range l.assets {
			if a.name == r.PathValue("name") {
				w.Header().Set("Content-Type", a.kind)
				w.Header().Set("Cache-Control", "private, max-age=86400, immutable")
				http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.data))
				return
			}
		}
	}
	http.NotFound(w, r)
}

func newLanguage(lang string) (*language, error) {
	page, err := report.NewPage(lang)
	if err != nil {
		return nil, err
	}
	l := &language{page: page, said: map[string]string{}, assets: map[string]asset{}, pages: map[string]*template.Template{}}
	if lang == "fr" {
		l.said = frenchWords()
	}
	for _, name := range [...]string{"now", "list", "search", "try", "login", "api"} {
		if l.pages[name], err = template.New("").Funcs(template.FuncMap{"t": l.say}).ParseFS(files, "html/layout.html", "html/event.html", "html/"+name+".html"); err != nil {
			return nil, err
		}
	}
	style, err := page.Style()
	if err != nil {
		return nil, err
	}
	own := func(name string) []byte {
		b, e := files.ReadFile("html/" + name)
		err = errors.Join(err, e)
		return b
	}
	l.add("style", "text/css; charset=utf-8", ".css", append(style, own("console.css")...))
	says := []byte(l.script())
	script, e := page.Script(append(says, own("feed.js")...), own("live.js"))
	err = errors.Join(err, e)
	l.add("app", "text/javascript; charset=utf-8", ".js", script)
	l.add("small", "text/javascript; charset=utf-8", ".js", own("small.js"))
	l.add("icon", "image/svg+xml", ".svg", own("icon.svg"))
	return l, err
}

func (l *language) add(id, kind, end string, data []byte) {
	sum := sha256.Sum256(data)
	l.assets[id] = asset{kind, data, id + "-" + hex.EncodeToString(sum[:8]) + end}
}

// say is what the console says, in the language.
func (l *language) say(english string) string {
	if s, ok := l.said[english]; ok {
		return s
	}
	return l.page.Say(english)
}

// secret is 256 random bits.
func secret() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// Serve answers on listeners until ctx ends, then lets requests that are under way come to their end for at most five seconds.
// It closes the listeners. A listener beyond loopback is served with TLS only; an error says which one may not be served.
func (c *Console) Serve(ctx context.Context, listeners ...net.Listener) error {
	closeAll := func() {
		for _, l := range listeners {
			_ = l.Close()
		}
	}
	served := make([]net.Listener, len(listeners))
	for i, l := range listeners {
		loopback := loopbackAddr(l.Addr())
		if !loopback {
			if err := c.o.beyond(l.Addr().String()); err != nil {
				closeAll()
				return err
			}
			conf := c.o.TLS.Clone()
			conf.NextProtos = []string{"h2", "http/1.1"}
			conf.MinVersion = max(conf.MinVersion, tls.VersionTLS12)
			l = tls.NewListener(l, conf)
		}
		served[i] = l
	}
	server := &http.Server{Handler: c, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10,
		ErrorLog: slog.NewLogLogger(c.log.Handler(), slog.LevelDebug)}
	errs := make(chan error, len(served))
	for _, l := range served {
		go func() { errs <- server.Serve(l) }()
	}
	var failed error
	open := len(served)
	select {
	case <-ctx.Done():
	case failed = <-errs:
		open--
	}
	c.Close() // event streams would not end by themselves
	rest, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := server.Shutdown(rest); err != nil {
		_ = server.Close()
	}
	for range open {
		<-errs
	}
	if failed != nil && !errors.Is(failed, http.ErrServerClosed) {
		return fmt.Errorf("console: %w", failed)
	}
	return nil
}
