package decode

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-ids/tocsin"
)

// decodeText decodes lines as a file of text would be, and returns copies of the events.
func decodeText(t testing.TB, text string) []*tocsin.Event {
	t.Helper()
	var all []*tocsin.Event
	d := textFormat().New(Options{Year: 2026})
	d.Decode(&tocsin.Record{Source: "test.log", Data: []byte(text), Line: 1}, func(e *tocsin.Event) { all = append(all, e.Clone()) })
	d.Flush(func(e *tocsin.Event) { all = append(all, e.Clone()) })
	return all
}

// show gives an event as lines "name=value" for comparison, the time first.
func show(e *tocsin.Event) string {
	var b strings.Builder
	if e.Fault != nil {
		return "fault: " + e.Fault.Error()
	}
	b.WriteString(e.Format + " " + e.Time.Format("2006-01-02T15:04:05.999999Z07:00") + "\n")
	for _, f := range e.Fields {
		b.WriteString(f.Name + "=" + f.Value + "\n")
	}
	return b.String()
}

// dataDir returns a directory of recordings, or skips the test where there are none.
func dataDir(t testing.TB, sub string) string {
	t.Helper()
	dir := os.Getenv("TOCSIN_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "data")
	}
	dir = filepath.Join(dir, sub)
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no recordings: %v (set TOCSIN_DATA)", err)
	}
	return dir
}

// fields gives the named fields of an event as "name=value" words, in the order asked, absent ones left out; every
// value of a name that occurs more than once.
func fields(e *tocsin.Event, names string) string {
	var b []string
	if e.Fault != nil {
		b = append(b, "fault")
	}
	for _, n := range strings.Fields(names) {
		for _, f := range e.Fields {
			if f.Name == n {
				b = append(b, n+"="+f.Value)
			}
		}
	}
	return strings.Join(b, " ")
}

