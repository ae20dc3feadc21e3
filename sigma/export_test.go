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

// Kept is how much a collector keeps after Advance: events, on the shelf too; inputs, outputs and states; numbers and names.
func (c *Correlator) Kept() (events, inputs, numbers int) {
	r := c.replay
	for i := range r.lanes {
		l := &r.lanes[i]
		inputs += len(l.inputs) + len(l.outputs) + len(l.states)
	}
	return max(len(r.moments), r.own), inputs, r.numbered() + len(r.hosts) + len(r.sources)
}
