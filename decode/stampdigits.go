package decode

import (
	"bytes"
	"time"
)

// digits reads the stamps that begin with a digit.
func (c *clock) digits(b []byte, ref time.Time) (time.Time, int, stampForm) {
	n := digitsAt(b)
	if n >= len(b) {
		return time.Time{}, 0, noStamp
	}
	sep := b[n]
	switch {
	case n == 4 && (sep == '-' || sep == '/' || sep == '.' || sep == ':'): // 2006-01-02, 2006/1/2, 2006.01.02, 2006:01:02
		return c.yearLed(b, sep)
	case n == 4 && sep == ' ': // 2006 Jan  2 15:04:05
		mon, e := monthAt(b[5:])
		if e += 6; mon == 0 || e+2 >= len(b) || b[e-1] != ' ' {
			return time.Time{}, 0, noStamp
		}
		day := num2(b, e, true)
		if day < 0 {
			day, e = int(b[e]-'0'), e-1
		}
		if year := num4(b, 0); b[e+2] == ' ' && year >= 1970 && year < 2100 {
			return c.whole(b, year, mon, day, dayTime(b, e+3), bsdStamp)
		}
	case n == 8 && (sep == '-' || sep == ' ' || sep == 'T' || sep == '_'): // 20060102-15:04:05, 20060102T150405
		year, mon, day := num4(b, 0), time.Month(num2(b, 4, false)), num2(b, 6, false)
		t := dayTime(b, 9)
		if digitsAt(b[9:]) == 6 {
			t = packedTime(b, 9)
		}
		if year >= 1970 && year < 2100 {
			return c.whole(b, year, mon, day, t, otherStamp)
		}
	case n == 6 && sep == ' ': // 060102 15:04:05, MySQL's
		return c.whole(b, 2000+num2(b, 0, false), time.Month(num2(b, 2, false)), num2(b, 4, false), dayTime(b, 7), otherStamp)
	case n >= 1 && n <= 2 && n+9 < len(b) && sep >= 'A' && sep <= 'Z': // 4Mar2026  5:06:07, Check Point's
		mon, year, day := month(b[n:]), num4(b, n+3), int(number(text(b[:n])))
		e := n + 7
		if mon == 0 || year < 1970 || year > 2099 || b[e] != ' ' && b[e] != 'T' {
			return time.Time{}, 0, noStamp
		}
		if e++; b[e] == ' ' {
			e++
		}
		return c.whole(b, year, mon, day, dayTime(b, e), otherStamp)
	case n <= 2 && sep == '/' || n <= 2 && (sep == '-' || sep == '.') || n <= 2 && sep == ' ':
		return c.dayLed(b, n, ref)
	case n == 2 && sep == ':':
		return c.dateless(b, 0, ref)
	case n == 14: // 20060102150405
		if t, ok := c.packed(b); ok {
			return t, n, otherStamp
		}
	case n >= 10 && n <= 13 && (sep == '.' || sep == ' ' || sep == ']' || sep == ':' || sep == '|' || sep == '\t'): // Unix time
		e := n
		if sep == '.' {
			for e++; e < len(b) && b[e] >= '0' && b[e] <= '9'; {
				e++
			}
		}
		if t, ok := unixTime(text(b[:e])); ok && (ref.Year() < 2000 || t.Before(ref.Add(48*time.Hour))) {
			return t, e, otherStamp
		}
	}
	return time.Time{}, 0, noStamp
}

// packedTime reads hhmmss at b[i].
func packedTime(b []byte, i int) timeOfDay {
	h, m, s := num2(b, i, false), num2(b, i+2, false), num2(b, i+4, false)
	if h < 0 || h > 23 || m < 0 || m > 59 || s < 0 || s > 60 {
		return timeOfDay{sec: -1}
	}
	return timeOfDay{sec: h*3600 + m*60 + s, end: i + 6}
}

// packed reads a stamp of fourteen digits: 20060102150405.
func (c *clock) packed(b []byte) (time.Time, bool) {
	if len(b) < 14 {
		return time.Time{}, false
	}
	year, mon, day, t := num4(b, 0), num2(b, 4, false), num2(b, 6, false), packedTime(b, 8)
	if year < 1970 || year > 2099 || mon < 1 || mon > 12 || day < 1 || day > daysIn(time.Month(mon), year) || t.sec < 0 {
		return time.Time{}, false
	}
	return c.at(year, time.Month(mon), day, t), true
}

// yearLed reads a stamp whose date begins with the year in four digits: 2006-01-02T15:04:05, 2006/1/2:15:04:05,
// 2006-01-02,15:04:05.
func (c *clock) yearLed(b []byte, sep byte) (time.Time, int, stampForm) {
	none := func() (time.Time, int, stampForm) { return time.Time{}, 0, noStamp }
	year, mon, day, e := yearLedDate(b, sep)
	if e == 0 || e+5 > len(b) {
		return none()
	}
	f := otherStamp
	switch b[e] {
	case 'T', 't':
		f = isoStamp
	case ' ', '-', '_', ':', ',', ';', '|', '\t':
		if b[e] == ' ' && e+3 < len(b) && b[e+1] == '-' && b[e+2] == ' ' { // "2006/01/02 - 15:04:05"
			e += 2
		}
		if (b[e] == ',' || b[e] == ';') && b[e+1] == ' ' || b[e] == ' ' && b[e+1] == ' ' {
			e++
		}
	default:
		return none()
	}
	t := dayTime(b, e+1)
	if t.sec < 0 && f == isoStamp { // 2006-01-02T15:04Z
		if h, m := num2(b, e+1, false), num2(b, e+4, false); h >= 0 && h < 24 && m >= 0 && m < 60 && b[e+3] == ':' {
			t = timeOfDay{sec: h*3600 + m*60, end: e + 6}
			if _, z := zoneAt(b, t.end); z == t.end {
				return none()
			}
		}
	}
	if b[e] == ',' && t.nsec > 0 && b[e+9] == ',' { // columns
		t.nsec, t.end = 0, e+9
	}
	return c.whole(b, year, time.Month(mon), day, halfDay(b, t), f)
}

