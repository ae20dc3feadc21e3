package journald

import "encoding/json"

// A mark is where an entry begins: its own cursor, the number of its first line and its first byte.
type mark struct {
	Cursor string `json:"cursor"`
	Line   int64  `json:"line"`
	Offset int64  `json:"offset"`
	real   int64
}

// A position is where to go on, as a cursor of feed holds it.
type position struct {
	Cursor string `json:"cursor"` // journald's, of the last entry that was delivered; "" before the first
	Line   int64  `json:"line"`   // number of the first line of what follows
	Offset int64  `json:"offset"` // bytes before it
	Real   int64  `json:"real"`   // when the journal received that entry, in microseconds since 1970
	Past   int64  `json:"past"`   // entries received until then were there before the first start
	Back   mark   `json:"back"`   // an entry up to Cursor's from which on to deliver again; no Cursor: none
}

// text is the cursor of feed for p.
func (p position) text() string {
	b, err := json.Marshal(p)
	if err != nil {
		return "" // strings and integers can always be written
	}
	return string(b)
}

// positionOf reads what text wrote.
func positionOf(s string) (position, bool) {
	var p position
	if json.Unmarshal([]byte(s), &p) != nil || p.Cursor == "" || p.Line < 1 || p.Offset < 0 || p.Back.Line < 0 || p.Back.Line > p.Line || p.Back.Offset > p.Offset {
		return position{}, false
	}
	return p, true
}

// Bounds of what is delivered again after a restart, so that records of several entries are seen whole.
const (
	againEntries = 64
	againBytes   = 64 << 10
)

// again are the last entries that were delivered, oldest first, without gaps between.
type again struct{ marks []mark }

func (a *again) add(m mark, end int64) {
	if len(a.marks) >= againEntries {
		a.marks = append(a.marks[:0], a.marks[1:]...)
	}
	a.marks = append(a.marks, m)
	for len(a.marks) > 0 && end-a.marks[0].Offset > againBytes {
		a.marks = append(a.marks[:0], a.marks[1:]...)
	}
}

// from is the oldest of them.
func (a *again) from() mark {
	if len(a.marks) == 0 {
		return mark{}
	}
	return a.marks[0]
}
