package sigma

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// SameTree checks that the block reader leaves a document to the parser or reads it as the parser does.
func SameTree(t *testing.T, doc string) bool {
	t.Helper()
	got, ok := readBlock(doc, 1)
	if !ok {
		return false
	}
	want, _, err := parseYAML([]byte(doc), 1)
	if err != nil {
		t.Errorf("read what is no YAML (%v):\n%s", err, doc)
		return true
	}
	unline(want)
	unline(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s\n%s", diff, doc)
	}
	return true
}

// unline takes the lines off text: of one that goes over several the parser tells the last.
func unline(n *Node) {
	if n == nil {
		return
	}
	if n.Kind == Text {
		n.Line = 0
	}
	for _, e := range n.Items {
		unline(e)
	}
}

var blockDocuments = []string{
	"", "# c\n", "---\n", "a: b\n", "a: b", "a:\n", "a:\nb: c\n", "a: ''\n", "a: 'x''y' # c\n", "a: \"x\\\\y\\\"z\\n\"\n", "a: \"\\x41\"\n",
	"a: 1\nb: -1\nc: 0\nd: 1.5\ne: 0x10\nf: 010\ng: 1e3\nh: +1\ni: .5\nj: 1_000\nk: 1.2.3.4\nl: 2024-01-02\nm: 12345678901234567890\nn: 0.5\no: -0\np: 1.\n",
	"a: 0e1-2\n", "a: 1e5-abcd\n", "a: .inf\nb: .nan\nc: -.inf\nd: .abc\n",
	"a: true\nb: False\nc: yes\nd: null\ne: ~\nf: Null\n", "a: true # c\n", "1: a\n", "true: a\n", "null: a\n",
	"a:\n  - b\n  - c\n", "a:\n- b\n- c\nd: e\n", "a:\n  b:\n    c: d\n  e: f\n", "a:\n    - b: c\n      d: e\n    - f: g\n",
	"a:\n  - - b\n    - c\n  - d\n", "- a\n- b\n", "a:\n  -\n    b: c\n  -\n  - d\n", "a:\n  - # c\n    b: c\n", "a:\n  -   b: c\n      d: e\n",
	"a: |\n  x\n   y\n\n  z\nb: c\n", "a: |-\n  x\n  y\n", "a: |\n  x\n\n\nb: c\n", "a: |+\n  x\n\n", "a: >\n  x\n  y\n", "a: |2\n   x\n", "a: |\n\n  x\n", "a: |\n  # x\n  y\n",
	"a: b\n  c\n  d\ne: f\n", "a: b\n\n  c\n", "a: b # c\n  d\n", "a:\n  - b\n    c\n  - d\n", "a: b\n # c\nd: e\n",
	"'a': b\n\"c\": d\n'|all': e\n", "a|b: c\n", "a b: c d\n", "a#b: c#d\n", "a : b\n", "a:b: c\n", "a: b: c\n", "a: b:\n", "a: :b\n", "a: -b\n", "a: ?b\n",
	"a: [b, c]\n", "a: {b: c}\n", "a: &x b\nc: *x\n", "a: !!str 1\n", "a: @b\n", "a: `b\n", "a: %b\n", "? a\n: b\n", "<<: a\n",
	"a: b\na: c\n", "a: b\n c: d\n", "  a: b\n  c: d\n", " a: b\nc: d\n", "a:\n b: c\n  d: e\n", "a:\n  - b\n c: d\n", "a\n", "a: 'b\n  c'\n",
	"a:\tb\n", "\ta: b\n", "a: b\t\n", "a: b\r\nc: d\r\n", "a: b \n", "a: \x01\n", "--- a\n", "a: b\n...\n", "%YAML 1.2\n---\na: b\n", "a: 'b' c\n",
	"a: ', b'\nc: -\nd: - e\n", "a: - b\n", "a: b - c\n", "- a: b\n  c:\n  - d\n- e\n", "a: \"b\nc\"\n", "a: b\nc\n", "é: ü\n", "a: \xff\n", "a: |\n  \xff\n", "a: ' '\n",
	"a: 'b'  \n", "a: '#'\nb: #c\n", "a:\n  # c\n  b: c # d\n", "a: b,c\nd: [\n", "a: }\n", "a: b}\n", "a: - \n", "a:\n    -a\n", "a: b\n---\nc: d\n", "a: ~b\n", "a: =\n", "a: \"b\\/c\"\n",
}

func TestBlock(t *testing.T) {
	for _, d := range blockDocuments {
		SameTree(t, d)
	}
}

func FuzzBlock(f *testing.F) {
	for _, d := range blockDocuments {
		f.Add(d)
	}
	f.Fuzz(func(t *testing.T, doc string) {
		if len(doc) < 2000 && strings.Count(doc, "---") < 2 {
			SameTree(t, doc)
		}
	})
}
