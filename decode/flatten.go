package decode

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/tocsin-ids/tocsin"
)

// A flattener walks JSON without building it: it finds the leaves, and remembers every path it has met so that a name
// is one string however often it occurs.
type flattener struct {
	root   *pathNode
	names  int
	paths  int // bytes of them
	fields []tocsin.Field
	nodes  []*pathNode // of fields, index by index
	arena  []byte      // unescaped strings
	win    *windowsRecord
}

// A pathNode is a path met before; its children are in the order first met, which is nearly always the order of the
// next record too.
type pathNode struct {
	key  string
	path string
	once bool // not remembered
	kids []*pathNode

	// What came when, to guess what comes: the first kid of the object before, the kid that was met last, and, of a
	// kid, the one that came after it.
	first, prev, then *pathNode

	win  *windowsName         // what the leaf is in a Windows event; worked out when first asked
	by   map[string]*pathNode // when kids are many …
	near *[256]*pathNode      // … and those met last, by a hash of the key
}

// kid returns the node of a member of n's objects. Most keys follow the key that they followed last time; where
// records of several shapes alternate, the rest are found by a hash.
func (f *flattener) kid(n *pathNode, key []byte) *pathNode {
	guess := &n.first
	if n.prev != nil {
		guess = &n.prev.then
	}
	if k := *guess; k != nil && k.key == string(key) {
		n.prev = k
		return k
	}
	k := f.find(n, key)
	if !k.once {
		n.prev, *guess = k, k
	}
	return k
}

func (f *flattener) find(n *pathNode, key []byte) *pathNode {
	if n.by == nil {
		for _, k := range n.kids {
			if k.key == string(key) {
				return k
			}
		}
		return f.newKid(n, key)
	}
	near := &n.near[hash8(key)]
	if k := *near; k != nil && k.key == string(key) {
		return k
	}
	k, ok := n.by[string(key)]
	if !ok {
		k = f.newKid(n, key)
	}
	*near = k
	return k
}

// hash8 is a hash of the ends and length of b, good enough for the keys of records.
func hash8(b []byte) uint8 {
	var w uint64
	if n := len(b); n >= 8 {
		w = binary.LittleEndian.Uint64(b) ^ bits.RotateLeft64(binary.LittleEndian.Uint64(b[n-8:]), 29)
	} else {
		for _, c := range b {
			w = w<<8 | uint64(c)
		}
	}
	return uint8((w ^ uint64(len(b))) * 0x9e3779b97f4a7c15 >> 56)
}

func (f *flattener) newKid(n *pathNode, key []byte) *pathNode {
	k := &pathNode{key: string(key)}
	switch {
	case n.path == "":
		k.path = k.key
	case len(n.path) >= maxPath: // hostile: a huge name before those of many leaves
		k.path = n.path
	default:
		k.path = n.path + "." + k.key
	}
	if len(k.path) > maxPath {
		k.path = strings.Clone(k.path[:maxPath])
	}
	if f.names >= maxNames || f.paths+len(k.key)+len(k.path) > maxPaths {
		k.once = true // hostile: a new name in every record, or huge ones
		return k
	}
	f.names++
	f.paths += len(k.key) + len(k.path)
	n.kids = append(n.kids, k)
	if len(n.kids) == 16 {
		n.by, n.near = make(map[string]*pathNode, 32), new([256]*pathNode)
		for _, k := range n.kids {
			n.by[k.key] = k
		}
	} else if n.by != nil {
		n.by[k.key] = k
	}
	return k
}

var (
	errEnd    = errors.New("ends within a value")
	errSyntax = errors.New("not a JSON value")
	errMany   = fmt.Errorf("more than %d fields", maxFields)
)

// flatten appends the leaves of the value at data[pos:] to fields, which end up in f.fields, and returns where the
// value ends.
func (f *flattener) flatten(data []byte, pos int, fields []tocsin.Field) (int, error) {
	f.fields, f.nodes, f.arena = fields, f.nodes[:0], f.arena[:0]
	if data[pos] != '{' && data[pos] != '[' {
		return pos, errSyntax
	}
	return f.value(data, pos, f.root, 0)
}

