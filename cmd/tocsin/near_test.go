package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tocsin-ids/tocsin/sigma"
)

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"abc", "abc", 0}, {"", "abc", 3}, {"abc", "", 3}, {"web01", "wbe01", 1}, {"web01", "web1", 1}, {"web01", "web001", 1},
		{"kitten", "sitting", 3}, {"ca", "abc", 3}, {strings.Repeat("a", 500), strings.Repeat("a", 400), 0},
	} {
		if got := distance(tt.a, tt.b); got != tt.want || distance(tt.b, tt.a) != tt.want {
			t.Errorf("%.20q and %.20q: %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}

func TestNear(t *testing.T) {
	hosts := []string{"web01.corp.example", "web02.corp.example", "db01", "DC01", "mail"}
	for name, want := range map[string][]string{
		"wbe01": {"web01.corp.example"},
		"db1":   {"db01"},
		"dc01":  {"DC01", "db01"},
		"corp":  {"web01.corp.example", "web02.corp.example"},
		"xyz":   nil,
		"":      nil,
	} {
		if d := cmp.Diff(want, near(name, hosts)); d != "" {
			t.Errorf("%q (-want +got):\n%s", name, d)
		}
	}
}

// Every field that Tocsin's own rules read is one that readers give, and no known name is taken for a mistyped one.
func TestFieldNames(t *testing.T) {
	own, err := (&ruleFlags{NoInstalled: true}).load()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range sigma.Lint(own.lint(), knownField()) {
		if f.Check == "field-unknown" {
			t.Error(f)
		}
	}
	known := fieldNames()
	for _, n := range known {
		if m := mistyped(n, known); m != "" {
			t.Errorf("%s is taken for %s", n, m)
		}
	}
	for name, want := range map[string]string{"CommandLin": "CommandLine", "commandline": "CommandLine", "Imgae": "Image", "cs-uri-stme": "cs-uri-stem",
		"id.orig_hh": "id.orig_h", "destination.ips": "destination.ip", "my_own_field": "", "abc": "", "requestParameters.anything": ""} {
		if got := mistyped(name, known); got != want {
			t.Errorf("%s: taken for %q, want %q", name, got, want)
		}
	}
}

// What decoders write themselves is in the list of names: the first argument of Add, and the second names of the tables of
// Windows' fields. What logs bring of their own is in no table.
func TestFieldNamesOfDecoders(t *testing.T) {
	known := fieldNames()
	fset := token.NewFileSet()
	names := map[string]string{}
	note := func(e ast.Expr) {
		lit, ok := e.(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING {
			return
		}
		name, err := strconv.Unquote(lit.Value)
		if err != nil {
			t.Fatal(err)
		}
		names[strings.ReplaceAll(name, " ", "")] = fset.Position(lit.Pos()).String()
	}
	files, err := filepath.Glob("../../decode/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if sel, ok := n.Fun.(*ast.SelectorExpr); ok && sel.Sel.Name == "Add" && len(n.Args) == 2 {
					note(n.Args[0])
				}
			case *ast.ValueSpec:
				if name := n.Names[0].Name; (name == "windowsAliases" || name == "windowsECS") && len(n.Values) == 1 {
					for _, e := range n.Values[0].(*ast.CompositeLit).Elts {
						row := e.(*ast.CompositeLit).Elts
						note(row[len(row)-1])
					}
				}
			}
			return true
		})
	}
	if len(names) < 200 || names["Image"] == "" || names["src_ip"] == "" || names["Initiated"] == "" {
		t.Fatalf("%d names found: the tables are called otherwise now", len(names))
	}
	for name, at := range names {
		if !slices.Contains(known, name) {
			t.Errorf("%s: %s is not in fieldnames.txt", at, name)
		}
	}
}
