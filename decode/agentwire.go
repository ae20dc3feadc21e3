package decode

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/tocsin-ids/tocsin"
)

// OTLP as protobuf (github.com/open-telemetry/opentelemetry-proto): export requests of spans and log records as they are
// sent, one after the other, or each behind its length: a varint (protodelim) or four bytes, the highest first (the
// Collector's file exporter). Each span or log record is written as JSON and read as OTLP in JSON is; fields that are not
// known are passed over.

// Bounds on what a message may make the reader hold.
const (
	maxWireUnit  = 64 << 20 // of one export, or of what one resource exported
	maxWireDepth = 16       // of values in values
	maxAbout     = 4 << 10  // of what is said of a resource, as JSON: it is told again with each of its records
)

// A framing is how messages follow each other.
type framing uint8

const (
	unframed framing = iota + 1
	varintFramed
	fourFramed
)

var (
	errWire = errors.New("not a protobuf message of OTLP")
	errUnit = errors.New("an export of more than 64 MiB")
	errPart = errors.New("the export is cut off")
)

func otlpWireFormat() Format {
	return Format{
		Name: "otlp-protobuf", Cut: Bytes,
		Is: func(_ string, head []byte) int {
			if framingOf(head) == 0 {
				return 0
			}
			return 90
		},
		New: func(o Options) Decoder { return &otlpWire{log: newAgentLog(o)} },
	}
}

// framingOf says how the messages of a stream follow each other, 0 where it does not begin with an export.
func framingOf(head []byte) framing {
	if len(head) > 4 && head[0] == 0 && isExport(head[4:], int(binary.BigEndian.Uint32(head))) {
		return fourFramed
	}
	if n, size := binary.Uvarint(head); size > 0 && n > 1 && n <= maxWireUnit && isExport(head[size:], int(n)) {
		return varintFramed
	}
	if isExport(head, math.MaxInt) {
		return unframed
	}
	return 0
}

// isExport says that b, which may be cut off, begins with what a resource exported and that this fits into size bytes. It
// asks for a resource with an attribute or a scope with a span or log record.
func isExport(b []byte, size int) bool {
	f, rest, ok := wireField(b)
	if !ok || f.number != 1 || f.kind != 2 || len(b)-len(rest)+f.missing > size {
		return false
	}
	for b := f.data; len(b) > 0; {
		f, rest, ok := wireField(b)
		if !ok || f.kind != 2 {
			return false
		}
		switch f.number {
		case 1: // resource
			for b := f.data; len(b) > 0; {
				a, rest, ok := wireField(b)
				if !ok {
					return false
				}
				if a.number == 1 && a.kind == 2 {
					k, _, ok := wireField(a.data)
					return ok && k.number == 1 && k.kind == 2 && isAttributeName(k.data)
				}
				b = rest
			}
		case 2: // scope
			for b := f.data; len(b) > 0; {
				s, rest, ok := wireField(b)
				if !ok || s.kind != 2 {
					return false
				}
				if s.number == 2 {
					return wireRecord(s.data) != ""
				}
				b = rest
			}
		default:
			return false
		}
		b = rest
	}
	return false
}

