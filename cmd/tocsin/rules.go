package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/decode"
	"github.com/tocsin-ids/tocsin/report"
	"github.com/tocsin-ids/tocsin/sigma"
)

// rulesCmd is the commands about rules.
type rulesCmd struct {
	Check checkCmd `cmd:"" help:"Say which rules cannot be used and why, and what is doubtful in the others."`
	Test  testCmd  `cmd:"" help:"Run the samples of rules and of knowledge: what must match and what must not."`
	List  listCmd  `cmd:"" help:"List rules."`

	Update updateCmd `cmd:"" help:"Install a collection of rules, SigmaHQ's if none is named, checked and replaced as a whole."`
}

type checkCmd struct {
	Paths  []string `arg:"" name:"dir" help:"Folders, files or archives of rules."`
	Expand string   `help:"YAML file of values for rules with |expand: a map from placeholder to list (docs/rules.md)." placeholder:"FILE"`

	pipelineFlags
	Least  string `help:"Show findings of this severity and above." enum:"note,warning,error" default:"warning" placeholder:"SEVERITY"`
	Quiet  bool   `short:"q" help:"Only what is wrong, without the counts."`
	Strict bool   `help:"Exit with 1 for any finding that is shown, not only for rejected rules."`
}

func (c *checkCmd) Run(s std) error {
	f := ruleFlags{Rules: c.Paths, NoBuiltin: true, NoInstalled: true, Expand: c.Expand, pipelineFlags: c.pipelineFlags}
	set, err := f.load()
	if err != nil {
		return err
	}
	for _, f := range set.allFaults() {
		fmt.Fprintf(s.out, "rejected: %s\n", report.Visible(f.Error()))
	}
	for _, f := range set.set.Notes() {
		fmt.Fprintf(s.out, "used all the same: %s\n", report.Visible(f.Error()))
	}
	found := map[sigma.Severity]int{}
	shown := 0
	findings := sigma.Lint(set.lint(), set.knownField())
	slices.SortStableFunc(findings, func(a, b sigma.Finding) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	for _, f := range findings {
		found[f.Severity]++
		if f.Severity.String() == c.Least || f.Severity == sigma.Mistake || f.Severity == sigma.Warning && c.Least == "note" {
			fmt.Fprintln(s.out, report.Visible(f.String()))
			shown++
		}
	}
	if !c.Quiet {
		fmt.Fprintf(s.out, "%d files, %d rules can be used, %d rejected; %d errors, %d warnings, %d notes\n", len(set.files), len(set.set.Rules()), len(set.rejected),
			found[sigma.Mistake], found[sigma.Warning], found[sigma.Note])
	}
	if !c.Quiet && set.given > 0 {
		n := 0
		for _, r := range set.know.Rules() {
			if !ownRow(r) {
				n++
			}
		}
		fmt.Fprintf(s.out, "%d files of knowledge, %d rows can be used\n", set.given, n)
	}
	if len(set.rejected) > 0 || c.Strict && shown > 0 {
		return errFound
	}
	return nil
}

type testCmd struct {
	Expand string `help:"YAML file of values for rules with |expand: a map from placeholder to list (docs/rules.md)." placeholder:"FILE"`

	pipelineFlags
	Quiet bool     `short:"q" help:"Only what failed, without the counts and the rules that have no samples."`
	Paths []string `arg:"" optional:"" name:"dir" help:"Folders of rules (NAME.yml) with samples beside them (NAME.txtar), and of knowledge (NAME.knowledge), which holds its own; without any, Tocsin's own knowledge."`
}

// Help says what samples look like.
func (*testCmd) Help() string {
	return `Samples of the rules in NAME.yml stand beside it in NAME.txtar: sections that begin with a line "-- NAME --" and hold a log
of any format, as its program writes it.

    -- match/ssh.log --      the rules must match it at least once
    -- match/ssh.log 2 --    they must match it exactly twice
    -- quiet/ssh.log --      they must not match it

Each section is a hunt of its own, and counted are the matches of rules that alert on their own. A section without any event of
the rules' log source fails, whatever it wants: a sample that says nothing proves nothing. Stamps without a year are of 2026.
Rows of knowledge have their samples in them, as lines "match:" and "quiet:" (docs/knowledge.md).

Exit codes: 0 all passed, 1 a sample failed or a rule was rejected, 2 the tests could not be run.`
}

func (c *testCmd) Run(s std) error {
	f := ruleFlags{Rules: c.Paths, NoBuiltin: true, NoInstalled: true, Expand: c.Expand, pipelineFlags: c.pipelineFlags}
	set, err := f.load()
	if err != nil {
		return err
	}
	for _, f := range set.rejected {
		fmt.Fprintf(s.out, "rejected: %s\n", report.Visible(f.Error()))
	}
	var cases []sigma.Case
	bad := len(set.rejected)
	seen := map[string]bool{}
	for _, r := range set.set.Rules() {
		name := strings.TrimSuffix(r.File, filepath.Ext(r.File)) + ".txtar"
		if seen[name] {
			continue
		}
		seen[name] = true
		data, err := os.ReadFile(name)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		more, faults := sigma.ParseCases(name, data)
		cases = append(cases, more...)
		for _, f := range faults {
			fmt.Fprintf(s.out, "fault: %s\n", report.Visible(f.Error()))
			bad++
		}
	}
	r := sigma.TestRules(set.set, cases, sample)
	for _, f := range r.Failures {
		fmt.Fprintf(s.out, "failed: %s\n", report.Visible(f.Error()))
	}
	if c.Quiet {
		r.Untested = nil
	}
	for _, u := range r.Untested {
		fmt.Fprintf(s.out, "untested: %s:%d: %s lacks a sample that matches or one that does not\n", report.Visible(u.File), u.Line, report.Visible(u.Title))
	}
	if !c.Quiet && len(c.Paths) > 0 {
		fmt.Fprintf(s.out, "%d rules, %d of them without samples\n%s\n", len(set.set.Rules()), len(r.Untested), r)
	}
	if bad += len(r.Failures) + c.testKnowledge(s, set); bad > 0 {
		return errFound
	}
	return nil
}

// testKnowledge runs the samples of knowledge, of Tocsin's own only if no other was named, and says how many failed.
func (c *testCmd) testKnowledge(s std, set *ruleset) int {
	if len(c.Paths) > 0 && set.given == 0 {
		return 0
	}
	asked := func(r *tocsin.Rule) bool { return ownRow(r) == (len(c.Paths) == 0) }
	trial := set.know.Test(asked, sample)
	for _, f := range trial.Failures {
		fmt.Fprintf(s.out, "failed: %s\n", report.Visible(f.Error()))
	}
	if c.Quiet {
		return len(trial.Failures)
	}
	for _, u := range trial.Untested {
		fmt.Fprintf(s.out, "untested: %s:%d: %s lacks a sample that it tells or one that it does not\n", report.Visible(u.File), u.Line, report.Visible(u.ID))
	}
	n := 0
	for _, r := range set.know.Rules() {
		if asked(r) {
			n++
		}
	}
	fmt.Fprintf(s.out, "%d rows of knowledge, %d of them without samples\n%s\n", n, len(trial.Untested), trial)
	return len(trial.Failures)
}

// sample decodes a rule's sample. Stamps without a year are of a fixed one, so that a test means the same every year.
func sample(name string, data []byte, emit func(*tocsin.Event)) error {
	return decode.All(name, data, time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC), emit)
}

