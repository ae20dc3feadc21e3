package report

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-ids/tocsin"
)

func TestString(t *testing.T) {
	tests := []struct{ in, want string }{
		{"", `""`},
		{`plain C:\x "q"`, `"plain C:\\x \"q\""`},
		{"a\nb\tc\rd\x00\x1b\x7f", `"a\nb\tc\rd\u0000\u001b\u007f"`},
		{"é中😀", `"é中😀"`},
		{"\u2028\u2029\u202e\u2066\u200b\ufeff\u0085", `"\u2028\u2029\u202e\u2066\u200b\ufeff\u0085"`},
		{"tag \U000e0041", `"tag \udb40\udc41"`},
		{"\xff\xc0\xaf\xed\xa0\x80", `"\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd"`},
	}
	for _, tt := range tests {
		if got := string(appendString(nil, tt.in)); got != tt.want {
			t.Errorf("%q: got %s, want %s", tt.in, got, tt.want)
		}
	}
}

func FuzzString(f *testing.F) {
	for _, s := range []string{"", evilTerminal, evilHTML, evilCell, evilJSON, "\xed\xa0\x80", "\U000e0041"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		b := appendString(nil, s)
		var back string
		if err := json.Unmarshal(b, &back); err != nil {
			t.Fatalf("%q: %s: %v", s, b, err)
		}
		var want strings.Builder // each byte that is no UTF-8 is one U+FFFD
		for _, r := range s {
			want.WriteRune(r)
		}
		if back != want.String() {
			t.Fatalf("%q came back as %q", s, back)
		}
		for _, r := range string(b) {
			if hidden(r) {
				t.Fatalf("%q: %s holds %U", s, b, r)
			}
		}
	})
}

func TestFields(t *testing.T) {
	many := make([]tocsin.Field, 0, 300)
	var wantMany strings.Builder
	wantMany.WriteString(`{"f":{"same":["0","1","2"]`)
	for i := range 3 {
		many = append(many, tocsin.Field{Name: "same", Value: strconv.Itoa(i)})
	}
	for i := range 100 {
		n := "n" + strconv.Itoa(i)
		many = append(many, tocsin.Field{Name: n, Value: "v"})
		wantMany.WriteString(`,"` + n + `":"v"`)
	}
	wantMany.WriteString("}}")
	tests := []struct {
		name   string
		fields []tocsin.Field
		want   string
	}{
		{"none", nil, `{"f":{}}`},
		{"names once", []tocsin.Field{{Name: "a", Value: "1"}, {Name: "b", Value: ""}}, `{"f":{"a":"1","b":""}}`},
		{"a name twice", []tocsin.Field{{Name: "a", Value: "1"}, {Name: "b", Value: "2"}, {Name: "a", Value: "3"}}, `{"f":{"a":["1","3"],"b":"2"}}`},
		{"two names often", []tocsin.Field{{Name: "a", Value: "1"}, {Name: "b", Value: "2"}, {Name: "a", Value: "3"}, {Name: "b", Value: "4"}, {Name: "a", Value: "5"}}, `{"f":{"a":["1","3","5"],"b":["2","4"]}}`},
		{"a name that breaks out", []tocsin.Field{{Name: `a":1,"`, Value: "1"}}, `{"f":{"a\":1,\"":"1"}}`},
		{"many", many, wantMany.String()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var j jsonText
			j.open('{')
			j.fieldsAt("f", tt.fields)
			j.shut('}')
			if d := cmp.Diff(tt.want, string(j.b)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestTimes(t *testing.T) {
	tests := []struct {
		t    time.Time
		want string
	}{
		{time.Time{}, "null"},
		{time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), `"2026-01-02T03:04:05Z"`},
		{time.Date(2026, 1, 2, 3, 4, 5, 123456700, time.FixedZone("", 3600)), `"2026-01-02T02:04:05.1234567Z"`},
		{time.Date(30828, 9, 14, 0, 0, 0, 0, time.UTC), "null"}, // the last FILETIME
		{time.Date(-5, 1, 1, 0, 0, 0, 0, time.UTC), "null"},
	}
	for _, tt := range tests {
		if got := string(appendTime(nil, tt.t)); got != tt.want {
			t.Errorf("%v: got %s, want %s", tt.t, got, tt.want)
		}
	}
}

func TestJSONLKeepsAll(t *testing.T) {
	h := sampleHunt(12)
	var b bytes.Buffer
	if err := JSONL(&b, h); err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(&b)
	for i, m := range h.Matches.(List) {
		var got struct {
			Rule  struct{ ID, Title string }
			Event struct {
				Source string
				Record uint64
				Fields map[string]any
			}
			Series []any
		}
		if err := d.Decode(&got); err != nil {
			t.Fatal(err)
		}
		if got.Rule.ID != m.Rule.ID || got.Rule.Title != m.Rule.Title || got.Event.Source != m.Event.Source || got.Event.Record != m.Event.Record || len(got.Series) != len(m.Series) {
			t.Errorf("match %d: got %+v", i, got)
		}
		n := 0
		for _, v := range got.Event.Fields {
			if list, ok := v.([]any); ok {
				n += len(list)
			} else {
				n++
			}
		}
		if n != len(m.Event.Fields) {
			t.Errorf("match %d: %d field values, want %d", i, n, len(m.Event.Fields))
		}
	}
}
