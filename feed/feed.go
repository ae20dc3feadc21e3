// Package feed is what the sources of a live run and the run itself have in common: streams that go on, and batches of
// whole lines of them with the place to go on from.
//
// A source delivers each batch once, in order, and waits where the run cannot take more. It keeps nothing by itself: the
// cursor of a batch is given back to it when the process begins again, and Committed tells it what need not be delivered
// again. So where a source can be read again it is its own write-ahead log.
package feed

import (
	"context"
	"time"
)

// An Origin is one stream that goes on: a file, a journal, what one listener receives for one tenant. It is never changed
// once it was delivered from.
type Origin struct {
	ID     string // names it for as long as there is any of it, across restarts; its cursor is kept under it
	Kind   string // of source: file, journal, stdin, syslog, http, otlp, kafka, nats
	Path   string // as events name it (Event.Source): of a file its path. Two origins never share one
	Tenant string // whose it is; "" is the only tenant there is
	Format string // decode's name of its format; "" is by content
	Host   string // the machine it is of, for records that name none; "" where that is not known
}

// A Batch is whole lines of one origin. It belongs to who takes it.
type Batch struct {
	Origin *Origin
	Data   []byte // whole lines with their ends, or for formats that are not lines whole messages; may be empty with End
	Line   int64  // 1-based number of the first line of Data
	Offset int64  // where Data begins in the origin, in bytes
	Cursor string // with which the source goes on after Data
	At     time.Time
	// At is when Data was received: events in it are not later, but for clocks that are off. Of a file that lay there it is
	// when the file was last written.

	// Of the first batch of an origin that is gone on with after a restart: the first whole lines of the origin, at most 64
	// KiB, where headers stand. They are decoded for what they say of later lines, and not told.
	Head []byte

	Past bool   // it was there before the first start: no alert is sent for it unless asked
	File string // not "": a file that is read as a whole (archives, EVTX, documents) instead of Data
	End  bool   // nothing more will come of this origin, ever
}

// A Sink takes batches. Put waits until there is room: an error is ctx's.
type Sink interface {
	Put(ctx context.Context, b *Batch) error
}

// A Source delivers batches of any number of origins.
type Source interface {
	// Run delivers until ctx ends, and then returns nil. cursors are those committed last, by Origin.ID, of this source's
	// kind. ready is called once, when what is there at the beginning is known and is followed. An error says that this
	// source cannot go on at all; what concerns one origin goes to its Stat.
	Run(ctx context.Context, cursors map[string]string, sink Sink, ready func()) error
	// Committed says what was committed: all of an origin up to its cursor is kept. Several goroutines may call it.
	Committed(cursors map[string]string)
	// Stats are those of all origins, and of what has no origin (listeners). Several goroutines may call it.
	Stats() []Stat
}

// A Stat says how it goes with an origin or a listener.
type Stat struct {
	ID      string    `json:"id"`
	Kind    string    `json:"kind"`
	Path    string    `json:"path"`
	Tenant  string    `json:"tenant,omitempty"`
	State   string    `json:"state"`         // following, reading, waiting, ended, broken, listening
	Why     string    `json:"why,omitempty"` // of waiting and broken: what is wrong and what to do
	Read    int64     `json:"read_bytes"`    // delivered since the process began
	Behind  int64     `json:"behind_bytes"`  // that are there and not yet delivered; -1 where that cannot be known
	Lost    int64     `json:"lost"`          // records that a transport could not wait for, since the process began
	Refused int64     `json:"refused"`       // requests or messages that were refused and said to be
	Last    time.Time `json:"last"`          // when something was received last; zero: never
}
