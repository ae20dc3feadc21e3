package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestShippedConfig: the configuration that the service comes with is right, and so are all lines in it that are commented out.
func TestShippedConfig(t *testing.T) {
	file := "../../packaging/service/run.yaml"
	if out := said(t, "run", "--check", "--config", file); !strings.Contains(out, "right") {
		t.Error(out)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	off := regexp.MustCompile(`^( *)# ( *(?:- |[a-z-]+:).*)$`)
	on := map[string]int{}
	var lines []string
	for line := range strings.Lines(string(b)) {
		if m := off.FindStringSubmatch(strings.TrimSuffix(line, "\n")); m != nil {
			line = m[1] + m[2] + "\n"
			if key, _, _ := strings.Cut(strings.TrimSpace(line), ":"); m[1]+m[2] == strings.TrimSpace(line) {
				if at, twice := on[key]; twice {
					lines[at] = "\n" // what stood there is an alternative to this one
				}
			}
			on["uncommented"]++
		}
		if key, _, ok := strings.Cut(line, ":"); ok && !strings.HasPrefix(line, " ") && !strings.HasPrefix(line, "#") {
			on[key] = len(lines)
		}
		lines = append(lines, line)
	}
	c, err := parseConfig(file, []byte(strings.Join(lines, "")))
	if err != nil {
		t.Fatalf("%v\n%s", err, strings.Join(lines, ""))
	}
	if on["uncommented"] < 20 || len(c.Alerts.Routes) != 3 || len(c.Sources.HTTP) != 2 || len(c.Sources.Syslog) != 2 || c.TLS == nil {
		t.Errorf("%d lines, %+v", on["uncommented"], c)
	}
}

// TestRunDocs: the configurations that docs/operations.md and docs/telemetry.md show are right.
func TestRunDocs(t *testing.T) {
	n := 0
	for _, name := range []string{"docs/operations.md", "docs/telemetry.md"} {
		for _, b := range regexp.MustCompile("(?ms)^```yaml\n(.*?)^```\n").FindAllStringSubmatch(documents(t)[name], -1) {
			if strings.HasPrefix(b[1], "- {alert:") { // Prometheus'
				continue
			}
			n++
			if _, err := parseConfig(name, []byte(b[1])); err != nil {
				t.Error(err)
			}
		}
	}
	if n < 3 {
		t.Errorf("%d configurations", n)
	}
}

// TestOperationsWhole: docs/operations.md tells of every metric and of every kind of incident.
func TestOperationsWhole(t *testing.T) {
	text := documents(t)["docs/operations.md"]
	told := map[string]bool{}
	// A name that begins with _ goes on from the first of its row.
	for row := range strings.Lines(text) {
		first := ""
		for _, m := range regexp.MustCompile("`(tocsin_source)?(?:tocsin)?(_[a-z_]+)").FindAllStringSubmatch(row, -1) {
			if m[1] != "" {
				first = m[1]
			}
			if strings.HasPrefix(m[0], "`_") {
				told[first+m[2]] = true
			} else {
				told[strings.TrimPrefix(m[0], "`")] = true
			}
		}
	}
	src, err := os.ReadFile("../../console/metrics.go")
	if err != nil {
		t.Fatal(err)
	}
	metrics := regexp.MustCompile(`(?m)^\t(?:count|size)\("([a-z_]+)"`).FindAllSubmatch(src, -1)
	if len(metrics) < 25 {
		t.Errorf("%d metrics", len(metrics))
	}
	for _, m := range metrics {
		if name := "tocsin_" + string(m[1]); !told[name] {
			t.Errorf("docs/operations.md does not tell what %s is", name)
		}
	}
	files, _ := filepath.Glob("run*.go")
	kinds := map[string]bool{}
	for _, f := range files {
		src, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`\b(?:say|raise)\("([a-z]+)",`).FindAllSubmatch(src, -1) {
			kinds[string(m[1])] = true
		}
	}
	for kind := range watched {
		kinds[kind] = true
	}
	if len(kinds) < 10 {
		t.Errorf("kinds of incidents: %v", kinds)
	}
	for kind := range kinds {
		if !regexp.MustCompile("(?m)^\\| (?:`[a-z]+`, )?`" + kind + "`").MatchString(text) {
			t.Errorf("docs/operations.md does not tell what the incident %s is", kind)
		}
	}
}
