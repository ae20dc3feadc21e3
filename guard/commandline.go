package guard

import (
	_ "embed"
	"encoding/base64"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/tocsin-ids/tocsin/tsv"
)

// A part is a simple command of a command line.
type part struct {
	program string   // without its path, in lower case
	text    string   // program and arguments as they stand, commands inside of it taken out
	words   []string // the arguments without quotes
	written []string // files that its output goes to, or that it puts in place
	body    string   // what a here-document or the command before it in a pipe gives it
	feeder  string   // the program before it in a pipe, or the first one of a command inside of it
	group   int      // parts of one pipe, and those inside of each other, have one number
}

// Bounds of a command line.
const (
	mostLine  = 16 << 10
	mostParts = 64
)

//go:embed programs.txt
var programsText string

var programs = readPrograms(programsText)

// readPrograms reads the lists.
func readPrograms(text string) map[string]map[string]bool {
	all := map[string]map[string]bool{}
	for _, c := range tsv.Rows("programs.txt", text, 2) {
		all[c[0]] = map[string]bool{}
		for _, w := range strings.Fields(c[1]) {
			all[c[0]][w] = true
		}
	}
	return all
}

// parts are the simple commands of a line of a POSIX shell, as far as it can be told without running it. What stands in quotes
// is an argument, a here-document is what its command is given.
func parts(line string) []part {
	c := cutter{}
	c.line(line[:min(len(line), mostLine)], 0)
	return c.out
}

const inPlace = "$(x)" // stands for a command inside of another one

type cutter struct {
	out   []part
	group int
}

var hereDocument = regexp.MustCompile(`<<-?\s*["']?(\w+)["']?`)

func (c *cutter) line(s string, depth int) {
	var b strings.Builder // the present simple command
	var inside []string   // lines of commands inside of it
	var waiting []string  // ends of here-documents that begin with the next line
	feeder := -1
	quote := byte(0)
	end := func(pipe bool) {
		text := strings.TrimSpace(b.String())
		b.Reset()
		if text == "" || len(c.out) == mostParts {
			inside = nil
			return
		}
		at := len(c.out)
		c.out = append(c.out, newPart(text, c.group))
		p := &c.out[at]
		if feeder >= 0 {
			from := &c.out[feeder]
			p.feeder, p.body = from.program, from.text
			if programs["shells"][p.program] && programs["decoders"][p.feeder] && depth < 4 { // what it runs may stand there
				if plain := decoded(from.text + " " + from.body); plain != "" {
					c.line(plain, depth+1)
				}
			}
		}
		for _, in := range inside {
			if depth < 4 {
				n := len(c.out)
				c.line(in, depth+1)
				if len(c.out) > n && c.out[at].feeder == "" {
					c.out[at].feeder = c.out[n].program
				}
			}
		}
		inside = nil
		if words := c.out[at].words; programs["runners"][c.out[at].program] && depth < 4 {
			for i := range words[:max(0, len(words)-1)] {
				if programs["run-flags"][strings.ToLower(words[i])] {
					if words[i+1] != inPlace {
						c.line(words[i+1], depth+1)
					}
					break
				}
			}
		}
		feeder = -1
		if pipe {
			feeder = at
		} else if depth == 0 {
			c.group++
		}
	}
	for i := 0; i < len(s); i++ {
		ch := s[i]
		switch {
		case ch == '\\' && quote != '\'' && i+1 < len(s):
			if s[i+1] != '\n' {
				b.WriteString(s[i : i+2])
			}
			i++
		case quote != '\'' && (ch == '$' || ch == '<' && quote == 0) && i+1 < len(s) && s[i+1] == '(':
			in, n := balanced(s[i+2:])
			inside = append(inside, in)
			b.WriteString(inPlace)
			i += 1 + n
		case quote != '\'' && ch == '`':
			n := strings.IndexByte(s[i+1:], '`')
			if n < 0 {
				n = len(s) - i - 1
			}
			inside = append(inside, s[i+1:i+1+n])
			b.WriteString(inPlace)
			i += n + 1
		case quote != 0:
			if ch == quote {
				quote = 0
			}
			b.WriteByte(ch)
		case ch == '\'' || ch == '"':
			quote = ch
			b.WriteByte(ch)
		case ch == '\n':
			for _, m := range hereDocument.FindAllStringSubmatch(b.String(), 4) {
				waiting = append(waiting, m[1])
			}
			n := len(c.out)
			end(false)
			for _, w := range waiting { // what a here-document holds is no command
				rest := s[i+1:]
				stop := len(rest)
				for from := 0; from < len(rest); {
					l, _, _ := strings.Cut(rest[from:], "\n")
					if strings.TrimSpace(l) == w {
						stop = from
						break
					}
					from += len(l) + 1
				}
				if n < len(c.out) {
					c.out[n].body = rest[:stop]
				}
				i += min(stop+len(w)+1, len(rest))
			}
			waiting = nil
		case ch == '|':
			if i+1 < len(s) && s[i+1] == '|' {
				i++
				end(false)
			} else {
				end(true)
			}
		case ch == '&' && i > 0 && s[i-1] == '>', ch == '&' && i+1 < len(s) && s[i+1] == '>':
			b.WriteByte(ch)
		case ch == ';' || ch == '&' || ch == ')':
			end(ch == ')' && strings.HasPrefix(strings.TrimSpace(s[i+1:]), "|") && !strings.HasPrefix(strings.TrimSpace(s[i+1:]), "||"))
		case ch == '(' && strings.TrimSpace(b.String()) == "":
		default:
			b.WriteByte(ch)
		}
	}
	end(false)
}

