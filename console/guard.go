package console

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// Bounds of requests.
const (
	maxBody     = 256 << 10
	readTime    = 30 * time.Second
	writeTime   = 60 * time.Second
	reportTime  = 10 * time.Minute
	maxQuery    = 8 << 10
	beatTimeout = 10 * time.Second // an event stream is cut where a write takes longer
)

// A person is who asks.
type person struct {
	name  string
	role  Role
	csrf  string // "" where a token needs none
	way   string // session, token, or local: no login is needed
	from  netip.Addr
	again func() bool // they still may; for streams, which last
}

type personKey struct{}

// who is who asks; nil for nobody who is known.
func who(ctx context.Context) *person {
	p, _ := ctx.Value(personKey{}).(*person)
	return p
}

// A refusal is why a request is not answered.
type refusal struct {
	status int
	why    string
}

// ServeHTTP answers a request once it is known to be allowed.
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin") // with no-referrer a browser sends our own forms without their origin
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
	h.Set("Cache-Control", "no-store")
	if r.TLS != nil {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	deadlines := http.NewResponseController(w)
	_ = deadlines.SetWriteDeadline(time.Now().Add(writeTime)) // a recorder in a test has none
	if r.Body != http.NoBody {
		_ = deadlines.SetReadDeadline(time.Now().Add(c.readTime))
		r.Body = http.MaxBytesReader(w, &timedBody{r.Body, deadlines}, maxBody)
	}

	if no := c.admits(r); no != nil {
		c.refuse(w, r, no)
		return
	}
	p, no := c.identify(r)
	if no == nil {
		no = c.permits(r, p)
	}
	if no != nil {
		c.refuse(w, r, no)
		return
	}
	if p != nil {
		r = r.WithContext(context.WithValue(r.Context(), personKey{}, p))
	}
	c.mux.ServeHTTP(w, r)
}

// admits says whether a request may come in by its connection and where it says that it comes from; nobody's name is asked yet.
func (c *Console) admits(r *http.Request) *refusal {
	here := c.direct(r)
	if r.TLS == nil && !here {
		return &refusal{http.StatusForbidden, "beyond loopback this is served with TLS only"}
	}
	if len(r.URL.RawQuery) > maxQuery {
		return &refusal{http.StatusRequestURITooLong, "the query is too long"}
	}
	// A page of somebody else's whose name was made to lead here would be called by that name.
	if (here || len(c.hosts) > 0) && !c.knownHost(r.Host, here) {
		return &refusal{http.StatusMisdirectedRequest, "this is not served under that name; names that lead here are given in the configuration"}
	}
	if safe(r.Method) {
		return nil
	}
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" && site != "none" {
		return &refusal{http.StatusForbidden, "the request comes from another site"}
	}
	if origin := r.Header.Get("Origin"); origin != "" {
		u, err := url.Parse(origin)
		scheme := "http"
		if r.TLS != nil {
			scheme = "https"
		}
		if err != nil || u.Scheme != scheme || !strings.EqualFold(u.Host, r.Host) {
			return &refusal{http.StatusForbidden, "the request comes from another site"}
		}
	}
	return nil
}

// A timedBody is a body that has to come within a time. At its end the time is over: net/http reads on to see whether who asks is
// still there, and would take a deadline that is missed then for their going away.
type timedBody struct {
	io.ReadCloser
	deadlines *http.ResponseController
}

func (b *timedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		_ = b.deadlines.SetReadDeadline(time.Time{})
	}
	return n, err
}

func safe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

// direct says that both ends of the connection are loopback addresses, as the system has them and not as a header says.
func (c *Console) direct(r *http.Request) bool {
	at, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok || !loopbackAddr(at) {
		return false
	}
	ip, err := peer(r.RemoteAddr)
	return err == nil && ip.IsLoopback()
}

// relayed says that somebody passes the request on: then the connection says nothing of who asks.
func relayed(r *http.Request) bool {
	for _, name := range [...]string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Via"} {
		if len(r.Header.Values(name)) > 0 {
			return true
		}
	}
	return false
}

// knownHost says that a Host header is one by which the console may be called.
func (c *Console) knownHost(host string, here bool) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.ToLower(strings.TrimSuffix(strings.Trim(name, "[]"), "."))
	if c.hosts[name] {
		return true
	}
	if !here {
		return false
	}
	ip, err := netip.ParseAddr(name)
	return name == "localhost" || err == nil && loopbackIP(ip)
}

