package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

type manCmd struct {
	Command []string `arg:"" optional:"" help:"The command whose page is written to standard output, as in \"man rules check\"; Tocsin's own if none is given." placeholder:"COMMAND"`
	Dir     string   `help:"Write the pages of all commands into this folder instead." placeholder:"DIR"`
}

// Help says how pages are read.
func (manCmd) Help() string {
	return `tocsin man hunt | man -l -          # read one
tocsin man --dir ~/.local/share/man/man1   # for good`
}

func (c *manCmd) Run(s std, app *kong.Application) error {
	all := commands(app)
	if c.Dir == "" {
		path := strings.Join(c.Command, " ")
		i := slices.IndexFunc(all, func(x command) bool { return x.path == path })
		if i < 0 {
			return fmt.Errorf("there is no command %s; \"tocsin --help\" lists them", path)
		}
		_, err := s.out.Write(manPage(all, &all[i]))
		return err
	}
	if len(c.Command) > 0 {
		return fmt.Errorf("--dir writes all pages: leave %s out", strings.Join(c.Command, " "))
	}
	if err := os.MkdirAll(c.Dir, 0o755); err != nil {
		return fmt.Errorf("--dir: %w", err)
	}
	for i := range all {
		if err := os.WriteFile(filepath.Join(c.Dir, manName(all[i].path)+".1"), manPage(all, &all[i]), 0o644); err != nil {
			return fmt.Errorf("--dir: %w", err)
		}
	}
	return nil
}

// manName is the page of a command: tocsin-rules-check.
func manName(path string) string {
	return strings.ReplaceAll(strings.TrimSpace("tocsin "+path), " ", "-")
}

// manPage writes the page of a command for man(7).
func manPage(all []command, c *command) []byte {
	r := &roff{}
	name := manName(c.path)
	r.macro("TH", strings.ToUpper(name), "1", builtOn(), "tocsin "+version(), "Tocsin")
	// Words stay whole: most long ones are flags and paths.
	r.macro("nh")
	r.b.WriteString(".ad l\n")
	r.macro("SH", "NAME")
	help := c.help
	if c.path == "" {
		help = purpose
	}
	r.text(name + " - " + lowerFirst(summary(help)))
	r.macro("SH", "SYNOPSIS")
	r.synopsis(c)
	r.macro("SH", "DESCRIPTION")
	r.text(help)
	if c.path == "" {
		r.macro("PP")
		r.text("It reads logs of hosts, networks, web servers, clouds and AI agents, told by their content, and only ever reads: nothing in it scans, exploits or strikes back.")
	}
	if c.detail != "" {
		r.macro("PP")
		r.macro("nf")
		r.text(c.detail)
		r.macro("fi")
	}
	if len(c.subs) > 0 {
		r.macro("SH", "COMMANDS")
		for _, x := range all {
			if x.path != "" && slices.Contains(c.subs, strings.TrimPrefix(strings.TrimPrefix(x.path, c.path), " ")) && strings.HasPrefix(x.path, c.path) {
				r.macro("TP")
				r.bold("tocsin " + x.path)
				r.text(x.help)
			}
		}
	}
	if len(c.args) > 0 {
		r.macro("SH", "ARGUMENTS")
		for _, a := range c.args {
			r.macro("TP")
			r.bold(a.Name)
			r.text(a.Help)
		}
	}
	r.macro("SH", "OPTIONS")
	for _, f := range c.flags {
		r.flag(f)
	}
	r.macro("SH", "EXIT STATUS")
	for _, e := range exitStatus {
		r.macro("TP")
		r.bold(e.code)
		r.text(e.meaning)
	}
	r.macro("SH", "SEE ALSO")
	var see []string
	for _, x := range all {
		if x.path != c.path && (c.path == "" || x.path == "" || strings.HasPrefix(x.path, c.path+" ") || strings.HasPrefix(c.path, x.path+" ")) {
			see = append(see, manName(x.path)+"(1)")
		}
	}
	r.text(strings.Join(see, ", "))
	return r.b.Bytes()
}

