package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// model is that of the command line.
func model(t *testing.T) *kong.Application {
	t.Helper()
	parser, err := kong.New(&cli{}, kong.Name("tocsin"))
	if err != nil {
		t.Fatal(err)
	}
	return parser.Model
}

// said is what a command prints; it must work.
func said(t *testing.T, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	ctx := context.Background()
	if code := run(ctx, args, std{ctx, strings.NewReader(""), &out, &errs}); code != 0 {
		t.Fatalf("tocsin %s: exit %d\n%s", strings.Join(args, " "), code, errs.String())
	}
	return out.String()
}

// TestChoices: the values that completion offers are of flags that are there, and none is empty.
func TestChoices(t *testing.T) {
	used := map[string]bool{}
	for _, c := range commands(model(t)) {
		for _, f := range c.flags {
			used[c.path+" --"+f.name], used["--"+f.name] = true, true
		}
	}
	for key, words := range choices {
		if !used[key] || len(words) == 0 || slices.Contains(words, "") {
			t.Errorf("%s: %q", key, words)
		}
	}
}

// TestPagesWhole: each command has a page that names its flags, arguments and commands, and each script knows all of them.
func TestPagesWhole(t *testing.T) {
	all := commands(model(t))
	if len(all) < 12 {
		t.Fatalf("%d commands", len(all))
	}
	dir := t.TempDir()
	said(t, "man", "--dir", dir)
	scripts := map[string]string{"bash": said(t, "completion", "bash"), "zsh": said(t, "completion", "zsh"), "fish": said(t, "completion", "fish")}
	for _, c := range all {
		page, err := os.ReadFile(filepath.Join(dir, manName(c.path)+".1"))
		if err != nil {
			t.Error(err)
			continue
		}
		if c.path != "" {
			if got := said(t, append([]string{"man"}, strings.Fields(c.path)...)...); got != string(page) {
				t.Errorf("man %s is not the page in the folder", c.path)
			}
		}
		for _, f := range c.flags {
			if !strings.Contains(string(page), `\fB\-\-`+escaped(f.name)+`\fR`) {
				t.Errorf("the page of %q lacks --%s", c.path, f.name)
			}
			for shell, script := range scripts {
				if want := map[string]string{"bash": "--" + f.name, "zsh": "'--" + f.name + ":", "fish": " -l " + f.name + " "}[shell]; !strings.Contains(script, want) {
					t.Errorf("%s lacks --%s of %q", shell, f.name, c.path)
				}
			}
		}
		for _, sub := range c.subs {
			if !strings.Contains(string(page), escaped(strings.TrimSpace(c.path+" "+sub))) {
				t.Errorf("the page of %q lacks %s", c.path, sub)
			}
		}
		for _, line := range strings.Split(string(page), "\n") {
			if strings.HasPrefix(line, "'") || strings.IndexFunc(line, func(r rune) bool { return r > '~' || r < ' ' }) >= 0 {
				t.Errorf("the page of %q has a line that roff takes for something else: %q", c.path, line)
			}
		}
	}
}

// TestPagesRender: the pages render without a warning where a renderer is installed.
func TestPagesRender(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "1795824000")
	dir := t.TempDir()
	said(t, "man", "--dir", dir)
	pages, _ := filepath.Glob(filepath.Join(dir, "*.1"))
	ran := 0
	for _, tool := range [][]string{{"groff", "-ww", "-man", "-Tutf8", "-z"}, {"mandoc", "-Tlint", "-W", "warning"}} {
		if _, err := exec.LookPath(tool[0]); err != nil {
			t.Logf("%s is not installed", tool[0])
			continue
		}
		for _, page := range pages {
			ran++
			if out, err := exec.Command(tool[0], append(tool[1:len(tool):len(tool)], page)...).CombinedOutput(); err != nil || len(out) > 0 {
				t.Errorf("%s %s: %v\n%s", tool[0], filepath.Base(page), err, out)
			}
		}
	}
	if ran == 0 {
		t.Skip("no renderer of man pages is installed")
	}
}

// completions are lines and what each shell must offer for their end.
var completions = []struct {
	line string // words, the last is to be completed
	want string // among what is offered
	not  string
}{
	{"tocsin h", "hunt", "explain"},
	{"tocsin ", "rules", "--help"},
	{"tocsin rules ", "check", "hunt"},
	{"tocsin rules ch", "check", "test"},
	{"tocsin hunt --forma", "--format", "--force"},
	{"tocsin hunt -q --pipe", "--pipeline", "--quiet"},
	{"tocsin hunt --format j", "jsonl", "html"},
	{"tocsin hunt -f nis2", "nis2-72h", "jsonl"},
	{"tocsin hunt --format=nav", "navigator", "html"},
	{"tocsin hunt --fail-level=", "critical", "note"},
	{"tocsin hunt --level high --lang ", "fr", "high"},
	{"tocsin hunt --zone hunt --min-level cr", "critical", "high"},
	{"tocsin rules check --least w", "warning", "note"},
	{"tocsin rules list --level low,hi", "high", "medium"},
	{"tocsin completion z", "zsh", "bash"},
	{"tocsin hunt some", "somefile.log", "hunt"},
	{"tocsin hunt --pipeline some", "somefile.log", "--format"},
}

