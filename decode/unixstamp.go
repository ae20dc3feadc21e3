package decode

import (
	"bytes"
	"time"
)

// A clock reads the stamps that begin lines of text. It keeps the last date it met, for lines come in order.
type clock struct {
	opt   Options
	cache stampCache

	whenless bool // a time of day alone is no stamp
	against  bool // the stamp that was read last is of another order than the log's
	undated  bool // a stamp without a year was completed
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
	c.opt.basis.begin()
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

// dayTime reads hh:mm:ss at b[i] (h:mm:ss and a space-padded hour too), with a fraction after a full stop, or of three, six
// or nine digits after a comma or colon.
func dayTime(b []byte, i int) timeOfDay {
	bad := timeOfDay{sec: -1}
	h := num2(b, i, true)
	if h < 0 && i+1 < len(b) && b[i] >= '0' && b[i] <= '9' && b[i+1] == ':' {
		h = int(b[i] - '0')
		i--
	}
	if h < 0 || h > 24 || i+8 > len(b) || (b[i+2] != ':' || b[i+5] != ':') && !dottedTime(b, i) {
		return bad
	}
	m, s := num2(b, i+3, false), num2(b, i+6, false)
	if m < 0 || m > 59 || s < 0 || s > 60 {
		return bad
	}
	t := timeOfDay{sec: h*3600 + m*60 + s, end: i + 8}
	if t.end+1 < len(b) && (b[t.end] == '.' || (b[t.end] == ',' || b[t.end] == ':') && digitsAt(b[t.end+1:])%3 == 0) && b[t.end+1] >= '0' && b[t.end+1] <= '9' {
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

// dottedTime says that hh.mm.ss stands at b[i], as DB2, IBM i and Finns write it, and no address: nothing but a fraction
// that is longer than a byte of an address follows.
func dottedTime(b []byte, i int) bool {
	if b[i+2] != '.' || b[i+5] != '.' {
		return false
	}
	end := i + 8
	return end == len(b) || (b[end] < '0' || b[end] > '9') && (b[end] != '.' || digitsAt(b[end+1:]) > 3)
}

// at gives the moment of a date and a time of day in the zone of stamps that name none.
func (c *clock) at(year int, mon time.Month, day int, t timeOfDay) time.Time {
	loc := c.opt.zone()
	if loc != time.UTC {
		return c.opt.zoneless(year, mon, day, 0, 0, t.sec, t.nsec)
	}
	var key [16]byte
	key[0], key[1], key[2], key[3] = byte(year>>8), byte(year), byte(mon), byte(day)
	if c.cache.n != 4 || c.cache.key != key {
		c.cache = stampCache{key: key, n: 4, zone: loc, day: time.Date(year, mon, day, 0, 0, 0, 0, loc).Unix()}
	}
	return c.opt.basis.rest(time.Unix(c.cache.day+int64(t.sec), int64(t.nsec)).UTC(), c.opt.zoneGuess())
}

// offset gives the moment of a date and time of day that stand east of Greenwich by some seconds.
func (c *clock) offset(year int, mon time.Month, day int, t timeOfDay, east int) time.Time {
	utc := clock{cache: c.cache}
	at := utc.at(year, mon, day, t).Add(-time.Duration(east) * time.Second)
	if c.opt.zone() == time.UTC {
		c.cache = utc.cache
	}
	return c.opt.basis.rest(at, 0)
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
	case ch == '(' && j+1 < len(b) && (b[j+1] == 'U' || b[j+1] == 'G'): // "(UTC+00:00)", as consoles write it
		if east, end = zoneAt(b, j+1); end > j+1 && end < len(b) && b[end] == ')' {
			return east, end + 1
		}
		return 0, i
	case ch >= 'A' && ch <= 'Z' || ch == 'z':
		e := j
		for e < len(b) && e < j+5 && (b[e] >= 'A' && b[e] <= 'Z' || b[e] == 'z') {
			e++
		}
		if name := text(b[j:e]); e+1 < len(b) && (b[e] == '+' || b[e] == '-') && (name == "GMT" || name == "UTC") {
			if east, end = zoneAt(b, e); end > e {
				return east, end
			}
			if h := int(b[e+1] - '0'); h <= 9 && (e+2 == len(b) || b[e+2] < '0' || b[e+2] > ':') { // GMT+1
				east = h * 3600
				if b[e] == '-' {
					east = -east
				}
				return east, e + 2
			}
			return 0, i
		}
		if e < len(b) && b[e] != ' ' && b[e] != ']' && b[e] != ':' && b[e] != '|' && b[e] != '"' && b[e] != ',' && b[e] != '\t' && b[e] != ')' && b[e] != ';' {
			return 0, i
		}
		if min, ok := zoneName(b[j:e]); ok {
			return min * 60, e
		}
		return 0, i
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
	c.undated = true
	y := c.opt.year(ref, mon, day, sec/3600, sec/60%60, sec%60)
	if mon == time.February && day == 29 && c.opt.Year == 0 {
		for y%4 != 0 || y%100 == 0 && y%400 != 0 {
			y--
		}
	}
	return y
}

// letters reads the stamps that begin with the name of a month, a weekday or a zone, and klog's, which begin with the
// letter of a level.
func (c *clock) letters(b []byte, ref time.Time) (time.Time, int, stampForm) {
	mon, i := monthAt(b)
	if mon == 0 {
		return c.behindWord(b, ref)
	}
	// Jan  2 15:04:05; Jan 2 2006 15:04:05; January 02, 2006 3:04:05 PM; Apr-07-13 07:08:36
	if i < len(b) && b[i] == '-' {
		day, yy := num2(b, i+1, false), num2(b, i+4, false)
		if day < 0 || yy < 0 || b[i+3] != '-' || len(b) < i+9 {
			return time.Time{}, 0, noStamp
		}
		if y := num4(b, i+4); y >= 1970 {
			return c.whole(b, y, mon, day, dayTime(b, i+9), otherStamp)
		}
		return c.whole(b, 2000+yy, mon, day, dayTime(b, i+7), otherStamp)
	}
	if i >= len(b) || b[i] != ' ' {
		return time.Time{}, 0, noStamp
	}
	f := bsdStamp
	if i != 3 {
		f = otherStamp
	}
	day := num2(b, i+1, true)
	e := i + 3
	if day < 0 { // one digit without padding
		if i+1 >= len(b) || b[i+1] < '1' || b[i+1] > '9' {
			return time.Time{}, 0, noStamp
		}
		day, e = int(b[i+1]-'0'), i+2
	}
	i = e
	if i < len(b) && b[i] == ',' {
		i++
		f = otherStamp
	}
	if i >= len(b) || b[i] != ' ' {
		return time.Time{}, 0, noStamp
	}
	i++
	if y := num4(b, i); y > 1900 && i+5 < len(b) && (b[i+4] == ' ' || b[i+4] == ',' && b[i+5] == ' ') {
		i += 5
		if b[i-1] == ',' {
			i++
			f = otherStamp
		}
		return c.whole(b, y, mon, day, halfDay(b, dayTime(b, i)), f)
	}
	t := dayTime(b, i)
	if t.sec < 0 || day < 1 || day > 31 {
		return time.Time{}, 0, noStamp
	}
	if t.end < len(b) && (b[t.end] == ' ' || b[t.end] == '+' || b[t.end] == '-') {
		// The year may stand at the end, with or without a zone before it: ctime's way.
		z, e := zoneAt(b, t.end)
		zoned := e > t.end
		if e+1 < len(b) && b[e] == ' ' {
			if y := num4(b, e+1); y >= 1970 && y < 2100 && (e+5 == len(b) || bytes.IndexByte([]byte(" ]:,|\""), b[e+5]) >= 0) {
				end := e + 5
				if zoned {
					return c.offset(y, mon, day, t, z), end, f
				}
				if z, e = zoneAt(b, end); e > end {
					return c.offset(y, mon, day, t, z), e, f
				}
				return c.at(y, mon, day, t), end, f
			}
		}
		if zoned {
			return c.offset(c.yearOf(ref, mon, day, t.sec), mon, day, t, z), e, f
		}
	}
	return c.at(c.yearOf(ref, mon, day, t.sec), mon, day, t), t.end, f
}

// behindWord reads a stamp behind a weekday or a zone, and klog's: "Mon Jan  2 15:04:05 2006", "Mon, 02 Jan 2006 15:04:05
// GMT", "PDT Apr 16 21:05:29", "E0517 15:04:22.619632".
func (c *clock) behindWord(b []byte, ref time.Time) (time.Time, int, stampForm) {
	if mon, day := num2(b, 1, false), num2(b, 3, false); mon >= 1 && mon <= 12 && day >= 1 && day <= 31 {
		// Level, month, day: https://github.com/kubernetes/klog, https://github.com/google/glog
		t := dayTime(b, 6)
		if bytes.IndexByte([]byte("IWEFD"), b[0]) < 0 || b[5] != ' ' || t.sec < 0 || t.nsec == 0 && t.end-6 < 9 {
			return time.Time{}, 0, noStamp
		}
		return c.at(c.yearOf(ref, time.Month(mon), day, t.sec), time.Month(mon), day, t), t.end, otherStamp
	}
	n := weekdayAt(b)
	east, isZone := 0, false
	if n == 0 {
		for n < len(b) && n < 5 && b[n] >= 'A' && b[n] <= 'Z' {
			n++
		}
		if east, isZone = zoneName(b[:n]); !isZone || n < 3 {
			return time.Time{}, 0, noStamp
		}
		east *= 60
	}
	if n+1 >= len(b) || b[n] != ' ' && b[n] != ',' {
		return time.Time{}, 0, noStamp
	}
	skip := n
	if b[skip] == ',' {
		skip++
	}
	skip += spaces(b[skip:])
	rest := b[skip:]
	if mon, _ := monthAt(rest); mon == 0 && (isZone || len(rest) == 0 || rest[0] < '0' || rest[0] > '9') {
		return time.Time{}, 0, noStamp
	}
	t, e, f := c.stamp(rest, ref)
	if f == noStamp || t.IsZero() {
		return time.Time{}, 0, noStamp
	}
	if isZone {
		_, off := t.In(c.opt.zone()).Zone()
		t = c.opt.basis.moved(t, t.Add(time.Duration(off-east)*time.Second), 1<<GuessZone, 0)
	}
	if f == bsdStamp {
		f = otherStamp
	}
	return t, skip + e, f
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
