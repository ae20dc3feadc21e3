package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/action"
	"github.com/tocsin-ids/tocsin/campaign"
	"github.com/tocsin-ids/tocsin/engine"
	"github.com/tocsin-ids/tocsin/report"
	"github.com/tocsin-ids/tocsin/sigma"
)

type huntCmd struct {
	inputFlags
	ruleFlags
	outputFlags

	Format       string   `short:"f" help:"text, jsonl, csv, html, ocsf, navigator, stix, markdown or incident (a report on the campaigns, as a page to print), nis2-24h or nis2-72h (drafts of what NIS 2 asks for about the most severe); otherwise told by the ending of --output." placeholder:"FORMAT"`
	Lang         string   `help:"Language of pages, incident reports and drafts: en or fr." enum:"en,fr" default:"en"`
	Full         bool     `help:"Cut nothing in the summary and list all campaigns, rules, hosts, users and addresses. Text that is piped or written to a file has no line cut anyway."`
	Stats        string   `help:"Write counts and times of the run to this file, as JSON." placeholder:"FILE"`
	MinLevel     string   `help:"Report only matches and campaigns of this level and above." placeholder:"LEVEL"`
	Level        []string `help:"Report only matches and campaigns of these levels." placeholder:"LEVEL"`
	Tag          []string `help:"Report only matches of rules with one of these tags (attack.t1110 also takes attack.t1110.001)." placeholder:"TAG"`
	Rule         []string `help:"Report only matches of these rules, by id or title." placeholder:"RULE" sep:"none"`
	ExcludeRule  []string `help:"Do not report matches of these rules, by id or title." placeholder:"RULE" sep:"none"`
	Host         []string `help:"Report only matches and campaigns on these hosts; web01 also takes web01.corp.example, and * and ? stand for anything." placeholder:"HOST"`
	Suppress     string   `help:"YAML file of matches that are known and not to be reported." placeholder:"FILE"`
	Levels       string   `help:"YAML file of levels for rules, each with a reason." placeholder:"FILE"`
	Fields       []string `help:"What of its event a match carries: minimal, standard, all, or names of fields, which may hold * and ?." default:"all" placeholder:"FIELD"`
	Geo          []string `help:"MaxMind file (.mmdb) that says where addresses are, or whose; may be given more than once." placeholder:"FILE" sep:"none"`
	Pivot        string   `help:"Write accounts, addresses, hashes and files of what is reported to this file, one a line for grep -F -f; to FILE.csv as a table." placeholder:"FILE"`
	ProfileRules string   `help:"Write what each rule cost to this file, as CSV, the dearest first." placeholder:"FILE"`
	IOC          []string `name:"ioc" help:"STIX 2.1 bundle or CSV of indicators (addresses, domains, URLs, hashes, file names, e-mail addresses) to look for; may be given more than once." placeholder:"FILE" sep:"none"`
	FailLevel    string   `help:"Exit with 1 if anything of this level or above is reported; or a verdict: suspicious, intrusion or turned." placeholder:"LEVEL"`
	Scope        []string `help:"Scope records, or folders of them: what they grant is reported as authorised. Wants --allowed-signers." placeholder:"PATH"`
	scopeFlags
	Names        bool     `help:"Name principals of whom there is nothing to report, too."`
	Explain      []string `help:"Say what an event means and which rows of knowledge say so: --explain SOURCE:RECORD. Given twice, --explain SOURCE:RECORD --explain RULE, which tests of a rule or row, by id or title, held and which failed." placeholder:"WHAT" sep:"none"`
	NoHash       bool     `help:"Do not take the SHA-256 of each file that is read; reports then cannot show which bytes they rest on."`
	Pseudonymise bool     `help:"Put pseudonyms in the place of hosts, accounts and addresses, alike everywhere, so that the report can be shown to others. They cannot be guessed; with the same --key-file they are the same in every run."`
	NoCampaigns  bool     `help:"Report matches only: do not join what happened to campaigns."`
	Horizon      string   `help:"Let go, and count, what is older than this before the newest event: 36h, 7d. Left out: keep all." placeholder:"DURATION"`
	KeyFile      string   `help:"Key the fingerprints by which secrets are told apart with this file's bytes, not with a random key. No report depends on it." placeholder:"FILE"`
	FeaturesOnly bool     `name:"features-only" help:"Show no text of agents' calls in any format: who, when, with which tool, how telling, and how long texts are."`
}

