package console

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"
)

const password = "correct horse battery"

func accounts(t testing.TB) *Accounts {
	t.Helper()
	a := &Accounts{}
	for name, role := range map[string]Role{"root": Admin, "ann": Viewer} {
		if err := a.SetUser(name, password, role); err != nil {
			t.Fatal(err)
		}
	}
	return a
}

func certificate(t testing.TB) *tls.Config {
	t.Helper()
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	return &tls.Config{Certificates: s.TLS.Certificates}
}

// No configuration serves beyond loopback without TLS and a login.
func TestNoAccessBeyondLoopback(t *testing.T) {
	cert, who := certificate(t), accounts(t)
	for _, addr := range []string{"0.0.0.0:0", "[::]:0", ":0", "192.0.2.1:80", "[2001:db8::1]:80", "[::ffff:192.0.2.1]:80", "no-such-name.invalid:80", "0:80", "example.com:80", "[fe80::1%25lo]:80", "169.254.1.1:80", "10.0.0.1:80"} {
		for name, o := range map[string]Options{"nothing": {}, "TLS only": {TLS: cert}, "TLS without a certificate": {TLS: &tls.Config{}, Accounts: who}, "login only": {Accounts: who, Login: true}, "no account": {TLS: cert, Accounts: &Accounts{}}} {
			o.Run, o.Listen = sampleRun(), []string{"127.0.0.1:0", addr}
			if c, err := New(o); err == nil {
				c.Close()
				t.Errorf("%s with %s is served", addr, name)
			} else if !strings.Contains(err.Error(), "loopback") {
				t.Errorf("%s: the error does not say what to do: %v", addr, err)
			}
		}
		o := Options{Run: sampleRun(), Listen: []string{addr}, TLS: cert, Accounts: who}
		c, err := New(o)
		if err != nil {
			t.Errorf("%s with TLS and a login is refused: %v", addr, err)
			continue
		}
		c.Close()
	}
	for _, addr := range []string{"127.0.0.1:0", "[::1]:0", "localhost:0", "127.9.9.9:80", "[::ffff:127.0.0.1]:80"} {
		c, err := New(Options{Run: sampleRun(), Listen: []string{addr}})
		if err != nil {
			t.Errorf("%s: %v", addr, err)
			continue
		}
		c.Close()
	}
	if _, err := New(Options{Run: sampleRun(), Listen: []string{"127.0.0.1"}}); err == nil {
		t.Error("an address without a port is taken")
	}
	if _, err := New(Options{Run: sampleRun(), Login: true}); err == nil {
		t.Error("a login that nobody has is taken")
	}
	// Serve looks at the listener itself, whatever it was called.
	l, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Skip(err)
	}
	c := newConsole(t, sampleRun(), nil)
	if err := c.Serve(t.Context(), l); err == nil || !strings.Contains(err.Error(), "TLS") {
		t.Errorf("a listener on all addresses: %v", err)
	}
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Error("the listener is open still")
	}
}

// direct answers a request as if it came by a connection between two addresses.
func direct(c *Console, method, target, local, remote string, with func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	a, _ := net.ResolveTCPAddr("tcp", local)
	r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, net.Addr(a)))
	r.RemoteAddr, r.Host = remote, "localhost"
	if with != nil {
		with(r)
	}
	w := httptest.NewRecorder()
	c.ServeHTTP(w, r)
	return w
}

