package sigma

import (
	"encoding/binary"
	"unicode"
	"unicode/utf8"
)

// foldRune returns the one rune that stands for all runes which differ from r in case only (Unicode simple folding):
// the lower-case letter for ASCII, the smallest of them otherwise.
func foldRune(r rune) rune {
	if r < utf8.RuneSelf {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}
	if r >= 0x3000 && r < 0xA640 { // CJK and Hangul syllables know no case
		return r
	}
	least := r
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		least = min(least, f)
	}
	if 'A' <= least && least <= 'Z' {
		least += 'a' - 'A'
	}
	return least
}

// appendFold appends s with every rune folded; bytes that are no UTF-8 stay as they are.
func appendFold(dst []byte, s string) []byte {
	from := len(dst)
	dst = append(dst, s...)
	b := dst[from:]
	for len(b) >= 8 {
		w := binary.LittleEndian.Uint64(b)
		if w&highBits != 0 {
			break
		}
		binary.LittleEndian.PutUint64(b, lower8(w))
		b = b[8:]
	}
	for i, c := range b {
		if c >= utf8.RuneSelf {
			at := len(dst) - len(b) + i
			return appendFoldRunes(dst[:at], s[at-from:])
		}
		b[i] = lowerASCII[c]
	}
	return dst
}

const (
	everyByte = 0x0101010101010101
	highBits  = 0x80 * everyByte
)

// lower8 makes the capitals among eight ASCII characters small: a byte's high bit is set by the first sum if it is
// at least 'A', by the second if it is beyond 'Z'.
func lower8(w uint64) uint64 {
	capital := (w + (0x80-'A')*everyByte) &^ (w + (0x7F-'Z')*everyByte) & highBits
	return w | capital>>2
}

func appendFoldRunes(dst []byte, s string) []byte {
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			dst = append(dst, lowerASCII[c])
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			dst = append(dst, s[i])
		} else {
			dst = utf8.AppendRune(dst, foldRune(r))
		}
		i += n
	}
	return dst
}

// folded returns s with every rune folded.
func folded(s string) string { return string(appendFold(nil, s)) }

// isASCII says that s has no byte beyond ASCII.
func isASCII(s string) bool {
	for len(s) >= 8 {
		if eightAt(s, 0)&highBits != 0 {
			return false
		}
		s = s[8:]
	}
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// lowerASCII maps ASCII capitals to small letters and all other bytes to themselves.
var lowerASCII = func() (t [256]byte) {
	for i := range t {
		t[i] = byte(i)
		if 'A' <= i && i <= 'Z' {
			t[i] += 'a' - 'A'
		}
	}
	return t
}()
