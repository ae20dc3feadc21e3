// Package tocsin is the vocabulary of Tocsin, a defence against intrusions run by machines: the few types that all
// other packages speak, and nothing that reads, writes, waits or looks at a clock.
//
// Data flows one way: a source yields a [Record] (bytes), decode makes of it one or more [Event] values (what
// happened), sigma holds rules against events and yields a [Match] for each that held. What could not be done is a
// [Fault] and is counted in the [Coverage] of a run: silence is never an answer.
//
// Everything in a Record, and so every string in an Event, was written by whoever could write to the log. Packages
// that show such text (report, cmd) must make it harmless for where it goes.
package tocsin

import (
	"strings"
	"time"
)

// A Record is a run of bytes from a source together with the place it came from. It holds one or more whole records
// of its format: lines with their line ends, JSON values, one EVTX chunk. Data belongs to the source and may be
// overwritten once the call that was given the Record returns.
type Record struct {
	Source string // the path as reported: the argument and the path below it, archive members as ARCHIVE!/MEMBER
	Data   []byte
	Line   int64     // 1-based number of the line on which Data starts; for record-structured formats the number of its first record
	Offset int64     // where Data starts in the (decompressed) stream, in bytes
	Before int64     // events that its first line (of EVTX: each of its records' ids) may have told before Data, at most
	Ref    time.Time // a time not earlier than the events: the file's modification time; completes stamps without a year
}

// A Field is one named value of an event. Values are text whatever their type was in the log: integers in decimal
// or, where the log says so, as 0x-prefixed hexadecimal; booleans as true and false. An event may hold several
// fields of one name (arrays); their order is the log's.
type Field struct {
	Name, Value string
}

// A LogSource names the kind of log in Sigma's terms. An empty part means "not said".
type LogSource struct {
	Product, Category, Service string
}

// Covers reports whether a rule written for l applies to events of source e: every part that l says is the same in e.
func (l LogSource) Covers(e LogSource) bool {
	return (l.Product == "" || l.Product == e.Product) &&
		(l.Category == "" || l.Category == e.Category) &&
		(l.Service == "" || l.Service == e.Service)
}

// String gives the parts that are said, joined by slashes: "windows/process_creation/sysmon", "*/webserver".
func (l LogSource) String() string {
	parts := [3]string{l.Product, l.Category, l.Service}
	n := 0
	for i, p := range parts {
		if p != "" {
			n = i + 1
		} else {
			parts[i] = "*"
		}
	}
	if n == 0 {
		return "*"
	}
	return strings.Join(parts[:n], "/")
}

// An Event is one decoded happening.
//
// Decoders hand out an Event for the length of one call and reuse it and the bytes below its strings afterwards;
// [Event.Clone] makes one that stays. Nobody changes an Event that was handed to them.
type Event struct {
	Time    time.Time   // when it happened, UTC; zero where the record does not say
	Sensor  time.Time   // when the sensor or collector wrote it down, UTC; zero where the record does not say apart from Time
	Sources []LogSource // all log sources a rule may know it by; shared between events, never changed
	Source  string      // Record.Source
	Record  uint64      // the record's id in an EVTX file, else the 1-based line (or record) number; see Nth
	Serial  uint64      // the number by which the file itself counts its records; 0 where it has none or the record is not in its place
	Format  string      // the decoder's name, as --input-format takes it
	Host    string      // the machine it is about, as the record names it
	Fields  []Field
	Raw     string // the record as text where it was text; what keyword searches read when there are no fields
	Fault   *Fault // not nil: the record could not be decoded; Time and Fields hold what could be read all the same
	Guessed uint32 // what Time rests on that the record does not say, in the bits that package decode explains; 0: nothing
}

// Value returns the first value of the named field and whether there is one.
func (e *Event) Value(name string) (string, bool) {
	for i := range e.Fields {
		if e.Fields[i].Name == name {
			return e.Fields[i].Value, true
		}
	}
	return "", false
}

// Text returns the first value of the named field, or "".
func (e *Event) Text(name string) string {
	v, _ := e.Value(name)
	return v
}

// Add appends a field unless its value is empty.
func (e *Event) Add(name, value string) {
	if value != "" {
		e.Fields = append(e.Fields, Field{name, value})
	}
}

// Clone returns a copy of e that shares no memory with the record it was decoded from.
func (e *Event) Clone() *Event {
	n := len(e.Raw) + len(e.Host)
	for i := range e.Fields {
		n += len(e.Fields[i].Value)
	}
	var b strings.Builder
	b.Grow(n)
	b.WriteString(e.Raw)
	b.WriteString(e.Host)
	for i := range e.Fields {
		b.WriteString(e.Fields[i].Value)
	}
	all := b.String()
	c := *e
	cut := func(n int) string {
		s := all[:n]
		all = all[n:]
		return s
	}
	c.Raw = cut(len(e.Raw))
	c.Host = cut(len(e.Host))
	c.Fields = make([]Field, len(e.Fields))
	for i, f := range e.Fields {
		c.Fields[i] = Field{strings.Clone(f.Name), cut(len(f.Value))}
	}
	return &c
}

// A Fault says what could not be done, where, why, and what the user can do about it. It is an error.
type Fault struct {
	Source string // file or member
	Line   int64  // 1-based line or record number; 0 where there is none
	Rule   string // title or id of the rule it is about, if any
	Err    error
	Hint   string // what to do; may be empty
}

func (f *Fault) Error() string {
	var b strings.Builder
	if f.Source != "" {
		b.WriteString(f.Source)
		if f.Line > 0 {
			b.WriteByte(':')
			b.WriteString(itoa(f.Line))
		}
		b.WriteString(": ")
	}
	if f.Rule != "" {
		b.WriteString(f.Rule)
		b.WriteString(": ")
	}
	if f.Err != nil {
		b.WriteString(f.Err.Error())
	}
	if f.Hint != "" {
		b.WriteString(" (")
		b.WriteString(f.Hint)
		b.WriteByte(')')
	}
	return b.String()
}

func (f *Fault) Unwrap() error { return f.Err }

func itoa(n int64) string {
	var a [20]byte
	i := len(a)
	for n > 0 {
		i--
		a[i] = byte('0' + n%10)
		n /= 10
	}
	return string(a[i:])
}
