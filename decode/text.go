package decode

import (
	"bytes"
	"errors"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/tocsin-ids/tocsin"
)

// A lineKind parses one kind of self-contained text line. A file of text may mix kinds: each line is tried with the
// kind that took the line before it, then with all others in order.
type lineKind struct {
	name string
	// parse fills ev from line (without its line end) and reports whether the line is of this kind. On false it has
	// left ev as it was. ev arrives with Source, Record and Raw set and all else zero.
	parse func(d *lines, line []byte, ev *tocsin.Event) bool
}

func lineKinds() []lineKind {
	all := []lineKind{containerLine(), s3Line(), webminLine()} // which other kinds would take for theirs
	all = append(all, webLines()...)
	all = append(all, networkLines()...)
	all = append(all, unixLines()...)
	all = append(all, windowsLines()...)
	all = append(all, cloudLines()...)
	all = append(all, agentLines()...)
	all = append(all, alertLines()...)
	all = append(all, looseLines()...)
	return all
}

// lines decodes text, line by line.
type lines struct {
	opt      Options
	rec      *tocsin.Record // the one being decoded
	kinds    []lineKind
	last     int // index of the kind that took the last line
	ev       tocsin.Event
	arena    []byte        // for values that are not substrings of the line; reset for each line
	stamp    stampCache    // of the last parsed date, see stamp.go
	routes   windowsRoutes // for lines that are, or hold, the text of a Windows event
	win      *eventXML     // for lines that are, or hold, the XML of a Windows event
	nest     nest          // for records inside lines
	clock    clock         // reads the stamps that lines begin with
	head     syslogHead    // of the line, where it has one
	say      matcher       // understands messages
	audit    *auditReader
	prose    func(line []byte) bool // says of a line that it explains the log and is no record of it
	names    map[string]pairName    // of pairs, see name
	roles    []pairRole             // of the names of the pairs that were read last
	order    []pairName             // the names of the pairs of the record before, by place
	zoneName string                 // the zone that a record named last
	zone     *time.Location         // what it is, nil where it is none
	served   []tocsin.LogSource     // of the last line of a web server's error log in the block
	servedAt time.Time              // its time
	ahead    []byte                 // what stands in the block behind the line that is being decoded
}

var errNotText = errors.New("not a text line of any known kind")

// textFormat is what a stream of text is when nothing more specific took it, if it is a log at all: one of its first
// lines at least must be of a known kind. Other text (documentation, settings, source) is not read and said so, rather
// than read as a fault a line.
func textFormat() Format {
	open := func(o Options) Decoder { return &lines{opt: o, kinds: lineKinds(), nest: nest{opt: o}} }
	return Format{
		Name: "text", Cut: Lines, New: open,
		Is: func(name string, head []byte) int {
			if len(bytes.TrimSpace(head)) == 0 || !looksText(head) {
				return 0
			}
			if i := bytes.LastIndexByte(head, '\n'); i > 0 {
				head = head[:i+1] // the last line may be cut off
			}
			for i, n := 0, 0; i < len(head); i++ {
				if head[i] == '\n' {
					if n++; n == sampleLines {
						head = head[:i+1]
					}
				}
			}
			// The lines of a stack trace belong to the line before them; they do not make a log less of one.
			if !traced(head) {
				head = slices.Concat(slices.DeleteFunc(slices.Collect(bytes.Lines(head)), traced)...)
			}
			known, all := 0, 0
			open(Options{order: settle(head)}).Decode(&tocsin.Record{Source: name, Data: head, Line: 1}, func(ev *tocsin.Event) {
				all++
				if ev.Fault == nil {
					known++
				}
			})
			if known*sampleShare < all {
				return 0
			}
			return 1
		},
	}
}

// traced says that a line goes on with what the line before it tells: it is indented, or one of a stack trace.
func traced(line []byte) bool {
	return len(line) > 0 && (line[0] == '\t' || bytes.HasPrefix(line, []byte("   ")) || bytes.HasPrefix(line, []byte("Caused by: ")) || bytes.HasPrefix(line, []byte("Traceback (")) || bytes.HasPrefix(line, []byte("... ")))
}

// A text is a log when one of sampleShare of its first sampleLines lines is of a known kind.
const (
	sampleLines = 200
	sampleShare = 5
)

