package actor

import (
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// TickOf reads an action. It allocates nothing and keeps nothing of it.
func TickOf(a *tocsin.Action) tocsin.Tick {
	t, _ := tickOf(a)
	return t
}

// tickOf gives also a hash of the text's words, as read makes it.
func tickOf(a *tocsin.Action) (tocsin.Tick, uint32) {
	t := tocsin.Tick{Record: uint32(a.Place.Record ^ a.Place.Record>>32), Length: uint16(min(len(a.Text), 1<<16-1)), Tactic: tacticNumber(a.Tactic), Outcome: a.Outcome,
		Time: nanos(a.Time), End: nanos(a.End)}
	if t.Time == 0 && a.Log == "session" { // an agent's session holds its calls in order
		t.Time, t.End = inOrder(a.Place), 0
	}
	h := uint32(fnvBasis)
	for i := 0; i < len(a.Verb); i++ {
		h = (h ^ uint32(a.Verb[i])) * fnvPrime
	}
	h *= fnvPrime // as if a zero byte stood between them
	for i := 0; i < len(a.Tool); i++ {
		h = (h ^ uint32(a.Tool[i])) * fnvPrime
	}
	t.Kind = h
	if len(a.On) > 0 {
		h = fnvBasis
		for i := 0; i < len(a.On[0].Value); i++ {
			h = (h ^ uint32(a.On[0].Value[i])) * fnvPrime
		}
		t.Target = max(h, 1)
	}
	words := read(&t, a.Text, a.Tool)
	if a.Verb == "login" { // sensors have little in common but who and whether
		words = 0
	}
	t.Typed = a.Text != "" && a.Verb != "call" && !request(a.Text) && (t.Typed || a.Verb == "run")
	t.Log, t.Set, t.Stream = logNumber(a.Log), a.Set, stream(a)
	if a.Sensor != "" {
		s := uint32(fnvBasis)
		for i := 0; i < len(a.Sensor); i++ {
			s = (s ^ uint32(a.Sensor[i])) * fnvPrime
		}
		t.Sensor = uint16(max(s>>16^s&0xffff, 1))
	}
	return t, words
}

// firstPlace is where the order of what has no time begins, far below all times.
const firstPlace = -1 << 62

// inOrder is what Tick.Time is of an action without a time in a log whose order is that of what was done: it tells before from
// after within the log, and nothing of clocks.
func inOrder(p tocsin.Place) int64 {
	const calls = 20 // bits for the number within a line
	line, n := p.Line()
	return firstPlace + int64(min(line, 1<<40))<<calls + min(n, 1<<calls-1)
}

// logNumber numbers the kinds of log.
func logNumber(log string) uint8 {
	if log == "" {
		return 0
	}
	for i, l := range tocsin.Logs {
		if l == log {
			return uint8(i + 1)
		}
	}
	return 0
}

// stream is a hash of the log and the session that an action was read in. Of a name that several use at once, each shows
// its own gaps.
func stream(a *tocsin.Action) uint32 {
	h := uint32(fnvBasis)
	source := unrotated(a.Place.Source)
	for i := 0; i < len(source); i++ {
		h = (h ^ uint32(source[i])) * fnvPrime
	}
	for i := range a.Who {
		if e := &a.Who[i]; e.Kind == "session" || e.Kind == "agent" {
			for k := 0; k < len(e.Value); k++ {
				h = (h ^ uint32(e.Value[k])) * fnvPrime
			}
		}
	}
	return h
}

// unrotated is the name under which a log is written on. Package tail names what follows a rotation PATH@20060102T150405Z, or
// PATH@20060102T150405.2Z; logrotate and others name what came before it PATH.1, PATH.2.gz or PATH-20060102.
func unrotated(source string) string {
	if at := strings.LastIndexByte(source, '@'); at >= 0 && strings.HasSuffix(source, "Z") {
		stamp, _, _ := strings.Cut(source[at+1:len(source)-1], ".")
		if len(stamp) == len("20060102T150405") && digits(stamp[:8]) && stamp[8] == 'T' && digits(stamp[9:]) {
			source = source[:at]
		}
	}
	name := source
	for _, end := range [...]string{".gz", ".bz2", ".zst", ".xz"} {
		if rest, ok := strings.CutSuffix(name, end); ok {
			name = rest
			break
		}
	}
	i := len(name)
	for i > 0 && name[i-1] >= '0' && name[i-1] <= '9' {
		i--
	}
	n := len(name) - i
	switch {
	case i < 2 || name[i-2] == '/' || name[i-2] >= '0' && name[i-2] <= '9': // an address is no rotated log
	case name[i-1] == '.' && n >= 1 && n <= 3, name[i-1] == '-' && n == len("20060102"):
		return name[:i-1]
	}
	return source
}

func digits(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' }) < 0
}

// FNV-1a, 32 bits. http://www.isthe.com/chongo/tech/comp/fnv/
const (
	fnvBasis = 2166136261
	fnvPrime = 16777619
)

// request says that a text is one of HTTP: it begins with a method.
func request(text string) bool {
	n := 0
	for n < len(text) && text[n] >= 'A' && text[n] <= 'Z' {
		n++
	}
	return n >= 3 && n < len(text) && text[n] == ' '
}

// read goes through the text once: its hash, its words and its operators. A text that has the tool's name as a word is
// taken for typed. It returns a hash of the words from the tool's name on, whatever stands between them: sensors quote and
// space one command each in their own way, name its program with a path or without, and what it was handed to first or not.
func read(t *tocsin.Tick, s, tool string) uint32 {
	h, bare, named := uint32(fnvBasis), uint32(fnvBasis), false
	word, long := uint32(fnvBasis), 0
	count, operators := 0, 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		what := classes[c]
		if what == 0 {
			word = (word ^ uint32(c)) * fnvPrime
			long++
			continue
		}
		if long > 0 {
			if noteWord(t, s[i-long:i], word, tool) && !named {
				bare, named = fnvBasis, true
			} else {
				bare = (bare ^ word) * fnvPrime
			}
			count++
			h = (h ^ word) * fnvPrime
			word, long = fnvBasis, 0
		}
		h = (h ^ uint32(c)) * fnvPrime
		if what == operator {
			operators++
			if i+1 < len(s) && s[i+1] == c { // && || >> << are one
				i++
				h = (h ^ uint32(c)) * fnvPrime
			}
		}
	}
	if long > 0 {
		if noteWord(t, s[len(s)-long:], word, tool) && !named {
			bare = fnvBasis
		} else {
			bare = (bare ^ word) * fnvPrime
		}
		count++
		h = (h ^ word) * fnvPrime
	}
	t.Text, t.Count, t.Operators = h, uint8(min(count, 255)), uint8(min(operators, 255))
	return bare
}

// noteWord notes a word of the text. It says whether that is the tool's name.
func noteWord(t *tocsin.Tick, s string, hash uint32, tool string) bool {
	t.Words |= 1 << (hash * 2654435769 >> 26)
	if n := len(tool); n > 0 && len(s) >= n && s[0]|0x20 == tool[0]|0x20 && strings.EqualFold(s[:n], tool) && (len(s) == n || s[n] == '.') {
		t.Typed = true
		return true
	}
	return false
}

const (
	separator = 1
	operator  = 2
)

// classes says of each byte whether it ends a word.
var classes = func() (c [256]uint8) {
	for _, b := range []byte(" \t\r\"'=,()[]{}/?:@\\") {
		c[b] = separator
	}
	for _, b := range []byte("|;&<>`\n") {
		c[b] = operator
	}
	return c
}()

// tacticNumber numbers the tactics in the order of the matrix.
func tacticNumber(slug string) uint8 {
	if slug == "" {
		return 0
	}
	for i := range tactics {
		if tactics[i].Slug == slug {
			return uint8(i + 1)
		}
	}
	return 0
}

var tactics = tocsin.Tactics()
