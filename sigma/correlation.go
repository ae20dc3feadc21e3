package sigma

// parseCorrelation reads a correlation section.
func parseCorrelation(n *Node) (*Correlation, error) {
	if n.Kind != Map {
		return nil, flawf(n.Line, "correlation is %s, not a map", n.Kind)
	}
	return &Correlation{Type: n.At("type").Scalar(), Rules: n.At("rules").Strings(), GroupBy: n.At("group-by").Strings(), Line: n.Line}, nil
}
