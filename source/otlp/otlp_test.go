package otlp

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	otellog "go.opentelemetry.io/otel/log"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	oteltrace "go.opentelemetry.io/otel/trace"
	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/tocsin-ids/tocsin/feed"
	"github.com/tocsin-ids/tocsin/source/push"
	"github.com/tocsin-ids/tocsin/source/wal"
)

const (
	secret   = "s3cr3t"
	protobuf = "Content-Type: application/x-protobuf"
	jsonType = "Content-Type: application/json"
)

// A site is a handler on a server on loopback, with its log.
type site struct {
	*httptest.Server
	h   *Handler
	log *wal.Log
	t   testing.TB
}

func serve(t testing.TB, gate *push.Gate, opt wal.Options) *site {
	t.Helper()
	log, err := wal.Open(t.TempDir(), opt)
	if err != nil {
		t.Fatal(err)
	}
	if gate == nil {
		gate = &push.Gate{}
	}
	gate.Token = push.Tokens(map[string]string{secret: "acme"})
	h := New(Options{Gate: gate, Log: log})
	s := &site{httptest.NewServer(h), h, log, t}
	t.Cleanup(func() { s.Close(); log.Close() })
	return s
}

// post sends a body; headers are "Name: value".
func (s *site) post(path string, body io.Reader, headers ...string) (*http.Response, []byte) {
	s.t.Helper()
	r, err := http.NewRequest("POST", s.URL+path, body)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+secret)
	for _, h := range headers {
		k, v, _ := strings.Cut(h, ": ")
		r.Header.Set(k, v)
	}
	resp, err := s.Client().Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp, b
}

// A sink collects what is delivered until it holds a mark.
type sink struct {
	mu   sync.Mutex
	b    []byte
	from []*feed.Origin
	stop func()
}

const mark = `"the-end"`

func (s *sink) Put(_ context.Context, b *feed.Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if bytes.Contains(b.Data, []byte(mark)) {
		s.stop()
		return nil
	}
	s.b = append(s.b, b.Data...)
	s.from = append(s.from, b.Origin)
	return nil
}

