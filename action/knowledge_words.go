package action

import (
	"slices"
	"strings"
)

// A clause holds if one of its alternatives does; an alternative if all its words are in the text.
type (
	clause      []alternative
	alternative []held
)

// held is a word that is looked for.
type held struct {
	text       string
	head, tail bool // only at the beginning, only at the end of the text
}

// in says whether the word stands in a text, where texts of the kind count words.
func (w *held) in(s string, on kind) bool {
	switch {
	case on.folds():
		return w.inAnyCase(s)
	case w.head && w.tail:
		return s == w.text
	case w.head:
		return strings.HasPrefix(s, w.text)
	case w.tail:
		return strings.HasSuffix(s, w.text)
	case on != onAlert && on != onClass && on != onCloud:
		return strings.Contains(s, w.text)
	}
	for from := 0; ; {
		i := strings.Index(s[from:], w.text)
		if i < 0 {
			return false
		}
		at := from + i
		switch {
		case at == 0:
			return true
		case on == onCloud:
			// A part of a name begins where what is before it ends: PutObject in s3:PutObject, not in the middle of a shout.
			if c := s[at-1]; c < 'A' || c > 'Z' || strings.ContainsAny(w.text, ".-/ ") {
				return true
			}
		case !letter(s[at-1]) || !letter(w.text[0]):
			return true
		}
		from = at + 1
	}
}

// inAnyCase is in, for texts that stand as they were written.
func (w *held) inAnyCase(s string) bool {
	switch {
	case w.head && w.tail:
		return strings.EqualFold(s, w.text)
	case w.head:
		return foldPrefix(s, w.text)
	case w.tail:
		return foldSuffix(s, w.text)
	}
	return foldContains(s, w.text)
}

// folds says that texts of the kind are compared in any case, as they stand.
func (on kind) folds() bool {
	switch on {
	case onClient, onPath, onSent, onReached, onAnswer, onLDAP, onRegistry, onSetting, onLog, onPipe, onFile, onStart:
		return true
	}
	return false
}

func (c clause) in(s string, on kind) bool {
next:
	for _, words := range c {
		for i := range words {
			if !words[i].in(s, on) {
				continue next
			}
		}
		return true
	}
	return false
}

// holds says whether a row's words are in a text.
func (r *row) holds(s string) bool {
	for _, c := range r.has {
		if !c.in(s, r.on) {
			return false
		}
	}
	return len(r.not) == 0 || !r.not.in(s, r.on)
}

// first is the first row of a kind that holds for a text, or nil.
func (k *Knowledge) first(on kind, s string) *row {
	for _, r := range k.of[on] {
		if r.holds(s) {
			return r
		}
	}
	return nil
}

// folded is first for kinds that fold. Most texts are told to hold nothing in one pass.
func (k *Knowledge) folded(on kind, s string) *row {
	if !k.quick[on].in(s) {
		return nil
	}
	return k.first(on, s)
}

// called is the first row of a name that holds for a text, or nil.
func (k *Knowledge) called(on kind, name, s string) *row {
	for _, r := range k.named[on][name] {
		if r.holds(s) {
			return r
		}
	}
	return nil
}

// quickOf makes a set of words of which one is in any text that one of the rows holds for: the longest of each
// alternative of a row's first clause.
func quickOf(rows []*row) *foldSet {
	var words []string
	for _, r := range rows {
		if r == nil || len(r.has) == 0 {
			continue
		}
		for _, alt := range r.has[0] {
			long := slices.MaxFunc(alt, func(a, b held) int { return len(a.text) - len(b.text) })
			words = append(words, long.text)
		}
	}
	return foldWords(words...)
}

// A feature is a shape of arguments.
type feature struct {
	is  func(args []string, a *arguments) bool
	not bool
}

// features are the shapes that "args" may ask for.
var features = map[string]func(args []string, a *arguments) bool{
	"none":         func(args []string, _ *arguments) bool { return len(args) == 0 },
	"one":          func(args []string, _ *arguments) bool { return len(args) == 1 },
	"third":        func(args []string, _ *arguments) bool { return len(args) > 2 && !strings.HasPrefix(args[2], "/") }, // a third word that is no switch
	"user":         func(_ []string, a *arguments) bool { return a.user },
	"password":     func(_ []string, a *arguments) bool { return a.pass },
	"hash":         func(_ []string, a *arguments) bool { return a.hash },
	"login":        func(_ []string, a *arguments) bool { return a.impacket }, // domain/user:password@host
	"targets":      func(_ []string, a *arguments) bool { return len(a.targets) > 0 },
	"address":      func(_ []string, a *arguments) bool { return a.bare() },
	"addresses":    func(_ []string, a *arguments) bool { return a.addresses >= 4 },
	"network":      func(_ []string, a *arguments) bool { return a.nets > 0 },
	"network-more": func(args []string, a *arguments) bool { return a.nets > 0 && (len(args) > 1 || a.nets > 1) },
	"lists":        func(_ []string, a *arguments) bool { return len(a.lists) > 0 },
	"two-lists":    func(_ []string, a *arguments) bool { return len(a.lists) > 1 },
	"urls":         func(_ []string, a *arguments) bool { return len(a.urls) > 0 },
	"to-remote":    func(args []string, _ *arguments) bool { return len(args) > 1 && remote(args[len(args)-1]) },
	"at-machine":   func(args []string, _ *arguments) bool { return len(args) > 0 && strings.HasPrefix(args[0], `\\`) },
	"saves":        func(args []string, a *arguments) bool { return a.saves(args) },
	"mode-of-root": func(args []string, _ *arguments) bool { return slices.ContainsFunc(args, modeOfRoot) },
}

// bare says that an address stands among the targets that is not the machine itself.
func (a *arguments) bare() bool {
	for _, t := range a.targets {
		if t.Kind == "address" && t.Value != "127.0.0.1" {
			return true
		}
	}
	return false
}

// saves says that what is fetched goes to a file that is a program, or lies where anybody may write, or comes from a bare
// address.
func (a *arguments) saves(args []string) bool {
	out := savedAs(args)
	return out != "" && (a.bare() || program(out) || dropPlace(out))
}

// savedAs is the file that a fetching program is told to write, or "".
func savedAs(args []string) string {
	out := ""
	for i, w := range args {
		if (w == "-o" || w == "-O" || w == "--output" || strings.EqualFold(w, "-outfile")) && i+1 < len(args) {
			out = args[i+1]
		}
	}
	return out
}

func dropPlace(path string) bool {
	return strings.HasPrefix(path, "/tmp/") || strings.HasPrefix(path, "/dev/shm/")
}

// modeOfRoot says that a mode for chmod lets a program run as its owner.
func modeOfRoot(w string) bool {
	return strings.Contains(w, "+s") || len(w) == 4 && digits(w) && (w[0] == '4' || w[0] == '6')
}

// fits says whether a row holds for a command.
func (r *row) fits(tool, first string, args []string, a *arguments) bool {
	if len(r.first) > 0 && !slices.Contains(r.first, first) {
		return false
	}
	if len(r.flags) > 0 && !slices.ContainsFunc(r.flags, func(f string) bool { return a.flags[f] }) {
		return false
	}
	for _, f := range r.features {
		if f.is(args, a) == f.not {
			return false
		}
	}
	if !r.holds(a.joined) {
		return false
	}
	for _, list := range r.spared {
		if slices.Contains(list.names, tool) {
			return false
		}
	}
	return true
}
