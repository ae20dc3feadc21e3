package channel

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// A spec is a description of traffic as knowledge.tsv gives it: numbers by name.
type spec map[string]float64

func specOf(t testing.TB, text string) spec {
	s := spec{"of": 1, "hosts": 1, "hours": 10}
	for _, w := range strings.Fields(text) {
		name, value, ok := strings.Cut(w, "=")
		n, err := strconv.ParseFloat(value, 64)
		if !ok || err != nil {
			t.Fatalf("%q: %q is no NAME=NUMBER", text, w)
		}
		s[name] = n
	}
	return s
}

var (
	flowSources  = []tocsin.LogSource{{Product: "zeek", Category: "firewall", Service: "conn"}}
	dnsSources   = []tocsin.LogSource{{Product: "zeek", Category: "dns", Service: "dns"}}
	proxySources = []tocsin.LogSource{{Product: "zeek", Category: "proxy", Service: "http"}}

	morning = time.Date(2026, 3, 10, 6, 0, 0, 0, time.UTC)
)

// traffic are events of a day of a site that is made up.
type traffic struct {
	rng    *rand.Rand
	events []tocsin.Event
	n      map[string]uint64
}

func (x *traffic) event(at time.Time, sources []tocsin.LogSource, pairs ...string) {
	log := sources[0].Service + ".log"
	x.n[log]++
	ev := tocsin.Event{Time: at, Sources: sources, Source: log, Record: x.n[log]}
	for i := 0; i < len(pairs); i += 2 {
		ev.Fields = append(ev.Fields, tocsin.Field{Name: pairs[i], Value: pairs[i+1]})
	}
	x.events = append(x.events, ev)
}

func (x *traffic) connection(at time.Time, from, to string, port, sent, got, long int) {
	x.event(at, flowSources, "src_ip", from, "dst_ip", to, "dst_port", strconv.Itoa(port), "src_port", strconv.Itoa(32768+x.rng.IntN(28000)), "proto", "tcp",
		"orig_bytes", strconv.Itoa(sent), "resp_bytes", strconv.Itoa(got), "duration", fmt.Sprintf("%d.25", long))
}

// beat is regular traffic with uniform jitter; with jitter of 1 intervals are those of a Poisson process.
func (x *traffic) beat(s spec, do func(at time.Time)) {
	at := morning.Add(time.Duration(x.rng.Float64() * float64(time.Hour)))
	for end := at.Add(time.Duration(s["hours"] * float64(time.Hour))); at.Before(end); {
		do(at)
		gap := s["every"] * (1 + s["jitter"]*(2*x.rng.Float64()-1))
		if s["jitter"] == 1 {
			gap = s["every"] * x.rng.ExpFloat64()
		}
		at = at.Add(time.Duration(gap * float64(time.Second)))
	}
}

func (x *traffic) letters(n int, from string) string {
	var b strings.Builder
	for range n {
		b.WriteByte(from[x.rng.IntN(len(from))])
	}
	return b.String()
}

// trafficOf makes the events of a description, beside what the site's hosts do all day.
func trafficOf(s spec, seed uint64) []tocsin.Event {
	x := &traffic{rng: rand.New(rand.NewPCG(seed, 7)), n: map[string]uint64{}}
	for h := range int(s["of"]) {
		from := fmt.Sprintf("10.1.0.%d", h+1)
		for range 60 { // places that many contact, at any time
			to := fmt.Sprintf("2001:db8:%x::1", 1+x.rng.IntN(8))
			at := morning.Add(time.Duration(x.rng.Float64() * 11 * float64(time.Hour)))
			x.event(at, dnsSources, "src_ip", from, "query", "www.common.example", "rcode_name", "NOERROR", "answer", to)
			x.connection(at, from, to, 443, 2000+x.rng.IntN(3000), 90_000, 20)
		}
		x.event(morning, dnsSources, "src_ip", from, "query", "mistyped.example", "rcode_name", "NXDOMAIN")
	}
	for h := range int(s["hosts"]) {
		from, to := fmt.Sprintf("10.1.0.%d", h+1), "198.51.100.7"
		if s["inbound"] > 0 {
			from, to = "203.0.113.9", "10.1.0.1"
		}
		x.host(s, from, to)
	}
	return x.events
}

