package push

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/tocsin-ids/tocsin/feed"
	"github.com/tocsin-ids/tocsin/source/wal"
)

const secret = "s3cr3t-of-acme"

// A site is a handler on a server on loopback, with its log.
type site struct {
	*httptest.Server
	h   *Handler
	log *wal.Log
	t   *testing.T
}

func serve(t *testing.T, gate *Gate, opt wal.Options) *site {
	t.Helper()
	log, err := wal.Open(t.TempDir(), opt)
	if err != nil {
		t.Fatal(err)
	}
	if gate == nil {
		gate = &Gate{Token: Tokens(map[string]string{secret: "acme", "other": "globex"})}
	}
	h := New(Options{Gate: gate, Log: log})
	s := &site{httptest.NewServer(h), h, log, t}
	t.Cleanup(func() { s.Close(); log.Close() })
	return s
}

// A reply is a response that was read.
type reply struct {
	code int
	head http.Header
	text string
}

// do sends a request with the right token, unless headers, given as "Name: value", say otherwise.
func (s *site) do(method, path string, body io.Reader, headers ...string) reply {
	s.t.Helper()
	r, err := http.NewRequest(method, s.URL+path, body)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+secret)
	for _, h := range headers {
		k, v, _ := strings.Cut(h, ": ")
		if r.Header.Set(k, v); v == "" {
			r.Header.Del(k)
		}
	}
	if h := r.Header.Get("Host"); h != "" {
		r.Host = h
	}
	c := *s.Client()
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := c.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if resp.StatusCode/100 == 3 {
		s.t.Errorf("%s %s: redirected", method, path)
	}
	return reply{resp.StatusCode, resp.Header, string(b)}
}

func (s *site) post(path, body string, headers ...string) reply {
	s.t.Helper()
	return s.do("POST", path, strings.NewReader(body), headers...)
}

// A sink collects lines by path until it has enough.
type sink struct {
	mu     sync.Mutex
	got    map[string]string
	last   map[string]string
	n      int
	enough int
	stop   func()
}

func (s *sink) Put(_ context.Context, b *feed.Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got[b.Origin.Path] += string(b.Data)
	s.last[b.Origin.ID] = b.Cursor
	if s.n += bytes.Count(b.Data, []byte("\n")); s.n >= s.enough {
		s.stop()
	}
	return nil
}

// kept are the first n lines in the log by path.
func (s *site) kept(n int) map[string]string {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 10*time.Second)
	defer cancel()
	k := &sink{got: map[string]string{}, last: map[string]string{}, enough: n, stop: cancel}
	if err := s.log.Run(ctx, nil, k, func() {}); err != nil {
		s.t.Fatal(err)
	}
	if ctx.Err() == context.DeadlineExceeded {
		s.t.Fatalf("%d lines, want %d: %q", k.n, n, k.got)
	}
	return k.got
}

func gzipped(s string) *bytes.Buffer {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	io.WriteString(z, s)
	z.Close()
	return &b
}

