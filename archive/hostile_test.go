package archive

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/decode"
)

// samples are a Parquet file and a spool file.
func samples(tb testing.TB) (parquet, spool []byte) {
	dir := tb.TempDir()
	a, err := Open(dir, Options{})
	if err != nil {
		tb.Fatal(err)
	}
	defer a.Close()
	events := append(numbered(40), oddEvents()[:20]...)
	for _, ev := range events {
		ev.Time = day
	}
	var b Block
	for i, ev := range events {
		if b.Add(ev); i%20 == 19 {
			if err := a.Append("t", &b); err != nil {
				tb.Fatal(err)
			}
		}
	}
	m, _ := a.Sync()
	_ = a.Committed(m)
	if spool, err = os.ReadFile(a.spoolPath(1)); err != nil {
		tb.Fatal(err)
	}
	_, _ = a.Roll(day)
	if _, err := a.Roll(day.Add(time.Hour)); err != nil {
		tb.Fatal(err)
	}
	files, err := a.files()
	if err != nil || len(files) != 1 {
		tb.Fatal(err, files)
	}
	parquet, err = os.ReadFile(filepath.Join(dir, files[0].path))
	if err != nil {
		tb.Fatal(err)
	}
	return parquet, spool
}

// drain reads what Next gives, at most so many times.
func drain(tb testing.TB, next func([]byte) ([]byte, error)) (events, faults int) {
	d := decode.Stored().New(decode.Options{})
	var buf []byte
	for range 10_000 {
		var err error
		buf, err = next(buf[:0])
		d.Decode(&tocsin.Record{Data: buf, Line: 1}, func(ev *tocsin.Event) {
			events++
			_ = plain(ev)
		})
		if err == io.EOF {
			return events, faults
		}
		if err != nil {
			faults++
		}
	}
	tb.Fatal("it does not end")
	return events, faults
}

func readParquet(tb testing.TB, b []byte) (events, faults int) {
	p, err := OpenParquet(bytes.NewReader(b), int64(len(b)), ReadOptions{Most: 1 << 20, Needs: [][]string{{"event"}}})
	if err != nil {
		return 0, 1
	}
	defer p.Close()
	drain(tb, p.Next)
	if p, err = OpenParquet(bytes.NewReader(b), int64(len(b)), ReadOptions{Most: 1 << 20}); err != nil {
		tb.Fatal(err)
	}
	defer p.Close()
	return drain(tb, p.Next)
}

// TestHostileParquet changes and cuts a file in many places: it is read, or is not, in bounded memory and time, and what is
// read besides is as it was.
func TestHostileParquet(t *testing.T) {
	b, spool := samples(t)
	if n, faults := readParquet(t, b); n != 60 || faults != 0 {
		t.Fatalf("%d events, %d faults", n, faults)
	}
	r := rand.New(rand.NewPCG(5, 5))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	rounds := 4000
	if testing.Short() {
		rounds = 400
	}
	for i := range rounds {
		c := bytes.Clone(b)
		foot := int(binary.LittleEndian.Uint32(c[len(c)-8:]))
		switch i % 4 {
		case 0:
			c = c[:r.IntN(len(c))]
		case 1:
			c[r.IntN(len(c))] = byte(r.Uint32())
		case 2: // in the metadata
			for range 1 + r.IntN(3) {
				c[len(c)-8-1-r.IntN(foot)] = byte(r.Uint32())
			}
		case 3: // large numbers where any are
			copy(c[4+r.IntN(len(c)-20):], "\xff\xff\xff\xff\x0f")
		}
		readParquet(t, c)
	}
	runtime.ReadMemStats(&after)
	if per := (after.TotalAlloc - before.TotalAlloc) / uint64(rounds); per > 32<<20 {
		t.Errorf("%d bytes are allocated for a file of %d", per, len(b))
	}
	for range rounds {
		c := bytes.Clone(spool)
		switch r.IntN(2) {
		case 0:
			c = c[:r.IntN(len(c))]
		default:
			c[r.IntN(len(c))] = byte(r.Uint32())
		}
		drain(t, OpenSpool(bytes.NewReader(c), int64(len(c)), "s.spool", SpoolOptions{Most: 1 << 20}).Next)
	}
	if _, err := OpenParquet(bytes.NewReader([]byte("PAR1xxxxPAR1")), 12, ReadOptions{}); err == nil {
		t.Error("nothing is no Parquet")
	}
}

// TestHybrid reads runs and packed bits, and what claims to be more than it is.
func TestHybrid(t *testing.T) {
	if got, ok := unpackHybrid32(nil, []byte{8, 3, 3, 0x88, 0xc6, 0xfa}, 3, 12); !ok || fmt.Sprint(got) != "[3 3 3 3 0 1 2 3 4 5 6 7]" {
		t.Errorf("%v, %v", got, ok)
	}
	for _, b := range [][]byte{{}, {0, 1}, {1}, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}, {0xfe, 0xff, 0xff, 0xff, 0x0f}} {
		if got, ok := unpackHybrid32(nil, b, 8, 100); ok || len(got) > 200 {
			t.Errorf("%x: %d values", b, len(got))
		}
	}
	if got, ok := unpackHybrid32(nil, []byte{0xfe, 0xff, 0xff, 0xff, 0x0f, 7}, 8, 5); !ok || len(got) != 5 {
		t.Errorf("a long run: %v, %v", got, ok)
	}
}

func FuzzParquet(f *testing.F) {
	b, _ := samples(f)
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) { readParquet(t, b) })
}

func FuzzSpool(f *testing.F) {
	_, b := samples(f)
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		drain(t, OpenSpool(bytes.NewReader(b), int64(len(b)), "s.spool", SpoolOptions{Most: 1 << 20}).Next)
	})
}

// TestTogether appends, syncs, converts, removes and reads at once: whoever holds the folder meets each event once.
func TestTogether(t *testing.T) {
	dir := t.TempDir()
	a := mustOpen(t, dir, Options{MaxSpool: 20 << 10})
	const workers, each = 3, 2000
	var appended, busy sync.WaitGroup
	for w := range workers {
		appended.Go(func() {
			var b Block
			for i := range each {
				b.Add(&tocsin.Event{Time: day.Add(time.Duration(i) * time.Second), Source: "s", Record: uint64(w*each + i + 1), Raw: fmt.Sprint("text ", i*7919)})
				if b.Events() == 50 {
					if err := a.Append("", &b); err != nil {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	done := make(chan struct{})
	busy.Go(func() {
		for now := day; ; now = now.Add(time.Hour) {
			m, err := a.Sync()
			if err == nil {
				err = a.Committed(m)
			}
			if err == nil {
				_, err = a.Roll(now)
			}
			if err == nil {
				_, err = a.Retain(time.Hour, 1<<40, day)
			}
			if err != nil {
				t.Error(err)
				return
			}
			select {
			case <-done:
				return
			default:
			}
		}
	})
	for range 10 {
		release := a.Hold()
		seen := map[uint64]bool{}
		for _, ev := range read(t, dir) {
			if seen[ev.Record] {
				t.Errorf("event %d is there twice", ev.Record)
			}
			seen[ev.Record] = true
		}
		release()
	}
	appended.Wait()
	close(done)
	busy.Wait()
	if n := len(read(t, dir)); n != workers*each {
		t.Errorf("%d events, want %d", n, workers*each)
	}
}
