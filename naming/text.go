package naming

import (
	"errors"
	"strings"
)

// A text is a template for a field's value: literal parts with holes between them that take no space.
type text struct {
	field    string
	anchored bool
	parts    []string // the literal ones; before each but the first is a hole, and with open there is one at the end
	holes    []string // their names
	open     bool
}

func newText(field, template string) (text, error) {
	t := text{field: field}
	template, t.anchored = strings.CutPrefix(template, "^")
	for {
		lit, rest, ok := strings.Cut(template, "{")
		t.parts = append(t.parts, lit)
		if !ok {
			break
		}
		name, rest, ok := strings.Cut(rest, "}")
		if !ok {
			return t, errors.New("a hole is not closed")
		}
		t.holes = append(t.holes, name)
		template = rest
		if template == "" {
			t.open = true
			break
		}
	}
	if strings.TrimSpace(t.parts[0]) == "" || len(t.holes) == 0 {
		return t, errors.New("a template begins with text and has a hole")
	}
	return t, nil
}

// maxText bounds the bytes of a value that are looked at.
const maxText = 16 << 10

// maxLines bounds the lines of a value that are looked at one by one.
const maxLines = 256

// match gives the holes of the first place where the value is like the template, and whether there is one.
func (t *text) match(v string, hole func(name, value string)) bool {
	v = v[:min(len(v), maxText)]
	from := strings.Index(v, t.parts[0])
	if from < 0 || t.anchored && from > 0 {
		return false
	}
	v = v[from+len(t.parts[0]):]
	var filled [8]string
	for i := range t.holes {
		end := len(v)
		if i+1 < len(t.parts) {
			if end = strings.Index(v, t.parts[i+1]); end < 0 {
				return false
			}
		} else if n := strings.IndexAny(v, " \t\r\n"); n >= 0 {
			end = n
		}
		if end == 0 || strings.ContainsAny(v[:end], " \t\r\n") || i >= len(filled) {
			return false
		}
		filled[i] = v[:end]
		if i+1 < len(t.parts) {
			v = v[end+len(t.parts[i+1]):]
		}
	}
	for i, name := range t.holes {
		if name != "" {
			hole(name, filled[i])
		}
	}
	return true
}
