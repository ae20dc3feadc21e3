package source

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/decode"
)

// A jsonCutter cuts a stream of JSON into blocks of whole objects. Arrays around objects are opened, and so are the
// objects that do nothing but wrap such an array (see [scanner.wrapper]): what belongs to them is overwritten with
// spaces, so that a block holds values and white space only and lines keep their numbers.
//
// What is not JSON is given to the decoder a line at a time, which says so. After an object that is broken, cutting
// goes on at the next line that begins like a value and is not indented deeper.
type jsonCutter struct {
	*cutter
	rec     *tocsin.Record // whose Data is the buffer
	start   int            // Data[start:] waits to be yielded
	pos     int            // Data[pos:] waits to be cut
	col     int            // column of Data[start]
	eol     int            // where the line of pos ends, if that is not before it; len(Data): not in it
	end     error          // of the stream, once it has ended
	open    []byte         // the arrays '[' and wrappers '{' around pos
	scan    scanner
	damaged bool  // pos is within something broken …
	midline bool  // … and within a line
	indent  int   // … whose first line has this column
	lost    int64 // … and so many lines, that have been passed over

	begun   int   // where the value before begins: the lines up to there are counted
	onLine  int64 // values that begin on the line of begun
	several bool  // … and one of them may tell of several events
	before  int64 // Before of the block that begins at start
}

var errUnclosed = errors.New("JSON: ends before its outer array or object is closed")

// maxOpen bounds the arrays and wrappers that are opened; deeper ones are values.
const maxOpen = 16

// values yields blocks of whole JSON values.
func (c *cutter) values() error {
	j := &jsonCutter{cutter: c, rec: c.from.record(c.from.block), eol: -1}
	defer func() { c.from.Release(j.rec) }()
	for {
		more, err := j.cut()
		if err == nil && (more || j.pos-j.start >= j.from.block) {
			err = j.flush()
		}
		if err != nil {
			return err
		}
		if !more {
			continue
		}
		if j.end != nil {
			break
		}
		if !j.read() {
			j.drop()
		}
	}
	j.tellLost()
	if j.end != io.EOF {
		c.broken(j.end)
	} else if len(j.open) > 0 {
		c.hooks.faultAt(c.Path, c.line, errUnclosed, "the file is cut off; what comes before was read")
	}
	return nil
}

// read adds to the buffer; false says that the value in it has become too long.
func (j *jsonCutter) read() bool {
	rest := j.rec.Data[j.start:]
	switch n := cap(j.rec.Data); {
	case len(rest) < n/2:
		j.rec.Data = j.rec.Data[:copy(j.rec.Data, rest)]
	case n < maxValue:
		longer := j.from.record(2 * n)
		longer.Data = append(longer.Data, rest...)
		j.from.Release(j.rec)
		j.rec = longer
	default:
		return false
	}
	j.pos -= j.start
	j.begun -= j.start
	j.start, j.eol = 0, -1
	j.rec.Data, j.end = fill(j.r, j.rec.Data)
	return true
}

// flush yields what was cut, if that is anything.
func (j *jsonCutter) flush() error {
	block := j.rec.Data[j.start:j.pos]
	lines, before := int64(bytes.Count(block, newline)), j.before
	j.onto(j.pos)
	if j.onLine > 0 && !j.several {
		j.several = decode.Bundles(block)
	}
	if j.before = j.onLine; j.several {
		j.before = int64(j.column(j.pos)) // no line has more events than bytes
	}
	j.col, j.start = j.column(j.pos), j.pos
	defer func() { j.line += lines }()
	if len(bytes.TrimLeft(block, " \t\r\n,\x1e\x00")) == 0 {
		j.offset += int64(len(block))
		return nil
	}
	rec := j.from.record(len(block))
	rec.Data = append(rec.Data, block...)
	rec.Line, rec.Before = j.line, before
	return j.put(rec)
}

