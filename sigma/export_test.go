package sigma

import "testing"

// ParseYAML reads one document for tests.
func ParseYAML(t testing.TB, data []byte) *Node {
	docs, faults := documents("test", data)
	if len(faults) > 0 {
		t.Fatal(faults[0])
	}
	return docs[0]
}

// Elements returns the elements of a list.
func (n *Node) Elements() []*Node {
	if n == nil || n.Kind != List {
		return nil
	}
	return n.Items
}
