package decode

import (
	"bytes"
	"encoding/binary"
	"errors"

	"github.com/tocsin-ids/tocsin"
)

// maxJournalEntry bounds one exported entry.
const maxJournalEntry = 16 << 20

// journalExportFormat is what "journalctl -o export" and systemd-journal-remote write: entries of NAME=value lines,
// divided by empty lines; a value that is no plain text stands behind its name, a line end and its size.
// https://systemd.io/JOURNAL_EXPORT_FORMATS/#journal-export-format
func journalExportFormat() Format {
	return Format{
		Name: "journal-export", Cut: Ordered,
		Is: func(_ string, head []byte) int {
			if bytes.HasPrefix(head, []byte("__CURSOR=")) && bytes.Contains(head, []byte("\n__REALTIME_TIMESTAMP=")) {
				return 95
			}
			return 0
		},
		New: func(o Options) Decoder { return &journalExport{entries: newEntryReader(o)} },
	}
}

// journalExport decodes exported entries. Blocks may end within one: what is whole is decoded, the rest waits.
type journalExport struct {
	entries entryReader
	wait    []byte
	line    int64 // of the first byte that waits
	lost    bool  // … which belongs to a damaged entry
	rec     tocsin.Record
}

func (d *journalExport) Decode(r *tocsin.Record, emit func(*tocsin.Event)) {
	if len(d.wait) == 0 {
		d.line = r.Line
	}
	d.rec = *r
	d.wait = append(d.wait, r.Data...)
	d.entriesOf(false, emit)
}

func (d *journalExport) Flush(emit func(*tocsin.Event)) {
	d.entriesOf(true, emit)
	d.entries.flush(emit)
}

// entriesOf decodes the entries that wait; at the end of the stream the last needs no empty line.
func (d *journalExport) entriesOf(last bool, emit func(*tocsin.Event)) {
	done := 0
	for done < len(d.wait) {
		if d.lost && !d.found(&done, last) {
			break
		}
		n, whole, err := d.entry(d.wait[done:], last, emit)
		if !whole && err == nil && len(d.wait)-done <= maxJournalEntry {
			break
		}
		if err != nil || !whole {
			if err == nil {
				err = errors.New("entry without an end")
			}
			d.lost = true
			emit(&tocsin.Event{Source: d.rec.Source, Record: uint64(d.line), Format: "journal-export",
				Fault: &tocsin.Fault{Source: d.rec.Source, Line: d.line, Err: err, Hint: "the entry is damaged; the next one was read"}})
		}
		d.pass(&done, n)
	}
	d.wait = append(d.wait[:0], d.wait[done:]...)
}

// found moves from something damaged to where entries are found again, behind the next empty line, if that is there.
func (d *journalExport) found(done *int, last bool) bool {
	rest := d.wait[*done:]
	i := bytes.Index(rest, []byte("\n\n"))
	if d.lost = i < 0 && !last; d.lost {
		d.pass(done, len(rest)-1) // an empty line may begin at the last byte
		return false
	}
	if i < 0 {
		d.pass(done, len(rest))
		return false
	}
	d.pass(done, i+2)
	return *done < len(d.wait)
}

func (d *journalExport) pass(done *int, n int) {
	d.line += int64(bytes.Count(d.wait[*done:*done+n], []byte{'\n'}))
	*done += n
}

var errExport = errors.New("neither NAME=value nor the name of a sized value")

// entry decodes the entry at the start of b and returns its size, and whether b has all of it.
func (d *journalExport) entry(b []byte, last bool, emit func(*tocsin.Event)) (n int, whole bool, err error) {
	e := &d.entries
	e.begin(&d.rec, d.line)
	e.ev.Format = "journal-export"
	for n < len(b) {
		i := bytes.IndexByte(b[n:], '\n')
		if i < 0 {
			if !last {
				return n, false, nil
			}
			i = len(b) - n
		}
		line := b[n : n+i]
		if len(line) == 0 {
			if len(e.obj.fields) > 0 {
				e.emit(emit)
			}
			return n + 1, true, nil
		}
		if name, value, ok := bytes.Cut(line, []byte{'='}); ok {
			e.field(text(name), text(value))
			n = min(n+i+1, len(b))
			continue
		}
		for _, c := range line {
			if c != '_' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') {
				return n, false, errExport
			}
		}
		at := n + i + 1
		if at+8 > len(b) {
			return n, false, endOr(last)
		}
		size := binary.LittleEndian.Uint64(b[at:])
		if size > maxJournalEntry {
			return at, false, errExport
		}
		if uint64(len(b)-at) < 8+size+1 {
			return n, false, endOr(last)
		}
		e.field(text(line), text(b[at+8:at+8+int(size)]))
		n = at + 8 + int(size) + 1
		if len(e.obj.fields) > maxJournalItems {
			return n, false, errExport
		}
	}
	if !last {
		return n, false, nil
	}
	if len(e.obj.fields) > 0 {
		e.emit(emit)
	}
	return n, true, nil
}

// endOr is the fault of an entry that is cut off where nothing follows.
func endOr(last bool) error {
	if last {
		return errEnd
	}
	return nil
}
