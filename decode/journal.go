package decode

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/tocsin-ids/tocsin"
	"github.com/ulikunitz/xz"
)

// Bounds on what one journal may ask for.
const (
	maxJournalValue = 4 << 20  // bytes of one decompressed field
	maxJournalKeep  = 16 << 20 // bytes of decompressed fields that are kept for entries that share them
	maxJournalItems = 1024     // fields of one entry
)

// Object types and flags of a journal file.
const (
	journalData        = 1
	journalEntryObject = 3

	journalXZ   = 1
	journalLZ4  = 2
	journalZSTD = 4

	journalCompact = 1 << 4 // of the header's incompatible flags
)

var journalMagic = []byte("LPKSHHRH")

// journalFormat is systemd's journal files, compact or not, whole or damaged: the objects of the file are read one after
// the other, so that entries that no index names any more are read too.
// https://systemd.io/JOURNAL_FILE_FORMAT/
func journalFormat() Format {
	return Format{
		Name: "journal", Cut: Whole,
		Is: func(_ string, head []byte) int {
			if bytes.HasPrefix(head, journalMagic) {
				return 100
			}
			return 0
		},
		New: func(o Options) Decoder { return newJournal(o) },
	}
}

// journal decodes the entries of journals.
type journal struct {
	entries entryReader
	unzip   *zstd.Decoder
	kept    map[uint64]string // decompressed data objects by their offset
	keptN   int
}

func newJournal(o Options) *journal {
	return &journal{entries: newEntryReader(o), kept: map[uint64]string{}}
}

func (d *journal) Flush(emit func(*tocsin.Event)) { d.entries.flush(emit) }

func (d *journal) Decode(r *tocsin.Record, emit func(*tocsin.Event)) {
	b := r.Data
	fault := func(at uint64, err error, hint string) {
		emit(&tocsin.Event{Source: r.Source, Format: "journal", Fault: &tocsin.Fault{Source: r.Source, Err: fmt.Errorf("at byte %d: %w", at, err), Hint: hint}})
	}
	if len(b) < 208 || !bytes.HasPrefix(b, journalMagic) {
		fault(0, errors.New("not a journal's header"), "the file is cut off or no journal")
		return
	}
	compact := binary.LittleEndian.Uint32(b[12:])&journalCompact != 0
	if unknown := binary.LittleEndian.Uint32(b[12:]) &^ 0x1f; unknown != 0 {
		fault(12, fmt.Errorf("format flags %#x are not known", unknown), "written by a newer systemd; export it with journalctl -o export")
		return
	}
	end := uint64(len(b))
	at := binary.LittleEndian.Uint64(b[88:])
	if at < 208 || at > end {
		at = 208
	}
	at = (at + 7) &^ 7
	clear(d.kept)
	d.keptN = 0
	n, lost := int64(0), false
	for at+16 <= end {
		size := binary.LittleEndian.Uint64(b[at+8:])
		if !journalObject(b, at) {
			if size == 0 && b[at] == 0 {
				break // the file is not full yet
			}
			if !lost {
				fault(at, errors.New("damaged object"), "the entries behind it were looked for and read")
				lost = true
			}
			at += 8
			continue
		}
		lost = false
		if b[at] == journalEntryObject {
			n++
			d.entry(r, b[at:at+size], n, compact, emit)
		}
		at = (at + size + 7) &^ 7
	}
}

// journalObject says that an object could begin at b[at:].
func journalObject(b []byte, at uint64) bool {
	size := binary.LittleEndian.Uint64(b[at+8:])
	kind := b[at]
	return kind >= 1 && kind <= 7 && size >= 16 && size <= uint64(len(b))-at && string(b[at+2:at+8]) == "\x00\x00\x00\x00\x00\x00"
}

// entry emits the event of an ENTRY object.
func (d *journal) entry(r *tocsin.Record, o []byte, n int64, compact bool, emit func(*tocsin.Event)) {
	if len(o) < 64 {
		return
	}
	e := &d.entries
	e.begin(r, n)
	e.stamp(binary.LittleEndian.Uint64(o[24:]), binary.LittleEndian.Uint64(o[16:]))
	step := 16
	if compact {
		step = 4
	}
	for items := o[64:]; len(items) >= step && len(e.obj.fields) < maxJournalItems; items = items[step:] {
		at := uint64(binary.LittleEndian.Uint32(items))
		if !compact {
			at = binary.LittleEndian.Uint64(items)
		}
		if at == 0 {
			break
		}
		s, err := d.data(r.Data, at, compact)
		if err != nil {
			e.ev.Fault = &tocsin.Fault{Source: r.Source, Line: n, Err: fmt.Errorf("field at byte %d: %w", at, err), Hint: "the entry's other fields were read"}
			continue
		}
		if name, value, ok := strings.Cut(s, "="); ok {
			e.field(name, value)
		}
	}
	e.emit(emit)
}

var errJournalData = errors.New("no data object")

