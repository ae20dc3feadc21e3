package console

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/report"
	"github.com/tocsin-ids/tocsin/tell"
)

// server serves a console on loopback, for real: connections have addresses, and deadlines hold.
func server(t testing.TB, c *Console) string {
	t.Helper()
	s := httptest.NewServer(c)
	t.Cleanup(s.Close)
	return s.URL
}

// ask sends a request and reads the answer. Headers are name, value and so on.
func ask(t testing.TB, method, url, body string, headers ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	a, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	b, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	return a, string(b)
}

func decode[T any](t testing.TB, s string) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(s), &v); err != nil {
		t.Fatalf("%v: %.300s", err, s)
	}
	return v
}

// A campaign by the API is the object that JSONL has, and what became of it.
func TestCampaignsAreJSONL(t *testing.T) {
	f := sampleRun()
	at := server(t, newConsole(t, f, nil))
	_, body := ask(t, "GET", at+"/api/v1/campaigns?detail=1", "")
	got := decode[[]map[string]any](t, body)
	if len(got) != 3 {
		t.Fatalf("%d campaigns, want 3", len(got))
	}
	var lines bytes.Buffer
	if err := report.JSONL(&lines, &report.Hunt{Campaigns: []*tocsin.Campaign{f.told[2].Campaign}}); err != nil {
		t.Fatal(err)
	}
	line, _, _ := strings.Cut(lines.String(), "\n")
	want := decode[map[string]any](t, line)
	want["updated"], want["status"], want["tenant"] = "2026-03-01T08:02:00Z", "open", "clinic"
	if d := cmp.Diff(want, got[0]); d != "" {
		t.Error(d)
	}
	_, body = ask(t, "GET", at+"/api/v1/campaigns", "")
	lean := decode[[]map[string]any](t, body)
	delete(want, "records")
	if d := cmp.Diff(want, lean[0]); d != "" {
		t.Error("without detail: ", d)
	}
	_, body = ask(t, "GET", at+"/api/v1/campaigns/c-was000000000", "")
	if one := decode[map[string]any](t, body); one["id"] != "c-000000000002" || one["records"] == nil {
		t.Errorf("by an id that it was told under: %.200s", body)
	}
	if a, _ := ask(t, "GET", at+"/api/v1/campaigns/c-none", ""); a.StatusCode != 404 {
		t.Errorf("an unknown campaign is %s", a.Status)
	}
}

func TestCampaignsPages(t *testing.T) {
	f := sampleRun()
	at := server(t, newConsole(t, f, nil))
	var ids []string
	for next := at + "/api/v1/campaigns?limit=1&level=high"; next != ""; {
		a, body := ask(t, "GET", next, "")
		for _, c := range decode[[]struct{ ID string }](t, body) {
			ids = append(ids, c.ID)
		}
		path, _, _ := strings.Cut(strings.TrimPrefix(a.Header.Get("Link"), "<"), ">")
		if next = ""; path != "" {
			next = at + path
			if a.Header.Get("X-Next-Cursor") == "" {
				t.Error("a link without a cursor")
			}
		}
	}
	if want := []string{"c-000000000001", "c-000000000000"}; !slices.Equal(ids, want) {
		t.Errorf("campaigns %v, want %v", ids, want)
	}
	for _, q := range []string{"limit=0", "limit=x", "level=huge", "since=yesterday", "status=gone", "cursor=%00"} {
		if a, body := ask(t, "GET", at+"/api/v1/campaigns?"+q, ""); a.StatusCode != 422 || a.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %s %s %.100s", q, a.Status, a.Header.Get("Content-Type"), body)
		}
	}
	_, body := ask(t, "GET", at+"/api/v1/campaigns?since=2026-03-01T08:01:30Z", "")
	if n := len(decode[[]any](t, body)); n != 1 {
		t.Errorf("%d campaigns since, want 1", n)
	}
}

