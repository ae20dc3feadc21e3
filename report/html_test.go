package report

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-ids/tocsin"
)

// page writes the page of a hunt and takes it apart.
func page12(t *testing.T, h *Hunt) (text, script, style string, data []byte) {
	t.Helper()
	var b bytes.Buffer
	if err := HTML(&b, h, ""); err != nil {
		t.Fatal(err)
	}
	text = b.String()
	cut := func(open, shut string) string {
		_, rest, ok := strings.Cut(text, open)
		if !ok {
			t.Fatalf("no %s", open)
		}
		inner, _, ok := strings.Cut(rest, shut)
		if !ok {
			t.Fatalf("%s does not end", open)
		}
		return inner
	}
	script, style = cut("<script>", "</script>"), cut("<style>", "</style>")
	sum, packed, _ := strings.Cut(cut(`id="data" data-sha256="`, "</script>"), `">`)
	raw, err := base64.StdEncoding.DecodeString(packed)
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	if data, err = io.ReadAll(z); err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("%x", sha256.Sum256(data)); sum != want {
		t.Errorf("the page says that the SHA-256 of its data is %s, which is %s", sum, want)
	}
	return text, script, style, data
}

func TestHTMLHarmless(t *testing.T) {
	h := campaignHunt(60, 3)
	h.Title = evilHTML + evilTerminal
	text, script, style, _ := page12(t, h)
	if n := strings.Count(strings.ToLower(text), "<script"); n != 2 {
		t.Errorf("%d script elements, want the data and the code", n)
	}
	for _, bad := range []string{"<img", "onerror=alert(1)>", "\x1b", "\u202e", "{{"} {
		if strings.Contains(text, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
	for name, part := range map[string]string{"script-src": script, "style-src": style} {
		sum := sha256.Sum256([]byte(part))
		if want := name + " 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; !strings.Contains(text, want) {
			t.Errorf("the policy lacks %s", want)
		}
	}
	if strings.Contains(script, "</") || strings.Contains(script, "<!--") {
		t.Error("the script holds what would end it")
	}
	// Nothing that fetches, and no way to make markup of text.
	for _, bad := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "XMLHttpRequest", "fetch(", "import(", "WebSocket", "sendBeacon"} {
		if strings.Contains(script, bad) {
			t.Errorf("the script uses %s", bad)
		}
	}
	if m := regexp.MustCompile(`(?i)(src|href)\s*=\s*"(https?:)?//|url\(|@import`).FindString(text); m != "" {
		t.Errorf("the page refers to %q", m)
	}
}

