package report

import (
	"encoding/base64"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/tocsin-ids/tocsin"
)

// Bounds of what a report shows of a command, in bytes. The whole of what is longer stands once, in the appendix.
const (
	minEncoded   = 24  // a shorter word is not taken to be base64
	longWord     = 48  // of an encoded word longer than that only the beginning is shown
	maxCommand   = 200 // of a command
	maxDecoded   = 280 // of what it holds in base64
	leastCarried = 8   // of that; less tells nothing
)

// decoders are what shows, in a command line in lower case, that a word in base64 in it is run or read as text.
var decoders = []string{" -e", " /e", "base64", "b64decode", "b64_decode", "atob(", "-decode"}

// decoded is the text that a command line holds in base64, as UTF-8 or UTF-16, and where the word is that holds it; "" where
// there is none. A line that was cut short holds the beginning. Words whose text has secrets come masked ([tocsin.Action.Text]),
// so that none is decoded here.
func decoded(line string) (said string, from, to int) {
	low := strings.ToLower(line)
	told := false
	for _, d := range decoders {
		told = told || strings.Contains(low, d)
	}
	if !told {
		return "", 0, 0
	}
	for i := 0; i < len(line); {
		n := 0
		for i+n < len(line) && base64Byte(line[i+n]) {
			n++
		}
		if n >= minEncoded {
			if s := fromBase64(line[i : i+n]); s != "" {
				return s, i, i + n
			}
		}
		i += n + 1
	}
	return "", 0, 0
}

func base64Byte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '+' || c == '/' || c == '='
}

// fromBase64 is the text in a word, up to where it is cut; "" where it holds none.
func fromBase64(word string) string {
	word = strings.TrimRight(word, "=")
	b, err := base64.RawStdEncoding.DecodeString(word[:len(word)-len(word)%4])
	if last := word[len(word)-len(word)%4:]; err == nil && len(last) > 1 {
		if rest, e := base64.RawStdEncoding.DecodeString(last); e == nil {
			b = append(b, rest...)
		}
	}
	if err != nil || len(b) < leastCarried {
		return ""
	}
	s := string(b)
	if b[1] == 0 && b[3] == 0 {
		u := make([]uint16, 0, len(b)/2)
		for i := 0; i+1 < len(b); i += 2 {
			u = append(u, uint16(b[i])|uint16(b[i+1])<<8)
		}
		s = string(utf16.Decode(u))
	}
	s = strings.TrimSpace(s)
	if !utf8.ValidString(s) || len(s) < leastCarried {
		return ""
	}
	for _, r := range s {
		if !unicode.IsPrint(r) && r != '\n' && r != '\r' && r != '\t' {
			return ""
		}
	}
	return strings.Join(strings.Fields(s), " ")
}

// command is a command, request or call as a document shows it: short, and what it holds in base64 decoded where it is told
// first. The whole of what is shortened is kept for the appendix.
func (a *dossier) command(line string) text {
	if a.whole == nil {
		a.whole = map[string]int{}
	}
	short := line
	said, from, to := decoded(line)
	if said != "" && to-from > longWord {
		short = line[:from+12] + "…" + restOf(line[to:])
	}
	short = tocsin.Shorten(short, maxCommand)
	t := say(val(short))
	if said != "" && !a.shown(said) {
		t = append(t, fill(a.w.front().decoded, val(tocsin.Shorten(said, maxDecoded)))...)
	}
	if short != line {
		n, ok := a.whole[line]
		if !ok {
			n = len(a.whole) + 1
			a.whole[line] = n
			a.lines = append(a.lines, line)
		}
		t = append(t, fill(a.w.front().inFull, a.w.number(n))...)
	}
	return t
}

// shown says that a decoded text was shown before, and notes that it is now. Of one text the log may have longer and shorter
// beginnings.
func (a *dossier) shown(said string) bool {
	if a.carried == nil {
		a.carried = map[string]bool{}
	}
	key := said[:min(len(said), 64)]
	was := a.carried[key]
	a.carried[key] = true
	return was
}

// concise is a sentence that holds commands, short; what it has in base64 is left out.
func concise(s string, most int) string {
	if said, from, to := decoded(s); said != "" && to-from > longWord {
		s = s[:from+12] + "…" + restOf(s[to:])
	}
	return tocsin.Shorten(s, most)
}

// wholeCommands lists the commands that were shown shortened.
func (a *dossier) wholeCommands() {
	if len(a.lines) == 0 {
		return
	}
	a.heading(3, a.w.front().whole)
	var rows [][]text
	for i, l := range a.lines[:min(len(a.lines), maxRows)] {
		rows = append(rows, []text{say(a.w.number(i + 1)), say(val(l))})
	}
	a.table([]string{a.w.front().number, a.w.whatHead}, rows)
	a.beyond(len(a.lines), maxRows)
}

// restOf is what follows an encoded word, without the end of one that was cut in its middle.
func restOf(s string) string {
	if end, ok := strings.CutPrefix(s, " … "); ok {
		return strings.TrimLeftFunc(end, func(r rune) bool { return r < utf8.RuneSelf && base64Byte(byte(r)) })
	}
	return s
}
