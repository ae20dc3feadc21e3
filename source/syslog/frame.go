package syslog

import (
	"bytes"
	"errors"
	"strconv"
)

// Framing of RFC 6587: "LENGTH MESSAGE" (3.4.1), or messages that end in a newline or a zero byte (3.4.2).
type framing uint8

const (
	unknownFraming framing = iota
	byNewline
	byCount
)

// maxCount is the longest message that is announced and read; who announces more counts no octets.
const maxCount = 16 << 20

var errFrame = errors.New("no length stands where the next message begins")

// A framer cuts what a connection sends into messages and writes each as a line.
type framer struct {
	how  framing
	head []byte // what there is of a length, or before the framing is known
	buf  []byte // what there is of a message
	left int    // bytes that the message still has
	cut  bool   // what is in buf goes on with a message that was cut
	cuts int    // messages that were
}

// pending says that there is something of a message.
func (f *framer) pending() bool { return len(f.head) > 0 || len(f.buf) > 0 || f.left > 0 || f.cut }

// take appends the lines of the messages that end in b to out.
func (f *framer) take(out, b []byte) ([]byte, error) {
	if f.how == unknownFraming {
		f.head = append(f.head, b...)
		if f.how = framingOf(f.head); f.how == unknownFraming {
			return out, nil
		}
		b, f.head = f.head, nil
	}
	for len(b) > 0 {
		if f.how == byNewline {
			i := bytes.IndexAny(b, "\n\x00")
			if i < 0 {
				return f.add(out, b), nil
			}
			out = f.end(f.add(out, b[:i]))
			b = b[i+1:]
			continue
		}
		if f.left == 0 {
			c := b[0]
			b = b[1:]
			switch {
			case len(f.head) == 0 && (c == '\n' || c == '\r' || c == 0 || c == ' '): // some end counted messages as well
			case c >= '0' && c <= '9' && len(f.head) < 8:
				f.head = append(f.head, c)
			case c == ' ' && len(f.head) > 0:
				n, err := strconv.Atoi(string(f.head))
				if err != nil || n > maxCount {
					return out, errFrame
				}
				f.left, f.head = n, f.head[:0]
			default:
				return out, errFrame
			}
			continue
		}
		n := min(f.left, len(b))
		out = f.add(out, b[:n])
		b = b[n:]
		if f.left -= n; f.left == 0 {
			out = f.end(out)
		}
	}
	return out, nil
}

// framingOf says how a connection that begins with b is framed, if that can be said.
func framingOf(b []byte) framing {
	for i, c := range b {
		switch {
		case i == 0 && c == '0' || i > 8:
			return byNewline
		case c >= '0' && c <= '9':
		case i == 0 || c != ' ':
			return byNewline
		case i+1 == len(b):
			return unknownFraming
		case b[i+1] == '<':
			return byCount
		default:
			return byNewline
		}
	}
	return unknownFraming
}

// close appends what there is of a message when nothing more comes.
func (f *framer) close(out []byte) []byte {
	if f.how == unknownFraming && len(f.head) > 0 {
		out = f.add(out, f.head)
	}
	f.head, f.left = nil, 0
	return f.end(out)
}

// add adds to the message that is being read, and writes as much of it as is too much for a line.
func (f *framer) add(out, b []byte) []byte {
	for len(f.buf)+len(b) > maxMessage {
		n := maxMessage - len(f.buf)
		f.buf = append(f.buf, b[:n]...)
		b = b[n:]
		out = f.write(out)
		if !f.cut {
			f.cuts++
		}
		f.cut = true
	}
	f.buf = append(f.buf, b...)
	return out
}

// end writes a message that is complete.
func (f *framer) end(out []byte) []byte {
	out = f.write(out)
	f.cut = false
	return out
}

func (f *framer) write(out []byte) []byte {
	start := len(out)
	if f.cut {
		out = append(out, "... "...) // or what stands here could pass for a message of its own
	}
	n := len(out)
	if out = appendLine(out, f.buf); len(out) == n {
		out = out[:start]
	}
	f.buf = f.buf[:0]
	return out
}

// appendLine writes a message as a line: without the line's end and zero bytes behind it, and with spaces for those within. Of
// an empty one nothing is written.
func appendLine(out, message []byte) []byte {
	message = bytes.TrimRight(message, "\r\n\x00")
	message = bytes.TrimLeft(message, "\r\n\x00")
	if len(message) == 0 {
		return out
	}
	n := len(out)
	out = append(out, message...)
	for i, c := range out[n:] {
		if c == '\n' || c == '\r' || c == 0 {
			out[n+i] = ' '
		}
	}
	return append(out, '\n')
}
