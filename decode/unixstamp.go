package decode

import (
	"bytes"
	"time"
)

// A clock reads the stamps that begin lines of text. It keeps the last date it met, for lines come in order.
type clock struct {
	opt   Options
	cache stampCache
}

// A stampForm is the way a stamp is written: it decides what kind of line may follow.
type stampForm uint8

const (
	noStamp    stampForm = iota
	bsdStamp             // Jan  2 15:04:05, with or without a year: syslog's own
	isoStamp             // 2006-01-02T15:04:05, the T written
	otherStamp           // any other way of writing date and time
)

// lead reads the stamp that b begins with, possibly in square brackets, and says how many bytes it takes, with the
// white space after it. The time is UTC.
func (c *clock) lead(b []byte, ref time.Time) (time.Time, int, stampForm) {
	if len(b) < 8 {
		return time.Time{}, 0, noStamp
	}
	if b[0] != '[' {
		return c.bare(b, ref)
	}
	t, n, f := c.bare(b[1:], ref)
	if f == noStamp {
		return t, 0, f
	}
	end := 1 + n
	for end > 1 && b[end-1] == ' ' {
		end--
	}
	if end < len(b) && b[end] == ']' {
		return t, end + 1 + spaces(b[end+1:]), f
	}
	if end < 1+n { // "[2023/02/21 08:05:56 INFO main.go:12] …": the rest of the bracket belongs to the line
		return t, 1 + n, f
	}
	return time.Time{}, 0, noStamp
}

func spaces(b []byte) int {
	n := 0
	for n < len(b) && (b[n] == ' ' || b[n] == '\t') {
		n++
	}
	return n
}

// bare reads a stamp that stands in no brackets.
func (c *clock) bare(b []byte, ref time.Time) (time.Time, int, stampForm) {
	t, n, f := c.stamp(b, ref)
	if f == noStamp {
		return t, 0, f
	}
	if n < len(b) && b[n] == ':' && (n+1 == len(b) || b[n+1] == ' ') {
		n++
	}
	return t, n + spaces(b[n:]), f
}

// stamp reads the stamp at the start of b and says where it ends.
func (c *clock) stamp(b []byte, ref time.Time) (time.Time, int, stampForm) {
	if len(b) < 8 {
		return time.Time{}, 0, noStamp
	}
	switch ch := b[0]; {
	case ch >= '0' && ch <= '9':
		return c.digits(b, ref)
	case ch >= 'A' && ch <= 'Z', ch >= 'a' && ch <= 'z':
		return c.letters(b, ref)
	case ch == '@':
		t, n := tai64n(b)
		if n > 0 {
			return t, n, otherStamp
		}
	}
	return time.Time{}, 0, noStamp
}

// num2 reads two digits, the first of which may be a space when pad is set; -1 where there are none.
func num2(b []byte, i int, pad bool) int {
	if i+2 > len(b) {
		return -1
	}
	hi, lo := b[i], b[i+1]
	if pad && hi == ' ' {
		hi = '0'
	}
	if hi < '0' || hi > '9' || lo < '0' || lo > '9' {
		return -1
	}
	return int(hi-'0')*10 + int(lo-'0')
}

func num4(b []byte, i int) int {
	hi, lo := num2(b, i, false), num2(b, i+2, false)
	if hi < 0 || lo < 0 {
		return -1
	}
	return hi*100 + lo
}

// A timeOfDay is what a clock on the wall says; sec is -1 where it could not be read.
type timeOfDay struct {
	sec  int // of the day; up to 86,400 for a leap second
	nsec int
	end  int // where it ends
}

