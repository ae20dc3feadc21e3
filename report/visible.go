package report

import "unicode/utf8"

// hidden says that a rune beyond ASCII is not shown as itself: C1 controls, soft hyphen, zero width, line and
// paragraph separators, the controls of text direction (Trojan Source, CVE-2021-42574), interlinear annotation,
// variation selectors' supplement and tags.
func hidden(r rune) bool {
	switch {
	case r < 0x80:
		return r < ' ' || r == 0x7f
	case r < 0xa0, r == 0xad, r == 0x61c, r == 0x180e, r == 0xfeff:
		return true
	case r >= 0x200b && r <= 0x200f, r >= 0x2028 && r <= 0x202e, r >= 0x2060 && r <= 0x206f:
		return true
	case r >= 0xfff9 && r <= 0xfffb, r >= 0xe0000 && r <= 0xe0fff:
		return true
	}
	return false
}

// appendVisible appends s with all that a terminal or a reader's eye could be deceived by in visible form: \n, \t,
// \x1b, \u202e, and \xff for bytes that are no UTF-8. What was printable stays as it is, backslashes too.
func appendVisible(b []byte, s string) []byte {
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c < 0x7f {
			i++
			continue
		}
		r, n := rune(c), 1
		if c >= utf8.RuneSelf {
			r, n = utf8.DecodeRuneInString(s[i:])
			if !(r == utf8.RuneError && n == 1) && !hidden(r) {
				i += n
				continue
			}
		}
		b = append(b, s[from:i]...)
		switch {
		case r == '\n':
			b = append(b, '\\', 'n')
		case r == '\r':
			b = append(b, '\\', 'r')
		case r == '\t':
			b = append(b, '\\', 't')
		case n == 1:
			b = append(b, '\\', 'x', hexDigits[c>>4], hexDigits[c&15])
		default:
			b = appendRune(b, r)
		}
		i += n
		from = i
	}
	return append(b, s[from:]...)
}

// visible returns s made harmless; where nothing is to be done it is s itself.
func visible(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] >= 0x7f {
			return string(appendVisible(nil, s))
		}
	}
	return s
}

// width is the number of terminal columns of visible text: two for wide East Asian characters, none for combining
// ones. It is Unicode's East Asian Width in outline, which is enough to align a column.
func width(s string) int {
	n := 0
	for i := 0; i < len(s); {
		if s[i] < utf8.RuneSelf {
			i++
			n++
			continue
		}
		r, k := utf8.DecodeRuneInString(s[i:])
		i += k
		n += columns(r)
	}
	return n
}

func columns(r rune) int {
	switch {
	case r >= 0x300 && r <= 0x36f, r >= 0x483 && r <= 0x489, r >= 0x591 && r <= 0x5bd, r >= 0x610 && r <= 0x61a,
		r >= 0x64b && r <= 0x65f, r >= 0x1ab0 && r <= 0x1aff, r >= 0x1dc0 && r <= 0x1dff, r >= 0x20d0 && r <= 0x20ff,
		r >= 0xfe00 && r <= 0xfe0f, r >= 0xfe20 && r <= 0xfe2f:
		return 0
	case r >= 0x1100 && r <= 0x115f, r >= 0x2e80 && r <= 0x303e, r >= 0x3041 && r <= 0xa4cf, r >= 0xac00 && r <= 0xd7a3,
		r >= 0xf900 && r <= 0xfaff, r >= 0xfe30 && r <= 0xfe6f, r >= 0xff00 && r <= 0xff60, r >= 0xffe0 && r <= 0xffe6,
		r >= 0x1f300 && r <= 0x1f64f, r >= 0x1f900 && r <= 0x1f9ff, r >= 0x20000 && r <= 0x3fffd:
		return 2
	}
	return 1
}

// clip shortens visible text to at most n columns, its end replaced with … where something was cut off.
func clip(s string, n int) string {
	if len(s) <= n || width(s) <= n {
		return s
	}
	if n < 1 {
		return ""
	}
	w := 0
	for i, r := range s {
		if w+columns(r) > n-1 {
			return s[:i] + "…"
		}
		w += columns(r)
	}
	return s
}

// Visible makes a text of a log harmless for a terminal: control characters and those that change the direction or
// do not show are written as \x1b or \u202e.
func Visible(s string) string { return visible(s) }