func TestIngest(t *testing.T) {
	var zst bytes.Buffer
	z, _ := zstd.NewWriter(&zst)
	io.WriteString(z, "{\"a\":1}\n")
	z.Close()
	const ndjson, js, text = "Content-Type: application/x-ndjson", "Content-Type: application/json", "Content-Type: text/plain; charset=utf-8"
	for _, c := range []struct {
		name, body string
		headers    []string
		want       string // what is kept, or
		code       int    // the status
		why        string // and what is said
	}{
		{"lines", "{\"a\":1}\r\n\n{\"b\":2}", []string{ndjson}, "{\"a\":1}\n{\"b\":2}\n", 200, `{"lines":2}`},
		{"array", "[{\"a\": 1},\n {\"b\":[2, 3]}]", []string{js}, "{\"a\":1}\n{\"b\":[2,3]}\n", 200, `{"lines":2}`},
		{"document", "{\n \"a\": 1\n}\n", []string{js}, "{\"a\":1}\n", 200, ""},
		{"documents", "{\"a\":1} {\"b\":2}\n[{\"c\":3}]", []string{js}, "{\"a\":1}\n{\"b\":2}\n{\"c\":3}\n", 200, ""},
		{"text", "one\r\ntwo\n\nthree", []string{text}, "one\ntwo\nthree\n", 200, ""},
		{"no type", "one\n", []string{"Content-Type: "}, "one\n", 200, ""},
		{"gzip", gzipped("{\"a\":1}\n").String(), []string{ndjson, "Content-Encoding: gzip"}, "{\"a\":1}\n", 200, ""},
		{"zstd", zst.String(), []string{ndjson, "Content-Encoding: zstd"}, "{\"a\":1}\n", 200, ""},
		{"nothing", "", []string{ndjson}, "", 200, `{"lines":0}`},
		{"bad line", "{\"a\":1}\n{\"b\":2}\n{c}\n", []string{ndjson}, "", 400, "line 3"},
		{"no object", "{\"a\":1}\n[1]\n", []string{ndjson}, "", 400, "line 2"},
		{"bad array", "[{\"a\":1},\n\n{c}]", []string{js}, "", 400, "line 3"},
		{"array of numbers", "[1]", []string{js}, "", 400, "element 1"},
		{"cut off", "{\"a\":", []string{js}, "", 400, ""},
		{"form", "a=1", []string{"Content-Type: application/x-www-form-urlencoded"}, "", 415, "text/plain"},
		{"brotli", "x", []string{text, "Content-Encoding: br"}, "", 415, "gzip and zstd"},
		{"no gzip", "x", []string{text, "Content-Encoding: gzip"}, "", 400, "gzip"},
		{"gzip cut off", gzipped(strings.Repeat("abc", 99)).String()[:20], []string{text, "Content-Encoding: gzip"}, "", 400, ""},
		{"no zstd", "xxxxxxx", []string{text, "Content-Encoding: zstd"}, "", 400, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, nil, wal.Options{})
			got := s.post("/ingest", c.body, c.headers...)
			if got.code != c.code || !strings.Contains(got.text, c.why) || got.head.Get("Content-Type") != "application/json" {
				t.Errorf("answer %d %s, want %d …%s…", got.code, got.text, c.code, c.why)
			}
			s.post("/ingest/end", "end", text)
			kept := s.kept(strings.Count(c.want, "\n") + 1)
			if kept["acme/http/ingest"] != c.want || kept["acme/http/ingest/end"] != "end\n" {
				t.Errorf("kept %q, want %q", kept, c.want)
			}
		})
	}
}

func TestWebhook(t *testing.T) {
	s := serve(t, nil, wal.Options{})
	for _, c := range []struct {
		path, body string
		code       int
	}{
		{"/webhook/github", "{\n \"action\": \"push\"}", 200},
		{"//webhook//github/", "[1, 2]", 200},
		{"/webhook/github", "a=b", 400},
		{"/webhook/github", "{} {}", 400},
		{"/webhook/", "{}", 404},
		{"/webhook/a/b", "{}", 404},
		{"/webhook/a%20b", "{}", 400},
		{"/elsewhere", "{}", 404},
		{"/ingest/../ingest/x", "x", 200},
	} {
		if got := s.post(c.path, c.body); got.code != c.code {
			t.Errorf("%s %s: %d %s, want %d", c.path, c.body, got.code, got.text, c.code)
		}
	}
	if got := s.do("GET", "/webhook/github", nil); got.code != 405 || got.head.Get("Allow") != "POST" {
		t.Errorf("GET: %d", got.code)
	}
	if kept := s.kept(3); kept["acme/http/webhook/github"] != "{\"action\":\"push\"}\n[1,2]\n" {
		t.Errorf("kept %q", kept)
	}
}