// stats is what --stats writes. Names and meanings are stable.
type stats struct {
	FilesRead      int            `json:"files_read"`
	FilesSkipped   int            `json:"files_skipped"`
	Bytes          int64          `json:"bytes"`
	Events         int64          `json:"events"`
	Faults         int64          `json:"faults"`
	Timeless       int64          `json:"events_without_time"`
	StampsStruck   int64          `json:"stamps_struck"` // that were not believed
	RulesLoaded    int            `json:"rules_loaded"`
	RulesRejected  int            `json:"rules_rejected"`
	Matches        int            `json:"matches"`
	DistinctRules  int            `json:"distinct_rules"`
	Campaigns      int            `json:"campaigns"`
	Attempts       int            `json:"attempts"`
	Suppressed     int            `json:"suppressed"`
	CPUSeconds     float64        `json:"cpu_seconds"`
	LoadCPUSeconds float64        `json:"load_cpu_seconds"`
	WallSeconds    float64        `json:"wall_seconds"`
	PeakRSSBytes   int64          `json:"peak_rss_bytes"`
	Outside        int64          `json:"outside"`           // events outside the time range that was asked for
	Unmet          []tocsin.Unmet `json:"unmet,omitempty"`   // filters that nothing met
	LetGo          []letGo        `json:"let_go"`            // what was not kept
	Partial        string         `json:"partial,omitempty"` // why the run ended before all was read
}

// letGo is a tocsin.LetGo whose times may be null.
type letGo struct {
	Kind string     `json:"kind"`
	N    int64      `json:"n"`
	From *time.Time `json:"from"`
	To   *time.Time `json:"to"`
	Why  string     `json:"why"`
}

var formats = []string{"text", "jsonl", "csv", "html", "ocsf", "navigator", "stix", "markdown", "incident", "nis2-24h", "nis2-72h"}