// Each request is held against the rule by its connection, whatever it says of itself.
func TestRequestsByConnection(t *testing.T) {
	c := newConsole(t, sampleRun(), func(o *Options) { o.Accounts = accounts(t) })
	forge := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	secure := func(r *http.Request) { r.TLS = &tls.ConnectionState{} }
	for _, x := range []struct {
		local, remote string
		with          func(*http.Request)
		want          int
	}{
		{"127.0.0.1:80", "127.0.0.1:5", nil, 200},
		{"[::1]:80", "[::1]:5", nil, 200},
		{"192.0.2.1:80", "192.0.2.9:5", nil, 403},
		{"192.0.2.1:80", "127.0.0.1:5", nil, 403},
		{"127.0.0.1:80", "192.0.2.9:5", nil, 403},
		{"192.0.2.1:80", "192.0.2.9:5", forge("X-Forwarded-For", "127.0.0.1"), 403},
		{"192.0.2.1:80", "192.0.2.9:5", forge("X-Forwarded-Proto", "https"), 403},
		{"192.0.2.1:443", "192.0.2.9:5", secure, 401},
		{"192.0.2.1:443", "192.0.2.9:5", func(r *http.Request) { secure(r); r.Header.Set("X-Forwarded-For", "127.0.0.1"); r.Host = "127.0.0.1" }, 401},
		{"127.0.0.1:80", "127.0.0.1:5", forge("X-Forwarded-For", "192.0.2.9"), 401}, // somebody passes it on
		{"127.0.0.1:80", "127.0.0.1:5", forge("Forwarded", "for=192.0.2.9"), 401},
		{"127.0.0.1:80", "127.0.0.1:5", forge("Via", "1.1 proxy"), 401},
		{"127.0.0.1:80", "nonsense", nil, 403},
	} {
		if w := direct(c, "GET", "/api/v1/campaigns", x.local, x.remote, x.with); w.Code != x.want {
			t.Errorf("%s from %s: %d, want %d: %s", x.local, x.remote, w.Code, x.want, w.Body)
		}
	}
}

// A name that was made to lead to loopback is not answered under (DNS rebinding).
func TestRebinding(t *testing.T) {
	c := newConsole(t, sampleRun(), func(o *Options) { o.Hosts = []string{"Tocsin.Example."} })
	for host, want := range map[string]int{"localhost": 200, "localhost:7700": 200, "LOCALHOST": 200, "127.0.0.1:7700": 200, "[::1]:7700": 200, "127.0.0.2": 200, "tocsin.example:1": 200, "evil.example": 421, "evil.example:7700": 421, "localhost.evil.example": 421, "192.0.2.1": 421, "": 421, "0.0.0.0": 421} {
		if w := direct(c, "GET", "/api/v1/campaigns", "127.0.0.1:7700", "127.0.0.1:5", func(r *http.Request) { r.Host = host }); w.Code != want {
			t.Errorf("Host %q: %d, want %d", host, w.Code, want)
		}
	}
}

// What a page of another site makes a browser ask for changes nothing.
func TestCrossSite(t *testing.T) {
	f := sampleRun()
	c := newConsole(t, f, nil)
	at := server(t, c)
	const path, body = "/api/v1/campaigns/c-000000000000/status", `{"status":"closed"}`
	for name, x := range map[string]struct {
		headers []string
		want    int
	}{
		"a script":                    {[]string{"Content-Type", "application/json"}, 204},
		"our page with the token":     {[]string{"Content-Type", "application/json", "Origin", at, "Sec-Fetch-Site", "same-origin", "X-CSRF-Token", c.local}, 204},
		"our origin without a token":  {[]string{"Content-Type", "application/json", "Origin", at, "Sec-Fetch-Site", "same-origin"}, 403},
		"another token":               {[]string{"Content-Type", "application/json", "Origin", at, "X-CSRF-Token", secret()}, 403},
		"another site":                {[]string{"Content-Type", "application/json", "Origin", "https://evil.example", "X-CSRF-Token", c.local}, 403},
		"another port":                {[]string{"Content-Type", "application/json", "Origin", "http://127.0.0.1:1", "X-CSRF-Token", c.local}, 403},
		"no origin":                   {[]string{"Content-Type", "application/json", "Origin", "null", "X-CSRF-Token", c.local}, 403},
		"by what the browser says":    {[]string{"Content-Type", "application/json", "Sec-Fetch-Site", "cross-site", "X-CSRF-Token", c.local}, 403},
		"from the same site":          {[]string{"Content-Type", "application/json", "Sec-Fetch-Site", "same-site", "X-CSRF-Token", c.local}, 403},
		"as text, without preflight":  {[]string{"Content-Type", "text/plain"}, 403},
		"as a form, without a token":  {[]string{"Content-Type", "application/x-www-form-urlencoded"}, 403},
		"with a type with parameters": {[]string{"Content-Type", "application/json; charset=utf-8"}, 204},
	} {
		f.told[0].Status = ""
		a, got := ask(t, "POST", at+path, body, x.headers...)
		if a.StatusCode != x.want {
			t.Errorf("%s: %s, want %d: %s", name, a.Status, x.want, got)
		}
		if done := f.told[0].Status == Closed; done != (x.want == 204) {
			t.Errorf("%s: closed %v", name, done)
		}
	}
	form := url.Values{"status": {"benign"}, "note": {"a test"}, "csrf": {c.local}, "tenant": {"clinic"}}
	a, _ := ask(t, "POST", at+"/campaigns/c-000000000000/status", form.Encode(), "Content-Type", "application/x-www-form-urlencoded", "Origin", at)
	if a.StatusCode != 303 || !strings.Contains(a.Header.Get("Location"), "done=benign") || f.told[0].Status != Closed {
		t.Errorf("our form: %s to %s", a.Status, a.Header.Get("Location"))
	}
}

