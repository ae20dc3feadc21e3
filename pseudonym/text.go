package pseudonym

import (
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Text is a text with pseudonyms in the place of the names and addresses in it.
func (n *Names) Text(s string) string { return n.text(s, 0) }

// text goes over the words of a text. What is coded in Base64 or hexadecimal is decoded, once, and coded again if it held
// a name.
func (n *Names) text(s string, depth int) string {
	var b strings.Builder
	from := 0  // what is not yet in b
	plain := 0 // where what was found to be no code ends
	for i := 0; i < len(s); {
		if !startsWord(s, i) {
			_, size := utf8.DecodeRuneInString(s[i:])
			i += size
			continue
		}
		p, size := n.addresses.at(s, i)
		if size == 0 {
			p, size = n.trie.longest(s[i:])
		}
		if size == 0 && depth == 0 && i >= plain {
			if p, size = n.coded(s[i:]); p == "" {
				plain, size = i+size, 0
			}
		}
		if p != "" {
			b.WriteString(s[from:i])
			b.WriteString(p)
			from = i + size
		}
		if size == 0 {
			_, size = utf8.DecodeRuneInString(s[i:])
		}
		i += size
	}
	if from == 0 {
		return s
	}
	b.WriteString(s[from:])
	return b.String()
}

// startsWord says that a word may begin at i. The letters of an escape (\n, %2F) are of no word.
func startsWord(s string, i int) bool {
	if i == 0 {
		return true
	}
	c, _ := utf8.DecodeLastRuneInString(s[:i])
	if !unicode.IsLetter(c) && !unicode.IsDigit(c) {
		return true
	}
	return i > 1 && s[i-2] == '\\' && strings.IndexByte("nrt", s[i-1]) >= 0 || i > 2 && s[i-3] == '%' && isHex(s[i-2]) && isHex(s[i-1])
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f'
}

// leastCoded is how many characters of a code are worth decoding.
const leastCoded = 16

// coded finds a run of Base64 or hexadecimal at the beginning of s: how long it is, and its new form if a name was in it.
func (n *Names) coded(s string) (p string, size int) {
	allHex := true
	for size < len(s) && (isHex(s[size]) || s[size] >= 'A' && s[size] <= 'Z' || s[size] >= 'a' && s[size] <= 'z' || s[size] == '+' || s[size] == '/') {
		allHex = allHex && isHex(s[size])
		size++
	}
	if size < leastCoded {
		return "", size
	}
	if allHex && size%2 == 0 {
		raw, _ := hex.DecodeString(s[:size])
		if q, ok := n.decoded(raw); ok {
			p = hex.EncodeToString(q)
			if strings.ToUpper(s[:size]) == s[:size] {
				p = strings.ToUpper(p)
			}
			return p, size
		}
		return "", size
	}
	body := size
	for size < len(s) && s[size] == '=' && size < body+2 {
		size++
	}
	if raw, err := base64.RawStdEncoding.DecodeString(s[:body]); err == nil {
		if q, ok := n.decoded(raw); ok {
			return base64.StdEncoding.EncodeToString(q), size
		}
	}
	return "", size
}

// decoded is what was decoded with pseudonyms, as UTF-8 or UTF-16, if it is text and has a name in it.
func (n *Names) decoded(raw []byte) ([]byte, bool) {
	if text := string(raw); printable(text) && !strings.Contains(text, "\x00") {
		q := n.text(text, 1)
		return []byte(q), q != text
	}
	if len(raw)%2 != 0 {
		return nil, false
	}
	units := make([]uint16, len(raw)/2)
	for i := range units {
		units[i] = uint16(raw[2*i]) | uint16(raw[2*i+1])<<8
	}
	text := string(utf16.Decode(units))
	if !printable(text) {
		return nil, false
	}
	q := n.text(text, 1)
	if q == text {
		return nil, false
	}
	raw = raw[:0:0]
	for _, u := range utf16.Encode([]rune(q)) {
		raw = append(raw, byte(u), byte(u>>8))
	}
	return raw, true
}

func printable(s string) bool {
	for _, c := range s {
		if c == utf8.RuneError || c < ' ' && c != '\n' && c != '\r' && c != '\t' && c != 0 {
			return false
		}
	}
	return true
}

// What in a text is a name by where it stands.
var (
	inURL  = regexp.MustCompile(`://(?:([^/@\s:"'<>]{1,64})(?::[^/@\s"'<>]{0,64})?@)?([A-Za-z0-9][A-Za-z0-9.-]{1,252})`)
	inMail = regexp.MustCompile(`([A-Za-z0-9][A-Za-z0-9._+-]{0,63})@([A-Za-z0-9][A-Za-z0-9-]{0,62}(?:\.[A-Za-z0-9-]{1,63})+)`)
	inHome = regexp.MustCompile(`(?i)(?:/home/|[/\\]users[/\\]{1,2}|\\\\documents and settings\\\\?)([^/\\\s"'<>|:,;]{1,64})`)
	inUNC  = regexp.MustCompile(`(?:^|[\s"'=(,])\\\\([A-Za-z0-9][A-Za-z0-9.-]{0,252})\\`)
)

// learnText learns names by where they stand in a text, and its addresses.
func (n *Names) learnText(s string) {
	n.addresses.learn(s)
	if strings.Contains(s, "://") {
		for _, m := range inURL.FindAllStringSubmatch(s, -1) {
			n.user(m[1])
			n.domain(m[2])
		}
	}
	if strings.Contains(s, "@") {
		for _, m := range inMail.FindAllStringSubmatch(s, -1) {
			n.user(m[1])
			n.domain(m[2])
		}
	}
	if strings.ContainsAny(s, `/\`) {
		for _, m := range inHome.FindAllStringSubmatch(s, -1) {
			n.user(m[1])
		}
		for _, m := range inUNC.FindAllStringSubmatch(s, -1) {
			n.host(m[1])
		}
	}
}
