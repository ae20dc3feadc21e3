package evtx

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// Types of values.
const (
	typeNull       = 0x00
	typeString     = 0x01
	typeANSI       = 0x02
	typeInt8       = 0x03
	typeUint8      = 0x04
	typeInt16      = 0x05
	typeUint16     = 0x06
	typeInt32      = 0x07
	typeUint32     = 0x08
	typeInt64      = 0x09
	typeUint64     = 0x0a
	typeFloat      = 0x0b
	typeDouble     = 0x0c
	typeBool       = 0x0d
	typeBinary     = 0x0e
	typeGUID       = 0x0f
	typeSize       = 0x10
	typeFileTime   = 0x11
	typeSystemTime = 0x12
	typeSID        = 0x13
	typeHex32      = 0x14
	typeHex64      = 0x15
	typeBinXML     = 0x21
	typeXML        = 0x23
	typeArray      = 0x80
)

// A value is a typed run of bytes of the chunk.
type value struct {
	b    []byte
	at   int // offset of b in the chunk
	kind byte
}

// literal reads a value that a template holds itself.
func (r *Reader) literal(kind byte, pos, end int) (string, int, error) {
	n := 0
	switch kind {
	case typeString:
		if pos+2 > end {
			return "", pos, errShort(pos)
		}
		n = 2 * int(binary.LittleEndian.Uint16(r.chunk[pos:]))
		pos += 2
		if pos+n > end {
			return "", pos, errShort(pos)
		}
		return r.str(r.chunk[pos : pos+n]), pos + n, nil
	case typeNull:
	case typeInt8, typeUint8:
		n = 1
	case typeInt16, typeUint16:
		n = 2
	case typeInt32, typeUint32, typeFloat, typeBool, typeHex32:
		n = 4
	case typeInt64, typeUint64, typeDouble, typeFileTime, typeHex64:
		n = 8
	case typeGUID, typeSystemTime:
		n = 16
	default:
		return "", pos, fmt.Errorf("%w: literal of type %#02x at byte %d", ErrXML, kind, pos)
	}
	if pos+n > end {
		return "", pos, errShort(pos)
	}
	c := &r.c
	c.buf = r.appendValue(c.buf[:0], value{b: r.chunk[pos : pos+n], kind: kind})
	return string(c.buf), pos + n, nil
}

// appendValue appends a value as Windows renders it: integers in decimal, hexadecimal types as 0x…, GUIDs in braces,
// times in UTC as ISO 8601 with all their digits, binary as upper-case hexadecimal. A value of a wrong size is
// rendered as binary.
func (r *Reader) appendValue(dst []byte, v value) []byte {
	b := v.b
	le := binary.LittleEndian
	switch v.kind {
	case typeNull:
		return dst
	case typeString, typeXML:
		for len(b) >= 2 && b[len(b)-1] == 0 && b[len(b)-2] == 0 {
			b = b[:len(b)-2]
		}
		return appendUTF16(dst, b)
	case typeANSI:
		for len(b) > 0 && b[len(b)-1] == 0 {
			b = b[:len(b)-1]
		}
		return appendANSI(dst, b)
	case typeInt8:
		if len(b) == 1 {
			return strconv.AppendInt(dst, int64(int8(b[0])), 10)
		}
	case typeUint8:
		if len(b) == 1 {
			return strconv.AppendUint(dst, uint64(b[0]), 10)
		}
	case typeInt16:
		if len(b) == 2 {
			return strconv.AppendInt(dst, int64(int16(le.Uint16(b))), 10)
		}
	case typeUint16:
		if len(b) == 2 {
			return strconv.AppendUint(dst, uint64(le.Uint16(b)), 10)
		}
	case typeInt32:
		if len(b) == 4 {
			return strconv.AppendInt(dst, int64(int32(le.Uint32(b))), 10)
		}
	case typeUint32:
		if len(b) == 4 {
			return strconv.AppendUint(dst, uint64(le.Uint32(b)), 10)
		}
	case typeInt64:
		if len(b) == 8 {
			return strconv.AppendInt(dst, int64(le.Uint64(b)), 10)
		}
	case typeUint64:
		if len(b) == 8 {
			return strconv.AppendUint(dst, le.Uint64(b), 10)
		}
	case typeFloat:
		if len(b) == 4 {
			return strconv.AppendFloat(dst, float64(math.Float32frombits(le.Uint32(b))), 'g', -1, 32)
		}
	case typeDouble:
		if len(b) == 8 {
			return strconv.AppendFloat(dst, math.Float64frombits(le.Uint64(b)), 'g', -1, 64)
		}
	case typeBool:
		if len(b) == 4 || len(b) == 1 {
			for _, c := range b {
				if c != 0 {
					return append(dst, "true"...)
				}
			}
			return append(dst, "false"...)
		}
	case typeGUID:
		if len(b) == 16 {
			return appendGUID(dst, b)
		}
	case typeFileTime:
		if len(b) == 8 {
			return r.days.appendTime(dst, le.Uint64(b))
		}
	case typeSystemTime:
		if len(b) == 16 {
			return appendSystemTime(dst, b)
		}
	case typeSID:
		if len(b) >= 8 && len(b) >= 8+4*int(b[1]) {
			return appendSID(dst, b)
		}
	case typeHex32, typeHex64, typeSize:
		switch len(b) {
		case 4:
			return strconv.AppendUint(append(dst, "0x"...), uint64(le.Uint32(b)), 16)
		case 8:
			return strconv.AppendUint(append(dst, "0x"...), le.Uint64(b), 16)
		}
	}
	return appendHex(dst, b)
}

