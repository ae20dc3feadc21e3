package guard

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
)

//go:embed defence.txt
var defenceText string

// A trade is a kind of work of those who defend, and the tools that it is done with.
type trade struct {
	name, sentence string
	words          map[string]bool
	prefixes       []string
}

var trades = readTrades(defenceText)

// readTrades reads the list. It is part of the program: a fault in it is one of ours.
func readTrades(text string) (all []*trade) {
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if line[0] == '[' {
			name, sentence, ok := strings.Cut(line[1:], "] ")
			if !ok {
				panic(fmt.Sprintf("defence.txt:%d: no sentence", n))
			}
			all = append(all, &trade{name: name, sentence: sentence, words: map[string]bool{}})
			continue
		}
		if len(all) == 0 {
			panic(fmt.Sprintf("defence.txt:%d: words before a kind", n))
		}
		t := all[len(all)-1]
		for w := range strings.FieldsSeq(line) {
			if p, ok := strings.CutSuffix(w, "*"); ok {
				t.prefixes = append(t.prefixes, p)
			} else {
				t.words[w] = true
			}
		}
	}
	return all
}

// is says that a name in lower case is a tool of the trade.
func (t *trade) is(name string) bool {
	if t.words[name] {
		return true
	}
	for _, p := range t.prefixes {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}

// mostRead bounds how much of a command is looked at for names of programs.
const mostRead = 4096

// tradeOf is the place in trades of what a call does; -1 is none of them.
func tradeOf(tool, command string) int {
	found := -1
	try := func(name string) bool {
		for i, t := range trades {
			if t.is(name) {
				found = i
				return true
			}
		}
		return false
	}
	tool = strings.ToLower(tool[:min(len(tool), 256)])
	if try(tool) {
		return found
	}
	for w := range strings.FieldsFuncSeq(tool, func(r rune) bool { return r == '_' || r == '-' || r == '.' || r == ' ' || r == '/' }) {
		if try(w) {
			return found
		}
	}
	command = command[:min(len(command), mostRead)]
	for part := range strings.FieldsFuncSeq(command, func(r rune) bool {
		return r == '|' || r == ';' || r == '&' || r == '\n' || r == '(' || r == '\'' || r == '"'
	}) {
		for w := range strings.FieldsSeq(part) {
			if i := strings.LastIndexAny(w, `/\`); i >= 0 {
				w = w[i+1:]
			}
			w = strings.ToLower(w)
			if try(w) {
				return found
			}
			switch { // what stands before a program's name
			case w == "sudo", w == "doas", w == "env", w == "time", w == "timeout", w == "nice", w == "dotnet", w == "python3", w == "python", w == "mono", w == "perl", w == "docker", w == "run":
			case strings.Contains(w, "="), strings.HasPrefix(w, "-"), w != "" && w[0] >= '0' && w[0] <= '9':
			default:
				w = ""
			}
			if w == "" {
				break
			}
		}
	}
	return found
}

// From how many calls, and what share of all, a principal is said to do security work.
const (
	tradeCalls = 3
	tradeShare = 0.2
)

// cleared are sentences on what speaks for honest work, and whether it is most of what is done. work is calls by trade.
func cleared(work []int, calls int) (out []string, most bool) {
	sum := 0
	for i, n := range work {
		sum += n
		if n >= tradeCalls {
			out = append(out, strings.NewReplacer("{n}", strconv.Itoa(n), "{m}", strconv.Itoa(calls)).Replace(trades[i].sentence))
		}
	}
	return out, sum >= tradeCalls && float64(sum) >= tradeShare*float64(calls)
}
