package decode

import (
	"bytes"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// A stack trace stands on lines of its own behind the record that it belongs to, without stamps: Java's and .NET's frames,
// Python's Traceback, Go's goroutines, PHP's and Node's stacks.

// traceMarks begin lines that only traces have.
var traceMarks = []string{"Traceback (", "Caused by: ", "Suppressed: ", "goroutine ", "created by ", "panic: ", "Stack trace:", "[signal ", "... ", "During handling of the above exception", "The above exception was the direct cause"}

// traceEnds are how the names of exceptions end.
var traceEnds = []string{"Exception", "Error", "Throwable", "Failure", "Fault", "Warning", "Interrupt", "Exit"}

// traceEnd tells how many bytes at the start of b are lines of a stack trace. Whether a line is one is told by the line
// alone, so that it does not hang on where a log was cut into blocks.
func traceEnd(b []byte) (end int) {
	for at := 0; at < len(b); {
		if c := b[at]; c >= '0' && c <= '9' || c == '<' || c == '{' { // most lines of most logs
			return end
		}
		line, _, _ := bytes.Cut(b[at:], []byte{'\n'})
		at += min(len(line)+1, len(b)-at)
		if line = bytes.TrimRight(line, "\r "); len(line) == 0 {
			continue
		}
		if !traceLine(line) {
			return end
		}
		end = at
	}
	return end
}

// traceLine says that a line goes on with what a record before it tells: a line of a stack trace, or one that is indented
// and names no address.
func traceLine(line []byte) bool {
	if traceMark(line) {
		return true
	}
	switch in := bytes.TrimLeft(line, " \t"); {
	case len(in) == 0:
		return false
	case line[0] == '\t' || len(line)-len(in) > 3:
		return lower(in[0]) >= 'a' && lower(in[0]) <= 'z' && nextIP(text(line), 0).ip == "" || in[0] == '/' || bytes.HasPrefix(in, []byte("... "))
	case in[0] == '#' && len(in) == len(line):
		n := digitsAt(in[1:])
		return n > 0 && n+1 < len(in) && in[n+1] == ' '
	}
	open := bytes.IndexByte(line, '(')
	return open > 0 && line[len(line)-1] == ')' && bytes.IndexByte(line[:open], ' ') < 0 && (bytes.IndexByte(line[:open], '/') > 0 && bytes.IndexByte(line[:open], '.') > 0 || bytes.HasPrefix(line, []byte("panic(")) || bytes.HasPrefix(line, []byte("main.")))
}

// traceMark says that a line is one of a stack trace, whatever stands before it.
func traceMark(line []byte) bool {
	c := line[0]
	if c >= '0' && c <= '9' || c == '{' || c == '<' {
		return false
	}
	if c == ' ' || c == '\t' {
		in := bytes.TrimLeft(line, " \t")
		return bytes.HasPrefix(in, []byte("at ")) && len(line)-len(in) < 12 && bytes.IndexByte(in, '(') > 0 || bytes.HasPrefix(in, []byte("--- End of ")) || bytes.HasPrefix(in, []byte("---> ")) || bytes.HasPrefix(in, []byte(`File "`))
	}
	n := 0
	for n < len(line) && n < 160 && (hostByte(line[n]) || line[n] == '$' || line[n] == '\\') {
		n++
	}
	if n == len(line) || line[n] == ':' && (n+1 == len(line) || line[n+1] == ' ') {
		for _, e := range traceEnds {
			if n > len(e) && bytes.HasSuffix(line[:n], []byte(e)) {
				return true
			}
		}
	}
	if line[min(n, len(line)-1)] != ' ' && c != '[' && line[min(n, len(line)-1)] != ':' {
		return false
	}
	for _, m := range traceMarks {
		if strings.HasPrefix(text(line), m) {
			return true
		}
	}
	return false
}

// trace adds to the event of a line the stack trace that rest begins with, and returns how long it is.
func (d *lines) trace(from, rest []byte) int {
	n := traceEnd(rest)
	if n == 0 {
		return 0
	}
	d.ev.Raw = text(bytes.TrimRight(from[:len(from)-len(rest)+n], "\r\n"))
	d.ev.Add("error.stack_trace", text(bytes.TrimRight(rest[:n], "\r\n")))
	return n
}

// orphan makes d.ev the event of a stack trace that a log begins with, as where it was rotated.
func (d *lines) orphan(b []byte, n int64) {
	s := text(bytes.TrimRight(b, "\r\n"))
	d.ev = tocsin.Event{Source: d.rec.Source, Record: uint64(n), Format: "text", Fields: d.ev.Fields[:0], Raw: s, Sources: appSources}
	d.ev.Add("error.stack_trace", s)
}

// maxTrace is how far back from the end of a block a stack trace is looked for.
const maxTrace = 64 << 10

// LastRecord tells where in b, which is whole lines, the last record begins that lines behind b may go on with: the
// place to cut a text at, so that a stack trace stays with its record. It is len(b) where it cannot be told.
func LastRecord(b []byte) int {
	for at := len(b); at > 0 && len(b)-at < maxTrace; {
		start := bytes.LastIndexByte(b[:at-1], '\n') + 1
		if line := bytes.TrimRight(b[start:at], "\r\n "); len(line) > 0 && !traceLine(line) {
			if start == 0 {
				break
			}
			return start
		}
		at = start
	}
	return len(b)
}
