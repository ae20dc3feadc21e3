package pseudonym

import (
	"unicode"
	"unicode/utf8"
)

// A trie finds names in a text, each by a walk of at most maxName steps.
type trie struct {
	next map[step]int32
	ends []string // pseudonyms, by node; "" where no name ends
}

type step struct {
	node int32
	c    byte
}

func newTrie() *trie { return &trie{next: map[step]int32{}, ends: []string{""}} }

func (t *trie) add(name, p string) {
	at := int32(0)
	for i := range len(name) {
		s := step{at, name[i]}
		to, ok := t.next[s]
		if !ok {
			to = int32(len(t.ends))
			t.ends = append(t.ends, "")
			t.next[s] = to
		}
		at = to
	}
	t.ends[at] = p
}

// longest is the longest name that s begins with and that ends at the end of a word: its pseudonym and length.
func (t *trie) longest(s string) (p string, size int) {
	at := int32(0)
	for i := 0; i < len(s); {
		c, n := utf8.DecodeRuneInString(s[i:])
		if c < utf8.RuneSelf {
			if c >= 'A' && c <= 'Z' {
				c += 'a' - 'A'
			}
			to, ok := t.next[step{at, byte(c)}]
			if !ok {
				return p, size
			}
			at = to
		} else {
			var low [utf8.UTFMax]byte
			for _, b := range low[:utf8.EncodeRune(low[:], unicode.ToLower(c))] {
				to, ok := t.next[step{at, b}]
				if !ok {
					return p, size
				}
				at = to
			}
		}
		i += n
		if t.ends[at] != "" && endsWord(s[i:]) {
			p, size = t.ends[at], i
		}
	}
	return p, size
}

// endsWord says that a word ends before s.
func endsWord(s string) bool {
	c, _ := utf8.DecodeRuneInString(s)
	return s == "" || !unicode.IsLetter(c) && !unicode.IsDigit(c)
}
