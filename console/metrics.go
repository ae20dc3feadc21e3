package console

import (
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// A gauge is a number of the run as Prometheus has it.
type gauge struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
}

// numbers collects what the run says of itself when it is asked for.
type numbers struct {
	c   *Console
	all map[string]gauge
}

func (c *Console) metrics() http.Handler {
	n := &numbers{c, map[string]gauge{}}
	count := func(name, help string, labels ...string) {
		n.all[name] = gauge{prometheus.NewDesc("tocsin_"+name, help, labels, nil), prometheus.CounterValue}
	}
	size := func(name, help string, labels ...string) {
		n.all[name] = gauge{prometheus.NewDesc("tocsin_"+name, help, labels, nil), prometheus.GaugeValue}
	}
	count("events_total", "Events that were read and judged.")
	count("matches_total", "Matches of rules.")
	count("turns_total", "Turns of the state.")
	count("dropped_total", "What was met and not kept, by why.", "why")
	count("alerts_total", "Alerts that were sent, by way.", "way")
	count("alerts_given_up_total", "Alerts that nobody got, by way.", "way")
	count("restarts_total", "Parts that failed and were begun again.")
	size("lag_seconds", "How far a stage is behind.", "stage")
	size("turn_seconds", "How long the last turn took.")
	size("mark_timestamp_seconds", "How far event time is.")
	size("memory_bytes", "Memory that is known to be in use for state.")
	size("pages", "Pages that are open.")
	size("store_bytes", "The store on disk.")
	size("archive_bytes", "The archive on disk.")
	size("free_bytes", "What is free on the disk that holds them.")
	size("alerts_unsent", "Alerts that wait.")
	size("ready", "1 once sources are followed.")
	size("incidents", "Incidents that go on.")
	size("console_streams", "Event streams of the console.")
	size("start_timestamp_seconds", "When the console began.")
	size("build_info", "1.", "version")
	count("source_read_bytes_total", "Delivered since the process began.", "kind", "source", "tenant")
	size("source_behind_bytes", "There and not yet delivered.", "kind", "source", "tenant")
	count("source_lost_total", "Records that a transport could not wait for.", "kind", "source", "tenant")
	count("source_refused_total", "Requests or messages that were refused.", "kind", "source", "tenant")
	size("source_last_timestamp_seconds", "When something was received last.", "kind", "source", "tenant")
	size("source_up", "0 where it is broken.", "kind", "source", "tenant")
	count("rule_hits_total", "Events for which a rule held.", "rule")
	count("rule_seconds_total", "What a rule took.", "rule")
	size("rules_aside", "Rules that were put aside for their cost.")

	registry := prometheus.NewRegistry()
	registry.MustRegister(n, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 20 * time.Second, ErrorHandling: promhttp.ContinueOnError})
}

// Bounds of series: names of sources and rules come from outside.
const (
	maxSourceSeries = 1000
	maxRuleSeries   = 5000
)

// Describe is part of prometheus.Collector.
func (n *numbers) Describe(ch chan<- *prometheus.Desc) {
	for _, g := range n.all {
		ch <- g.desc
	}
}

// Collect is part of prometheus.Collector.
func (n *numbers) Collect(ch chan<- prometheus.Metric) {
	tell := func(name string, v float64, labels ...string) {
		g := n.all[name]
		if m, err := prometheus.NewConstMetric(g.desc, g.kind, v, labels...); err == nil { // a label that is no text is left out
			ch <- m
		}
	}
	run := n.c.o.Run
	x := run.Numbers()
	tell("events_total", float64(x.Events))
	tell("matches_total", float64(x.Matches))
	tell("turns_total", float64(x.Turns))
	tell("restarts_total", float64(x.Restarts))
	for _, k := range slices.Sorted(maps.Keys(x.Dropped)) {
		tell("dropped_total", float64(x.Dropped[k]), k)
	}
	for _, k := range slices.Sorted(maps.Keys(x.Alerts)) {
		tell("alerts_total", float64(x.Alerts[k]), k)
	}
	for _, k := range slices.Sorted(maps.Keys(x.GivenUp)) {
		tell("alerts_given_up_total", float64(x.GivenUp[k]), k)
	}
	for _, k := range slices.Sorted(maps.Keys(x.Lag)) {
		tell("lag_seconds", x.Lag[k].Seconds(), k)
	}
	tell("turn_seconds", x.Turn.Seconds())
	if !x.Mark.IsZero() {
		tell("mark_timestamp_seconds", float64(x.Mark.UnixMilli())/1e3)
	}
	tell("memory_bytes", float64(x.Memory))
	tell("pages", float64(x.Pages))
	tell("store_bytes", float64(x.Store))
	tell("archive_bytes", float64(x.Archive))
	if x.Free > 0 {
		tell("free_bytes", float64(x.Free))
	}
	tell("alerts_unsent", float64(x.Unsent))
	ready := 0.0
	if run.Ready() {
		ready = 1
	}
	tell("ready", ready)
	going := 0
	for _, i := range run.Incidents() {
		if i.Ended.IsZero() {
			going++
		}
	}
	tell("incidents", float64(going))
	tell("console_streams", float64(n.c.hub.streams()))
	tell("start_timestamp_seconds", float64(n.c.started.UnixMilli())/1e3)
	tell("build_info", 1, n.c.o.Version)
	n.sources(tell)
	n.rules(tell)
}

func (n *numbers) sources(tell func(string, float64, ...string)) {
	seen := map[[3]string]bool{} // two of one name would spoil all
	for _, s := range n.c.o.Run.Sources() {
		key := [3]string{s.Kind, s.Path, s.Tenant}
		if s.Path == "" {
			key[1] = s.ID
		}
		if seen[key] || len(seen) >= maxSourceSeries {
			continue
		}
		seen[key] = true
		tell("source_read_bytes_total", float64(s.Read), key[:]...)
		if s.Behind >= 0 {
			tell("source_behind_bytes", float64(s.Behind), key[:]...)
		}
		tell("source_lost_total", float64(s.Lost), key[:]...)
		tell("source_refused_total", float64(s.Refused), key[:]...)
		if !s.Last.IsZero() {
			tell("source_last_timestamp_seconds", float64(s.Last.UnixMilli())/1e3, key[:]...)
		}
		up := 1.0
		if s.State == "broken" {
			up = 0
		}
		tell("source_up", up, key[:]...)
	}
}

func (n *numbers) rules(tell func(string, float64, ...string)) {
	seen := map[string]bool{}
	aside := 0
	for _, r := range n.c.o.Run.Rules() {
		if r.PutAside != "" {
			aside++
		}
		if seen[r.ID] || len(seen) >= maxRuleSeries || r.Hits == 0 && r.PutAside == "" {
			continue // thousands of rules find nothing
		}
		seen[r.ID] = true
		tell("rule_hits_total", float64(r.Hits), r.ID)
		tell("rule_seconds_total", r.Cost.Seconds(), r.ID)
	}
	tell("rules_aside", float64(aside))
}