// A browser is a client that keeps cookies.
type browser struct {
	*http.Client
	at string
}

func newBrowser(t *testing.T, s *httptest.Server) *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := s.Client()
	return &browser{&http.Client{Transport: c.Transport, Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, s.URL}
}

var csrfField = regexp.MustCompile(`name="csrf" value="([0-9a-f]{64})"`)

func (b *browser) get(t *testing.T, path string) (int, string, string) {
	t.Helper()
	r, _ := http.NewRequest("GET", b.at+path, nil)
	r.Header.Set("Accept", "text/html")
	a, err := b.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	body, _ := io.ReadAll(a.Body)
	token := ""
	if m := csrfField.FindSubmatch(body); m != nil {
		token = string(m[1])
	}
	return a.StatusCode, string(body), token
}

func (b *browser) post(t *testing.T, path string, form url.Values) (int, *http.Response) {
	t.Helper()
	a, err := b.PostForm(b.at+path, form)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	_, _ = io.Copy(io.Discard, a.Body)
	return a.StatusCode, a
}

func (b *browser) login(t *testing.T, name, with string) int {
	t.Helper()
	_, _, token := b.get(t, "/login")
	status, _ := b.post(t, "/login", url.Values{"name": {name}, "password": {with}, "csrf": {token}, "to": {"/sources"}})
	return status
}

func tlsServer(t *testing.T, c *Console) *httptest.Server {
	t.Helper()
	s := httptest.NewTLSServer(c)
	t.Cleanup(s.Close)
	return s
}

