package sigma

import (
	"encoding/base64"
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"unicode/utf16"
)

// A shape is what its modifiers have made of its values.
type shape uint8

const (
	shapeText shape = iota
	shapeRegex
	shapeNet
	shapeCompare
	shapeTime // a part of a date; a comparison may follow
	shapeRef
	shapeExists
)

// An item is one line of a search: a field and its values with the modifiers applied, left to right.
type item struct {
	field  string // as written; "" for keywords
	line   int64
	shape  shape
	all    bool // all values must hold, not any
	not    bool // neq
	cased  bool
	before bool // a star was added before (endswith, contains), or after (startswith, contains)
	after  bool
	bytey  bool // the values are encoded: no placeholder or dash can be in them
	flags  string
	cmp    string // lt, lte, gt, gte; "" is equality
	part   timePart
	values []value
	done   []string // the modifiers applied
}

// A value is one value of an item.
type value struct {
	node *Node
	alts []pattern // its alternatives; what text is, and what becomes of it
	text string    // of a regular expression, network or other field: as written
}

// newItem reads the key and value of a search's line and applies the modifiers.
func newItem(key Key, v *Node, o Options) (*item, error) {
	field, rest, piped := strings.Cut(key.Name, "|")
	it := &item{field: strings.TrimSpace(field), line: key.Line}
	var mods []string
	if piped {
		mods = strings.Split(rest, "|")
	}
	if err := it.read(v, len(mods) > 0 && mods[0] == "re"); err != nil {
		return nil, err
	}
	for _, m := range mods {
		m = strings.ToLower(strings.TrimSpace(m))
		if err := it.apply(m, o); err != nil {
			f, ok := err.(*flaw)
			if !ok {
				f = &flaw{err: err}
			}
			f.err = fmt.Errorf("%s: %w", key.Name, f.err)
			f.line = key.Line
			return nil, f
		}
		it.done = append(it.done, m)
	}
	return it, it.check(key)
}

// read takes the values; with raw their wildcards and escapes are left alone.
func (it *item) read(v *Node, raw bool) error {
	nodes := []*Node{v}
	if v.Kind == List {
		nodes = v.Items
		if len(nodes) == 0 {
			return flawf(it.line, "%s has an empty list of values", it.name()).hinted("null says that a field must be absent, '' that it must be empty")
		}
	}
	it.values = make([]value, len(nodes))
	for i, n := range nodes {
		if n.Kind == List || n.Kind == Map {
			return flawf(n.Line, "%s has %s where a value is expected", it.name(), n.Kind)
		}
		if it.field == "" && n.Kind == Null {
			return flawf(n.Line, "null as a keyword: only a field can be absent")
		}
		it.values[i] = value{node: n, text: n.Text}
		if n.Kind != Null && !raw {
			it.values[i].alts = []pattern{parsePattern(n.Text)}
		}
	}
	return nil
}

// name is how messages call the item.
func (it *item) name() string {
	if it.field == "" {
		return "a keyword"
	}
	return it.field
}

// need says which shape the item must be of for a modifier.
func (it *item) need(mod string, want ...shape) error {
	for _, s := range want {
		if it.shape == s {
			for _, v := range it.values {
				if v.node.Kind == Null {
					return fmt.Errorf("%s cannot be applied to null", mod)
				}
			}
			return nil
		}
	}
	if len(it.done) > 0 {
		return fmt.Errorf("%s cannot follow %s", mod, it.done[len(it.done)-1])
	}
	return fmt.Errorf("%s needs another modifier before it", mod)
}

// first says that a modifier must stand first; neq, all and cased may stand anywhere.
func (it *item) first(mod string) error {
	for _, d := range it.done {
		if d != "all" && d != "neq" {
			return fmt.Errorf("%s cannot follow %s", mod, d)
		}
	}
	if it.field == "" && mod != "re" {
		return fmt.Errorf("%s needs a field", mod)
	}
	return it.need(mod, shapeText)
}

