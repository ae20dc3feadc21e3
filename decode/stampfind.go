package decode

import (
	"time"
)

// buriedStamp finds the stamp in the beginning of a line that does not begin with one: the first whole date and time, or
// a date and a time of day that stand near one another, or, where the line has no date, a time of day. Numbers that could
// be Unix time are none here: a number in a sentence is an order, a session or a ticket.
func buriedStamp(c *clock, b []byte, ref time.Time) (time.Time, bool) {
	hour := -1
	for i := 1; i < len(b) && i < maxLead; i++ {
		if !startsWord(b, i) {
			continue
		}
		n := digitsAt(b[i:])
		if n == 2 && i+2 < len(b) && b[i+2] == ':' {
			if hour < 0 && dayTime(b, i).sec >= 0 {
				hour = i
			}
			continue
		}
		if n >= 9 && n != 14 {
			continue
		}
		if t, n, f := c.stamp(b[i:], ref); f != noStamp && n > 9 {
			return t, true
		}
	}
	if hour < 0 {
		return time.Time{}, false
	}
	if at, n, f := c.dateless(b, hour, ref); f != noStamp && (n > 9 || f == isoStamp) {
		return at, true
	}
	return time.Time{}, false
}

// startsWord says that a stamp may begin at b[i]: a digit or capital behind what is no part of a word or number.
func startsWord(b []byte, i int) bool {
	if c := b[i]; !(c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c == '@') {
		return false
	}
	switch p := b[i-1]; {
	case p >= '0' && p <= '9', p >= 'a' && p <= 'z', p >= 'A' && p <= 'Z', p == '.', p == '_', p == '-', p == '+', p >= 0x80:
		return false
	case p == ':' && i > 1 && b[i-2] >= '0' && b[i-2] <= '9', p == '/' && i > 1 && b[i-2] >= '0' && b[i-2] <= '9':
		return false
	}
	return true
}

// nearDate is how far apart a date and a time of day may stand to be one stamp; further apart, they are two things.
const nearDate = 48

// dateless reads the time of day at b[i], which stands beside no date: with the date that stands near it, or that of the
// file where the line's beginning has none. It returns how many bytes the time of day takes; the form is isoStamp where
// the line has the date.
func (c *clock) dateless(b []byte, i int, ref time.Time) (time.Time, int, stampForm) {
	none := func() (time.Time, int, stampForm) { return time.Time{}, 0, noStamp }
	t := dayTime(b, i)
	if t.sec < 0 || c.whenless || t.nsec == 0 && (t.end >= len(b) || b[t.end] != ' ') {
		return none()
	}
	if y, mon, day, from, to := c.dateIn(b[:min(len(b), t.end+2*nearDate)]); to > 0 {
		if y == 0 || from > t.end+nearDate || to+nearDate < i {
			return none()
		}
		at, end, f := c.whole(b, y, mon, day, t, isoStamp)
		return at, end - i, f
	}
	at := c.at(1970, 1, 1, t)
	if !ref.IsZero() {
		r := ref.In(c.opt.zone())
		at = c.at(r.Year(), r.Month(), r.Day(), t)
		if at.After(ref.Add(time.Minute)) {
			at = c.opt.basis.moved(at, at.AddDate(0, 0, -1), 0, 0)
		}
	}
	return c.opt.basis.moved(at, at, 0, 1<<GuessDate), t.end - i, otherStamp
}

// dateIn finds a date in b and where it stands; year is 0 where it is in an order that the log does not have.
func (c *clock) dateIn(b []byte) (year int, mon time.Month, day, from, to int) {
	for i := 0; i+8 <= len(b); i++ {
		if b[i] < '0' || b[i] > '9' || i > 0 && !startsWord(b, i) {
			continue
		}
		n := digitsAt(b[i:])
		if n == 4 && (b[i+4] == '-' || b[i+4] == '/' || b[i+4] == '.') {
			if y, m, d, e := yearLedDate(b[i:], b[i+4]); e > 0 && (i+e == len(b) || b[i+e] < '0' || b[i+e] > '9') {
				return y, time.Month(m), d, i, i + e
			}
		}
		if d, sep, ok := numericDateAt(b[i:]); ok && d.long {
			y, m, day, ok := d.in(c.opt.order.of(sep))
			if !ok {
				y = 0
			}
			return y, m, day, i, i + d.end
		}
		i += n
	}
	return 0, 0, 0, 0, 0
}
