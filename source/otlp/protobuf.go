package otlp

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math"
	"strconv"
	"unicode/utf8"
)

// Protobuf (protobuf.dev/programming-guides/encoding) as OTLP uses it (github.com/open-telemetry/opentelemetry-proto), written
// as OTLP's JSON: ids in hexadecimal, times as text. Integers are written as numbers, as readers must accept them, so that
// within lists they are what they were. Fields that are not known are passed over.

const maxDepth = 16 // of values in values; deeper ones are null

var errWire = errors.New("not an export in protobuf: it is cut off, or something else")

// A field is one field of a message.
type field struct {
	number uint64
	kind   byte   // wire type
	n      uint64 // of a number
	data   []byte // of kind 2
}

// fields gives each field of a message, and fails where it is none.
func fields(b []byte, take func(field) error) error {
	for len(b) > 0 {
		tag, n := binary.Uvarint(b)
		if n <= 0 || tag>>3 == 0 || tag>>3 > 1<<29-1 {
			return errWire
		}
		f := field{number: tag >> 3, kind: byte(tag & 7)}
		b = b[n:]
		switch f.kind {
		case 0:
			if f.n, n = binary.Uvarint(b); n <= 0 {
				return errWire
			}
			b = b[n:]
		case 1:
			if len(b) < 8 {
				return errWire
			}
			f.n, b = binary.LittleEndian.Uint64(b), b[8:]
		case 5:
			if len(b) < 4 {
				return errWire
			}
			f.n, b = uint64(binary.LittleEndian.Uint32(b)), b[4:]
		case 2:
			size, n := binary.Uvarint(b)
			if n <= 0 || size > uint64(len(b)-n) {
				return errWire
			}
			f.data, b = b[n:n+int(size)], b[n+int(size):]
		default: // groups are not used
			return errWire
		}
		if err := take(f); err != nil {
			return err
		}
	}
	return nil
}

// messages gives each message that is a field of a number.
func messages(b []byte, number uint64, take func([]byte) error) error {
	return fields(b, func(f field) error {
		if f.number != number || f.kind != 2 {
			return nil
		}
		return take(f.data)
	})
}

// last returns the last message that is a field of a number, and whether there is one.
func last(b []byte, number uint64) (found []byte, ok bool, err error) {
	err = messages(b, number, func(m []byte) error {
		found, ok = m, true
		return nil
	})
	return found, ok, err
}

// protobuf writes an export in protobuf: resource_logs or resource_spans = 1 { resource = 1, scope_logs or scope_spans = 2 {
// scope = 1, log_records or spans = 2 } }.
func (l *lines) protobuf(body []byte) error {
	var rec []byte
	err := messages(body, 1, func(m []byte) error {
		var resource []byte
		r, ok, err := last(m, 1)
		if err == nil && ok {
			resource, err = appendResource(nil, r)
		}
		if err != nil {
			return err
		}
		return messages(m, 2, func(m []byte) error {
			var scope []byte
			s, ok, err := last(m, 1)
			if err == nil && ok {
				scope, err = appendScope(nil, s)
			}
			if err != nil {
				return err
			}
			l.scope(resource, scope)
			return messages(m, 2, func(m []byte) error {
				var err error
				if l.what == traces {
					rec, err = appendSpan(rec[:0], m)
				} else {
					rec, err = appendLog(rec[:0], m)
				}
				if err == errLong {
					l.refused++
					return nil
				}
				if err != nil {
					return err
				}
				return l.record(rec)
			})
		})
	})
	l.close()
	return err
}

// An object writes the members of a JSON object.
type object struct{ b []byte }

func (o *object) key(name string) {
	if c := o.b[len(o.b)-1]; c != '{' {
		o.b = append(o.b, ',')
	}
	o.b = append(append(append(o.b, '"'), name...), `":`...)
}

func (o *object) text(name string, s []byte) {
	if len(s) > 0 {
		o.key(name)
		o.b = appendText(o.b, s)
	}
}

func (o *object) id(name string, id []byte) {
	if len(id) > 0 {
		o.key(name)
		o.b = append(hex.AppendEncode(append(o.b, '"'), id), '"')
	}
}

func (o *object) number(name string, n uint64) {
	if n != 0 {
		o.key(name)
		o.b = strconv.AppendUint(o.b, n, 10)
	}
}

func (o *object) time(name string, n uint64) {
	if n != 0 {
		o.key(name)
		o.b = append(strconv.AppendUint(append(o.b, '"'), n, 10), '"')
	}
}

