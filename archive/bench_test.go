package archive

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/decode"
)

// accessEvents are events of an access log of a site with some thousand clients and pages, within an hour.
func accessEvents(tb testing.TB, n int) []*tocsin.Event {
	var b strings.Builder
	agents := []string{"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15", "curl/8.5.0", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"}
	for i := range n {
		x := uint32(i) * 2654435761
		fmt.Fprintf(&b, "198.51.%d.%d - - [28/Nov/2026:14:%02d:%02d +0000] \"GET /shop/item/%d?ref=%d HTTP/1.1\" %d %d \"https://shop.example/list/%d\" \"%s\"\n",
			x>>8%16, x%250, i*60/n, i*3600/n%60, x>>12%5000, x>>5%100, 200+int(x>>9%2)*204, x>>3%60000, x>>16%300, agents[x>>7%4])
	}
	var events []*tocsin.Event
	if err := decode.All("/var/log/nginx/access.log", []byte(b.String()), day, func(ev *tocsin.Event) { events = append(events, plain(ev)) }); err != nil || len(events) != n {
		tb.Fatal(err, len(events))
	}
	for _, ev := range events {
		ev.Host = "web1"
		for i := range ev.Fields { // parts of their line, as they come from the decoder
			if at := strings.Index(ev.Raw, ev.Fields[i].Value); at >= 0 {
				ev.Fields[i].Value = ev.Raw[at : at+len(ev.Fields[i].Value)]
			}
		}
	}
	return events
}

func BenchmarkAppend(b *testing.B) {
	events := accessEvents(b, 20_000)
	a, err := Open(b.TempDir(), Options{MaxSpool: 1 << 40})
	if err != nil {
		b.Fatal(err)
	}
	defer a.Close()
	var block Block
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		if block.Add(events[n%len(events)]); block.Len() >= 256<<10 {
			if err := a.Append("", &block); err != nil {
				b.Fatal(err)
			}
		}
		n++
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64(a.end.at)/float64(n), "bytes/event")
}

func benchArchive(b *testing.B, events []*tocsin.Event, rows int) *Archive {
	a, err := Open(b.TempDir(), Options{MaxSpool: 1 << 40})
	if err != nil {
		b.Fatal(err)
	}
	var block Block
	for i := range rows {
		if block.Add(events[i*len(events)/rows]); block.Len() >= 256<<10 || i+1 == rows {
			if err := a.Append("", &block); err != nil {
				b.Fatal(err)
			}
		}
	}
	m, _ := a.Sync()
	_ = a.Committed(m)
	_, _ = a.Roll(day)
	return a
}

func BenchmarkRoll(b *testing.B) {
	const rows = 200_000
	events := accessEvents(b, rows)
	var spent time.Duration
	var r Rolled
	n := 0
	for b.Loop() {
		a := benchArchive(b, events, rows)
		begin := time.Now()
		var err error
		if r, err = a.Roll(day.Add(time.Hour)); err != nil || r.Events != rows {
			b.Fatalf("%+v %v", r, err)
		}
		spent += time.Since(begin)
		n += rows
		a.Close()
	}
	b.ReportMetric(float64(n)/spent.Seconds(), "rows/s")
	b.ReportMetric(float64(r.Bytes)/rows, "bytes/row")
}

func BenchmarkRead(b *testing.B) {
	const rows = 200_000
	a := benchArchive(b, accessEvents(b, rows), rows)
	if _, err := a.Roll(day.Add(time.Hour)); err != nil {
		b.Fatal(err)
	}
	files, _ := a.files()
	n := 0
	d := decode.Stored().New(decode.Options{})
	var buf []byte
	for b.Loop() {
		f, err := os.Open(filepath.Join(a.dir, files[0].path))
		if err != nil {
			b.Fatal(err)
		}
		p, err := OpenParquet(f, files[0].size, ReadOptions{})
		if err != nil {
			b.Fatal(err)
		}
		for {
			buf, err = p.Next(buf[:0])
			d.Decode(&tocsin.Record{Data: buf}, func(*tocsin.Event) { n++ })
			if err == io.EOF {
				break
			}
		}
		f.Close()
		p.Close()
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "rows/s")
}