// onto moves what is known of the values on a line to i, which is not before.
func (j *jsonCutter) onto(i int) {
	if bytes.IndexByte(j.rec.Data[j.begun:i], '\n') >= 0 {
		j.onLine, j.several = 0, false
	}
	j.begun = i
}

// count counts the value from i to end, which may share its line with others.
func (j *jsonCutter) count(i, end int) {
	j.onto(i)
	j.onLine++
	j.several = j.several || decode.Lists(j.rec.Data[i:end])
}

// drop gives up the value in the buffer, which is too long.
func (j *jsonCutter) drop() {
	j.tooLong(maxValue, "a JSON value")
	j.damaged, j.midline, j.indent = true, true, j.column(j.pos)
	j.lost = -1 // the line that is being reported
	j.pos = len(j.rec.Data)
	blank(j.rec.Data[j.start:])
}

// column is how far i is from the beginning of its line.
func (j *jsonCutter) column(i int) int {
	if nl := bytes.LastIndexByte(j.rec.Data[j.start:i], '\n'); nl >= 0 {
		return i - j.start - nl - 1
	}
	return j.col + i - j.start
}

// blank takes bytes that are not of a value out of the block.
func blank(b []byte) {
	for i, c := range b {
		if c != '\n' {
			b[i] = ' '
		}
	}
}

// cut moves pos over whole values until a block is full. more says that it can get no further without reading on.
func (j *jsonCutter) cut() (more bool, err error) {
	for j.pos-j.start < j.from.block {
		b := j.rec.Data
		if j.midline && !j.skipLine() {
			return true, nil
		}
		i := j.pos
		for i < len(b) && (b[i] <= ' ' || b[i] == ',' || b[i] == 0x1e) {
			i++
		}
		if j.pos = i; i == len(b) {
			return true, nil
		}
		if j.damaged {
			j.resume()
			continue
		}
		v := malformed
		if n := len(j.open); n > 0 && j.open[n-1] == '{' {
			if v = j.beside(i); v == malformed {
				j.open = j.open[:0] // it was no wrapper: what follows stands for itself
			}
		}
		if v == malformed {
			v = j.value(i)
		}
		if v == needMore && j.end == nil {
			return true, nil
		}
		if v != whole {
			if more, err := j.broken(i); more || err != nil {
				return more, err
			}
		}
	}
	return false, nil
}

// Values that begin and never end are looked at over and over. Where that was done with so many bytes, values are only
// looked for within a line, until the stream is better again.
const (
	workFloor = 256 << 20
	workRatio = 16 // times the bytes of the stream
)

// value moves over what begins at i, where a value may begin.
func (j *jsonCutter) value(i int) verdict {
	b := j.rec.Data
	last := j.end != nil
	if j.scan.work > workFloor+workRatio*(j.offset+int64(i)) {
		if n := bytes.IndexByte(b[i:], '\n'); n >= 0 {
			b, last = b[:i+n+1], true
		}
	}
	v := j.valueIn(b, i, last)
	if v == needMore && len(b) < len(j.rec.Data) {
		v = malformed
	}
	return v
}

// valueIn moves over what begins at b[i]; last says that b is all there is.
func (j *jsonCutter) valueIn(b []byte, i int, last bool) verdict {
	n := len(j.open)
	if b[i] == ']' && n > 0 {
		return j.pass(i, i+1, n-1, "")
	}
	switch {
	case b[i] == '{' && n <= 1: // at the top, or in a plain array
		at, v := j.scan.wrapper(b, i, last)
		if v == whole {
			return j.pass(i, at+1, n, "{[")
		}
		if v == needMore {
			return v
		}
		if n == 0 {
			if end := j.lineValue(i); end > 0 {
				j.pos, j.begun, j.onLine, j.several = end, end, 0, false
				return whole
			}
		}
	case b[i] == '[' && n < maxOpen:
		v := objects(b, i+1)
		if v == whole {
			return j.pass(i, i+1, n, "[")
		}
		return v
	case b[i] != '{' && b[i] != '[':
		return malformed
	}
	end, v := j.scan.value(b, i)
	if v == whole {
		j.count(i, end)
		j.pos = end
	}
	return v
}

