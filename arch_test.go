package tocsin_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/tocsin-ids/tocsin"

// layers says, for each package, which packages of this module it may import (its tests may import more), which
// libraries, and whether it is pure: no goroutines, no clock, no files, no network, no log.
var layers = map[string]struct {
	tocsin []string
	libs   []string
	pure   bool
}{
	".":          {pure: true},
	"evtx":       {pure: true},
	"decode":     {tocsin: []string{".", "evtx", "tsv"}, libs: []string{"github.com/klauspost/compress", "github.com/ulikunitz/xz", "github.com/pierrec/lz4"}, pure: true},
	"sigma":      {tocsin: []string{".", "wire"}, libs: []string{"github.com/goccy/go-yaml"}, pure: true},
	"report":     {tocsin: []string{".", "tsv"}, pure: true},
	"rules":      {tocsin: []string{"."}, pure: true},
	"source":     {tocsin: []string{".", "archive", "decode"}, libs: []string{"github.com/klauspost/compress", "github.com/ulikunitz/xz", "github.com/bodgit/sevenzip", "golang.org/x/text"}},
	"prevalence": {tocsin: []string{"tsv"}, pure: true},
	"slot":       {pure: true},
	"tsv":        {pure: true},
	"wire":       {pure: true},
	"action":     {tocsin: []string{".", "prevalence", "rules", "slot"}, libs: []string{"mvdan.cc/sh/v3"}, pure: true},
	"actor":      {tocsin: []string{".", "prevalence", "wire"}, libs: []string{"github.com/dchest/siphash"}, pure: true},
	"campaign":   {tocsin: []string{".", "prevalence"}, pure: true},
	"channel":    {tocsin: []string{".", "slot", "wire"}, libs: []string{"github.com/dchest/siphash"}, pure: true},
	"guard":      {tocsin: []string{".", "prevalence", "tsv", "wire"}, libs: []string{"github.com/dchest/siphash"}, pure: true},
	"naming":     {tocsin: []string{".", "wire"}, libs: []string{"github.com/dchest/siphash"}, pure: true},
	"engine":     {tocsin: []string{".", "action", "actor", "campaign", "channel", "decode", "feed", "guard", "naming", "sigma", "source", "wire"}, libs: []string{"github.com/klauspost/compress"}},
	"ioc":        {tocsin: []string{"."}, pure: true},
	"shape":      {tocsin: []string{"."}, pure: true},
	"pseudonym":  {tocsin: []string{"."}, pure: true},
	"scope":      {tocsin: []string{"."}, libs: []string{"github.com/goccy/go-yaml", "golang.org/x/crypto"}, pure: true},
	"rehearse":   {}, // knows nothing of the detector; see offline
	"update":     {tocsin: []string{".", "sigma"}},
	"cmd/tocsin": {tocsin: []string{".", "action", "archive", "campaign", "channel", "console", "decode", "engine", "feed", "ioc", "naming", "pseudonym", "rehearse", "report", "rules", "scope", "shape", "sigma", "source", "source/journald", "source/kafka", "source/nats", "source/otlp", "source/push", "source/syslog", "source/tail", "source/wal", "store", "tell", "update"},
		libs: []string{"github.com/alecthomas/kong", "github.com/schollz/progressbar", "github.com/goccy/go-yaml", "golang.org/x/crypto", "golang.org/x/term", "github.com/oschwald/maxminddb-golang", "github.com/fsnotify/fsnotify"}},
	"eval": {}, // tests only

	// Of live runs.
	"feed":            {},
	"feed/feedtest":   {tocsin: []string{"feed"}}, // for tests
	"full":            {},
	"source/tail":     {tocsin: []string{"feed"}, libs: []string{"github.com/fsnotify/fsnotify", "github.com/klauspost/compress"}},
	"source/journald": {tocsin: []string{"feed"}},
	"source/wal":      {tocsin: []string{"feed", "full"}},
	"source/syslog":   {tocsin: []string{"feed", "source/wal"}},
	"source/push":     {tocsin: []string{"feed", "source/wal"}, libs: []string{"github.com/klauspost/compress"}},
	"source/otlp":     {tocsin: []string{"feed", "source/wal"}, libs: []string{"github.com/klauspost/compress"}},
	"source/kafka":    {tocsin: []string{"feed"}, libs: []string{"github.com/twmb/franz-go"}},
	"source/nats":     {tocsin: []string{"feed"}, libs: []string{"github.com/nats-io/nats.go"}},
	"store":           {tocsin: []string{"."}, libs: []string{"modernc.org/sqlite"}},
	"archive":         {tocsin: []string{".", "decode", "full"}, libs: []string{"github.com/parquet-go/parquet-go", "github.com/klauspost/compress"}},
	"tell":            {tocsin: []string{".", "report", "tsv"}},
	"console":         {tocsin: []string{".", "feed", "report"}, libs: []string{"github.com/danielgtaylor/huma", "github.com/prometheus/client_golang", "golang.org/x/crypto"}},
}