// TestCompletion: the scripts for bash and zsh offer what fits, run by these shells where they are installed.
func TestCompletion(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "somefile.log"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, shell := range []struct {
		name string
		line func(words []string) string // prints what is offered
	}{
		{"bash", func(words []string) string {
			var cut []string
			for _, w := range words { // as bash cuts them
				if flag, value, ok := strings.Cut(w, "="); ok {
					cut = append(cut, flag, "=")
					if value != "" {
						cut = append(cut, value)
					}
					continue
				}
				cut = append(cut, w)
			}
			for i := range cut {
				cut[i] = quoted(cut[i])
			}
			return fmt.Sprintf("source ./script; COMP_WORDS=(%s); COMP_CWORD=%d; _tocsin; printf '%%s\\n' \"${COMPREPLY[@]}\"", strings.Join(cut, " "), len(cut)-1)
		}},
		{"zsh", func(words []string) string {
			last := words[len(words)-1]
			if i := strings.LastIndexAny(last, "=,"); i >= 0 {
				last = last[i+1:]
			}
			cut := slices.Clone(words)
			for i := range cut {
				cut[i] = quoted(cut[i])
			}
			// The shell's own functions for completion work in its line editor only; these stand for them.
			return `offer() { for o in "$@"; do [[ $o == ` + quoted(last) + `* ]] && print -r -- $o; done; return 0 }
compadd() { while [[ $1 == -* ]]; do if [[ $1 == -- ]]; then shift; break; fi; [[ $1 == -S ]] && shift; shift; done; offer "$@" }
compset() { :; }
compdef() { :; }
_files() { offer *(N) }
_describe() { [[ $1 == -o ]] && shift; for d in ${(P)2}; do offer ${d%%:*}; done; return 0 }
source ./script
words=(` + strings.Join(cut, " ") + fmt.Sprintf("); CURRENT=%d; _tocsin", len(cut))
		}},
	} {
		t.Run(shell.name, func(t *testing.T) {
			if _, err := exec.LookPath(shell.name); err != nil {
				t.Skipf("%s is not installed", shell.name)
			}
			if err := os.WriteFile(filepath.Join(dir, "script"), []byte(said(t, "completion", shell.name)), 0o644); err != nil {
				t.Fatal(err)
			}
			for _, c := range completions {
				cmd := exec.Command(shell.name, "-c", shell.line(strings.Split(c.line, " ")))
				cmd.Dir = dir
				out, err := cmd.CombinedOutput()
				offered := strings.Fields(string(out))
				for i := range offered { // bash is given lists whole
					offered[i] = offered[i][strings.LastIndexByte(offered[i], ',')+1:]
				}
				if err != nil || !slices.Contains(offered, c.want) || slices.Contains(offered, c.not) {
					t.Errorf("%q: want %s and not %s: %v, %q", c.line, c.want, c.not, err, out)
				}
			}
		})
	}
	t.Run("fish", func(t *testing.T) {
		if _, err := exec.LookPath("fish"); err != nil {
			t.Skip("fish is not installed")
		}
		if err := os.WriteFile(filepath.Join(dir, "script"), []byte(said(t, "completion", "fish")), 0o644); err != nil {
			t.Fatal(err)
		}
		for _, c := range completions {
			if strings.Contains(c.line, ",") {
				continue // fish completes lists no further than their first
			}
			cmd := exec.Command("fish", "--no-config", "-c", "source ./script; complete -C "+fishQuoted(c.line))
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "HOME="+dir)
			out, err := cmd.CombinedOutput()
			var offered []string
			for line := range strings.Lines(string(out)) {
				word, _, _ := strings.Cut(strings.TrimSpace(line), "\t")
				offered = append(offered, word[strings.LastIndexByte(word, '=')+1:])
			}
			if err != nil || !slices.Contains(offered, c.want) || slices.Contains(offered, c.not) {
				t.Errorf("%q: want %s and not %s: %v, %q", c.line, c.want, c.not, err, out)
			}
		}
	})
}

// TestVersion: --version says what version says, with or without a command.
func TestVersion(t *testing.T) {
	want := said(t, "version")
	if !strings.HasPrefix(want, "tocsin ") || said(t, "--version") != want || said(t, "hunt", "--version") != want {
		t.Errorf("%q, --version %q, hunt --version %q", want, said(t, "--version"), said(t, "hunt", "--version"))
	}
}