// pass moves from i to end over what is no value, and notes what is open then: the first n of what was, and more.
func (j *jsonCutter) pass(i, end, n int, more string) verdict {
	blank(j.rec.Data[i:end])
	j.open = append(j.open[:n], more...)
	j.pos = end
	return whole
}

// beside moves over what stands at i in a wrapper beside the array: a member, or the closing brace.
func (j *jsonCutter) beside(i int) verdict {
	b := j.rec.Data
	n := len(j.open)
	if b[i] == '}' {
		return j.pass(i, i+1, n-1, "")
	}
	name, at, v := j.scan.member(b, i)
	if v != whole {
		return v
	}
	if b[at] == '[' && wraps(name) {
		if v := objects(b, at+1); v == whole {
			return j.pass(i, at+1, n, "[")
		} else if v == needMore {
			return v
		}
	}
	end, v := j.scan.value(b, at)
	if v == whole {
		j.pass(i, end, n, "")
	}
	return v
}

// lineValue is the quick way over files of one object a line: where the line at i ends if it holds whole objects, 0 if
// that takes a closer look. A line that begins and ends as an object does is whole if the next line begins another,
// for no JSON goes on so; and if it is not JSON, the decoder finds that out.
func (j *jsonCutter) lineValue(i int) int {
	b := j.rec.Data
	if j.eol < i {
		if n := bytes.IndexByte(b[i:], '\n'); n >= 0 {
			j.eol = i + n
		} else {
			j.eol = len(b)
		}
	}
	end := j.eol + 1
	if end > len(b) {
		return 0
	}
	k := end - 2
	for k > i && b[k] <= ' ' {
		k--
	}
	if b[k] == '}' && (end < len(b) && b[end] == '{' || end == len(b) && j.end != nil) {
		return end
	}
	return 0
}

// broken yields the line at i, which is no value, by itself, for the decoder to say so. If it is an object that is
// broken, its other lines are passed over.
func (j *jsonCutter) broken(i int) (more bool, err error) {
	b := j.rec.Data
	n := bytes.IndexByte(b[i:], '\n') + 1
	if n == 0 {
		if j.end == nil {
			return true, nil
		}
		n = len(b) - i
	}
	j.pos = i
	if err := j.flush(); err != nil {
		return false, err
	}
	j.damaged, j.indent = b[i] == '{', j.column(i)
	j.pos = i + n
	return false, j.flush()
}

// resume looks whether something broken ends with the line that begins at pos, and passes over the line if not.
func (j *jsonCutter) resume() {
	c, col := j.rec.Data[j.pos], j.column(j.pos)
	if (c == '{' || c == '[') && col <= j.indent || (c == ']' || c == '}') && col < j.indent && len(j.open) > 0 {
		j.tellLost()
		j.damaged = false
		return
	}
	j.midline = true
}

// skipLine passes over the rest of a line of something broken; false says that it goes on beyond the buffer.
func (j *jsonCutter) skipLine() bool {
	b := j.rec.Data[j.pos:]
	n := bytes.IndexByte(b, '\n') + 1
	j.midline = n == 0
	if n == 0 {
		n = len(b)
	} else {
		j.lost++
	}
	blank(b[:n])
	j.pos += n
	return !j.midline
}

// tellLost reports the lines that were passed over, if any.
func (j *jsonCutter) tellLost() {
	if j.midline {
		j.lost++
	}
	if j.lost > 0 {
		err := fmt.Errorf("JSON: %d lines that belong to a broken value are not read", j.lost)
		at := j.line + int64(bytes.Count(j.rec.Data[j.start:j.pos], newline)) - 1
		j.hooks.faultAt(j.Path, at, err, "they end at this line; what comes after was read")
	}
	j.lost, j.midline = 0, false
}
