package source

import (
	"encoding/binary"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

var utf8BOM = []byte("\xef\xbb\xbf")

// utf16Order tells whether a stream is UTF-16 text, and in which order of bytes: by its byte order mark or, without
// one, because it begins with eight ASCII characters in two bytes each. nil says that it is not.
func utf16Order(head []byte) binary.ByteOrder {
	if len(head) < 2 {
		return nil
	}
	switch {
	case head[0] == 0xff && head[1] == 0xfe && !(len(head) >= 4 && head[2] == 0 && head[3] == 0): // that would be UTF-32
		return binary.LittleEndian
	case head[0] == 0xfe && head[1] == 0xff:
		return binary.BigEndian
	case len(head) < 16:
		return nil
	}
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		n := 0
		for n < 16 {
			c := order.Uint16(head[n:])
			if c >= 0x7f || c < ' ' && c != '\n' && c != '\r' && c != '\t' {
				break
			}
			n += 2
		}
		if n == 16 {
			return order
		}
	}
	return nil
}

// A utf16Reader yields UTF-16 text as UTF-8, its byte order mark left out. Halves of surrogate pairs and a last odd
// byte become U+FFFD.
type utf16Reader struct {
	r     io.Reader
	order binary.ByteOrder
	in    [8 << 10]byte
	n     int    // bytes of in that wait: fewer than four
	buf   []byte // what out is a part of
	out   []byte
	begun bool
	err   error
}

func (u *utf16Reader) Read(p []byte) (int, error) {
	for len(u.out) == 0 && u.err == nil {
		u.fill()
	}
	n := copy(p, u.out)
	u.out = u.out[n:]
	if n == 0 && len(p) > 0 {
		return 0, u.err
	}
	return n, nil
}

func (u *utf16Reader) fill() {
	n, err := u.r.Read(u.in[u.n:])
	n += u.n
	u.err = err
	if u.buf == nil {
		u.buf = make([]byte, 0, len(u.in)*3/2+4) // two bytes become three at most
	}
	out := u.buf[:0]
	i := 0
	for ; i+2 <= n; i += 2 {
		c := rune(u.order.Uint16(u.in[i:]))
		switch {
		case c < utf8.RuneSelf:
			out = append(out, byte(c))
		case c == 0xfeff && !u.begun:
		case utf16.IsSurrogate(c):
			if i+4 > n && err == nil {
				u.keep(i, n, out)
				return
			}
			if i+4 <= n {
				if both := utf16.DecodeRune(c, rune(u.order.Uint16(u.in[i+2:]))); both != utf8.RuneError {
					out = utf8.AppendRune(out, both)
					i += 2
					continue
				}
			}
			out = utf8.AppendRune(out, utf8.RuneError)
		default:
			out = utf8.AppendRune(out, c)
		}
		u.begun = true
	}
	if i < n && err != nil {
		out = utf8.AppendRune(out, utf8.RuneError)
		i = n
	}
	u.keep(i, n, out)
}

// keep leaves in[i:n] for the next fill.
func (u *utf16Reader) keep(i, n int, out []byte) {
	u.n = copy(u.in[:], u.in[i:n])
	u.out = out
}
