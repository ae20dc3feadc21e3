package engine

import (
	"bytes"
	"fmt"
	"iter"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/decode"
)

// A Mistake is one of Tocsin's own that some input brought out. It is in the chain of the fault that tells of it
// (errors.As): what is shown stays short, and who mends it finds the place.
type Mistake struct {
	What  string // what was wrong, at most 200 bytes
	Where string // the calls that led there, innermost first, one a line, at most 32
}

func (m *Mistake) Error() string { return "a mistake in Tocsin: " + m.What }

const (
	mistakeWhat  = 200
	mistakeCalls = 32
)

// newMistake is called by the function that recovered.
func newMistake(p any) *Mistake {
	what := fmt.Sprint(p)
	m := &Mistake{What: strings.ToValidUTF8(what[:min(len(what), mistakeWhat)], "")}
	var calls [4 * mistakeCalls]uintptr
	frames := runtime.CallersFrames(calls[:runtime.Callers(3, calls[:])])
	var where strings.Builder
	for n := 0; n < mistakeCalls; {
		f, more := frames.Next()
		name := f.Function[strings.LastIndexByte(f.Function, '/')+1:]
		if name == "engine.try" || name == "engine.(*worker).take" || name == "" {
			break
		}
		if !strings.HasPrefix(name, "runtime.") {
			fmt.Fprintf(&where, "%s %s:%d\n", name, filepath.Base(f.File), f.Line)
			n++
		}
		if !more {
			break
		}
	}
	m.Where = where.String()
	return m
}

// try does a step of the work and returns the mistake that ended it early, if one did.
func try(do func()) (m *Mistake) {
	defer func() {
		if p := recover(); p != nil {
			m = newMistake(p)
		}
	}()
	do()
	return nil
}

// mistake tells of one.
func (w *worker) mistake(source string, line int64, doing string, m *Mistake, hint string) {
	w.span.faults++
	w.fault(&tocsin.Fault{Source: source, Line: line, Err: fmt.Errorf("%s: %w", doing, m), Hint: hint})
}

// A thread is the decoder of a stream that must be seen in order, and what another needs to take its place.
type thread struct {
	decoder  decode.Decoder
	head     []byte // the first lines: they may say what the columns are
	headEnd  int64  // the offset behind them
	tail     []byte // the last lines: what was begun there may not be complete
	tailLine int64
	tailAt   int64 // its offset
}

// What of a stream is kept for another decoder, unless one line is longer.
const (
	headBytes = 8 << 10
	tailBytes = 16 << 10
)

// saw notes what the thread's decoder has seen.
func (t *thread) saw(data []byte, line, offset int64) {
	if offset == t.headEnd && len(t.head) < headBytes {
		end := len(data)
		if most := headBytes - len(t.head); end > most {
			if end = bytes.LastIndexByte(data[:most], '\n') + 1; end == 0 {
				end = bytes.IndexByte(data, '\n') + 1
			}
		}
		t.head = append(t.head, data[:end]...)
		t.headEnd += int64(end)
	}
	if len(t.tail) == 0 || len(data) >= tailBytes {
		t.tail, t.tailLine, t.tailAt = t.tail[:0], line, offset
	}
	if len(data) > 2*tailBytes { // what is cut off below needs no copy
		if i := bytes.IndexByte(data[len(data)-tailBytes:], '\n') + 1; i > 0 {
			cut := len(data) - tailBytes + i
			t.tailLine += int64(bytes.Count(data[:cut], newline))
			t.tailAt += int64(cut)
			data = data[cut:]
		}
	}
	t.tail = append(t.tail, data...)
	if len(t.tail) > 2*tailBytes {
		if cut := bytes.IndexByte(t.tail[len(t.tail)-tailBytes:], '\n') + 1; cut > 0 {
			cut += len(t.tail) - tailBytes
			t.tailLine += int64(bytes.Count(t.tail[:cut], newline))
			t.tailAt += int64(cut)
			t.tail = append(t.tail[:0], t.tail[cut:]...)
		}
	}
}

// lost notes that a line brought out a mistake: an empty one stands for it, and for what of it was seen in another block.
func (t *thread) lost(data []byte, line, offset int64) {
	if offset == t.headEnd && len(t.head) < headBytes {
		t.head = append(t.head[:bytes.LastIndexByte(t.head, '\n')+1], data[len(data)-bytes.Count(data, newline):]...)
		t.headEnd += int64(len(data))
	}
	if t.tail = t.tail[:bytes.LastIndexByte(t.tail, '\n')+1]; len(t.tail) == 0 {
		t.tailLine, t.tailAt = line, offset
	}
	t.tail = append(t.tail, data[len(data)-bytes.Count(data, newline):]...)
}

var newline = []byte{'\n'}