func (c *huntCmd) Run(s std) error {
	began := time.Now()
	if len(c.Explain) > 0 {
		if c.FeaturesOnly {
			return errors.New("--explain shows what one event holds, and --features-only shows no text; give one of the two")
		}
		return c.explain(s)
	}
	format, err := reportFormat(c.Format, c.Output, "text", formats)
	if err != nil {
		return err
	}
	keep, err := c.filter()
	if err != nil {
		return err
	}
	if err := c.together(); err != nil {
		return err
	}
	fails, err := parseFailing(c.FailLevel)
	if err != nil {
		return err
	}
	hush, err := loadSuppressions(c.Suppress)
	if err != nil {
		return err
	}
	in, err := c.input(s)
	if err != nil {
		return err
	}
	to, err := c.outputs(s)
	if err != nil {
		return err
	}
	defer to.discard()
	places, err := openPlaces(c.Geo)
	if err != nil {
		return err
	}
	defer places.close()
	if in.Horizon, err = parseHorizon(c.Horizon); err != nil {
		return err
	}
	before, _ := usage()
	set, err := c.load()
	if err != nil {
		return err
	}
	levels, err := loadLevels(c.Levels)
	if err != nil {
		return err
	}
	levels.apply(set)
	lists, err := c.indicators(set)
	if err != nil {
		return err
	}
	if lists != nil {
		in.Listed = lists
	}
	if err := c.knowsRules(set); err != nil {
		return err
	}
	set.files = nil // their text is for the linter
	in.Knowledge, in.Findings = set.know, set.findings
	after, _ := usage()

	stop := showProgress(s.err, in.Progress, c.Quiet)
	suppressed := 0
	wanted := keep
	if len(hush.Suppress) > 0 {
		wanted = func(m *tocsin.Match) bool {
			if keep != nil && !keep(m) {
				return false
			}
			if hush.matches(m) {
				suppressed++
				return false
			}
			return true
		}
	}
	if !c.NoCampaigns {
		if in.Key, err = c.key(s); err != nil {
			return err
		}
		in.Known = func(m *tocsin.Match) bool {
			return hush.matches(m) || slices.ContainsFunc(c.ExcludeRule, func(n string) bool { return named(m.Rule, n) })
		}
	}
	var hosts askings
	for _, h := range c.Host {
		hosts.all = append(hosts.all, wantHost(h))
	}
	missing := c.missing()
	if len(c.Host) > 0 {
		in.Watch = hosts.watch
	}
	scopes, ungranted, err := loadScopes(c.Scope, &c.scopeFlags)
	if err != nil {
		return err
	}
	if len(scopes) > 0 {
		in.Scope = scopes
	}
	in.Channels, in.Digest = set.channels, !c.NoHash
	costs := newCosts(c.ProfileRules, set.set)
	in.Profile = costs.profile()
	found, coverage, err := engine.Hunt(s.ctx, in, set.set, wanted)
	stop()
	if found == nil {
		return err
	}
	defer func() { _ = found.Close() }()
	c.narrow(&found.Result)
	coverage.Unmet = slices.Concat(ungranted, hosts.unmet(), c.unmet(coverage), hush.unmet(c.Suppress, set), lateIndicators(lists), levels.unmet)
	coverage.Rejected, coverage.Noted = set.rejected, set.set.Notes()
	coverage.RuleSets, coverage.Bare = set.sets, set.bare(coverage)
	coverage.Digests = slices.Concat(coverage.Digests, set.digests, hush.digests, levels.digests)
	coverage.LoadCPU = after - before
	coverage.Wall = time.Since(began)
	coverage.CPU, coverage.PeakRSS = usage()

	h := &report.Hunt{Matches: found, Campaigns: found.Campaigns, Attempts: found.Attempts, Tried: found.Tried, Aside: found.Aside, Principals: found.Principals, Names: c.Names, Coverage: coverage, Version: version(), Made: began}
	h = report.Private(h, report.Privacy{FeaturesOnly: c.FeaturesOnly, Redact: set.know.Redact})
	if err := c.shape(h, places); err != nil {
		return err
	}
	if c.Pseudonymise {
		if err := c.pseudonymise(s, h); err != nil {
			return err
		}
	}
	w := bufio.NewWriterSize(to.report, 1<<16)
	if err := c.writeReport(w, h, format, s); err != nil {
		return err
	}
	if err := cmp.Or(found.Err(), w.Flush()); err != nil {
		return err
	}
	if err := to.report.keep(); err != nil {
		return err
	}
	if err := writePivots(to.pivot, c.Pivot, found, s); err != nil {
		return err
	}
	if err := costs.write(to.profile); err != nil {
		return err
	}
	if !c.Quiet && (format != "text" || c.Output != "") {
		if err := report.Text(s.err, h, textOptions(s.err, c.Full)); err != nil {
			return err
		}
	}
	if err := found.Err(); err != nil {
		return err
	}
	if suppressed > 0 && !c.Quiet {
		fmt.Fprintf(s.err, "%d matches suppressed by %s\n", suppressed, c.Suppress)
	}
	if c.Stats != "" {
		if err := writeStats(to.stats, h, found.Rules(), suppressed, began); err != nil {
			return err
		}
	}
	if err := c.ended(s, coverage, missing); err != nil {
		return err
	}
	if fails.any(found) {
		return errFound
	}
	return nil
}

// sameName says that two paths of files to be written are one, in a file system where case may not matter.
func sameName(a, b string) bool {
	a, err := filepath.Abs(a)
	b, err2 := filepath.Abs(b)
	return err == nil && err2 == nil && strings.EqualFold(a, b)
}

func (c *huntCmd) writeReport(w io.Writer, h *report.Hunt, format string, s std) error {
	switch format {
	case "jsonl":
		return report.JSONL(w, h)
	case "csv":
		return report.CSV(w, h)
	case "html":
		return report.HTML(w, h, c.Lang)
	case "ocsf":
		return report.OCSF(w, h)
	case "navigator":
		return report.Navigator(w, h)
	case "stix":
		return report.STIX(w, h)
	case "markdown":
		return report.Incident(w, h, c.Lang)
	case "incident":
		return report.IncidentHTML(w, h, c.Lang)
	case "nis2-24h", "nis2-72h":
		return report.Notification(w, h, nil, report.Notice{Stage: strings.TrimPrefix(format, "nis2-"), Lang: c.Lang})
	}
	var to any = w // a file, unless it is standard output
	if c.Output == "" || c.Output == "-" {
		to = s.out
	}
	return report.Text(w, h, textOptions(to, c.Full))
}

// nothingRead is an error if no file at all could be read: an empty report must not pass for a clean one.
func nothingRead(c *tocsin.Coverage, paths []string) error {
	why := ": an empty folder"
	if len(c.Faults) > 0 { // an archive of which nothing could be listed
		why = ": " + c.Faults[0].Error()
	}
	for i, f := range c.Files {
		if f.Skipped == "" {
			return nil
		}
		if i == 0 {
			why = fmt.Sprintf(": %s: %s", f.Path, f.Skipped)
		}
	}
	return fmt.Errorf("nothing could be read at %s%s", strings.Join(paths, " "), why)
}

