package engine

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/decode"
	"github.com/tocsin-ids/tocsin/source"
)

// A brittle decoder makes an event of each line and panics at those that hold "BOOM"; once it did, it must not be asked
// again. Where the cut has an order, it must have seen a first line "#head", and gives the event of a line with the next.
type brittle struct {
	t      *testing.T
	cut    decode.Cut
	headed bool
	broken bool
	wait   *tocsin.Event
	part   []byte
	line   int64
}

func (d *brittle) Decode(r *tocsin.Record, emit func(*tocsin.Event)) {
	if d.broken {
		d.t.Error("a broken decoder is asked again")
	}
	n := r.Line
	data := append(bytes.Clone(d.part), r.Data...)
	if len(d.part) > 0 {
		n = d.line
	}
	d.part = nil
	for line := range bytes.Lines(data) {
		if d.cut == decode.Bytes && line[len(line)-1] != '\n' {
			d.part, d.line = line, n
			return
		}
		d.one(string(bytes.TrimSpace(line)), n, r.Source, emit)
		n++
	}
}

func (d *brittle) one(line string, n int64, source string, emit func(*tocsin.Event)) {
	ordered := d.cut == decode.Ordered || d.cut == decode.Bytes
	switch {
	case strings.HasPrefix(line, "#head"):
		d.headed = true
		return
	case line == "":
		return
	case strings.Contains(line, "BOOM"):
		d.broken = true
		var none []int
		_ = none[n]
	case ordered && !d.headed:
		d.t.Errorf("line %d without the head", n)
	}
	ev := &tocsin.Event{Source: source, Record: uint64(n), Format: "brittle", Raw: line}
	if !ordered {
		emit(ev)
		return
	}
	d.Flush(emit)
	d.wait = ev
}

func (d *brittle) Flush(emit func(*tocsin.Event)) {
	if d.broken {
		d.t.Error("a broken decoder is flushed")
	}
	if part := string(d.part); part != "" {
		d.part = nil
		d.one(part, d.line, "f", emit)
	}
	if d.wait != nil {
		emit(d.wait)
	}
	d.wait = nil
}