type listCmd struct {
	ruleFlags
	Format    string   `short:"f" help:"text, or jsonl: a line of JSON for each rule, and at the end one of what was rejected." enum:"text,jsonl" default:"text" placeholder:"FORMAT"`
	Knowledge bool     `help:"List the rows of knowledge in place of rules."`
	Level     []string `help:"Only rules of these levels." placeholder:"LEVEL"`
	Tag       []string `help:"Only rules with one of these tags." placeholder:"TAG"`
	Text      string   `short:"t" help:"Only rules with this text in title, description or log source." placeholder:"TEXT"`
}

func (c *listCmd) Run(s std) error {
	set, err := c.load()
	if err != nil {
		return err
	}
	for _, l := range c.Level {
		if _, err := tocsin.ParseLevel(l); err != nil {
			return fmt.Errorf("--level: %w", err)
		}
	}
	var all []*tocsin.Rule
	if c.Knowledge {
		all = slices.Clone(set.know.Rules())
	} else {
		all = set.loaded()
	}
	if err := knownTags(c.Tag, all); err != nil {
		return err
	}
	slices.SortStableFunc(all, func(a, b *tocsin.Rule) int { return strings.Compare(a.File, b.File) })
	var listed []*tocsin.Rule
	for _, r := range all {
		if len(c.Level) > 0 && !slices.Contains(c.Level, r.Level.String()) ||
			len(c.Tag) > 0 && !slices.ContainsFunc(c.Tag, func(tag string) bool { return tagged(r.Tags, tag) }) ||
			c.Text != "" && !strings.Contains(strings.ToLower(r.Title+"\n"+r.Description+"\n"+r.Source.String()), strings.ToLower(c.Text)) {
			continue
		}
		listed = append(listed, r)
	}
	if c.Format == "jsonl" {
		return listJSON(s.out, listed, len(all), set.rejected)
	}
	t := tabwriter.NewWriter(s.out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "LEVEL\tSOURCE\tID\tTITLE\tFILE")
	for _, r := range listed {
		source := cmp.Or(r.Correlation, r.Source.String())
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", r.Level, report.Visible(source), report.Visible(r.ID), report.Visible(r.Title), report.Visible(r.File))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	what := "rules"
	if c.Knowledge {
		what = "rows of knowledge"
	}
	fmt.Fprintf(s.out, "%d of %d %s, %d rejected\n", len(listed), len(all), what, len(set.rejected))
	return nil
}
