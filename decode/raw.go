package decode

import (
	"bytes"
	"iter"
)

// A raw is the text of one JSON value, for readers that need a record's structure, which the flattener's leaves do not
// have. It is checked as far as it is walked and no further; a value that is cut off gives what there is of it.
type raw []byte

// A member is one member of a JSON object.
type member struct {
	key string
	val raw
}

// members is a JSON object taken apart, in the order written.
type members []member

// get returns the value of a key, nil where there is none or it is null.
func (m members) get(key string) raw {
	for i := range m {
		if m[i].key == key {
			if v := m[i].val; len(v) == 0 || v[0] != 'n' {
				return v
			}
			return nil
		}
	}
	return nil
}

// first returns the value of the first of some keys that has one.
func (m members) first(keys ...string) raw {
	for _, k := range keys {
		if v := m.get(k); v != nil {
			return v
		}
	}
	return nil
}

// str returns the text of the first of some keys that has a non-empty one.
func (m members) str(keys ...string) string {
	for _, k := range keys {
		if s := m.get(k).str(); s != "" {
			return s
		}
	}
	return ""
}

// open takes an object apart; whole says that it is well formed at this level and not cut off. Anything but an object
// has no members and is not whole.
func (v raw) open() (all members, whole bool) {
	for i := 0; ; {
		key, val, next, more := v.step(i)
		if val != nil {
			all = append(all, member{key.str(), val})
		}
		if !more {
			return all, next > 0
		}
		i = next
	}
}

// step reads the member of an object at v[i:], or at its start for 0, and says where the next one is and whether
// there is one. Behind the last member next is where the object ends, 0 if it is cut off or broken; val is nil where
// there is no member.
func (v raw) step(i int) (key, val raw, next int, more bool) {
	if i == 0 {
		if len(v) == 0 || v[0] != '{' {
			return nil, nil, 0, false
		}
		i = 1
	}
	for i = space(v, i); i < len(v) && v[i] == ','; {
		i = space(v, i+1)
	}
	if i < len(v) && v[i] == '}' {
		return nil, nil, i + 1, false
	}
	if i >= len(v) || v[i] != '"' {
		return nil, nil, 0, false
	}
	end, ok := stringEnd(v, i)
	if !ok {
		return nil, nil, 0, false
	}
	key = v[i:end]
	if i = space(v, end); i >= len(v) || v[i] != ':' {
		return nil, nil, 0, false
	}
	if i = space(v, i+1); i >= len(v) {
		return nil, nil, 0, false
	}
	end, ok = valueEnd(v, i)
	if !ok {
		return key, v[i:end], 0, false
	}
	return key, v[i:end], end, true
}

// get returns the member of an object by its key, nil where there is none or it is null.
func (v raw) get(name string) raw {
	for i, more := 0, true; more; {
		var key, val raw
		if key, val, i, more = v.step(i); val != nil && (key.is(name) || bytes.IndexByte(key, '\\') >= 0 && key.str() == name) {
			if val[0] == 'n' {
				return nil
			}
			return val
		}
	}
	return nil
}

// members is open for callers that have checked the value before.
func (v raw) members() members {
	m, _ := v.open()
	return m
}

// items yields the elements of an array; anything else has none.
func (v raw) items() iter.Seq[raw] {
	return func(yield func(raw) bool) {
		if len(v) == 0 || v[0] != '[' {
			return
		}
		for i := 1; ; {
			i = space(v, i)
			if i >= len(v) || v[i] == ']' {
				return
			}
			if v[i] == ',' {
				i++
				continue
			}
			end, ok := valueEnd(v, i)
			if !yield(v[i:end]) || !ok {
				return
			}
			i = end
		}
	}
}

// at follows keys through nested objects; nil where the way ends.
func (v raw) at(keys ...string) raw {
	for _, k := range keys {
		v = v.get(k)
	}
	return v
}

// str returns a string without its quotes and escapes, a number or boolean as written, and "" for anything else. It
// is a view of v where nothing was escaped.
func (v raw) str() string {
	if len(v) == 0 {
		return ""
	}
	switch v[0] {
	case '"':
		var f flattener
		s, _, err := f.str(v, 0)
		if err != nil {
			return text(f.arena) // cut off: what there is of it
		}
		return s
	case '{', '[', 'n':
		return ""
	}
	return text(v)
}

// text returns str of a scalar and the JSON text of an object or array.
func (v raw) text() string {
	if len(v) > 0 && (v[0] == '{' || v[0] == '[') {
		return text(v)
	}
	return v.str()
}

// is says that v is the string s.
func (v raw) is(s string) bool {
	return len(v) == len(s)+2 && v[0] == '"' && string(v[1:len(v)-1]) == s
}

// embedded returns the JSON that a string holds, v itself where it is no string, and nil where the string is no JSON.
func (v raw) embedded() raw {
	if len(v) == 0 || v[0] != '"' {
		return v
	}
	s := v.str()
	b := bytes.TrimSpace([]byte(s))
	if len(b) > 1 && (b[0] == '{' && b[len(b)-1] == '}' || b[0] == '[' && b[len(b)-1] == ']') {
		return b
	}
	return nil
}

// stringEnd returns where the string at b[i], a quote, ends, and whether it does.
func stringEnd(b []byte, i int) (int, bool) {
	for i++; ; {
		j := bytes.IndexByte(b[i:], '"')
		if j < 0 {
			return len(b), false
		}
		i += j
		n := 0
		for b[i-1-n] == '\\' { // stops at the opening quote at the latest
			n++
		}
		i++
		if n&1 == 0 {
			return i, true
		}
	}
}

// valueEnd returns where the JSON value at b[i] ends, and whether it does. It looks at strings and brackets only.
func valueEnd(b []byte, i int) (int, bool) {
	switch b[i] {
	case '"':
		return stringEnd(b, i)
	case '{', '[':
	default:
		j := i
		for j < len(b) && b[j] > ' ' && b[j] != ',' && b[j] != '}' && b[j] != ']' && b[j] != ':' && b[j] != '"' {
			j++
		}
		return max(j, i+1), j > i
	}
	for depth := 0; i < len(b); {
		switch b[i] {
		case '"':
			end, ok := stringEnd(b, i)
			if !ok {
				return end, false
			}
			i = end
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1, true
			}
		}
		i++
	}
	return len(b), false
}
