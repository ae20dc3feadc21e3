package report

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tocsin-ids/tocsin"
)

func TestReadCampaigns(t *testing.T) {
	h := campaignHunt(60, 2)
	h.Campaigns = slices.Delete(h.Campaigns, 1, 2) // the hostile one is not what was written, only harmless
	var b bytes.Buffer
	if err := JSONL(&b, h); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(b.String(), `{"kind":"campaign","id":"c-3f9a1c2b7d04"`) {
		t.Errorf("campaigns do not come first: %.80s", b.String())
	}
	got, covered, err := ReadCampaigns(&b)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(h.Campaigns, got, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if d := cmp.Diff(coveredBy(h.Coverage), covered, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(Covered{}, "Data")); d != "" {
		t.Errorf("coverage (-want +got):\n%s", d)
	}
}

// What several runs covered, in one file, is told as one.
func TestReadCampaignsJoins(t *testing.T) {
	line := func(n int64, from, to int, partial string) string {
		at := func(h int) time.Time { return sampleStart.Add(time.Duration(h) * time.Hour) }
		return string(appendCovered(nil, &Covered{FilesRead: n, FilesSkipped: 1, Events: 10 * n, First: at(from), Last: at(to), FaultN: n, RulesLoaded: n, RulesIdle: n, LetGo: []tocsin.LetGo{{Kind: "late", N: n}}, Partial: partial}))
	}
	_, got, err := ReadCampaigns(strings.NewReader(line(3, 5, 9, "") + line(4, 1, 2, "stopped")))
	if err != nil {
		t.Fatal(err)
	}
	want := &Covered{FilesRead: 7, FilesSkipped: 2, Events: 70, First: sampleStart.Add(time.Hour), Last: sampleStart.Add(9 * time.Hour), FaultN: 7, RulesLoaded: 4, RulesIdle: 3, LetGo: []tocsin.LetGo{{Kind: "late", N: 3}, {Kind: "late", N: 4}}, Partial: "stopped"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// The members are those that encoding/json gives: what is read by others' programs must not depend on who wrote it.
func TestCampaignMembers(t *testing.T) {
	for _, c := range []*tocsin.Campaign{sampleCampaign(), smallCampaign(1)} {
		want, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		var a, b any
		if err := json.Unmarshal(want, &a); err != nil {
			t.Fatal(err)
		}
		line := strings.Replace(string(appendCampaign(nil, c)), `"kind":"campaign",`, "", 1)
		if err := json.Unmarshal([]byte(line), &b); err != nil {
			t.Fatal(err)
		}
		for _, k := range []string{"verdict", "how_sure"} { // words, which are said besides
			delete(b.(map[string]any), k)
		}
		if d := cmp.Diff(known(a), known(b)); d != "" {
			t.Errorf("(-encoding/json +ours):\n%s", d)
		}
	}
}

// known is decoded JSON in which nothing is nil: times that are not known are "", lists without items are lists.
func known(v any) any {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		if v == "0001-01-01T00:00:00Z" {
			return ""
		}
	case []any:
		if len(v) == 0 {
			return ""
		}
		for i := range v {
			v[i] = known(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = known(v[k])
		}
	}
	return v
}

func TestReadCampaignsRefuses(t *testing.T) {
	good := `{"kind":"campaign","id":"c-1","level":"high","first":null,"actors":[null,{"id":"a"}]}`
	tests := []struct{ name, in, want string }{
		{"nothing", "", ""},
		{"other kinds and empty lines", "\n{\"kind\":\"match\",broken}\n{\"kind\":\"event\"}\n\n{\"kind\":\"later\",\"level\":7}\n" + good, ""},
		{"no JSON", good + "\nhello\n", "line 2: no line of a report"},
		{"a level that is none", strings.Replace(good, "high", "severe", 1), "line 1: no campaign that this version knows"},
		{"a time that is none", "\n\n" + strings.Replace(good, "null", `"yesterday"`, 1), "line 3: no campaign"},
		{"cut off", good[:40], "line 1: no line of a report"},
		{"a coverage that is none", good + "\n" + `{"kind":"coverage","files_read":"many"}`, "line 2: no coverage that this version knows"},
		{"an array", "[1]", "line 1: no line of a report"},
		{"too deep", `{"kind":"campaign","x":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + "}", "line 1: no line of a report"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, _, err := ReadCampaigns(strings.NewReader(tt.in))
			if tt.want == "" {
				if err != nil || tt.in != "" && (len(got) != 1 || len(got[0].Actors) != 1) {
					t.Errorf("got %d, %v", len(got), err)
				}
			} else if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

// What is read from a file that anyone may have written is shown without harm.
func FuzzReadCampaigns(f *testing.F) {
	for _, c := range []*tocsin.Campaign{sampleCampaign(), hostileCampaign(), smallCampaign(1)} {
		f.Add(appendCovered(appendCampaign(nil, c), coveredBy(sampleHunt(1).Coverage)))
	}
	f.Add([]byte(`{"kind":"campaign","id":"x","actors":[null,{}],"steps":[{}],"victims":[{}],"gates":[{}],"autonomy":{}}`))
	f.Add([]byte("{\"kind\":\"match\"}\n{\"kind\":\"campaign\",\"first\":\"9999-12-31T23:59:59Z\",\"last\":\"0001-01-01T00:00:01Z\"}"))
	f.Fuzz(func(t *testing.T, in []byte) {
		all, covered, err := ReadCampaigns(bytes.NewReader(in))
		if err != nil || len(all) == 0 {
			return
		}
		h := &Hunt{Campaigns: all, Covered: covered}
		for name, write := range writers() {
			var b bytes.Buffer
			if err := write(&b, h); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if strings.HasSuffix(name, ".json") && !json.Valid(b.Bytes()) {
				t.Fatalf("%s is no JSON", name)
			}
		}
		for name, write := range drafts() {
			if err := write(io.Discard, h); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		if !json.Valid(pageData(h, &english, false)) {
			t.Fatal("the page's data is no JSON")
		}
		var b bytes.Buffer
		if err := Explain(&b, h, all[0], TextOptions{Width: 60}); err != nil {
			t.Fatal(err)
		}
		harmlessLines(t, b.String(), 60)
		b.Reset()
		if err := JSONL(&b, h); err != nil {
			t.Fatal(err)
		}
		again, _, err := ReadCampaigns(&b)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		// A zone can carry a time out of the years that there are; such a time is not kept.
		if d := cmp.Diff(all, again, cmpopts.EquateEmpty()); d != "" && !bytes.Contains(in, []byte("T")) {
			t.Errorf("read twice (-first +second):\n%s", d)
		}
	})
}