func TestBulk(t *testing.T) {
	s := serve(t, nil, wal.Options{})
	body := `{"create":{"_index":"filebeat-9.2.0-2026.11.28"}}
{"message":"one"}
{"index":{"_index":".ds-logs-nginx-2026.11.28-000012","_id":"7"}}
{"message":"two"}
{"update":{"_id":8}}
{"doc":{"message":"three"}}
{"delete":{"_index":"x","_id":"9"}}
{"create":{"_index":"filebeat-9.2.0-2026.11.29"}}
{broken
{"create":{"_index":"<script>"}}
{"message":"four"}
`
	got := s.post("/logs-default/_bulk?filter_path=x", body, "Content-Type: application/vnd.elasticsearch+x-ndjson; compatible-with=8")
	if got.code != 200 || got.head.Get("X-Elastic-Product") != "Elasticsearch" {
		t.Fatalf("%d %s", got.code, got.text)
	}
	var answer struct {
		Took   *int
		Errors bool
		Items  []map[string]struct {
			Index  string `json:"_index"`
			ID     string `json:"_id"`
			Status int
			Result string
			Error  *struct{ Type, Reason string }
		}
	}
	if err := json.Unmarshal([]byte(got.text), &answer); err != nil {
		t.Fatal(err)
	}
	if answer.Took == nil || !answer.Errors || len(answer.Items) != 6 {
		t.Fatalf("%s", got.text)
	}
	for i, want := range []struct {
		verb   string
		status int
	}{{"create", 201}, {"index", 201}, {"update", 200}, {"delete", 404}, {"create", 400}, {"create", 201}} {
		it, ok := answer.Items[i][want.verb]
		if !ok || it.Status != want.status || it.ID == "" && want.status < 300 || (it.Error != nil) != (want.status == 400) {
			t.Errorf("item %d: %+v, want %+v", i, answer.Items[i], want)
		}
	}
	if e := answer.Items[4]["create"].Error; e == nil || !strings.Contains(e.Reason, "line 9") {
		t.Errorf("%+v", e)
	}
	want := map[string]string{"acme/http/bulk/filebeat-9.2.0": "{\"message\":\"one\"}\n", "acme/http/bulk/logs-nginx": "{\"message\":\"two\"}\n", "acme/http/bulk/logs-default": "{\"message\":\"three\"}\n", "acme/http/bulk/other": "{\"message\":\"four\"}\n"}
	if kept := s.kept(4); fmt.Sprint(kept) != fmt.Sprint(want) {
		t.Errorf("kept %q", kept)
	}
	for _, body := range []string{"x\n", "{}\n", "{\"create\":{}}\n", "{\"drop\":{}}\n{}\n", "{\"create\":{},\"index\":{}}\n{}\n"} {
		if got := s.post("/_bulk", body); got.code != 400 || !strings.Contains(got.text, `"reason":"line 1`) {
			t.Errorf("%q: %d %s", body, got.code, got.text)
		}
	}
	if got := s.post("/_bulk", strings.Repeat("{\"delete\":{}}\n", maxActions+1)); got.code != 413 {
		t.Errorf("too many actions: %d", got.code)
	}
}

func TestWhatElasticClientsAsk(t *testing.T) {
	s := serve(t, nil, wal.Options{})
	for _, c := range []struct {
		method, path string
		code         int
		has          string
	}{
		{"GET", "/", 200, `"number":"9.`}, {"HEAD", "/", 200, ""}, {"GET", "/_license", 200, `"type":"basic"`}, {"GET", "/_cluster/health?timeout=1s", 200, "green"},
		{"GET", "/_xpack", 200, ""}, {"HEAD", "/_index_template/filebeat", 200, ""}, {"GET", "/_ilm/policy/filebeat", 200, ""}, {"GET", "/_nodes/http", 404, ""}, {"GET", "/_search", 404, ""}, {"DELETE", "/", 405, ""},
	} {
		got := s.do(c.method, c.path, nil)
		if got.code != c.code || !strings.Contains(got.text, c.has) || c.code == 200 && got.head.Get("X-Elastic-Product") != "Elasticsearch" {
			t.Errorf("%s %s: %d %s", c.method, c.path, got.code, got.text)
		}
	}
}

