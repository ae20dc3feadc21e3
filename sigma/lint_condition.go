package sigma

import (
	"strings"
)

// maxTruth bounds the searches of a condition whose truth table is written out.
const maxTruth = 12

// detection checks searches and conditions of a detection rule or filter.
func (l *linter) detection(d *Detection) {
	used := map[string]bool{}
	var all []*formula
	for _, text := range d.Conditions {
		f, err := parseCondition(text, d)
		if err != nil {
			return // a fault of Compile
		}
		all = append(all, f)
		f.searches(used)
		l.conditionText(text, d)
	}
	for _, s := range d.Searches {
		if !used[s.Name] {
			l.report("unused-search", s.Line, "use it in the condition, or remove it", "no condition uses %s", clip(s.Name, 60))
		}
		eachItem(s.Value, 0, func(key Key, v *Node) { l.item(key, v) })
	}
	seen := map[string]string{}
	for _, s := range d.Searches {
		text := s.Value.canonical()
		if first, ok := seen[text]; ok {
			l.report("same-search", s.Line, "", "%s is the same as %s", clip(s.Name, 60), clip(first, 60))
			continue
		}
		seen[text] = s.Name
	}
	l.truth(joined(opOr, all), used, d)
}

// searches collects the names that a formula uses.
func (f *formula) searches(to map[string]bool) {
	if f.op == opSearch {
		to[f.name] = true
	}
	for _, k := range f.kids {
		k.searches(to)
	}
}

// conditionText checks how a condition is written.
func (l *linter) conditionText(text string, d *Detection) {
	words := conditionWords(text)
	for i, w := range words {
		switch low := strings.ToLower(w); low {
		case "and", "or", "not", "of", "all", "any", "them":
			if w != low && d.Search(w) == nil {
				l.report("condition-case", d.Line, "write "+low, "%s in the condition", w)
			}
		}
		if !strings.EqualFold(w, "of") || i == 0 || i+1 == len(words) {
			continue
		}
		pattern := words[i+1]
		n := 0
		for _, s := range d.Searches {
			if selects(pattern, s.Name) {
				n++
			}
		}
		switch {
		case strings.EqualFold(pattern, "them"):
			if n == 1 {
				l.report("of-them-single", d.Line, "name the search", "%s of them, and there is one", words[i-1])
			}
			if strings.EqualFold(words[i-1], "all") {
				l.report("all-of-them", d.Line, "write for example all of selection_*", "all of them")
			}
		case n == 1 && !strings.HasPrefix(pattern, "filter_"): // SigmaHQ keeps 1 of filter_* for filters to come
			l.report("of-pattern-single", d.Line, "name the search", "%s selects one search", clip(pattern, 60))
		}
	}
}

// truth checks what a condition says for all that its searches can be.
func (l *linter) truth(f *formula, used map[string]bool, d *Detection) {
	var names []string
	for _, s := range d.Searches {
		if used[s.Name] {
			names = append(names, s.Name)
		}
	}
	n := len(names)
	if n > maxTruth || len(names) == 0 {
		return
	}
	place := map[string]int{}
	for i, s := range names {
		place[s] = i
	}
	table := make([]bool, 1<<n)
	holds := 0
	for row := range table {
		if table[row] = f.truth(row, place); table[row] {
			holds++
		}
	}
	filter := l.page.node.At("filter") != nil
	switch {
	case holds == 0:
		l.report("condition-never", d.Line, "", "the condition can never hold")
	case holds == len(table):
		l.report("condition-always", d.Line, "", "the condition always holds")
	default:
		if table[0] && !filter {
			l.report("condition-negative", d.Line, "add a search that must hold", "the condition holds of events on which no search does")
		}
		for i, s := range names {
			if !matters(table, 1<<i) {
				l.report("condition-indifferent", d.Line, "", "%s makes no difference to the condition", clip(s, 60))
			}
		}
	}
}

// matters says whether a search, by its bit, makes a difference anywhere.
func matters(table []bool, bit int) bool {
	for row := range table {
		if table[row] != table[row^bit] {
			return true
		}
	}
	return false
}

// truth is what a formula says when the searches hold whose bits are set in row.
func (f *formula) truth(row int, place map[string]int) bool {
	if f.op == opSearch {
		return row>>place[f.name]&1 == 1
	}
	n := 0
	for _, k := range f.kids {
		if k.truth(row, place) {
			n++
		}
	}
	switch f.op {
	case opAnd:
		return n == len(f.kids)
	case opOr:
		return n > 0
	case opNot:
		return n == 0
	}
	return n >= f.count
}

// canonical is a text that two nodes of the same content have in common.
func (n *Node) canonical() string {
	var b strings.Builder
	n.write(&b)
	return b.String()
}

func (n *Node) write(b *strings.Builder) {
	if n == nil {
		return
	}
	b.WriteByte('0' + byte(n.Kind))
	b.WriteString(n.Text)
	b.WriteByte(0)
	for i, e := range n.Items {
		if n.Kind == Map {
			b.WriteString(n.Keys[i].Name)
			b.WriteByte(0)
		}
		e.write(b)
	}
	b.WriteByte(1)
}
