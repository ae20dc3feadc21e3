// Package decode turns records into events: one Format for each way that logs are written, recognised by content.
//
// It is pure: bytes in, events out. It opens nothing, starts nothing and looks at no clock; decoded commands and
// scripts are parsed, never executed. What it cannot decode it says, as an event with a Fault, and goes on with the
// next record.
//
// Field names are Sigma's where Sigma has a name for the thing, and the log's own name beside it where it differs.
// Nested names are joined with dots; the elements of an array are fields of the same name.
package decode

import (
	"errors"
	"slices"
	"time"
	"unsafe"

	"github.com/tocsin-ids/tocsin"
)

// A Cut says how a stream of a format is cut into records.
type Cut uint8

const (
	Lines         Cut = iota // blocks of whole lines, each block decodable by itself
	Ordered                  // blocks of whole lines that one decoder must see in order, from the first
	Values                   // blocks of whole JSON values, wherever lines end; a top-level array or Records/value list is opened
	Chunks                   // EVTX: the 4,096-byte file header, then 65,536-byte chunks, each decodable by itself
	Whole                    // the whole stream as one record
	Bytes                    // blocks that end anywhere, which one decoder must see in order, from the first
	OrderedValues            // as Values, in order, for one decoder
	Packed                   // blocks of events that a Packer packed, each decodable by itself
)

// Alone says that each block of a stream is decodable by itself, by any decoder; otherwise one must see them in order.
func (c Cut) Alone() bool { return c == Lines || c == Values || c == Chunks || c == Packed }

// Options of decoding; the zero value works.
type Options struct {
	Zone *time.Location // zone of stamps that name none; nil is UTC
	Year int            // year of stamps that name none; 0 is the latest that is not after Record.Ref

	// Carve also reads what is left of deleted records in the space of EVTX files that no record takes. Each of their
	// events has a field Carved, which says where it was found, and the number ID.N, N-1 being the byte of the file at which it begins.
	Carve bool

	order dayOrders // of the stream's numeric dates, see settle
	local localTime // of the stream's Windows records, see settleZone
	named bool      // the record names Zone itself
	found bool      // Zone was found by what else tells of the same things
	basis *basis    // what times rest on; nil where nobody asks
}

// A Format is one way that logs are written.
type Format struct {
	Name string // as --input-format takes it
	Cut  Cut
	// Is says how sure it is, 0 (no) to 100, that a stream with this name and these first bytes is of this format.
	// The name must never be decisive: a wrong extension is no reason to misread.
	Is  func(name string, head []byte) int
	New func(Options) Decoder

	asked bool // a user named it
}

// For returns the format as a stream with these first bytes is written: what only a whole file can tell, such as the
// order of day, month and year, is decided here, once, and what a later record says against it is a fault; so is what a first
// record tells that is longer than these bytes. more, if it is not nil, gives more of the stream's beginning, [LookAhead]
// bytes where there are as many.
func (f Format) For(head []byte, more func() []byte) Format {
	if more == nil {
		return settled(f, head, nil)
	}
	var far []byte
	once := func() []byte { // a stream gives it once
		if far == nil {
			far = more()
		}
		return far
	}
	return settled(farther(f, head, once), head, once)
}

// LookAhead is how many bytes of a stream are worth looking at for what its first do not tell.
const LookAhead = deepLook

// A Decoder decodes the records of one stream (Ordered, Whole, Bytes) or any records of its format (the other cuts).
// It is used by one goroutine at a time.
type Decoder interface {
	// Decode calls emit for each event in r, in order. The event and its strings are valid during the call only.
	Decode(r *tocsin.Record, emit func(*tocsin.Event))
	// Flush emits what waits for records that will not come, at the end of a stream.
	Flush(emit func(*tocsin.Event))
}

// Formats lists the formats that a stream can be recognised as, most specific first.
func Formats() []Format {
	var all []Format
	for _, f := range families() {
		for _, f := range f() {
			all = append(all, honest(f))
		}
	}
	return all
}

func families() []func() []Format {
	return []func() []Format{windowsFormats, unixFormats, webFormats, networkFormats, agentFormats, cloudFormats, alertFormats, jsonFormats,
		func() []Format { return []Format{textFormat()} }}
}

// Detect returns the format of a stream by its first bytes (64 KiB are plenty), and whether there is one.
func Detect(name string, head []byte) (Format, bool) {
	var best Format
	sure := 0
	for _, family := range families() {
		for _, f := range family() {
			if n := f.Is(name, head); n > sure {
				best, sure = f, n
			}
		}
		if sure >= 100 { // a signature: nothing is surer
			break
		}
	}
	if sure == 0 {
		return Format{}, false
	}
	return honest(best), true
}

// ByName returns the format of a name that a user gave: one of Names.
func ByName(name string) (Format, bool) {
	for _, f := range named() {
		if f.Name == name {
			f.asked = true
			return f, true
		}
	}
	return Format{}, false
}

// Names lists the names of all formats, in order: those that are recognised as such, and each kind of text line and of
// JSON record, for streams that hold nothing else.
func Names() []string {
	var names []string
	for _, f := range named() {
		names = append(names, f.Name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func named() []Format {
	all := Formats()
	for _, k := range jsonKinds() {
		all = append(all, honest(jsonFormat(k)))
	}
	for _, k := range lineKinds() {
		all = append(all, honest(lineFormat(k)))
	}
	return all
}

// never recognises nothing: a format that is only used when it is named.
func never(string, []byte) int { return 0 }

// text gives b as a string without a copy: valid as long as b is, which for record data is the time of one emit.
func text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// view gives s as bytes without a copy; nobody may write to them.
func view(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// ErrFormat is returned by All for data of no known format.
var ErrFormat = errors.New("no known format")

// All decodes a whole stream that is in memory, of the format that its content shows. Stamps without a year are
// completed with ref as [tocsin.Record] says.
func All(name string, data []byte, ref time.Time, emit func(*tocsin.Event)) error {
	f, ok := Detect(name, data[:min(len(data), 64<<10)])
	if !ok {
		return ErrFormat
	}
	f = f.For(data[:min(len(data), 64<<10)], func() []byte { return data[:min(len(data), LookAhead)] })
	d := f.New(Options{})
	r := tocsin.Record{Source: name, Line: 1, Ref: ref}
	for len(data) > 0 {
		n := len(data)
		if f.Cut == Chunks && r.Offset == 0 {
			n = min(n, 4096)
		} else if f.Cut == Chunks {
			n = min(n, 65536)
		}
		r.Data = data[:n]
		d.Decode(&r, emit)
		r.Offset += int64(n)
		data = data[n:]
	}
	d.Flush(emit)
	return nil
}
