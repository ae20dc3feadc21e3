package nats

import "encoding/json"

// A mark is where a message begins.
type mark struct {
	Next uint64 `json:"next"` // its sequence
	Line int64  `json:"line"` // the number of its first line
	Byte int64  `json:"byte"` // of the lines that were handed on
}

// A position is where to go on, as a cursor of feed holds it.
type position struct {
	mark
	Created int64  `json:"created"` // when the stream was made, in nanoseconds since 1970; another is another stream of that name; 0: there was none yet
	Past    uint64 `json:"past"`    // messages of smaller sequences were there before the first start
}

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
	if json.Unmarshal([]byte(s), &p) != nil || p.Next < 1 || p.Next > 1<<62 || p.Line < 1 || p.Byte < 0 {
		return position{}, false
	}
	return p, true
}
