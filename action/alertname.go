package action

import (
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// An alertMeaning is what the name of another detector's alert says.
type alertMeaning struct {
	tactic, technique string
	level             tocsin.Level
	row               *tocsin.Rule // that says so
	worked            bool         // the name says that it worked
}

func meaningOf(r *row) alertMeaning {
	return alertMeaning{tactic: r.tactic, technique: r.technique, level: r.level, row: r.rule}
}

// alerted gives the action what an alert says.
func (r *Reader) alerted(m alertMeaning) {
	a := &r.act
	a.Verb, a.Tactic, a.Technique, a.Level, a.Row = "alert", m.tactic, m.technique, m.level, m.row
	if m.worked {
		a.Outcome = tocsin.Worked
	}
}

// nameMeaning reads the name of an alert. One that says nothing known is Low: a detector found it worth telling.
func (k *Knowledge) nameMeaning(name string) alertMeaning {
	name = strings.ToLower(name[:min(len(name), 256)])
	m := alertMeaning{level: low}
	if r := k.first(onAlert, name); r != nil {
		m = meaningOf(r)
	}
	m.worked = m.tactic != "" && k.namesWord("alert-worked", name) && !k.namesWord("hedges", name)
	return m
}

// namesWord says that a text holds a name of a list at the beginning of a word.
func (k *Knowledge) namesWord(list, text string) bool {
	l := k.lists[list]
	if l == nil {
		return false
	}
	for _, n := range l.names {
		if (&held{text: n}).in(text, onAlert) {
			return true
		}
	}
	return false
}

func letter(c byte) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' }
