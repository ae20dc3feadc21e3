package report

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// at walks into decoded JSON by names.
func at(t *testing.T, v any, path ...string) any {
	t.Helper()
	for _, p := range path {
		m, ok := v.(map[string]any)
		if !ok {
			t.Fatalf("no object at %s", p)
		}
		v, ok = m[p]
		if !ok {
			t.Fatalf("no %s in %v", p, m)
		}
	}
	return v
}

// The rules that the schema of class 2004 has: https://schema.ocsf.io/1.4.0/classes/detection_finding
func TestOCSF(t *testing.T) {
	h := sampleHunt(60)
	var b bytes.Buffer
	if err := OCSF(&b, h); err != nil {
		t.Fatal(err)
	}
	severities := []float64{0, 1, 2, 3, 4, 5}
	uids := map[string]bool{}
	d := json.NewDecoder(&b)
	for i, m := range h.Matches.(List) {
		var f map[string]any
		if err := d.Decode(&f); err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]float64{"class_uid": 2004, "category_uid": 2, "activity_id": 1, "type_uid": 200401, "status_id": 1, "severity_id": severities[m.Rule.Level]} {
			if got := at(t, f, name); got != want {
				t.Errorf("match %d: %s is %v, want %v", i, name, got, want)
			}
		}
		if ms := at(t, f, "time").(float64); !m.Time.IsZero() && int64(ms) != m.Time.UnixMilli() {
			t.Errorf("match %d: time %v", i, ms)
		}
		if at(t, f, "start_time").(float64) > at(t, f, "end_time").(float64) {
			t.Errorf("match %d ends before it starts", i)
		}
		at(t, f, "metadata", "version")
		at(t, f, "metadata", "product", "vendor_name")
		uid := at(t, f, "finding_info", "uid").(string)
		if uids[uid] && m.Rule.ID != "" {
			t.Errorf("match %d: uid %s is another's", i, uid)
		}
		uids[uid] = true
		if at(t, f, "finding_info", "analytic", "type_id") != 1.0 {
			t.Errorf("match %d: the analytic is no rule", i)
		}
		if attacks, ok := f["finding_info"].(map[string]any)["attacks"]; ok {
			for _, a := range attacks.([]any) {
				if len(a.(map[string]any)) == 0 {
					t.Errorf("match %d: an attack without tactic and technique", i)
				}
			}
		}
		ev := at(t, f, "evidences").([]any)[0].(map[string]any)
		if dev, ok := ev["device"]; ok {
			at(t, dev, "type_id")
		}
		if p, ok := ev["process"]; ok {
			at(t, p, "pid")
		}
		for _, name := range []string{"file"} {
			if file, ok := ev[name]; ok {
				at(t, file, "name")
				at(t, file, "type_id")
			}
		}
		for _, o := range at(t, f, "observables").([]any) {
			if n := at(t, o, "type_id").(float64); n < 1 || n > 13 || at(t, o, "name") == "" || at(t, o, "value") == "" {
				t.Errorf("match %d: observable %v", i, o)
			}
		}
	}
	var last map[string]any
	if err := d.Decode(&last); err != nil {
		t.Fatal(err)
	}
	if at(t, last, "finding_info", "title") != "Partial result" || at(t, last, "class_uid") != 2004.0 || at(t, last, "is_alert") != false || d.More() {
		t.Errorf("the last finding does not say that the run ended early: %v", last)
	}
}