func TestWhoMaySend(t *testing.T) {
	basic := func(p string) string {
		return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("anybody:"+p))
	}
	apiKey := func(p string) string {
		return "Authorization: ApiKey " + base64.StdEncoding.EncodeToString([]byte("id:"+p))
	}
	closed := serve(t, nil, wal.Options{})
	opened := serve(t, &Gate{Open: true, Token: Tokens(map[string]string{secret: "acme", "": "nobody"})}, wal.Options{})
	bare := serve(t, &Gate{Open: true}, wal.Options{})
	nothing := serve(t, &Gate{}, wal.Options{})
	for _, c := range []struct {
		s       *site
		headers []string
		tenant  string
		code    int
	}{
		{closed, nil, "acme/", 200},
		{closed, []string{"Authorization: bearer other"}, "globex/", 200},
		{closed, []string{basic(secret)}, "acme/", 200},
		{closed, []string{apiKey(secret)}, "acme/", 200},
		{closed, []string{"Authorization: "}, "", 401},
		{closed, []string{"Authorization: Bearer"}, "", 401},
		{closed, []string{"Authorization: Bearer " + secret + "x"}, "", 401},
		{closed, []string{"Authorization: " + secret}, "", 401},
		{closed, []string{basic("")}, "", 401},
		{closed, []string{basic(secret[1:])}, "", 401},
		{opened, nil, "acme/", 200},
		{opened, []string{"Authorization: "}, "", 200},
		{opened, []string{"Authorization: Bearer wrong"}, "", 401},
		{opened, []string{"Authorization: ", "X-Forwarded-For: 203.0.113.7"}, "", 401},
		{opened, []string{"Authorization: ", "Forwarded: for=203.0.113.7"}, "", 401},
		{opened, []string{"Authorization: ", "Origin: https://evil.example"}, "", 401},
		{opened, []string{"Authorization: ", "Host: evil.example"}, "", 401},
		{opened, []string{"Authorization: ", "Host: localhost:9200"}, "", 200},
		{bare, []string{"Authorization: "}, "", 200},
		{bare, nil, "", 401},
		{nothing, nil, "", 401},
		{nothing, []string{"Authorization: "}, "", 401},
	} {
		got := c.s.post("/ingest/x", "line", c.headers...)
		if got.code != c.code {
			t.Errorf("%v: %d, want %d", c.headers, got.code, c.code)
		}
		if c.code == 401 && len(got.head.Values("WWW-Authenticate")) == 0 {
			t.Errorf("%v: nothing says what is asked for", c.headers)
		}
		if got.code == 200 {
			found := false
			for _, st := range c.s.log.Stats() {
				found = found || st.Path == c.tenant+"http/ingest/x"
			}
			if !found {
				t.Errorf("%v: not of %q: %+v", c.headers, c.tenant, c.s.log.Stats())
			}
		}
		if got := c.s.do("GET", "/", nil, c.headers...); got.code != c.code {
			t.Errorf("%v: GET /: %d, want %d", c.headers, got.code, c.code)
		}
	}
	// From elsewhere.
	r := httptest.NewRequest("POST", "/ingest", strings.NewReader("x"))
	r.RemoteAddr, r.Host = "192.0.2.1:99", "127.0.0.1"
	w := httptest.NewRecorder()
	if bare.h.ServeHTTP(w, r); w.Code != 401 {
		t.Errorf("from another machine: %d", w.Code)
	}
}