// through takes blocks through a worker and returns how often each record came to the desk, and the faults.
func through(t *testing.T, cut decode.Cut, blocks []string, desk Desk) (map[uint64]int, *tocsin.Coverage) {
	t.Helper()
	from, err := source.New(source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := &run{in: Input{Progress: &Progress{}}, from: from}
	got := map[uint64]int{}
	w := &worker{run: r, decoders: map[string]decode.Decoder{}, sources: map[*tocsin.LogSource]*sourceCount{}}
	w.desk = DeskFunc(func(ev *tocsin.Event) {
		got[ev.Record]++
		if desk != nil {
			desk.Event(ev)
		}
	})
	f := &file{path: "f", format: "brittle"}
	r.files = append(r.files, f)
	format := decode.Format{Name: "brittle", Cut: cut, New: func(decode.Options) decode.Decoder { return &brittle{t: t, cut: cut} }}
	var th *thread
	if cut == decode.Ordered || cut == decode.Bytes || cut == decode.Whole {
		th = &thread{}
	}
	line, offset := int64(1), int64(0)
	for i, b := range blocks {
		w.decode(block{file: f, format: format, seq: i, rec: &tocsin.Record{Source: "f", Data: []byte(b), Line: line, Offset: offset}}, th)
		line += int64(strings.Count(b, "\n"))
		offset += int64(len(b))
	}
	w.flush(block{file: f, format: format, seq: len(blocks)}, th)
	return got, r.coverage([]*worker{w})
}

// TestMistakes wants every line once but those that bring out a mistake, and those named, however a stream is cut.
func TestMistakes(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	rounds := 200
	if testing.Short() {
		rounds = 40
	}
	for round := range rounds {
		var lines []string
		var bad []int64
		lines = append(lines, "#head\n")
		for len(lines) < 400 {
			line := "{\"a\": \"" + strings.Repeat("x", rng.IntN(80)) + "\"}\n"
			if rng.IntN(1+round) == 0 && rng.IntN(3) == 0 {
				line = "{\"a\": \"BOOM}\"}\n"
				bad = append(bad, int64(len(lines)+1))
			}
			lines = append(lines, line)
		}
		want := map[uint64]int{}
		for n := range lines {
			if n > 0 && !slices.Contains(bad, int64(n+1)) {
				want[uint64(n+1)] = 1
			}
		}
		for _, cut := range []decode.Cut{decode.Lines, decode.Values, decode.Ordered, decode.Bytes} {
			var blocks []string
			if cut == decode.Bytes {
				for text := strings.Join(lines, ""); text != ""; {
					n := min(len(text), 1+rng.IntN(9000))
					blocks = append(blocks, text[:n])
					text = text[n:]
				}
			} else {
				for rest := lines; len(rest) > 0; {
					n := min(len(rest), 1+rng.IntN(150))
					blocks = append(blocks, strings.Join(rest[:n], ""))
					rest = rest[n:]
				}
			}
			got, c := through(t, cut, blocks, nil)
			if !maps.Equal(got, want) {
				for n := range len(lines) + 2 {
					if got[uint64(n)] != want[uint64(n)] {
						t.Errorf("cut %d, %d blocks, bad %v: line %d came %d times", cut, len(blocks), bad, n, got[uint64(n)])
					}
				}
				t.FailNow()
			}
			var named []int64
			for _, f := range c.Faults {
				named = append(named, f.Line)
				var m *Mistake
				if !errors.As(f, &m) || !strings.Contains(m.Where, "(*brittle).one") || !strings.Contains(f.Error(), "index out of range") || strings.Contains(f.Error(), "brittle).") {
					t.Fatalf("the fault %v does not tell, or tells too much: %q", f, m.Where)
				}
			}
			if c.Mistakes != int64(len(bad)) || (c.Mistake == nil) != (len(bad) == 0) || len(bad) > 0 && c.Mistake.Line != bad[0] {
				t.Fatalf("%d mistakes, the first %v; want %v", c.Mistakes, c.Mistake, bad)
			}
			if !slices.Equal(named, bad) || c.FaultN != int64(len(bad)) || c.Files[0].Faults != c.FaultN {
				t.Fatalf("cut %d: faults at %v, want %v", cut, named, bad)
			}
		}
	}
}

// What cannot be cut into records loses the rest of its block, and nothing of another.
func TestMistakesInWholeBlocks(t *testing.T) {
	blocks := []string{"#head\na\nb\n", "c\nBOOM\nd\n", "e\nf\n"}
	got, c := through(t, decode.Chunks, blocks, nil)
	if want := map[uint64]int{2: 1, 3: 1, 4: 1, 7: 1, 8: 1}; !maps.Equal(got, want) {
		t.Errorf("chunks: got %v, want %v", got, want)
	}
	if c.FaultN != 1 || c.Faults[0].Line != 4 || !strings.Contains(c.Faults[0].Hint, "the rest of this block") {
		t.Errorf("chunks: %v", c.Faults)
	}
	got, c = through(t, decode.Whole, []string{"#head\na\nBOOM\nb\n"}, nil)
	if want := map[uint64]int{2: 1}; !maps.Equal(got, want) || c.FaultN != 1 {
		t.Errorf("whole: got %v, %v", got, c.Faults)
	}
}

// A value may go over several lines, and what is no value ends with its line.
func TestPieces(t *testing.T) {
	for _, tt := range []struct {
		cut  decode.Cut
		data string
		want []string
	}{
		{decode.Lines, "a\nb\r\n\nc", []string{"1 a\n", "2 b\r\n", "3 \n", "4 c"}},
		{decode.Values, "{\"a\":\n{\"b\":\"}\\\"\"}}{\"c\":1},\n\n [1,\n2]x\n{}", []string{"1 {\"a\":\n{\"b\":\"}\\\"\"}}", "2 {\"c\":1}", "2 ,\n\n [1,\n2]", "5 x\n", "6 {}"}},
		{decode.Values, "}\n{\"a\":\n{\"b\":1}\n", []string{"1 }\n", "2 {\"a\":\n", "3 {\"b\":1}", "3 \n"}},
		{decode.Values, "\"x{\n{\"a\":\"\n\"}\n", []string{"1 \"x{\n", "2 {\"a\":\"\n\"}", "3 \n"}},
	} {
		var got []string
		for p := range piecesOf(tt.cut)(&tocsin.Record{Data: []byte(tt.data), Line: 1}) {
			got = append(got, fmt.Sprint(p.Line, " ", string(p.Data)))
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("cut %d: got %q, want %q", tt.cut, got, tt.want)
		}
	}
}

// A thread keeps whole lines of the beginning and of the end, and knows where they are.
func TestThreadSaw(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	var text strings.Builder
	for text.Len() < 200_000 {
		text.WriteString(strings.Repeat("y", rng.IntN(300)) + "\n")
	}
	all := text.String()
	var th thread
	line, at := int64(1), 0
	for at < len(all) {
		n := min(len(all)-at, 1+rng.IntN(1+rng.IntN(30_000)))
		th.saw([]byte(all[at:at+n]), line, int64(at))
		line += int64(strings.Count(all[at:at+n], "\n"))
		at += n
		if !strings.HasPrefix(all, string(th.head)) || len(th.head) > headBytes {
			t.Fatalf("at %d: a head of %d bytes", at, len(th.head))
		}
		if string(th.tail) != all[th.tailAt:at] || len(th.tail) > 2*tailBytes+1 || th.tailLine != int64(1+strings.Count(all[:th.tailAt], "\n")) {
			t.Fatalf("at %d: a tail of %d bytes from %d, line %d", at, len(th.tail), th.tailAt, th.tailLine)
		}
	}
	if len(th.head) < headBytes-400 || len(th.tail) < tailBytes-400 {
		t.Errorf("a head of %d and a tail of %d bytes", len(th.head), len(th.tail))
	}
}

// A mistake at the desk costs what it says of that event.
func TestMistakesAtTheDesk(t *testing.T) {
	after := 0
	got, c := through(t, decode.Lines, []string{"a\nb\nc\n", "d\n"}, DeskFunc(func(ev *tocsin.Event) {
		if ev.Raw == "b" {
			panic("no such rule")
		}
		after++
	}))
	if want := map[uint64]int{1: 1, 2: 1, 3: 1, 4: 1}; !maps.Equal(got, want) || after != 3 {
		t.Errorf("got %v, %d of them to the end", got, after)
	}
	if c.FaultN != 1 || c.Events != 4 || !strings.HasPrefix(c.Faults[0].Error(), "f:2: brittle: a mistake in Tocsin: no such rule (please report it") {
		t.Errorf("%d events, faults %v", c.Events, c.Faults)
	}
}
