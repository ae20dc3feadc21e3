package decode

import "unicode/utf8"

// maxUnwrap bounds how often a URI is decoded: intruders encode twice or three times to pass filters, nobody more.
const maxUnwrap = 4

// decodeURI gives a URI as the application behind the server may come to see it: percent-encoding (%2e, and
// Microsoft's %u002e) undone until nothing changes, overlong UTF-8 (%c0%ae) made the character it stands for, plus
// signs in the query made spaces. If the log escapes bytes as \xHH and \", that is undone first. What cannot be
// decoded stays as it is. A URI with nothing to decode comes back as it came; otherwise the result lives in arena.
func decodeURI(s string, escaped bool, arena *[]byte) string {
	query := false
	for i := 0; ; i++ {
		if i == len(s) {
			return s
		}
		c := s[i]
		if c == '%' || c == '+' && query || c == '\\' && escaped {
			break
		}
		if c == '?' {
			query = true
		}
	}
	from := len(*arena)
	*arena = append(*arena, s...)
	b := (*arena)[from:]
	if escaped {
		b = unescapeLog(b)
	}
	b = plusToSpace(b)
	for range maxUnwrap {
		n := len(b)
		b = unpercent(b)
		if len(b) == n { // every decoding shortens
			break
		}
	}
	*arena = (*arena)[:from+len(b)]
	return text(b)
}

func plusToSpace(b []byte) []byte {
	query := false
	for i, c := range b {
		if c == '?' {
			query = true
		} else if c == '+' && query {
			b[i] = ' '
		}
	}
	return b
}

// unescapeLog undoes, in place, the escapes with which Apache and nginx keep a logged value on one line.
func unescapeLog(b []byte) []byte {
	out := b[:0]
	for i := 0; i < len(b); i++ {
		c := b[i]
		if c == '\\' && i+1 < len(b) {
			switch n := b[i+1]; n {
			case 'x':
				if i+3 < len(b) {
					if hi, lo := hexDigit(b[i+2]), hexDigit(b[i+3]); hi|lo >= 0 {
						out = append(out, byte(hi<<4|lo))
						i += 3
						continue
					}
				}
			case '"', '\\':
				out = append(out, n)
				i++
				continue
			case 'n', 't', 'r':
				out = append(out, ' ')
				i++
				continue
			}
		}
		out = append(out, c)
	}
	return out
}

// unpercent undoes one layer of percent-encoding in place.
func unpercent(b []byte) []byte {
	out := b[:0]
	for i := 0; i < len(b); i++ {
		c := b[i]
		if c != '%' || i+2 >= len(b) {
			out = append(out, c)
			continue
		}
		if hi, lo := hexDigit(b[i+1]), hexDigit(b[i+2]); hi|lo >= 0 {
			out = shorten(append(out, byte(hi<<4|lo)))
			i += 2
			continue
		}
		if b[i+1]|0x20 == 'u' {
			if r, ok := hex4(b, i+2); ok {
				if r >= 0xff01 && r <= 0xff5e { // full-width forms, which IIS maps to ASCII
					r -= 0xff01 - '!'
				}
				out = utf8.AppendRune(out, r)
				i += 5
				continue
			}
		}
		out = append(out, c)
	}
	return out
}

// shorten makes an overlong UTF-8 sequence at the end of b the ASCII character that it stands for.
func shorten(b []byte) []byte {
	n := len(b)
	if n < 2 || b[n-1]&0xc0 != 0x80 {
		return b
	}
	low := b[n-1] & 0x3f
	switch b[n-2] {
	case 0xc0, 0xc1:
		b[n-2] = b[n-2]&1<<6 | low
		return b[:n-1]
	case 0x80, 0x81:
		c := b[n-2]&1<<6 | low
		if n >= 3 && b[n-3] == 0xe0 {
			b[n-3] = c
			return b[:n-2]
		}
		if n >= 4 && b[n-3] == 0x80 && b[n-4] == 0xf0 {
			b[n-4] = c
			return b[:n-3]
		}
	}
	return b
}

// hexDigit returns the value of a hexadecimal digit, or -1.
func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
