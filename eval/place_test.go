package eval

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"hash/maphash"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/engine"
	"github.com/tocsin-ids/tocsin/report"
)

// recordings are the folders below data that hold logs.
var recordings = []string{"windows", "linux", "web", "network", "cloud", "agents", "operator", "campaign", "cases"}

// TestPlaces resolves all places of reports back to their records: each is that of exactly one event, the one that was
// reported.
func TestPlaces(t *testing.T) {
	t.Run("example", func(t *testing.T) { places(t, "../example") })
	t.Run("many a line", func(t *testing.T) { places(t, manyALine(t)) })
	if testing.Short() {
		return // the recordings are read twice each
	}
	for _, dir := range recordings {
		t.Run(dir, func(t *testing.T) { places(t, data(t, dir)) })
	}
}

// A reported is what a report says of a place.
type reported struct {
	key   string // of the event, as the report shows it whole; empty where it only refers to it
	found int    // events that have the place
}

func places(t *testing.T, path string) {
	in := engine.Input{Paths: []string{path}, Key: []byte("eval")}
	found, coverage, err := engine.Hunt(context.Background(), in, own(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	var b bytes.Buffer
	h := &report.Hunt{Matches: found, Campaigns: found.Campaigns, Aside: found.Aside, Coverage: coverage}
	if err := report.JSONL(&b, h); err != nil {
		t.Fatal(err)
	}
	told := map[tocsin.Place]*reported{}
	var spans []tocsin.Span
	lines := bufio.NewScanner(&b)
	lines.Buffer(nil, 1<<30)
	for lines.Scan() {
		var v any
		d := json.NewDecoder(bytes.NewReader(lines.Bytes()))
		d.UseNumber()
		if err := d.Decode(&v); err != nil {
			t.Fatal(err)
		}
		spans = collect(t, v, told, spans)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}

	var mu sync.Mutex
	seed, met, twice := maphash.MakeSeed(), map[uint64]struct{}{}, 0
	ends := map[tocsin.Place]bool{} // of spans; true where they were met
	for _, s := range spans {
		ends[tocsin.Place{Source: s.Source, Record: s.From}], ends[tocsin.Place{Source: s.Source, Record: s.To}] = false, false
	}
	if _, err = engine.Read(context.Background(), in, func(int) engine.Desk {
		return engine.DeskFunc(func(ev *tocsin.Event) {
			p := tocsin.Place{Source: ev.Source, Record: ev.Record}
			key := maphash.Comparable(seed, p)
			mu.Lock()
			defer mu.Unlock()
			if _, is := met[key]; is {
				if twice++; twice <= 5 {
					t.Errorf("%s: %s is the place of two events", ev.Format, p)
				}
			}
			met[key] = struct{}{}
			if _, is := ends[p]; is {
				p.Source = strings.Clone(p.Source)
				ends[p] = true
			}
			r := told[p]
			if r == nil {
				return
			}
			if r.found++; r.key != "" && r.key != keyOf(t, ev) {
				t.Errorf("%s: the report has\n%s\nand the record is\n%s", p, r.key, keyOf(t, ev))
			}
		})
	}); err != nil {
		t.Fatal(err)
	}
	lost := 0
	for p, r := range told {
		if r.found != 1 {
			if lost++; lost <= 5 {
				t.Errorf("%s: the place of %d events", p, r.found)
			}
		}
	}
	for p, is := range ends {
		if !is {
			if lost++; lost <= 5 {
				t.Errorf("%s, of a campaign's records: the place of no event", p)
			}
		}
	}
	if len(told) == 0 && path == "../example" {
		t.Error("no places in the report of the example")
	}
	for _, f := range coverage.Files {
		t.Logf("%s: %s, %d events, %d faults %s", f.Path, f.Format, f.Events, f.Faults, f.Skipped)
	}
	t.Logf("%d places and %d runs of records in the report, %d events", len(told), len(spans), len(met))
}

// collect gathers the places in a value of a JSONL report, whatever they are called, and the runs of records.
func collect(t *testing.T, v any, told map[tocsin.Place]*reported, spans []tocsin.Span) []tocsin.Span {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			spans = collect(t, e, told, spans)
		}
	case map[string]any:
		source, isSource := v["source"].(string)
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if _, is := v["record"].(json.Number); is && isSource && source != "" {
			var p tocsin.Place
			if err := json.Unmarshal(b, &p); err != nil {
				t.Fatal(err)
			}
			key := ""
			if fields, whole := v["fields"]; whole && v["time"] != nil {
				b, err := json.Marshal(fields)
				if err != nil {
					t.Fatal(err)
				}
				key = fmt.Sprint(v["time"], " ", v["format"], " ", string(b))
			}
			p = tocsin.Place{Source: p.Source, Record: p.Record}
			if told[p] == nil || told[p].key == "" {
				told[p] = &reported{key: key}
			}
			return spans
		}
		if _, is := v["from"].(json.Number); is && isSource {
			var s tocsin.Span
			if err := json.Unmarshal(b, &s); err != nil {
				t.Fatal(err)
			}
			return append(spans, s)
		}
		_, series := v["series"]
		for _, e := range v {
			if ev, is := e.(map[string]any); is && series { // with what a correlation adds to its last event
				delete(ev, "fields")
			}
			spans = collect(t, e, told, spans)
		}
	}
	return spans
}

