package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// huntedAs is what a hunt writes in a format.
func huntedAs(t *testing.T, format string, args ...string) string {
	t.Helper()
	var out, err bytes.Buffer
	if code := run(context.Background(), slices.Concat([]string{"hunt", "-q", "--no-installed", "-f", format}, args), std{context.Background(), strings.NewReader(""), &out, &err}); code != 0 {
		t.Fatalf("%s %v: exit code %d: %s", format, args, code, err.String())
	}
	return out.String()
}

var (
	pageData = regexp.MustCompile(`(?s)id="data"[^>]*>([^<]*)<`)
	pageCode = regexp.MustCompile(`(?s)<(script|style)>.*?</(script|style)>`)
)

// shownBy is what a reader of a format can see, the page's packed data too.
func shownBy(t *testing.T, format, text string) string {
	t.Helper()
	if format != "html" {
		return text
	}
	m := pageData.FindStringSubmatch(text)
	if m == nil {
		t.Fatal("the page has no data")
	}
	z, err := gzip.NewReader(base64.NewDecoder(base64.StdEncoding, strings.NewReader(m[1])))
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return pageCode.ReplaceAllString(strings.Replace(text, m[1], "", 1), "") + string(data)
}

// TestPseudonymise: of all hosts, accounts and addresses that a hunt names no one is left in any format, and the report
// says so.
func TestPseudonymise(t *testing.T) {
	if testing.Short() {
		t.Skip("eleven hunts")
	}
	logs := "../../example/intrusion"
	names := map[string]bool{}
	for line := range strings.Lines(huntedAs(t, "jsonl", logs)) {
		type entity struct{ Kind, Value string }
		var x struct {
			Entities []entity
			Victims  []entity
			Actors   []struct{ Handles []entity }
		}
		if err := json.Unmarshal([]byte(line), &x); err != nil {
			t.Fatal(err)
		}
		all := slices.Concat(x.Entities, x.Victims)
		for _, a := range x.Actors {
			all = append(all, a.Handles...)
		}
		for _, e := range all {
			if e.Kind == "host" || e.Kind == "address" || e.Kind == "user" || e.Kind == "domain" {
				names[strings.ToLower(e.Value)] = true
			}
		}
	}
	kept, err := os.ReadFile("../../pseudonym/kept.txt") // what the documentation says stays
	if err != nil {
		t.Fatal(err)
	}
	for _, everybodys := range append(strings.Fields(string(kept)), "127.0.0.1", "::1", "169.254.169.254", "system:anonymous") {
		delete(names, everybodys)
	}
	if len(names) < 10 {
		t.Fatalf("only %d names to look for: %v", len(names), names)
	}
	for _, format := range formats {
		got := huntedAs(t, format, "--pseudonymise", logs)
		shown := shownBy(t, format, got)
		low := strings.ToLower(shown)
		for name := range names {
			if m := regexp.MustCompile(`(?:^|[^\pL\pN])` + regexp.QuoteMeta(name) + `(?:$|[^\pL\pN])`).FindStringIndex(low); m != nil {
				t.Errorf("%s: %q is left: …%s…", format, name, low[max(0, m[0]-40):min(len(low), m[1]+40)])
			}
		}
		if format != "csv" && format != "ocsf" && !strings.Contains(low, "pseudonym") {
			t.Errorf("%s does not say that names are pseudonyms", format)
		}
		if format == "jsonl" && !strings.Contains(got, `"10.`) {
			t.Error("no private address is left private")
		}
	}
}
