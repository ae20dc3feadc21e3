package action

import (
	"strconv"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// Bounds of a memo: its entries, and the bytes of one.
const (
	maxMemo = 1 << 14
	maxNote = 1 << 10
)

// A memo remembers what was made of texts, so that it is made once for those met often. One that is full forgets all.
type memo map[string]string

// get looks up what was made of a+b+c.
func (m memo) get(a, b, c string) (string, bool) {
	if len(a)+len(b)+len(c) > maxNote {
		return "", false
	}
	var buf [256]byte
	s, ok := m[string(append(append(append(buf[:0], a...), b...), c...))]
	return s, ok
}

// put notes what was made of key, and returns it. Both are kept, so neither may be a view of an event's text.
func (m *memo) put(key, made string) string {
	if len(key) > maxNote {
		return made
	}
	if *m == nil {
		*m = memo{}
	} else if len(*m) >= maxMemo {
		clear(*m)
	}
	(*m)[key] = made
	return made
}

// joined is a+b+c, made once for those met often.
func (r *Reader) joined(a, b, c string) string {
	if s, ok := r.joins.get(a, b, c); ok {
		return s
	}
	s := concat(a, b, c)
	return r.joins.put(s, s)
}

// concat is a+b+c, and never a view of one of them.
func concat(a, b, c string) string {
	var s strings.Builder
	s.Grow(len(a) + len(b) + len(c))
	s.WriteString(a)
	s.WriteString(b)
	s.WriteString(c)
	return s.String()
}

// lower is s in lower case, made once for those met often.
func (r *Reader) lower(s string) string {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c >= 'A' && c <= 'Z' || c >= 0x80 {
			if l, ok := r.lowers.get(s, "", ""); ok {
				return l
			}
			s = strings.Clone(s)
			return r.lowers.put(s, strings.ToLower(s))
		}
	}
	return s
}

// clip shortens a text to what an action may hold.
func clip(s string) string { return tocsin.Shorten(s, tocsin.MaxText) }

// maxRequest bounds the target of a request in an action's text, in bytes.
const maxRequest = 200

// or is a, or b if a is empty.
func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// before is s up to the first c, or all of it.
func before(s string, c byte) string {
	if i := strings.IndexByte(s, c); i >= 0 {
		return s[:i]
	}
	return s
}

// number is the number that s writes in decimal; what is none, or negative, is 0.
func number(s string) int64 {
	if s == "" {
		return 0
	}
	n, _ := strconv.ParseInt(s, 10, 64)
	return max(n, 0)
}

// base is a program's name without path and .exe, in lower case.
func base(path string) string {
	if i := strings.LastIndexAny(path, `/\`); i >= 0 {
		path = path[i+1:]
	}
	if n := len(path) - 4; n > 0 && strings.EqualFold(path[n:], ".exe") {
		path = path[:n]
	}
	return strings.ToLower(path)
}

// base is base, made once for names met often.
func (r *Reader) base(path string) string {
	if i := strings.LastIndexAny(path, `/\`); i >= 0 {
		path = path[i+1:]
	}
	if n := len(path) - 4; n > 0 && strings.EqualFold(path[n:], ".exe") {
		path = path[:n]
	}
	return r.lower(path)
}

// foldContains is strings.Contains for ASCII, whatever the case of s; w is in lower case.
func foldContains(s, w string) bool {
	if len(s) < len(w) {
		return false
	}
	c, d := w[0], w[0]&^0x20
	if c < 'a' || c > 'z' {
		d = c
	}
	for i := 0; i+len(w) <= len(s); i++ {
		if s[i] != c && s[i] != d {
			continue
		}
		k := 1
		for k < len(w) {
			b := s[i+k]
			if b >= 'A' && b <= 'Z' {
				b |= 0x20
			}
			if b != w[k] {
				break
			}
			k++
		}
		if k == len(w) {
			return true
		}
	}
	return false
}

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

func appendLower(to []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		to = append(to, c)
	}
	return to
}

func cutLast(s string, c byte) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, c)
	if i <= 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

func digits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return s[i] == ',' || s[i] == '-' && i > 0
		}
	}
	return s != ""
}

// foldPrefix is strings.HasPrefix, and foldSuffix strings.HasSuffix, whatever the case of s.
func foldPrefix(s, w string) bool { return len(s) >= len(w) && strings.EqualFold(s[:len(w)], w) }
func foldSuffix(s, w string) bool { return len(s) >= len(w) && strings.EqualFold(s[len(s)-len(w):], w) }

// foldIndex is strings.Index for ASCII, whatever the case of s; w is in lower case.
func foldIndex(s, w string) int {
	for i := 0; i+len(w) <= len(s); i++ {
		if s[i]|0x20 == w[0] && strings.EqualFold(s[i:i+len(w)], w) {
			return i
		}
	}
	return -1
}

func letterOrDigit(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
}

func firstField(s string) string {
	if f := strings.Fields(s[:min(len(s), 200)]); len(f) > 0 {
		return f[0]
	}
	return ""
}