func TestOCSFAttacks(t *testing.T) {
	tests := []struct {
		tags []string
		want string
	}{
		{nil, ""},
		{[]string{"attack.execution", "attack.t1059.001"}, `[{"version":"19.2","tactic":{"uid":"TA0002","name":"Execution"},"technique":{"uid":"T1059"},"sub_technique":{"uid":"T1059.001"}}]`},
		{[]string{"attack.execution", "attack.impact", "attack.t1486"}, `[{"version":"19.2","tactic":{"uid":"TA0002","name":"Execution"}},{"version":"19.2","tactic":{"uid":"TA0040","name":"Impact"}},{"version":"19.2","technique":{"uid":"T1486"}}]`},
		{[]string{"attack.impact"}, `[{"version":"19.2","tactic":{"uid":"TA0040","name":"Impact"}}]`},
		{[]string{"attack.t1486"}, `[{"version":"19.2","technique":{"uid":"T1486"}}]`},
	}
	for _, tt := range tests {
		if got := ocsfAttacks(&tocsin.Rule{Tags: tt.tags}); got != tt.want {
			t.Errorf("%v:\n got %s\nwant %s", tt.tags, got, tt.want)
		}
	}
}

func TestNavigator(t *testing.T) {
	var b bytes.Buffer
	if err := Navigator(&b, sampleHunt(60)); err != nil {
		t.Fatal(err)
	}
	var l struct {
		Name, Domain string
		Versions     struct{ Layer, Navigator string }
		Techniques   []struct {
			TechniqueID, Color, Comment string
			Score                       int
			Metadata                    []struct{ Name, Value string }
		}
		Gradient struct {
			Colors             []string
			MinValue, MaxValue int
		}
	}
	d := json.NewDecoder(&b)
	if err := d.Decode(&l); err != nil {
		t.Fatal(err)
	}
	if l.Name == "" || l.Domain != "enterprise-attack" || l.Versions.Layer != "4.5" || l.Versions.Navigator < "4.9.0" {
		t.Errorf("%+v", l)
	}
	if l.Gradient.MaxValue <= l.Gradient.MinValue || len(l.Gradient.Colors) < 2 {
		t.Errorf("gradient %+v", l.Gradient)
	}
	if len(l.Techniques) != 5 {
		t.Errorf("%d techniques, want 5", len(l.Techniques))
	}
	for _, tech := range l.Techniques {
		if !regexp.MustCompile(`^T\d{4}(\.\d{3})?$`).MatchString(tech.TechniqueID) || !regexp.MustCompile(`^#[0-9a-f]{6}$`).MatchString(tech.Color) || tech.Score != 10 || tech.Comment == "" {
			t.Errorf("%+v", tech)
		}
		for _, m := range tech.Metadata {
			if m.Name == "" || m.Value == "" {
				t.Errorf("%s: metadata %+v", tech.TechniqueID, m)
			}
		}
	}
	// A layer of nothing is a layer still.
	b.Reset()
	if err := Navigator(&b, &Hunt{}); err != nil || !json.Valid(b.Bytes()) {
		t.Errorf("%v: %s", err, b.Bytes())
	}
}