func TestLogin(t *testing.T) {
	f := sampleRun()
	who := accounts(t)
	s := tlsServer(t, newConsole(t, f, func(o *Options) { o.Accounts, o.Login = who, true }))
	b := newBrowser(t, s)
	if status, _, _ := b.get(t, "/"); status != 303 {
		t.Errorf("without a login: %d", status)
	}
	if a, err := b.Get(s.URL + "/api/v1/campaigns"); err != nil || a.StatusCode != 401 || a.Header.Get("WWW-Authenticate") == "" {
		t.Errorf("the API without a login: %v %v", a, err)
	}
	for _, path := range []string{"/metrics", "/data", "/api/openapi.json", "/api/v1/events", "/campaigns/c-000000000000/report?format=html"} {
		if a, err := b.Get(s.URL + path); err != nil || a.StatusCode != 401 {
			t.Errorf("%s without a login: %v %v", path, a.StatusCode, err)
		}
	}
	for _, path := range []string{"/healthz", "/readyz", "/login"} {
		if a, err := b.Get(s.URL + path); err != nil || a.StatusCode != 200 {
			t.Errorf("%s: %v %v", path, a.StatusCode, err)
		}
	}
	if got := b.login(t, "root", "wrong"); got != 401 {
		t.Errorf("a wrong password: %d", got)
	}
	if got, _ := b.post(t, "/login", url.Values{"name": {"root"}, "password": {password}}); got != 403 {
		t.Errorf("a login that our form did not send: %d", got)
	}
	_, _, token := b.get(t, "/login")
	status, a := b.post(t, "/login", url.Values{"name": {"root"}, "password": {password}, "csrf": {token}, "to": {"//evil.example"}})
	if status != 303 || a.Header.Get("Location") != "/" {
		t.Fatalf("login: %d to %s", status, a.Header.Get("Location"))
	}
	var cookie *http.Cookie
	for _, x := range a.Cookies() {
		if x.Name == "__Host-tocsin" {
			cookie = x
		}
	}
	if cookie == nil || !cookie.HttpOnly || !cookie.Secure || cookie.SameSite != http.SameSiteStrictMode || cookie.Path != "/" || cookie.Domain != "" {
		t.Errorf("cookie %v", cookie)
	}
	code, _, csrf := b.get(t, "/campaigns/c-000000000000")
	if code != 200 || csrf == "" {
		t.Fatalf("after the login: %d", code)
	}
	if got, _ := b.post(t, "/campaigns/c-000000000000/status", url.Values{"status": {"acknowledged"}}); got != 403 {
		t.Errorf("a form without its token: %d", got)
	}
	if got, _ := b.post(t, "/campaigns/c-000000000000/status", url.Values{"status": {"acknowledged"}, "csrf": {csrf}}); got != 303 || f.told[0].By != "root" {
		t.Errorf("a form: %d, by %q", got, f.told[0].By)
	}
	// Another password, or none at all any more, ends the session.
	if err := who.SetUser("root", "another horse battery", Admin); err != nil {
		t.Fatal(err)
	}
	if code, _, _ := b.get(t, "/"); code != 303 {
		t.Errorf("after another password was set: %d", code)
	}
	if got := b.login(t, "root", "another horse battery"); got != 303 {
		t.Fatalf("with the other password: %d", got)
	}
	_, _, csrf = b.get(t, "/campaigns/c-000000000000")
	if got, _ := b.post(t, "/logout", url.Values{"csrf": {csrf}}); got != 303 {
		t.Errorf("logout: %d", got)
	}
	if code, _, _ := b.get(t, "/"); code != 303 {
		t.Errorf("after the logout: %d", code)
	}
	if did := strings.Join(f.did(), "\n"); !strings.Contains(did, "root login ") || !strings.Contains(did, " login failed root") || !strings.Contains(did, "root logout") || !strings.Contains(did, "root status c-000000000000") {
		t.Errorf("audit:\n%s", did)
	}
}

func TestSessionsEnd(t *testing.T) {
	s := newSessions(time.Minute, time.Hour)
	u := User{Name: "ann", Hash: "h"}
	id := s.begin(u, begin)
	for at := begin; at.Before(begin.Add(time.Hour)); at = at.Add(50 * time.Second) {
		if _, ok := s.find(id, at); !ok {
			t.Fatalf("it ended after %v of use", at.Sub(begin))
		}
	}
	if _, ok := s.find(id, begin.Add(time.Hour+time.Second)); ok {
		t.Error("it goes on for ever")
	}
	id = s.begin(u, begin)
	if _, ok := s.find(id, begin.Add(61*time.Second)); ok {
		t.Error("it goes on without use")
	}
	first := s.begin(u, begin)
	for i := range maxUserSessions {
		s.begin(u, begin.Add(time.Duration(i+1)*time.Millisecond))
	}
	if _, ok := s.find(first, begin.Add(time.Second)); ok || len(s.all) > maxUserSessions {
		t.Errorf("%d sessions of one user", len(s.all))
	}
}

