package feed

import (
	"bytes"
	"encoding/json"
)

// MaxMessage bounds a message of a message queue, in bytes: a source counts longer ones as refused.
const MaxMessage = 16 << 20

// AppendLines adds the lines of a message of a message queue to b: its own, or of JSON that is laid out over several lines, a
// line for each value. A message without a byte has no line.
func AppendLines(b, message []byte) []byte {
	if len(message) == 0 {
		return b
	}
	from := len(b)
	inner := bytes.IndexByte(message[:len(message)-1], '\n') >= 0
	if inner {
		if first := bytes.TrimLeft(message, " \t\r\n"); len(first) > 0 && (first[0] == '{' || first[0] == '[') {
			if all, ok := appendJSON(b, message); ok {
				return all
			}
			b = b[:from]
		}
	}
	b = append(b, message...)
	if b[len(b)-1] != '\n' {
		b = append(b, '\n')
	}
	return b
}

// appendJSON adds each JSON value of message as a line, if message is JSON values and nothing else.
func appendJSON(b, message []byte) ([]byte, bool) {
	d := json.NewDecoder(bytes.NewReader(message))
	out := bytes.NewBuffer(b)
	for d.More() {
		var v json.RawMessage
		if d.Decode(&v) != nil || json.Compact(out, v) != nil {
			return b, false
		}
		out.WriteByte('\n')
	}
	if rest := bytes.TrimSpace(message[d.InputOffset():]); len(rest) > 0 { // a bracket that closes nothing ends More
		return b, false
	}
	return out.Bytes(), true
}