func TestAccessLines(t *testing.T) {
	tests := []struct {
		name, line, want string
	}{{
		"combined",
		`192.0.2.7 - - [17/May/2015:10:05:03 +0200] "GET /a/b?x=1&y=2 HTTP/1.1" 200 203023 "http://shop.example/" "Mozilla/5.0 (X11)"`,
		"access 2015-05-17T08:05:03Z\nc-ip=192.0.2.7\nsrc_ip=192.0.2.7\ncs-method=GET\ncs-uri=/a/b?x=1&y=2\ncs-uri-stem=/a/b\ncs-uri-query=x=1&y=2\ncs-uri-query=/a/b?x=1&y=2\nuri-decoded=/a/b?x=1&y=2\ncs-version=HTTP/1.1\nsc-status=200\nsc-bytes=203023\ncs-referer=http://shop.example/\ncs-user-agent=Mozilla/5.0 (X11)\n",
	}, {
		"common, user, no size",
		`shop.example - ann [17/May/2015:10:05:03 -0700] "POST /login HTTP/1.0" 302 -`,
		"access 2015-05-17T17:05:03Z\nc-ip=shop.example\nsrc_ip=shop.example\ncs-username=ann\ncs-method=POST\ncs-uri=/login\ncs-uri-stem=/login\ncs-uri-query=/login\nuri-decoded=/login\ncs-version=HTTP/1.0\nsc-status=302\n",
	}}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := decodeText(t, tt.line)
			if len(got) != 1 {
				t.Fatalf("%d events, want 1", len(got))
			}
			if d := cmp.Diff(tt.want, show(got[0])); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestAccessVariants holds one line of every variant, each with what matters about it.
func TestAccessVariants(t *testing.T) {
	const names = "src_ip src_port cs-username cs-method cs-uri request uri-decoded sc-status sc-bytes cs-referer cs-user-agent cs-host x-forwarded-for time-taken extra event_type"
	const stamp = "[04/Mar/2026:05:06:07 +0000]"
	tests := []struct{ name, line, want string }{
		{"vhost", `shop.example:443 192.0.2.7 - - ` + stamp + ` "GET / HTTP/1.1" 200 5 "-" "curl"`,
			"src_ip=192.0.2.7 cs-method=GET cs-uri=/ uri-decoded=/ sc-status=200 sc-bytes=5 cs-user-agent=curl cs-host=shop.example:443"},
		{"IPv6", `2001:db8::7 - - ` + stamp + ` "GET / HTTP/2.0" 200 5`, "src_ip=2001:db8::7 cs-method=GET cs-uri=/ uri-decoded=/ sc-status=200 sc-bytes=5"},
		{"bracketed IPv6 with port", `[2001:db8::7]:4711 - - ` + stamp + ` "GET / HTTP/2.0" 200 5`, "src_ip=2001:db8::7 src_port=4711 cs-method=GET cs-uri=/ uri-decoded=/ sc-status=200 sc-bytes=5"},
		{"IPv4 in IPv6", `::ffff:192.0.2.7 - - ` + stamp + ` "GET / HTTP/2.0" 200 5`, "src_ip=192.0.2.7 cs-method=GET cs-uri=/ uri-decoded=/ sc-status=200 sc-bytes=5"},
		{"user with a space", `192.0.2.7 - ann smith ` + stamp + ` "GET / HTTP/1.1" 200 5`, "src_ip=192.0.2.7 cs-username=ann smith cs-method=GET cs-uri=/ uri-decoded=/ sc-status=200 sc-bytes=5"},
		{"forwarded", `192.0.2.7 - - ` + stamp + ` "GET / HTTP/1.1" 200 5 "-" "curl" "203.0.113.1, 198.51.100.1"`,
			"src_ip=192.0.2.7 cs-method=GET cs-uri=/ uri-decoded=/ sc-status=200 sc-bytes=5 cs-user-agent=curl x-forwarded-for=203.0.113.1, 198.51.100.1 extra=\"203.0.113.1, 198.51.100.1\""},
		{"forwarded in front", `203.0.113.1, 198.51.100.1 - - ` + stamp + ` "GET / HTTP/1.1" 200 5`,
			"src_ip=203.0.113.1 cs-method=GET cs-uri=/ uri-decoded=/ sc-status=200 sc-bytes=5 x-forwarded-for=203.0.113.1, 198.51.100.1"},
		{"ingress", `192.0.2.7 - - ` + stamp + ` "GET / HTTP/1.1" 200 5 "-" "curl" 80 0.001 [default-a] [] 198.51.100.1:80 5 0.001 200 ab12`,
			"src_ip=192.0.2.7 cs-method=GET cs-uri=/ uri-decoded=/ sc-status=200 sc-bytes=5 cs-user-agent=curl extra=80 0.001 [default-a] [] 198.51.100.1:80 5 0.001 200 ab12"},
		{"quoted line", `"192.0.2.7 - - ` + stamp + ` "GET /a?b="c" HTTP/1.1" 200 5 "-" "curl""`, "src_ip=192.0.2.7 cs-method=GET cs-uri=/a?b=\"c\" uri-decoded=/a?b=\"c\" sc-status=200 sc-bytes=5 cs-user-agent=curl"},
		{"quoted line, quotes doubled", `"192.0.2.7 - - ` + stamp + ` ""GET /a HTTP/1.1"" 200 5 ""-"" ""curl"""`, "src_ip=192.0.2.7 cs-method=GET cs-uri=/a uri-decoded=/a sc-status=200 sc-bytes=5 cs-user-agent=curl"},
		{"escaped quotes", `192.0.2.7 - - ` + stamp + ` "GET /a\"b HTTP/1.1" 200 5 "-" "x \"y\" z"`, `src_ip=192.0.2.7 cs-method=GET cs-uri=/a\"b uri-decoded=/a"b sc-status=200 sc-bytes=5 cs-user-agent=x \"y\" z`},
		{"TLS on the plain port", `192.0.2.7 - - ` + stamp + ` "\x16\x03\x01" 400 150 "-" "-"`, "src_ip=192.0.2.7 request=\\x16\\x03\\x01 uri-decoded=\x16\x03\x01 sc-status=400 sc-bytes=150"},
		{"empty request", `192.0.2.7 - - ` + stamp + ` "" 400 0 "-" "-"`, "src_ip=192.0.2.7 request=- uri-decoded=- sc-status=400 sc-bytes=0"},
		{"no request", `192.0.2.7 - - ` + stamp + ` "-" 408 - "-" "-"`, "src_ip=192.0.2.7 request=- uri-decoded=- sc-status=408"},
		{"one word", `192.0.2.7 - - ` + stamp + ` "HELP" 400 1`, "src_ip=192.0.2.7 request=HELP uri-decoded=HELP sc-status=400 sc-bytes=1"},
		{"HTTP/0.9", `192.0.2.7 - - ` + stamp + ` "GET /a b" 200 1`, "src_ip=192.0.2.7 cs-method=GET cs-uri=/a b uri-decoded=/a b sc-status=200 sc-bytes=1"},
		{"absolute target", `192.0.2.7 - - ` + stamp + ` "GET http://victim.example/x?y HTTP/1.1" 400 1`, "src_ip=192.0.2.7 cs-method=GET cs-uri=http://victim.example/x?y uri-decoded=http://victim.example/x?y sc-status=400 sc-bytes=1 cs-host=victim.example"},
		{"connect", `192.0.2.7 - - ` + stamp + ` "CONNECT mail.example:25 HTTP/1.1" 405 1`, "src_ip=192.0.2.7 cs-method=CONNECT cs-uri=mail.example:25 uri-decoded=mail.example:25 sc-status=405 sc-bytes=1 cs-host=mail.example:25"},
		{"Traefik", `192.0.2.7 - - ` + stamp + ` "GET / HTTP/1.1" 200 5 "-" "-" 500 "a@docker" "http://198.51.100.1:80" 12ms`,
			"src_ip=192.0.2.7 cs-method=GET cs-uri=/ uri-decoded=/ sc-status=200 sc-bytes=5 time-taken=12 extra=500 \"a@docker\" \"http://198.51.100.1:80\" 12ms"},
		{"NGINX Proxy Manager", stamp + ` - 404 404 - GET https shop.example "/a%2fb" [Client 192.0.2.7] [Length 12] [Gzip -] [Sent-to up] "curl" "-"`,
			"src_ip=192.0.2.7 cs-method=GET cs-uri=/a%2fb uri-decoded=/a/b sc-status=404 sc-bytes=12 cs-user-agent=curl cs-host=shop.example"},
		{"NPMplus", stamp + ` shop.example 192.0.2.7 0.002 "GET /a HTTP/1.1" 401 77 935 - Uptime Kuma/1`,
			"src_ip=192.0.2.7 cs-method=GET cs-uri=/a uri-decoded=/a sc-status=401 sc-bytes=77 cs-user-agent=Uptime Kuma/1 cs-host=shop.example"},
		{"BunkerWeb", `shop.example 192.0.2.7 - ab12 - ` + stamp + ` "GET /a HTTP/1.1" 200 5 "-" "curl"`, "src_ip=192.0.2.7 cs-method=GET cs-uri=/a uri-decoded=/a sc-status=200 sc-bytes=5 cs-user-agent=curl cs-host=shop.example"},
		{"Envoy", `[2026-03-04T05:06:07.000Z] "GET /a HTTP/1.1" 200 - 0 256 50 25 "192.0.2.7,198.51.100.1" "curl" "id" "shop.example" "tcp://198.51.100.2:80"`,
			"src_ip=192.0.2.7 cs-method=GET cs-uri=/a uri-decoded=/a sc-status=200 cs-user-agent=curl cs-host=shop.example x-forwarded-for=192.0.2.7,198.51.100.1"},
		{"Python", `192.0.2.7 - - [04/Mar/2026 05:06:07] "GET /a HTTP/1.1" 200 -`, "src_ip=192.0.2.7 cs-method=GET cs-uri=/a uri-decoded=/a sc-status=200"},
		{"cPanel", `192.0.2.7 - - [03/04/2026:05:06:07 -0000] "GET /a HTTP/1.1" 200 5 "-" "curl" "-" "-" 2083`, "src_ip=192.0.2.7 cs-method=GET cs-uri=/a uri-decoded=/a sc-status=200 sc-bytes=5 cs-user-agent=curl extra=\"-\" \"-\" 2083"},
		{"syslog's tag without its time", `web nginx: 192.0.2.7 - - ` + stamp + ` "GET /a HTTP/1.1" 200 5`, "src_ip=192.0.2.7 cs-method=GET cs-uri=/a uri-decoded=/a sc-status=200 sc-bytes=5"},
		{"cPanel login", `[2026-03-04 05:06:07 +0000] info [cpaneld] 192.0.2.7 - ann "POST /login/ HTTP/1.1" FAILED LOGIN cpaneld: no`,
			"src_ip=192.0.2.7 cs-username=ann cs-method=POST cs-uri=/login/ uri-decoded=/login/ cs-host=[cpaneld] extra=FAILED LOGIN cpaneld: no event_type=login_failed"},
		{"Amazon's balancer", `h2 2026-03-04T05:06:07.000000Z app/a/b 192.0.2.7:4711 - -1 -1 -1 403 - 12 34 "GET https://shop.example:443/a?b HTTP/2.0" "curl" - - arn:a "Root=1" "shop.example" "-" 0 2026-03-04T05:06:07.000000Z "waf" "-" "-" "-" "-" "-" "-"`,
			"src_ip=192.0.2.7 src_port=4711 cs-method=GET cs-uri=/a?b uri-decoded=/a?b sc-status=403 sc-bytes=34 cs-user-agent=curl cs-host=shop.example"},
		{"HAProxy", `192.0.2.7:4711 [04/Mar/2026:05:06:07.000] fe~ be/s1 0/0/0/13/14 200 20602 - - ---- 1/1/0/0/0 0/0 {shop.example|curl} "GET /a HTTP/1.1"`,
			"src_ip=192.0.2.7 src_port=4711 cs-method=GET cs-uri=/a uri-decoded=/a sc-status=200 sc-bytes=20602 time-taken=14"},
		{"HAProxy, no request", `192.0.2.7:4711 [04/Mar/2026:05:06:07.000] fe be/<NOSRV> -1/-1/-1/-1/0 400 212 - - PR-- 1/1/0/0/0 0/0 "<BADREQ>"`,
			"src_ip=192.0.2.7 src_port=4711 request=<BADREQ> uri-decoded=<BADREQ> sc-status=400 sc-bytes=212 time-taken=0"},
		{"HAProxy TCP", `192.0.2.7:4711 [04/Mar/2026:05:06:07.000] fe be/s1 0/1/5007 212 -- 0/0/0/0/3 0/0`, "src_ip=192.0.2.7 src_port=4711 sc-bytes=212 time-taken=5007"},
		{"HAProxy handshake", `192.0.2.7:4711 [04/Mar/2026:05:06:07.000] fe/1: SSL handshake failure`, "src_ip=192.0.2.7 src_port=4711 event_type=protocol_error"},
		{"Gin", `[GIN] 2026/03/04 - 05:06:07 | 401 |   505.317µs |   192.0.2.7 | POST     "/client"`,
			"src_ip=192.0.2.7 cs-method=POST cs-uri=/client uri-decoded=/client sc-status=401 extra=[GIN] 2026/03/04 - 05:06:07 | 401 |   505.317µs |   192.0.2.7 | POST     \"/client\""},
	}
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := decodeText(t, tt.line)[0]
			if d := cmp.Diff(tt.want, fields(e, names)); d != "" {
				t.Error(d)
			}
			if !e.Time.Equal(at) {
				t.Errorf("time %v, want %v", e.Time, at)
			}
		})
	}
}