var encoded = regexp.MustCompile(`[A-Za-z0-9+/]{16,}={0,2}`)

// decoded is the text that is encoded in base64 in another one, or "".
func decoded(text string) string {
	for _, w := range encoded.FindAllString(text, 4) {
		if b, err := base64.StdEncoding.DecodeString(w); err == nil && utf8.Valid(b) {
			return string(b)
		}
	}
	return ""
}

// balanced is what stands before the bracket that closes, and how long that is with the bracket.
func balanced(s string) (string, int) {
	open := 1
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '(':
			open++
		case ')':
			if open--; open == 0 {
				return s[:i], i + 1
			}
		}
	}
	return s, len(s)
}

func newPart(text string, group int) part {
	p := part{group: group}
	words := fields(text)
	for len(words) > 0 {
		w := words[0].text
		name, _, assigns := strings.Cut(w, "=")
		switch {
		case assigns && name != "" && !strings.ContainsAny(name, "-/.:$\"'"):
		case programs["wrappers"][strings.ToLower(w)]:
			for len(words) > 1 && strings.HasPrefix(words[1].text, "-") {
				words = words[1:]
			}
		default:
			goto named
		}
		words = words[1:]
	}
	p.text = text
	return p
named:
	p.program = strings.ToLower(words[0].text[strings.LastIndexAny(words[0].text, `/\`)+1:])
	p.text = p.program + text[words[0].end:]
	for i := 1; i < len(words); i++ {
		w := words[i].text
		if k := strings.IndexByte(w, '>'); k >= 0 && k <= 1 && !words[i].quoted {
			to := strings.TrimLeft(w[k:], ">|")
			if to == "" && i+1 < len(words) {
				i++
				to = words[i].text
			}
			if to != "" && to[0] != '&' {
				p.written = append(p.written, to)
			}
			continue
		}
		p.words = append(p.words, w)
	}
	for i, w := range p.words[:max(0, len(p.words)-1)] {
		switch {
		case w == "-o", w == "-out", w == "--output", p.program == "tar" && i == 0 && strings.HasSuffix(w, "f") && strings.Contains(w, "c"):
			p.written = append(p.written, p.words[i+1])
		}
	}
	if n := len(p.words); n > 0 {
		switch {
		case p.program == "zip" || p.program == "7z":
			p.written = append(p.written, p.words[:min(n, 3)]...)
		case programs["writers"][p.program] && n > 1:
			p.written = append(p.written, p.words[n-1])
		case p.program == "tee", p.program == "sed" && strings.Contains(p.text, " -i"), p.program == "touch":
			p.written = append(p.written, p.words...)
		}
	}
	return p
}

type field struct {
	text   string
	end    int
	quoted bool
}

// fields are the words of a simple command without their quotes.
func fields(s string) (out []field) {
	var b strings.Builder
	quote, in, quoted := byte(0), false, false
	end := func(i int) {
		if in && len(out) < 256 {
			out = append(out, field{b.String(), i, quoted})
		}
		b.Reset()
		in, quoted = false, false
	}
	for i := 0; i < len(s); i++ {
		ch := s[i]
		switch {
		case quote != 0 && ch == quote:
			quote = 0
		case quote != 0:
			b.WriteByte(ch)
		case ch == '\'' || ch == '"':
			quote, in, quoted = ch, true, quoted || !in
		case ch == ' ' || ch == '\t' || ch == '\n':
			end(i)
		default:
			in = true
			b.WriteByte(ch)
		}
	}
	end(len(s))
	return out
}
