package decode

import (
	"bytes"
	"errors"

	"github.com/tocsin-ids/tocsin"
)

// windowsCSV decodes tables of Windows events: what Event Viewer, Get-WinEvent | Export-Csv, EvtxECmd and searches in
// Splunk and Kibana export. The columns have the names that the same tools give JSON members. Blocks may end anywhere.
type windowsCSV struct {
	opt     Options
	flat    flattener
	obj     object
	ev      tocsin.Event
	columns []*pathNode
	message *pathNode // of cells beyond the columns: Event Viewer has no name for the rendered text
	sep     byte
	rest    []byte // the row that is not complete yet
	line    int64  // on which rest begins
	source  string
}

// maxRow bounds one row.
const maxRow = 4 << 20

var errRowLong = errors.New("a row of more than 4 MiB: is a quote missing?")

// isWindowsCSV recognises a table by its head: it has a column for the event id, and one for channel or provider.
func isWindowsCSV(_ string, head []byte) int {
	head = csvHead(head)
	n := rowEnd(head)
	if n < 0 || n > 8192 || !bytes.Contains(head[:n], []byte("Id")) && !bytes.Contains(head[:n], []byte("ID")) && !bytes.Contains(head[:n], []byte("Event")) &&
		!bytes.Contains(head[:n], []byte("event")) {
		return 0
	}
	d := newWindowsCSV(Options{})
	d.header(head[:n])
	var id, weak, channel, provider bool
	for _, c := range d.columns {
		switch c.windows().slot {
		case slotEventID:
			id = true
		case slotWeakID:
			weak = true
		case slotChannel:
			channel = true
		case slotProvider:
			provider = true
		}
		switch c.key {
		case "RuleTitle", "Rule", "rule", "RuleID", "detections": // alerts about events
			return 0
		}
	}
	if id && (channel || provider) || weak && channel && provider {
		return 80
	}
	return 0
}

// csvHead is what of a table begins with the names of its columns: PowerShell writes a type before them.
func csvHead(b []byte) []byte {
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	if bytes.HasPrefix(b, []byte("#TYPE")) {
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			return b[i+1:]
		}
	}
	return b
}

func newWindowsCSV(o Options) *windowsCSV {
	d := &windowsCSV{opt: o, flat: flattener{root: &pathNode{}}, line: 1}
	d.obj = object{opt: o, flat: &d.flat}
	d.message = d.flat.kid(d.flat.root, []byte("Message"))
	return d
}

// rowEnd returns where the row at the start of b ends, behind its line end, or -1 if it does not end in b.
func rowEnd(b []byte) int {
	quoted := false
	for i, c := range b {
		switch c {
		case '"':
			quoted = !quoted
		case '\n':
			if !quoted {
				return i + 1
			}
		}
	}
	return -1
}

// header takes the row of names.
func (d *windowsCSV) header(row []byte) {
	d.sep = ','
	for _, sep := range [...]byte{';', '\t'} {
		if bytes.Count(row, []byte{sep}) > bytes.Count(row, []byte{d.sep}) {
			d.sep = sep
		}
	}
	d.columns = d.columns[:0]
	d.cells(row, func(_ int, name []byte) {
		d.columns = append(d.columns, d.flat.kid(d.flat.root, bytes.TrimSpace(name)))
	})
}

// cells gives the cells of a row, without quotes, to cell.
func (d *windowsCSV) cells(row []byte, cell func(i int, v []byte)) {
	row = bytes.TrimRight(row, "\r\n")
	for i, more := 0, true; more; i++ {
		var v []byte
		if len(row) > 0 && row[0] == '"' {
			v, row, more = cutCSV(row, d.sep, &d.flat.arena)
		} else {
			v, row, more = bytes.Cut(row, []byte{d.sep})
		}
		cell(i, v)
	}
}

func (d *windowsCSV) Decode(r *tocsin.Record, emit func(*tocsin.Event)) {
	d.source = r.Source
	data := r.Data
	if len(d.rest) > 0 {
		d.rest = append(d.rest, data...)
		data = d.rest
	}
	if d.columns == nil {
		data = csvHead(data)
	}
	for len(data) > 0 {
		n := rowEnd(data)
		if n < 0 {
			if len(data) <= maxRow {
				break
			}
			d.ev = tocsin.Event{Source: r.Source, Record: uint64(d.line), Format: "windows-csv", Fields: d.ev.Fields[:0],
				Fault: &tocsin.Fault{Source: r.Source, Line: d.line, Err: errRowLong, Hint: "reading went on at the next line"}}
			emit(&d.ev)
			n = bytes.IndexByte(data, '\n') + 1
			if n == 0 {
				n = len(data)
			}
		} else {
			d.row(r, data[:n], emit)
		}
		d.line += int64(bytes.Count(data[:n], []byte{'\n'}))
		data = data[n:]
	}
	d.rest = append(d.rest[:0], data...)
}

func (d *windowsCSV) Flush(emit func(*tocsin.Event)) {
	if len(bytes.TrimSpace(d.rest)) > 0 {
		d.row(&tocsin.Record{Source: d.source}, d.rest, emit)
	}
	d.rest, d.columns, d.line = d.rest[:0], nil, 1
}

func (d *windowsCSV) row(r *tocsin.Record, row []byte, emit func(*tocsin.Event)) {
	if len(bytes.TrimSpace(row)) == 0 {
		return
	}
	f := &d.flat
	f.fields, f.nodes, f.arena = d.ev.Fields[:0], f.nodes[:0], f.arena[:0]
	if d.columns == nil {
		d.header(row)
		return
	}
	full := false
	d.cells(row, func(i int, v []byte) {
		if len(v) == 0 || full {
			return
		}
		column := d.message
		if i < len(d.columns) {
			column = d.columns[i]
		}
		full = f.leaf(column, text(v)) != nil
	})
	d.ev = tocsin.Event{Source: r.Source, Record: uint64(d.line), Format: "windows-csv", Fields: f.fields, Raw: text(bytes.TrimRight(row, "\r\n"))}
	d.obj.fields, d.obj.nodes, d.obj.data, d.obj.rec = f.fields, f.nodes, row, r
	fillWindows(&d.obj, &d.ev)
	if d.ev.Time.IsZero() && number(f.win.seen[slotEventID]) == 0 {
		d.ev.Fault = &tocsin.Fault{Source: r.Source, Line: d.line, Err: errors.New("neither event id nor time"), Hint: "the row does not fit its table's head"}
	}
	emit(&d.ev)
}