// color says whether to colour text for w: a terminal, unless NO_COLOR (https://no-color.org) is set.
func color(w any) bool { return isTerminal(w) && os.Getenv("NO_COLOR") == "" }

// endings tell a format by how a file is named; the first of those that a command has counts.
var endings = []struct{ ending, format string }{
	{".txt", "text"}, {".text", "text"}, {".jsonl", "jsonl"}, {".ndjson", "jsonl"}, {".json", "json"}, {".csv", "csv"},
	{".html", "html"}, {".htm", "html"}, {".html", "incident"}, {".htm", "incident"}, {".md", "markdown"},
}

// reportFormat is the format asked for, told by the output's name, or the usual one.
func reportFormat(format, output, usual string, known []string) (string, error) {
	if format != "" {
		if !slices.Contains(known, format) {
			return "", fmt.Errorf("--format %s: no such format; there are: %s", format, strings.Join(known, " "))
		}
		return format, nil
	}
	ext := strings.ToLower(filepath.Ext(output))
	if ext == "" || output == "-" {
		return usual, nil
	}
	var there []string
	for _, e := range endings {
		if !slices.Contains(known, e.format) {
			continue
		}
		if e.ending == ext {
			return e.format, nil
		}
		if !slices.Contains(there, e.ending) {
			there = append(there, e.ending)
		}
	}
	return "", fmt.Errorf("--output %s: the ending %s tells no format; known are %s; or give --format: %s", output, ext, strings.Join(there, " "), strings.Join(known, " "))
}

func writeStats(to *output, h *report.Hunt, rules map[*tocsin.Rule]int, suppressed int, began time.Time) error {
	c := h.Coverage
	st := stats{Bytes: c.Bytes, Events: c.Events, Faults: c.FaultN, Timeless: c.Timeless, StampsStruck: c.Doubted, RulesLoaded: c.Rules, RulesRejected: len(c.Rejected),
		Matches: h.Matches.Len(), DistinctRules: len(rules), Campaigns: len(h.Campaigns), Attempts: h.Attempts, Suppressed: suppressed, LoadCPUSeconds: c.LoadCPU.Seconds()}
	st.Outside, st.Unmet, st.Partial, st.LetGo = c.Outside, c.Unmet, c.Partial, []letGo{}
	for _, g := range c.LetGo {
		st.LetGo = append(st.LetGo, letGo{g.Kind, g.N, known(g.From), known(g.To), g.Why})
	}
	for _, f := range c.Files {
		if f.Skipped == "" {
			st.FilesRead++
		} else {
			st.FilesSkipped++
		}
	}
	cpu, rss := usage()
	st.CPUSeconds, st.PeakRSSBytes, st.WallSeconds = cpu.Seconds(), rss, time.Since(began).Seconds()
	data, err := json.MarshalIndent(st, "", "  ")
	if err != nil {
		return err
	}
	if _, err := to.Write(append(data, '\n')); err != nil {
		return fmt.Errorf("--stats: %w", err)
	}
	return to.keep()
}

// known is a time, nil where it is not known or JSON has no form for it.
func known(t time.Time) *time.Time {
	if t = t.UTC(); t.IsZero() || t.Year() < 0 || t.Year() > 9999 {
		return nil
	}
	return &t
}

// filter makes the test that the report flags ask for; nil keeps all.
func (c *huntCmd) filter() (func(*tocsin.Match) bool, error) {
	least, err := tocsin.ParseLevel(c.MinLevel)
	if err != nil {
		return nil, fmt.Errorf("--min-level: %w", err)
	}
	var levels []tocsin.Level
	for _, l := range c.Level {
		v, err := tocsin.ParseLevel(l)
		if err != nil {
			return nil, fmt.Errorf("--level: %w", err)
		}
		levels = append(levels, v)
	}
	if least == tocsin.Unrated && len(levels)+len(c.Tag)+len(c.Rule)+len(c.ExcludeRule)+len(c.Host) == 0 {
		return nil, nil
	}
	return func(m *tocsin.Match) bool {
		r := m.Rule
		return r.Level >= least &&
			(len(levels) == 0 || slices.Contains(levels, r.Level)) &&
			(len(c.Tag) == 0 || slices.ContainsFunc(c.Tag, func(t string) bool { return tagged(r.Tags, t) })) &&
			(len(c.Rule) == 0 || slices.ContainsFunc(c.Rule, func(n string) bool { return named(r, n) })) &&
			!slices.ContainsFunc(c.ExcludeRule, func(n string) bool { return named(r, n) }) &&
			anyHost(c.Host, m.Event.Host)
	}, nil
}

