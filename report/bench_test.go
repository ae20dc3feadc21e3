package report

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

// counting counts lines and bytes, so that a fast writer that leaves something out fails.
type counting struct{ lines, bytes int }

func (c *counting) Write(p []byte) (int, error) {
	c.lines += bytes.Count(p, []byte{'\n'})
	c.bytes += len(p)
	return len(p), nil
}

// BenchmarkReport writes 100,000 matches in each format.
func BenchmarkReport(b *testing.B) {
	const n = 100_000
	h := sampleHunt(n)
	all := writers()
	all["hunt.html"] = func(w io.Writer, h *Hunt) error { return HTML(w, h, "") }
	lines := map[string]int{"hunt.jsonl": n + 1, "hunt.csv": n + 2, "hunt.ocsf.jsonl": n + 1, "hunt.navigator.json": 1, "hunt.stix.json": 1}
	for _, name := range sortedKeys(all) {
		write := all[name]
		b.Run(strings.TrimPrefix(name, "hunt."), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var c counting
				if err := write(&c, h); err != nil {
					b.Fatal(err)
				}
				if want, ok := lines[name]; ok && c.lines != want {
					b.Fatalf("%d lines, want %d", c.lines, want)
				}
				if c.bytes == 0 {
					b.Fatal("nothing written")
				}
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "matches/s")
		})
	}
}

func BenchmarkDetails(b *testing.B) {
	h := sampleHunt(6)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		for m := range h.Matches.All(true) {
			n += len(MatchDetails(m))
		}
	}
	if n == 0 {
		b.Fatal("nothing said")
	}
}

func BenchmarkTimeline(b *testing.B) {
	h := sampleHunt(600)
	for _, format := range []string{"csv", "jsonl", "text"} {
		b.Run(format, func(b *testing.B) {
			b.ReportAllocs()
			tl, err := NewTimeline(io.Discard, format)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				for m := range h.Matches.All(true) {
					if err := tl.Write(m.Event); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