// identify finds out who asks: by a token, by a session, or because no login is needed here. It returns nil for nobody.
func (c *Console) identify(r *http.Request) (*person, *refusal) {
	now := time.Now()
	from, err := peer(r.RemoteAddr)
	if err != nil {
		return nil, &refusal{http.StatusForbidden, err.Error()}
	}
	if shown, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		t, ok := c.o.Accounts.token(shown, now)
		if !ok { // of 256 random bits: nobody guesses one, so a script that goes on with an old one shuts nobody out
			return nil, &refusal{http.StatusUnauthorized, "no token that is valid"}
		}
		return &person{name: "token " + t.Name, role: t.Role, way: "token", from: from, again: func() bool { _, ok := c.o.Accounts.token(shown, time.Now()); return ok }}, nil
	}
	if cookie, err := r.Cookie(cookieName(r)); err == nil {
		if p := c.sessionOf(cookie.Value, now); p != nil {
			p.from = from
			return p, nil
		}
	}
	if !c.o.Login && c.direct(r) && !relayed(r) {
		return &person{name: "local", role: Admin, csrf: c.local, way: "local", from: from, again: func() bool { return true }}, nil
	}
	return nil, nil
}

// sessionOf is who has a session; nil where it has ended, or the account is no longer what it was.
func (c *Console) sessionOf(id string, now time.Time) *person {
	s, ok := c.sessions.find(id, now)
	if !ok {
		return nil
	}
	u, ok := c.o.Accounts.user(s.user)
	if !ok || u.Hash != s.hash {
		c.sessions.end(id)
		return nil
	}
	return &person{name: u.Name, role: u.Role, csrf: s.csrf, way: "session", again: func() bool {
		now, ok := c.o.Accounts.user(u.Name)
		return ok && now.Hash == u.Hash && c.sessions.lasts(id, time.Now())
	}}
}

// cookieName is the session's: with TLS one that no other host and no page without TLS can set.
func cookieName(r *http.Request) string {
	if r.TLS != nil {
		return "__Host-tocsin"
	}
	return "tocsin"
}

// public are the paths for which nobody's name is asked.
func public(path string) bool {
	return path == "/healthz" || path == "/readyz" || path == "/login" || path == "/language" || strings.HasPrefix(path, "/assets/")
}

// permits says whether somebody may do what they ask for.
func (c *Console) permits(r *http.Request, p *person) *refusal {
	path := r.URL.Path
	if p == nil && !public(path) {
		return &refusal{http.StatusUnauthorized, "log in, or show a token"}
	}
	if safe(r.Method) || path == "/login" {
		return nil // the page of the login has a token of its own
	}
	if p == nil {
		return &refusal{http.StatusUnauthorized, "log in, or show a token"}
	}
	if p.role != Admin && path != "/logout" {
		return &refusal{http.StatusForbidden, "a viewer changes nothing"}
	}
	// A browser sends a cookie, or comes from loopback, whoever made it ask: only our own pages know the token.
	browser := r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") != ""
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	form := kind != "application/json"
	if p.way == "session" || p.way == "local" && (browser || form) {
		shown := r.Header.Get("X-CSRF-Token")
		if shown == "" && kind == "application/x-www-form-urlencoded" {
			shown = r.PostFormValue("csrf")
		}
		if subtle.ConstantTimeCompare([]byte(shown), []byte(p.csrf)) != 1 {
			return &refusal{http.StatusForbidden, "the form is too old, or not ours: load the page again"}
		}
	}
	return nil
}

// refuse says why a request is not answered: to a person with a page, or the way to the login; to a script as a problem (RFC 9457).
func (c *Console) refuse(w http.ResponseWriter, r *http.Request, no *refusal) {
	c.log.Debug("refused", "status", no.status, "why", no.why, "path", r.URL.Path, "from", r.RemoteAddr)
	script := strings.HasPrefix(r.URL.Path, "/api/") || r.URL.Path == "/metrics" || !strings.Contains(r.Header.Get("Accept"), "text/html")
	if no.status == http.StatusUnauthorized && !script && safe(r.Method) {
		http.Redirect(w, r, "/login?to="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
		return
	}
	if no.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="tocsin"`)
	}
	if !script && who(r.Context()) == nil {
		c.problemPage(w, r, no)
		return
	}
	problem(w, no.status, no.why)
}

func problem(w http.ResponseWriter, status int, why string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	b, _ := json.Marshal(map[string]any{"title": http.StatusText(status), "status": status, "detail": why}) // cannot fail
	_, _ = w.Write(append(b, '\n'))
}

// audit notes what somebody does, before it is done.
func (c *Console) audit(ctx context.Context, what, on, detail string) error {
	a := Act{Time: time.Now().UTC(), What: what, On: on, Detail: detail}
	if p := who(ctx); p != nil {
		a.Who, a.From = p.name, p.from.String()
	}
	return c.o.Run.Audit(ctx, a)
}