// impure are the standard packages that pure packages must do without.
var impure = []string{"os", "net", "net/http", "os/exec", "syscall", "log", "log/slog", "context", "sync", "io/fs", "time.Now"}

// offline are the standard packages without which a rehearsal stays one: it writes log records, never traffic.
var offline = []string{"net", "net/http", "net/rpc", "net/smtp", "os/exec", "syscall", "plugin", "unsafe"}

// rootNames caps the exported names of the vocabulary: a new word has to earn its place.
const rootNames = 98

func TestArchitecture(t *testing.T) {
	files := map[string][]string{} // package folder → its Go files
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "dist") {
			return filepath.SkipDir
		}
		if strings.HasSuffix(path, ".go") {
			dir := filepath.ToSlash(filepath.Dir(path))
			files[dir] = append(files[dir], path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for dir, paths := range files {
		layer, ok := layers[dir]
		if !ok {
			t.Errorf("%s: a package that the architecture does not know; add it to layers with what it may import", dir)
			continue
		}
		comments := 0
		exported := map[string]bool{}
		for _, path := range paths {
			fset := token.NewFileSet()
			file, err := parser.ParseFile(fset, path, nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			if file.Doc != nil {
				comments++
				want := filepath.Base(dir) + ".go"
				if dir == "." {
					want = "tocsin.go"
				} else if dir == "cmd/tocsin" {
					want = "main.go"
				}
				if filepath.Base(path) != want {
					t.Errorf("%s: the package comment belongs in %s", path, want)
				}
			}
			for _, imp := range file.Imports {
				name, _ := strconv.Unquote(imp.Path.Value)
				if why := forbidden(dir, name, layer.tocsin, layer.libs, layer.pure); why != "" {
					t.Errorf("%s: imports %s: %s", path, name, why)
				}
			}
			ast.Inspect(file, func(n ast.Node) bool {
				pos := func() string { return fset.Position(n.Pos()).String() }
				switch n := n.(type) {
				case *ast.GoStmt:
					if layer.pure {
						t.Errorf("%s: a pure package starts no goroutine", pos())
					}
				case *ast.SelectorExpr:
					x, ok := n.X.(*ast.Ident)
					if layer.pure && ok && x.Name == "time" && (n.Sel.Name == "Now" || n.Sel.Name == "Since" || n.Sel.Name == "Sleep" || n.Sel.Name == "After") {
						t.Errorf("%s: a pure package has no clock", pos())
					}
				case *ast.FuncDecl:
					if n.Name.Name == "init" && n.Recv == nil {
						t.Errorf("%s: no init functions", pos())
					}
				}
				return true
			})
			if dir == "." {
				for name := range file.Scope.Objects {
					if ast.IsExported(name) {
						exported[name] = true
					}
				}
			}
		}
		if comments != 1 && dir != "eval" {
			t.Errorf("%s: has %d package comments, want one", dir, comments)
		}
		if len(exported) > rootNames {
			t.Errorf("the root package exports %d names, more than %d", len(exported), rootNames)
		}
	}
	for dir := range layers {
		if _, err := os.Stat(dir); err != nil {
			t.Errorf("layers names %s, which is not there", dir)
		}
	}
}

// forbidden says why a package in dir may not import name, or "".
func forbidden(dir, name string, ours, libs []string, pure bool) string {
	if name == module || strings.HasPrefix(name, module+"/") {
		rel := strings.TrimPrefix(strings.TrimPrefix(name, module), "/")
		if rel == "" {
			rel = "."
		}
		if !slices.Contains(ours, rel) {
			return dir + " must not know it"
		}
		return ""
	}
	if strings.Contains(strings.SplitN(name, "/", 2)[0], ".") {
		for _, lib := range libs {
			if name == lib || strings.HasPrefix(name, lib+"/") {
				return ""
			}
		}
		return "no library that " + dir + " may use"
	}
	if dir == "rehearse" && slices.Contains(offline, name) {
		return "a rehearsal writes log records and nothing else"
	}
	if pure && slices.Contains(impure, name) {
		return "a pure package does without it"
	}
	return ""
}
