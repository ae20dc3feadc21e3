package sigma

// A Kind is what a Node is.
type Kind uint8

// The kinds of Node.
const (
	Null Kind = iota
	Bool
	Number
	Text
	List
	Map
)

var kindNames = [...]string{"null", "a boolean", "a number", "text", "a list", "a map"}

// String names the kind as an error message does: "a list".
func (k Kind) String() string { return kindNames[k] }

// A Node is a value of a YAML document and the place where it stands. A nil Node is an absent value: its methods say
// so and do not panic.
type Node struct {
	Kind Kind
	Line int64  // 1-based line in the file
	Text string // of a scalar: text as it reads, integers in decimal, booleans as true or false; null is empty
	Keys []Key  // of a map, in order; Items are their values
	// Items are the elements of a list or the values of a map.
	Items []*Node
}

// A Key is the key of one entry of a map.
type Key struct {
	Name string
	Line int64
}

// alone gives n in memory of its own: a rule keeps its searches for good and the rest of its document, which is most
// of it, not. A huge one stays as it is, since aliases may make it far larger than its text.
func (n *Node) alone() *Node {
	size := n.size(maxAlone)
	if size > maxAlone {
		return n
	}
	nodes := make([]Node, 0, size)
	return n.copyTo(&nodes)
}

const maxAlone = 10_000

// size counts the nodes of n, to a bit more than most.
func (n *Node) size(most int) int {
	if n == nil {
		return 0
	}
	count := 1
	for i := 0; i < len(n.Items) && count <= most; i++ {
		count += n.Items[i].size(most - count)
	}
	return count
}

func (n *Node) copyTo(nodes *[]Node) *Node {
	if n == nil {
		return nil
	}
	*nodes = append(*nodes, *n)
	c := &(*nodes)[len(*nodes)-1]
	if len(n.Items) > 0 {
		c.Items = make([]*Node, len(n.Items))
		for i, e := range n.Items {
			c.Items[i] = e.copyTo(nodes)
		}
	}
	return c
}

// At returns the value of a map's key, or nil.
func (n *Node) At(key string) *Node {
	if n == nil || n.Kind != Map {
		return nil
	}
	for i := range n.Keys {
		if n.Keys[i].Name == key {
			return n.Items[i]
		}
	}
	return nil
}

// Scalar returns the text of a scalar, and "" for anything else.
func (n *Node) Scalar() string {
	if n == nil {
		return ""
	}
	return n.Text
}

// Strings returns the texts of a list of scalars, or of one scalar; what is neither is left out.
func (n *Node) Strings() []string {
	switch {
	case n == nil || n.Kind == Null || n.Kind == Map:
		return nil
	case n.Kind == List:
		out := make([]string, 0, len(n.Items))
		for _, e := range n.Items {
			if e.Kind != List && e.Kind != Map && e.Kind != Null {
				out = append(out, e.Text)
			}
		}
		return out
	}
	return []string{n.Text}
}