// narrow leaves of campaigns, and of what is in none, what the report flags ask for: levels and hosts. Who asks for
// rules or tags wants matches only.
func (c *huntCmd) narrow(r *campaign.Result) {
	if len(c.Tag)+len(c.Rule) > 0 {
		*r = campaign.Result{}
		return
	}
	least, _ := tocsin.ParseLevel(c.MinLevel) // checked by filter
	wanted := func(l tocsin.Level) bool {
		return l >= least && (len(c.Level) == 0 || slices.Contains(c.Level, l.String()))
	}
	here := func(host string) bool { return anyHost(c.Host, host) }
	r.Campaigns = slices.DeleteFunc(r.Campaigns, func(x *tocsin.Campaign) bool {
		return !wanted(x.Level) || !slices.ContainsFunc(x.Victims, func(v tocsin.Victim) bool { return here(v.Value) }) && len(c.Host) > 0
	})
	r.Aside = slices.DeleteFunc(r.Aside, func(x tocsin.Aside) bool { return !wanted(x.Level) || !here(x.Host) })
}

// tagged says whether tags hold tag or one below it: attack.t1110 has attack.t1110.001 below it. A technique's tag also means
// the ids that it stands for or that stand for it.
func tagged(tags []string, tag string) bool {
	tag = strings.ToLower(tag)
	now := currentTag(tag)
	return slices.ContainsFunc(tags, func(t string) bool {
		t = strings.ToLower(t)
		return t == tag || strings.HasPrefix(t, tag+".") || currentTag(t) == now || strings.HasPrefix(currentTag(t), now+".")
	})
}

// currentTag is a tag with the id by which ATT&CK now knows its technique.
func currentTag(tag string) string {
	if id, ok := strings.CutPrefix(tag, "attack."); ok {
		if now, ok := tocsin.Technique(id); ok {
			return "attack." + strings.ToLower(now)
		}
	}
	return tag
}

// named says whether a user's word for a rule means r.
func named(r *tocsin.Rule, name string) bool {
	return name != "" && (strings.EqualFold(r.ID, name) || strings.EqualFold(r.Title, name) || strings.EqualFold(r.Name, name))
}

// explain looks for one event and says what it means, or of one rule what held.
func (c *huntCmd) explain(s std) error {
	if len(c.Explain) > 2 {
		return errors.New("--explain takes one or two words: --explain SOURCE:RECORD --explain RULE")
	}
	var at tocsin.Place
	if err := at.UnmarshalText([]byte(c.Explain[0])); err != nil {
		return fmt.Errorf("--explain %w", err)
	}
	in, err := c.input(s)
	if err != nil {
		return err
	}
	set, err := c.load()
	if err != nil {
		return err
	}
	if row := set.channel(cmp.Or(c.second(), " ")); row != nil {
		return explainChannel(s, in, row, at)
	}
	if len(c.Explain) == 1 || set.knows(c.Explain[1]) {
		return c.meaning(s, in, set, at, c.second())
	}
	rule := slices.IndexFunc(set.set.Rules(), func(r *sigma.Rule) bool { return named(&r.Rule, c.Explain[1]) })
	if rule < 0 {
		for _, f := range set.rejected {
			if strings.EqualFold(f.Rule, c.Explain[1]) {
				return fmt.Errorf("that rule was rejected: %w", f)
			}
		}
		return fmt.Errorf("no rule has the id or title %q; tocsin rules list shows them", c.Explain[1])
	}
	if r := set.set.Rules()[rule]; r.Correlation != nil {
		return fmt.Errorf("%q is a correlation (%s), which no one event makes hold; explain a rule that it counts: %s",
			r.Title, r.Correlation.Type, strings.Join(r.Correlation.Rules, ", "))
	}
	in.Workers = 1
	n := 0
	_, err = engine.Read(s.ctx, in, func(int) engine.Desk {
		return engine.DeskFunc(func(ev *tocsin.Event) {
			if ev.Source == at.Source && ev.Record == at.Record {
				n++
				fmt.Fprint(s.out, explainText(set.set, rule, ev))
			}
		})
	})
	if err == nil && n == 0 {
		err = fmt.Errorf("no event %s in the input", at)
	}
	return err
}