// again takes a block whose decoding a mistake ended, record by record, so that only the records that bring it out are
// lost. What the first try gave is not given again. Chunks and whole files cannot be cut up: their rest is lost.
func (w *worker) again(b block, th *thread, first *Mistake) {
	const lost = "please report it; this record was not read, the others of the file were"
	given := make(map[uint64]int, len(w.given))
	for _, record := range w.given {
		given[record]++
	}
	take := func(ev *tocsin.Event) {
		if n := given[ev.Record]; n > 0 {
			given[ev.Record] = n - 1
			return
		}
		w.event(ev)
	}
	d := w.renewed(b, th)
	pieces := piecesOf(b.format.Cut)
	if pieces == nil {
		w.mistake(b.file.path, b.rec.Line, b.format.Name, first, "please report it; the rest of this block of the file was not read")
		return
	}
	found := false
	for p := range pieces(b.rec) {
		m := try(func() { d.Decode(p, take) })
		if m != nil {
			found = true
			blank := p.Data[:len(p.Data)-len(bytes.TrimLeft(p.Data, " \t\r\n,"))]
			w.mistake(b.file.path, p.Line+int64(bytes.Count(blank, newline)), b.format.Name, m, lost)
		}
		switch {
		case m != nil && th != nil:
			th.lost(p.Data, p.Line, p.Offset)
			d = w.renewed(b, th)
		case m != nil:
			d = w.renewed(b, th)
		case th != nil:
			th.saw(p.Data, p.Line, p.Offset)
		}
	}
	if !found {
		w.mistake(b.file.path, b.rec.Line, b.format.Name, first, "please report it; the block was read again record by record, and nothing of it is lost")
	}
}

// renewed puts a new decoder in the place of one that a mistake left in any state.
func (w *worker) renewed(b block, th *thread) decode.Decoder {
	d := b.format.New(w.in.Decode)
	if th == nil {
		w.decoders[b.format.Name] = d
		return d
	}
	th.decoder = d
	known := func(*tocsin.Event) {} // these were given, or will be
	m := try(func() {
		if len(th.head) > 0 && th.tailAt > 0 {
			d.Decode(&tocsin.Record{Source: b.file.path, Data: th.head[:min(int64(len(th.head)), th.tailAt)], Line: 1, Ref: b.file.ref}, known)
			d.Flush(known)
		}
		if len(th.tail) > 0 {
			d.Decode(&tocsin.Record{Source: b.file.path, Data: th.tail, Line: th.tailLine, Offset: th.tailAt, Ref: b.file.ref}, known)
		}
	})
	if m != nil {
		th.decoder = b.format.New(w.in.Decode)
	}
	return th.decoder
}

// piecesOf gives what cuts a block into its records; nil where they cannot be told apart.
func piecesOf(cut decode.Cut) func(*tocsin.Record) iter.Seq[*tocsin.Record] {
	switch cut {
	case decode.Lines, decode.Ordered, decode.Bytes:
		return func(r *tocsin.Record) iter.Seq[*tocsin.Record] { return pieces(r, lineEnd) }
	case decode.Values:
		return func(r *tocsin.Record) iter.Seq[*tocsin.Record] {
			open := 0
			return pieces(r, func(b []byte) int {
				end := 0
				if open < mostOpen {
					end = valueEnd(b)
				}
				if end == 0 {
					open++
					end = lineEnd(b)
				}
				return end
			})
		}
	}
	return nil
}

// pieces cuts a record where end says that its first piece ends.
func pieces(r *tocsin.Record, end func([]byte) int) iter.Seq[*tocsin.Record] {
	return func(yield func(*tocsin.Record) bool) {
		p := *r
		for rest := r.Data; len(rest) > 0; {
			n := end(rest)
			p.Data = rest[:n:n]
			if !yield(&p) {
				return
			}
			p.Line += int64(bytes.Count(p.Data, newline))
			p.Offset += int64(n)
			rest = rest[n:]
		}
	}
}

func lineEnd(b []byte) int {
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		return i + 1
	}
	return len(b)
}

// mostOpen bounds the values of a block that are looked through to the end of the block in vain.
const mostOpen = 64

// valueEnd is where the first JSON value of b ends: behind its last brace, or with the line of what is no value. 0 says that
// it does not.
func valueEnd(b []byte) int {
	depth, quoted, begun := 0, false, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case quoted:
			if c == '\\' {
				i++
			} else if c == '"' {
				quoted = false
			}
		case c == '"':
			quoted, begun = depth > 0, true
		case c == '{' || c == '[':
			depth++
			begun = true
		case c == '}' || c == ']':
			begun = true
			if depth--; depth == 0 {
				return i + 1
			}
			depth = max(depth, 0)
		case c == '\n':
			if depth == 0 && begun {
				return i + 1
			}
		case c > ' ' && c != ',':
			begun = true
		}
	}
	if depth > 0 || quoted {
		return 0
	}
	return len(b)
}