func TestAPI(t *testing.T) {
	f := sampleRun()
	at := server(t, newConsole(t, f, nil))
	for path, want := range map[string]int{"/principals": 2, "/sources": 3, "/matches?limit=5": 5, "/rules": 2, "/incidents": 1, "/search?text=sshd%5B7%5D": 1, "/search?field=user%3Ddeploy&limit=9": 9, "/search?field=user%3Droot": 0} {
		a, body := ask(t, "GET", at+"/api/v1"+path, "")
		if a.StatusCode != 200 || a.Header.Get("Content-Type") != "application/json" {
			t.Fatalf("%s: %s %s", path, a.Status, body)
		}
		if got := decode[[]any](t, body); len(got) != want {
			t.Errorf("%s has %d, want %d", path, len(got), want)
		}
	}
	if _, body := ask(t, "GET", at+"/api/v1/principals", ""); strings.Contains(body, "key-9") {
		t.Error("an ordinary principal is named")
	}
	_, body := ask(t, "GET", at+"/api/v1/sources", "")
	if s := decode[[]map[string]any](t, body)[1]; s["lost"] != 12.0 || s["behind_bytes"] != -1.0 {
		t.Errorf("source %v", s)
	}
	_, body = ask(t, "GET", at+"/api/v1/record?source=/var/log/auth.log&record=7", "")
	if ev := decode[struct{ Kind string }](t, body); ev.Kind != "event" {
		t.Errorf("record: %s", body)
	}
	if a, _ := ask(t, "GET", at+"/api/v1/search?field=user", ""); a.StatusCode != 422 {
		t.Errorf("a field without a value: %s", a.Status)
	}
	a, _ := ask(t, "GET", at+"/api/v1/search?limit=10", "")
	if a.Header.Get("X-More") != "limit" {
		t.Error("it is not said that there are more events")
	}
	for format, kind := range map[string]string{"html": "text/html; charset=utf-8", "markdown": "text/markdown; charset=utf-8", "jsonl": "application/x-ndjson", "stix": "application/stix+json;version=2.1"} {
		a, body := ask(t, "GET", at+"/api/v1/campaigns/c-000000000000/report?lang=fr&format="+format, "")
		if a.StatusCode != 200 || a.Header.Get("Content-Type") != kind || !strings.Contains(a.Header.Get("Content-Disposition"), `filename="tocsin-c-000000000000.`) || !strings.HasPrefix(a.Header.Get("Content-Security-Policy"), "sandbox") || len(body) < 500 {
			t.Errorf("report %s: %s %v", format, a.Status, a.Header)
		}
	}
	f.reportFails = errors.New("disk")
	if a, body := ask(t, "GET", at+"/api/v1/campaigns/c-000000000000/report", ""); a.StatusCode != 500 || strings.Contains(body, "disk") || a.Header.Get("Content-Disposition") != "" {
		t.Errorf("a report that fails: %s %s", a.Status, body)
	}
}

// TestAlertLinks: where an alert's link leads, that which it is of is shown.
func TestAlertLinks(t *testing.T) {
	f := sampleRun()
	f.principals[0].Name = "ops/1 é@shop.example"
	at := server(t, newConsole(t, f, nil))
	rules := tell.Policy{Base: at, Tenant: "clinic"}
	a, _ := tell.Decide(nil, f.told[0].Campaign, rules, begin)
	if r, body := ask(t, "GET", a.Link, ""); r.StatusCode != 200 || !strings.Contains(body, f.told[0].Campaign.ID) {
		t.Errorf("%s: %s", a.Link, r.Status)
	}
	a, _ = tell.DecidePrincipal(nil, f.principals[0], rules, begin)
	to, err := url.Parse(a.Link)
	if err != nil || to.Query().Get("tenant") != "clinic" {
		t.Fatal(a.Link, err)
	}
	if r, body := ask(t, "GET", a.Link, ""); r.StatusCode != 200 || to.Fragment == "" || !strings.Contains(body, `id="`+to.Fragment+`"`) {
		t.Errorf("%s: %s", a.Link, r.Status)
	}
}

