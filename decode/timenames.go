package decode

import (
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// stampNames are the names under which records of any kind have their stamp, in small letters without what stands between
// words, and how telling they are: the lower wins.
var stampNames = map[string]uint8{
	"timestamp": 1, "time": 1, "ts": 1, "eventtime": 1, "datetime": 1, "asctime": 1, "detectionts": 1, "timecreated": 1, "timegenerated": 1, "timestampstr": 1, "eventtimestamp": 1, "timestamputc": 1, "t": 2,
	"unixtime": 1, "querytimestamp": 1, "eventdatetime": 1, "eventtimeutc": 1, "occurredat": 1, "occurredon": 1, "published": 2, "dt": 2, "when": 2,
	"edgestarttimestamp": 1, "timeunixnano": 1, "observedtimeunixnano": 2, "unixtimestamp": 1, "epochtime": 1, "epoch": 3, "tsms": 2, "timemillis": 1, "timestampms": 1, "eventtimestampms": 1,
	"date": 2, "createdat": 2, "createddatetime": 2, "creationtime": 2, "created": 3, "starttime": 2, "start": 2, "timestampns": 2, "instantepochsecond": 2, "logtime": 2, "realtimetimestamp": 2,
	"calendartime": 3, "loggedat": 2, "logtimestamp": 2, "syslogtimestamp": 3, "timelocal": 3, "requesttime": 4, "activitydatetime": 1, "starttimestamp": 2, "firstseen": 3, "eventcreated": 2,
	"receivedat": 4, "ingestiontime": 5, "submissiontimestamp": 4, "endtime": 4,
}

// stampRank tells how telling the name of a leaf is of when a record's event was, 0 where it is not; names below one
// wrapper ("event.timestamp", "t.$date") tell as much.
func stampRank(name string) uint8 {
	var buf [32]byte
	n := 0
	for i := 0; i < len(name); i++ {
		c := lower(name[i])
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			if n == len(buf) {
				return 0
			}
			buf[n] = c
			n++
		}
	}
	if r := stampNames[string(buf[:n])]; r != 0 {
		return r
	}
	i := strings.IndexByte(name, '.')
	if i < 0 || strings.IndexByte(name[i+1:], '.') >= 0 {
		return 0
	}
	switch name[i+1:] {
	case "timestamp", "$date", "event_time", "eventTime":
		return 3
	}
	return 0
}

// anyTime returns the stamp of a record whose kind knows none, by the names of its leaves.
func anyTime(fields []tocsin.Field, o Options, ref time.Time) (at time.Time) {
	best := uint8(9)
	for i := range fields {
		if r := stampRank(fields[i].Name); r != 0 && r < best {
			if t, ok := parseTimeBy(fields[i].Value, o.under(fields[i].Name), ref); ok {
				at, best = t, r
			}
		}
	}
	return at
}

// under are the options for a stamp by the name of its field, which may say that it is UTC.
func (o Options) under(name string) Options {
	const utc = "utc"
	if n := len(name); n > len(utc) && (strings.EqualFold(name[n-len(utc):], utc) || strings.HasPrefix(name, "utc_")) {
		return o.inUTC()
	}
	return o
}

// stampOf reads a stamp of OpenTelemetry, which is text, a number, or seconds and nanoseconds in an array.
func stampOf(v raw, o Options) (time.Time, bool) {
	if len(v) == 0 || v[0] != '[' {
		return parseTime(v.str(), o)
	}
	var part [2]string
	n := 0
	for e := range v.items() {
		if n == 2 {
			return time.Time{}, false
		}
		part[n] = e.str()
		n++
	}
	t, ok := parseTime(part[0], o)
	if !ok || n != 2 || !isDigits(part[1]) || len(part[1]) > 9 {
		return time.Time{}, false
	}
	return t.Add(time.Duration(number(part[1]))), true
}
