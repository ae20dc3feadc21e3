package pseudonym

import (
	"errors"
	"iter"
	"reflect"
	"slices"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// Matches are the matches of a result, as package report takes them.
type Matches interface {
	Len() int
	All(held bool) iter.Seq[*tocsin.Match]
}

// LearnMatches learns all that matches name.
func (n *Names) LearnMatches(all Matches) {
	for m := range all.All(true) {
		if m.Event == nil {
			continue
		}
		entities := m.Event.Entities()
		for i := range entities {
			n.entity(&entities[i])
		}
		n.learnText(m.Event.Source)
		n.learnText(m.Event.Raw)
		for _, f := range m.Event.Fields {
			n.learnText(f.Value)
		}
		for _, f := range m.Held {
			n.learnText(f.Value)
		}
		for _, p := range m.Series {
			n.learnText(p.Source)
		}
	}
}

// Learn learns all that a campaign, an aside, a principal or the coverage of a run names: a pointer to it.
func (n *Names) Learn(v any) { n.walk(reflect.ValueOf(v)) }

func (n *Names) walk(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return
		}
		switch x := v.Interface().(type) {
		case *tocsin.Rule:
			n.learnText(x.File)
		case error:
			n.learnText(x.Error())
		default:
			n.walk(v.Elem())
		}
	case reflect.Struct:
		switch x := v.Interface().(type) {
		case tocsin.Entity:
			n.entity(&x)
		case tocsin.Gap:
			n.host(x.Host)
		case tocsin.Aside:
			n.host(x.Host)
		case tocsin.Campaign:
			for _, o := range x.Orgs {
				n.domainOrOrg(o)
			}
		case tocsin.Step:
			for _, h := range x.Hosts {
				n.host(h)
			}
		case tocsin.Victim:
			n.domainOrOrg(x.Org)
		case tocsin.KeyEvent:
			n.host(x.Host)
			n.principal(x.Account)
		case tocsin.Foothold:
			switch x.Kind {
			case "account", "credential", "policy", "changed":
				n.principal(x.Name)
			}
		case tocsin.Principal:
			n.principal(x.Name)
			for _, t := range x.Targets {
				if !strings.Contains(t, "/") {
					n.host(t)
				}
			}
		}
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				n.walk(v.Field(i))
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			n.walk(v.Index(i))
		}
	case reflect.String:
		n.value(v.String())
	}
}

// value learns a text, and what KIND:VALUE names.
func (n *Names) value(s string) {
	kind, rest, ok := strings.Cut(s, ":")
	switch {
	case ok && kind == "callback": // a mark
		n.domain(rest)
	case ok && kind != "agent": // which of a mark is a user agent
		n.entity(&tocsin.Entity{Kind: kind, Value: rest})
	}
	n.learnText(s)
}

func (n *Names) domainOrOrg(name string) {
	if strings.Contains(name, ".") {
		n.domain(name)
	} else {
		n.learn(org, name)
	}
}

// Told are matches with pseudonyms. Each is valid until the next.
func (n *Names) Told(all Matches) Matches {
	n.settle()
	return told{n, all}
}

type told struct {
	names *Names
	Matches
}

func (t told) All(held bool) iter.Seq[*tocsin.Match] {
	return func(yield func(*tocsin.Match) bool) {
		for m := range t.Matches.All(held) {
			if !yield(t.names.match(m)) {
				return
			}
		}
	}
}

func (n *Names) match(m *tocsin.Match) *tocsin.Match {
	out := *m
	out.Rule = n.rule(m.Rule)
	if m.Event != nil {
		ev := *m.Event
		short := map[string]bool{} // values that are names as they are
		for _, e := range m.Event.Entities() {
			if e.Kind == "user" || e.Kind == "host" || e.Kind == "principal" {
				short[e.Value] = true
			}
		}
		ev.Host, ev.Source, ev.Raw = n.whole(ev.Host), n.Text(ev.Source), n.Text(ev.Raw)
		ev.Fields = n.fields(ev.Fields, short)
		out.Held = n.fields(m.Held, short)
		if ev.Fault != nil {
			ev.Fault = n.fault(ev.Fault)
		}
		out.Event = &ev
	}
	out.Series = slices.Clone(m.Series)
	for i := range out.Series {
		out.Series[i].Source = n.Text(out.Series[i].Source)
	}
	return &out
}