// apply applies one modifier.
// https://sigmahq.io/sigma-specification/specification/sigma-appendix-modifiers.html
func (it *item) apply(mod string, o Options) error {
	for _, d := range it.done {
		if d == mod {
			return fmt.Errorf("%s is there twice", mod)
		}
	}
	switch mod {
	case "all":
		it.all = true
		return nil
	case "neq":
		it.not = true
		return nil
	case "cased":
		it.cased = true
		for _, v := range it.values {
			if v.node.Kind == Null {
				return nil
			}
		}
		return it.need(mod, shapeText, shapeRef)
	case "contains", "startswith", "endswith":
		return it.openEnds(mod)
	case "exists":
		return it.exists()
	case "windash":
		return it.text(mod, func(p pattern) ([]pattern, error) { return []pattern{p.windash()}, nil })
	case "expand":
		return it.expand(o)
	case "wide", "utf16le", "utf16be", "utf16":
		return it.encode(mod, func(b []byte) []string { return []string{utf16Bytes(string(b), mod)} })
	case "base64":
		return it.encode(mod, func(b []byte) []string { return []string{base64.StdEncoding.EncodeToString(b)} })
	case "base64offset":
		return it.encode(mod, base64Offsets)
	case "re":
		if err := it.first(mod); err != nil {
			return err
		}
		it.shape = shapeRegex
		return nil
	case "i", "ignorecase", "m", "multiline", "s", "dotall":
		if err := it.need(mod, shapeRegex); err != nil {
			return fmt.Errorf("%s is a flag of re and must follow it", mod)
		}
		flag := map[string]string{"ignorecase": "i", "multiline": "m", "dotall": "s"}[mod]
		if flag == "" {
			flag = mod
		}
		it.flags += flag
		return nil
	case "cidr":
		if err := it.first(mod); err != nil {
			return err
		}
		it.shape = shapeNet
		return nil
	case "lt", "lte", "gt", "gte":
		return it.compare(mod)
	case "minute", "hour", "day", "week", "month", "year":
		if err := it.first(mod); err != nil {
			return err
		}
		it.shape, it.part = shapeTime, timePartNames[mod]
		return it.numbers(mod)
	case "fieldref":
		if err := it.first(mod); err != nil {
			return err
		}
		it.shape = shapeRef
		for i := range it.values {
			s, ok := it.values[i].alts[0].plain()
			if !ok || s == "" {
				return fmt.Errorf("fieldref takes the name of a field, not %q", it.values[i].text)
			}
			it.values[i].text = s
		}
		return nil
	}
	return (&flaw{err: fmt.Errorf("unknown modifier %q", mod)}).hinted("modifiers are named in the Sigma specification, appendix modifiers")
}

// text replaces every alternative of every value.
func (it *item) text(mod string, f func(pattern) ([]pattern, error)) error {
	if err := it.need(mod, shapeText); err != nil {
		return err
	}
	if it.bytey && (mod == "windash" || mod == "expand") {
		return fmt.Errorf("%s cannot follow %s", mod, it.done[len(it.done)-1])
	}
	for i := range it.values {
		var all []pattern
		for _, p := range it.values[i].alts {
			ps, err := f(p)
			if err != nil {
				return err
			}
			all = append(all, ps...)
		}
		it.values[i].alts = all
	}
	return nil
}

func (it *item) openEnds(mod string) error {
	if it.before || it.after {
		return fmt.Errorf("%s cannot follow %s", mod, it.done[len(it.done)-1])
	}
	it.before, it.after = mod != "startswith", mod != "endswith"
	switch it.shape {
	case shapeRegex, shapeRef:
		return nil
	}
	return it.text(mod, func(p pattern) ([]pattern, error) { return []pattern{p.open(it.before, it.after)}, nil })
}

func (it *item) exists() error {
	if err := it.first("exists"); err != nil {
		return err
	}
	for _, v := range it.values {
		if v.text != "true" && v.text != "false" {
			return fmt.Errorf("exists takes true or false, not %q", v.text)
		}
	}
	it.shape = shapeExists
	return nil
}

