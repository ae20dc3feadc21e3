package journald

import "encoding/json"

// A position is where to go on, as a cursor of feed holds it.
type position struct {
	Cursor string `json:"cursor"` // journald's, of the last entry that was delivered; "": there was none
	Line   int64  `json:"line"`   // number of the first line of what follows
	Offset int64  `json:"offset"` // bytes before it
	Real   int64  `json:"real"`   // when the journal received that entry, in microseconds since 1970
	Past   int64  `json:"past"`   // entries received until then were there before the first start
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
	if json.Unmarshal([]byte(s), &p) != nil || p.Line < 1 || p.Offset < 0 {
		return position{}, false
	}
	return p, true
}