// kept is all that is in the log.
func (s *site) kept() ([]byte, []*feed.Origin) {
	s.t.Helper()
	resp, _ := s.post("/v1/logs", strings.NewReader(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":`+mark+`}}]}]}]}`), jsonType)
	if resp.StatusCode != 200 {
		s.t.Fatal(resp.Status)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	k := &sink{stop: cancel}
	if err := s.log.Run(ctx, nil, k, func() {}); err != nil {
		s.t.Fatal(err)
	}
	if ctx.Err() == context.DeadlineExceeded {
		s.t.Fatal("nothing is delivered")
	}
	return k.b, k.from
}

func TestServes(t *testing.T) {
	for path, want := range map[string]bool{"/v1/logs": true, "/tocsin/v1/traces": true, "/v1/metrics": true, "//v1//logs/": true, "/a/b/v1/logs": true,
		"/v1": false, "/logs": false, "/v1/profiles": false, "/v1/logs/x": false, "/xv1/logs": false, "/": false, "": false, "/v1development/logs": false} {
		if Serves(path) != want {
			t.Errorf("%s: %v", path, !want)
		}
	}
}

// TestExporters uses OTel's own.
func TestExporters(t *testing.T) {
	for _, zip := range []bool{false, true} {
		s := serve(t, nil, wal.Options{})
		ctx := t.Context()
		headers := map[string]string{"authorization": "Bearer " + secret}
		addr := s.Listener.Addr().String()
		logOpts := []otlploghttp.Option{otlploghttp.WithEndpoint(addr), otlploghttp.WithInsecure(), otlploghttp.WithHeaders(headers), otlploghttp.WithURLPath("/tocsin/v1/logs")}
		traceOpts := []otlptracehttp.Option{otlptracehttp.WithEndpoint(addr), otlptracehttp.WithInsecure(), otlptracehttp.WithHeaders(headers)}
		if zip {
			logOpts = append(logOpts, otlploghttp.WithCompression(otlploghttp.GzipCompression))
			traceOpts = append(traceOpts, otlptracehttp.WithCompression(otlptracehttp.GzipCompression))
		}
		le, err := otlploghttp.New(ctx, logOpts...)
		if err != nil {
			t.Fatal(err)
		}
		te, err := otlptracehttp.New(ctx, traceOpts...)
		if err != nil {
			t.Fatal(err)
		}
		res := resource.NewSchemaless(attribute.String("service.name", "claude-code"), attribute.String("host.name", "dev1"))
		lp := sdklog.NewLoggerProvider(sdklog.WithResource(res), sdklog.WithProcessor(sdklog.NewBatchProcessor(le)))
		tp := sdktrace.NewTracerProvider(sdktrace.WithResource(res), sdktrace.WithBatcher(te))

		var rec otellog.Record
		at := time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC)
		rec.SetTimestamp(at)
		rec.SetBody(attribute.StringValue("claude_code.tool_result"))
		rec.AddAttributes(attribute.String("event.name", "tool_result"), attribute.String("session.id", "S1"), attribute.String("user.email", "ann@corp.example"),
			attribute.String("tool_name", "Bash"), attribute.String("tool_use_id", "toolu_1"), attribute.String("success", "true"), attribute.Int("duration_ms", 12),
			attribute.String("tool_parameters", `{"bash_command":"nmap","full_command":"nmap -sV 10.2.0.0/24"}`))
		lp.Logger("com.anthropic.claude_code").Emit(ctx, rec)
		_, span := tp.Tracer("agent").Start(ctx, "execute_tool sh", oteltrace.WithTimestamp(at))
		span.SetAttributes(attribute.String("gen_ai.operation.name", "execute_tool"), attribute.String("gen_ai.tool.name", "sh"), attribute.String("gen_ai.tool.call.id", "c1"),
			attribute.String("gen_ai.conversation.id", "S2"), attribute.String("gen_ai.tool.call.arguments", `{"command":"id"}`))
		span.End(oteltrace.WithTimestamp(at.Add(time.Second)))
		if err := lp.Shutdown(ctx); err != nil {
			t.Fatal(err)
		}
		if err := tp.Shutdown(ctx); err != nil {
			t.Fatal(err)
		}
		b, origins := s.kept()
		for _, o := range origins {
			if o.Path != "acme/otlp" || o.Kind != "otlp" || o.Tenant != "acme" || o.Format != "otlp" {
				t.Errorf("origin %+v", o)
			}
		}
		evs := decoded(t, "otlp", b)
		if len(evs) != 2 {
			t.Fatalf("%d events of %s", len(evs), b)
		}
		for i, want := range []string{"nmap -sV 10.2.0.0/24", "id"} {
			all := fmt.Sprint(evs[0].Fields, evs[1].Fields)
			if evs[i].Fault != nil || evs[i].Time.UTC() != at || !strings.Contains(all, "{command "+want+"}") {
				t.Errorf("event %+v", evs[i])
			}
		}
	}
}

func TestManySenders(t *testing.T) {
	s := serve(t, nil, wal.Options{})
	const senders, each = 100, 5
	var all sync.WaitGroup
	for i := range senders {
		all.Go(func() {
			e, err := otlploghttp.New(t.Context(), otlploghttp.WithEndpoint(s.Listener.Addr().String()), otlploghttp.WithInsecure(), otlploghttp.WithHeaders(map[string]string{"Authorization": "Bearer " + secret}))
			if err != nil {
				t.Error(err)
				return
			}
			p := sdklog.NewLoggerProvider(sdklog.WithProcessor(sdklog.NewSimpleProcessor(e)))
			for j := range each {
				var rec otellog.Record
				rec.SetTimestamp(time.Now())
				rec.SetBody(attribute.StringValue(fmt.Sprintf("sender %d record %d.", i, j)))
				p.Logger("x").Emit(t.Context(), rec)
			}
			if err := p.Shutdown(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	b, _ := s.kept()
	for i := range senders {
		for j := range each {
			if n := bytes.Count(b, fmt.Appendf(nil, "sender %d record %d.", i, j)); n != 1 {
				t.Fatalf("sender %d record %d is there %d times", i, j, n)
			}
		}
	}
}

func TestAnswers(t *testing.T) {
	const good = `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"x"}}]}]}]}`
	goodWire := appendField(nil, 1, appendField(nil, 2, appendField(nil, 2, appendField(nil, 5, appendField(nil, 1, []byte("x"))))))
	zip := func(b []byte) *bytes.Buffer {
		var out bytes.Buffer
		z := gzip.NewWriter(&out)
		z.Write(b)
		z.Close()
		return &out
	}
	var zst bytes.Buffer
	z, _ := zstd.NewWriter(&zst)
	z.Write(goodWire)
	z.Close()
	s := serve(t, &push.Gate{Size: 100 << 10}, wal.Options{Size: 400 << 10})
	for _, c := range []struct {
		name, path string
		body       io.Reader
		headers    []string
		code       int
	}{
		{"json", "/v1/logs", strings.NewReader(good), []string{jsonType + "; charset=utf-8"}, 200},
		{"protobuf", "/v1/logs", bytes.NewReader(goodWire), []string{protobuf}, 200},
		{"gzip", "/v1/logs", zip(goodWire), []string{protobuf, "Content-Encoding: gzip"}, 200},
		{"gzip, json", "/v1/logs", zip([]byte(good)), []string{jsonType, "Content-Encoding: gzip"}, 200},
		{"zstd", "/v1/logs", &zst, []string{protobuf, "Content-Encoding: zstd"}, 200},
		{"empty", "/v1/traces", strings.NewReader(""), []string{protobuf}, 200},
		{"empty object", "/v1/traces", strings.NewReader("{}"), []string{jsonType}, 200},
		{"nulls", "/v1/logs", strings.NewReader(`{"resourceLogs":[{"resource":null,"scopeLogs":[{"scope":null,"logRecords":null}]},{"scopeLogs":null}]}`), []string{jsonType}, 200},
		{"unknown members", "/v1/logs", strings.NewReader(`{"new":1,"resourceLogs":[]}`), []string{jsonType}, 200},
		{"metrics", "/v1/metrics", strings.NewReader("whatever"), []string{protobuf}, 200},
		{"metrics, json", "/v1/metrics", strings.NewReader("{}"), []string{jsonType}, 200},
		{"no json", "/v1/logs", strings.NewReader(`{"resourceLogs":[`), []string{jsonType}, 400},
		{"no object", "/v1/logs", strings.NewReader(`[1]`), []string{jsonType}, 400},
		{"no list", "/v1/logs", strings.NewReader(`{"resourceLogs":{"a":1}}`), []string{jsonType}, 400},
		{"no record", "/v1/logs", strings.NewReader(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[7]}]}]}`), []string{jsonType}, 400},
		{"nothing as json", "/v1/logs", strings.NewReader(``), []string{jsonType}, 400},
		{"spans to logs", "/v1/logs", strings.NewReader(`{"resourceSpans":[{}]}`), []string{jsonType}, 400},
		{"no protobuf", "/v1/logs", strings.NewReader("{not protobuf}"), []string{protobuf}, 400},
		{"cut off", "/v1/logs", bytes.NewReader(goodWire[:len(goodWire)-1]), []string{protobuf}, 400},
		{"no gzip", "/v1/logs", bytes.NewReader(goodWire), []string{protobuf, "Content-Encoding: gzip"}, 400},
		{"brotli", "/v1/logs", bytes.NewReader(goodWire), []string{protobuf, "Content-Encoding: br"}, 415},
		{"grpc", "/v1/logs", bytes.NewReader(goodWire), []string{"Content-Type: application/grpc"}, 415},
		{"no type", "/v1/logs", bytes.NewReader(goodWire), nil, 415},
		{"too large", "/v1/logs", strings.NewReader(strings.Repeat(" ", 101<<10)), []string{jsonType}, 413},
		{"too large once expanded", "/v1/logs", zip(make([]byte, 1<<20)), []string{protobuf, "Content-Encoding: gzip"}, 413},
		{"no token", "/v1/logs", strings.NewReader(good), []string{jsonType, "Authorization: Bearer wrong"}, 401},
		{"no token, protobuf", "/v1/logs", bytes.NewReader(goodWire), []string{protobuf, "Authorization: x"}, 401},
		{"elsewhere", "/v1/profiles", strings.NewReader(good), []string{jsonType}, 404},
	} {
		t.Run(c.name, func(t *testing.T) {
			resp, b := s.post(c.path, c.body, c.headers...)
			if resp.StatusCode != c.code {
				t.Fatalf("%s %s, want %d", resp.Status, b, c.code)
			}
			asked, got := "", resp.Header.Get("Content-Type")
			if len(c.headers) > 0 {
				asked, _, _ = strings.Cut(strings.TrimPrefix(c.headers[0], "Content-Type: "), ";")
			}
			if asked == "application/x-protobuf" != (got == "application/x-protobuf") || got == "" {
				t.Errorf("asked in %q, answered in %q", asked, got)
			}
			switch {
			case c.code == 200 && got == "application/json":
				if string(b) != "{}" {
					t.Errorf("answer %s", b)
				}
			case c.code == 200:
				if len(b) != 0 {
					t.Errorf("answer %q", b)
				}
			case got == "application/json":
				var st struct {
					Code    int
					Message string
				}
				if json.Unmarshal(b, &st) != nil || st.Code == 0 || st.Message == "" {
					t.Errorf("answer %s", b)
				}
			default:
				var st status.Status
				if proto.Unmarshal(b, &st) != nil || st.Code == 0 || st.Message == "" {
					t.Errorf("answer %q", b)
				}
			}
		})
	}
	if resp, err := http.Get(s.URL + "/v1/logs"); err != nil || resp.StatusCode != 401 {
		t.Errorf("GET: %v %v", resp, err)
	}
	if st := s.h.Stats()[0]; !strings.HasPrefix(st.Why, "2 requests with metrics") || st.Refused < 10 {
		t.Errorf("stats %+v", st)
	}
	// Until the log is full.
	large := `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"` + strings.Repeat("x", 90<<10) + `"}}]}]}]}`
	for i := 0; ; i++ {
		resp, b := s.post("/v1/logs", strings.NewReader(large), jsonType)
		if resp.StatusCode == 429 && resp.Header.Get("Retry-After") != "" {
			break
		}
		if resp.StatusCode != 200 || i > 5 {
			t.Fatalf("%s %s", resp.Status, b)
		}
	}
	s.log.Close()
	if resp, _ := s.post("/v1/logs", strings.NewReader(good), jsonType); resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" {
		t.Errorf("closed: %s", resp.Status)
	}
}

func TestSlowSender(t *testing.T) {
	log, err := wal.Open(t.TempDir(), wal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	s := httptest.NewUnstartedServer(New(Options{Log: log, Gate: &push.Gate{Open: true, Time: 100 * time.Millisecond}}))
	s.Config.ReadHeaderTimeout = 200 * time.Millisecond
	s.Start()
	defer s.Close()
	for send, want := range map[string]string{
		"POST /v1/logs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{": "HTTP/1.1 408 ",
		"POST /v1/logs HTTP/1.1\r\nHost: loc": "",
	} {
		c, err := net.Dial("tcp", s.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		io.WriteString(c, send)
		c.SetReadDeadline(time.Now().Add(5 * time.Second))
		b, err := io.ReadAll(c)
		if err != nil || !strings.HasPrefix(string(b), want) {
			t.Errorf("%q: %q %v", send, b, err)
		}
	}
}

// TestTooLongRecord refuses one record and takes the rest.
func TestTooLongRecord(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 32 MiB")
	}
	s := serve(t, nil, wal.Options{})
	long := strings.Repeat("x", maxLine)
	record := func(text string) string { return `{"body":{"stringValue":"` + text + `"}}` }
	resp, b := s.post("/v1/logs", strings.NewReader(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[`+record("one")+","+record(long)+","+record("two")+`]}]}]}`), jsonType)
	if resp.StatusCode != 200 || !strings.Contains(string(b), `"rejectedLogRecords":"1"`) {
		t.Fatalf("%s %s", resp.Status, b)
	}
	wire := func(text string) []byte { return appendField(nil, 2, appendField(nil, 5, []byte(text))) }
	resp, b = s.post("/v1/traces", bytes.NewReader(appendField(nil, 1, appendField(nil, 2, append(append(wire("three"), wire(long)...), wire("four")...)))), protobuf)
	var partial coltrace.ExportTraceServiceResponse
	if err := proto.Unmarshal(b, &partial); err != nil || resp.StatusCode != 200 || partial.GetPartialSuccess().GetRejectedSpans() != 1 || partial.GetPartialSuccess().GetErrorMessage() == "" {
		t.Fatalf("%s %q %v", resp.Status, b, err)
	}
	var ok collogs.ExportLogsServiceResponse
	if err := proto.Unmarshal(partialAnswer(inProtobuf, logs, 300, "why"), &ok); err != nil || ok.GetPartialSuccess().GetRejectedLogRecords() != 300 {
		t.Errorf("%v %v", &ok, err)
	}
	kept, _ := s.kept()
	for _, text := range []string{"one", "two", "three", "four"} {
		if !bytes.Contains(kept, []byte(text)) {
			t.Errorf("%s is gone", text)
		}
	}
}