// second is the second word of --explain, or "".
func (c *huntCmd) second() string {
	if len(c.Explain) < 2 {
		return ""
	}
	return c.Explain[1]
}

// meaning says what an event means, row by row; with the name of a row only what that says.
func (c *huntCmd) meaning(s std, in engine.Input, set *ruleset, at tocsin.Place, row string) error {
	in.Workers = 1
	n, told := 0, 0
	reader := action.NewReader(nil, set.know)
	_, err := engine.Read(s.ctx, in, func(int) engine.Desk {
		return engine.DeskFunc(func(ev *tocsin.Event) {
			if ev.Source != at.Source || ev.Record != at.Record {
				return
			}
			n++
			reader.Read(ev, nil, func(a *tocsin.Action) {
				if row == "" || a.Row != nil && named(a.Row, row) {
					told++
					fmt.Fprint(s.out, meaningText(a))
				}
			})
		})
	})
	switch {
	case err != nil:
	case n == 0:
		err = fmt.Errorf("no event %s in the input", at)
	case told == 0 && row == "":
		fmt.Fprintf(s.out, "%s means nothing by itself: no action is read from it\n", report.Visible(at.String()))
	case told == 0:
		fmt.Fprintf(s.out, "%s is not told by %s; without it, --explain %s says what is\n", report.Visible(at.String()), report.Visible(row), report.Visible(at.String()))
	}
	return err
}

// meaningText shows an action and the row that says so.
func meaningText(a *tocsin.Action) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %s, %s: %s\n", a.Verb, cmp.Or(a.Tactic, "ordinary use"), cmp.Or(a.Technique, "-"), a.Level, a.Outcome)
	fmt.Fprintf(&b, "  %s\n", report.Visible(a.Text))
	if r := a.Row; r != nil {
		fmt.Fprintf(&b, "  said by %s (%s), %s:%d\n  %s\n", report.Visible(r.ID), report.Visible(r.Title), report.Visible(r.File), r.Line, report.Visible(r.Description))
	} else {
		b.WriteString("  said by the record itself; no row of knowledge says more\n")
	}
	return b.String()
}

// explainChannel judges the channels of the input by one row, and shows the numbers of those of which an event is part.
func explainChannel(s std, in engine.Input, row *tocsin.Rule, at tocsin.Place) error {
	set, _ := sigma.Compile(nil, sigma.Options{})
	in.Channels = []*tocsin.Rule{row}
	found, _, err := engine.Hunt(s.ctx, in, set, nil)
	if found != nil {
		defer func() { _ = found.Close() }()
	}
	if err != nil {
		return err
	}
	n := 0
	for m := range found.All(true) {
		if !slices.ContainsFunc(m.Series, func(p tocsin.Place) bool { return p.Source == at.Source && p.Record == at.Record }) {
			continue
		}
		n++
		fmt.Fprintf(s.out, "%s (%s)\n%s is one of the places of:\n", report.Visible(row.Title), report.Visible(row.ID), report.Visible(at.String()))
		for _, f := range slices.Concat(m.Event.Fields, m.Held) {
			fmt.Fprintf(s.out, "  %s: %s\n", report.Visible(f.Name), report.Visible(f.Value))
		}
	}
	if n == 0 {
		fmt.Fprintf(s.out, "%s (%s)\nholds for no connections or lookups of which %s is one: %s\n", report.Visible(row.Title), report.Visible(row.ID), report.Visible(at.String()), report.Visible(row.Description))
	}
	return found.Err()
}

// explainText shows, for one event, the tests of one rule with what each found.
func explainText(set *sigma.Set, rule int, ev *tocsin.Event) string {
	var b strings.Builder
	r := set.Rules()[rule]
	fmt.Fprintf(&b, "%s (%s)\n%s\n", report.Visible(r.Title), report.Visible(r.ID), report.Visible(ev.Place().String()))
	for _, line := range strings.SplitAfter(sigma.ExplainText(set.Explain(ev, rule)), "\n") {
		b.WriteString(report.Visible(strings.TrimSuffix(line, "\n")))
		if strings.HasSuffix(line, "\n") {
			b.WriteByte('\n')
		}
	}
	return b.String()
}
