package feed

import (
	"bytes"
	"time"
)

// Bounds of a batch of more than one message.
const (
	fillBytes = 1 << 20
	fillSpan  = time.Minute // between when its messages were received
)

// A Fill is a batch that is being filled with messages; the zero value is empty. All that is in it was received within a minute.
type Fill struct {
	Data  []byte
	Count int64     // messages
	Began time.Time // when the first of them was added

	line, offset int64
	past         bool
	early, late  time.Time
}

// Fits says whether a message of a size that was received at a time can be added; else what there is, is to be taken first.
func (f *Fill) Fits(size int, at time.Time, past bool) bool {
	return len(f.Data) == 0 || len(f.Data)+size <= fillBytes && past == f.past && at.Sub(f.early) <= fillSpan && f.late.Sub(at) <= fillSpan
}

// Add adds a message, which all has behind Data, and gives how many lines and bytes it has. One without a byte is left out.
func (f *Fill) Add(all []byte, line, offset int64, at time.Time, past bool) (lines, size int64) {
	more := all[len(f.Data):]
	if len(more) == 0 {
		return 0, 0
	}
	if len(f.Data) == 0 {
		*f = Fill{Began: time.Now(), line: line, offset: offset, past: past, early: at, late: at}
	}
	if at.Before(f.early) {
		f.early = at
	}
	if at.After(f.late) {
		f.late = at
	}
	f.Data = all
	f.Count++
	return int64(bytes.Count(more, []byte{'\n'})), int64(len(more))
}

// Take gives the batch, behind which a cursor is, and empties the Fill. A time that cannot be believed is now.
func (f *Fill) Take(o *Origin, cursor string) *Batch {
	b := &Batch{Origin: o, Data: f.Data, Line: f.line, Offset: f.offset, Cursor: cursor, At: f.late, Past: f.past}
	if now := time.Now(); b.At.After(now) || b.At.Year() < 2000 {
		b.At = now
	}
	*f = Fill{}
	return b
}