// TestLinesAreBounded sends many small records of a large resource: no line is long, and no more than twice what was sent is kept.
func TestLinesAreBounded(t *testing.T) {
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"resourceLogs":[{"resource":{"attributes":[{"key":"k","value":{"stringValue":"%s"}}]},"scopeLogs":[{"logRecords":[`, strings.Repeat("r", 100<<10))
	const n = 20000
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"body":{"intValue":"%d"}}`, i)
	}
	b.WriteString("]}]}]}")
	l := &lines{what: logs, most: maxLines}
	if err := l.json(b.Bytes()); err != nil {
		t.Fatal(err)
	}
	if len(l.b) > 2*b.Len()+200<<10 {
		t.Errorf("%d bytes became %d", b.Len(), len(l.b))
	}
	records := 0
	for line := range bytes.Lines(l.b) {
		if len(line) > 500<<10 || !json.Valid(line) {
			t.Errorf("a line of %d bytes", len(line))
		}
		records += bytes.Count(line, []byte(`"intValue"`))
	}
	if records != n {
		t.Errorf("%d records, want %d", records, n)
	}
	// What grows too much is refused.
	tiny := appendField(nil, 1, appendField(nil, 2, bytes.Repeat(appendField(nil, 2, nil), 100)))
	l = &lines{what: logs, most: 100}
	if err := l.protobuf(bytes.Repeat(tiny, 10)); err != errGrown {
		t.Errorf("%v", err)
	}
}

// FuzzExports gives any body to both readers: what they write are whole lines of JSON.
func FuzzExports(f *testing.F) {
	f.Add([]byte(`{"resourceLogs":[{"resource":{},"scopeLogs":[{"scope":{},"logRecords":[{"a":1}]}]}]}`), true)
	f.Add([]byte(`{"resourceSpans":[{"scopeSpans":[{"spans":[{}]}]}]}`), false)
	f.Add(appendField(nil, 1, append(appendField(nil, 1, appendField(nil, 1, appendField(nil, 1, []byte("k")))), appendField(nil, 2, appendField(nil, 2, append(appendField(nil, 5, appendField(nil, 1, []byte("x\xff\x01\""))), binary.AppendUvarint([]byte{2 << 3}, 300)...)))...)), true)
	f.Fuzz(func(t *testing.T, b []byte, isLogs bool) {
		what := traces
		if isLogs {
			what = logs
		}
		for _, read := range []func(*lines) error{func(l *lines) error { return l.json(b) }, func(l *lines) error { return l.protobuf(b) }} {
			l := &lines{what: what, most: 1 << 20}
			if read(l) != nil {
				continue
			}
			if n := len(l.b); n > 0 && l.b[n-1] != '\n' {
				t.Fatalf("no whole lines: %q", l.b)
			}
			for line := range bytes.Lines(l.b) {
				if !json.Valid(line) || line[0] != '{' {
					t.Fatalf("line %q", line)
				}
			}
			// What was written is read as the same.
			again := &lines{what: what, most: 2 << 20}
			if err := again.json(bytes.Join(bytes.Split(bytes.TrimSuffix(l.b, []byte("\n")), []byte("\n"))[:1], nil)); len(l.b) > 0 && (err != nil || !bytes.HasPrefix(l.b, again.b)) {
				t.Fatalf("%q is read again as %q: %v", l.b, again.b, err)
			}
		}
	})
}

func BenchmarkExports(b *testing.B) {
	for name, m := range map[string]proto.Message{"protobuf": claudeCode(), "json": claudeCode()} {
		body, err := proto.Marshal(m)
		if err != nil {
			b.Fatal(err)
		}
		l := &lines{what: logs, most: maxLines}
		if err := l.protobuf(body); err != nil {
			b.Fatal(err)
		}
		read := l.protobuf
		if name == "json" {
			body, read = bytes.Clone(l.b), l.json
		}
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				l.b = l.b[:0]
				if err := read(body); err != nil || bytes.Count(l.b, []byte("toolu_1")) != 2 {
					b.Fatal(err)
				}
			}
		})
	}
}