func TestStatusAndSuppression(t *testing.T) {
	f := sampleRun()
	at := server(t, newConsole(t, f, nil))
	post := func(path, body string) int {
		a, _ := ask(t, "POST", at+"/api/v1"+path, body, "Content-Type", "application/json")
		return a.StatusCode
	}
	if got := post("/campaigns/c-000000000000/status", `{"status":"acknowledged","note":"I look after it"}`); got != 204 {
		t.Fatalf("acknowledging: %d", got)
	}
	_, body := ask(t, "GET", at+"/api/v1/campaigns/c-000000000000", "")
	if c := decode[map[string]any](t, body); c["status"] != "acknowledged" || c["note"] != "I look after it" || c["by"] != "local" {
		t.Errorf("after acknowledging: %v %v %v", c["status"], c["note"], c["by"])
	}
	for body, want := range map[string]int{`{"status":"gone"}`: 422, `{`: 400, `{"status":"open","benign":true}`: 422, `{"status":"closed","benign":true}`: 204, `{"status":"open","note":"` + strings.Repeat("x", 5000) + `"}`: 422, strings.Repeat("x", maxBody+1): 413} {
		if got := post("/campaigns/c-000000000001/status", body); got != want {
			t.Errorf("%.60s: %d, want %d", body, got, want)
		}
	}
	if got := post("/campaigns/c-none/status", `{"status":"open"}`); got != 404 {
		t.Errorf("an unknown campaign: %d", got)
	}
	until := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	for body, want := range map[string]int{`{"campaign":"c-000000000000","reason":"a test","until":"` + until + `"}`: 204, `{"reason":"x","until":"` + until + `"}`: 422, `{"rule":"r","entity":"host:a","reason":"x","until":"` + until + `"}`: 422,
		`{"rule":"r","reason":" ","until":"` + until + `"}`: 422, `{"rule":"r","reason":"x","until":"2020-01-01T00:00:00Z"}`: 422, `{"rule":"r","reason":"x","until":"2999-01-01T00:00:00Z"}`: 422, `{"rule":"r","reason":"x"}`: 422} {
		if got := post("/suppressions", body); got != want {
			t.Errorf("%s: %d, want %d", body, got, want)
		}
	}
	if len(f.suppressed) != 1 {
		t.Errorf("%d suppressions, want 1", len(f.suppressed))
	}
	want := []string{"local status c-000000000000", "local status c-000000000001", "local suppress c-000000000000"}
	got := f.did()
	slices.Sort(got)
	if d := cmp.Diff(want, got); d != "" {
		t.Error("audit: ", d)
	}
	// What cannot be noted is not done.
	f.auditFails = errors.New("disk full")
	if got := post("/campaigns/c-000000000002/status", `{"status":"closed"}`); got != 500 || f.told[2].Status != "" {
		t.Errorf("without audit: %d, status %q", got, f.told[2].Status)
	}
}

// The description has every path that is answered, and every member that a campaign has.
func TestOpenAPI(t *testing.T) {
	f := sampleRun()
	f.told[0].Note, f.told[0].By = "n", "b"
	at := server(t, newConsole(t, f, nil))
	_, body := ask(t, "GET", at+"/api/openapi.json", "")
	o := decode[struct {
		OpenAPI string
		Paths   map[string]map[string]struct {
			Responses map[string]struct {
				Content map[string]struct{ Schema schema }
			}
		}
		Components struct{ Schemas map[string]schema }
	}](t, body)
	if o.OpenAPI != "3.1.0" {
		t.Error("no OpenAPI 3.1")
	}
	for _, path := range []string{"/campaigns", "/campaigns/{id}", "/campaigns/{id}/status", "/campaigns/{id}/report", "/principals", "/sources", "/matches", "/rules", "/incidents", "/search", "/record", "/rules/try", "/suppressions", "/events", "/users", "/tokens"} {
		if o.Paths["/api/v1"+path] == nil {
			t.Errorf("%s is not described", path)
		}
	}
	item := o.Paths["/api/v1/campaigns"]["get"].Responses["200"].Content["application/json"].Schema
	if item.Type != "array" || item.Items == nil {
		t.Fatal("campaigns are not described as an array")
	}
	for path, of := range map[string]string{"/campaigns?detail=1": "/campaigns", "/principals": "/principals", "/matches?limit=3": "/matches", "/search?limit=3": "/search", "/sources": "/sources", "/rules": "/rules", "/incidents": "/incidents"} {
		s := o.Paths["/api/v1"+of]["get"].Responses["200"].Content["application/json"].Schema
		_, body := ask(t, "GET", at+"/api/v1"+path, "")
		for _, v := range decode[[]any](t, body) {
			s.Items.check(t, o.Components.Schemas, of, v)
		}
	}
	tried := o.Paths["/api/v1/rules/try"]["post"].Responses["200"].Content["application/json"].Schema
	for _, rules := range []string{"x", "broken"} {
		_, body := ask(t, "POST", at+"/api/v1/rules/try", `{"rules":"`+rules+`"}`, "Content-Type", "application/json")
		tried.check(t, o.Components.Schemas, "/rules/try", decode[any](t, body))
	}
	if a, body := ask(t, "GET", at+"/api/openapi.yaml", ""); a.StatusCode != 200 || !strings.Contains(body, "openapi: 3.1.0") {
		t.Error("no YAML")
	}
	if a, body := ask(t, "GET", at+"/api/", "", "Accept", "text/html"); a.StatusCode != 200 || !strings.Contains(body, "/api/v1/campaigns") || strings.Contains(body, "//unpkg") {
		t.Errorf("the page of the API: %s", a.Status)
	}
}

// A schema is as much of JSON Schema as the description uses.
type schema struct {
	Ref        string            `json:"$ref"`
	Type       any               `json:"type"`
	Items      *schema           `json:"items"`
	Properties map[string]schema `json:"properties"`
	Required   []string          `json:"required"`
	OneOf      []schema          `json:"oneOf"`
	AnyOf      []schema          `json:"anyOf"`
	Additional any               `json:"additionalProperties"`
}

