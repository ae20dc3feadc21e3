//go:build unix

package tail

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin/feed"
)

// cpuTime is the processor time of this process.
func cpuTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// A counting sink takes everything and keeps nothing.
type counting struct {
	bytes int64
	want  int64
	stop  context.CancelFunc
}

func (c *counting) Put(_ context.Context, b *feed.Batch) error {
	if c.bytes += int64(len(b.Data)); c.bytes >= c.want {
		c.stop()
	}
	return nil
}

// BenchmarkCatchUp reads a file that lies there, from its start.
func BenchmarkCatchUp(b *testing.B) {
	log := filepath.Join(b.TempDir(), "x.log")
	line := []byte(`192.0.2.1 - - [01/Jan/2026:00:00:00 +0000] "GET /index.html HTTP/1.1" 200 1234 "-" "Mozilla/5.0 (X11; Linux x86_64)"` + "\n")
	data := bytes.Repeat(line, 256<<20/len(line))
	must(b, os.WriteFile(log, data, 0o644))
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		ctx, cancel := context.WithCancel(context.Background())
		tl, err := New(Options{Globs: []Glob{{Pattern: log, Start: true}}})
		must(b, err)
		must(b, tl.Run(ctx, nil, &counting{want: int64(len(data)), stop: cancel}, nil))
		cancel()
	}
}

// BenchmarkIdle is ten seconds with many files to which nothing is written.
func BenchmarkIdle(b *testing.B) {
	dir := b.TempDir()
	for i := range 5000 {
		sub := filepath.Join(dir, string(rune('a'+i%26)))
		must(b, os.MkdirAll(sub, 0o755))
		write(b, filepath.Join(sub, fmt.Sprint(i)), "one")
	}
	for _, silent := range []bool{false, true} {
		name := "told"
		if silent {
			name = "polled"
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
				tl, err := New(Options{Globs: []Glob{{Pattern: dir}}, NoNotify: silent})
				must(b, err)
				var began time.Duration
				must(b, tl.Run(ctx, nil, &counting{want: 1 << 40}, func() { began = cpuTime() }))
				b.ReportMetric(100*(cpuTime()-began).Seconds()/10, "%-of-a-core")
				cancel()
			}
		})
	}
}
