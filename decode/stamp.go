package decode

import (
	"time"
)

// A stampCache remembers the last date that was parsed: log lines come in order, so most dates are the date of the
// line before. It is the decoder's, so it needs no lock.
type stampCache struct {
	key  [16]byte // the date's bytes as written
	n    int
	zone *time.Location
	day  int64 // unix seconds at which that date begins in that zone
}

var monthNames = [12]string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}

// month returns 1 to 12 for an English three-letter month, 0 for anything else.
func month(b []byte) time.Month {
	if len(b) < 3 {
		return 0
	}
	for i, m := range monthNames {
		if b[0] == m[0] && b[1] == m[1] && b[2] == m[2] {
			return time.Month(i + 1)
		}
	}
	return 0
}

// zone is the zone of stamps that name none.
func (o Options) zone() *time.Location {
	if o.Zone == nil {
		return time.UTC
	}
	return o.Zone
}

// zoneless is the moment of a local stamp that names no zone.
func (o Options) zoneless(year int, mon time.Month, day, hour, min, sec, nanos int) time.Time {
	return o.basis.rest(time.Date(year, mon, day, hour, min, sec, nanos, o.zone()).UTC(), o.zoneGuess())
}

// saysZone says that a user named a zone: UTC is what nobody has to say, and what a record tells of its own counts more.
func (o Options) saysZone() bool { return o.Zone != nil && o.Zone != time.UTC }

// year completes a stamp that has none: the option's year, else the latest in which the stamp is not more than Slack
// after ref.
func (o Options) year(ref time.Time, mon time.Month, day, hour, min, sec int) int {
	o.basis.wait(1 << GuessYear)
	if o.Year != 0 {
		return o.Year
	}
	if ref.IsZero() {
		return 1970
	}
	y := ref.Year()
	if time.Date(y, mon, day, hour, min, sec, 0, o.zone()).After(ref.Add(Slack)) {
		y--
	}
	return y
}

// parseTime reads a stamp of any common form: RFC 3339 and its relatives, Unix time in seconds (with fraction), milli-,
// micro- or nanoseconds, told apart by size, and whatever may begin a line of text, but for a time of day alone. Stamps
// without a zone are in the options' zone. The result is UTC.
func parseTime(s string, o Options) (time.Time, bool) { return parseTimeBy(s, o, time.Time{}) }

// parseTimeBy is parseTime, and completes a stamp without a year by ref, which is not earlier.
func parseTimeBy(s string, o Options, ref time.Time) (time.Time, bool) {
	if len(s) == 0 || len(s) > 64 {
		return time.Time{}, false
	}
	if t, ok := unixTime(s); ok {
		return t, true
	}
	if t, rest, ok := isoTime(s, o); ok && rest == "" {
		return t, true
	}
	c := clock{opt: o, whenless: true}
	if len(s) == 14 {
		if t, ok := c.packed(view(s)); ok && digitsAt(view(s)) == 14 {
			return t, true
		}
	}
	t, n, f := c.stamp(view(s), ref)
	if f == noStamp || n != len(s) || c.undated && ref.IsZero() && o.Year == 0 || c.against {
		return time.Time{}, false
	}
	return t, true
}

// isoTime reads a stamp of ISO 8601's family from the start of s, without allocating: 2006-01-02 or
// 2006/01/02, a T or space, 15:04:05, a fraction after a point or comma, and a zone as Z, ±hh, ±hhmm or ±hh:mm, with or
// without a space before it. Without a zone it is in the options' zone. It returns what follows the stamp.
func isoTime(s string, o Options) (t time.Time, rest string, ok bool) {
	if len(s) < 19 || s[4] != '-' && s[4] != '/' || s[7] != s[4] || s[10] != 'T' && s[10] != ' ' && s[10] != 't' || s[13] != ':' || s[16] != ':' {
		return t, s, false
	}
	o.basis.begin()
	num := func(i int) int {
		a, b := s[i]-'0', s[i+1]-'0'
		if a > 9 || b > 9 {
			return -10000
		}
		return int(a)*10 + int(b)
	}
	year, mon, day := num(0)*100+num(2), num(5), num(8)
	hour, min, sec := num(11), num(14), num(17)
	if year < 1 || mon < 1 || mon > 12 || day < 1 || day > 31 || hour < 0 || hour > 23 || min < 0 || min > 59 || sec < 0 || sec > 60 {
		return t, s, false
	}
	i := 19
	nanos := 0
	if i+1 < len(s) && (s[i] == '.' || s[i] == ',') && s[i+1]-'0' <= 9 {
		unit := 100_000_000
		for i++; i < len(s) && s[i]-'0' <= 9; i++ {
			nanos += int(s[i]-'0') * unit
			unit /= 10
		}
	}
	z := i
	if z+1 < len(s) && s[z] == ' ' && (s[z+1] == '+' || s[z+1] == '-') {
		z++
	}
	switch {
	case z < len(s) && (s[z] == 'Z' || s[z] == 'z'):
		return o.basis.rest(time.Date(year, time.Month(mon), day, hour, min, sec, nanos, time.UTC), 0), s[z+1:], true
	case z+2 < len(s) && (s[z] == '+' || s[z] == '-') && num(z+1) >= 0:
		offset, end := num(z+1)*3600, z+3
		if m := end; m < len(s) {
			if s[m] == ':' {
				m++
			}
			if m+1 < len(s) && num(m) >= 0 {
				offset, end = offset+num(m)*60, m+2
			}
		}
		if s[z] == '-' {
			offset = -offset
		}
		return o.basis.rest(time.Date(year, time.Month(mon), day, hour, min, sec-offset, nanos, time.UTC), 0), s[end:], true
	}
	return o.zoneless(year, time.Month(mon), day, hour, min, sec, nanos), s[i:], true
}

// unixTime reads Unix time in decimal, its unit told by its size: 9 to 11 digits are seconds (with a fraction of any
// length), 12 to 14 milliseconds, 15 to 17 microseconds, 18 to 20 nanoseconds. Fourteen digits that are a date and time of
// day, and digits behind a zero, are none.
func unixTime(s string) (time.Time, bool) {
	if s == "" || s[0] == '0' {
		return time.Time{}, false
	}
	var whole, frac int64
	digits, fracDigits := 0, 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= '0' && c <= '9' && fracDigits < 0:
			return time.Time{}, false
		case c >= '0' && c <= '9' && digits >= 0 && fracDigits == 0:
			if whole > (1<<62)/10 {
				return time.Time{}, false
			}
			whole = whole*10 + int64(c-'0')
			digits++
		case c == '.' && i > 0:
			f := s[i+1:]
			for j := 0; j < len(f); j++ {
				if f[j] < '0' || f[j] > '9' {
					return time.Time{}, false
				}
				if fracDigits < 9 {
					frac = frac*10 + int64(f[j]-'0')
					fracDigits++
				}
			}
			i = len(s)
		default:
			return time.Time{}, false
		}
	}
	for ; fracDigits < 9; fracDigits++ {
		frac *= 10
	}
	switch {
	case digits < 9:
		return time.Time{}, false
	case digits <= 11:
		return time.Unix(whole, frac).UTC(), true
	case digits == 14 && (s[0] == '1' && s[1] == '9' || s[0] == '2' && s[1] == '0'):
		return time.Time{}, false
	case digits <= 14:
		return time.UnixMilli(whole).Add(time.Duration(frac / 1000)).UTC(), true
	case digits <= 17:
		return time.UnixMicro(whole).UTC(), true
	}
	return time.Unix(0, whole).UTC(), true
}
