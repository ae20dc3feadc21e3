package engine

import (
	"fmt"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/decode"
)

// guesses count the events of a file whose times rest on what their records do not say, by kind.
type guesses [decode.Guesses]struct {
	n           int64
	line        int64 // of the first of them, in order of the file
	first, last time.Time
	taken       uint32 // Event.Guessed of the first
	more        bool   // of others something else was taken
}

// add counts an event.
func (g *guesses) add(ev *tocsin.Event) {
	if ev.Guessed == 0 || ev.Time.IsZero() {
		return
	}
	line, _ := ev.Place().Line()
	for kind := range g {
		if ev.Guessed&(1<<kind) == 0 {
			continue
		}
		g.count(kind, 1, int64(line), ev.Time, ev.Time, ev.Guessed, false)
	}
}

func (g *guesses) count(kind int, n, line int64, first, last time.Time, taken uint32, more bool) {
	c := &g[kind]
	switch {
	case c.n == 0:
		c.line, c.first, c.last, c.taken = line, first, last, taken
	default:
		switch decode.Guess(kind) {
		case decode.GuessOffset:
			more = more || decode.TakenOffset(taken) != decode.TakenOffset(c.taken)
		case decode.GuessOrder:
			more = more || decode.TakenOrder(taken) != decode.TakenOrder(c.taken)
		}
		if line < c.line {
			c.line, c.taken = line, taken
		}
		if first.Before(c.first) {
			c.first = first
		}
		if last.After(c.last) {
			c.last = last
		}
	}
	c.n, c.more = c.n+n, c.more || more
}

func (g *guesses) join(next *guesses) {
	for kind := range next {
		if c := &next[kind]; c.n > 0 {
			g.count(kind, c.n, c.line, c.first, c.last, c.taken, c.more)
		}
	}
}

// away says how far a local clock is from UTC, by what has to be added to it.
func away(add time.Duration) string {
	sign, d := "+", -add
	if d < 0 {
		sign, d = "-", -d
	}
	return fmt.Sprintf("UTC%s%02d:%02d", sign, int(d.Hours()), int(d.Minutes())%60)
}

// guessKinds names each kind of guess, for programs.
var guessKinds = [decode.Guesses]string{
	decode.GuessYear: "year", decode.GuessZone: "zone", decode.GuessDate: "date", decode.GuessStamp: "stamp", decode.GuessOffset: "offset", decode.GuessOrder: "order",
}

// of says what the times of a file's events were guessed to be, and why.
func (g *guesses) of(f *file, opt decode.Options) (all []tocsin.Guess) {
	written := "the time of the file is not known"
	if !f.ref.IsZero() {
		written = "the file was last written on " + f.ref.UTC().Format(time.DateOnly)
	}
	kept := f.format == decode.StoredName // what was known when it was read first is not known any more
	if kept {
		written, opt = "the archive keeps times and not what they rest on", decode.Options{}
	}
	for kind, c := range g {
		if c.n == 0 {
			continue
		}
		x := tocsin.Guess{Path: f.path, Kind: guessKinds[kind], N: c.n, Of: f.all.events, Line: c.line}
		switch decode.Guess(kind) {
		case decode.GuessYear:
			if x.Taken, x.Why = years(c.first, c.last), written; opt.Year != 0 {
				x.Why = "--year says so"
			}
		case decode.GuessZone:
			x.Taken, x.Why = "UTC", "nothing says which it is (--zone would)"
			if opt.Zone != nil && opt.Zone != time.UTC {
				x.Taken, x.Why = opt.Zone.String(), "--zone says so"
			}
		case decode.GuessDate:
			x.Taken, x.Why = days(c.first, c.last), written
		case decode.GuessStamp:
			x.Taken, x.Why = "that of their result or of what was before them", "they bear no stamp"
		case decode.GuessOffset:
			x.Taken, x.Why = away(decode.TakenOffset(c.taken)), "a second stamp in the records says so"
			if f.zoneBy != "" {
				x.Why = f.zoneBy
			}
		case decode.GuessOrder:
			x.Taken, x.Why = decode.TakenOrder(c.taken), "the beginning of the file is read best so"
		}
		if kept {
			x.Why = written
			if decode.Guess(kind) == decode.GuessZone {
				x.Taken = "that of when it was read first"
			}
		}
		if c.more {
			x.Taken += " and others"
		}
		all = append(all, x)
	}
	return all
}

func years(first, last time.Time) string {
	if first.Year() == last.Year() {
		return fmt.Sprint(first.Year())
	}
	return fmt.Sprintf("%d to %d", first.Year(), last.Year())
}

func days(first, last time.Time) string {
	a, b := first.Format(time.DateOnly), last.Format(time.DateOnly)
	if a == b {
		return a
	}
	return a + " to " + b
}
