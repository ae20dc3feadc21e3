package decode

import (
	"bytes"
	"errors"
	"time"
)

// A dayOrder is the order in which a log writes the numbers of a date whose year does not stand first with four digits.
type dayOrder uint8

const (
	unsettled  dayOrder = iota // as the separator has it mostly: with slashes the month first, else the day
	monthFirst                 // 02/18/2026, 02/18/26
	dayFirst                   // 18/02/2026, 18.02.26
	yearFirst                  // 26/02/18
)

// dayOrders is the order for each separator of a date: slash, dash, full stop.
type dayOrders [3]dayOrder

func separator(c byte) int {
	switch c {
	case '/':
		return 0
	case '-':
		return 1
	}
	return 2
}

// of returns the order in which dates with a separator are to be read.
func (o dayOrders) of(sep byte) dayOrder {
	if d := o[separator(sep)]; d != unsettled {
		return d
	}
	if sep == '/' {
		return monthFirst
	}
	return dayFirst
}

var errOrder = errors.New("the date cannot be read in the order of day, month and year that the beginning of the file has")

// A numericDate is a date of three numbers as written.
type numericDate struct {
	n    [3]int
	long bool // the third has four digits
	end  int
}

// numericDateAt reads one at the start of b: one or two digits, the separator, one or two digits, the separator, two or
// four digits.
func numericDateAt(b []byte) (d numericDate, sep byte, ok bool) {
	i := 0
	for part := range 3 {
		from := i
		for i < len(b) && i-from < 5 && b[i] >= '0' && b[i] <= '9' {
			d.n[part] = d.n[part]*10 + int(b[i]-'0')
			i++
		}
		digits := i - from
		switch {
		case digits == 0, part < 2 && digits > 2, part == 2 && digits != 2 && digits != 4:
			return d, 0, false
		case part == 2:
			d.long, d.end = digits == 4, i
			return d, sep, true
		case i >= len(b), part == 1 && b[i] != sep, b[i] != '/' && b[i] != '-' && b[i] != '.':
			return d, 0, false
		}
		sep = b[i]
		i++
	}
	return d, 0, false
}

// in reads the date in an order; ok is false where it is none in that order.
func (d numericDate) in(o dayOrder) (year int, mon time.Month, day int, ok bool) {
	var m int
	switch o {
	case monthFirst:
		m, day, year = d.n[0], d.n[1], d.n[2]
	case dayFirst:
		day, m, year = d.n[0], d.n[1], d.n[2]
	default:
		if d.long {
			return 0, 0, 0, false
		}
		year, m, day = d.n[0], d.n[1], d.n[2]
	}
	if !d.long || o == yearFirst {
		year += 2000
	}
	if m < 1 || m > 12 || day < 1 || day > daysIn(time.Month(m), year) || year < 1970 || year > 2099 {
		return 0, 0, 0, false
	}
	return year, time.Month(m), day, true
}

// guess is what a time rests on whose date is read in an order: nothing where no other would make it a date.
func (d numericDate) guess(o dayOrder) uint32 {
	for other := monthFirst; other <= yearFirst; other++ {
		if _, _, _, ok := d.in(other); ok && other != o {
			return 1<<GuessOrder | uint32(o)<<orderBits
		}
	}
	return 0
}