// The structural rules of STIX 2.1: sections 2.9 and 3, and the required properties of each object used.
func TestSTIX(t *testing.T) {
	required := map[string][]string{
		"identity":       {"name"},
		"indicator":      {"pattern", "pattern_type", "valid_from"},
		"attack-pattern": {"name"},
		"relationship":   {"relationship_type", "source_ref", "target_ref"},
		"sighting":       {"sighting_of_ref"},
		"observed-data":  {"first_observed", "last_observed", "number_observed", "object_refs"},
		"ipv4-addr":      {"value"}, "ipv6-addr": {"value"}, "domain-name": {"value"}, "url": {"value"},
		"directory": {"path"}, "user-account": {}, "process": {}, "file": {},
		"note": {"content", "object_refs"},
	}
	domain := map[string]bool{"identity": true, "indicator": true, "attack-pattern": true, "relationship": true, "sighting": true, "observed-data": true, "note": true}
	h := sampleHunt(60)
	h.Matches = append(h.Matches.(List), &tocsin.Match{Time: sampleStart, Rule: &tocsin.Rule{ID: "x", Title: "Odd ' \\ name"}, Event: &tocsin.Event{Host: "h", Fields: []tocsin.Field{
		{Name: "Hashes", Value: "SHA256=" + strings.Repeat("ab", 32)}, {Name: "src_ip", Value: "2001:db8::7"}, {Name: "CommandLine", Value: `a 'b' \c`}, {Name: "Image", Value: `C:\a\b.exe`},
		{Name: "query", Value: "bad.example"}, {Name: "url", Value: "http://bad.example/a'b"}}}})
	var b bytes.Buffer
	if err := STIX(&b, h); err != nil {
		t.Fatal(err)
	}
	var bundle struct {
		Type, ID string
		Objects  []map[string]any
	}
	if err := json.Unmarshal(b.Bytes(), &bundle); err != nil {
		t.Fatal(err)
	}
	idForm := regexp.MustCompile(`^([a-z0-9-]+)--[0-9a-f]{8}-[0-9a-f]{4}-[45][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	if bundle.Type != "bundle" || !idForm.MatchString(bundle.ID) {
		t.Errorf("%s %s", bundle.Type, bundle.ID)
	}
	ids := map[string]string{}
	for _, o := range bundle.Objects {
		id, _ := o["id"].(string)
		kind, _ := o["type"].(string)
		if m := idForm.FindStringSubmatch(id); m == nil || m[1] != kind {
			t.Errorf("id %q of type %q", id, kind)
		}
		if ids[id] != "" {
			t.Errorf("%s is there twice", id)
		}
		ids[id] = kind
		if o["spec_version"] != "2.1" {
			t.Errorf("%s: version %v", id, o["spec_version"])
		}
		want, known := required[kind]
		if !known {
			t.Errorf("%s: unknown type", id)
		}
		if domain[kind] {
			want = append(want[:len(want):len(want)], "created", "modified")
		}
		for _, name := range want {
			if v, ok := o[name]; !ok || v == "" {
				t.Errorf("%s lacks %s", id, name)
			}
		}
		stamps := map[string]time.Time{}
		for _, name := range []string{"created", "modified", "valid_from", "first_seen", "last_seen", "first_observed", "last_observed"} {
			if v, ok := o[name]; ok {
				at, err := time.Parse("2006-01-02T15:04:05.000Z", v.(string))
				if err != nil {
					t.Errorf("%s: %s: %v", id, name, err)
				}
				stamps[name] = at
			}
		}
		for early, late := range map[string]string{"created": "modified", "first_seen": "last_seen", "first_observed": "last_observed"} {
			if stamps[late].Before(stamps[early]) {
				t.Errorf("%s: %s is before %s", id, late, early)
			}
		}
		if kind == "file" && o["name"] == nil && o["hashes"] == nil {
			t.Errorf("%s has neither name nor hashes", id)
		}
		if kind == "observed-data" {
			if n := o["number_observed"].(float64); n < 1 || n > 999_999_999 {
				t.Errorf("%s: number_observed %v", id, n)
			}
		}
	}
	refs := map[string]string{"created_by_ref": "identity", "sighting_of_ref": "indicator", "observed_data_refs": "observed-data", "where_sighted_refs": "identity", "source_ref": "indicator", "target_ref": "attack-pattern", "parent_directory_ref": "directory", "object_refs": ""}
	for _, o := range bundle.Objects {
		for name, kind := range refs {
			list, ok := o[name].([]any)
			if one, is := o[name].(string); is {
				list, ok = []any{one}, true
			}
			if ok && len(list) == 0 {
				t.Errorf("%s: %s is empty", o["id"], name)
			}
			for _, r := range list {
				if got := ids[r.(string)]; got == "" || kind != "" && got != kind {
					t.Errorf("%s: %s is %v, a %q", o["id"], name, r, got)
				}
			}
		}
	}
	want := `[x-tocsin-rule:rule_id = 'x']` // no campaign shows that what its matches name is an intruder's
	for _, o := range bundle.Objects {
		if o["name"] == `Odd ' \ name` && o["pattern"] != want {
			t.Errorf("pattern\n got %s\nwant %s", o["pattern"], want)
		}
	}
}

