package naming

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/decode"
)

// events decodes a stream as Tocsin would read a file.
func events(t testing.TB, data string) (all []*tocsin.Event) {
	t.Helper()
	format, ok := decode.Detect("sample.log", []byte(data))
	if !ok {
		t.Fatalf("no format for %.200s", data)
	}
	d := format.For([]byte(data), nil).New(decode.Options{})
	emit := func(ev *tocsin.Event) { all = append(all, ev.Clone()) }
	d.Decode(&tocsin.Record{Source: "sample.log", Data: []byte(data), Line: 1, Ref: time.Date(2026, 3, 5, 0, 0, 0, 0, time.UTC)}, emit)
	d.Flush(emit)
	return all
}

func collect(t testing.TB, all []*tocsin.Event) *Facts {
	f := New([16]byte{1})
	for _, ev := range all {
		f.See(ev)
	}
	return f
}

// says are the facts as "GRADE KIND OF NAME", by the ids of the rows that found them.
func (f *Facts) says() map[string][]string {
	out := map[string][]string{}
	for _, x := range f.facts {
		s := fmt.Sprintf("%s %s %s %s", x.say.grade, x.say.kind, x.of, x.name)
		out[s] = append(out[s], x.say.row.id)
	}
	return out
}

// TestPlans: a plan has a bit for each field that its rows need.
func TestPlans(t *testing.T) {
	for _, r := range table {
		for _, s := range r.sources {
			if p := newPlan([]tocsin.LogSource{s}, ""); p == nil || len(p.names) > 64 {
				t.Errorf("%s: %v: %+v", r.id, s, p)
			}
		}
	}
}

// TestSamples holds each row of the table against records of its kind, and against those that are nearly like it.
func TestSamples(t *testing.T) {
	b, err := os.ReadFile("testdata/samples.txt")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]int{} // by row
	family := map[string]int{}
	for block := range strings.SplitSeq("\n"+string(b), "\n== ") {
		if !strings.Contains(block, "\n=> ") {
			continue
		}
		var records, want []string
		lines := strings.Split(strings.TrimSpace(block), "\n")
		for _, l := range lines[1:] {
			if w, ok := strings.CutPrefix(l, "=> "); ok {
				want = append(want, w)
			} else {
				records = append(records, l)
			}
		}
		f := collect(t, events(t, strings.Join(records, "\n")+"\n"))
		var got []string
		for s, ids := range f.says() {
			got = append(got, s)
			for _, id := range ids {
				found[id]++
			}
		}
		if len(got) == 0 {
			got = []string{"nothing"}
		}
		slices.Sort(got)
		slices.Sort(want)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s:\n%s\n%s", lines[0], strings.Join(records, "\n"), d)
		}
		name, _, _ := strings.Cut(lines[0], "-")
		family[name] += len(records)
	}
	for _, r := range table {
		if found[r.id] == 0 {
			t.Errorf("%s: no sample", r.id)
		}
	}
	for name, n := range family {
		if n < 3 && name != "rdp" && name != "smtp" && name != "account" {
			t.Errorf("%s: %d records, want three kinds at least", name, n)
		}
	}
}
