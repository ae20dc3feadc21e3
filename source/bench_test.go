package source

import (
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/decode"
)

// BenchmarkFrames cuts streams that are in memory, without decoding them.
func BenchmarkFrames(b *testing.B) {
	event := `{"a":"` + strings.Repeat("x", 300) + `","b":{"c":[1,2,3],"d":"e\"f"},"n":12345}`
	const n = 20_000
	for _, bench := range []struct {
		name, data string
		cut        decode.Cut
	}{
		{"lines", strings.Repeat(line(1), n), decode.Lines},
		{"JSON a line", strings.Repeat(event+"\n", n), decode.Values},
		{"JSON array", "[" + strings.Repeat(event+",", n) + event + "]", decode.Values},
		{"JSON unseparated", strings.Repeat(event, n), decode.Values},
		{"Records", `{"Records":[` + strings.Repeat(event+",", n) + event + "]}", decode.Values},
	} {
		b.Run(bench.name, func(b *testing.B) {
			r, err := New(Options{})
			must(b, err)
			b.SetBytes(int64(len(bench.data)))
			b.ReportAllocs()
			for b.Loop() {
				s := &Stream{Path: "f", Format: decode.Format{Cut: bench.cut}, r: strings.NewReader(bench.data), from: r, hooks: &Hooks{}}
				lines, size := 0, 0
				must(b, s.Frames(func(rec *tocsin.Record) error {
					size += len(rec.Data)
					lines++
					r.Release(rec)
					return nil
				}))
				if size < len(bench.data)-len(`{"Records":[]}`) || size > len(bench.data) {
					b.Fatalf("%d bytes of %d", size, len(bench.data))
				}
			}
		})
	}
}