// list writes the messages that are fields of a number as an array, where there are any.
func (o *object) list(name string, b []byte, number uint64, one func(b, m []byte) ([]byte, error)) error {
	n := 0
	err := messages(b, number, func(m []byte) error {
		if n++; n == 1 {
			o.key(name)
			o.b = append(o.b, '[')
		} else {
			o.b = append(o.b, ',')
		}
		var err error
		if o.b, err = one(o.b, m); err == nil && len(o.b) > maxLine {
			err = errLong
		}
		return err
	})
	if n > 0 {
		o.b = append(o.b, ']')
	}
	return err
}

func (o *object) attributes(b []byte, number uint64) error {
	return o.list("attributes", b, number, func(b, m []byte) ([]byte, error) { return appendAttribute(b, m, 2) })
}

func appendResource(b, m []byte) ([]byte, error) {
	o := object{append(b, '{')}
	err := o.attributes(m, 1)
	return append(o.b, '}'), err
}

func appendScope(b, m []byte) ([]byte, error) {
	o := object{append(b, '{')}
	err := fields(m, func(f field) error {
		switch {
		case f.number == 1 && f.kind == 2:
			o.text("name", f.data)
		case f.number == 2 && f.kind == 2:
			o.text("version", f.data)
		}
		return nil
	})
	if err == nil {
		err = o.attributes(m, 3)
	}
	return append(o.b, '}'), err
}

func appendSpan(b, m []byte) ([]byte, error) {
	o := object{append(b, '{')}
	var status []byte
	err := fields(m, func(f field) error {
		switch {
		case f.number == 1 && f.kind == 2:
			o.id("traceId", f.data)
		case f.number == 2 && f.kind == 2:
			o.id("spanId", f.data)
		case f.number == 3 && f.kind == 2:
			o.text("traceState", f.data)
		case f.number == 4 && f.kind == 2:
			o.id("parentSpanId", f.data)
		case f.number == 16 && f.kind == 5:
			o.number("flags", f.n)
		case f.number == 5 && f.kind == 2:
			o.text("name", f.data)
		case f.number == 6 && f.kind == 0:
			o.number("kind", f.n)
		case f.number == 7 && f.kind == 1:
			o.time("startTimeUnixNano", f.n)
		case f.number == 8 && f.kind == 1:
			o.time("endTimeUnixNano", f.n)
		case f.number == 10 && f.kind == 0:
			o.number("droppedAttributesCount", f.n)
		case f.number == 12 && f.kind == 0:
			o.number("droppedEventsCount", f.n)
		case f.number == 14 && f.kind == 0:
			o.number("droppedLinksCount", f.n)
		case f.number == 15 && f.kind == 2:
			status = f.data
		}
		return nil
	})
	if err == nil {
		err = o.attributes(m, 9)
	}
	if err == nil {
		err = o.list("events", m, 11, appendSpanEvent)
	}
	if err == nil {
		err = o.list("links", m, 13, appendLink)
	}
	if err == nil && status != nil {
		o.key("status")
		s := object{append(o.b, '{')}
		err = fields(status, func(f field) error {
			switch {
			case f.number == 2 && f.kind == 2:
				s.text("message", f.data)
			case f.number == 3 && f.kind == 0:
				s.number("code", f.n)
			}
			return nil
		})
		o.b = append(s.b, '}')
	}
	return append(o.b, '}'), err
}

func appendSpanEvent(b, m []byte) ([]byte, error) {
	o := object{append(b, '{')}
	err := fields(m, func(f field) error {
		switch {
		case f.number == 1 && f.kind == 1:
			o.time("timeUnixNano", f.n)
		case f.number == 2 && f.kind == 2:
			o.text("name", f.data)
		case f.number == 4 && f.kind == 0:
			o.number("droppedAttributesCount", f.n)
		}
		return nil
	})
	if err == nil {
		err = o.attributes(m, 3)
	}
	return append(o.b, '}'), err
}

func appendLink(b, m []byte) ([]byte, error) {
	o := object{append(b, '{')}
	err := fields(m, func(f field) error {
		switch {
		case f.number == 1 && f.kind == 2:
			o.id("traceId", f.data)
		case f.number == 2 && f.kind == 2:
			o.id("spanId", f.data)
		case f.number == 3 && f.kind == 2:
			o.text("traceState", f.data)
		}
		return nil
	})
	if err == nil {
		err = o.attributes(m, 4)
	}
	return append(o.b, '}'), err
}

