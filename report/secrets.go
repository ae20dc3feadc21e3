package report

import (
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// Campaigns come with numbers in place of fingerprints of secrets. This is what holds should one slip through: before
// any format shortens, wraps or encodes a text, each fingerprint in it becomes a number too.

// Of a fingerprint: what it begins with, and how many hexadecimal digits follow ([tocsin.Action.Credential]).
const (
	keyed     = "key:"
	keyDigits = 16
)

// prints numbers fingerprints in the order in which they are met, after the numbers that are there already.
type prints struct {
	number map[string]string // by digits
	order  []string
	taken  int
	last   string // the text looked at last: runs of records have the same source
	plans  map[reflect.Type]*plan
}

// A plan is where the values of a type hold text that a report shows.
type plan struct {
	elem, key *plan    // of pointers, lists and maps; nil where there is none
	fields    []member // of a struct
}

// A member is a field of a struct that reports read.
type member struct {
	at   int
	plan *plan // nil where it holds no text
}

// numbered returns campaigns and asides without fingerprints: what it is given where there are none, else copies
// without what no report reads.
func numbered(all []*tocsin.Campaign, aside []tocsin.Aside) ([]*tocsin.Campaign, []tocsin.Aside) {
	p := prints{plans: map[reflect.Type]*plan{}}
	a, b := reflect.ValueOf(all), reflect.ValueOf(aside)
	p.look(a, p.plan(a.Type()))
	p.look(b, p.plan(b.Type()))
	if len(p.order) == 0 {
		return all, aside
	}
	p.number = make(map[string]string, len(p.order))
	for _, digits := range p.order {
		if p.number[digits] == "" {
			p.number[digits] = strconv.Itoa(p.taken + len(p.number) + 1)
		}
	}
	return p.clean(a, p.plan(a.Type())).Interface().([]*tocsin.Campaign), p.clean(b, p.plan(b.Type())).Interface().([]tocsin.Aside)
}

// campaigns are the hunt's, without any that is nil and without fingerprints.
func (h *Hunt) campaigns() []*tocsin.Campaign {
	all, _ := numbered(slices.DeleteFunc(slices.Clone(h.Campaigns), func(c *tocsin.Campaign) bool { return c == nil }), h.Aside)
	return all
}

// asides are what is telling and in no campaign, without fingerprints.
func (h *Hunt) asides() []tocsin.Aside {
	_, aside := numbered(h.Campaigns, h.Aside)
	return aside
}

// only is one campaign without fingerprints.
func only(c *tocsin.Campaign) *tocsin.Campaign {
	all, _ := numbered([]*tocsin.Campaign{c}, nil)
	return all[0]
}

// plan is where values of a type hold text, nil for nowhere.
func (p *prints) plan(t reflect.Type) *plan {
	if l, ok := p.plans[t]; ok {
		return l
	}
	p.plans[t] = nil // of a type within itself
	l := &plan{}
	has := t.Kind() == reflect.String
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice:
		l.elem = p.plan(t.Elem())
		has = l.elem != nil
	case reflect.Map:
		l.key, l.elem = p.plan(t.Key()), p.plan(t.Elem())
		has = l.key != nil || l.elem != nil
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			if f.IsExported() && f.Tag.Get("json") != "-" { // reports read no others
				l.fields = append(l.fields, member{i, p.plan(f.Type)})
				has = has || l.fields[len(l.fields)-1].plan != nil
			}
		}
	}
	if !has {
		l = nil
	}
	p.plans[t] = l
	return l
}

// look notes the fingerprints in a value.
func (p *prints) look(v reflect.Value, l *plan) {
	if l == nil {
		return
	}
	switch v.Kind() {
	case reflect.String:
		if s := v.String(); s != p.last {
			p.last = s
			p.find(s)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			p.look(v.Elem(), l.elem)
		}
	case reflect.Slice:
		for i := range v.Len() {
			p.look(v.Index(i), l.elem)
		}
	case reflect.Map:
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		for _, k := range keys {
			p.look(k, l.key)
			p.look(v.MapIndex(k), l.elem)
		}
	case reflect.Struct:
		for _, f := range l.fields {
			if f.plan != nil {
				p.look(v.Field(f.at), f.plan)
			}
		}
	}
}

// find notes the fingerprints in a text, and the highest number that stands for one.
func (p *prints) find(s string) {
	for {
		_, rest, ok := strings.Cut(s, keyed)
		if !ok {
			return
		}
		s = rest
		if hexRun(s) >= keyDigits {
			p.order = append(p.order, s[:keyDigits])
			continue
		}
		end := 0
		for end < len(s) && end < 9 && s[end] >= '0' && s[end] <= '9' {
			end++
		}
		if n, err := strconv.Atoi(s[:end]); err == nil {
			p.taken = max(p.taken, n)
		}
	}
}

// clean copies a value with its texts hidden.
func (p *prints) clean(v reflect.Value, l *plan) reflect.Value {
	if l == nil {
		return v
	}
	switch v.Kind() {
	case reflect.String:
		return reflect.ValueOf(p.hide(v.String())).Convert(v.Type())
	case reflect.Pointer:
		if v.IsNil() {
			return v
		}
		n := reflect.New(v.Type().Elem())
		n.Elem().Set(p.clean(v.Elem(), l.elem))
		return n
	case reflect.Slice:
		if v.IsNil() {
			return v
		}
		n := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			n.Index(i).Set(p.clean(v.Index(i), l.elem))
		}
		return n
	case reflect.Map:
		if v.IsNil() {
			return v
		}
		n := reflect.MakeMapWithSize(v.Type(), v.Len())
		for _, k := range v.MapKeys() {
			n.SetMapIndex(p.clean(k, l.key), p.clean(v.MapIndex(k), l.elem))
		}
		return n
	}
	n := reflect.New(v.Type()).Elem()
	for _, f := range l.fields {
		n.Field(f.at).Set(p.clean(v.Field(f.at), f.plan))
	}
	return n
}

// hide puts numbers for the fingerprints in a text, also where only their digits stand.
func (p *prints) hide(s string) string {
	var b strings.Builder
	from := 0
	for i := 0; i < len(s); {
		n := hexRun(s[i:])
		if n >= keyDigits && (n == keyDigits || strings.HasSuffix(s[:i], keyed)) {
			if number := p.number[s[i:i+keyDigits]]; number != "" {
				b.WriteString(s[from:i] + number)
				from = i + n
			}
		}
		i += max(n, 1)
	}
	if from == 0 {
		return s
	}
	return b.String() + s[from:]
}

// hexRun is how many lower-case hexadecimal digits s begins with.
func hexRun(s string) int {
	n := 0
	for n < len(s) && (s[n] >= '0' && s[n] <= '9' || s[n] >= 'a' && s[n] <= 'f') {
		n++
	}
	return n
}

// tellingAside is how many of what is in no campaign are told of for themselves, not for their number; they come first.
func (h *Hunt) tellingAside() int {
	if n := slices.IndexFunc(h.Aside, func(a tocsin.Aside) bool { return a.Bulk }); n >= 0 {
		return n
	}
	return len(h.Aside)
}