func isAttributeName(b []byte) bool {
	for _, c := range b {
		if c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return len(b) > 1
}

// A wireValue is one field of a protobuf message.
type wireValue struct {
	number  uint64
	kind    byte   // wire type
	n       uint64 // of a number
	data    []byte // of kind 2
	missing int    // bytes that a cut took off data
}

// wireField takes the first field off a message. What is cut off at its end is given as far as it is there.
func wireField(b []byte) (f wireValue, rest []byte, ok bool) {
	tag, n := binary.Uvarint(b)
	if n <= 0 || tag>>3 == 0 || tag>>3 > 1<<29-1 {
		return f, nil, false
	}
	f.number, f.kind, b = tag>>3, byte(tag&7), b[n:]
	switch f.kind {
	case 0:
		if f.n, n = binary.Uvarint(b); n <= 0 {
			return f, nil, false
		}
		return f, b[n:], true
	case 1:
		if len(b) < 8 {
			return f, nil, false
		}
		f.n = binary.LittleEndian.Uint64(b)
		return f, b[8:], true
	case 5:
		if len(b) < 4 {
			return f, nil, false
		}
		f.n = uint64(binary.LittleEndian.Uint32(b))
		return f, b[4:], true
	case 2:
		size, n := binary.Uvarint(b)
		if n <= 0 || size > math.MaxInt32 {
			return f, nil, false
		}
		b = b[n:]
		if int(size) > len(b) {
			f.missing = int(size) - len(b)
			f.data = b
			return f, nil, true
		}
		f.data = b[:size]
		return f, b[size:], true
	}
	return f, nil, false // groups are not used
}

// wireRecord says whether a message is a "span" or a "log" record; empty is neither, such as a metric.
func wireRecord(b []byte) string {
	trace := false
	for len(b) > 0 {
		f, rest, ok := wireField(b)
		switch {
		case !ok:
			return ""
		case f.kind == 1 && (f.number == 1 || f.number == 11):
			return "log"
		case f.kind == 1 && (f.number == 7 || f.number == 8):
			if trace {
				return "span"
			}
			return ""
		case f.kind == 2 && f.number == 1:
			if len(f.data) != 16 {
				return ""
			}
			trace = true
		}
		b = rest
	}
	return ""
}

// otlpWire decodes a stream of exports. It holds what there is of the one that is being read.
type otlpWire struct {
	log    *agentLog
	buf    []byte
	how    framing
	skip   int64 // bytes of an export that is too large
	dead   bool  // what follows cannot be found
	n      int64 // records met
	other  int64 // of them that were neither span nor log record
	spent  int   // bytes of what was said of resources with their records
	budget int
}

func (d *otlpWire) Decode(r *tocsin.Record, emit func(*tocsin.Event)) {
	d.log.rec, d.log.emit = *r, emit
	d.log.rec.Data = nil
	data := r.Data
	if d.dead {
		return
	}
	if n := min(d.skip, int64(len(data))); n > 0 {
		data, d.skip = data[n:], d.skip-n
	}
	d.buf = append(d.buf, data...)
	d.budget += 4 * len(data)
	if d.how == 0 && len(d.buf) >= 64<<10 {
		d.begin()
	}
	d.units()
}

// begin finds how the stream is framed.
func (d *otlpWire) begin() {
	if d.how = framingOf(d.buf[:min(len(d.buf), 64<<10)]); d.how == 0 {
		d.how = unframed
	}
}

func (d *otlpWire) Flush(emit func(*tocsin.Event)) {
	d.log.emit = emit
	if d.how == 0 && len(d.buf) > 0 {
		d.begin()
	}
	d.units()
	if len(d.buf) > 0 && !d.dead {
		d.fault(errPart, "the file ends within a message; all before it was read")
	}
	if d.other > 0 {
		d.fault(errWire, strconv.FormatInt(d.other, 10)+" records that are neither spans nor log records were not read; metrics tell of no call")
	}
	d.buf, d.other = nil, 0
	d.log.Flush(emit)
}

func (d *otlpWire) fault(err error, hint string) {
	d.log.emit(&tocsin.Event{Source: d.log.rec.Source, Record: uint64(d.n), Format: "otlp", Fault: &tocsin.Fault{Source: d.log.rec.Source, Line: d.n, Err: err, Hint: hint}})
}

// units reads the messages that are there whole.
func (d *otlpWire) units() {
	all := d.buf
	for !d.dead && d.how != 0 && len(d.buf) > 0 {
		head, size, ok := d.next()
		if !ok {
			break
		}
		if size > maxWireUnit {
			d.fault(errUnit, "it was left out; let the exporter send smaller batches")
			gone := min(head+size, len(d.buf))
			d.skip = int64(head + size - gone)
			d.buf = d.buf[gone:]
			continue
		}
		if head+size > len(d.buf) {
			break
		}
		d.export(d.buf[head : head+size])
		d.buf = d.buf[head+size:]
	}
	if len(d.buf) < len(all) {
		d.buf = append(all[:0], d.buf...)
	}
}

// next says where the next message begins and how long it is, if so much of it is there.
func (d *otlpWire) next() (head, size int, ok bool) {
	switch d.how {
	case fourFramed:
		if len(d.buf) < 4 {
			return 0, 0, false
		}
		return 4, int(binary.BigEndian.Uint32(d.buf)), true
	case varintFramed:
		n, k := binary.Uvarint(d.buf)
		if k < 0 || n > math.MaxInt32 {
			d.stop()
			return 0, 0, false
		}
		return k, int(n), k > 0
	}
	f, rest, ok := wireField(d.buf)
	switch {
	case ok:
		return 0, len(d.buf) - len(rest) + f.missing, true
	case len(d.buf) >= 20: // else it may be cut off
		d.stop()
	}
	return 0, 0, false
}

func (d *otlpWire) stop() {
	d.dead, d.buf = true, nil
	d.fault(errWire, "what follows in this file was not read")
}

// export reads an ExportTraceServiceRequest or ExportLogsServiceRequest, or one resource of it.
func (d *otlpWire) export(b []byte) {
	broken := false
	for len(b) > 0 {
		f, rest, ok := wireField(b)
		if !ok || f.missing > 0 {
			broken = true
			break
		}
		if f.number == 1 && f.kind == 2 && !d.resource(f.data) {
			broken = true
		}
		b = rest
	}
	if broken {
		d.fault(errWire, "a message is broken; what could be read of it was")
	}
	d.log.calls.keep()
}

// resource reads what one resource exported.
func (d *otlpWire) resource(b []byte) bool {
	var about members
	size := 0
	wireEach(b, func(f wireValue) {
		if f.number == 1 && f.kind == 2 && about == nil {
			o := wireObject(nil, f.data, 1, 1)
			about, size = raw(o).members(), len(o)
		}
	})
	for i, n := 0, 0; i < len(about); i++ {
		if n += len(about[i].key) + len(about[i].val); n > maxAbout {
			about, size = about[:i], maxAbout
			break
		}
	}
	return wireEach(b, func(f wireValue) {
		if f.number != 2 || f.kind != 2 {
			return
		}
		whole := wireEach(f.data, func(f wireValue) {
			if f.number == 2 && f.kind == 2 {
				d.record(f.data, about, size)
			}
		})
		if !whole {
			d.fault(errWire, "a message is broken; what could be read of it was")
		}
	})
}

// wireEach gives each field of a message and says whether all were whole.
func wireEach(b []byte, take func(wireValue)) bool {
	for len(b) > 0 {
		f, rest, ok := wireField(b)
		if !ok || f.missing > 0 {
			return false
		}
		take(f)
		b = rest
	}
	return true
}

// record reads a span or log record.
func (d *otlpWire) record(b []byte, about members, size int) {
	d.n++
	kind := wireRecord(b)
	var o raw
	switch kind {
	case "span":
		o = wireSpan(b)
	case "log":
		o = wireLog(b)
	default:
		d.other++
		return
	}
	if d.spent += size; d.spent > d.budget+64<<10 {
		about = nil
	}
	l := d.log
	l.scope = ""
	l.line, l.doc, l.seek, l.past = d.n, o, 0, 0
	clear(l.nth)
	l.turn.format = "otlp"
	l.span(o, about)
}

// wireSpan writes a Span as JSON.
func wireSpan(b []byte) raw {
	o := raw(`{"otlp":"span"`)
	o = wireMembers(o, b, map[uint64]string{1: "traceId", 2: "spanId", 4: "parentSpanId"}, map[uint64]string{5: "name"}, map[uint64]string{7: "startTimeUnixNano", 8: "endTimeUnixNano"})
	o = wireObject(append(o, `,"attributes":`...), b, 9, 1)
	n := 0
	wireEach(b, func(f wireValue) {
		switch {
		case f.number == 11 && f.kind == 2 && n < maxFields:
			if n++; n == 1 {
				o = append(o, `,"events":[`...)
			} else {
				o = append(o, ',')
			}
			o = append(o, `{"attributes":`...)
			o = wireObject(o, f.data, 3, 1)
			o = wireMembers(o, f.data, nil, map[uint64]string{2: "name"}, map[uint64]string{1: "timeUnixNano"})
			o = append(o, '}')
		}
	})
	if n > 0 {
		o = append(o, ']')
	}
	wireEach(b, func(f wireValue) {
		if f.number == 15 && f.kind == 2 {
			wireEach(f.data, func(s wireValue) {
				if s.number == 3 && s.kind == 0 {
					o = append(o, `,"status":{"code":`...)
					o = append(strconv.AppendUint(o, s.n, 10), '}')
				}
			})
		}
	})
	return append(o, '}')
}

// wireLog writes a LogRecord as JSON.
func wireLog(b []byte) raw {
	o := raw(`{"otlp":"log"`)
	o = wireMembers(o, b, map[uint64]string{9: "traceId", 10: "spanId"}, map[uint64]string{3: "severityText", 12: "eventName"}, map[uint64]string{1: "timeUnixNano", 11: "observedTimeUnixNano"})
	wireEach(b, func(f wireValue) {
		if f.number == 5 && f.kind == 2 {
			o = wireAny(append(o, `,"body":`...), f.data, 1)
		}
	})
	return append(wireObject(append(o, `,"attributes":`...), b, 6, 1), '}')
}

// wireMembers adds ids, texts and times of a message to an object that is begun. A time of 0 is none.
func wireMembers(o raw, b []byte, ids, texts, times map[uint64]string) raw {
	wireEach(b, func(f wireValue) {
		switch {
		case f.kind == 2 && ids[f.number] != "" && len(f.data) > 0 && len(f.data) <= 32:
			o = append(append(append(o, `,"`...), ids[f.number]...), `":"`...)
			o = append(hex.AppendEncode(o, f.data), '"')
		case f.kind == 2 && texts[f.number] != "":
			o = append(append(append(o, `,"`...), texts[f.number]...), `":`...)
			o = wireText(o, f.data)
		case f.kind == 1 && times[f.number] != "" && f.n != 0:
			o = append(append(append(o, `,"`...), times[f.number]...), `":"`...)
			o = append(strconv.AppendUint(o, f.n, 10), '"')
		}
	})
	return o
}

// wireObject writes the KeyValues that are fields of a number of a message as an object.
func wireObject(o raw, b []byte, number uint64, depth int) raw {
	o = append(o, '{')
	n := 0
	wireEach(b, func(f wireValue) {
		if f.number != number || f.kind != 2 || n == maxFields {
			return
		}
		if n++; n > 1 {
			o = append(o, ',')
		}
		var key, val []byte
		wireEach(f.data, func(f wireValue) {
			switch {
			case f.number == 1 && f.kind == 2:
				key = f.data
			case f.number == 2 && f.kind == 2:
				val = f.data
			}
		})
		o = append(wireText(o, key), ':')
		o = wireAny(o, val, depth+1)
	})
	return append(o, '}')
}

// wireAny writes an AnyValue as JSON.
func wireAny(o raw, b []byte, depth int) raw {
	start := len(o)
	wireEach(b, func(f wireValue) {
		o = o[:start] // of several the last counts
		switch {
		case f.number == 1 && f.kind == 2:
			o = wireText(o, f.data)
		case f.number == 2 && f.kind == 0:
			o = strconv.AppendBool(o, f.n != 0)
		case f.number == 3 && f.kind == 0:
			o = strconv.AppendInt(o, int64(f.n), 10)
		case f.number == 4 && f.kind == 1:
			if v := math.Float64frombits(f.n); !math.IsNaN(v) && !math.IsInf(v, 0) {
				o = strconv.AppendFloat(o, v, 'g', -1, 64)
			}
		case f.number == 5 && f.kind == 2 && depth < maxWireDepth:
			o = append(o, '[')
			n := 0
			wireEach(f.data, func(f wireValue) {
				if f.number == 1 && f.kind == 2 && n < 1<<16 {
					if n++; n > 1 {
						o = append(o, ',')
					}
					o = wireAny(o, f.data, depth+1)
				}
			})
			o = append(o, ']')
		case f.number == 6 && f.kind == 2 && depth < maxWireDepth:
			o = wireObject(o, f.data, 1, depth)
		case f.number == 7 && f.kind == 2:
			o = append(base64.StdEncoding.AppendEncode(append(o, '"'), f.data), '"')
		}
	})
	if len(o) == start {
		o = append(o, "null"...)
	}
	return o
}

// wireText writes a string as JSON. What is no UTF-8 becomes U+FFFD.
func wireText(o raw, s []byte) raw {
	o = append(o, '"')
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '"' || c == '\\':
			o = append(o, '\\', c)
		case c == '\n':
			o = append(o, '\\', 'n')
		case c < 0x20:
			o = append(o, '\\', 'u', '0', '0', "0123456789abcdef"[c>>4], "0123456789abcdef"[c&15])
		case c < utf8.RuneSelf:
			o = append(o, c)
		default:
			r, n := utf8.DecodeRune(s[i:])
			o = utf8.AppendRune(o, r)
			i += n
			continue
		}
		i++
	}
	return append(o, '"')
}