// lineFormat is the format of streams whose lines are all of one kind.
func lineFormat(k lineKind) Format {
	return Format{
		Name: k.name, Cut: Lines,
		Is:  never, // recognised line by line
		New: func(o Options) Decoder { return &lines{opt: o, kinds: []lineKind{k}, nest: nest{opt: o}} },
	}
}

// looksText says that the head of a stream has hardly any bytes that text does not have. A run of zeros counts as one: a
// crash leaves blocks of them in logs, and whoever is logged may write one.
func looksText(head []byte) bool {
	bad, zeros := 0, 0
	for i, c := range head {
		if c == 0 {
			zeros++
			if i > 0 && head[i-1] == 0 {
				continue
			}
		}
		if c < 32 && c != '\n' && c != '\r' && c != '\t' && c != 0x1b {
			bad++
		}
	}
	return bad*50 <= len(head)-zeros
}

func (d *lines) Decode(r *tocsin.Record, emit func(*tocsin.Event)) {
	d.rec, d.last, d.served = r, 0, nil // what a block says does not hang on which block the decoder had before
	n := r.Line
	rest := r.Data
	if k := traceEnd(rest); k > 0 && d.prose == nil { // of a record in the block before, if there is one
		if n == 1 {
			d.orphan(rest[:k], n)
			emit(&d.ev)
		}
		n += int64(bytes.Count(rest[:k], []byte{'\n'}))
		rest = rest[k:]
	}
	for ; len(rest) > 0; n++ {
		line, from := rest, rest
		if i := bytes.IndexByte(rest, '\n'); i >= 0 {
			line, rest = rest[:i], rest[i+1:]
		} else {
			rest = nil
		}
		line = bytes.TrimSuffix(line, []byte{'\r'})
		if len(bytes.TrimSpace(line)) == 0 || d.prose != nil && d.prose(line) {
			continue
		}
		if line[0] == 0 { // what a crash left lies before the next line
			if late := bytes.TrimLeft(line, "\x00"); len(late) > 0 {
				line = late
			}
		}
		d.ahead = rest
		d.line(line, n)
		if k := d.trace(from, rest); k > 0 && d.prose == nil {
			n += int64(bytes.Count(rest[:k], []byte{'\n'}))
			rest = rest[k:]
		}
		emit(&d.ev)
	}
}

func (d *lines) Flush(func(*tocsin.Event)) {}

// line makes d.ev the event of one line, or the fault that no kind took it.
func (d *lines) line(line []byte, n int64) {
	d.arena = d.arena[:0]
	fields := d.ev.Fields[:0]
	d.ev = tocsin.Event{Source: d.rec.Source, Record: uint64(n), Fields: fields, Raw: text(line)}
	d.clock.opt, d.clock.against = d.opt, false
	switch {
	case !d.taken(line):
		err := errNotText
		if !utf8.Valid(line) {
			err = errors.New("not text: bytes that are no UTF-8, and no known kind of line")
		}
		d.ev.Fault = &tocsin.Fault{Source: d.rec.Source, Line: n, Err: err, Hint: "name the format with --input-format if it is one of those listed there"}
	case d.clock.against && d.ev.Time.IsZero():
		d.ev.Fault = &tocsin.Fault{Source: d.rec.Source, Line: n, Err: errOrder, Hint: "the event was read and has no time"}
	}
}

// taken has the kind that took the line before take this one, or the first kind that does.
func (d *lines) taken(line []byte) bool {
	if d.kinds[d.last].parse(d, line, &d.ev) {
		d.took(d.last)
		return true
	}
	for i := range d.kinds {
		if i != d.last && d.kinds[i].parse(d, line, &d.ev) {
			d.took(i)
			return true
		}
	}
	return false
}

// took notes which kind took the line; a kind of line around another has named the format itself.
func (d *lines) took(i int) {
	if i < len(d.kinds)-looseN { // the loose kinds may take only what no other kind takes, whatever they took before
		d.last = i
	}
	if d.ev.Format == "" {
		d.ev.Format = d.kinds[i].name
	}
}

// join appends parts to the arena and returns them as one string, valid as long as the line's event.
func (d *lines) join(parts ...string) string {
	from := len(d.arena)
	for _, p := range parts {
		d.arena = append(d.arena, p...)
	}
	return text(d.arena[from:])
}
