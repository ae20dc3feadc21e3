package report

import (
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/tocsin-ids/tocsin"
)

// A jsonText is JSON being written. It puts the commas itself: what ends in a value is followed by one.
type jsonText struct{ b []byte }

func (j *jsonText) sep() {
	if n := len(j.b); n > 0 {
		switch j.b[n-1] {
		case '{', '[', ':', ',', '\n':
		default:
			j.b = append(j.b, ',')
		}
	}
}

// open begins an object or array; shut ends it.
func (j *jsonText) open(c byte) { j.sep(); j.b = append(j.b, c) }
func (j *jsonText) shut(c byte) { j.b = append(j.b, c) }

func (j *jsonText) key(k string) {
	j.sep()
	j.b = appendString(j.b, k)
	j.b = append(j.b, ':')
}

func (j *jsonText) str(v string)    { j.sep(); j.b = appendString(j.b, v) }
func (j *jsonText) int(n int64)     { j.sep(); j.b = strconv.AppendInt(j.b, n, 10) }
func (j *jsonText) uint(n uint64)   { j.sep(); j.b = strconv.AppendUint(j.b, n, 10) }
func (j *jsonText) bool(v bool)     { j.sep(); j.b = strconv.AppendBool(j.b, v) }
func (j *jsonText) raw(v string)    { j.sep(); j.b = append(j.b, v...) }
func (j *jsonText) ints(all ...int) { j.open('['); j.each(all); j.shut(']') }
func (j *jsonText) each(all []int) {
	for _, n := range all {
		j.int(int64(n))
	}
}
func (j *jsonText) time(t time.Time) { j.sep(); j.b = appendTime(j.b, t) }

// AppendJSON appends a text as a JSON string, escaped as everywhere in a report.
func AppendJSON(b []byte, text string) []byte { return appendString(b, text) }

// The members with a name of their own. Empty text is left out; a time that is not known is null.
func (j *jsonText) strAt(k, v string) {
	if v != "" {
		j.key(k)
		j.str(v)
	}
}

func (j *jsonText) intAt(k string, n int64)      { j.key(k); j.int(n) }
func (j *jsonText) timeAt(k string, t time.Time) { j.key(k); j.time(t) }

func (j *jsonText) strsAt(k string, all []string) {
	j.key(k)
	j.open('[')
	for _, s := range all {
		j.str(s)
	}
	j.shut(']')
}

// fieldsAt writes fields as one object in their order; the values of a repeated name are an array at its first place.
func (j *jsonText) fieldsAt(k string, fields []tocsin.Field) {
	j.key(k)
	j.open('{')
	next := repeats(fields)
	for i := range fields {
		if next != nil && next[i] < 0 {
			continue // written with the first of its name
		}
		j.key(fields[i].Name)
		if next == nil || next[i] == 0 {
			j.str(fields[i].Value)
			continue
		}
		j.open('[')
		j.str(fields[i].Value)
		for n := next[i]; n != 0; n = -next[n] - 1 {
			j.str(fields[n].Value)
		}
		j.shut(']')
	}
	j.shut('}')
}

// repeats returns nil where all names differ. Otherwise, for each field: 0 for a name that occurs once, the index of
// the next of its name for the first of several, and -1-index (so -1 at the end) for the others.
func repeats(fields []tocsin.Field) []int {
	const few = 64
	if len(fields) <= few {
		any := false
	search:
		for i := 1; i < len(fields); i++ {
			for k := range i {
				if fields[k].Name == fields[i].Name {
					any = true
					break search
				}
			}
		}
		if !any {
			return nil
		}
	}
	next := make([]int, len(fields))
	last := make(map[string]int, len(fields))
	for i := range fields {
		prev, ok := last[fields[i].Name]
		last[fields[i].Name] = i
		if !ok {
			continue
		}
		next[i] = -1
		if next[prev] == 0 {
			next[prev] = i
		} else {
			next[prev] = -1 - i
		}
	}
	return next
}

// appendTime appends t as RFC 3339 in UTC with as many fractional digits as it has, or null when it is not known.
// Years that RFC 3339 has no form for are null too: a hostile clock must not make an unreadable line.
func appendTime(b []byte, t time.Time) []byte {
	if !datable(t) {
		return append(b, "null"...)
	}
	b = append(b, '"')
	b = t.UTC().AppendFormat(b, time.RFC3339Nano)
	return append(b, '"')
}

// datable says that a time is known and has a four-digit year.
func datable(t time.Time) bool {
	if t.IsZero() {
		return false
	}
	y := t.UTC().Year()
	return y >= 1 && y <= 9999
}

const hexDigits = "0123456789abcdef"

// appendString appends s as a JSON string. Bytes that are no UTF-8 become U+FFFD, and characters that control a
// terminal, hide, or turn text around are escaped, so that a line is harmless on any screen and in any script.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c < 0x7f {
			if c != '"' && c != '\\' {
				i++
				continue
			}
			b = append(b, s[from:i]...)
			b = append(b, '\\', c)
			i++
			from = i
			continue
		}
		if c < utf8.RuneSelf {
			b = append(b, s[from:i]...)
			switch c {
			case '\n':
				b = append(b, '\\', 'n')
			case '\r':
				b = append(b, '\\', 'r')
			case '\t':
				b = append(b, '\\', 't')
			default:
				b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
			}
			i++
			from = i
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 || hidden(r) {
			b = append(b, s[from:i]...)
			b = appendRune(b, r)
			from = i + n
		}
		i += n
	}
	b = append(b, s[from:]...)
	return append(b, '"')
}

// appendRune appends \uXXXX, above the basic plane as the two halves that JSON asks for.
func appendRune(b []byte, r rune) []byte {
	if r >= 0x10000 {
		r -= 0x10000
		b = appendRune(b, 0xd800+r>>10)
		return appendRune(b, 0xdc00+r&0x3ff)
	}
	return append(b, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
}