func (it *item) expand(o Options) error {
	if it.shape == shapeRegex {
		for i := range it.values {
			filled, err := fillRegex(it.values[i].text, o.Expand)
			if err != nil {
				return err
			}
			it.values[i].text = filled
		}
		return nil
	}
	return it.text("expand", func(p pattern) ([]pattern, error) { return p.holes().filled(o.Expand) })
}

// fillRegex replaces placeholders in a regular expression by the alternatives of their values, taken literally.
func fillRegex(s string, values map[string][]string) (string, error) {
	var b strings.Builder
	for {
		i, j := hole(s)
		if i < 0 {
			b.WriteString(s)
			return b.String(), nil
		}
		ps, err := pattern{{markHole, s[i+1 : j]}}.filled(values)
		if err != nil {
			return "", err
		}
		b.WriteString(s[:i] + "(?:")
		for k, p := range ps {
			if k > 0 {
				b.WriteByte('|')
			}
			t, _ := p.plain()
			b.WriteString(regexp.QuoteMeta(t))
		}
		b.WriteByte(')')
		s = s[j+1:]
	}
}

// encode replaces values by their encoded forms.
func (it *item) encode(mod string, f func([]byte) []string) error {
	err := it.text(mod, func(p pattern) ([]pattern, error) {
		spelled, err := p.spelled()
		if err != nil {
			return nil, err
		}
		var out []pattern
		for _, p := range spelled {
			s, ok := p.plain()
			if !ok {
				return nil, fmt.Errorf("%s of a value with wildcards (%q)", mod, p)
			}
			for _, e := range f([]byte(s)) {
				out = append(out, pattern{{markText, e}}.merged())
			}
		}
		return out, nil
	})
	it.bytey = true
	return err
}

// utf16Bytes encodes text as UTF-16: little-endian unless be, utf16 with its byte order mark.
func utf16Bytes(s, mod string) string {
	var b []byte
	if mod == "utf16" {
		b = append(b, 0xFF, 0xFE)
	}
	for _, u := range utf16.Encode([]rune(s)) {
		if mod == "utf16be" {
			b = append(b, byte(u>>8), byte(u))
		} else {
			b = append(b, byte(u), byte(u>>8))
		}
	}
	return string(b)
}

// base64Offsets gives the three forms that data takes within Base64, by where it begins, less the characters that
// depend on what stands beside it.
func base64Offsets(data []byte) []string {
	var out []string
	for skip := range 3 {
		e := base64.StdEncoding.EncodeToString(append(make([]byte, skip), data...))
		from := [3]int{0, 2, 3}[skip]
		to := len(e) - [3]int{0, 3, 2}[(len(data)+skip)%3]
		if from < to {
			out = append(out, e[from:to])
		}
	}
	return out
}

func (it *item) compare(mod string) error {
	if it.shape != shapeTime {
		if err := it.first(mod); err != nil {
			return err
		}
		it.shape = shapeCompare
	} else if it.cmp != "" {
		return fmt.Errorf("%s cannot follow %s", mod, it.cmp)
	}
	it.cmp = mod
	return it.numbers(mod)
}

func (it *item) numbers(mod string) error {
	for _, v := range it.values {
		if _, ok := parseNumber(v.text); !ok {
			return fmt.Errorf("%s takes numbers, not %q", mod, v.text)
		}
	}
	return nil
}

// check finds what only the whole chain shows to be wrong.
func (it *item) check(key Key) error {
	if it.shape != shapeNet {
		return nil
	}
	for _, v := range it.values {
		if _, err := parseNet(v.text); err != nil {
			return flawf(key.Line, "%s: %w", key.Name, err)
		}
	}
	return nil
}

// parseNet reads a network in CIDR notation, or one address. Bits of the host part are taken for zero.
func parseNet(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(a.Unmap().WithZone(""), a.Unmap().BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return p, fmt.Errorf("%q is no network in CIDR notation", s)
	}
	if a := p.Addr(); a.Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(a.Unmap(), p.Bits()-96)
	}
	return p.Masked(), nil
}