// dayTime reads hh:mm:ss at b[i] (h:mm:ss and a space-padded hour too), with a fraction after a dot or comma.
func dayTime(b []byte, i int) timeOfDay {
	bad := timeOfDay{sec: -1}
	h := num2(b, i, true)
	if h < 0 && i+1 < len(b) && b[i] >= '0' && b[i] <= '9' && b[i+1] == ':' {
		h = int(b[i] - '0')
		i--
	}
	if h < 0 || h > 24 || i+8 > len(b) || b[i+2] != ':' || b[i+5] != ':' {
		return bad
	}
	m, s := num2(b, i+3, false), num2(b, i+6, false)
	if m < 0 || m > 59 || s < 0 || s > 60 {
		return bad
	}
	t := timeOfDay{sec: h*3600 + m*60 + s, end: i + 8}
	if t.end+1 < len(b) && (b[t.end] == '.' || b[t.end] == ',') && b[t.end+1] >= '0' && b[t.end+1] <= '9' {
		scale := 100_000_000
		j := t.end + 1
		for ; j < len(b) && b[j] >= '0' && b[j] <= '9'; j++ {
			t.nsec += int(b[j]-'0') * scale
			scale /= 10
		}
		t.end = j
	}
	return t
}

// at gives the moment of a date and a time of day in the zone of stamps that name none.
func (c *clock) at(year int, mon time.Month, day int, t timeOfDay) time.Time {
	loc := c.opt.zone()
	if loc != time.UTC {
		return time.Date(year, mon, day, 0, 0, t.sec, t.nsec, loc).UTC()
	}
	var key [16]byte
	key[0], key[1], key[2], key[3] = byte(year>>8), byte(year), byte(mon), byte(day)
	if c.cache.n != 4 || c.cache.key != key {
		c.cache = stampCache{key: key, n: 4, zone: loc, day: time.Date(year, mon, day, 0, 0, 0, 0, loc).Unix()}
	}
	return time.Unix(c.cache.day+int64(t.sec), int64(t.nsec)).UTC()
}

// offset gives the moment of a date and time of day that stand east of Greenwich by some seconds.
func (c *clock) offset(year int, mon time.Month, day int, t timeOfDay, east int) time.Time {
	utc := clock{cache: c.cache}
	at := utc.at(year, mon, day, t).Add(-time.Duration(east) * time.Second)
	if c.opt.zone() == time.UTC {
		c.cache = utc.cache
	}
	return at
}

// zoneName knows the abbreviations that mean one thing, or one thing by far most often. East of Greenwich in minutes.
func zoneName(s []byte) (int, bool) {
	switch string(s) {
	case "Z", "z", "UTC", "GMT", "UCT", "WET":
		return 0, true
	case "BST", "WEST", "CET", "MEZ":
		return 60, true
	case "CEST", "EET", "MESZ":
		return 120, true
	case "EEST", "MSK":
		return 180, true
	case "JST", "KST":
		return 540, true
	case "AEST":
		return 600, true
	case "AEDT":
		return 660, true
	case "EST", "CDT":
		return -300, true
	case "EDT":
		return -240, true
	case "CST", "MDT":
		return -360, true
	case "MST", "PDT":
		return -420, true
	case "PST":
		return -480, true
	}
	return 0, false
}

// zoneAt reads a zone at b[i], after at most one space: Z, +02:00, +0200, +02, UTC. It returns seconds east and where it
// ends; end is i where there is no zone.
func zoneAt(b []byte, i int) (east, end int) {
	j := i
	if j < len(b) && b[j] == ' ' {
		j++
	}
	if j >= len(b) {
		return 0, i
	}
	switch ch := b[j]; {
	case ch == '+' || ch == '-':
		h := num2(b, j+1, false)
		if h < 0 || h > 15 {
			return 0, i
		}
		e := j + 3
		m := 0
		if e < len(b) && b[e] == ':' {
			if m = num2(b, e+1, false); m < 0 {
				return 0, i
			}
			e += 3
		} else if v := num2(b, e, false); v >= 0 {
			m, e = v, e+2
		}
		if e < len(b) && b[e] >= '0' && b[e] <= '9' {
			return 0, i
		}
		if ch == '-' {
			return -(h*3600 + m*60), e
		}
		return h*3600 + m*60, e
	case ch >= 'A' && ch <= 'Z' || ch == 'z':
		e := j
		for e < len(b) && e < j+5 && (b[e] >= 'A' && b[e] <= 'Z' || b[e] == 'z') {
			e++
		}
		if e < len(b) && b[e] != ' ' && b[e] != ']' && b[e] != ':' && b[e] != '|' && b[e] != '"' && b[e] != ',' {
			return 0, i
		}
		if min, ok := zoneName(b[j:e]); ok {
			return min * 60, e
		}
	}
	return 0, i
}

