package action

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// maxParsed bounds what the parser is given, in bytes.
const maxParsed = 16 << 10

// splitPosix takes a line of a POSIX shell apart. Most lines are plain words and need no parser.
func splitPosix(text string) []simple {
	if !strings.ContainsAny(text, "|&;<>()$`\\\"'\n{}#*?[~!") {
		return []simple{{words: strings.Fields(text)}}
	}
	// What is long or nested beyond what anybody writes is not worth a parser's time.
	if len(text) > maxParsed || strings.Count(text, "((")+strings.Count(text, "$(")+strings.Count(text, "`") > 64 {
		return splitLoose(text)
	}
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(text), "")
	if err != nil || len(file.Stmts) == 0 {
		return splitLoose(text)
	}
	var out []simple
	syntax.Walk(file, func(n syntax.Node) bool {
		if len(out) >= maxCommands {
			return false
		}
		switch n := n.(type) {
		case *syntax.BinaryCmd:
			return true
		case *syntax.Stmt:
			var c simple
			if call, ok := n.Cmd.(*syntax.CallExpr); ok {
				for _, w := range call.Args {
					c.words = append(c.words, wordText(w))
				}
			}
			for _, r := range n.Redirs {
				switch {
				case r.Hdoc != nil:
					c.text = wordText(r.Hdoc)
				case r.Op == syntax.WordHdoc:
					c.text = wordText(r.Word)
				case r.Word != nil:
					c.files = append(c.files, wordText(r.Word))
				}
			}
			if len(c.words) > 0 || len(c.files) > 0 {
				out = append(out, c)
			}
		}
		return true
	})
	if len(out) == 0 {
		return splitLoose(text)
	}
	return out
}

// wordText is a word without its quotes; what the shell would put in stands as it is written.
func wordText(w *syntax.Word) string {
	if w == nil {
		return ""
	}
	if l := w.Lit(); l != "" && !strings.Contains(l, `\`) {
		return l
	}
	var b strings.Builder
	for _, p := range w.Parts {
		partText(&b, p, 0)
	}
	return b.String()
}

func partText(b *strings.Builder, p syntax.WordPart, depth int) {
	if depth > maxNested {
		return
	}
	switch p := p.(type) {
	case *syntax.Lit:
		v := p.Value
		for i := 0; i < len(v); i++ {
			if v[i] == '\\' && i+1 < len(v) {
				i++
				if v[i] == '\n' {
					continue
				}
			}
			b.WriteByte(v[i])
		}
	case *syntax.SglQuoted:
		b.WriteString(p.Value)
	case *syntax.DblQuoted:
		for _, q := range p.Parts {
			partText(b, q, depth+1)
		}
	case *syntax.ParamExp:
		if p.Param != nil {
			b.WriteString("$" + p.Param.Value)
		}
	case *syntax.CmdSubst:
		b.WriteString("$()")
	}
}

// splitLoose takes apart what is no well-formed line of a shell: at separators outside quotes, and at blanks.
func splitLoose(text string) []simple {
	var out []simple
	var c simple
	var w strings.Builder
	in, quote := false, byte(0)
	word := func() {
		if in {
			c.words = append(c.words, w.String())
			w.Reset()
			in = false
		}
	}
	end := func() {
		word()
		if len(c.words) > 0 {
			out = append(out, c)
		}
		c = simple{}
	}
	for i := 0; i < len(text) && len(out) < maxCommands; i++ {
		ch := text[i]
		switch {
		case quote != 0:
			if ch == quote {
				quote = 0
			} else {
				w.WriteByte(ch)
			}
		case ch == '"' || ch == '\'':
			quote, in = ch, true
		case ch == ' ' || ch == '\t':
			word()
		case ch == ';' || ch == '|' || ch == '&' || ch == '\n':
			end()
		default:
			w.WriteByte(ch)
			in = true
		}
	}
	end()
	return out
}
