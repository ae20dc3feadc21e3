package tell

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin"
)

// conform says where a value is not as a schema has it; it knows what docs/alert.schema.json uses and refuses all else.
func conform(at string, rule, defs map[string]any, v any) error {
	object, _ := v.(map[string]any)
	for key, arg := range rule {
		switch key {
		case "$schema", "$id", "$defs", "title", "description", "additionalProperties":
		case "$ref":
			if err := conform(at, defs[strings.TrimPrefix(arg.(string), "#/$defs/")].(map[string]any), defs, v); err != nil {
				return err
			}
		case "type":
			ok := false
			switch x := v.(type) {
			case string:
				ok = arg == "string"
			case float64:
				ok = arg == "integer" && x == float64(int(x))
			case []any:
				ok = arg == "array"
			case map[string]any:
				ok = arg == "object"
			}
			if !ok {
				return fmt.Errorf("%s: %v is no %v", at, v, arg)
			}
		case "enum":
			if !slices.Contains(arg.([]any), v) {
				return fmt.Errorf("%s: %v is none of %v", at, v, arg)
			}
		case "pattern":
			if s, _ := v.(string); !regexp.MustCompile(arg.(string)).MatchString(s) {
				return fmt.Errorf("%s: %q does not fit %v", at, s, arg)
			}
		case "required":
			for _, name := range arg.([]any) {
				if _, ok := object[name.(string)]; !ok {
					return fmt.Errorf("%s: no %v", at, name)
				}
			}
		case "items":
			list, _ := v.([]any)
			for i, x := range list {
				if err := conform(fmt.Sprintf("%s[%d]", at, i), arg.(map[string]any), defs, x); err != nil {
					return err
				}
			}
		case "properties":
			for name, x := range object {
				sub, ok := arg.(map[string]any)[name].(map[string]any)
				if !ok {
					return fmt.Errorf("%s: %s is not in the schema", at, name)
				}
				if err := conform(at+"."+name, sub, defs, x); err != nil {
					return err
				}
			}
		default:
			return fmt.Errorf("%s: the schema has %s, which is not checked here", at, key)
		}
	}
	return nil
}

// TestSchema: docs/alert.schema.json says what each kind of alert has, and all that it names is in one of them.
func TestSchema(t *testing.T) {
	b, err := os.ReadFile("../docs/alert.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var schema map[string]any
	if err := json.Unmarshal(b, &schema); err != nil {
		t.Fatal(err)
	}
	defs := schema["$defs"].(map[string]any)
	var all []Alert
	add := func(a Alert, ok bool) {
		t.Helper()
		if !ok {
			t.Fatal("no alert")
		}
		all = append(all, a)
	}
	rules := Policy{Tenant: "shop", Base: "https://tocsin.example"}
	add(Decide(nil, campaign(machines(30)), rules, at(10)))
	add(hostile(t), true)
	add(Decide(told(t, campaign()), campaign(level(tocsin.Critical), machines(4)), rules, at(12)))
	everything := campaign(machines(4), func(c *tocsin.Campaign) { c.Driver = tocsin.Agent })
	for _, k := range tocsin.KeyKinds {
		everything.Key = append(everything.Key, key(k, 11, tocsin.Worked))
	}
	add(Decide(told(t, campaign()), everything, rules, at(12)))
	add(Decide(told(t, campaign()), campaign(actions(99)), rules, at(99)))
	add(Decide(told(t, campaign(func(c *tocsin.Campaign) { c.ID = "c-1" })), campaign(func(c *tocsin.Campaign) { c.Was = []string{"c-1"} }), rules, at(12)))
	p := &tocsin.Principal{Name: "x", Verdict: tocsin.Suspicious, First: at(0), Last: at(9), Targets: []string{"t"}, Agents: []string{"claude-code"}}
	a, ok := DecidePrincipal(nil, p, rules, at(10))
	add(a, ok)
	was := ToldPrincipal(nil, p, &a)
	p.Verdict = tocsin.Turned
	add(DecidePrincipal(was, p, rules, at(10)))
	add(summary(all, at(11)), true)
	add(Trying(rules, at(11)), true)
	kinds, members := map[any]bool{}, map[string]bool{}
	for i := range all {
		body, err := JSON(&all[i])
		v := parsed(t, body, err).(map[string]any)
		kinds[v["type"]] = true
		for name := range v["data"].(map[string]any) {
			members[name] = true
		}
		if err := conform("", schema, defs, v); err != nil {
			t.Errorf("%s: %v", body, err)
		}
	}
	properties := schema["properties"].(map[string]any)
	for _, k := range properties["type"].(map[string]any)["enum"].([]any) {
		if !kinds[k] {
			t.Errorf("no alert of type %v was checked", k)
		}
	}
	for name := range properties["data"].(map[string]any)["properties"].(map[string]any) {
		if !members[name] {
			t.Errorf("no alert has %s", name)
		}
	}
}