func TestClientCertificates(t *testing.T) {
	log, err := wal.Open(t.TempDir(), wal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	h := New(Options{Log: log, Gate: &Gate{Cert: func(c *x509.Certificate) (string, bool) {
		return c.Subject.CommonName, c.Subject.CommonName != "nobody"
	}}})
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sign := func(name string, isCA bool, parent *x509.Certificate) tls.Certificate {
		key := caKey
		if !isCA {
			key, _ = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		}
		c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: isCA, BasicConstraintsValid: true}
		if isCA {
			parent, c.KeyUsage = c, x509.KeyUsageCertSign
		} else {
			c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
		}
		der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, caKey)
		if err != nil {
			t.Fatal(err)
		}
		return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	}
	ca, _ := x509.ParseCertificate(sign("ca", true, nil).Certificate[0])
	s := httptest.NewUnstartedServer(h)
	s.TLS = &tls.Config{ClientAuth: tls.VerifyClientCertIfGiven, ClientCAs: x509.NewCertPool()}
	s.TLS.ClientCAs.AddCert(ca)
	s.StartTLS()
	defer s.Close()
	for name, want := range map[string]int{"acme": 200, "nobody": 401, "": 401} {
		tr := s.Client().Transport.(*http.Transport).Clone()
		if name != "" {
			tr.TLSClientConfig.Certificates = []tls.Certificate{sign(name, false, ca)}
		}
		resp, err := (&http.Client{Transport: tr}).Post(s.URL+"/ingest", "text/plain", strings.NewReader("line"))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		tr.CloseIdleConnections()
		if resp.StatusCode != want {
			t.Errorf("%q: %d, want %d", name, resp.StatusCode, want)
		}
	}
	if st := log.Stats(); len(st) != 1 || st[0].Tenant != "acme" {
		t.Errorf("%+v", st)
	}
}

func TestBounds(t *testing.T) {
	s := serve(t, &Gate{Token: Tokens(map[string]string{secret: "acme"}), Size: 1000}, wal.Options{})
	long := strings.Repeat("x", 1001)
	if got := s.post("/ingest", long); got.code != 413 {
		t.Errorf("long: %d", got.code)
	}
	if got := s.do("POST", "/ingest", struct{ io.Reader }{strings.NewReader(long)}); got.code != 413 { // no Content-Length
		t.Errorf("long, in chunks: %d", got.code)
	}
	if got := s.do("POST", "/ingest", gzipped(strings.Repeat("x", 1<<20)), "Content-Encoding: gzip"); got.code != 413 {
		t.Errorf("long once expanded: %d", got.code)
	}
	if got := s.post("/ingest", long[:1000]); got.code != 200 {
		t.Errorf("just short enough: %d", got.code)
	}
	if n := s.h.opt.Gate.held.Load(); n != 0 {
		t.Errorf("%d bytes are still held", n)
	}
	s = serve(t, &Gate{Token: Tokens(map[string]string{secret: "acme"}), Total: 8 << 10}, wal.Options{})
	if got := s.post("/ingest", strings.Repeat("x\n", 5<<10)); got.code != 429 || got.head.Get("Retry-After") == "" {
		t.Errorf("too much at once: %d", got.code)
	}
	if n := s.h.opt.Gate.held.Load(); n != 0 {
		t.Errorf("%d bytes are still held", n)
	}
}

func TestSlowBody(t *testing.T) {
	s := serve(t, &Gate{Token: Tokens(map[string]string{secret: "acme"}), Time: 100 * time.Millisecond}, wal.Options{})
	c, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "POST /ingest HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Length: 100\r\n\r\nabc", secret)
	c.SetReadDeadline(time.Now().Add(5 * time.Second))
	b, _ := io.ReadAll(c)
	if !bytes.HasPrefix(b, []byte("HTTP/1.1 408 ")) {
		t.Errorf("answer %q", b)
	}
}