// whole completes date and time of day with the zone that may follow.
func (c *clock) whole(b []byte, year int, mon time.Month, day int, t timeOfDay, f stampForm) (time.Time, int, stampForm) {
	if t.sec < 0 || mon < 1 || mon > 12 || day < 1 || day > 31 {
		return time.Time{}, 0, noStamp
	}
	if east, end := zoneAt(b, t.end); end > t.end {
		return c.offset(year, mon, day, t, east), end, f
	}
	return c.at(year, mon, day, t), t.end, f
}

// yearOf completes a date without a year.
func (c *clock) yearOf(ref time.Time, mon time.Month, day, sec int) int {
	y := c.opt.year(ref, mon, day, sec/3600, sec/60%60, sec%60)
	if mon == time.February && day == 29 && c.opt.Year == 0 {
		for y%4 != 0 || y%100 == 0 && y%400 != 0 {
			y--
		}
	}
	return y
}

// letters reads the stamps that begin with the name of a month, a weekday or a zone.
func (c *clock) letters(b []byte, ref time.Time) (time.Time, int, stampForm) {
	mon := month(b)
	if mon == 0 {
		mon = monthAnyCase(b)
	}
	if mon == 0 {
		// Weekday or zone, then the month: "Mon Jan  2 15:04:05 2006", "Mon, 02 Jan 2006 15:04:05 GMT", "PDT Apr 16 21:05:29".
		n := 0
		for n < len(b) && n < 6 && b[n] >= 'A' && b[n] <= 'z' {
			n++
		}
		if n < 3 || n+1 >= len(b) {
			return time.Time{}, 0, noStamp
		}
		skip := n
		if b[skip] == ',' {
			skip++
		}
		skip += spaces(b[skip:])
		weekday := weekdayName(b[:3]) && (n == 3)
		east, isZone := zoneName(b[:n])
		if !weekday && !isZone {
			return time.Time{}, 0, noStamp
		}
		rest := b[skip:]
		var t time.Time
		var e int
		var f stampForm
		if month(rest) != 0 || weekday && len(rest) > 0 && rest[0] >= '0' && rest[0] <= '9' {
			t, e, f = c.stamp(rest, ref)
		}
		if f == noStamp {
			return time.Time{}, 0, noStamp
		}
		if isZone && !weekday {
			here := t.In(c.opt.zone())
			_, off := here.Zone()
			t = t.Add(time.Duration(off-east*60) * time.Second)
		}
		if f == bsdStamp {
			f = otherStamp
		}
		return t, skip + e, f
	}
	// Jan  2 15:04:05; Jan 2 2006 15:04:05; Jan 02, 2006 3:04:05 PM; Apr-07-13 07:08:36
	i := 3
	if i < len(b) && b[i] == '-' {
		day, yy := num2(b, 4, false), num2(b, 7, false)
		if day < 0 || yy < 0 || b[6] != '-' || len(b) < 10 {
			return time.Time{}, 0, noStamp
		}
		return c.whole(b, 2000+yy, mon, day, dayTime(b, 10), otherStamp)
	}
	if i >= len(b) || b[i] != ' ' {
		return time.Time{}, 0, noStamp
	}
	day := num2(b, 4, true)
	i = 6
	if day < 0 { // one digit without padding
		if b[4] < '1' || b[4] > '9' {
			return time.Time{}, 0, noStamp
		}
		day, i = int(b[4]-'0'), 5
	}
	f := bsdStamp
	if i < len(b) && b[i] == ',' {
		i++
		f = otherStamp
	}
	if i >= len(b) || b[i] != ' ' {
		return time.Time{}, 0, noStamp
	}
	i++
	if y := num4(b, i); y > 1900 && i+4 < len(b) && b[i+4] == ' ' {
		t := dayTime(b, i+5)
		t = halfDay(b, t)
		return c.whole(b, y, mon, day, t, f)
	}
	t := dayTime(b, i)
	if t.sec < 0 || day < 1 || day > 31 {
		return time.Time{}, 0, noStamp
	}
	if t.end < len(b) && b[t.end] == ' ' {
		// The year may stand at the end, with or without a zone before it: ctime's way.
		z, e := zoneAt(b, t.end)
		zoned := e > t.end
		if e+1 < len(b) && b[e] == ' ' {
			if y := num4(b, e+1); y >= 1970 && y < 2100 && (e+5 == len(b) || b[e+5] == ' ' || b[e+5] == ']' || b[e+5] == ':') {
				end := t
				end.end = e + 5
				if zoned {
					return c.offset(y, mon, day, t, z), end.end, f
				}
				return c.at(y, mon, day, t), end.end, f
			}
		}
		if zoned {
			return c.offset(c.yearOf(ref, mon, day, t.sec), mon, day, t, z), e, f
		}
	}
	return c.at(c.yearOf(ref, mon, day, t.sec), mon, day, t), t.end, f
}

