//go:build unix

package sigma_test

import (
	"bytes"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/sigma"
)

// rate reports events per second of processor time of a benchmark whose every round is n events. Call it before the
// rounds, and what it returns after them.
func rate(b *testing.B, n int) func() {
	from := cpuTime()
	return func() { b.ReportMetric(float64(n)*float64(b.N)/(cpuTime()-from).Seconds(), "events/cpu-s") }
}

// cpuTime is the processor time of this process.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkMatch is matching alone, of events decoded before, with all Windows rules: EVTX-ATTACK-SAMPLES, Windows
// events as JSON, and PowerShell script blocks.
func BenchmarkMatch(b *testing.B) {
	any := func(*tocsin.Event) bool { return true }
	for _, c := range []struct {
		name   string
		events func() []*tocsin.Event
		least  int // matches
	}{
		{"evtx", func() []*tocsin.Event { return attackSamples(b) }, 1547},
		{"json", func() []*tocsin.Event { return atomicEvents(b, 300, any) }, 540},
		{"script", func() []*tocsin.Event { return atomicEvents(b, 100, scriptBlock) }, 44},
	} {
		b.Run(c.name, func(b *testing.B) {
			s := hq(b, windowsRule)
			events := c.events()
			m := s.Matcher()
			size := 0
			run := func() int {
				pairs := 0
				for _, e := range events {
					m.Match(e, func(int) { pairs++ })
				}
				return pairs
			}
			for _, e := range events {
				for _, f := range e.Fields {
					size += len(f.Value)
				}
			}
			want := run()
			b.ReportAllocs()
			b.SetBytes(int64(size))
			done := rate(b, len(events))
			for b.Loop() {
				if n := run(); n != want || n < c.least {
					b.Fatalf("%d matches", n)
				}
			}
			done()
			b.ReportMetric(float64(len(events)), "events")
			b.ReportMetric(float64(want), "matches")
			b.ReportMetric(naively(b, s, events), "naive-events/cpu-s")
		})
	}
}

// naively runs the naive evaluator on every sixty-fourth event, whose matches must be the matcher's, and returns its
// events per second of processor time.
func naively(b *testing.B, s *sigma.Set, events []*tocsin.Event) float64 {
	o, m := newNaive(), s.Matcher()
	got, want, n := 0, 0, 0
	var spent time.Duration
	for i := 0; i < len(events); i += 64 {
		m.Match(events[i], func(int) { got++ })
		from := cpuTime()
		for _, r := range s.Rules() {
			if o.applies(r, events[i]) && o.holds(r, events[i]) {
				want++
			}
		}
		spent += cpuTime() - from
		n++
	}
	if got != want {
		b.Fatalf("matcher %d matches, naive evaluator %d", got, want)
	}
	return float64(n) / spent.Seconds()
}

// BenchmarkDecodeMatch is decoding and matching of what the recordings hold, unpacked.
func BenchmarkDecodeMatch(b *testing.B) {
	var json []member
	var script []byte
	for _, p := range jsonArchives(b) {
		for _, m := range unzip(b, p) {
			for line := range bytes.Lines(m.data) {
				if bytes.Contains(line, []byte("4104")) && bytes.Contains(line, []byte("ScriptBlockText")) && len(script) < 32<<20 {
					script = append(script, line...)
				}
			}
			if len(m.data) < 8<<20 {
				json = append(json, m)
			}
		}
	}
	for _, c := range []struct {
		name  string
		files []member
		least int // matches
	}{
		{"evtx", untar(b, data(b, "windows/evtx-attack-samples.tar.gz"), func(n string) bool { return strings.HasSuffix(strings.ToLower(n), ".evtx") }), 1547},
		{"json", json, 1300},
		{"script", []member{{"script.json", script}}, 44},
	} {
		b.Run(c.name, func(b *testing.B) {
			s := hq(b, windowsRule)
			m := s.Matcher()
			events, pairs, size := 0, 0, 0
			run := func() {
				events, pairs = 0, 0
				for _, f := range c.files {
					decodeAll(b, f.name, f.data, func(e *tocsin.Event) {
						events++
						m.Match(e, func(int) { pairs++ })
					})
				}
			}
			for _, f := range c.files {
				size += len(f.data)
			}
			run()
			want := pairs
			b.ReportAllocs()
			b.SetBytes(int64(size))
			done := rate(b, events)
			for b.Loop() {
				if run(); pairs != want || pairs < c.least {
					b.Fatalf("%d matches, then %d", want, pairs)
				}
			}
			done()
			b.ReportMetric(float64(events), "events")
			b.ReportMetric(float64(want), "matches")
		})
	}
}

// BenchmarkLines is decoding and matching of text lines, with all rules.
func BenchmarkLines(b *testing.B) {
	for _, name := range []string{"nginx", "sshd"} {
		b.Run(name, func(b *testing.B) {
			lines, err := os.ReadFile(os.Getenv("TOCSIN_LINES") + "/" + name + ".log")
			if err != nil {
				b.Skip("no generated lines: ", err)
			}
			s := hq(b, nil)
			m := s.Matcher()
			events, pairs := 0, 0
			run := func() {
				events, pairs = 0, 0
				decodeAll(b, name, lines, func(e *tocsin.Event) {
					events++
					m.Match(e, func(int) { pairs++ })
				})
			}
			run()
			b.SetBytes(int64(len(lines)))
			b.ReportAllocs()
			done := rate(b, events)
			for b.Loop() {
				run()
			}
			done()
			b.ReportMetric(float64(pairs), "matches")
		})
	}
}

// BenchmarkLoad is reading and compiling all live rules.
func BenchmarkLoad(b *testing.B) {
	files := liveRules(b)
	var parse time.Duration
	for b.Loop() {
		var rules []*sigma.Rule
		t := time.Now()
		for _, f := range files {
			rs, _ := sigma.Parse(f.name, f.data)
			rules = append(rules, rs...)
		}
		parse += time.Since(t)
		s, _ := sigma.Compile(rules, sigma.Options{})
		if len(s.Rules()) < 3755 {
			b.Fatal(len(s.Rules()))
		}
	}
	b.ReportMetric(parse.Seconds()*1000/float64(b.N), "parse-ms")
}