func space(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

func (f *flattener) value(b []byte, i int, n *pathNode, depth int) (int, error) {
	i = space(b, i)
	if i >= len(b) {
		return i, errEnd
	}
	switch c := b[i]; {
	case c == '"':
		s, end, err := f.str(b, i)
		if err != nil {
			return end, err
		}
		return end, f.leaf(n, s)
	case c == '{' || c == '[':
		if depth >= maxDepth {
			end, err := skipValue(b, i)
			if err != nil {
				return end, err
			}
			return end, f.leaf(n, text(b[i:end]))
		}
		if c == '{' {
			return f.object(b, i+1, n, depth+1)
		}
		return f.array(b, i+1, n, depth+1)
	case c == 'n':
		if len(b)-i >= 4 && string(b[i:i+4]) == "null" {
			return i + 4, nil
		}
	case c == 't':
		if len(b)-i >= 4 && string(b[i:i+4]) == "true" {
			return i + 4, f.leaf(n, "true")
		}
	case c == 'f':
		if len(b)-i >= 5 && string(b[i:i+5]) == "false" {
			return i + 5, f.leaf(n, "false")
		}
	case c == '-' || c >= '0' && c <= '9':
		j := i + 1
		for j < len(b) && (b[j] >= '0' && b[j] <= '9' || b[j] == '.' || b[j] == 'e' || b[j] == 'E' || b[j] == '+' || b[j] == '-') {
			j++
		}
		return j, f.leaf(n, text(b[i:j]))
	}
	if len(b)-i < 5 {
		return i, errEnd
	}
	return i, errSyntax
}

func (f *flattener) leaf(n *pathNode, v string) error {
	if len(f.fields) >= maxFields {
		return errMany
	}
	f.fields = append(f.fields, tocsin.Field{Name: n.path, Value: v})
	f.nodes = append(f.nodes, n)
	return nil
}

func (f *flattener) object(b []byte, i int, n *pathNode, depth int) (int, error) {
	n.prev = nil
	for {
		i = space(b, i)
		if i >= len(b) {
			return i, errEnd
		}
		if b[i] == '}' {
			return i + 1, nil
		}
		if b[i] == ',' {
			i++
			continue
		}
		if b[i] != '"' {
			return i, errSyntax
		}
		key, end, err := f.str(b, i)
		if err != nil {
			return end, err
		}
		i = space(b, end)
		if i >= len(b) {
			return i, errEnd
		}
		if b[i] != ':' {
			return i, errSyntax
		}
		i, err = f.value(b, i+1, f.kid(n, view(key)), depth)
		if err != nil {
			return i, err
		}
		i = space(b, i)
		if i < len(b) && b[i] != ',' && b[i] != '}' {
			return i, errSyntax
		}
	}
}

func (f *flattener) array(b []byte, i int, n *pathNode, depth int) (int, error) {
	for {
		i = space(b, i)
		if i >= len(b) {
			return i, errEnd
		}
		if b[i] == ']' {
			return i + 1, nil
		}
		if b[i] == ',' {
			i++
			continue
		}
		var err error
		if i, err = f.value(b, i, n, depth); err != nil {
			return i, err
		}
		i = space(b, i)
		if i < len(b) && b[i] != ',' && b[i] != ']' {
			return i, errSyntax
		}
	}
}

// str reads the string at b[i], a quote. A string without escapes is a part of b, any other is in the arena.
func (f *flattener) str(b []byte, i int) (string, int, error) {
	i++
	j := plainRun(b, i)
	if j < len(b) && b[j] == '"' {
		return text(b[i:j]), j + 1, nil
	}
	from := len(f.arena)
	for {
		f.arena = append(f.arena, b[i:j]...)
		if j >= len(b) {
			return "", j, errEnd
		}
		if b[j] == '"' {
			return text(f.arena[from:]), j + 1, nil
		}
		if j+1 >= len(b) {
			return "", len(b), errEnd
		}
		i = j + 2
		switch c := b[j+1]; c {
		case 'n':
			f.arena = append(f.arena, '\n')
		case 't':
			f.arena = append(f.arena, '\t')
		case 'r':
			f.arena = append(f.arena, '\r')
		case 'b':
			f.arena = append(f.arena, '\b')
		case 'f':
			f.arena = append(f.arena, '\f')
		case 'u':
			r, ok := hex4(b, i)
			if !ok {
				return "", i, errSyntax
			}
			i += 4
			if utf16.IsSurrogate(r) {
				if i+1 < len(b) && b[i] == '\\' && b[i+1] == 'u' {
					if low, ok := hex4(b, i+2); ok {
						if both := utf16.DecodeRune(r, low); both != utf8.RuneError {
							r, i = both, i+6
						}
					}
				}
				if utf16.IsSurrogate(r) {
					r = utf8.RuneError
				}
			}
			f.arena = utf8.AppendRune(f.arena, r)
		case 'x': // nginx's, unless told to escape for JSON: no JSON, and known to who reads access logs
			f.arena = append(f.arena, '\\', 'x')
		default: // ", \, / and, leniently, anything else stands for itself
			f.arena = append(f.arena, c)
		}
		j = plainRun(b, i)
	}
}

// plainRun returns where the first quote or backslash at or behind b[i] is, or len(b). It looks at eight bytes at a
// time: a byte that is equal to c is zero after an exclusive or with c, and subtracting one from a zero byte borrows.
func plainRun(b []byte, i int) int {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	for ; i+8 <= len(b); i += 8 {
		w := binary.LittleEndian.Uint64(b[i:])
		q, s := w^('"'*ones), w^('\\'*ones)
		if hit := ((q-ones)&^q | (s-ones)&^s) & tops; hit != 0 {
			return i + bits.TrailingZeros64(hit)/8
		}
	}
	for ; i < len(b); i++ {
		if b[i] == '"' || b[i] == '\\' {
			return i
		}
	}
	return i
}

func hex4(b []byte, i int) (rune, bool) {
	if i+4 > len(b) {
		return 0, false
	}
	var r rune
	for _, c := range b[i : i+4] {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c >= 'a' && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		case c >= 'A' && c <= 'F':
			r = r<<4 | rune(c-'A'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

// skipValue finds the end of the object or array at b[i] without looking inside.
func skipValue(b []byte, i int) (int, error) {
	depth := 0
	for i < len(b) {
		switch b[i] {
		case '"':
			for i++; i < len(b) && b[i] != '"'; i++ {
				if b[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1, nil
			}
		}
		i++
	}
	return len(b), errEnd
}