func (s *schema) check(t *testing.T, all map[string]schema, at string, v any) {
	t.Helper()
	if s.Ref != "" {
		next, ok := all[strings.TrimPrefix(s.Ref, "#/components/schemas/")]
		if !ok {
			t.Fatalf("%s: no schema %s", at, s.Ref)
		}
		next.check(t, all, at, v)
		return
	}
	if len(s.OneOf)+len(s.AnyOf) > 0 || s.Type == nil {
		return
	}
	types := []string{}
	switch x := s.Type.(type) {
	case string:
		types = append(types, x)
	case []any:
		for _, one := range x {
			types = append(types, one.(string))
		}
	}
	kind := map[reflect.Kind]string{reflect.String: "string", reflect.Bool: "boolean", reflect.Float64: "number", reflect.Slice: "array", reflect.Map: "object", reflect.Invalid: "null"}[reflect.ValueOf(v).Kind()]
	if !slices.Contains(types, kind) && (kind != "number" || !slices.Contains(types, "integer")) {
		t.Errorf("%s is of type %s, described as %v", at, kind, types)
		return
	}
	switch x := v.(type) {
	case []any:
		for _, one := range x {
			s.Items.check(t, all, at+"[]", one)
		}
	case map[string]any:
		for _, name := range s.Required {
			if _, ok := x[name]; !ok {
				t.Errorf("%s lacks %s, described as always there", at, name)
			}
		}
		for name, one := range x {
			if p, ok := s.Properties[name]; ok {
				p.check(t, all, at+"."+name, one)
			} else if len(s.Properties) > 0 {
				t.Errorf("%s has %s, which is not described", at, name)
			}
		}
	}
}

func TestHealthAndMetrics(t *testing.T) {
	f := sampleRun()
	at := server(t, newConsole(t, f, nil))
	f.unready = true
	if a, _ := ask(t, "GET", at+"/readyz", ""); a.StatusCode != 503 {
		t.Errorf("not ready: %s", a.Status)
	}
	f.unready = false
	for _, path := range []string{"/readyz", "/healthz"} {
		if a, _ := ask(t, "GET", at+path, ""); a.StatusCode != 200 {
			t.Errorf("%s: %s", path, a.Status)
		}
	}
	_, body := ask(t, "GET", at+"/metrics", "")
	for _, want := range []string{"tocsin_events_total 12345", `tocsin_lag_seconds{stage="decode"} 1`, `tocsin_dropped_total{why="late"} 3`, `tocsin_source_lost_total{kind="syslog",source="syslog:udp",tenant=""} 12`, `tocsin_build_info{version="test"} 1`, "tocsin_rules_aside 1", "go_goroutines", "tocsin_pages 2", "tocsin_turns_total 9", "tocsin_memory_bytes", "tocsin_store_bytes", `tocsin_alerts_given_up_total{way="pager"} 4`} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s", want)
		}
	}
}

// Whatever is asked for, the answer is no failure of ours, and harmless.
func FuzzAPI(f *testing.F) {
	run := sampleRun()
	c := newConsole(f, run, nil)
	for _, s := range []string{"campaigns?limit=1", "campaigns/x/status", "search?field=a%3Db&from=2026-01-01T00:00:00Z", "record?source=%2e%2e&record=18446744073709551615&nth=9", "campaigns/%2e%2e%2f/report?format=html", "matches?limit=-1", "events", "../metrics", "tokens"} {
		f.Add("GET", s, "")
		f.Add("POST", s, `{"status":"open","until":"9999-99-99"}`)
	}
	f.Fuzz(func(t *testing.T, method, path, body string) {
		u, err := url.Parse("http://localhost/api/v1/" + strings.TrimLeft(path, "/"))
		if err != nil || strings.HasPrefix(u.Path, "/api/v1/events") {
			return
		}
		r, err := http.NewRequestWithContext(context.WithValue(t.Context(), http.LocalAddrContextKey, net.Addr(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80})), method, u.String(), strings.NewReader(body))
		if err != nil {
			return
		}
		r.RemoteAddr, r.RequestURI = "127.0.0.1:1234", u.RequestURI()
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		c.ServeHTTP(w, r)
		if w.Code >= 500 && w.Code != 501 {
			t.Fatalf("%s %s: %d %s", method, u, w.Code, w.Body)
		}
		if strings.Contains(w.Header().Get("Content-Type"), "html") && strings.Contains(w.Body.String(), "<script>") {
			t.Fatal("markup that is not ours")
		}
	})
}