// exitStatus is what commands end with; package main's comment has the same.
var exitStatus = []struct{ code, meaning string }{
	{"0", "The command did what it was asked, whether or not it found anything."},
	{"1", "Something was found at or above --fail-level, or a rule or a sample failed its check."},
	{"2", "It could not be done, or in part only: a path that was named is not there, a mistake of Tocsin's own cost some records, or, with --strict, a filter met nothing."},
	{"130, 143", "Stopped by SIGINT or SIGTERM; what was found until then is written and marked as partial."},
}

// builtOn is the day of the commit that the program was built from, else of SOURCE_DATE_EPOCH, so that the same commit makes the
// same pages; empty if neither is known. https://reproducible-builds.org/specs/source-date-epoch/
func builtOn() string {
	info, _ := debug.ReadBuildInfo()
	if info != nil {
		for _, kv := range info.Settings {
			if t, err := time.Parse(time.RFC3339, kv.Value); kv.Key == "vcs.time" && err == nil {
				return t.UTC().Format(time.DateOnly)
			}
		}
	}
	if sec, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64); err == nil {
		return time.Unix(sec, 0).UTC().Format(time.DateOnly)
	}
	return ""
}

func lowerFirst(s string) string {
	if len(s) > 1 && s[1] >= 'a' && s[1] <= 'z' {
		return strings.ToLower(s[:1]) + s[1:]
	}
	return s
}

// A roff is a page in the language of man(7) being written.
type roff struct{ b bytes.Buffer }

// roffText are the characters that roff would take for something else.
var roffText = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`, `"`, `\(dq`)

// escaped is a text in which nothing is anything else to roff, in ASCII.
func escaped(s string) string {
	s = roffText.Replace(s)
	var b strings.Builder
	for _, c := range s {
		if c > '~' {
			fmt.Fprintf(&b, `\[u%04X]`, c)
			continue
		}
		b.WriteRune(c)
	}
	return b.String()
}

// macro writes a request and its arguments.
func (r *roff) macro(name string, args ...string) {
	r.b.WriteString("." + name)
	for _, a := range args {
		if !isDate(a) { // readers want a date's dashes as they are
			a = escaped(a)
		}
		r.b.WriteString(` "` + a + `"`)
	}
	r.b.WriteByte('\n')
}

func isDate(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

// text writes lines that cannot be requests.
func (r *roff) text(s string) {
	for line := range strings.SplitSeq(s, "\n") {
		line = escaped(line)
		if strings.HasPrefix(line, ".") {
			line = `\&` + line
		}
		if line == "" {
			line = `\&` // an empty line is a mistake to some readers
		}
		r.b.WriteString(line + "\n")
	}
}

func (r *roff) bold(s string) { r.b.WriteString(`\fB` + escaped(s) + "\\fR\n") }

func (r *roff) synopsis(c *command) {
	line := `\fB` + escaped(strings.TrimSpace("tocsin "+c.path)) + `\fR`
	if len(c.flags) > 0 {
		line += ` [\fIoptions\fR]`
	}
	if len(c.subs) > 0 {
		line += ` \fIcommand\fR`
	}
	for _, a := range c.args {
		name := `\fI` + escaped(a.Name) + `\fR`
		if a.IsSlice() {
			name += ` \&...`
		}
		if !a.Required {
			name = "[" + name + "]"
		}
		line += " " + name
	}
	r.b.WriteString(line + "\n")
}

func (r *roff) flag(f commandFlag) {
	r.macro("TP")
	line := ""
	if f.short != "" {
		line = `\fB\-` + f.short + `\fR, `
	}
	line += `\fB\-\-` + escaped(f.name) + `\fR`
	if f.value != "" {
		line += `=\fI` + escaped(f.value) + `\fR`
	}
	r.b.WriteString(line + "\n")
	help := f.help
	if len(f.choices) > 0 && len(f.choices) <= 12 && !strings.Contains(help, f.choices[0]) {
		help += " One of " + strings.Join(f.choices, ", ") + "."
	}
	if f.usual != "" {
		help += " Usually " + f.usual + "."
	}
	r.text(help)
}
