package report

import (
	"io"
	"sort"
	"strconv"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// levelColours are those of all formats that have colours, by level.
var levelColours = [...]string{"#7f8ea3", "#6f8fb3", "#3f9c8f", "#d9a514", "#e2711d", "#c1272d"}

// Navigator writes a layer for the ATT&CK Navigator: each technique that a match's rule names, scored by the number of
// matches and coloured by the worst level. Layer format 4.5:
// https://github.com/mitre-attack/attack-navigator/blob/master/layers/spec/v4.5/layerformat.md
//
// A technique is not bound to the rule's tactics: the Navigator shows it under all that it belongs to in the version of ATT&CK
// that the layer names. Ids that were revoked are shown as what stands for them, with the old ones in the metadata.
func Navigator(w io.Writer, h *Hunt) error {
	type seen struct {
		n     int
		worst tocsin.Level
		rules map[string]int // by title
		hosts map[string]bool
		was   map[string]bool // revoked ids by which rules name it
	}
	all := make(map[string]*seen)
	top := 1
	count := func(id string, m *tocsin.Match) {
		s := all[id]
		if s == nil {
			s = &seen{rules: map[string]int{}, hosts: map[string]bool{}, was: map[string]bool{}}
			all[id] = s
		}
		s.n++
		top = max(top, s.n)
		s.worst = max(s.worst, levelOf(rule(m)))
		if s.rules[rule(m).Title]++; s.rules[rule(m).Title] == 1 {
			for _, was := range rule(m).RevokedTechniques() {
				if now, _ := tocsin.Technique(was); now == id {
					s.was[was] = true
				}
			}
		}
		if host := event(m).Host; host != "" {
			s.hosts[host] = true
		}
	}
	ids := make(map[*tocsin.Rule][]string)
	for m := range h.matches().All(false) {
		r := rule(m)
		t, ok := ids[r]
		if !ok {
			t = r.Techniques()
			ids[r] = t
		}
		for _, id := range t {
			count(id, m)
		}
	}

	var j jsonText
	j.open('{')
	j.strAt("name", "Tocsin: "+visible(h.title()))
	j.key("versions")
	j.open('{')
	major, _, _ := strings.Cut(tocsin.AttackVersion, ".")
	j.strAt("attack", major)
	j.strAt("navigator", "5.2.0")
	j.strAt("layer", "4.5")
	j.shut('}')
	j.strAt("domain", "enterprise-attack")
	j.strAt("description", strconv.Itoa(h.matches().Len())+" matches; a technique's score is the number of its matches, its colour the worst level; ids are of ATT&CK v"+tocsin.AttackVersion+shortOf(h))
	j.intAt("sorting", 3)
	j.key("layout")
	j.open('{')
	j.strAt("layout", "side")
	j.key("showID")
	j.bool(true)
	j.key("showName")
	j.bool(true)
	j.strAt("expandedSubtechniques", "annotated")
	j.shut('}')
	j.key("hideDisabled")
	j.bool(false)
	j.key("techniques")
	j.open('[')
	for _, id := range sortedKeys(all) {
		s := all[id]
		j.open('{')
		j.strAt("techniqueID", id)
		j.intAt("score", int64(s.n))
		j.strAt("color", levelColours[s.worst])
		j.strAt("comment", rulesInWords(s.rules))
		j.key("enabled")
		j.bool(true)
		j.key("metadata")
		j.open('[')
		j.pair("worst level", s.worst.String())
		j.pair("hosts", hostsInWords(s.hosts))
		j.pair("formerly", strings.Join(sortedKeys(s.was), ", "))
		j.shut(']')
		if len(id) == 5 {
			j.key("showSubtechniques")
			j.bool(true)
		}
		j.shut('}')
	}
	j.shut(']')
	j.key("gradient")
	j.open('{')
	j.strsAt("colors", []string{"#fdf0d5", levelColours[tocsin.Critical]})
	j.intAt("minValue", 0)
	j.intAt("maxValue", int64(top))
	j.shut('}')
	j.key("legendItems")
	j.open('[')
	for l := tocsin.Critical; l > tocsin.Unrated; l-- {
		j.open('{')
		j.strAt("label", "worst level: "+l.String())
		j.strAt("color", levelColours[l])
		j.shut('}')
	}
	j.shut(']')
	j.shut('}')
	_, err := w.Write(append(j.b, '\n'))
	return err
}

// shortOf says, where it is so, that the run ended early or did not keep all that it met.
func shortOf(h *Hunt) string {
	c := h.covered()
	if c == nil {
		return ""
	}
	s := ""
	if c.Pseudonyms {
		s = ". " + english.pseudonyms
	}
	if part := partial(h); part != "" {
		s = strings.TrimSuffix(s, ".") + ". " + part
	}
	for i := range c.LetGo[:min(len(c.LetGo), maxCovered)] {
		if i == 0 {
			s = strings.TrimSuffix(s, ".") + ". " + english.letGoIntro
		}
		s += " " + english.letGoOf(&c.LetGo[i]).plain() + ";"
	}
	return strings.TrimSuffix(s, ";")
}

// pair writes one metadata object; the Navigator asks for a value.
func (j *jsonText) pair(name, value string) {
	if value == "" {
		return
	}
	j.open('{')
	j.strAt("name", name)
	j.strAt("value", value)
	j.shut('}')
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// rulesInWords lists the rules that fired most.
func rulesInWords(rules map[string]int) string {
	titles := sortedKeys(rules)
	sort.SliceStable(titles, func(i, k int) bool { return rules[titles[i]] > rules[titles[k]] })
	var b strings.Builder
	for i, t := range titles {
		if i == 10 {
			b.WriteString("; and " + strconv.Itoa(len(titles)-i) + " more rules")
			break
		}
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(visible(t) + " × " + strconv.Itoa(rules[t]))
	}
	return b.String()
}

func hostsInWords(hosts map[string]bool) string {
	names := sortedKeys(hosts)
	n := len(names)
	if n > 10 {
		names = append(names[:10:10], "and "+strconv.Itoa(n-10)+" more")
	}
	return visible(strings.Join(names, ", "))
}
