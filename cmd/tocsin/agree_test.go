package main

import (
	"bytes"
	"context"
	"encoding/json"
	"html"
	"strings"
	"testing"
)

// What is written to a pipe has no line cut, folds at COLUMNS, ends each campaign's first line in its id, and says of each
// campaign what the JSONL says, as do the other formats.
func TestFormatsAgree(t *testing.T) {
	type campaign struct {
		Kind, ID, Title, Level, Verdict string
		HowSure                         []string `json:"how_sure"`
	}
	var all []campaign
	jsonl := hunted(t)
	for line := range strings.Lines(jsonl) {
		var c campaign
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatal(err)
		}
		if c.Kind == "campaign" {
			all = append(all, c)
		}
	}
	joins := 0
	for _, c := range all {
		joins += len(c.HowSure)
		if strings.Contains(c.Title, "…") || c.Verdict == "" {
			t.Errorf("%+v", c)
		}
	}
	if len(all) < 3 || joins == 0 {
		t.Fatalf("%d campaigns and %d joins, which tests nothing", len(all), joins)
	}
	write := func(args ...string) string {
		var out, wrong bytes.Buffer
		args = append(append([]string{"hunt", "-q", "--no-installed"}, args...), "../../example/intrusion")
		if code := run(context.Background(), args, std{in: strings.NewReader(""), out: &out, err: &wrong}); code != 0 {
			t.Fatalf("exit code %d: %s", code, wrong.String())
		}
		return out.String()
	}
	plain := func(s string) string {
		return strings.Join(strings.Fields(strings.NewReplacer("**", "", "`", "", `\`, "").Replace(html.UnescapeString(s))), " ")
	}
	for _, columns := range []string{"80", "120", "200"} {
		t.Setenv("COLUMNS", columns)
		text := write("--full")
		said := plain(text)
		for _, c := range all {
			if !strings.Contains(text, "  "+c.ID+"\n") {
				t.Errorf("%s columns: %s stands at the end of no line", columns, c.ID)
			}
			title := plain(strings.Replace(text, "  "+c.ID, "", 1))
			if !strings.Contains(title, plain(c.Title)) || !strings.Contains(said, plain(c.Verdict)) {
				t.Errorf("%s columns: %q and %q are not said", columns, c.Title, c.Verdict)
			}
		}
		for line := range strings.Lines(text) {
			if strings.Contains(line, "…") {
				t.Errorf("%s columns: cut: %q", columns, line)
			}
		}
	}
	for _, format := range []string{"markdown", "incident", "stix"} {
		out := write("-f", format)
		if format == "stix" {
			out = strings.ReplaceAll(out, `\"`, `"`)
		}
		said := plain(strings.NewReplacer("<code>", "", "</code>", "", "<bdi>", "", "</bdi>", "", "<strong>", "", "</strong>", "").Replace(out))
		for _, c := range all {
			if !strings.Contains(said, plain(c.Verdict)) {
				t.Errorf("%s does not say %q", format, c.Verdict)
			}
			for _, s := range c.HowSure {
				if format != "stix" && !strings.Contains(said, plain(s)) {
					t.Errorf("%s does not say %q", format, s)
				}
			}
		}
	}
}
