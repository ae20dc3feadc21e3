package decode

import (
	"slices"
	"time"
)

// A Doubt is why a stamp tells no time; the zero value is none.
type Doubt uint8

// The doubts there are.
const (
	Sound   Doubt = iota // it tells a time, or is not there
	Unset                // the zero of some clock: written where no time was known, or wiped
	Early                // before 1970
	Late                 // more than Slack after the file was last written
	Outside              // beyond what 64 bits of nanoseconds hold, 1678 to 2262
	Doubts               // how many there are
)

// Slack is how far a stamp may be ahead of the time at which its file was last written: the clocks and zones of sender and
// receiver differ, and archives keep local times.
const Slack = 24 * time.Hour

// zeros are the seconds of Unix time at which the clocks of file systems and kernels begin, in order.
var zeros = [...]int64{
	-11644473600, // 1601-01-01: FILETIME, [MS-DTYP] 2.3.3
	0,            // 1970-01-01: POSIX
	315532800,    // 1980-01-01: FAT and ZIP
}

// The whole seconds that 64 bits of nanoseconds hold.
const (
	firstSecond = -9223372036
	lastSecond  = 9223372035
)

// Judge says what a stamp is worth in a file that was last written at ref; a zero ref sets no bound. A file's time may be
// wrong itself (copied, set back, of a log that is mapped into memory): whether Late stands is for who sees the other stamps.
func Judge(stamp, ref time.Time) Doubt {
	if stamp.IsZero() {
		return Sound
	}
	sec := stamp.Unix()
	switch {
	case sec > zeros[len(zeros)-1] && sec <= lastSecond: // nearly all
		if !ref.IsZero() && sec >= ref.Unix() && stamp.Sub(ref) > Slack {
			return Late
		}
		return Sound
	case stamp.Nanosecond() == 0 && slices.Contains(zeros[:], sec):
		return Unset
	case sec <= firstSecond || sec > lastSecond:
		return Outside
	case sec < 0:
		return Early
	case !ref.IsZero() && stamp.Sub(ref) > Slack:
		return Late
	}
	return Sound
}
