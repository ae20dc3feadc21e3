package decode

import (
	"bytes"
	"errors"
	"time"
)

// Some collectors write when a Windows event happened in the local time of the machine, without saying so. What else the
// records tell (Sysmon's own UtcTime, the collector's stamp) shows how far that is from UTC; it is decided once for a
// stream, by its beginning.

// deepLook is how much of a stream is looked at for the first record that tells, where its first bytes have none.
const deepLook = 8 << 20

var errZone = errors.New("the record's own UTC time and its local time lie further apart than those of the records before")

// A localTime is what a stream's beginning tells of its local stamps.
type localTime struct {
	known   bool
	behind  time.Duration // to be added to a local stamp for UTC
	claimed bool          // the stamps say that they are UTC, and are not
}

// settleZone decides how far the stamps without a zone of Windows records in a stream of JSON are from UTC: by the first
// record with Sysmon's UtcTime beside them or, where there is none, by the collector's stamps, which are late but never
// early. more gives more of the stream. It says nothing where every record tells for itself, and the same.
func settleZone(head []byte, more func() []byte) localTime {
	if !bytes.Contains(head, []byte(`"EventTime"`)) && !bytes.Contains(head, []byte(`"TimeCreated"`)) {
		return localTime{}
	}
	local, alone := 0, false
	var utc, early localTime
	same, claimed := true, false
	tells := func(v raw) {
		created, utcTime, _ := v.clocks()
		if created.IsZero() || utcTime.IsZero() || utc.known {
			return
		}
		utc = apart(utcTime.Sub(created), time.Minute)
		utc.claimed = v.claims()
	}
	eachRecord(head, func(v raw) bool {
		created, _, stamp := v.clocks()
		if created.IsZero() {
			return true
		}
		tells(v)
		if v.claims() {
			claimed = true
			return true
		}
		local++
		var own localTime
		switch {
		case stamp.IsZero():
			alone = true
		default:
			if own = apart(stamp.Sub(created), 5*time.Minute); own.known && (!early.known || own.behind < early.behind) {
				same = same && (!early.known || own == early)
				early = own
			} else if own.known && own != early {
				same = false
			}
			alone = alone || !own.known
		}
		return true
	})
	if local == 0 && !claimed {
		return localTime{}
	}
	if !utc.known && more != nil {
		rest := more()
		eachMention(rest[min(len(rest), len(head)):], []byte(`"UtcTime"`), func(v raw) bool {
			tells(v)
			return !utc.known
		})
	}
	switch {
	case utc.claimed:
		if utc.behind == 0 {
			return localTime{}
		}
		return utc
	case utc.known && (alone || !same || utc != early):
		return utc
	case !utc.known && early.known && (alone || !same):
		return early
	}
	return localTime{}
}

// apart rounds the difference of two clocks to the quarter of an hour that zones are told in.
func apart(d, most time.Duration) localTime {
	behind := d.Round(15 * time.Minute)
	if late := d - behind; late < -most || late > most || behind.Abs() > 26*time.Hour {
		return localTime{}
	}
	return localTime{known: true, behind: behind}
}

// clocks returns the stamps of a flat Windows record: the local one, zero where it has a zone, Sysmon's and the collector's.
func (v raw) clocks() (created, utc, stamp time.Time) {
	created, _ = parseTime(v.local(), Options{})
	utc, _ = parseTime(v.get("UtcTime").str(), Options{})
	if s := v.get("@timestamp").str(); zoned(s) {
		stamp, _ = parseTime(s, Options{})
	}
	return
}

// local returns the stamp that such records have by the machine's clock.
func (v raw) local() string {
	if s := v.get("EventTime").str(); s != "" {
		return s
	}
	return v.get("TimeCreated").str()
}

// claims says that the local stamp names a zone.
func (v raw) claims() bool { return zoned(v.local()) }

// eachRecord calls f for the whole objects of a stream of JSON, however they are separated, until it says no.
func eachRecord(b []byte, f func(raw) bool) {
	for i, n := 0, 0; i < len(b) && n < 2000; n++ {
		k := bytes.IndexByte(b[i:], '{')
		if k < 0 {
			return
		}
		i += k
		end, whole := valueEnd(b, i)
		if !whole || !f(raw(b[i:end])) {
			return
		}
		i = end
	}
}

// eachMention calls f for the lines of b that are objects and mention a word, until it says no.
func eachMention(b, word []byte, f func(raw) bool) {
	for i, n := 0, 0; n < 2000; n++ {
		k := bytes.Index(b[i:], word)
		if k < 0 {
			return
		}
		k += i
		from := bytes.LastIndexByte(b[:k], '\n') + 1
		from += space(b[from:], 0)
		if b[from] == '{' {
			if end, whole := valueEnd(b, from); whole && !f(raw(b[from:end])) {
				return
			}
		}
		if i = bytes.IndexByte(b[k:], '\n'); i < 0 {
			return
		}
		i += k
	}
}
