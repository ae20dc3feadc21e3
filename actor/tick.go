package actor

import (
	"math/bits"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// A Tick is an action as tempo and driver see it: small, so that millions can be kept. Names are hashes: what drives an
// actor is judged by how it acts, never by what its tools are called.
type Tick struct {
	Time   int64  // when it began, Unix nanoseconds; 0 is not known
	End    int64  // when it ended; 0 is not known
	Words  uint64 // a bit for each word of the text, by the word's hash: near texts have near bits
	Record uint32 // of the event, in its source: parts of one event have it in common
	Text   uint32 // hash of the text
	Kind   uint32 // hash of verb and tool
	Target uint32 // hash of the first target; 0 where there is none

	Length    uint16 // of the text, in bytes
	Count     uint8  // words in the text, at most 255
	Operators uint8  // that join or redirect commands: | ; & < > $( and line ends, at most 255
	Tactic    uint8  // 1 and up in the order of the matrix; 0 is ordinary use
	Typed     bool   // the text is a command, not a request or a message of a log
	Asked     bool   // the text is a request
	Outcome   tocsin.Outcome
}

// TickOf reads an action. It allocates nothing and keeps nothing of it.
func TickOf(a *tocsin.Action) Tick {
	t := Tick{Record: uint32(a.Place.Record), Length: uint16(min(len(a.Text), 1<<16-1)), Tactic: tacticNumber(a.Tactic), Outcome: a.Outcome}
	if !a.Time.IsZero() {
		t.Time = a.Time.UnixNano()
	}
	if !a.End.IsZero() {
		t.End = a.End.UnixNano()
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
	t.read(a.Text, a.Tool)
	t.Typed = a.Text != "" && a.Verb != "call" && !request(a.Text) && (t.Typed || a.Verb == "run")
	return t
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
// taken for typed.
func (t *Tick) read(s, tool string) {
	h := uint32(fnvBasis)
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
			t.word(s[i-long:i], word, tool)
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
		t.word(s[len(s)-long:], word, tool)
		count++
		h = (h ^ word) * fnvPrime
	}
	t.Text, t.Count, t.Operators = h, uint8(min(count, 255)), uint8(min(operators, 255))
}

// word notes a word of the text.
func (t *Tick) word(s string, hash uint32, tool string) {
	t.Words |= 1 << (hash * 2654435769 >> 26)
	if n := len(tool); n > 0 && len(s) >= n && s[0]|0x20 == tool[0]|0x20 && strings.EqualFold(s[:n], tool) && (len(s) == n || s[n] == '.') {
		t.Typed = true
	}
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

// like says that two different texts differ in little: at least half of their words, of which there are two or more, are
// the same.
func (t *Tick) like(o *Tick) bool {
	both, any := bits.OnesCount64(t.Words&o.Words), bits.OnesCount64(t.Words|o.Words)
	return any >= 2 && 2*both >= any
}

// failed says that the action is known not to have worked.
func (t *Tick) failed() bool { return t.Outcome == tocsin.Failed || t.Outcome == tocsin.Denied }

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
