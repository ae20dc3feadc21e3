package sigma

import (
	"cmp"
	"strconv"
	"strings"
)

// A number is a value to compare with: exact for integers of 64 bits.
type number struct {
	whole bool
	minus bool
	abs   uint64 // of a whole number
	real  float64
}

// parseNumber reads decimal integers and fractions and 0x-prefixed integers, spaces around them ignored.
func parseNumber(s string) (number, bool) {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > 64 {
		return number{}, false
	}
	digits := s
	minus := false
	if digits[0] == '-' || digits[0] == '+' {
		minus = digits[0] == '-'
		digits = digits[1:]
	}
	if digits == "" || digits[0] != '.' && (digits[0] < '0' || digits[0] > '9') {
		return number{}, false
	}
	base, body := 10, digits
	if len(digits) > 2 && digits[0] == '0' && digits[1]|0x20 == 'x' {
		base, body = 16, digits[2:]
	}
	if n, err := strconv.ParseUint(body, base, 64); err == nil {
		f := float64(n)
		if minus {
			f = -f
		}
		return number{whole: true, minus: minus && n > 0, abs: n, real: f}, true
	}
	if base == 16 || strings.ContainsAny(digits, "xXpP_") {
		return number{}, false
	}
	f, err := strconv.ParseFloat(s, 64)
	return number{real: f}, err == nil
}

// compare is negative when a is less than b, 0 when they are the same.
func (a number) compare(b number) int {
	if !a.whole || !b.whole || a.minus != b.minus {
		return cmp.Compare(a.real, b.real)
	}
	if a.minus {
		return cmp.Compare(b.abs, a.abs)
	}
	return cmp.Compare(a.abs, b.abs)
}
