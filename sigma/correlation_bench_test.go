package sigma_test

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
)

const benchRules = `title: Not found
name: missing
logsource: {category: webserver}
detection: {s: {sc-status: 404}, condition: s}
---
title: Refused
name: refused
logsource: {category: webserver}
detection: {s: {sc-status: 403}, condition: s}
---
title: Enumeration
name: enumeration
correlation: {type: value_count, rules: [missing], group-by: [c-ip], timespan: 1m, condition: {field: cs-uri-stem, gte: 30}}
---
title: Flood
correlation: {type: event_count, rules: [missing, refused], group-by: [c-ip], timespan: 1m, condition: {gte: 50}}
---
title: Enumeration, then refused
correlation: {type: temporal_ordered, rules: [enumeration, refused], group-by: [c-ip], timespan: 5m}
`

// webHits makes n requests as the decoder of access logs gives them, and calls do with each and whether it is refused.
// One request in a hundred is of an address that enumerates for 20 seconds and is refused half-way.
func webHits(n int, do func(ev *tocsin.Event, refused bool)) {
	start := time.Date(2024, 1, 2, 10, 0, 0, 0, time.UTC)
	sources := []tocsin.LogSource{{Product: "nginx", Category: "webserver", Service: "access"}}
	agents := make([]string, 50)
	for i := range agents {
		agents[i] = fmt.Sprintf("Mozilla/5.0 (X11; Linux x86_64; rv:%d.0) Gecko/20100101 Firefox/%d.0", i, i)
	}
	var b strings.Builder
	names := [...]string{"c-ip", "cs-username", "cs-method", "cs-uri", "cs-uri-stem", "cs-uri-query", "uri-decoded", "cs-version",
		"sc-status", "sc-bytes", "cs-referer", "cs-user-agent", "c-useragent", "c-uri"}
	ev := tocsin.Event{Sources: sources, Format: "access", Source: "logs/access.log", Host: "web"}
	for i := range n {
		at := start.Add(time.Duration(i) * 2 * time.Millisecond)
		ip := "203.0.113." + strconv.Itoa(i/10000)
		path := "/files/" + strconv.Itoa(i) + "/index.php"
		if i%100 != 0 {
			ip = "198.51." + strconv.Itoa(i*7919%40000/200) + "." + strconv.Itoa(i%200)
			path = "/page/" + strconv.Itoa(i%500) + ".html"
		}
		status := "404"
		if i%37 == 5 || i%5000 == 0 {
			status = "403"
		}
		b.Reset()
		part := func(s string) [2]int {
			from := b.Len()
			b.WriteString(s)
			b.WriteByte(' ')
			return [2]int{from, from + len(s)}
		}
		where := [...][2]int{part(ip), {}, part("GET"), part(path + "?id=" + status), {}, {}, {}, part("HTTP/1.1"), part(status), part("1234"),
			part("https://www.example.com/"), part(agents[i%50]), {}, {}}
		where[1] = [2]int{where[0][1], where[0][1]}
		where[4] = [2]int{where[3][0], where[3][0] + len(path)}
		where[5] = [2]int{where[4][1] + 1, where[3][1]}
		where[6], where[12], where[13] = where[3], where[11], where[3]
		ev.Raw = b.String()
		ev.Fields = ev.Fields[:0]
		for k, name := range names {
			ev.Fields = append(ev.Fields, tocsin.Field{Name: name, Value: ev.Raw[where[k][0]:where[k][1]]})
		}
		ev.Time, ev.Record = at, uint64(i+1)
		do(&ev, status == "403")
	}
}

// BenchmarkCorrelate collects and replays a million hits of correlated rules.
func BenchmarkCorrelate(b *testing.B) {
	set := compiled(b, "bench.yml", []byte(benchRules))
	rule := map[string]int{}
	for i, r := range set.Rules() {
		rule[r.Name] = i
	}
	const n = 1_000_000
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		var shelf tocsin.Shelf
		c := set.Correlator(&shelf)
		t := time.Now()
		webHits(n, func(*tocsin.Event, bool) {})
		making := time.Since(t)
		t = time.Now()
		webHits(n, func(ev *tocsin.Event, refused bool) {
			if refused {
				c.Add(ev, shelf.Put(ev), rule["refused"])
			} else {
				c.Add(ev, shelf.Put(ev), rule["missing"])
			}
		})
		adding := time.Since(t) - making
		runtime.GC()
		runtime.ReadMemStats(&after)
		held := after.HeapAlloc - before.HeapAlloc
		t = time.Now()
		found := map[string]int{}
		c.Finish(func(m *tocsin.Match) { found[m.Rule.Title]++ })
		b.ReportMetric(float64(adding.Nanoseconds())/n, "add-ns/hit")
		b.ReportMetric(float64(time.Since(t).Nanoseconds())/n, "replay-ns/hit")
		b.ReportMetric(float64(held)/n, "held-B/hit")
		b.ReportMetric(float64(shelf.Bytes())/n, "shelf-B/hit")
		if got, want := fmt.Sprint(found), "map[Enumeration, then refused:100 Flood:100]"; got != want {
			b.Fatalf("found %s, want %s", got, want)
		}
	}
}
