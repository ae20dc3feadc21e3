package source

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/decode"
)

// A cutter cuts one stream into records.
type cutter struct {
	*Stream
	yield  func(*tocsin.Record) error
	line   int64 // number of the line on which the next record starts
	offset int64 // where the next record starts
}

// put gives rec out as the next record.
func (c *cutter) put(rec *tocsin.Record) error {
	rec.Source, rec.Ref = c.Path, c.ModTime
	rec.Offset = c.offset
	c.offset += int64(len(rec.Data))
	return c.yield(rec)
}

// broken reports that the stream could not be read to its end. Limits are reported by what opened the stream.
func (c *cutter) broken(err error) {
	var l *limitError
	if errors.As(err, &l) {
		return
	}
	hint := "what comes before was read"
	if encrypted(err) {
		hint = "the member is encrypted"
	}
	c.hooks.faultAt(c.Path, c.line, fmt.Errorf("not read to its end: %w", err), hint)
}

// fill reads until b is full up to its capacity, or the stream ends: io.EOF is its proper end.
func fill(r io.Reader, b []byte) ([]byte, error) {
	for len(b) < cap(b) {
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		if err != nil {
			return b, err
		}
	}
	return b, nil
}

// lines yields blocks of whole lines. A block ends before its last record, so that lines of a stack trace that are still to
// come stand in one block with the record they belong to.
func (c *cutter) lines() error {
	rec := c.from.record(c.from.block)
	for {
		var err error
		rec.Data, err = fill(c.r, rec.Data)
		if err != nil {
			if len(rec.Data) > 0 {
				lines := int64(bytes.Count(rec.Data, newline))
				rec.Line = c.line
				if stop := c.put(rec); stop != nil {
					return stop
				}
				c.line += lines
			} else {
				c.from.Release(rec)
			}
			if err != io.EOF {
				c.broken(err)
			}
			return nil
		}
		cut := bytes.LastIndexByte(rec.Data, '\n') + 1
		if cut == 0 {
			if len(rec.Data) <= maxLine {
				longer := c.from.record(min(2*len(rec.Data), maxLine+1))
				longer.Data = append(longer.Data, rec.Data...)
				c.from.Release(rec)
				rec = longer
				continue
			}
			c.tooLong(maxLine, "a line")
			rest, err := c.skipLine(rec.Data)
			if err != nil {
				if err != io.EOF {
					c.broken(err)
				}
				return nil
			}
			c.from.Release(rec)
			rec = c.from.record(c.from.block)
			rec.Data = append(rec.Data, rest...)
			continue
		}
		cut = decode.LastRecord(rec.Data[:cut])
		next := c.from.record(max(min(2*(len(rec.Data)-cut), maxLine+1), len(rec.Data)-cut))
		next.Data = append(next.Data, rec.Data[cut:]...)
		rec.Data = rec.Data[:cut]
		rec.Line = c.line
		c.line += int64(bytes.Count(rec.Data, newline))
		if err := c.put(rec); err != nil {
			return err
		}
		rec = next
	}
}

var newline = []byte{'\n'}

func (c *cutter) tooLong(most int, what string) {
	c.hooks.faultAt(c.Path, c.line, fmt.Errorf("%s of more than %d bytes is not read", what, most), "what comes after it was read")
}

// skipLine reads over the rest of a line, using buf, and returns what was read of the next one.
func (c *cutter) skipLine(buf []byte) ([]byte, error) {
	c.offset += int64(len(buf))
	buf = buf[:c.from.block]
	for {
		n, err := c.r.Read(buf)
		if i := bytes.IndexByte(buf[:n], '\n'); i >= 0 {
			c.line++
			c.offset += int64(i + 1)
			return buf[i+1 : n], nil // an error comes again with the next read
		}
		c.offset += int64(n)
		if err != nil {
			return nil, err
		}
	}
}

// bytes yields blocks that end anywhere.
func (c *cutter) bytes() error {
	for {
		rec := c.from.record(c.from.block)
		var err error
		rec.Data, err = fill(c.r, rec.Data)
		if len(rec.Data) > 0 {
			lines := int64(bytes.Count(rec.Data, newline))
			rec.Line = c.line
			if stop := c.put(rec); stop != nil {
				return stop
			}
			c.line += lines
		} else {
			c.from.Release(rec)
		}
		if err != nil {
			if err != io.EOF {
				c.broken(err)
			}
			return nil
		}
	}
}

// whole yields the stream as one record.
func (c *cutter) whole() error {
	most := c.from.opt.Limits.Whole
	rec := c.from.record(c.from.block)
	for {
		var err error
		rec.Data, err = fill(c.r, rec.Data)
		if err != nil {
			if err != io.EOF {
				c.broken(err)
			}
			break
		}
		if int64(len(rec.Data)) > most {
			c.hooks.skip(c.Path, fmt.Sprintf("larger than %d bytes, and of a format that must be held in memory (raise --max-whole)", most))
			return nil
		}
		longer := c.from.record(2 * len(rec.Data))
		longer.Data = append(longer.Data, rec.Data...)
		c.from.Release(rec)
		rec = longer
	}
	if len(rec.Data) == 0 {
		return nil
	}
	rec.Line = 1
	return c.put(rec)
}