func monthAnyCase(b []byte) time.Month {
	if len(b) < 4 || b[3] != ' ' && b[3] != '.' {
		return 0
	}
	return month([]byte{b[0] &^ 0x20, b[1] | 0x20, b[2] | 0x20})
}

func weekdayName(b []byte) bool {
	switch string(b) {
	case "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun":
		return true
	}
	return false
}

// halfDay applies AM or PM after a time of day.
func halfDay(b []byte, t timeOfDay) timeOfDay {
	if t.sec < 0 || t.end+3 > len(b) || b[t.end] != ' ' || b[t.end+2]|0x20 != 'm' {
		return t
	}
	switch b[t.end+1] | 0x20 {
	case 'a':
		if t.sec >= 12*3600 {
			t.sec -= 12 * 3600
		}
	case 'p':
		if t.sec < 12*3600 {
			t.sec += 12 * 3600
		}
	default:
		return t
	}
	t.end += 3
	return t
}

// digits reads the stamps that begin with a digit.
func (c *clock) digits(b []byte, ref time.Time) (time.Time, int, stampForm) {
	n := 1
	for n < len(b) && b[n] >= '0' && b[n] <= '9' {
		n++
	}
	if n >= len(b) {
		return time.Time{}, 0, noStamp
	}
	sep := b[n]
	switch {
	case n == 4 && (sep == '-' || sep == '/' || sep == '.' || sep == ':'): // 2006-01-02, 2006/01/02, 2006.01.02, 2006:01:02
		mon, day := num2(b, 5, false), num2(b, 8, false)
		if len(b) < 19 || b[7] != sep || mon < 0 || day < 0 {
			return time.Time{}, 0, noStamp
		}
		f := otherStamp
		switch b[10] {
		case 'T', 't':
			f = isoStamp
		case ' ', '-', '_':
		default:
			return time.Time{}, 0, noStamp
		}
		return c.whole(b, num4(b, 0), time.Month(mon), day, dayTime(b, 11), f)
	case n == 8 && (sep == '-' || sep == ' ' || sep == 'T'): // 20060102-15:04:05
		return c.whole(b, num4(b, 0), time.Month(num2(b, 4, false)), num2(b, 6, false), dayTime(b, 9), otherStamp)
	case n == 6 && sep == ' ': // 060102 15:04:05, MySQL's
		return c.whole(b, 2000+num2(b, 0, false), time.Month(num2(b, 2, false)), num2(b, 4, false), dayTime(b, 7), otherStamp)
	case n <= 2 && sep == '/' || n == 2 && (sep == '-' || sep == '.' || sep == ' '):
		return c.dayFirst(b, n, ref)
	case n == 2 && sep == ':': // a time of day alone: its date is that of the file
		t := dayTime(b, 0)
		if t.sec < 0 || t.nsec == 0 && (t.end >= len(b) || b[t.end] != ' ') {
			return time.Time{}, 0, noStamp
		}
		at := c.at(1970, 1, 1, t)
		if !ref.IsZero() {
			r := ref.In(c.opt.zone())
			at = c.at(r.Year(), r.Month(), r.Day(), t)
			if at.After(ref.Add(time.Minute)) {
				at = at.AddDate(0, 0, -1)
			}
		}
		return at, t.end, otherStamp
	case n >= 10 && n <= 13 && (sep == '.' || sep == ' ' || sep == ']' || sep == ':'): // Unix time
		e := n
		if sep == '.' {
			for e++; e < len(b) && b[e] >= '0' && b[e] <= '9'; {
				e++
			}
		}
		if t, ok := unixTime(text(b[:e])); ok {
			return t, e, otherStamp
		}
	}
	return time.Time{}, 0, noStamp
}