func TestRoles(t *testing.T) {
	f := sampleRun()
	who := accounts(t)
	c := newConsole(t, f, func(o *Options) { o.Accounts, o.Login = who, true })
	at := server(t, c)
	tokens := map[Role]string{}
	for _, role := range []Role{Viewer, Admin} {
		_, token, err := who.NewToken("script-"+string(role), role, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		tokens[role] = token
	}
	until := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	for _, x := range []struct {
		method, path, body string
		viewer, admin      int
	}{
		{"GET", "/campaigns", "", 200, 200},
		{"GET", "/search?text=x", "", 200, 200},
		{"GET", "/users", "", 403, 200},
		{"GET", "/tokens", "", 403, 200},
		{"POST", "/campaigns/c-000000000000/status", `{"status":"closed"}`, 403, 204},
		{"POST", "/rules/try", `{"rules":"x"}`, 403, 200},
		{"POST", "/suppressions", `{"rule":"r","reason":"x","until":"` + until + `"}`, 403, 204},
		{"PUT", "/users/bob", `{"password":"` + password + `","role":"viewer"}`, 403, 204},
		{"PUT", "/users/carl", `{"password":"short","role":"viewer"}`, 403, 422},
		{"DELETE", "/users/bob", "", 403, 204},
		{"DELETE", "/users/bob", "", 403, 404},
		{"POST", "/tokens", `{"name":"x","role":"admin"}`, 403, 200},
		{"DELETE", "/tokens/none", "", 403, 404},
	} {
		for role, want := range map[Role]int{Viewer: x.viewer, Admin: x.admin} {
			a, body := ask(t, x.method, at+"/api/v1"+x.path, x.body, "Authorization", "Bearer "+tokens[role], "Content-Type", "application/json")
			if a.StatusCode != want {
				t.Errorf("%s %s as %s: %s, want %d: %s", x.method, x.path, role, a.Status, want, body)
			}
			if strings.Contains(body, "argon2id") || strings.Contains(body, `"sum"`) {
				t.Errorf("%s tells hashes", x.path)
			}
		}
	}
	// The pages of a viewer have no forms that change anything.
	s := tlsServer(t, c)
	b := newBrowser(t, s)
	if got := b.login(t, "ann", password); got != 303 {
		t.Fatalf("login: %d", got)
	}
	if _, body, _ := b.get(t, "/campaigns/c-000000000000"); strings.Contains(body, `/status"`) || strings.Contains(body, "/suppress") {
		t.Error("a viewer is shown forms")
	}
	_, _, csrf := b.get(t, "/")
	if got, _ := b.post(t, "/campaigns/c-000000000000/status", url.Values{"status": {"open"}, "csrf": {csrf}}); got != 403 {
		t.Errorf("a viewer's form: %d", got)
	}
	_, expired, err := who.NewToken("old", Admin, time.Now().Add(-time.Second))
	if err != nil {
		t.Fatal(err)
	}
	for _, token := range []string{expired, "", "tocsin_x", strings.Repeat("x", 10_000)} {
		if a, _ := ask(t, "GET", at+"/api/v1/campaigns", "", "Authorization", "Bearer "+token); a.StatusCode != 401 {
			t.Errorf("token %.20q: %s", token, a.Status)
		}
	}
}

func TestLoginsAreCounted(t *testing.T) {
	f := sampleRun()
	c := newConsole(t, f, func(o *Options) { o.Accounts, o.Login = accounts(t), true })
	s := tlsServer(t, c)
	b := newBrowser(t, s)
	here, _ := peer("127.0.0.1:1")
	for range mostByAddress - 1 {
		c.attempts.failed(here, "", time.Now())
	}
	if got := b.login(t, "nobody", "wrong"); got != 401 {
		t.Fatalf("the last attempt that is let through: %d", got)
	}
	if got := b.login(t, "root", password); got != 429 {
		t.Errorf("after %d failed attempts from an address: %d", mostByAddress, got)
	}
	// By account, from ever other addresses.
	a := newAttempts()
	now := begin
	addr := func(i int) string { return fmt.Sprintf("203.0.113.%d:1", i) }
	for i := range mostByAccount {
		ip, _ := peer(addr(i))
		if a.wait(ip, "root", now) > 0 {
			t.Fatalf("attempt %d is not let through", i)
		}
		a.failed(ip, "root", now)
	}
	ip, _ := peer(addr(200))
	if a.wait(ip, "root", now) <= 0 || a.wait(ip, "ann", now) > 0 {
		t.Error("attempts are not counted by account")
	}
	if a.wait(ip, "root", now.Add(attemptWindow)) > 0 {
		t.Error("it never ends")
	}
	// One site's IPv6 addresses are one.
	for i := range mostByAddress {
		ip, _ := peer(fmt.Sprintf("[2001:db8::%d]:1", i+1))
		a.failed(ip, "", now)
	}
	if ip, _ := peer("[2001:db8::ffff]:1"); a.wait(ip, "", now) <= 0 {
		t.Error("addresses of one network are counted apart")
	}
	for i := range 3 * maxAttempts {
		ip, _ := peer(fmt.Sprintf("[2001:%x:%x::1]:1", i%60_000, i/60_000))
		a.failed(ip, fmt.Sprint("name", i), now)
	}
	if len(a.all) > maxAttempts+1 {
		t.Errorf("%d attempts are kept", len(a.all))
	}
}

func TestHeaders(t *testing.T) {
	at := server(t, newConsole(t, sampleRun(), nil))
	for _, path := range []string{"/", "/campaigns", "/campaigns/c-000000000001", "/sources", "/rules", "/incidents", "/search", "/api/v1/campaigns", "/healthz", "/nothing"} {
		a, body := ask(t, "GET", at+path, "", "Accept", "text/html")
		h := a.Header
		if want := map[bool]int{false: 200, true: 404}[path == "/nothing"]; a.StatusCode != want {
			t.Errorf("%s: %s", path, a.Status)
		}
		if !strings.HasPrefix(h.Get("Content-Security-Policy"), "default-src 'none'; script-src 'self'; style-src 'self';") || !strings.Contains(h.Get("Content-Security-Policy"), "frame-ancestors 'none'") || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "same-origin" || h.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v", path, h)
		}
		for _, bad := range []string{"<script>", "<style", " onclick=", "<img", "\u202e", "\x1b", "src=\"http", "href=\"http"} {
			if strings.Contains(body, bad) && !strings.HasPrefix(h.Get("Content-Type"), "application/json") {
				t.Errorf("%s has %q", path, bad)
			}
		}
	}
	if a, _ := ask(t, "GET", at+"/api/v1/campaigns?cursor="+strings.Repeat("x", 9000), ""); a.StatusCode != 414 {
		t.Errorf("a long query: %s", a.Status)
	}
	if a, _ := ask(t, "GET", at+"/healthz", "", "X-Long", strings.Repeat("x", 2<<20)); a.StatusCode != 431 {
		t.Errorf("long headers: %s", a.Status)
	}
}

