package otlp

import (
	"net/http"

	"github.com/tocsin-ids/tocsin/source/wal"
)

const (
	maxLine  = 16 << 20  // bytes of one line, as readers of files have it
	maxLines = 128 << 20 // bytes that a request may become as lines
	fullLine = 64 << 10  // bytes after which a line ends and the next export begins

	tooLong = "records of more than 16 MiB are not taken"
)

var errLong = &wal.Refusal{Code: http.StatusRequestEntityTooLarge, Why: "a resource of more than 16 MiB"} // or a record, which is refused alone

var errGrown = &wal.Refusal{Code: http.StatusRequestEntityTooLarge, Why: "written as JSON it is too large; send smaller batches"}

// lines writes exports, each a line: {"resourceLogs":[{"resource":…,"scopeLogs":[{"scope":…,"logRecords":[…]}]}]}. Lines are
// kept short by telling the resource again; those of a large resource are longer, so that this at most doubles what is written.
type lines struct {
	what    signal
	most    int // bytes that b may have
	b       []byte
	refused int64 // records

	head  []byte // of the lines of the resource and scope that is being written
	start int    // of the line that is open, if one is
	open  bool
}

// scope begins what a resource and a scope exported. Either may be nil.
func (l *lines) scope(resource, scope []byte) {
	l.close()
	keys := [...]string{"resourceLogs", "scopeLogs", "logRecords"}
	if l.what == traces {
		keys = [...]string{"resourceSpans", "scopeSpans", "spans"}
	}
	h := append(l.head[:0], `{"`...)
	h = append(append(h, keys[0]...), `":[{`...)
	if resource != nil {
		h = append(append(append(h, `"resource":`...), resource...), ',')
	}
	h = append(append(append(h, '"'), keys[1]...), `":[{`...)
	if scope != nil {
		h = append(append(append(h, `"scope":`...), scope...), ',')
	}
	l.head = append(append(append(h, '"'), keys[2]...), `":[`...)
}

const tail = "]}]}]}\n"

// record adds a span or log record.
func (l *lines) record(r []byte) error {
	if len(l.head)+len(r)+len(tail) > maxLine {
		l.refused++
		return nil
	}
	if l.open && len(l.b)-l.start+len(r) > max(fullLine, 2*len(l.head)) {
		l.close()
	}
	if !l.open {
		l.open, l.start = true, len(l.b)
		l.b = append(l.b, l.head...)
	} else {
		l.b = append(l.b, ',')
	}
	if l.b = append(l.b, r...); len(l.b) > l.most {
		return errGrown
	}
	return nil
}

// close ends the line that is open.
func (l *lines) close() {
	if l.open {
		l.b = append(l.b, tail...)
		l.open = false
	}
}
