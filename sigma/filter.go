package sigma

// parseFilter reads a filter section: the rules it is about, its searches and its condition.
func parseFilter(n *Node) (*Filter, error) {
	if n.Kind != Map {
		return nil, flawf(n.Line, "filter is %s, not a map", n.Kind)
	}
	d, err := parseSearches(n, "condition", "rules")
	if err != nil {
		return nil, err
	}
	return &Filter{Rules: n.At("rules").Strings(), Detection: *d}, nil
}

// names says that a filter is about a rule.
func (f *Filter) names(r *Rule) bool {
	for _, n := range f.Rules {
		if n == "any" || n == r.ID || n == r.Name || n == r.Title {
			return n != ""
		}
	}
	return false
}

// applies says that a filter is about a rule: it names it, and its log source, where it says one, is the rule's.
func (f *Filter) applies(filter, r *Rule) bool {
	return f.names(r) && filter.Source.Covers(r.Source)
}
