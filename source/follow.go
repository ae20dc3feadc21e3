package source

import (
	"bytes"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/archive"
	"github.com/tocsin-ids/tocsin/decode"
)

// A Following says how a stream that grows is read.
type Following struct {
	Format decode.Format
	Lines  bool   // it can be read line by line as it grows; otherwise it is read as a whole
	Back   bool   // its records may be of several lines, or lines mean what lines before them say
	Host   string // of the collection that it lies in, as its path says; "" is none
}

// Follow says how a stream with this path and these first bytes, whole lines of it, is read as it grows; without an answer
// why says why it is not read at all, by the same rules as Open.
func Follow(path string, head []byte) (f Following, why string) {
	if len(head) == 0 {
		return f, "empty"
	}
	if utf16Order(head) != nil || compressionOf(head) != nil || archiveOf(head) != nil || archive.IsParquet(head) {
		return f, "" // as a whole
	}
	head = bytes.TrimPrefix(head, utf8BOM)
	if appleDouble(path, head) {
		return f, "what macOS notes about the file beside it (AppleDouble)"
	}
	if kind := ResultOf(head); kind != "" {
		return f, "a result of Tocsin's own (" + kind + ")"
	}
	if why := foreignTo(head, true); why != "" {
		return f, why
	}
	format, ok := decode.Detect(path, head)
	if !ok {
		return f, unknown(head)
	}
	if why := notEvents(path, "", format, head, &tocsin.Record{Source: path}); why != "" {
		return f, why
	}
	f.Format, f.Host = format.For(head, nil), hostOf(path)
	switch f.Format.Cut {
	case decode.Lines:
		f.Lines = true
	case decode.Ordered:
		f.Lines, f.Back = true, true
	case decode.Values, decode.OrderedValues:
		f.Lines = valueALine(head)
		f.Back = f.Format.Cut == decode.OrderedValues
	}
	return f, ""
}

// valueALine says that the first lines of JSON are a whole object each.
func valueALine(head []byte) bool {
	var s scanner
	n := 0
	for line := range bytes.Lines(head) {
		if line[len(line)-1] != '\n' && n > 0 {
			break // the rest of it is still to come
		}
		if line = bytes.Trim(line, " \t\r\n\x1e"); len(line) == 0 {
			continue
		}
		if line[0] != '{' {
			return false
		}
		if end, v := s.value(line, 0); v != whole || end != len(line) {
			return false
		}
		if n++; n == 3 {
			break
		}
	}
	return n > 0
}