// data returns the text of the DATA object at an offset.
func (d *journal) data(b []byte, at uint64, compact bool) (string, error) {
	if s, ok := d.kept[at]; ok {
		return s, nil
	}
	if at > uint64(len(b)) || uint64(len(b))-at < 16 || at%8 != 0 || !journalObject(b, at) || b[at] != journalData {
		return "", errJournalData
	}
	from := uint64(64)
	if compact {
		from = 72
	}
	size := binary.LittleEndian.Uint64(b[at+8:])
	if size < from {
		return "", errJournalData
	}
	payload := b[at+from : at+size]
	flags := b[at+1]
	if flags&(journalXZ|journalLZ4|journalZSTD) == 0 {
		return text(payload), nil
	}
	if d.unzip == nil && flags&journalZSTD != 0 {
		var err error
		if d.unzip, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxJournalValue), zstd.WithDecoderLowmem(true)); err != nil {
			return "", err
		}
	}
	raw, err := journalUnpack(flags, payload, d.unzip)
	if err != nil {
		return "", err
	}
	s := string(raw)
	if d.keptN+len(s) > maxJournalKeep {
		clear(d.kept)
		d.keptN = 0
	}
	d.kept[at] = s
	d.keptN += len(s)
	return s, nil
}

// journalUnpack decompresses the payload of a DATA object.
func journalUnpack(flags byte, b []byte, unzip *zstd.Decoder) ([]byte, error) {
	switch {
	case flags&journalZSTD != 0:
		return unzip.DecodeAll(b, nil)
	case flags&journalLZ4 != 0: // the size, then one block
		if len(b) < 8 {
			return nil, errJournalData
		}
		n := binary.LittleEndian.Uint64(b)
		if n > maxJournalValue {
			return nil, fmt.Errorf("field of %d bytes, more than %d", n, maxJournalValue)
		}
		out := make([]byte, n)
		m, err := lz4.UncompressBlock(b[8:], out)
		return out[:max(m, 0)], err
	}
	z, err := xz.ReaderConfig{DictCap: 8 << 20}.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(z, maxJournalValue))
}

// An entryReader makes events of journal entries, whatever they are stored in. Audit records, which the journal keeps
// one by one, are put together.
type entryReader struct {
	opt   Options
	obj   object
	flat  flattener
	nest  nest
	ev    tocsin.Event
	audit *auditLog
	line  []byte
}

func newEntryReader(o Options) entryReader {
	return entryReader{opt: o, nest: nest{opt: o}, audit: auditFormat().New(o).(*auditLog)}
}

// begin starts the n-th entry.
func (e *entryReader) begin(r *tocsin.Record, n int64) {
	e.flat.arena = e.flat.arena[:0]
	e.ev = tocsin.Event{Source: r.Source, Record: uint64(n), Format: "journal", Fields: e.ev.Fields[:0]}
	e.obj = object{fields: e.obj.fields[:0], opt: e.opt, rec: r, flat: &e.flat, nest: &e.nest}
}

// stamp sets what journalctl shows as the address fields of an entry.
func (e *entryReader) stamp(realtime, seqnum uint64) {
	from := len(e.flat.arena)
	e.flat.arena = strconv.AppendUint(e.flat.arena, realtime, 10)
	e.field("__REALTIME_TIMESTAMP", text(e.flat.arena[from:]))
	from = len(e.flat.arena)
	e.flat.arena = strconv.AppendUint(e.flat.arena, seqnum, 10)
	e.field("__SEQNUM", text(e.flat.arena[from:]))
}

func (e *entryReader) field(name, value string) {
	e.obj.fields = append(e.obj.fields, tocsin.Field{Name: name, Value: value})
}

func (e *entryReader) emit(emit func(*tocsin.Event)) {
	o := &e.obj
	if o.get("_TRANSPORT") == "audit" && o.has("_AUDIT_ID") && e.auditRecord(emit) {
		return
	}
	e.ev.Fields = append(e.ev.Fields, o.fields...)
	journalEntry(o, &e.ev, o.get("MESSAGE"))
	emit(&e.ev)
}

// auditRecord hands an audit record to those who put events together, as a line of the audit log.
func (e *entryReader) auditRecord(emit func(*tocsin.Event)) bool {
	o := &e.obj
	kind, id := o.get("_AUDIT_TYPE_NAME"), o.get("_AUDIT_ID")
	at := o.first("_SOURCE_REALTIME_TIMESTAMP", "__REALTIME_TIMESTAMP")
	if kind == "" || len(at) < 7 || digitsAt(view(at)) != len(at) || digitsAt(view(id)) != len(id) {
		return false
	}
	msg := strings.TrimPrefix(o.get("MESSAGE"), kind+" ")
	if strings.IndexByte(msg, '\n') >= 0 || strings.IndexByte(kind, ' ') >= 0 {
		return false
	}
	e.line = e.line[:0]
	if host := o.get("_HOSTNAME"); host != "" && strings.IndexByte(host, ' ') < 0 {
		e.line = append(append(append(e.line, "node="...), host...), ' ')
	}
	cut := len(at) - 6
	e.line = fmt.Appendf(e.line, "type=%s msg=audit(%s.%s:%s): %s", kind, at[:cut], at[cut:cut+3], id, msg)
	var h auditHead
	if !h.parse(e.line, nil) {
		return false
	}
	e.audit.source = o.rec.Source
	e.audit.lines.rec = o.rec
	e.audit.add(&h, e.line, int64(e.ev.Record), emit)
	return true
}

func (e *entryReader) flush(emit func(*tocsin.Event)) { e.audit.Flush(emit) }
