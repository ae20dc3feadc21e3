package report

import (
	"io"
	"reflect"

	"github.com/tocsin-ids/tocsin"
)

// JSONL writes a line of JSON for what was compared, with what each result covers, then one for each change.
func (d *Difference) JSONL(w io.Writer) error {
	s := spool{w: w}
	n := d.counts()
	j := tagged{}
	j.open('{')
	j.key("kind")
	j.str("diff")
	j.intAt("new", int64(n["new"]))
	j.intAt("worse", int64(n["worse"]))
	j.intAt("gone", int64(n["gone"]))
	j.intAt("same", int64(d.Same))
	for _, r := range []struct {
		key string
		of  *Result
	}{{"before", d.A}, {"after", d.B}} {
		j.key(r.key)
		j.open('{')
		j.key("file")
		j.str(r.of.Name)
		if r.of.Covered != nil {
			j.key("coverage")
			j.open('{')
			j.members(reflect.ValueOf(r.of.Covered).Elem())
			j.shut('}')
		}
		j.shut('}')
	}
	j.shut('}')
	s.b = append(j.b, '\n')
	for i := range d.Changes {
		s.b = appendKind(s.b, "change", reflect.ValueOf(&d.Changes[i]).Elem(), nil)
		if err := s.drain(false); err != nil {
			return err
		}
	}
	return s.drain(true)
}

// Text writes the difference for a person at a terminal.
func (d *Difference) Text(w io.Writer, o TextOptions) error {
	if o.Width <= 0 {
		o.Width = 100
	}
	e := explanation{page: &page{wide: max(o.Width, 60), color: o.Color}}
	n := d.counts()
	e.line("Compared: " + count(n["new"]) + " new, " + count(n["worse"]) + " worse, " + count(n["gone"]) + " gone, " + count(d.Same) + " the same")
	e.covers("before", d.A)
	e.covers("after ", d.B)
	last := ""
	for i := range d.Changes {
		c := &d.Changes[i]
		if c.Change != last {
			e.section(c.Change)
			last = c.Change
		}
		l := min(c.Level, tocsin.Critical)
		lead := "  " + e.ink(levelInk[l], pad(levelShort[l], 4)) + " "
		what := show(or(c.Title, or(c.ID, "untitled")))
		if c.What == "campaign" {
			what = show(c.ID) + "  " + what + ", " + several(c.N, "action")
		} else {
			if c.Host != "" {
				what += " on " + show(c.Host)
			}
			what += ", " + several(c.N, "match")
		}
		if c.Place.Source != "" {
			what += ", " + show(c.Place.String())
		}
		e.flow(lead, "       ", what)
		for _, why := range c.Why {
			e.flow("       ", "         ", show(why))
		}
		if c.Before != "" && c.Before != c.ID {
			e.flow("       ", "         ", "was "+show(c.Before))
		}
	}
	_, err := io.WriteString(w, e.b.String())
	return err
}

// covers says what a result rests on: what is gone may only not have been looked for.
func (e *explanation) covers(which string, r *Result) {
	s := which + "  " + show(r.Name) + ": "
	c := r.Covered
	if c == nil {
		e.flow("  ", "          ", s+"does not say what it covers: an older version's, or cut off")
		return
	}
	s += count(c.FilesRead) + " of " + several(c.FilesRead+c.FilesSkipped, "file") + ", " + several(c.Events, "event") + ", " + several(c.RulesLoaded, "rule")
	if datable(c.First) && datable(c.Last) {
		s += ", " + spanText(c.First, c.Last)
	}
	if c.Partial != "" {
		s += "; ended early: " + show(c.Partial)
	}
	e.flow("  ", "          ", s)
}

func (d *Difference) counts() map[string]int {
	n := map[string]int{}
	for i := range d.Changes {
		n[d.Changes[i].Change]++
	}
	return n
}