// The page's data must give back each match: its fields, what held, its rule.
func TestHTMLData(t *testing.T) {
	h := sampleHunt(60)
	_, _, _, data := page12(t, h)
	var d struct {
		Total                                                       int
		Rules                                                       []struct{ Title, ID string }
		Strings                                                     []string
		Shapes                                                      [][]int
		Time                                                        []*int64
		Record                                                      []any
		Rule, Host, Details, Source, Raw, Shape, Values, Held, User []int
		Series                                                      map[string][]any
		Coverage                                                    struct {
			FileList [][]any
			Faults   int
		}
	}
	if err := json.Unmarshal(data, &d); err != nil {
		t.Fatal(err)
	}
	if d.Total != 60 || len(d.Rule) != 60 || len(d.Time) != 60 || len(d.Rules) != len(sampleRules) {
		t.Fatalf("total %d, %d rules of matches, %d times, %d rules", d.Total, len(d.Rule), len(d.Time), len(d.Rules))
	}
	v, k := 0, 0
	for i, m := range h.Matches.(List) {
		for f, name := range d.Shapes[d.Shape[i]] {
			want := m.Event.Fields[f]
			if d.Strings[name] != want.Name || d.Strings[d.Values[v]] != strings.ToValidUTF8(want.Value, "\uFFFD\uFFFD") {
				t.Fatalf("match %d: field %q is %q, want %q", i, d.Strings[name], d.Strings[d.Values[v]], want)
			}
			v++
		}
		if d.Held[k] != len(m.Held) {
			t.Fatalf("match %d: %d held, want %d", i, d.Held[k], len(m.Held))
		}
		for n, want := range m.Held {
			if d.Strings[d.Held[k+1+2*n]] != want.Name || d.Strings[d.Held[k+2+2*n]] != want.Value {
				t.Fatalf("match %d: held %q, want %q", i, d.Strings[d.Held[k+1+2*n]], want)
			}
		}
		k += 1 + 2*d.Held[k]
		if got := d.Rules[d.Rule[i]].ID; got != m.Rule.ID {
			t.Errorf("match %d: rule %q, want %q", i, got, m.Rule.ID)
		}
		if d.Strings[d.Source[i]] != m.Event.Source || d.Strings[d.Host[i]] != m.Event.Host {
			t.Errorf("match %d: %q on %q", i, d.Strings[d.Source[i]], d.Strings[d.Host[i]])
		}
		if (d.Time[i] == nil) != m.Time.IsZero() || d.Time[i] != nil && *d.Time[i] != m.Time.UnixMicro() {
			t.Errorf("match %d: time %v, want %v", i, d.Time[i], m.Time)
		}
		if n := len(m.Series); n > 0 && len(d.Series[strconv.Itoa(i)]) != 1+3*n {
			t.Errorf("match %d: series of %d", i, len(d.Series[strconv.Itoa(i)]))
		}
	}
	if d.Strings[d.Raw[1]] == "" || d.Raw[3] != 0 {
		t.Error("the record belongs to a text line, not to JSON whose fields say all")
	}
	if r, ok := d.Record[5].(string); !ok || r != "9223372036854775807" {
		t.Errorf("a record number beyond 53 bits is %v", d.Record[5])
	}
	if first := d.Coverage.FileList[0]; first[2] == "" {
		t.Errorf("files that were not read come first, not %v", first)
	}
}

func TestPageMatches(t *testing.T) {
	low, high := &tocsin.Match{Rule: sampleRules[3]}, &tocsin.Match{Rule: sampleRules[0]}
	var all List
	for i := range maxPageMatches + 10 {
		if i%3 == 0 {
			all = append(all, high)
		} else {
			all = append(all, low)
		}
	}
	some := List(slices.Collect(pageMatches(all, levelCounts(all))))
	if len(some) != maxPageMatches {
		t.Fatalf("%d matches, want %d", len(some), maxPageMatches)
	}
	n := levelCounts(some)
	if want := levelCounts(all)[tocsin.Critical]; n[tocsin.Critical] != want {
		t.Errorf("%d of %d critical matches kept", n[tocsin.Critical], want)
	}
	if got := slices.Collect(pageMatches(all[:5], levelCounts(all[:5]))); len(got) != 5 {
		t.Errorf("%d of 5 kept", len(got))
	}
}

func TestPoolCuts(t *testing.T) {
	p := newPool()
	long := strings.Repeat("é", maxPageValue)
	n := p.add(long)
	if got := p.all[n]; len(got) > maxPageValue+60 || !strings.Contains(got, "16 kB in the log") {
		t.Errorf("kept %d bytes ending %q", len(got), got[len(got)-30:])
	}
	if p.add(long) != n || p.add("") != 0 {
		t.Error("a text has two numbers")
	}
}

func TestTacticsOf(t *testing.T) {
	r := func(tags ...string) *tocsin.Rule { return &tocsin.Rule{Tags: tags} }
	const execution, persistence, credentials = 3, 4, 8
	rules := []*tocsin.Rule{
		r("attack.execution", "attack.t1059.001"), r("attack.execution", "attack.persistence", "attack.t1059.001", "attack.t1547.001"),
		r("attack.persistence", "attack.t1547.001", "attack.t1112"), // never alone: two rules vote
		r("attack.credential-access", "attack.persistence", "attack.t1003"),
		r("attack.t1486"), // names no tactic
	}
	want := map[string][]int{"T1059.001": {execution}, "T1547.001": {persistence}, "T1112": {persistence}, "T1003": {persistence, credentials}}
	if d := cmp.Diff(want, tacticsOf(rules)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