func daysIn(m time.Month, year int) int {
	return time.Date(year, m+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// maxDates is how many dates of a log's beginning are looked at.
const maxDates = 4096

// settle decides, by the first bytes of a log, in which order its numeric dates are written: the only order in which all
// of them are dates, or, of several, the one in which they lie closest together, for a beginning is written within days; of
// none, that of the first date that has but one. Where that does not decide, what stands around the dates does. Dates are looked for where a line or a quoted value
// begins, so that what somebody puts into a message has no say.
func settle(head []byte) dayOrders {
	var out dayOrders
	if i := bytes.LastIndexByte(head, '\n'); i > 0 && len(head) >= 64<<10 {
		head = head[:i+1] // the last line may be cut off
	}
	var seen [3]struct {
		can         [4]bool
		decided     dayOrder // by the first date that can be one in one order only
		first, last [4]time.Time
		n, short    int
		half, level bool // AM or PM, or a level behind it
		proxmox     bool
	}
	for i := range seen {
		seen[i].can = [4]bool{false, true, true, true}
	}
	start := 0 // of the line
	quote := false
	all := 0
	for i := 0; i+8 < len(head) && all < maxDates; i++ {
		c := head[i]
		if c == '\n' {
			start, quote = i+1, false
			continue
		}
		if c == '"' {
			quote = true
			continue
		}
		if c < '0' || c > '9' || i-start > maxLead && !quote {
			quote = false
			continue
		}
		begins := quote || i == start || !wordByte(head[i-1]|0x20) && head[i-1] != '.' && head[i-1] != '-' && head[i-1] != '/' && head[i-1] != ':'
		if !begins {
			continue
		}
		quote = false
		d, sep, ok := numericDateAt(head[i:])
		if !ok {
			continue
		}
		rest := head[i+d.end:]
		if len(rest) == 0 || rest[0] == sep || rest[0] >= '0' && rest[0] <= '9' || rest[0] == '.' {
			continue
		}
		k := spacesAnd(rest, " T:,;\t\"")
		t := dayTime(rest, k)
		if k == 0 || k > 4 || t.sec < 0 {
			continue
		}
		all++
		s := &seen[separator(sep)]
		s.n++
		if !d.long {
			s.short++
		}
		after := rest[t.end:]
		s.half = s.half || halfDay(rest, t).end > t.end
		w, _ := cutWord(after[spaces(after):min(len(after), 24)])
		s.level = s.level || len(w) > 2 && isLevel(bytes.TrimRight(w, "\n\r"))
		s.proxmox = s.proxmox || rest[0] == ':' && bytes.Contains(after[:min(len(after), 64)], []byte("/api2/"))
		orders, only := 0, unsettled
		for o := monthFirst; o <= yearFirst; o++ {
			y, m, day, ok := d.in(o)
			if !ok {
				s.can[o] = false
				continue
			}
			orders, only = orders+1, o
			at := time.Date(y, m, day, 0, 0, 0, 0, time.UTC)
			if s.first[o].IsZero() || at.Before(s.first[o]) {
				s.first[o] = at
			}
			if at.After(s.last[o]) {
				s.last[o] = at
			}
		}
		if orders == 1 && s.decided == unsettled {
			s.decided = only
		}
		i += d.end - 1
	}
	for sep := range seen {
		s := &seen[sep]
		if s.n == 0 {
			continue
		}
		best, most := s.decided, time.Duration(-1)
		tie := false
		for o := monthFirst; o <= yearFirst; o++ {
			if !s.can[o] {
				continue
			}
			span := s.last[o].Sub(s.first[o])
			switch {
			case most < 0 || span < most:
				best, most, tie = o, span, false
			case span == most:
				tie = true
			}
		}
		if tie {
			fits := func(o dayOrder) bool { return s.can[o] && s.last[o].Sub(s.first[o]) == most }
			switch {
			case s.half && fits(monthFirst):
				best = monthFirst
			case s.proxmox && fits(dayFirst):
				best = dayFirst
			case s.level && s.short == s.n && fits(yearFirst): // log4j's yy/MM/dd
				best = yearFirst
			case fits(dayOrders{}.of("/-."[sep])):
				best = unsettled
			}
		}
		if best != (dayOrders{}).of("/-."[sep]) {
			out[sep] = best
		}
	}
	return out
}

func spacesAnd(b []byte, set string) int {
	n := 0
	for n < len(b) && bytes.IndexByte([]byte(set), b[n]) >= 0 {
		n++
	}
	return n
}

// settled returns the format of a stream as its first bytes show it to be written. Where its dates are not in the usual
// order, or its local times have a zone that each record does not tell, that is the stream's own, and so is its decoder.
func settled(f Format, head []byte, more func() []byte) Format {
	if f.Cut != Lines && f.Cut != Values && f.Cut != Ordered && f.Cut != Bytes {
		return f
	}
	order := settle(head)
	var local localTime
	if f.Cut == Values {
		local = settleZone(head, more)
	}
	if order == (dayOrders{}) && !local.known {
		return f
	}
	open := f.New
	f.New = func(o Options) Decoder {
		o.order = order
		if !o.saysZone() { // the user's word counts
			o.local = local
		}
		return open(o)
	}
	switch f.Cut {
	case Lines:
		f.Cut = Ordered
	case Values:
		f.Cut = OrderedValues
	}
	return f
}
