package sigma

import (
	"strings"
	"unicode/utf8"
)

// A glob is a compiled pattern with wildcards: segments that stars separate. It is matched against values that are
// folded as its literals are.
type glob struct {
	segments []segment
	head     bool // a star before the first segment
	tail     bool // a star after the last
	least    int  // bytes that a value must have
}

// A segment is a run of literals, single-character wildcards and dashes.
type segment struct {
	parts []part
	least int    // bytes of the shortest text it matches
	most  int    // bytes of the longest
	key   string // its longest literal
}

func newGlob(p pattern) *glob {
	g := &glob{}
	var seg segment
	flush := func() {
		if len(seg.parts) > 0 {
			seg.settle()
			g.segments = append(g.segments, seg)
			g.least += seg.least
			seg = segment{}
		}
	}
	for i, t := range p {
		if t.mark != markStar {
			seg.parts = append(seg.parts, t)
			continue
		}
		flush()
		if i == 0 {
			g.head = true
		}
		g.tail = i == len(p)-1
	}
	flush()
	return g
}

// settle measures the segment.
func (s *segment) settle() {
	for _, t := range s.parts {
		switch t.mark {
		case markText:
			if len(t.text) > len(s.key) {
				s.key = t.text
			}
			s.least += len(t.text)
			s.most += len(t.text)
		case markDash:
			s.least++
			s.most += len("–")
		default:
			s.least++
			s.most += utf8.UTFMax
		}
	}
}

// at returns where the segment ends when it begins at v[i:], or -1.
func (s *segment) at(v string, i int) int {
	for k := range s.parts {
		t := &s.parts[k]
		switch t.mark {
		case markText:
			if !strings.HasPrefix(v[i:], t.text) {
				return -1
			}
			i += len(t.text)
		case markDash:
			n := dashAt(v, i)
			if n == 0 {
				return -1
			}
			i += n
		default:
			if i >= len(v) {
				return -1
			}
			_, n := utf8.DecodeRuneInString(v[i:])
			i += n
		}
	}
	return i
}

// dashAt returns the length of the dash at v[i:], 0 if there is none.
func dashAt(v string, i int) int {
	if i >= len(v) {
		return 0
	}
	switch v[i] {
	case '-', '/':
		return 1
	case 0xE2:
		if i+2 < len(v) && v[i+1] == 0x80 && v[i+2] >= 0x93 && v[i+2] <= 0x95 {
			return 3
		}
	}
	return 0
}

// find returns the end of the first occurrence of the segment in v from i on, or -1. Since it always spans the same
// number of characters, the first to begin is the first to end.
func (s *segment) find(v string, i int) int {
	if s.parts[0].mark == markText {
		for lit := s.parts[0].text; ; {
			j := strings.Index(v[i:], lit)
			if j < 0 {
				return -1
			}
			i += j
			if end := s.at(v, i); end >= 0 {
				return end
			}
			i++
		}
	}
	if !strings.Contains(v[i:], s.key) {
		return -1
	}
	for i+s.least <= len(v) {
		if end := s.at(v, i); end >= 0 {
			return end
		}
		_, n := utf8.DecodeRuneInString(v[i:])
		i += n
	}
	return -1
}

// last reports whether the segment occurs at the end of v, beginning at i or later.
func (s *segment) last(v string, i int) bool {
	for j := max(i, len(v)-s.most); j+s.least <= len(v); j++ {
		if j > i && j < len(v) && s.parts[0].mark != markText && !boundary(v, i, j) {
			continue
		}
		if s.at(v, j) == len(v) {
			return true
		}
	}
	return false
}

// boundary says that a character begins at v[j], counted from v[i].
func boundary(v string, i, j int) bool {
	if utf8.RuneStart(v[j]) {
		return true
	}
	for k := j - 1; k >= i && k > j-utf8.UTFMax; k-- {
		if utf8.RuneStart(v[k]) {
			_, n := utf8.DecodeRuneInString(v[k:])
			return k+n <= j
		}
	}
	return true
}

// match reports whether the whole of v is as the pattern says.
func (g *glob) match(v string) bool {
	if len(v) < g.least {
		return false
	}
	segs := g.segments
	i := 0
	if len(segs) == 0 {
		return g.head || v == ""
	}
	if !g.head {
		if i = segs[0].at(v, 0); i < 0 {
			return false
		}
		segs = segs[1:]
		if len(segs) == 0 {
			return g.tail || i == len(v)
		}
	}
	n := len(segs)
	if !g.tail {
		n--
	}
	for k := range n {
		if i = segs[k].find(v, i); i < 0 {
			return false
		}
	}
	return g.tail || segs[n].last(v, i)
}
