package sigma

import (
	"bytes"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/tocsin-ids/tocsin"
)

// Bounds on a rule file; beyond them a document is a fault, not a crash. The largest SigmaHQ rule, a list of 4,400
// hashes, is a tenth of them.
const (
	maxDocument = 4 << 20 // bytes
	maxNodes    = 200_000 // values in a document, aliases followed
	maxNesting  = 64      // maps and lists within each other
	maxBrackets = 5_000   // opening brackets in a document: what a YAML parser may recurse into
)

// documents reads all YAML documents of a file. A document that is no YAML costs only itself.
func documents(file string, data []byte) ([]*Node, []*tocsin.Fault) {
	var docs []*Node
	var faults []*tocsin.Fault
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	for line := int64(1); len(data) > 0; {
		var doc []byte
		doc, data = cutDocument(data)
		n, at, err := document(doc, line)
		switch {
		case err != nil:
			faults = append(faults, &tocsin.Fault{Source: file, Line: at, Err: fmt.Errorf("YAML: %w", err),
				Hint: "the document was left out; check its indentation and quotes"})
		case n != nil:
			docs = append(docs, n)
		}
		line += int64(bytes.Count(doc, []byte{'\n'}))
	}
	return docs, faults
}

// cutDocument splits before the next line that begins a document ("---"). The line belongs to what it begins.
func cutDocument(data []byte) (doc, rest []byte) {
	for i := 0; ; {
		j := bytes.IndexByte(data[i:], '\n')
		if j < 0 {
			return data, nil
		}
		i += j + 1
		if l := data[i:]; len(l) >= 3 && string(l[:3]) == "---" && (len(l) == 3 || l[3] == '\n' || l[3] == '\r' || l[3] == ' ' || l[3] == '\t') {
			return data[:i], data[i:]
		}
	}
}

var errLarge = fmt.Errorf("document of more than %d bytes", maxDocument)

// document reads one document that starts on the given line; nil is an empty one. With an error comes its line.
func document(doc []byte, line int64) (*Node, int64, error) {
	if len(doc) > maxDocument {
		return nil, line, errLarge
	}
	if n, ok := readBlock(string(doc), line); ok {
		return n, line, nil
	}
	if at, deep := tooDeep(doc); deep {
		return nil, line + at, errDeep
	}
	return parseYAML(doc, line)
}

// parseYAML reads one document with a parser for all of YAML. Should the parser fail on what somebody thought of, that
// is the document's fault and not the end of the run.
func parseYAML(doc []byte, line int64) (n *Node, at int64, err error) {
	defer func() {
		if p := recover(); p != nil {
			n, at, err = nil, line, fmt.Errorf("the parser gave up: %v", p)
		}
	}()
	f, err := parser.ParseBytes(doc, 0)
	if err != nil {
		at, why := yamlError(err)
		return nil, line + at - 1, why
	}
	t := &tree{base: line - 1}
	for _, d := range f.Docs {
		if d.Body == nil {
			continue
		}
		n, err := t.node(d.Body, 0)
		if err != nil {
			return nil, t.line, err
		}
		if n.Kind == Null {
			continue
		}
		return n, n.Line, nil
	}
	return nil, line, nil
}

// tooDeep finds documents that nest so deeply that reading them would exhaust the stack.
func tooDeep(doc []byte) (line int64, deep bool) {
	brackets := 0
	run := 0 // compact nesting on this line: "- - - a", "? ? a"
	for _, c := range doc {
		switch c {
		case '\n':
			line++
			run = 0
		case '[', '{':
			brackets++
		case '-', '?':
			run++
		case ' ', '\t':
		default:
			run = min(run, 0)
		}
		if brackets > maxBrackets || run > 256 {
			return line, true
		}
	}
	return 0, false
}

// yamlError takes the line and the plain message out of the library's error.
func yamlError(err error) (int64, error) {
	var at interface {
		error
		GetMessage() string
	}
	msg := err.Error()
	if errors.As(err, &at) {
		msg = at.GetMessage()
	}
	line := int64(1)
	var l, c int64
	if n, _ := fmt.Sscanf(err.Error(), "[%d:%d]", &l, &c); n == 2 {
		line = l
	}
	if i := strings.IndexByte(msg, '\n'); i >= 0 {
		msg = msg[:i]
	}
	if n, _ := fmt.Sscanf(msg, "[%d:%d]", &l, &c); n == 2 {
		if i := strings.IndexByte(msg, ']'); i >= 0 {
			msg = strings.TrimSpace(msg[i+1:])
		}
	}
	return line, errors.New(msg)
}

// A tree makes Nodes of the library's nodes.
type tree struct {
	base    int64 // lines before the document
	line    int64 // of the node last looked at
	count   int
	anchors map[string]ast.Node
	open    map[string]bool // anchors being expanded
}

var (
	errDeep  = fmt.Errorf("nested more than %d deep", maxNesting)
	errNodes = fmt.Errorf("more than %d values", maxNodes)
)