func (n *Names) fields(all []tocsin.Field, short map[string]bool) []tocsin.Field {
	all = slices.Clone(all)
	for i := range all {
		f := &all[i]
		if short[f.Value] {
			f.Value = n.whole(f.Value)
		} else {
			f.Value = n.Text(f.Value)
		}
		if strings.Contains(f.Name, ".") { // keys of nested records may be names
			parts := strings.Split(f.Name, ".")
			for k, p := range parts {
				if q := n.names[strings.ToLower(p)]; q != "" {
					parts[k] = q
				}
			}
			f.Name = strings.Join(parts, ".")
		}
	}
	return all
}

func (n *Names) rule(r *tocsin.Rule) *tocsin.Rule {
	if r == nil {
		return nil
	}
	out := n.rules[r]
	if out == nil {
		c := *r
		c.File = n.Text(r.File)
		out = &c
		n.rules[r] = out
	}
	return out
}

func (n *Names) fault(f *tocsin.Fault) *tocsin.Fault {
	c := *f
	c.Source, c.Rule, c.Hint = n.Text(f.Source), n.Text(f.Rule), n.Text(f.Hint)
	if f.Err != nil {
		c.Err = errors.New(n.Text(f.Err.Error()))
	}
	return &c
}

// Tell is a copy of a campaign, an aside, or the coverage of a run, with pseudonyms; v is what Learn was given.
func Tell[T any](n *Names, v *T) *T {
	n.settle()
	out := reflect.New(reflect.TypeFor[T]())
	out.Elem().Set(n.copy(reflect.ValueOf(v).Elem(), ""))
	return out.Interface().(*T)
}

// words are members whose text is of Tocsin's vocabulary.
var words = map[string]bool{"Kind": true, "Role": true, "Tactic": true, "Tactics": true, "Technique": true, "Techniques": true, "Verb": true,
	"Format": true, "Feature": true, "Product": true, "Category": true, "Service": true, "Grade": true, "By": true, "Sensor": true, "SHA256": true, "Changed": true}

// copy copies a value of the member that is called so.
func (n *Names) copy(v reflect.Value, member string) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return v
		}
		switch x := v.Interface().(type) {
		case *tocsin.Rule:
			return reflect.ValueOf(n.rule(x))
		case *tocsin.Fault:
			return reflect.ValueOf(n.fault(x))
		case error:
			out.Set(reflect.ValueOf(errors.New(n.Text(x.Error()))))
		default:
			p := reflect.New(v.Type().Elem())
			p.Elem().Set(n.copy(v.Elem(), member))
			out.Set(p)
		}
	case reflect.Struct:
		if e, ok := v.Interface().(tocsin.Entity); ok {
			e.Value = n.whole(e.Value)
			return reflect.ValueOf(e)
		}
		out.Set(v)
		for i := range v.NumField() {
			f := v.Type().Field(i)
			switch {
			case !f.IsExported():
			case f.Tag.Get("json") == "-": // what no report shows
				out.Field(i).SetZero()
			default:
				out.Field(i).Set(n.copy(v.Field(i), f.Name))
			}
		}
	case reflect.Slice:
		if v.IsNil() {
			return v
		}
		out.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
		for i := range v.Len() {
			out.Index(i).Set(n.copy(v.Index(i), member))
		}
	case reflect.String:
		if v.Type() != reflect.TypeFor[string]() || words[member] {
			return v
		}
		s := v.String()
		switch kind, rest, ok := strings.Cut(s, ":"); {
		case member == "Host" || member == "Hosts" || member == "Org" || member == "Orgs":
			s = n.whole(s)
		case ok && kept[kind] && n.names[strings.ToLower(rest)] != "":
			s = kind + ":" + n.whole(rest)
		default:
			s = n.Text(s)
		}
		out.SetString(s)
	default:
		return v
	}
	return out
}