func TestAccessRefuses(t *testing.T) {
	for _, line := range []string{
		`Mar  4 05:06:07 web nginx[1]: 192.0.2.7 - - [04/Mar/2026:05:06:07 +0000] "GET / HTTP/1.1" 200 5`, // syslog's
		`192.0.2.7 - - [44/Mar/2026:05:06:07 +0000] "GET / HTTP/1.1" 200 5`,
		`192.0.2.7 - - [04/Mar/2026:05:06:07 +0000] GET / HTTP/1.1`,
		`[2026-03-04 05:06:07] app.ERROR: "no" request`,
		`[04/Mar/2026:05:06:07 +0000] "unclosed`,
	} {
		d := &lines{rec: &tocsin.Record{}}
		var e tocsin.Event
		if parseAccess(d, []byte(line), &e) || len(e.Fields) > 0 {
			t.Errorf("took %s", line)
		}
	}
}

func TestDecodeURI(t *testing.T) {
	tests := []struct {
		in      string
		escaped bool
		want    string
	}{
		{"/plain?a=b", false, "/plain?a=b"},
		{"/a%2e%2E/b", false, "/a../b"},
		{"/%252e%252e%252f", false, "/../"},
		{"/%25252525252e", false, "/%252e"}, // more than four layers stay
		{"/%%32%65", false, "/."},
		{"/a+b?c+d%2Be", false, "/a+b?c d+e"},
		{"/%u002e%u2215%uff0f", false, "/.∕/"},
		{"/%c0%ae%c0%af%e0%80%ae%f0%80%80%ae", false, "/./.."},
		{"/%e2%82%ac", false, "/€"},
		{"/%zz%2", false, "/%zz%2"},
		{`/\x22\"\\`, true, `/""\`},
		{`/\x22`, false, `/\x22`},
	}
	var arena []byte
	for _, tt := range tests {
		if got := decodeURI(tt.in, tt.escaped, &arena); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.in, got, tt.want)
		}
	}
	if n := testing.AllocsPerRun(10, func() { decodeURI("/products/item-1?id=2", true, &arena) }); n != 0 {
		t.Errorf("%v allocations for a plain URI, want 0", n)
	}
}

func FuzzDecodeURI(f *testing.F) {
	f.Add("/a%252e+?b+%u002f%c0%ae\\x22", true)
	f.Fuzz(func(t *testing.T, s string, escaped bool) {
		arena := []byte("kept")
		got := decodeURI(s, escaped, &arena)
		if len(got) > len(s) || string(arena[:4]) != "kept" {
			t.Errorf("%q: %q, arena %q", s, got, arena)
		}
	})
}

// BenchmarkAccess decodes lines of the combined format, most of them alike.
func BenchmarkAccess(b *testing.B) {
	var data []byte
	for i := range 10000 {
		data = fmt.Appendf(data, "192.0.2.%d - - [04/Mar/2026:05:%02d:%02d +0000] \"GET /products/item-%d?id=%d HTTP/1.1\" 200 %d \"https://shop.example/\" \"Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0\"\n",
			i%250, i/200%60, i%60, i%900, i, i)
	}
	d := textFormat().New(Options{})
	r := tocsin.Record{Source: "access.log", Data: data, Line: 1}
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		d.Decode(&r, func(e *tocsin.Event) {
			if e.Fault == nil {
				n++
			}
		})
		if n != 10000 {
			b.Fatalf("%d events, want 10000", n)
		}
	}
	b.ReportMetric(float64(b.N)*10000/b.Elapsed().Seconds(), "events/s")
}

// TestWebRecordings decodes the recorded access logs whole: no line may be left.
func TestWebRecordings(t *testing.T) {
	dir := dataDir(t, "web")
	for name, want := range map[string]int{"apache-semicomplete-2015.log.gz": 10000, "scanners-dvwa/acunetix.log.gz": 6539,
		"scanners-dvwa/netsparker.log.gz": 7314, "scanners-dvwa/w3af.log.gz": 3996} {
		n := 0
		d := textFormat().New(Options{})
		d.Decode(&tocsin.Record{Source: name, Data: gunzip(t, filepath.Join(dir, name)), Line: 1}, func(e *tocsin.Event) {
			if e.Fault == nil && e.Format == "access" && e.Text("src_ip") != "" && !e.Time.IsZero() {
				n++
			} else if n > -10 {
				t.Errorf("%s:%d: %s", name, e.Record, e.Raw)
			}
		})
		if n != want {
			t.Errorf("%s: %d events, want %d", name, n, want)
		}
	}
}