// keyOf is an event as a report shows it.
func keyOf(t *testing.T, ev *tocsin.Event) string {
	var b bytes.Buffer
	w, err := report.NewTimeline(&b, "jsonl")
	if err == nil {
		err = w.Write(ev)
	}
	if err == nil {
		err = w.Flush()
	}
	var v struct{ Event map[string]any }
	if err == nil {
		err = json.Unmarshal(b.Bytes(), &v)
	}
	if err != nil {
		t.Fatal(err)
	}
	f, err := json.Marshal(v.Event["fields"])
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(v.Event["time"], " ", v.Event["format"], " ", string(f))
}

// manyALine writes logs of which a line tells of several events, some of them longer than what is decoded at a time.
func manyALine(t *testing.T) string {
	dir := t.TempDir()
	join := func(n int, f func(i int) string) string {
		all := make([]string, n)
		for i := range all {
			all[i] = f(i)
		}
		return strings.Join(all, ",")
	}
	trail := func(n int) string {
		return join(n, func(i int) string {
			return fmt.Sprintf(`{"eventVersion":"1.08","eventTime":"2026-03-01T08:%02d:%02dZ","eventSource":"iam.amazonaws.com","eventName":"CreateAccessKey","awsRegion":"eu-west-1","sourceIPAddress":"203.0.113.7","userAgent":"curl/8","userIdentity":{"type":"IAMUser","userName":"u%d"},"requestParameters":{"userName":"admin%d"}}`, i/60%60, i%60, i, i)
		})
	}
	flows := join(300, func(i int) string {
		tuples := join(20, func(k int) string {
			return fmt.Sprintf(`"17723520%02d,203.0.113.7,192.0.2.%d,4%03d,22,T,I,D,B,,,,"`, k, i%250, i)
		})
		return `{"time":"2026-03-01T08:00:00.0Z","systemId":"s","macAddress":"0","category":"NetworkSecurityGroupFlowEvent","resourceId":"/r","operationName":"NetworkSecurityGroupFlowEvents","properties":{"Version":2,"flows":[{"rule":"Deny","flows":[{"mac":"0","flowTuples":[` + tuples + `]}]}]}}`
	})
	hits := join(1500, func(i int) string {
		return fmt.Sprintf(`{"_index":"w","_id":"%d","_source":{"@timestamp":"2026-03-01T08:00:00Z","message":"Failed password for root from 203.0.113.7 port %d ssh2","host":{"name":"web1"},"log":{"file":{"path":"/var/log/auth.log"}}}}`, i, i)
	})
	calls := func(from, n int) string {
		return `{"type":"assistant","sessionId":"S","timestamp":"2026-03-01T08:00:00Z","cwd":"/","message":{"role":"assistant","model":"m","content":[` + join(n, func(i int) string {
			return fmt.Sprintf(`{"type":"tool_use","id":"toolu_01AAAAAAAAAAAAAAAAAA%04d","name":"Bash","input":{"command":"cat /etc/shadow %d"}}`, from+i, from+i)
		}) + `]}}` + "\n"
	}
	answers := func(ids ...int) string {
		var b strings.Builder
		for _, i := range ids {
			fmt.Fprintf(&b, `{"type":"user","sessionId":"S","timestamp":"2026-03-01T08:00:09Z","message":{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_01AAAAAAAAAAAAAAAAAA%04d","content":"x"}]}}`+"\n", i)
		}
		return b.String()
	}
	spans := join(40, func(i int) string {
		return fmt.Sprintf(`{"timeUnixNano":"177235200%d000000000","severityText":"INFO","body":{"stringValue":"Failed password for root from 203.0.113.7 port 4%d ssh2"},"attributes":[]}`, i%10, i)
	})
	xml := func(n int) string {
		return `<?xml version="1.0" encoding="utf-8"?><Events>` + strings.ReplaceAll(join(n, func(i int) string {
			return fmt.Sprintf(`<Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event"><System><Provider Name="Microsoft-Windows-Security-Auditing"/><EventID>4625</EventID><TimeCreated SystemTime="2026-03-01T08:00:00.0000000Z"/><EventRecordID>%d</EventRecordID><Channel>Security</Channel><Computer>ws1.corp.example</Computer></System><EventData><Data Name="TargetUserName">u%d</Data><Data Name="IpAddress">203.0.113.7</Data></EventData></Event>`, i%7, i)
		}), ">,<Event", "><Event") + `</Events>`
	}
	for name, text := range map[string]string{
		"one-line.json": `{"Records":[` + trail(3000) + `]}`,
		"array.json":    `[` + trail(3000) + `]`,
		"batches.json":  `{"Records":[` + trail(1) + `]}` + "\n" + `{"Records":[` + trail(1200) + `]}` + "\n" + `{"Records":[` + trail(3) + `]}` + "\n",
		"side-by-side":  strings.ReplaceAll(trail(2000), "},{", "}{"),
		"nested.json":   `[{"Records":[` + trail(900) + `]},{"Records":[` + trail(900) + `]}]`,
		"flows.json":    `{"records":[` + flows + `]}`,
		"hits.json":     `{"took":1,"hits":{"total":1500,"hits":[` + hits + `]}}`,
		"session.jsonl": calls(0, 5) + answers(4, 2, 0) + calls(10, 900) + answers(1, 909, 3, 500),
		"otlp.jsonl":    strings.Repeat(`{"resourceLogs":[{"resource":{"attributes":[]},"scopeLogs":[{"logRecords":[`+spans+`]}]}]}`+"\n", 3),
		"log.xml":       xml(2000),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
