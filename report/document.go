package report

import (
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// A document is a text for people that is written once and rendered as Markdown or HTML. It keeps apart what Tocsin
// says and what logs say, so that each can be made harmless for where it goes.
type document struct {
	title  string
	lang   string
	blocks []block
	seal   string // what introduces the SHA-256 of all before it, at the end; empty for none
}

// A block is a part of a document that stands by itself.
type block struct {
	kind  blockKind
	level int      // of a heading: 2 or 3
	text  text     // of a heading, a paragraph or a note
	items []text   // of a list
	head  []string // of a table
	rows  [][]text
}

type blockKind uint8

const (
	heading blockKind = iota
	paragraph
	note // a paragraph set apart
	list
	grid
)

// A span is a run of text of one kind.
type run struct {
	s    string
	kind spanKind
}

type spanKind uint8

const (
	said   spanKind = iota // by Tocsin
	strong                 // the same, in bold
	quoted                 // for people, but made from what logs hold
	value                  // a name, address, command as a log has it
	blank                  // a place that the reader has to fill in
)

// A text is spans in order.
type text []run

// plain is the text as it reads, made visible.
func (t text) plain() string {
	var b strings.Builder
	for _, s := range t {
		b.WriteString(visible(s.s))
	}
	return b.String()
}

// say joins strings (said) and spans and texts.
func say(parts ...any) text {
	var t text
	for _, p := range parts {
		switch p := p.(type) {
		case string:
			if p != "" {
				t = append(t, run{p, said})
			}
		case run:
			t = append(t, p)
		case text:
			t = append(t, p...)
		}
	}
	return t
}

// fill puts arguments, as say takes them, at the places {0}, {1} … of a sentence.
func fill(sentence string, args ...any) text {
	var t text
	for {
		at := strings.IndexByte(sentence, '{')
		if at < 0 || at+2 >= len(sentence) {
			return append(t, say(sentence)...)
		}
		t = append(t, say(sentence[:at])...)
		if n := int(sentence[at+1] - '0'); n >= 0 && n < len(args) {
			t = append(t, say(args[n])...)
		}
		sentence = sentence[at+3:]
	}
}

// maxShown bounds what a document shows of one value, in bytes: an action's text is shown whole.
const maxShown = tocsin.MaxText + 128

func val(s string) run   { return run{shorten(s, maxShown), value} }
func quote(s string) run { return run{shorten(s, maxShown), quoted} }
func bold(s string) run  { return run{s, strong} }

// vals lists values, at most n, with how many more there are.
func (w *words) vals(all []string, n int) text {
	var t text
	for i, s := range all {
		if i == n {
			return append(t, say(" "+w.more(len(all)-n))...)
		}
		if i > 0 {
			t = append(t, say(", ")...)
		}
		t = append(t, val(s))
	}
	return t
}

func (d *document) heading(level int, t ...any) {
	d.blocks = append(d.blocks, block{kind: heading, level: level, text: say(t...)})
}

func (d *document) para(t ...any) {
	d.blocks = append(d.blocks, block{kind: paragraph, text: say(t...)})
}

func (d *document) note(t ...any) {
	d.blocks = append(d.blocks, block{kind: note, text: say(t...)})
}

func (d *document) list(items []text) {
	if len(items) > 0 {
		d.blocks = append(d.blocks, block{kind: list, items: items})
	}
}

func (d *document) table(head []string, rows [][]text) {
	if len(rows) > 0 {
		d.blocks = append(d.blocks, block{kind: grid, head: head, rows: rows})
	}
}