// dayFirst reads 02/Jan/2006:15:04:05, 02-Jan-2006 15:04:05, 02 Jan 2006 15:04:05, and the numeric ways: with dots and
// dashes the day stands first, with slashes the month unless it cannot be one. n is the number of digits at the start.
func (c *clock) dayFirst(b []byte, n int, ref time.Time) (time.Time, int, stampForm) {
	first := int(b[0] - '0')
	if n == 2 {
		first = num2(b, 0, false)
	}
	sep := b[n]
	i := n + 1
	if mon := monthName(b[i:]); mon != 0 {
		e := i + 3
		for e < len(b) && e < i+10 && b[e] != sep { // "sept." in some languages
			e++
		}
		if e+6 > len(b) {
			return time.Time{}, 0, noStamp
		}
		y := num4(b, e+1)
		if y < 0 || b[e+5] != ':' && b[e+5] != ' ' {
			return time.Time{}, 0, noStamp
		}
		return c.whole(b, y, mon, first, dayTime(b, e+6), otherStamp)
	}
	second := num2(b, i, false)
	j := i + 2
	if second < 0 && i+1 < len(b) && b[i] >= '1' && b[i] <= '9' {
		second, j = int(b[i]-'0'), i+1
	}
	if second < 0 || j >= len(b) {
		return time.Time{}, 0, noStamp
	}
	if b[j] == ' ' && sep == '-' { // 08-03 07:56:53, no year
		t := dayTime(b, j+1)
		if t.sec < 0 || t.nsec == 0 || first < 1 || first > 12 || second < 1 || second > 31 {
			return time.Time{}, 0, noStamp
		}
		return c.at(c.yearOf(ref, time.Month(first), second, t.sec), time.Month(first), second, t), t.end, otherStamp
	}
	if b[j] != sep {
		return time.Time{}, 0, noStamp
	}
	y := num4(b, j+1)
	e := j + 5
	if y < 1900 {
		if y = num2(b, j+1, false); y < 0 {
			return time.Time{}, 0, noStamp
		}
		y += 2000
		e = j + 3
	}
	if e >= len(b) {
		return time.Time{}, 0, noStamp
	}
	if b[e] == ',' {
		e++
	}
	if e+1 < len(b) && b[e] == ' ' && b[e+1] == '-' { // "01/02/2006 - 15:04:05"
		e += 2
	}
	if e >= len(b) || b[e] != ' ' && b[e] != ':' && b[e] != '-' && b[e] != 'T' {
		return time.Time{}, 0, noStamp
	}
	day, mon := first, second
	if sep == '/' && first <= 12 || second > 12 {
		day, mon = second, first
	}
	t := halfDay(b, dayTime(b, e+1))
	return c.whole(b, y, time.Month(mon), day, t, otherStamp)
}

func monthName(b []byte) time.Month {
	if len(b) < 3 {
		return 0
	}
	return month([]byte{b[0] &^ 0x20, b[1] | 0x20, b[2] | 0x20})
}

// tai64n reads the labels of daemontools: @ and 24 hexadecimal digits. Ten seconds are TAI's lead that the labels
// carry by convention. https://cr.yp.to/libtai/tai64.html
func tai64n(b []byte) (time.Time, int) {
	if len(b) < 25 || bytes.IndexByte(b[:25], ' ') >= 0 {
		return time.Time{}, 0
	}
	var v uint64
	for _, ch := range b[1:17] {
		d := hexDigit(ch)
		if d < 0 {
			return time.Time{}, 0
		}
		v = v<<4 | uint64(d)
	}
	var ns uint32
	for _, ch := range b[17:25] {
		d := hexDigit(ch)
		if d < 0 {
			return time.Time{}, 0
		}
		ns = ns<<4 | uint32(d)
	}
	if v < 1<<62 || v > 1<<62+1<<40 || ns >= 1e9 {
		return time.Time{}, 0
	}
	return time.Unix(int64(v-1<<62)-10, int64(ns)).UTC(), 25
}
