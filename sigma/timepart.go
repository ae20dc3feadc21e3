package sigma

import (
	"strconv"
	"time"
)

// A timePart is what a time modifier takes of a date.
type timePart uint8

const (
	partNone timePart = iota
	partMinute
	partHour
	partDay // of the month
	partWeek
	partMonth
	partYear
)

var timePartNames = map[string]timePart{
	"minute": partMinute, "hour": partHour, "day": partDay, "week": partWeek, "month": partMonth, "year": partYear,
}

// stampLayouts are the dates that log fields have. Zones are read and not converted: a time modifier is about the
// clock as it was written. https://sigmahq.io/sigma-specification/specification/sigma-appendix-modifiers.html
var stampLayouts = [...]string{
	"2006-01-02T15:04:05.999999999Z07:00",
	"2006-01-02T15:04:05.999999999Z0700",
	"2006-01-02T15:04:05.999999999",
	"2006-01-02T15:04Z07:00",
	"2006-01-02T15:04",
	"2006-01-02 15:04:05.999999999Z07:00",
	"2006-01-02 15:04:05.999999999 Z07:00",
	"2006-01-02 15:04:05.999999999 Z0700",
	"2006-01-02 15:04:05.999999999 MST",
	"2006-01-02 15:04:05.999999999",
	"2006-01-02 15:04",
	"2006-01-02",
	"2006/01/02 15:04:05.999999999",
	"2006/01/02",
	"02/Jan/2006:15:04:05 Z0700",
	"1/2/2006 3:04:05 PM",
	"1/2/2006 15:04:05",
	time.RFC1123, time.RFC1123Z, time.ANSIC, time.UnixDate, time.RubyDate,
}

// stampYearless are those without a year: their year and week are unknown.
var stampYearless = [...]string{"Jan _2 15:04:05.999999999"}

// of takes the part of a date as text; false when it is no date or does not say. Unix time in seconds or milliseconds
// is a date in UTC.
func (p timePart) of(s string) (int, bool) {
	if len(s) < 8 || len(s) > 64 {
		return 0, false
	}
	if n, err := strconv.ParseFloat(s, 64); err == nil {
		switch {
		case n >= 1e8 && n < 1e11:
			return p.take(time.Unix(int64(n), 0).UTC()), true
		case n >= 1e11 && n < 1e14:
			return p.take(time.UnixMilli(int64(n)).UTC()), true
		}
		return 0, false
	}
	for _, l := range stampLayouts {
		if t, err := time.Parse(l, s); err == nil {
			return p.take(t), true
		}
	}
	if p != partYear && p != partWeek {
		for _, l := range stampYearless {
			if t, err := time.Parse(l, s); err == nil {
				return p.take(t), true
			}
		}
	}
	return 0, false
}

func (p timePart) take(t time.Time) int {
	switch p {
	case partMinute:
		return t.Minute()
	case partHour:
		return t.Hour()
	case partDay:
		return t.Day()
	case partWeek:
		_, w := t.ISOWeek()
		return w
	case partMonth:
		return int(t.Month())
	}
	return t.Year()
}