func TestPattern(t *testing.T) {
	group := func(fields ...tocsin.Field) *ruleGroup {
		m := &tocsin.Match{Rule: &tocsin.Rule{ID: "r-1", Level: tocsin.Medium}, Event: &tocsin.Event{Fields: fields}}
		return stixGroups(List{m}.All(true)).rules[0]
	}
	hostile := map[string]bool{"192.0.2.1": true, "192.0.2.2": true, "bad.example": true, "http://bad.example/a'b": true, "2001:db8::7": true, strings.Repeat("ab", 32): true}
	tests := []struct {
		name  string
		group *ruleGroup
		want  string
	}{
		{"the source, not the victim", group(tocsin.Field{Name: "src_ip", Value: "192.0.2.1"}, tocsin.Field{Name: "dest_ip", Value: "192.0.2.2"}), `[ipv4-addr:value = '192.0.2.1']`},
		{"a command that quotes", group(tocsin.Field{Name: "CommandLine", Value: `x 'y' \z`}), `[process:command_line = 'x \'y\' \\z']`},
		{"all that is the intruder's", group(tocsin.Field{Name: "Hashes", Value: "SHA256=" + strings.Repeat("ab", 32)}, tocsin.Field{Name: "src_ip", Value: "2001:db8::7"}, tocsin.Field{Name: "Image", Value: `C:\a\b.exe`},
			tocsin.Field{Name: "query", Value: "bad.example"}, tocsin.Field{Name: "query", Value: "www.shop.example"}, tocsin.Field{Name: "url", Value: "http://bad.example/a'b"}),
			`[file:hashes.'SHA-256' = '` + strings.Repeat("ab", 32) + `' OR ipv6-addr:value = '2001:db8::7' OR domain-name:value = 'bad.example' OR url:value = 'http://bad.example/a\'b']`},
		{"the victim's address", group(tocsin.Field{Name: "src_ip", Value: "192.0.2.3"}), `[x-tocsin-rule:rule_id = 'r-1']`},
		{"an account", group(tocsin.Field{Name: "user", Value: "alice"}), `[x-tocsin-rule:rule_id = 'r-1']`},
		{"nothing named", group(), `[x-tocsin-rule:rule_id = 'r-1']`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.group.pattern(hostile); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestURI(t *testing.T) {
	tests := []struct{ in, want string }{
		{"http://shop.example/a?b=1#c", "http://shop.example/a?b=1#c"},
		{"http://[2001:db8::1]:8080/", "http://[2001:db8::1]:8080/"},
		{"http://shop.example/a[]={x}|y z", "http://shop.example/a%5B%5D=%7Bx%7D%7Cy%20z"},
		{"http://shop.example/%2e%zz%", "http://shop.example/%2e%25zz%25"},
		{"http://shop.example/é#a#b", "http://shop.example/%C3%A9#a%23b"},
		{"http://shop example/", ""},
		{"http://sh<op.example/", ""},
		{"://x", ""},
		{"no url", ""},
	}
	for _, tt := range tests {
		if got := uri(tt.in); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.in, got, tt.want)
		}
	}
}

// Ids that the specification and others derive the same way.
func TestUUID(t *testing.T) {
	// RFC 9562 appendix A.4.
	dns := uuid{0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8}
	if got := uuid5(dns, "www.example.com").String(); got != "2ed6657d-e927-568b-95e1-2665a8aea6a2" {
		t.Error(got)
	}
	// The example of STIX 2.1 section 2.7.
	if got := uuid5(stixObservables, `{"value":"198.51.100.3"}`).String(); got != "28bb3599-77cd-5a82-a950-b5bc3caf07c4" {
		t.Error(got)
	}
	if got := uuid4("x").String(); got[14] != '4' || got == uuid4("y").String() {
		t.Error(got)
	}
}