// host makes the events of a description for one host.
func (x *traffic) host(s spec, from, to string) {
	port := int(s["port"])
	switch {
	case s["every"] > 0 && s["named"] > 0:
		x.beat(s, func(at time.Time) {
			x.event(at, proxySources, "src_ip", from, "dst_ip", to, "cs-host", "feed.rare.example", "cs-method", "GET", "cs-uri", "/poll", "cs-user-agent", "Mozilla/5.0 (X11)")
		})
	case s["every"] > 0:
		x.beat(s, func(at time.Time) { x.connection(at, from, to, port, 300+x.rng.IntN(20), 500, 1) })
	case s["names"] > 0:
		for i := range int(s["names"]) {
			name := x.letters(int(s["length"]), "abcdefghijklmnopqrstuvwxyz0123456789") + ".t.carrier.example"
			x.event(morning.Add(time.Duration(i)*2*time.Second), dnsSources, "src_ip", from, "query", name, "rcode_name", "NOERROR", "answer", "TXT 3 abc")
		}
	case s["nonexistent"] > 0:
		for i := range int(s["nonexistent"]) {
			name := fmt.Sprintf("%s%d", [...]string{"banana", "gardenia", "violet", "autumn"}[i%4], i)
			if s["random"] > 0 {
				name = x.letters(14, "bcdfghjklmnpqrstvwxz")
			}
			x.event(morning.Add(time.Duration(i)*20*time.Second), dnsSources, "src_ip", from, "query", name+".example", "rcode_name", "NXDOMAIN")
		}
	case s["long"] > 0:
		x.connection(morning, from, to, port, 50_000, 40_000, int(s["long"]*3600))
	case s["upload"] > 0:
		for i := range 20 {
			x.connection(morning.Add(time.Duration(i)*time.Minute), from, to, port, int(s["upload"]/20*(1<<20)), 10_000, 30)
		}
	}
}

// judged are the rows that hold for events, by name, with their matches.
func judged(t testing.TB, events []tocsin.Event) map[string][]*tocsin.Match {
	t.Helper()
	table := New(Key{1})
	for i := range events {
		table.Add(&events[i])
	}
	all := map[string][]*tocsin.Match{}
	for _, m := range table.Judge(Rules()) {
		name := strings.TrimPrefix(m.Rule.Name, "channel_")
		all[name] = append(all[name], m)
	}
	return all
}

// TestRows holds that each row of knowledge.tsv holds for what it describes, and for that alone, and not for its benign twin.
func TestRows(t *testing.T) {
	if n := strings.Count(knowledge, "\n") - 1; n != len(rows) || len(Rules()) != n {
		t.Fatalf("%d lines, %d rows, %d rules", n, len(rows), len(Rules()))
	}
	ids := map[string]bool{}
	for name, r := range rows {
		if ids[r.rule.ID] || len(r.rule.ID) != 36 || r.rule.Level > tocsin.Medium || r.rule.Level < tocsin.Low {
			t.Errorf("%s: id %q, level %s", name, r.rule.ID, r.rule.Level)
		}
		ids[r.rule.ID] = true
		if len(r.rule.Techniques()) == 0 || len(r.rule.Tactics()) == 0 {
			t.Errorf("%s: no technique or tactic in %q", name, r.rule.Tags)
		}
		for seed := range uint64(5) {
			found := judged(t, trafficOf(specOf(t, r.sample), seed))
			if len(found) != 1 || len(found[name]) != 1 {
				t.Errorf("%s: %q gives %v", name, r.sample, titles(found))
			}
			if found := judged(t, trafficOf(specOf(t, r.benign), seed)); len(found[name]) > 0 {
				t.Errorf("%s: its benign twin %q gives %v", name, r.benign, titles(found))
			}
		}
	}
}

func titles(found map[string][]*tocsin.Match) (all []string) {
	for name, list := range found {
		for _, m := range list {
			all = append(all, fmt.Sprintf("%s: %v", name, m.Held))
		}
	}
	return all
}