func TestFullLog(t *testing.T) {
	s := serve(t, nil, wal.Options{Size: 4000})
	line := strings.Repeat("x", 900)
	sent := 0
	for ; ; sent++ {
		got := s.post("/ingest", line)
		if got.code == 429 && got.head.Get("Retry-After") != "" {
			break
		}
		if got.code != 200 || sent > 4 {
			t.Fatalf("%d after %d", got.code, sent)
		}
	}
	bulk := "{\"create\":{\"_index\":\"x\"}}\n{\"m\":\"" + line + "\"}\n"
	if got := s.post("/_bulk", bulk); got.code != 429 || !strings.Contains(got.text, "es_rejected_execution_exception") {
		t.Errorf("bulk: %d %s", got.code, got.text)
	}
	if got := s.post("/webhook/x", `{"m":"`+line+`"}`); got.code != 429 {
		t.Errorf("webhook: %d", got.code)
	}
	if got := s.post("/ingest", strings.Repeat(line+"\n", 4)); got.code != 413 {
		t.Errorf("more than there can be: %d", got.code)
	}
	s.kept(sent)
	s.log.Close()
	if got := s.post("/ingest", line); got.code != 503 || got.head.Get("Retry-After") == "" {
		t.Errorf("closed: %d", got.code)
	}
	if st := s.h.Stats()[0]; st.Refused != 5 || st.Read != int64(sent*901) || st.Last.IsZero() {
		t.Errorf("stats %+v", st)
	}
}

func TestNamesAreBounded(t *testing.T) {
	s := serve(t, nil, wal.Options{})
	for i := range maxNames + 10 {
		s.h.origin("acme", "http/bulk", fmt.Sprint("i", i))
	}
	if o := s.h.origin("acme", "http/bulk", "one-more"); o.Path != "acme/http/bulk/other" {
		t.Errorf("%+v", o)
	}
	if o := s.h.origin("acme", "http/bulk", "i5"); o.Path != "acme/http/bulk/i5" {
		t.Errorf("%+v", o)
	}
	if o := s.h.origin("globex", "http/bulk", "one-more"); o.Path != "globex/http/bulk/one-more" {
		t.Errorf("%+v", o)
	}
	if a, b := s.h.origin("a/b", "http/ingest", ""), s.h.origin("a", "b/http/ingest", ""); a == b {
		t.Errorf("two tenants share %s", a.Path)
	}
}

func TestConcurrentSenders(t *testing.T) {
	s := serve(t, nil, wal.Options{})
	const senders, each = 100, 10
	var all sync.WaitGroup
	for i := range senders {
		all.Go(func() {
			for j := range each {
				r, _ := http.NewRequest("POST", s.URL+"/ingest", strings.NewReader(fmt.Sprintf("%d %d\n", i, j)))
				r.Header.Set("Authorization", "Bearer "+secret)
				resp, err := http.DefaultClient.Do(r)
				if err != nil {
					t.Error(err)
					return
				}
				if resp.Body.Close(); resp.StatusCode != 200 {
					t.Errorf("%d", resp.StatusCode)
				}
			}
		})
	}
	all.Wait()
	seen := map[string]bool{}
	for line := range strings.Lines(s.kept(senders * each)["acme/http/ingest"]) {
		seen[line] = true
	}
	if len(seen) != senders*each {
		t.Errorf("%d different lines of %d", len(seen), senders*each)
	}
}

// FuzzBodies gives any body to each parser: what is kept are whole lines that are JSON where they are said to be.
func FuzzBodies(f *testing.F) {
	f.Add([]byte("{\"create\":{}}\n{\"a\":1}\n"))
	f.Add([]byte("[{\"a\":1},{}]"))
	f.Add([]byte("\xef\xbb\xbf{\"a\":\n1}\r\n\x1e{}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		check := func(lines []byte, err error, isJSON bool) {
			if err != nil {
				return
			}
			if len(lines) > 0 && lines[len(lines)-1] != '\n' {
				t.Fatalf("no whole lines: %q", lines)
			}
			for line := range bytes.Lines(lines) {
				if len(line) < 2 || isJSON && (line[0] != '{' || !json.Valid(line)) {
					t.Fatalf("line %q", line)
				}
			}
		}
		lines, err := jsonLines(b)
		check(lines, err, true)
		lines, err = jsonValues(b)
		check(lines, err, true)
		lines, err = textLines(b)
		check(lines, err, false)
		actions, err := parseBulk("x", b)
		if err == nil {
			for _, a := range actions {
				if a.doc != nil && (object(a.doc) != nil || bytes.ContainsRune(a.doc, '\n') && a.verb != "update") {
					t.Fatalf("document %q", a.doc)
				}
			}
		}
	})
}