// yearLedDate reads yyyy, the separator, one or two digits of the month, the separator, one or two of the day, and says
// where it ends; 0 where there is none.
func yearLedDate(b []byte, sep byte) (year, mon, day, end int) {
	if len(b) < 8 {
		return 0, 0, 0, 0
	}
	year = num4(b, 0)
	i := 5
	mon, day = num2(b, i, false), -1
	if mon < 0 {
		mon, i = int(b[i]-'0'), i-1
	}
	if i += 2; i+1 >= len(b) || b[i] != sep {
		return 0, 0, 0, 0
	}
	i++
	if day = num2(b, i, false); day < 0 {
		day, i = int(b[i]-'0'), i-1
	}
	if i += 2; year < 1970 || year > 2099 || mon < 1 || mon > 12 || day < 1 || day > 31 {
		return 0, 0, 0, 0
	}
	return year, mon, day, i
}

// dayLed reads 02/Jan/2006:15:04:05, 02-Jan-2006 15:04:05, 2. Jan. 2006, 15:04:05, and the numeric ways, in the order that
// the log has. n is the number of digits at the start.
func (c *clock) dayLed(b []byte, n int, ref time.Time) (time.Time, int, stampForm) {
	first := int(b[0] - '0')
	if n == 2 {
		first = num2(b, 0, false)
	}
	sep := b[n]
	i := n + 1
	if sep == '.' && i < len(b) && b[i] == ' ' {
		i++
	}
	if mon, e := monthAt(b[i:]); mon != 0 {
		e += i
		if e+7 > len(b) || b[e] != sep && b[e] != ' ' {
			return time.Time{}, 0, noStamp
		}
		e++
		y := num4(b, e)
		switch {
		case y >= 1970:
			e += 4
		case num2(b, e, false) >= 0 && (b[e+2] == ' ' || b[e+2] == ','): // 18-FEB-26
			y, e = 2000+num2(b, e, false), e+2
		default:
			t := dayTime(b, e) // 18 Feb 15:04:05.250: the year may stand behind, with the zone
			if t.sec < 0 || b[e-1] != ' ' {
				return time.Time{}, 0, noStamp
			}
			z, end := zoneAt(b, t.end)
			if end < len(b) && b[end] == ' ' && end > t.end {
				if y := num4(b, end+1); y >= 1970 && y < 2100 {
					return c.offset(y, mon, first, t, z), end + 5, otherStamp
				}
			}
			return c.whole(b, c.yearOf(ref, mon, first, t.sec), mon, first, t, otherStamp)
		}
		return c.dated(b, y, mon, first, e)
	}
	if sep == ' ' {
		return time.Time{}, 0, noStamp
	}
	if d, s, ok := numericDateAt(b); ok && s == sep {
		t, e, f := c.dated(b, 2000, 1, 1, d.end)
		if f == noStamp {
			return t, e, f
		}
		y, mon, day, ok := d.in(c.opt.order.of(sep))
		if !ok {
			c.against = true
			return time.Time{}, e, f
		}
		c.opt.basis.wait(d.guess(c.opt.order.of(sep)))
		return c.dated(b, y, mon, day, d.end)
	}
	second := num2(b, i, false)
	if j := i + 2; sep == '-' && second > 0 && j < len(b) && b[j] == ' ' { // 08-03 07:56:53.250, no year
		t := dayTime(b, j+1)
		if t.sec < 0 || t.nsec == 0 || first < 1 || first > 12 || second > 31 {
			return time.Time{}, 0, noStamp
		}
		return c.at(c.yearOf(ref, time.Month(first), second, t.sec), time.Month(first), second, t), t.end, otherStamp
	}
	return time.Time{}, 0, noStamp
}

// dated reads the time of day behind a date that ends at b[e].
func (c *clock) dated(b []byte, y int, mon time.Month, day, e int) (time.Time, int, stampForm) {
	if e < len(b) && b[e] == ',' {
		e++
	}
	if e+2 < len(b) && b[e] == ' ' && b[e+1] == '-' { // "01/02/2006 - 15:04:05"
		e += 2
	}
	for _, at := range [...]string{" à ", " um ", " at "} { // "2. janv. 2006 à 15:04:05"
		if e < len(b) && bytes.HasPrefix(b[e:], []byte(at)) {
			e += len(at) - 1
			break
		}
	}
	if e+1 >= len(b) || bytes.IndexByte([]byte(" :-T,;|\t"), b[e]) < 0 {
		return time.Time{}, 0, noStamp
	}
	if b[e] == ' ' && b[e+1] == ' ' {
		e++
	}
	return c.whole(b, y, mon, day, halfDay(b, dayTime(b, e+1)), otherStamp)
}
