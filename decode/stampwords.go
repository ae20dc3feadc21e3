package decode

import (
	"time"
	"unicode/utf8"
)

// monthWords are the names of months, whole and cut short, in the languages that programs write logs in: German, English,
// Spanish, French, Italian, Dutch and Portuguese, as the Unicode CLDR has them.
var monthWords = monthTable([12]string{
	"jan january januar jänner jän janv janvier enero ene gennaio gen januari janeiro",
	"feb february februar feber febr févr fév février fevr fevrier febrero febbraio februari fevereiro fev",
	"mar march märz mär maerz mrz mars marzo maart mrt março",
	"apr april avr avril abril abr aprile",
	"may mai mayo maggio mag mei maio",
	"jun june juni juin junio giugno giu junho",
	"jul july juli juil juillet julio luglio lug julho",
	"aug august août aout agosto ago augustus",
	"sep sept september septembre septiembre settembre set setembro",
	"oct october okt oktober octobre octubre ottobre ott out outubro",
	"nov november novembre noviembre novembro",
	"dec december dez dezember déc décembre decembre dic diciembre dicembre dezembro",
})

func monthTable(lists [12]string) map[string]time.Month {
	t := map[string]time.Month{}
	for i, list := range lists {
		for from, j := 0, 0; j <= len(list); j++ {
			if j == len(list) || list[j] == ' ' {
				t[list[from:j]] = time.Month(i + 1)
				from = j + 1
			}
		}
	}
	return t
}

// weekdayWords are the names of days, cut short as programs write them.
var weekdayWords = map[string]bool{
	"mon": true, "tue": true, "wed": true, "thu": true, "fri": true, "sat": true, "sun": true,
	"monday": true, "tuesday": true, "wednesday": true, "thursday": true, "friday": true, "saturday": true, "sunday": true,
	"mo": true, "di": true, "mi": true, "do": true, "fr": true, "sa": true, "so": true,
	"lun": true, "mar": true, "mer": true, "jeu": true, "ven": true, "sam": true, "dim": true,
	"mié": true, "jue": true, "vie": true, "sáb": true, "dom": true, "mie": true, "sab": true, "gio": true,
}

// word reads the letters at the start of b, in small letters, into buf, and returns how many bytes they take; none where
// there are more than a name of a month has.
func word(b []byte, buf *[24]byte) (low []byte, n int) {
	low = buf[:0]
	for n < len(b) {
		c := b[n]
		switch {
		case c >= 'A' && c <= 'Z':
			low = append(low, c|0x20)
			n++
		case c >= 'a' && c <= 'z':
			low = append(low, c)
			n++
		case c >= utf8.RuneSelf:
			r, size := utf8.DecodeRune(b[n:])
			if r >= 'À' && r <= 'Þ' {
				r += 'à' - 'À'
			}
			if r < 'à' || r > 'ÿ' {
				return low, n
			}
			low = utf8.AppendRune(low, r)
			n += size
		default:
			return low, n
		}
		if len(low) > 12 {
			return nil, 0
		}
	}
	return low, n
}

// monthAt reads the name of a month at the start of b, with the full stop of one cut short, and says where it ends; 0
// where there is none.
func monthAt(b []byte) (time.Month, int) {
	if m := month(b); m != 0 && (len(b) == 3 || b[3] == ' ' || b[3] == '-' || b[3] == '/') {
		return m, 3
	}
	var buf [24]byte
	low, n := word(b, &buf)
	m := monthWords[string(low)]
	if m == 0 {
		return 0, 0
	}
	if n < len(b) && b[n] == '.' {
		n++
	}
	return m, n
}

// weekdayAt says where the name of a day at the start of b ends, 0 where there is none.
func weekdayAt(b []byte) int {
	var buf [24]byte
	low, n := word(b, &buf)
	if !weekdayWords[string(low)] {
		return 0
	}
	if n < len(b) && b[n] == '.' {
		n++
	}
	return n
}

// zoneNames are the abbreviations of zones that mean one thing, or one thing by far most often, in minutes east of
// Greenwich. https://data.iana.org/time-zones/tz-link.html
var zoneNames = map[string]int{
	"Z": 0, "z": 0, "UTC": 0, "GMT": 0, "UCT": 0, "WET": 0,
	"BST": 60, "WEST": 60, "CET": 60, "MEZ": 60, "WAT": 60,
	"CEST": 120, "EET": 120, "MESZ": 120, "SAST": 120, "CAT": 120,
	"EEST": 180, "MSK": 180, "EAT": 180, "TRT": 180, "IDT": 180,
	"GST": 240, "PKT": 300, "IST": 330, "ICT": 420, "WIB": 420,
	"HKT": 480, "SGT": 480, "MYT": 480, "PHT": 480, "AWST": 480, "JST": 540, "KST": 540,
	"ACST": 570, "AEST": 600, "ACDT": 630, "AEDT": 660, "NZST": 720, "NZDT": 780,
	"BRT": -180, "ART": -180, "ADT": -180, "NST": -210, "AST": -240, "EDT": -240, "CLT": -240,
	"EST": -300, "CDT": -300, "COT": -300, "PET": -300, "CST": -360, "MDT": -360, "MST": -420, "PDT": -420,
	"PST": -480, "AKDT": -480, "AKST": -540, "HST": -600,
}

// zoneName knows the abbreviations of zones, in minutes east of Greenwich.
func zoneName(s []byte) (int, bool) {
	min, ok := zoneNames[string(s)]
	return min, ok
}
