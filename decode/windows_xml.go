package decode

import (
	"errors"
	"strings"
	"unicode/utf8"
)

var hashText = []byte("#text")

var errXML = errors.New("not the XML of an event")

// xml appends the leaves of the elements in s under the paths that a converter to JSON would give them: an attribute's
// name begins with @, and the text of an element that has attributes is its #text. It reads what Windows and shippers
// write for events: no document types, no entities but the predefined ones. Text beside elements is left out.
func (f *flattener) xml(s string) error {
	var stack [maxDepth]struct {
		node        *pathNode
		kids, attrs bool
	}
	depth := 0
	stack[0].node = f.root
	from := len(f.arena) // text of the innermost element that is not one run of s
	run := ""            // text of the innermost element, if it is
	for i := 0; i < len(s); {
		lt := strings.IndexByte(s[i:], '<')
		if lt < 0 {
			lt = len(s) - i
		}
		if lt > 0 && depth > 0 && !stack[depth].kids {
			if plain := s[i : i+lt]; run == "" && len(f.arena) == from && strings.IndexByte(plain, '&') < 0 {
				run = plain
			} else {
				f.arena = append(f.arena, run...)
				run = ""
				f.arena = appendUnescaped(f.arena, plain)
			}
		}
		i += lt
		if i >= len(s) {
			break
		}
		switch rest := s[i:]; {
		case strings.HasPrefix(rest, "<![CDATA["):
			end := strings.Index(rest, "]]>")
			if end < 0 {
				return errXML
			}
			f.arena = append(append(f.arena, run...), rest[len("<![CDATA["):end]...)
			run = ""
			i += end + 3
		case strings.HasPrefix(rest, "<!--"):
			end := strings.Index(rest, "-->")
			if end < 0 {
				return errXML
			}
			i += end + 3
		case strings.HasPrefix(rest, "<?"), strings.HasPrefix(rest, "<!"):
			end := strings.IndexByte(rest, '>')
			if end < 0 {
				return errXML
			}
			i += end + 1
		case strings.HasPrefix(rest, "</"):
			end := strings.IndexByte(rest, '>')
			if end < 0 || depth == 0 {
				return errXML
			}
			top := &stack[depth]
			v := run
			if len(f.arena) > from {
				v = text(f.arena[from:])
			}
			if !top.kids && v != "" {
				n := top.node
				if top.attrs {
					n = f.kid(n, hashText)
				}
				if err := f.leaf(n, v); err != nil {
					return err
				}
			}
			depth--
			run, from = "", len(f.arena)
			i += end + 1
		default:
			if depth+1 >= maxDepth {
				return errXML
			}
			stack[depth].kids = true
			run = ""
			depth++
			n, end, attrs, empty, err := f.tag(s, i+1, stack[depth-1].node)
			if err != nil {
				return err
			}
			stack[depth].node, stack[depth].kids, stack[depth].attrs = n, false, attrs
			from = len(f.arena)
			if empty {
				depth--
			}
			i = end
		}
	}
	if depth != 0 {
		return errXML
	}
	return nil
}

// tag reads the start tag whose name begins at s[i], appends its attributes, and returns where it ends.
func (f *flattener) tag(s string, i int, parent *pathNode) (n *pathNode, end int, attrs, empty bool, err error) {
	start := i
	for i < len(s) && !xmlSpace(s[i]) && s[i] != '>' && s[i] != '/' {
		i++
	}
	name := s[start:i]
	if c := strings.IndexByte(name, ':'); c >= 0 {
		name = name[c+1:]
	}
	if name == "" {
		return nil, i, false, false, errXML
	}
	n = parent
	if parent != f.root || name != "DataItem" { // Azure wraps EventData in one
		n = f.kid(parent, view(name))
	}
	for {
		for i < len(s) && xmlSpace(s[i]) {
			i++
		}
		if i >= len(s) {
			return nil, i, false, false, errXML
		}
		if s[i] == '>' {
			return n, i + 1, attrs, false, nil
		}
		if s[i] == '/' {
			if i+1 >= len(s) || s[i+1] != '>' {
				return nil, i, false, false, errXML
			}
			return n, i + 2, attrs, true, nil
		}
		start := i
		for i < len(s) && s[i] != '=' && s[i] != '>' {
			i++
		}
		key := strings.TrimRight(s[start:i], " \t\r\n")
		for i++; i < len(s) && xmlSpace(s[i]); i++ {
		}
		if i >= len(s) || s[i] != '"' && s[i] != '\'' || key == "" {
			return nil, i, false, false, errXML
		}
		close := strings.IndexByte(s[i+1:], s[i])
		if close < 0 {
			return nil, i, false, false, errXML
		}
		v := s[i+1 : i+1+close]
		i += close + 2
		if strings.HasPrefix(key, "xmlns") {
			continue
		}
		if strings.IndexByte(v, '&') >= 0 {
			from := len(f.arena)
			f.arena = appendUnescaped(f.arena, v)
			v = text(f.arena[from:])
		}
		var buf [64]byte
		if err := f.leaf(f.kid(n, append(append(buf[:0], '@'), key...)), v); err != nil {
			return nil, i, false, false, err
		}
		attrs = true
	}
}

func xmlSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// appendUnescaped appends s with XML's predefined entities and character references resolved.
func appendUnescaped(dst []byte, s string) []byte {
	for {
		amp := strings.IndexByte(s, '&')
		if amp < 0 {
			return append(dst, s...)
		}
		dst = append(dst, s[:amp]...)
		s = s[amp:]
		end := strings.IndexByte(s[:min(len(s), 12)], ';')
		if end < 0 {
			dst, s = append(dst, '&'), s[1:]
			continue
		}
		switch name := s[1:end]; {
		case name == "lt":
			dst = append(dst, '<')
		case name == "gt":
			dst = append(dst, '>')
		case name == "amp":
			dst = append(dst, '&')
		case name == "quot":
			dst = append(dst, '"')
		case name == "apos":
			dst = append(dst, '\'')
		case len(name) > 1 && name[0] == '#':
			dst = utf8.AppendRune(dst, charRef(name[1:]))
		default:
			dst = append(dst, s[:end+1]...)
		}
		s = s[end+1:]
	}
}

// charRef is the character of a reference's digits, decimal or x and hexadecimal.
func charRef(s string) rune {
	base := rune(10)
	if s[0] == 'x' || s[0] == 'X' {
		base, s = 16, s[1:]
	}
	var r rune
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= '0' && c <= '9':
			r = r*base + rune(c-'0')
		case base == 16 && c|32 >= 'a' && c|32 <= 'f':
			r = r*base + rune(c|32-'a'+10)
		default:
			return utf8.RuneError
		}
		if r > utf8.MaxRune {
			return utf8.RuneError
		}
	}
	return r
}
