package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/goccy/go-yaml"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/sigma"
)

// documents are the texts that tell users what to type.
func documents(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(files) < 8 {
		t.Fatal(files, err)
	}
	all := map[string]string{}
	for _, f := range append(files, "../../README.md", "../../example/README.md", "../../CONTRIBUTING.md") {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(filepath.Dir(f))+"/"+filepath.Base(f)] = string(b)
	}
	return all
}

// TestDocCommands: each command that a document shows is one that the parser takes.
func TestDocCommands(t *testing.T) {
	shown := regexp.MustCompile(`(?m)^(?: {4}| *\$ |.* - run: |.*\| )?(?:\$ )?(tocsin [^\n]*(?:\\\n[^\n]*)*)`)
	n := 0
	for name, text := range documents(t) {
		for _, m := range shown.FindAllStringSubmatch(text, -1) {
			for _, line := range strings.FieldsFunc(strings.ReplaceAll(m[1], "\\\n", " "), func(r rune) bool { return r == ';' }) {
				line, _, _ = strings.Cut(line, " #")
				line, _, _ = strings.Cut(line, " | ")
				line, _, _ = strings.Cut(line, " > ")
				line = strings.TrimSpace(strings.Trim(strings.TrimSpace(line), "`"))
				rest, ok := strings.CutPrefix(line, "tocsin ")
				if !ok || strings.ContainsAny(rest, "'…$|") || rest == "" || strings.ContainsAny(rest[:1], "ABCDEFGHIJKLMNOPQRSTUVWXYZ:") {
					continue // prose, and what a shell would read
				}
				var c cli
				parser, err := kong.New(&c, kong.Name("tocsin"), kong.Exit(func(int) {}), kong.Writers(&strings.Builder{}, &strings.Builder{}))
				if err != nil {
					t.Fatal(err)
				}
				n++
				if _, err := parser.Parse(strings.Fields(strings.ReplaceAll(rest, `"`, ""))); err != nil {
					t.Errorf("%s: tocsin %s: %v", name, rest, err)
				}
			}
		}
	}
	if n < 40 {
		t.Errorf("%d commands found", n)
	}
}

// TestReadingWhole: docs/reading.md tells what each word means that the vocabulary has for a report.
func TestReadingWhole(t *testing.T) {
	text := documents(t)["docs/reading.md"]
	var words []string
	for _, x := range tocsin.Tactics() {
		words = append(words, "| "+x.Name+" |")
	}
	words = append(words, levelNames()...)
	for _, d := range []tocsin.Driver{tocsin.Undecided, tocsin.Human, tocsin.Script, tocsin.Agent} {
		words = append(words, "*"+d.String()+"*")
	}
	kinds := regexp.MustCompile(`// (session, [a-z, ]+)\n`)
	src, err := os.ReadFile("../../campaign.go")
	if err != nil {
		t.Fatal(err)
	}
	m := kinds.FindSubmatch(src)
	if m == nil {
		t.Fatal("campaign.go does not list the kinds of links")
	}
	for kind := range strings.SplitSeq(string(m[1]), ", ") {
		words = append(words, "| "+kind+" |")
	}
	words = append(words, string(tocsin.Core), string(tocsin.Weak), "*"+tocsin.GapMissing+"*", "v"+tocsin.AttackVersion)
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("docs/reading.md does not tell what %q is", w)
		}
	}
}

// TestRulesDoc: the example of a pipeline in docs/rules.md is one, its tables have all that the pipelines know, and the example
// of suppressions is read.
func TestRulesDoc(t *testing.T) {
	text := documents(t)["docs/rules.md"]
	blocks := regexp.MustCompile("(?ms)^```yaml\n(.*?)^```\n").FindAllStringSubmatch(text, -1)
	pipelines, suppressed, expands := 0, 0, 0
	for _, b := range blocks {
		switch {
		case strings.Contains(b[1], "transformations:"):
			pipelines++
			if _, faults := sigma.ParsePipeline("docs/rules.md", []byte(b[1])); len(faults) > 0 {
				t.Error(faults)
			}
		case strings.Contains(b[1], "suppress:"):
			suppressed++
			file := filepath.Join(t.TempDir(), "s.yml")
			if err := os.WriteFile(file, []byte(b[1]), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := loadSuppressions(file); err != nil {
				t.Error(err)
			}
		default:
			expands++
			var values map[string][]string
			if err := yaml.Unmarshal([]byte(b[1]), &values); err != nil || len(values) == 0 {
				t.Errorf("%v %v", values, err)
			}
		}
	}
	if pipelines != 1 || suppressed != 1 || expands != 1 {
		t.Errorf("%d pipelines, %d suppressions, %d placeholders", pipelines, suppressed, expands)
	}
	for _, name := range sigma.Transformations() {
		if !strings.Contains(text, "`"+name+"`") {
			t.Errorf("docs/rules.md does not tell what %s does", name)
		}
	}
}

// TestDocLinks: what a document links to in the repository is there.
func TestDocLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#\s]+)`)
	for name, text := range documents(t) {
		dir := filepath.Join("../..", strings.TrimPrefix(filepath.Dir(name), ".."))
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(dir, m[1])); err != nil {
				t.Errorf("%s links to %s: %v", name, m[1], err)
			}
		}
	}
}