const hexDigits = "0123456789ABCDEF"

func appendHex(dst, b []byte) []byte {
	for _, c := range b {
		dst = append(dst, hexDigits[c>>4], hexDigits[c&15])
	}
	return dst
}

// appendGUID appends {xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx}; the first three groups are little-endian.
func appendGUID(dst, b []byte) []byte {
	dst = append(dst, '{')
	for i, at := range [16]int{3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15} {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			dst = append(dst, '-')
		}
		dst = append(dst, hexDigits[b[at]>>4], hexDigits[b[at]&15])
	}
	return append(dst, '}')
}

// appendSID appends S-revision-authority-subauthorities, as [MS-DTYP] section 2.4.2.1 has it.
func appendSID(dst, b []byte) []byte {
	dst = strconv.AppendUint(append(dst, "S-"...), uint64(b[0]), 10)
	var authority uint64
	for _, c := range b[2:8] {
		authority = authority<<8 | uint64(c)
	}
	dst = append(dst, '-')
	if authority < 1<<32 {
		dst = strconv.AppendUint(dst, authority, 10)
	} else {
		dst = strconv.AppendUint(append(dst, "0x"...), authority, 16)
	}
	for i := range int(b[1]) {
		dst = strconv.AppendUint(append(dst, '-'), uint64(binary.LittleEndian.Uint32(b[8+4*i:])), 10)
	}
	return dst
}

// appendANSI appends text of the writer's code page; bytes beyond ASCII are taken for Windows-1252's letters, which
// stand where Latin-1 has them.
func appendANSI(dst, b []byte) []byte {
	for _, c := range b {
		dst = utf8.AppendRune(dst, rune(c))
	}
	return dst
}

// appendUTF16 appends little-endian UTF-16 as UTF-8; halves of surrogate pairs become U+FFFD.
func appendUTF16(dst, b []byte) []byte {
	n := len(b) &^ 1
	i := 0
	for ; i+8 <= n; i += 8 { // four units at a time while they are ASCII
		u := binary.LittleEndian.Uint64(b[i:])
		if u&0xff80ff80ff80ff80 != 0 {
			break
		}
		dst = append(dst, byte(u), byte(u>>16), byte(u>>32), byte(u>>48))
	}
	for ; i < n; i += 2 {
		u := rune(b[i]) | rune(b[i+1])<<8
		if u < utf8.RuneSelf {
			dst = append(dst, byte(u))
			continue
		}
		if utf16.IsSurrogate(u) {
			if i+4 <= n {
				if both := utf16.DecodeRune(u, rune(b[i+2])|rune(b[i+3])<<8); both != utf8.RuneError {
					u = both
					i += 2
				}
			}
			if u < 0x10000 {
				u = utf8.RuneError
			}
		}
		dst = utf8.AppendRune(dst, u)
	}
	return dst
}

// Windows counts 100-nanosecond intervals since 1601; Unix time starts this many seconds later.
const epoch = 11644473600

func fileTime(t uint64) time.Time {
	return time.Unix(int64(t/1e7)-epoch, int64(t%1e7)*100).UTC()
}

// A dayCache holds the last date that was rendered: most times of a log are of the day of the one before.
type dayCache struct {
	day  uint64 // since 1601
	n    int    // length of text; 0: nothing cached
	text [16]byte
}

// appendTime appends 2006-01-02T15:04:05.0000000Z.
func (c *dayCache) appendTime(dst []byte, t uint64) []byte {
	const perDay = 86400 * 1e7
	day := t / perDay
	if c.n == 0 || c.day != day {
		c.day = day
		c.n = len(fileTime(day*perDay).AppendFormat(c.text[:0], "2006-01-02T"))
	}
	dst = append(dst, c.text[:c.n]...)
	t %= perDay
	s := t / 1e7
	dst = appendDigits(dst, s/3600, 2)
	dst = appendDigits(append(dst, ':'), s/60%60, 2)
	dst = appendDigits(append(dst, ':'), s%60, 2)
	return append(appendDigits(append(dst, '.'), t%1e7, 7), 'Z')
}

// appendSystemTime appends a SYSTEMTIME (year, month, day of week, day, hour, minute, second, millisecond) likewise.
func appendSystemTime(dst, b []byte) []byte {
	at := func(i int) uint64 { return uint64(binary.LittleEndian.Uint16(b[2*i:])) }
	dst = appendDigits(dst, at(0), 4)
	dst = appendDigits(append(dst, '-'), at(1), 2)
	dst = appendDigits(append(dst, '-'), at(3), 2)
	dst = appendDigits(append(dst, 'T'), at(4), 2)
	dst = appendDigits(append(dst, ':'), at(5), 2)
	dst = appendDigits(append(dst, ':'), at(6), 2)
	return append(appendDigits(append(dst, '.'), at(7), 3), 'Z')
}

// appendDigits appends n in decimal with at least width digits.
func appendDigits(dst []byte, n uint64, width int) []byte {
	var a [20]byte
	i := len(a)
	for n > 0 || width > 0 {
		i--
		a[i] = byte('0' + n%10)
		n /= 10
		width--
	}
	return append(dst, a[i:]...)
}
