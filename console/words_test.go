package console

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin/report"
)

// Whatever the console says, it says in French too.
func TestFrench(t *testing.T) {
	own := frenchWords()
	page, err := report.NewPage("fr")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	var all []string
	find := func(text, pattern string) {
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
			all = append(all, m[1])
		}
	}
	pages, _ := fs.Glob(files, "html/*.html")
	for _, name := range pages {
		b, _ := files.ReadFile(name)
		find(string(b), `{{(?:if )?t "([^"]+)"`)
	}
	for _, name := range []string{"html/feed.js", "html/live.js"} {
		b, _ := files.ReadFile(name)
		s := regexp.MustCompile("T`[^`]*`").ReplaceAllStringFunc(string(b), func(s string) string {
			return regexp.MustCompile(`\$\{.*?\}`).ReplaceAllString(s, "{0}")
		})
		s = regexp.MustCompile("T`New: [^`]*`[^`]*`").ReplaceAllString(s, "T`New: {0}`")
		find(s, "T`([^`]+)`")
	}
	sources, _ := filepath.Glob("*.go")
	for _, name := range sources {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		find(string(b), `\.say\("([^"]+)"\)`)
		find(string(b), `refusal{http\.\w+, "([^"]+)"}`)
		for _, m := range regexp.MustCompile(`heads\((.*?)\)[,}]`).FindAllStringSubmatch(string(b), -1) {
			find(m[1], `"([^"]+)"`)
		}
	}
	if len(all) < 100 {
		t.Fatalf("%d texts found, there are more", len(all))
	}
	same := map[string]bool{"Note": true, "Pages": true, "Sources": true, "Source": true, "Incidents": true, "API": true, "Verdict": true}
	for _, s := range all {
		if seen[s] {
			continue
		}
		seen[s] = true
		if _, ok := own[s]; !ok && page.Say(s) == s && !same[s] {
			t.Errorf("html/french.tsv has no row for %q", s)
		}
	}
	verbs := regexp.MustCompile(`%[a-z]`)
	for k, v := range own {
		if a, b := strings.Join(verbs.FindAllString(k, -1), ""), strings.Join(verbs.FindAllString(v, -1), ""); a != b {
			t.Errorf("%q has %s, its French %s", k, a, b)
		}
	}
}
