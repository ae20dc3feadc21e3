package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// A schema checks the part of JSON Schema that docs/jsonl.schema.json uses, and refuses a keyword it does not know.
type schema struct{ defs map[string]any }

func readSchema(t testing.TB) (schema, map[string]any) {
	t.Helper()
	b, err := os.ReadFile("../docs/jsonl.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var root map[string]any
	if err := json.Unmarshal(b, &root); err != nil {
		t.Fatal(err)
	}
	return schema{root["$defs"].(map[string]any)}, root
}

func (s schema) check(at string, rule map[string]any, v any) error {
	object, isObject := v.(map[string]any)
	array, _ := v.([]any)
	for key, arg := range rule {
		var err error
		switch key {
		case "$schema", "$id", "$defs", "title", "description":
		case "$ref":
			err = s.check(at, s.defs[strings.TrimPrefix(arg.(string), "#/$defs/")].(map[string]any), v)
		case "oneOf", "anyOf":
			var fails []string
			n := 0
			for _, alt := range arg.([]any) {
				if e := s.check(at, alt.(map[string]any), v); e != nil {
					fails = append(fails, e.Error())
				} else {
					n++
				}
			}
			if n == 0 || key == "oneOf" && n != 1 {
				err = fmt.Errorf("%s: %d of the alternatives hold: %s", at, n, strings.Join(fails, "; "))
			}
		case "type":
			names, ok := arg.([]any)
			if !ok {
				names = []any{arg}
			}
			is := false
			for _, n := range names {
				is = is || isType(n.(string), v)
			}
			if !is {
				err = fmt.Errorf("%s: %v is no %v", at, v, arg)
			}
		case "const":
			if !reflect.DeepEqual(arg, v) {
				err = fmt.Errorf("%s: %v is not %v", at, v, arg)
			}
		case "enum":
			err = fmt.Errorf("%s: %q is none of %v", at, v, arg)
			for _, a := range arg.([]any) {
				if reflect.DeepEqual(a, v) {
					err = nil
				}
			}
		case "pattern":
			if text, ok := v.(string); ok && !regexp.MustCompile(arg.(string)).MatchString(text) {
				err = fmt.Errorf("%s: %q is not like %s", at, v, arg)
			}
		case "minimum":
			if n, ok := v.(json.Number); ok {
				if f, _ := n.Float64(); f < arg.(float64) {
					err = fmt.Errorf("%s: %v is below %v", at, v, arg)
				}
			}
		case "required":
			for _, name := range arg.([]any) {
				if _, ok := object[name.(string)]; isObject && !ok {
					err = fmt.Errorf("%s: no %v", at, name)
				}
			}
		case "properties":
			for name, sub := range arg.(map[string]any) {
				if w, ok := object[name]; ok && err == nil {
					err = s.check(at+"."+name, sub.(map[string]any), w)
				}
			}
		case "additionalProperties":
			known, _ := rule["properties"].(map[string]any)
			for name, w := range object {
				if _, ok := known[name]; ok || err != nil {
					continue
				}
				if sub, ok := arg.(map[string]any); ok {
					err = s.check(at+"."+name, sub, w)
				} else {
					err = fmt.Errorf("%s: %s is not in the schema", at, name)
				}
			}
		case "items":
			for i, w := range array {
				if e := s.check(fmt.Sprintf("%s[%d]", at, i), arg.(map[string]any), w); e != nil {
					err = e
				}
			}
		default:
			err = fmt.Errorf("the schema's keyword %q is not checked", key)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func isType(name string, v any) bool {
	switch v := v.(type) {
	case nil:
		return name == "null"
	case string:
		return name == "string"
	case json.Number:
		return name == "number" || name == "integer" && !strings.ContainsAny(v.String(), ".eE")
	case map[string]any:
		return name == "object"
	case []any:
		return name == "array"
	case bool:
		return name == "boolean"
	}
	return false
}

func TestJSONLSchema(t *testing.T) {
	s, root := readSchema(t)
	var b bytes.Buffer
	if err := JSONL(&b, campaignHunt(60, 1)); err != nil {
		t.Fatal(err)
	}
	tl, err := NewTimeline(&b, "jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 12 {
		if err := tl.Write(sampleMatch(i).Event); err != nil {
			t.Fatal(err)
		}
	}
	if err := tl.Flush(); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	if len(lines) != 78 {
		t.Fatalf("%d lines, want 78", len(lines))
	}
	if end := lines[len(lines)-13]; !strings.HasPrefix(end, `{"kind":"coverage",`) { // 12 events follow
		t.Errorf("a hunt ends with %.80s", end)
	}
	for i, l := range lines {
		d := json.NewDecoder(strings.NewReader(l))
		d.UseNumber()
		var v any
		if err := d.Decode(&v); err != nil {
			t.Fatalf("line %d: %v", i+1, err)
		}
		if err := s.check("", root, v); err != nil {
			t.Errorf("line %d: %v", i+1, err)
		}
	}
}

// The check itself must fail where it should.
func TestSchemaRefuses(t *testing.T) {
	s, root := readSchema(t)
	good := `{"kind":"event","time":null,"host":"h","details":"","event":{"source":"s","record":1,"time":null,"fields":{"a":["b"]}}}`
	tests := []struct{ name, old, new string }{
		{"nothing wrong", "", ""},
		{"another kind", `"event",`, `"other",`},
		{"a member missing", `"host":"h",`, ``},
		{"a member too many", `"host":"h",`, `"host":"h","user":"u",`},
		{"a time of another form", `"time":null,"host"`, `"time":"2026-03-01 08:00:00","host"`},
		{"a number for a text", `"source":"s"`, `"source":1`},
		{"a fraction", `"record":1`, `"record":1.5`},
		{"below zero", `"record":1`, `"record":-1`},
		{"a field that is a number", `["b"]`, `[2]`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := json.NewDecoder(strings.NewReader(strings.Replace(good, tt.old, tt.new, 1)))
			d.UseNumber()
			var v any
			if err := d.Decode(&v); err != nil {
				t.Fatal(err)
			}
			if err := s.check("", root, v); (err == nil) != (tt.old == "") {
				t.Errorf("got %v", err)
			}
		})
	}
}
