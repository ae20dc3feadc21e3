package tocsin

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Place is where an event was read: enough to find it again. No two events of one source have the same.
type Place struct {
	Time   time.Time
	Source string
	Record uint64 // Event.Record
}

// Place is where the event was read.
func (e *Event) Place() Place { return Place{e.Time, e.Source, e.Record} }

// A record's number is that of its line or its EventRecordID. Where several events begin on one line, those after the first
// have this bit, their line in 31 bits and how many come before them in 32: so numbers of one line follow each other.
const nthBit = 1 << 63

// Nth is the number of the n-th event, from 1, that a line (or a record with that id) tells; the first has that of the
// line. Beyond 2^31 lines they all have.
func Nth(line uint64, n int64) uint64 {
	if n <= 1 || line >= nthBit>>32 {
		return line
	}
	return nthBit | line<<32 | uint64(min(n-1, 1<<32-1))
}

// Line takes the record's number apart: its line (or id), and which of that line's events it is, from 1.
func (p Place) Line() (line uint64, n int64) {
	if p.Record < nthBit {
		return p.Record, 1
	}
	return p.Record &^ nthBit >> 32, int64(p.Record&(1<<32-1)) + 1
}

// Compare orders places by time, source, and as the records were written.
func (p Place) Compare(q Place) int {
	if c := cmp.Or(p.Time.Compare(q.Time), strings.Compare(p.Source, q.Source)); c != 0 {
		return c
	}
	if (p.Record|q.Record)&nthBit == 0 {
		return cmp.Compare(p.Record, q.Record)
	}
	line, n := p.Line()
	other, m := q.Line()
	return cmp.Or(cmp.Compare(line, other), cmp.Compare(n, m))
}

// Number is the record's number as it is shown: LINE or, for another than the first event of a line, LINE.N.
func (p Place) Number() string {
	line, n := p.Line()
	if n == 1 {
		return strconv.FormatUint(line, 10)
	}
	return strconv.FormatUint(line, 10) + "." + strconv.FormatInt(n, 10)
}

// String is SOURCE:NUMBER, as reports show a place.
func (p Place) String() string { return p.Source + ":" + p.Number() }

// UnmarshalText reads what String gives, without a time.
func (p *Place) UnmarshalText(b []byte) error {
	s := string(b)
	if at := strings.LastIndexByte(s, ':'); at >= 0 {
		first, nth, several := strings.Cut(s[at+1:], ".")
		line, err := strconv.ParseUint(first, 10, 64)
		n := int64(1)
		if several && err == nil {
			n, err = strconv.ParseInt(nth, 10, 64)
		}
		if err == nil && n > 0 {
			*p = Place{Source: s[:at], Record: Nth(line, n)}
			return nil
		}
	}
	return fmt.Errorf("%s: want SOURCE:RECORD as the report shows them, such as logs/auth.log:120 or, for the third event of a line, trail.json:1.3", s)
}

// A writtenPlace is a Place in JSON.
type writtenPlace struct {
	Time   time.Time `json:"time"`
	Source string    `json:"source"`
	Record uint64    `json:"record"`
	Nth    int64     `json:"nth,omitempty"` // which of the line's events, from 2
}

// MarshalJSON writes the record as its line and, for another than its first event, nth.
func (p Place) MarshalJSON() ([]byte, error) {
	w := writtenPlace{p.Time, p.Source, 0, 0}
	if w.Record, w.Nth = p.Line(); w.Nth == 1 {
		w.Nth = 0
	}
	return json.Marshal(w)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (p *Place) UnmarshalJSON(b []byte) error {
	var w writtenPlace
	if err := json.Unmarshal(b, &w); err != nil {
		return err
	}
	*p = Place{w.Time, w.Source, Nth(w.Record, w.Nth)}
	return nil
}

// A Span is a run of consecutive records of one source, from Event.Record of the first to that of the last.
type Span struct {
	Source   string
	From, To uint64
}

type writtenSpan struct {
	Source  string `json:"source"`
	From    uint64 `json:"from"`
	To      uint64 `json:"to"`
	FromNth int64  `json:"from_nth,omitempty"` // of one line: which of its events, from 2
	ToNth   int64  `json:"to_nth,omitempty"`
}

// MarshalJSON writes the records as their lines and, for others than the first events of a line, from_nth and to_nth.
func (s Span) MarshalJSON() ([]byte, error) {
	w := writtenSpan{Source: s.Source}
	if w.From, w.FromNth = (Place{Record: s.From}).Line(); w.FromNth == 1 {
		w.FromNth = 0
	}
	if w.To, w.ToNth = (Place{Record: s.To}).Line(); w.ToNth == 1 {
		w.ToNth = 0
	}
	return json.Marshal(w)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (s *Span) UnmarshalJSON(b []byte) error {
	var w writtenSpan
	if err := json.Unmarshal(b, &w); err != nil {
		return err
	}
	*s = Span{w.Source, Nth(w.From, w.FromNth), Nth(w.To, w.ToNth)}
	return nil
}
