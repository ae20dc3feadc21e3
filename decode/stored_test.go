package decode

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-ids/tocsin"
)

// plainEvent is an event that can be compared: of an error there is its text.
func plainEvent(ev *tocsin.Event) *tocsin.Event {
	c := ev.Clone()
	c.Source = strings.Clone(c.Source)
	if f := c.Fault; f != nil {
		g := *f
		if f.Err != nil {
			g.Err = errors.New(f.Err.Error())
		}
		c.Fault = &g
	}
	if len(c.Fields) == 0 {
		c.Fields = nil
	}
	return c
}

var sameEvents = cmp.Options{cmp.Comparer(func(a, b error) bool { return a == b || a != nil && b != nil && a.Error() == b.Error() })}

// packAll packs events in blocks of about so many bytes.
func packAll(events []*tocsin.Event, size int) (blocks [][]byte) {
	var p Packer
	var b []byte
	for i, ev := range events {
		if b = p.Append(b, ev); len(b) >= size || i == len(events)-1 {
			blocks = append(blocks, b)
			b = nil
			p.Reset()
		}
	}
	return blocks
}

func unpackAll(blocks [][]byte) (events []*tocsin.Event) {
	d := Stored().New(Options{})
	buf := []byte{}
	for _, b := range blocks {
		buf = append(buf[:0], b...) // events are borrowed, as from a source
		d.Decode(&tocsin.Record{Source: "a.spool", Data: buf, Line: 1}, func(ev *tocsin.Event) { events = append(events, plainEvent(ev)) })
	}
	d.Flush(nil)
	return events
}

// TestStored packs the events of all test data, in blocks of several sizes, and expects them back.
func TestStored(t *testing.T) {
	var events []*tocsin.Event
	for _, root := range []string{"testdata", "../example", "../source/testdata", "../evtx/testdata"} {
		_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			data, err := os.ReadFile(path)
			if err != nil || len(data) > 4<<20 {
				return err
			}
			_ = All(path, data, time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), func(ev *tocsin.Event) { events = append(events, plainEvent(ev)) })
			return nil
		})
	}
	if len(events) < 2000 {
		t.Fatalf("%d events, want test data with more", len(events))
	}
	for _, size := range []int{1, 300, 256 << 10, 64 << 20} {
		got := unpackAll(packAll(events, size))
		if len(got) != len(events) {
			t.Fatalf("blocks of %d: %d events, want %d", size, len(got), len(events))
		}
		for i := range events {
			if d := cmp.Diff(events[i], got[i], sameEvents); d != "" {
				t.Fatalf("blocks of %d: event %d (-want +got):\n%s", size, i, d)
			}
		}
	}
}

// TestStoredAny packs events of nobody's making.
func TestStoredAny(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	word := func() string {
		return []string{"", "a", "name", "\xff\x00", "ünï", strings.Repeat("x", 300), fmt.Sprint(r.IntN(3000))}[r.IntN(7)]
	}
	when := func() time.Time {
		switch r.IntN(5) {
		case 0:
			return time.Time{}
		case 1:
			return time.Unix(r.Int64N(1<<40)-1<<39, r.Int64N(1e9)).UTC()
		case 2:
			return time.Unix(0, 0).UTC()
		}
		return time.Unix(1.79e9+r.Int64N(1000), 0).UTC()
	}
	lists := [][]tocsin.LogSource{nil, {{Product: "linux", Service: "sshd"}}, {{Category: "webserver"}, {Product: "x", Category: "y", Service: "z"}}}
	var events []*tocsin.Event
	for range 20_000 {
		ev := &tocsin.Event{Time: when(), Sensor: when(), Sources: lists[r.IntN(3)], Source: word(), Format: word(), Host: word(), Raw: word()}
		switch r.IntN(3) {
		case 0:
			ev.Record = tocsin.Nth(r.Uint64N(1000), r.Int64N(4))
		case 1:
			ev.Record = r.Uint64()
		}
		if r.IntN(2) == 0 {
			ev.Serial = ev.Record
		} else if r.IntN(2) == 0 {
			ev.Serial = r.Uint64()
		}
		if r.IntN(4) == 0 {
			ev.Guessed = r.Uint32()
		}
		if r.IntN(9) == 0 {
			ev.Fault = &tocsin.Fault{Source: word(), Line: r.Int64N(9) - 4, Rule: word(), Hint: word()}
			if r.IntN(2) == 0 {
				ev.Fault.Err = errors.New(word())
			}
		}
		for range r.IntN(6) {
			f := tocsin.Field{Name: word(), Value: word()}
			if n := len(ev.Raw); n > 0 && r.IntN(2) == 0 {
				f.Value = ev.Raw[r.IntN(n):]
			}
			ev.Fields = append(ev.Fields, f)
		}
		events = append(events, ev)
	}
	got := unpackAll(packAll(events, 1<<20))
	if len(got) != len(events) {
		t.Fatalf("%d events, want %d", len(got), len(events))
	}
	for i := range events {
		if d := cmp.Diff(plainEvent(events[i]), got[i], sameEvents); d != "" {
			t.Fatalf("event %d (-want +got):\n%s", i, d)
		}
	}
}