func TestServe(t *testing.T) {
	f := sampleRun()
	conf := certificate(t)
	c := newConsole(t, f, func(o *Options) { o.Accounts, o.TLS = accounts(t), conf })
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	outer, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- c.Serve(ctx, inner, outer) }()
	if a, _ := ask(t, "GET", "http://"+inner.Addr().String()+"/api/v1/sources", ""); a.StatusCode != 200 {
		t.Errorf("on loopback: %s", a.Status)
	}
	_, port, _ := net.SplitHostPort(outer.Addr().String())
	plain, err := http.Get("http://127.0.0.1:" + port + "/api/v1/sources")
	if err == nil && plain.StatusCode != 400 {
		t.Errorf("without TLS on all addresses: %s", plain.Status)
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true}}
	a, err := client.Get("https://127.0.0.1:" + port + "/healthz")
	if err != nil || a.StatusCode != 200 || a.ProtoMajor != 2 {
		t.Errorf("with TLS: %v %v", a, err)
	}
	s := listen(t, "http://"+inner.Addr().String(), "")
	s.next(t)
	began := time.Now()
	stop()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(8 * time.Second):
		t.Fatal("it does not end")
	}
	if d := time.Since(began); d > 3*time.Second {
		t.Errorf("with an event stream open it takes %v to end", d)
	}
}

