package decode

import (
	"bytes"
	"fmt"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/evtx"
)

// windowsFormats lists the formats that files of this family are recognised as.
func windowsFormats() []Format {
	return append(windowsServiceFormats(), []Format{{
		Name: "evtx", Cut: Chunks,
		Is: func(_ string, head []byte) int {
			if bytes.HasPrefix(head, []byte("ElfFile\x00")) {
				return 100
			}
			if len(head) > evtx.HeaderSize && bytes.HasPrefix(head[evtx.HeaderSize:], []byte("ElfChnk\x00")) {
				return 90 // the file header is damaged, the chunks need not be
			}
			return 0
		},
		New: func(o Options) Decoder { return &eventLog{carve: o.Carve} },
	}, {
		Name: "windows-xml", Cut: Bytes, Is: isWindowsXML,
		New: func(o Options) Decoder { return &windowsXML{xml: newEventXML(o)} },
	}, windowsTableFormat(), windowsTextFormat()}...)
}

// An eventLog decodes EVTX. The record at offset 0 is the file header, any other a chunk.
type eventLog struct {
	reader evtx.Reader
	routes windowsRoutes
	ev     tocsin.Event
	carve  bool
}

// carvedFrom is what the field Carved says of where a deleted record was found.
var carvedFrom = [...]string{evtx.InSlack: "slack", evtx.InRecord: "within another record"}

func (d *eventLog) Flush(func(*tocsin.Event)) {}

func (d *eventLog) Decode(r *tocsin.Record, emit func(*tocsin.Event)) {
	if r.Offset == 0 && !bytes.HasPrefix(r.Data, []byte("ElfChnk\x00")) {
		if _, err := evtx.ParseHeader(r.Data); err != nil {
			d.fault(r, r.Line, err, "the chunks behind it were read all the same", emit)
		}
		return
	}
	err := d.reader.Chunk(r.Data, func(rec *evtx.Record) {
		d.event(r, rec)
		emit(&d.ev)
	})
	if err != nil {
		d.fault(r, 0, fmt.Errorf("chunk at byte %d: %w", r.Offset, err),
			"whole records of the chunk were read; compare with another copy of the log", emit)
	}
	if d.carve {
		d.carveFrom(r, emit)
	}
}

// carveFrom emits what is left of deleted records in the chunk that was just read. What nothing can be read of is counted
// in one fault.
func (d *eventLog) carveFrom(r *tocsin.Record, emit func(*tocsin.Event)) {
	lost := 0
	var first error
	d.reader.Carve(func(rec *evtx.Record) {
		if len(rec.Fields) == 0 {
			if lost++; lost == 1 {
				first = fmt.Errorf("record %d, at byte %d, written %s: %w", rec.ID, r.Offset+int64(rec.Offset), rec.Written.Format("2006-01-02T15:04:05Z"), rec.Err)
			}
			return
		}
		d.event(r, rec)
		emit(&d.ev)
	})
	if lost > 0 {
		d.fault(r, 0, fmt.Errorf("remains of deleted records of which nothing can be read, %d in the chunk at byte %d, the first: %w", lost, r.Offset, first),
			"all others were read; another copy of the log may have them", emit)
	}
}

func (d *eventLog) fault(r *tocsin.Record, line int64, err error, hint string, emit func(*tocsin.Event)) {
	d.ev = tocsin.Event{Source: r.Source, Record: uint64(line), Format: "evtx", Fields: d.ev.Fields[:0],
		Fault: &tocsin.Fault{Source: r.Source, Line: line, Err: err, Hint: hint}}
	emit(&d.ev)
}

// event makes d.ev of a record.
func (d *eventLog) event(r *tocsin.Record, rec *evtx.Record) {
	fields := d.ev.Fields[:0]
	for i := range rec.Fields {
		f := &rec.Fields[i]
		fields = append(fields, tocsin.Field{Name: f.Name, Value: f.Value})
		if f.Plain != "" {
			fields = append(fields, tocsin.Field{Name: f.Plain, Value: f.Value})
		}
	}
	d.ev = tocsin.Event{Time: rec.Time, Source: r.Source, Record: rec.ID, Format: "evtx", Host: rec.Computer, Fields: fields}
	if rec.Place == evtx.InLog {
		d.ev.Serial = rec.Serial
	} else { // another chunk may still have a copy: the byte tells them apart
		d.ev.Record = tocsin.Nth(rec.ID, 1+r.Offset+int64(rec.Offset))
	}
	if !rec.Written.Equal(rec.Time) {
		d.ev.Sensor = rec.Written
	}
	d.routes.arena = d.routes.arena[:0]
	d.routes.complete(&d.ev, rec.Channel, rec.Provider, rec.EventID, "")
	d.ev.Add("Carved", carvedFrom[rec.Place])
	if rec.Err != nil {
		d.ev.Fault = &tocsin.Fault{Source: r.Source, Line: int64(rec.ID),
			Err:  fmt.Errorf("record %d, at byte %d: %w", rec.ID, r.Offset+int64(rec.Offset), rec.Err),
			Hint: "what could be read of it was kept"}
	}
}