func (t *tree) node(a ast.Node, depth int) (*Node, error) {
	if a == nil {
		return &Node{Line: t.line}, nil
	}
	if tok := a.GetToken(); tok != nil && tok.Position != nil {
		t.line = t.base + int64(tok.Position.Line)
	}
	if depth > maxNesting {
		return nil, errDeep
	}
	if t.count++; t.count > maxNodes {
		return nil, errNodes
	}
	n := &Node{Line: t.line}
	switch a := a.(type) {
	case *ast.NullNode, *ast.CommentGroupNode:
	case *ast.BoolNode:
		n.Kind, n.Text = Bool, "false"
		if a.Value {
			n.Text = "true"
		}
	case *ast.IntegerNode:
		n.Kind, n.Text = Number, decimal(a.GetToken().Value)
	case *ast.FloatNode:
		n.Kind, n.Text = Number, a.GetToken().Value
	case *ast.StringNode:
		n.Kind, n.Text = Text, a.Value
	case *ast.LiteralNode:
		n.Kind, n.Text = Text, a.Value.Value
	case *ast.InfinityNode, *ast.NanNode, *ast.MergeKeyNode:
		n.Kind, n.Text = Text, a.GetToken().Value
	case *ast.TagNode:
		return t.tagged(a, depth)
	case *ast.AnchorNode:
		if t.anchors == nil {
			t.anchors = map[string]ast.Node{}
		}
		t.anchors[a.Name.GetToken().Value] = a.Value
		return t.node(a.Value, depth+1)
	case *ast.AliasNode:
		return t.alias(a, depth)
	case *ast.SequenceNode:
		n.Kind = List
		n.Items = make([]*Node, 0, len(a.Values))
		for _, v := range a.Values {
			e, err := t.node(v, depth+1)
			if err != nil {
				return nil, err
			}
			n.Items = append(n.Items, e)
		}
	case *ast.MappingNode:
		n.Kind = Map
		for _, v := range a.Values {
			if err := t.entry(n, v, depth); err != nil {
				return nil, err
			}
		}
	case *ast.MappingValueNode:
		n.Kind = Map
		if err := t.entry(n, a, depth); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("unsupported YAML: %s", a.Type())
	}
	return n, nil
}

// entry adds one key and its value to a map; "<<" adds the entries of the maps it names that are not there yet.
func (t *tree) entry(n *Node, v *ast.MappingValueNode, depth int) error {
	if v.Key.IsMergeKey() {
		m, err := t.node(v.Value, depth+1)
		if err != nil {
			return err
		}
		maps := []*Node{m}
		if m.Kind == List {
			maps = m.Items
		}
		for _, m := range maps {
			for i, k := range m.Keys {
				if n.At(k.Name) == nil {
					n.Keys, n.Items = append(n.Keys, k), append(n.Items, m.Items[i])
				}
			}
		}
		return nil
	}
	k, err := t.node(v.Key, depth+1)
	if err != nil {
		return err
	}
	if k.Kind == List || k.Kind == Map {
		return fmt.Errorf("%s as the key of a map", k.Kind)
	}
	e, err := t.node(v.Value, depth+1)
	if err != nil {
		return err
	}
	if e.Kind <= Text {
		e.Line = max(e.Line, k.Line)
	}
	n.Keys, n.Items = append(n.Keys, Key{k.Text, k.Line}), append(n.Items, e)
	n.Line = n.Keys[0].Line
	return nil
}

func (t *tree) tagged(a *ast.TagNode, depth int) (*Node, error) {
	n, err := t.node(a.Value, depth+1)
	if err != nil {
		return nil, err
	}
	if a.Start.Value == "!!str" && n.Kind < Text {
		if tok := a.Value.GetToken(); tok != nil {
			n.Text = tok.Value
		}
		n.Kind = Text
	}
	return n, nil
}

func (t *tree) alias(a *ast.AliasNode, depth int) (*Node, error) {
	name := a.Value.GetToken().Value
	v, ok := t.anchors[name]
	if !ok {
		return nil, fmt.Errorf("alias *%s names no anchor", name)
	}
	if t.open[name] {
		return nil, fmt.Errorf("anchor &%s contains itself", name)
	}
	if t.open == nil {
		t.open = map[string]bool{}
	}
	t.open[name] = true
	n, err := t.node(v, depth+1)
	delete(t.open, name)
	return n, err
}

// decimal gives a YAML integer in decimal. Digits with leading zeros stay as written: YAML 1.1 reads them as octal,
// 1.2 as decimal, and their author meant text.
func decimal(s string) string {
	sign, digits := "", s
	if digits != "" && (digits[0] == '-' || digits[0] == '+') {
		if digits[0] == '-' {
			sign = "-"
		}
		digits = digits[1:]
	}
	if len(digits) < 2 || digits[0] != '0' {
		return sign + strings.ReplaceAll(digits, "_", "")
	}
	if c := digits[1]; c >= '0' && c <= '9' {
		return s
	}
	if n, ok := new(big.Int).SetString(digits, 0); ok {
		return sign + n.String()
	}
	return s
}