// Who sends a request byte by byte is cut off.
func TestSlowHeaders(t *testing.T) {
	if testing.Short() {
		t.Skip("takes ten seconds")
	}
	t.Parallel()
	c := newConsole(t, sampleRun(), nil)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go func() { _ = c.Serve(ctx, l) }()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: local")
	_ = conn.SetReadDeadline(time.Now().Add(15 * time.Second))
	if _, err := io.ReadAll(conn); err != nil {
		t.Errorf("it is not cut off: %v", err)
	}
}

// What takes longer to answer than a request may take to come is answered all the same; a body that does not come is not waited for.
func TestReadTime(t *testing.T) {
	f := sampleRun()
	c := newConsole(t, f, nil)
	c.readTime = 300 * time.Millisecond
	f.searchTakes = 2 * c.readTime
	at := server(t, c)
	if a, body := ask(t, "GET", at+"/api/v1/search?limit=1", ""); a.StatusCode != 200 || a.Header.Get("X-More") != "limit" {
		t.Errorf("a long search: %s %s", a.Status, body)
	}
	f.statusTakes = 2 * c.readTime
	if a, body := ask(t, "POST", at+"/api/v1/campaigns/c-000000000000/status", `{"status":"closed"}`, "Content-Type", "application/json"); a.StatusCode != 204 {
		t.Errorf("a long change: %s %s", a.Status, body)
	}
	conn, err := net.Dial("tcp", strings.TrimPrefix(at, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /campaigns/c-000000000000/status HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 20\r\n\r\na=")
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.HasPrefix(line, "HTTP/1.1 403") {
		t.Errorf("a body that does not come: %q %v", line, err)
	}
}

func TestAccountsFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "accounts.json")
	a, err := OpenAccounts(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.SetUser("ann", password, Viewer); err != nil {
		t.Fatal(err)
	}
	modes := runtime.GOOS != "windows" // where Go reports 0666 whatever the file's rights
	if info, err := os.Stat(path); err != nil || modes && info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v %v", info.Mode(), err)
	}
	if b, _ := os.ReadFile(path); strings.Contains(string(b), password) || !strings.Contains(string(b), "$argon2id$v=19$m=65536,t=3,p=4$") {
		t.Errorf("file: %s", b)
	}
	b, err := OpenAccounts(path) // as another process
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := b.login("ann", password); !ok {
		t.Error("the password is not known")
	}
	if err := a.SetUser("bob", password, Admin); err != nil {
		t.Fatal(err)
	}
	if _, ok := b.user("bob"); !ok {
		t.Error("what another process added is not seen")
	}
	if err := b.RemoveUser("ann"); err != nil {
		t.Fatal(err)
	}
	if _, ok := a.user("ann"); ok {
		t.Error("what another process removed is still there")
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenAccounts(path); modes && (err == nil || !strings.Contains(err.Error(), "chmod 600")) {
		t.Errorf("a file that others may read: %v", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, hash := range []string{"", "x", "$argon2id$v=19$m=4294967295,t=1,p=1$AAAA$AAAA", "$argon2id$v=19$m=8,t=0,p=0$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA", nobody} {
		if verify(hash, password) {
			t.Errorf("%q is the password's", hash)
		}
	}
	for _, bad := range [][2]string{{"", password}, {"a/b", password}, {"x\x1b", password}, {"carl", "short"}, {"carl", ""}, {"carl", strings.Repeat("x", 2000)}} {
		if err := a.SetUser(bad[0], bad[1], Viewer); !errors.Is(err, ErrRefused) {
			t.Errorf("%q with %.10q: %v", bad[0], bad[1], err)
		}
	}
}
