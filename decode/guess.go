package decode

import (
	"time"

	"github.com/tocsin-ids/tocsin"
)

// A Guess is a kind of thing that the time of an event rests on and its own record does not say.
type Guess uint8

// The guesses there are; bit 1<<g of [tocsin.Event.Guessed] says that the event's time rests on g.
const (
	GuessYear   Guess = iota // the stamp has no year
	GuessZone                // the stamp has no zone
	GuessDate                // the record has a time of day only
	GuessStamp               // the record has no stamp: that of a record near it was taken
	GuessOffset              // how far the local clock was from UTC was found by a second stamp
	GuessOrder               // the numbers of the date are day and month in either order
	Guesses                  // how many there are
)

// Where Event.Guessed keeps what was taken.
const (
	orderBits  = 8  // two bits: the dayOrder that was taken
	offsetBits = 16 // eight bits, signed: quarters of an hour that were added to the local stamp
)

// has says that a time rests on a guess.
func has(guessed uint32, g Guess) bool { return guessed&(1<<g) != 0 }

// TakenOffset is what was added to the local stamp of an event whose time rests on [GuessOffset].
func TakenOffset(guessed uint32) time.Duration {
	return time.Duration(int8(guessed>>offsetBits)) * 15 * time.Minute
}

// TakenOrder says in which order the date of an event was read whose time rests on [GuessOrder].
func TakenOrder(guessed uint32) string {
	switch dayOrder(guessed >> orderBits & 3) {
	case monthFirst:
		return "month, day, year"
	case dayFirst:
		return "day, month, year"
	}
	return "year, month, day"
}

// zoneGuess is what a stamp without a zone rests on.
func (o Options) zoneGuess() uint32 {
	if o.named {
		return 0
	}
	if o.found {
		_, east := time.Time{}.In(o.Zone).Zone()
		return offsetGuess(-time.Duration(east) * time.Second)
	}
	return 1 << GuessZone
}

// inUTC are the options for stamps that their format says are UTC.
func (o Options) inUTC() Options {
	o.Zone, o.named = nil, true
	return o
}

func offsetGuess(by time.Duration) uint32 {
	return 1<<GuessOffset | uint32(uint8(int8(by/(15*time.Minute))))<<offsetBits
}

// basisKept is how many of the times that were read last a basis knows: a record that takes several lines is only told of
// when the next has begun.
const basisKept = 4

// A basis remembers of the times that a decoder read last what they rest on. All parts of one decoder share it.
type basis struct {
	at      [basisKept]int64 // Unix nanoseconds
	on      [basisKept]uint32
	next    uint8
	any     bool
	waiting uint32 // guesses about the stamp that is being read
}

// wait notes a guess about the stamp that is being read.
func (b *basis) wait(on uint32) {
	if b != nil {
		b.waiting |= on
	}
}

// begin forgets what a stamp that was none had to be guessed for.
func (b *basis) begin() {
	if b != nil {
		b.waiting = 0
	}
}

// rest notes what a time rests on, with the guesses that wait for it.
func (b *basis) rest(t time.Time, on uint32) time.Time {
	if b == nil {
		return t
	}
	on |= b.waiting
	b.waiting = 0
	if on == 0 && !b.any {
		return t
	}
	at := t.UnixNano()
	for i := range b.at {
		if b.at[i] == at {
			b.on[i] = on
			return t
		}
	}
	if on != 0 {
		b.at[b.next], b.on[b.next] = at, on
		b.next = (b.next + 1) % basisKept
		b.any = true
	}
	return t
}

// of returns what a time that was read lately rests on.
func (b *basis) of(t time.Time) uint32 {
	if b == nil || !b.any || t.IsZero() {
		return 0
	}
	at := t.UnixNano()
	for i := range b.at {
		if b.at[i] == at {
			return b.on[i]
		}
	}
	return 0
}

// moved notes that a time was moved, and what besides it rests on now; guesses in less no longer count.
func (b *basis) moved(from, to time.Time, less, more uint32) time.Time {
	if b == nil {
		return to
	}
	return b.rest(to, b.of(from)&^less|more)
}

// honest returns a format whose events say what their times rest on.
func honest(f Format) Format {
	open := f.New
	f.New = func(o Options) Decoder {
		if o.basis != nil { // a part of a decoder that says it
			return open(o)
		}
		o.basis = &basis{}
		h := &guessing{basis: o.basis, Decoder: open(o)}
		h.tell = h.told
		return h
	}
	return f
}

// Behind returns a format for a stream whose stamps without a zone are to be read as local time that is so far behind UTC,
// because something else than its records tells so: their times rest on [GuessOffset].
func Behind(f Format, by time.Duration) Format {
	open := f.New
	f.New = func(o Options) Decoder {
		o.Zone, o.found = time.FixedZone("", -int(by/time.Second)), true
		return open(o)
	}
	return f
}

// A guessing decoder tells of each event what its time rests on.
type guessing struct {
	Decoder
	basis *basis
	emit  func(*tocsin.Event)
	tell  func(*tocsin.Event)
}

func (g *guessing) told(ev *tocsin.Event) {
	if ev.Guessed == 0 {
		at := ev.Time
		if at.IsZero() {
			at = ev.Sensor
		}
		ev.Guessed = g.basis.of(at)
	}
	g.emit(ev)
	ev.Guessed = 0 // decoders use their events again
}

func (g *guessing) Decode(r *tocsin.Record, emit func(*tocsin.Event)) {
	g.emit = emit
	g.Decoder.Decode(r, g.tell)
}

func (g *guessing) Flush(emit func(*tocsin.Event)) {
	g.emit = emit
	g.Decoder.Flush(g.tell)
}
