package kafka

import (
	"encoding/json"

	"github.com/tocsin-ids/tocsin/feed"
)

// A mark is where a record begins.
type mark struct {
	Next int64 `json:"next"` // its offset
	Line int64 `json:"line"` // the number of its first line
	Byte int64 `json:"byte"` // of the lines that were handed on
}

// A position is where to go on in a partition, as a cursor of feed holds it.
type position struct {
	mark
	Topic  string `json:"topic,omitempty"` // Kafka's id of the topic, in hexadecimal; another is another topic of that name
	Past   int64  `json:"past"`            // records of smaller offsets were there before the first start
	Before int64  `json:"before"`          // records stamped before, in milliseconds since 1970, too
	Began  int64  `json:"began"`           // the first start, in milliseconds since 1970
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
	if json.Unmarshal([]byte(s), &p) != nil || p.Next < 0 || p.Line < 1 || p.Byte < 0 {
		return position{}, false
	}
	return p, true
}

// A part is a partition.
type part struct {
	origin *feed.Origin
	stat   feed.Stat // under Source.mu, as pos.Next and the two below
	high   int64     // offset of the next record that Kafka will store

	records int64 // that were handed on

	pos      position
	topicID  string // of the topic that is there
	begun    bool   // pos is set
	assigned bool   // it is being read
	unsaid   bool   // it is begun, and no cursor was put
}