func appendLog(b, m []byte) ([]byte, error) {
	o := object{append(b, '{')}
	var body []byte
	hasBody := false
	err := fields(m, func(f field) error {
		switch {
		case f.number == 1 && f.kind == 1:
			o.time("timeUnixNano", f.n)
		case f.number == 11 && f.kind == 1:
			o.time("observedTimeUnixNano", f.n)
		case f.number == 2 && f.kind == 0:
			o.number("severityNumber", f.n)
		case f.number == 3 && f.kind == 2:
			o.text("severityText", f.data)
		case f.number == 5 && f.kind == 2:
			body, hasBody = f.data, true
		case f.number == 7 && f.kind == 0:
			o.number("droppedAttributesCount", f.n)
		case f.number == 8 && f.kind == 5:
			o.number("flags", f.n)
		case f.number == 9 && f.kind == 2:
			o.id("traceId", f.data)
		case f.number == 10 && f.kind == 2:
			o.id("spanId", f.data)
		case f.number == 12 && f.kind == 2:
			o.text("eventName", f.data)
		}
		return nil
	})
	if err == nil && hasBody {
		o.key("body")
		o.b, err = appendValue(o.b, body, 1)
	}
	if err == nil {
		err = o.attributes(m, 6)
	}
	return append(o.b, '}'), err
}

// appendAttribute writes a KeyValue.
func appendAttribute(b, m []byte, depth int) ([]byte, error) {
	var key, value []byte
	err := fields(m, func(f field) error {
		switch {
		case f.number == 1 && f.kind == 2:
			key = f.data
		case f.number == 2 && f.kind == 2:
			value = f.data
		}
		return nil
	})
	if err != nil {
		return b, err
	}
	b = appendText(append(b, `{"key":`...), key)
	b, err = appendValue(append(b, `,"value":`...), value, depth)
	return append(b, '}'), err
}

// appendValue writes an AnyValue.
func appendValue(b, m []byte, depth int) ([]byte, error) {
	start := len(b)
	err := fields(m, func(f field) error {
		from := len(b)
		var err error
		switch {
		case f.number == 1 && f.kind == 2:
			b = appendText(append(b, `{"stringValue":`...), f.data)
		case f.number == 2 && f.kind == 0:
			b = strconv.AppendBool(append(b, `{"boolValue":`...), f.n != 0)
		case f.number == 3 && f.kind == 0:
			b = strconv.AppendInt(append(b, `{"intValue":`...), int64(f.n), 10)
		case f.number == 4 && f.kind == 1:
			v := math.Float64frombits(f.n)
			if math.IsNaN(v) || math.IsInf(v, 0) { // no number that JSON has
				return nil
			}
			b = strconv.AppendFloat(append(b, `{"doubleValue":`...), v, 'g', -1, 64)
		case f.number == 5 && f.kind == 2 && depth < maxDepth:
			o := object{append(b, `{"arrayValue":{`...)}
			err = o.list("values", f.data, 1, func(b, m []byte) ([]byte, error) { return appendValue(b, m, depth+1) })
			b = append(o.b, '}')
		case f.number == 6 && f.kind == 2 && depth < maxDepth:
			o := object{append(b, `{"kvlistValue":{`...)}
			err = o.list("values", f.data, 1, func(b, m []byte) ([]byte, error) { return appendAttribute(b, m, depth+1) })
			b = append(o.b, '}')
		case f.number == 7 && f.kind == 2:
			b = base64.StdEncoding.AppendEncode(append(b, `{"bytesValue":"`...), f.data)
			b = append(b, '"')
		default:
			return nil
		}
		b = append(b, '}')
		b = append(b[:start], b[from:]...) // of several the last counts
		return err
	})
	if len(b) == start {
		b = append(b, "null"...)
	}
	return b, err
}

// appendText writes a string as JSON. What is no UTF-8 becomes U+FFFD.
func appendText(b, s []byte) []byte {
	b = append(b, '"')
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, '\\', 'n')
		case c < 0x20:
			b = append(b, '\\', 'u', '0', '0', "0123456789abcdef"[c>>4], "0123456789abcdef"[c&15])
		case c < utf8.RuneSelf:
			b = append(b, c)
		default:
			r, n := utf8.DecodeRune(s[i:])
			b = utf8.AppendRune(b, r)
			i += n
			continue
		}
		i++
	}
	return append(b, '"')
}