// TestStoredBounds goes beyond what a block remembers.
func TestStoredBounds(t *testing.T) {
	var p Packer
	var b []byte
	const n = storedTexts + 5000
	ev := &tocsin.Event{Source: "s", Fields: make([]tocsin.Field, 4)}
	for i := range n {
		ev.Host = fmt.Sprint("h", i)
		for k := range ev.Fields {
			ev.Fields[k] = tocsin.Field{Name: fmt.Sprint(i, "-", k), Value: "v"}
		}
		b = p.Append(b, ev)
	}
	i := 0
	Stored().New(Options{}).Decode(&tocsin.Record{Data: b, Line: 1}, func(ev *tocsin.Event) {
		if ev.Fault != nil || ev.Host != fmt.Sprint("h", i) || ev.Fields[3].Name != fmt.Sprint(i, "-3") {
			t.Fatalf("event %d: %+v", i, ev)
		}
		i++
	})
	if i != n {
		t.Fatalf("%d events, want %d", i, n)
	}
}

// TestStoredShares says that events of like log sources share one list, whatever block they are of.
func TestStoredShares(t *testing.T) {
	events := []*tocsin.Event{{Sources: []tocsin.LogSource{{Product: "a"}}}, {Sources: []tocsin.LogSource{{Product: "a"}}}}
	d := Stored().New(Options{})
	var lists []*tocsin.LogSource
	for _, b := range packAll(events, 1) {
		d.Decode(&tocsin.Record{Data: b, Line: 1}, func(ev *tocsin.Event) { lists = append(lists, &ev.Sources[0]) })
	}
	if len(lists) != 2 || lists[0] != lists[1] {
		t.Fatal("each block has a list of its own")
	}
}

func FuzzStored(f *testing.F) {
	var p Packer
	var b []byte
	for i := range 20 {
		b = p.Append(b, &tocsin.Event{Time: time.Unix(int64(i), 5), Source: "s", Record: uint64(i), Raw: "ab cd", Sources: []tocsin.LogSource{{Product: "x"}},
			Fields: []tocsin.Field{{Name: "a", Value: "b"}, {Name: "c", Value: strings.Repeat("d", i)}}, Fault: &tocsin.Fault{Err: errors.New("e")}})
	}
	f.Add(b)
	f.Add(b[:len(b)/2])
	f.Fuzz(func(t *testing.T, b []byte) {
		d := Stored().New(Options{})
		n := 0
		for range 2 {
			d.Decode(&tocsin.Record{Data: b, Line: 1}, func(ev *tocsin.Event) {
				n++
				for _, f := range ev.Fields {
					_ = strings.Clone(f.Value) + f.Name
				}
				_ = ev.Clone()
			})
		}
		if n > 2*len(b)+2 {
			t.Fatalf("%d events of %d bytes", n, len(b))
		}
	})
}

// nginxEvents are the events of an access log.
func nginxEvents(tb testing.TB) []*tocsin.Event {
	data, err := os.ReadFile("../example/intrusion/web01/nginx/access.log")
	if err != nil {
		tb.Skip(err)
	}
	f, _ := Detect("access.log", data)
	var lines []string
	var events []*tocsin.Event
	for l := range strings.Lines(string(data)) {
		lines = append(lines, l)
	}
	for i, l := range lines { // values keep being parts of their line
		f.New(Options{}).Decode(&tocsin.Record{Source: "access.log", Data: view(l), Line: int64(i + 1)}, func(ev *tocsin.Event) {
			c := *ev
			c.Host = strings.Clone(ev.Host)
			c.Fields = nil
			from := strings.Index(l, ev.Raw)
			for _, f := range ev.Fields {
				if at := strings.Index(l, f.Value); at >= 0 {
					f.Value = l[at : at+len(f.Value)]
				}
				c.Fields = append(c.Fields, tocsin.Field{Name: f.Name, Value: f.Value})
			}
			c.Raw = l[from : from+len(ev.Raw)]
			events = append(events, &c)
		})
	}
	return events
}

func BenchmarkStoredPack(b *testing.B) {
	events := nginxEvents(b)
	var p Packer
	var buf []byte
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if len(buf) > 256<<10 {
			buf = buf[:0]
			p.Reset()
		}
		buf = p.Append(buf, events[n%len(events)])
		n++
	}
}

func BenchmarkStoredUnpack(b *testing.B) {
	events := nginxEvents(b)
	for len(events) < 1000 {
		events = append(events, events...)
	}
	events = events[:1000]
	block := packAll(events, 64<<20)[0]
	d := Stored().New(Options{})
	r := &tocsin.Record{Data: block, Line: 1}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		d.Decode(r, func(*tocsin.Event) { n++ })
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/event")
	b.ReportMetric(float64(len(block))/1000, "bytes/event")
}
