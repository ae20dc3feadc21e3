package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/goccy/go-yaml"
	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/action"
	"github.com/tocsin-ids/tocsin/channel"
	"github.com/tocsin-ids/tocsin/decode"
	"github.com/tocsin-ids/tocsin/engine"
	"github.com/tocsin-ids/tocsin/rules"
	"github.com/tocsin-ids/tocsin/sigma"
	"github.com/tocsin-ids/tocsin/update"
)

// ruleFlags say which rules to use.
type ruleFlags struct {
	Rules     []string `help:"Folder, file or archive (zip, tar.gz) of Sigma rules (.yml) and of knowledge of what programs, calls and alerts mean (.knowledge); may be given more than once." placeholder:"DIR" sep:"none"`
	NoBuiltin bool     `help:"Leave out Tocsin's own rules, and findings by its knowledge."`

	NoInstalled bool `help:"Leave out the collection that tocsin rules update installed, so that results are the same on every machine. --rules leaves it out too."`

	Expand  string          `help:"YAML file of values for rules with |expand: a map from placeholder to list." placeholder:"FILE"`
	without map[string]bool // ids of rules that are left out

	pipelineFlags
	Status []string `help:"Use only rules of these statuses (stable, test, experimental, deprecated, unsupported)." placeholder:"STATUS"`
}

// ruleset is rules ready for use, and what of them is not.
type ruleset struct {
	set        *sigma.Set
	know       *action.Knowledge // Tocsin's own, and what the files hold besides
	given      int               // files of knowledge beside Tocsin's own
	findings   bool              // what knowledge says of events is a match
	rejected   []*tocsin.Fault
	channels   []*tocsin.Rule // rows by which channels are judged
	sets       []tocsin.RuleSet
	indicators []*tocsin.Rule  // of --ioc
	digests    []tocsin.Digest // of the rules and the files that flags named
	windows    bool            // a collection has rules for Windows
	files      []rules.File
	options    sigma.Options

	pipelines []*sigma.Pipeline
	rewritten int // rules that went through them
}

// parsed are the rules of the files, usable or not.
func (r *ruleset) parsed() []*sigma.Rule {
	all, _ := parseRules(r.files) // its faults are among the rejected
	return all
}

// loaded are the rules that can be used, and the rows by which channels are judged.
func (r *ruleset) loaded() []*tocsin.Rule {
	var all []*tocsin.Rule
	for _, x := range r.set.Rules() {
		all = append(all, &x.Rule)
	}
	return append(append(all, r.channels...), r.indicators...)
}

// channel is the row for channels that is called by this id or title, or nil.
func (r *ruleset) channel(name string) *tocsin.Rule {
	if i := slices.IndexFunc(r.channels, func(x *tocsin.Rule) bool { return named(x, name) }); i >= 0 {
		return r.channels[i]
	}
	return nil
}

// told are the rules that a match may be of: those that are loaded, and the rows of knowledge that are findings.
func (r *ruleset) told() []*tocsin.Rule {
	all := r.loaded()
	if r.findings {
		for _, x := range r.know.Rules() {
			if x.Level >= engine.FindingLevel {
				all = append(all, x)
			}
		}
	}
	return all
}

// has says that one of them is called by this id or title.
func (r *ruleset) has(name string) bool {
	return slices.ContainsFunc(r.told(), func(x *tocsin.Rule) bool { return named(x, name) })
}

// knows says that a row of knowledge is called by this id or title, whether or not it is a finding.
func (r *ruleset) knows(name string) bool {
	return slices.ContainsFunc(r.know.Rules(), func(x *tocsin.Rule) bool { return named(x, name) })
}

// ownRow says that a row of knowledge is Tocsin's own.
func ownRow(r *tocsin.Rule) bool { return strings.HasPrefix(r.File, "builtin/") }

// lint gives the files to the linter.
func (r *ruleset) lint() []sigma.File {
	out := make([]sigma.File, len(r.files))
	for i, f := range r.files {
		out[i] = sigma.File{Name: f.Path, Data: f.Data}
	}
	return out
}

// manyRules for Windows are worth preparing for Windows' logs before the first event comes.
const manyRules = 500

// statuses are those that Sigma knows.
var statuses = []string{"stable", "test", "experimental", "deprecated", "unsupported"}

// load reads and compiles the rules that the flags name.
func (f *ruleFlags) load() (_ *ruleset, err error) {
	for _, s := range f.Status {
		if !slices.Contains(statuses, s) {
			return nil, fmt.Errorf("--status %s: no such status; there are: %s", s, strings.Join(statuses, " "))
		}
	}
	var files []rules.File
	known := action.OwnKnowledge()
	var sets []tocsin.RuleSet
	out := &ruleset{findings: !f.NoBuiltin}
	if !f.NoBuiltin {
		own, err := rules.Files()
		if err != nil {
			return nil, err
		}
		files = own
		out.digests = append(out.digests, digestOf("rules", "own", slices.Concat(own, known)))
		sets = append(sets, tocsin.RuleSet{Kind: "own"})
	}
	paths := f.Rules
	installed, fault := f.installed()
	if installed != nil {
		paths = []string{installed.Path}
	}
	out.rejected = fault
	if !f.NoBuiltin {
		out.channels = slices.DeleteFunc(channel.Rules(), func(r *tocsin.Rule) bool { return len(f.Status) > 0 && !slices.Contains(f.Status, r.Status) })
	}
	for _, path := range paths {
		if installed != nil {
			sets = append(sets, *installed)
		} else {
			sets = append(sets, tocsin.RuleSet{Kind: "given", Path: path})
		}
		more, faults, err := readRules(path)
		if err != nil {
			return nil, err
		}
		if len(more) == 0 && len(faults) == 0 {
			return nil, fmt.Errorf("--rules %s: no .yml, .yaml or .knowledge file there", path)
		}
		files = append(files, more...)
		out.digests = append(out.digests, digestOf("rules", path, more))
		out.rejected = append(out.rejected, faults...)
	}
	files = slices.DeleteFunc(files, func(x rules.File) bool {
		if !isKnowledge(x.Path) {
			return false
		}
		known = append(known, x)
		out.given++
		return true
	})
	var unknown []*tocsin.Fault
	out.know, unknown = action.NewKnowledge(known...)
	out.rejected = append(out.rejected, unknown...)
	out.files = files
	parsed, faults := parseRules(files)
	for _, path := range paths {
		if license := licenseOf(path); license != "" {
			for _, r := range parsed {
				if r.License == "" && strings.HasPrefix(r.File, path) {
					r.License = license
				}
			}
		}
	}
	out.rejected = append(out.rejected, faults...)
	if len(f.Status) > 0 {
		parsed = slices.DeleteFunc(parsed, func(r *sigma.Rule) bool {
			return r.Filter == nil && !slices.Contains(f.Status, r.Status)
		})
	}
	parsed = slices.DeleteFunc(parsed, func(r *sigma.Rule) bool { return f.without[r.ID] })
	var opt sigma.Options
	if f.Expand != "" {
		data, err := os.ReadFile(f.Expand)
		if err != nil {
			return nil, fmt.Errorf("--expand: %w", err)
		}
		out.digests = append(out.digests, digestOfFile("expand", f.Expand, data))
		if err := yaml.Unmarshal(data, &opt.Expand); err != nil {
			return nil, fmt.Errorf("--expand %s: %w; write one list of values under each placeholder's name", f.Expand, err)
		}
	}
	if parsed, err = f.rewrite(parsed, out); err != nil {
		return nil, err
	}
	set, faults := sigma.Compile(parsed, opt)
	out.set, out.options = set, opt
	windows := 0
	for _, r := range set.Rules() {
		of := r.Source.Product == "windows"
		if of {
			windows++
		}
		for i := range sets {
			if s := &sets[i]; holds(s, r.File) {
				s.Rules++
				out.windows = out.windows || of && s.Kind != "own"
				break
			}
		}
	}
	out.sets = append(sets, out.pipelineSets()...)
	if windows >= manyRules {
		set.Prepare(decode.CommonSources()...)
	}
	out.rejected = append(out.rejected, faults...)
	return out, nil
}

// installed is the collection that tocsin rules update installed, or nil: where --rules names others, or none is wanted, or
// none is there. One that cannot be used is a fault.
func (f *ruleFlags) installed() (*tocsin.RuleSet, []*tocsin.Fault) {
	if f.NoInstalled || len(f.Rules) > 0 {
		return nil, nil
	}
	dir, err := update.Place()
	if err != nil {
		return nil, nil // no place, so nothing was installed there
	}
	v, err := update.Installed(dir)
	switch {
	case errors.Is(err, update.ErrNone):
		return nil, nil
	case err != nil:
		return nil, []*tocsin.Fault{{Err: err, Hint: "move it away and run tocsin rules update, or give --no-installed"}}
	}
	return &tocsin.RuleSet{Kind: "installed", Path: dir, From: v.From, Revision: cmp.Or(v.Release, v.SHA256[:min(12, len(v.SHA256))]), Date: v.Date}, nil
}

// holds says that a rule's file is one of a set's.
func holds(s *tocsin.RuleSet, file string) bool {
	if s.Path == "" {
		return strings.HasPrefix(file, "builtin/")
	}
	rest, ok := strings.CutPrefix(file, filepath.Clean(s.Path))
	if !ok {
		rest, ok = strings.CutPrefix(file, s.Path)
	}
	return ok && (rest == "" || strings.ContainsRune(`/\!`, rune(rest[0])) || strings.HasSuffix(s.Path, "/"))
}

// bare counts the events of Windows logs, if no collection has rules for them.
func (r *ruleset) bare(c *tocsin.Coverage) (n int64) {
	for _, s := range c.Sources {
		if s.Source.Product == "windows" && !r.windows {
			n += s.Events
		}
	}
	return n
}

// licenseOf is the licence of a folder of rules, for those that name none: SigmaHQ's, whose text lies in the folder or
// above it, asks that matches name the rules' authors. Any other licence is left to the rules to name.
func licenseOf(path string) string {
	dir := path
	for range 4 { // a collection's folders are not deeper
		names, _ := filepath.Glob(filepath.Join(dir, "LICENSE*"))
		for _, name := range names {
			if data, err := os.ReadFile(name); err == nil && strings.Contains(string(data), "Detection Rule License") {
				return "DRL-1.1"
			}
		}
		dir = filepath.Dir(dir)
	}
	return ""
}

// parseRules parses files on all processors; the rules keep the files' order.
func parseRules(files []rules.File) (all []*sigma.Rule, rejected []*tocsin.Fault) {
	type parsed struct {
		rules  []*sigma.Rule
		faults []*tocsin.Fault
	}
	out := make([]parsed, len(files))
	var wg sync.WaitGroup
	n := runtime.GOMAXPROCS(0)
	for w := range n {
		wg.Go(func() {
			for i := w; i < len(files); i += n {
				out[i].rules, out[i].faults = sigma.Parse(files[i].Path, files[i].Data)
			}
		})
	}
	wg.Wait()
	for _, p := range out {
		all = append(all, p.rules...)
		rejected = append(rejected, p.faults...)
	}
	return all, rejected
}

const maxRuleFile = 8 << 20 // bytes; the largest rule of SigmaHQ has 300 KiB

// readRules reads the rule files below a path, in order of their paths. A file that cannot be read is a fault, a path
// that is not there an error.
func readRules(path string) (files []rules.File, faults []*tocsin.Fault, err error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, nil, fmt.Errorf("--rules: %w", err)
	}
	if !st.IsDir() {
		if isYAML(path) || isKnowledge(path) {
			data, err := os.ReadFile(path)
			return []rules.File{{Path: path, Data: data}}, nil, err
		}
		return readRuleArchive(path)
	}
	err = filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			faults = append(faults, &tocsin.Fault{Source: p, Err: err, Hint: "the rules below it are not used"})
			if d != nil && d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if d.IsDir() {
			if p != path && strings.HasPrefix(d.Name(), ".") {
				return fs.SkipDir
			}
			return nil
		}
		if !isYAML(p) && !isKnowledge(p) {
			return nil
		}
		// A link to a file is followed; whatever is no regular file in the end (a FIFO, a device) would block or never end.
		st, err := os.Stat(p)
		if err == nil && !st.Mode().IsRegular() {
			if st.IsDir() {
				return nil
			}
			err = errors.New("not a regular file")
		}
		if err == nil && st.Size() > maxRuleFile {
			err = fmt.Errorf("%d bytes; a rule file may have %d", st.Size(), maxRuleFile)
		}
		var data []byte
		if err == nil {
			data, err = os.ReadFile(p)
		}
		if err != nil {
			faults = append(faults, &tocsin.Fault{Source: p, Err: err, Hint: "the rule is not used"})
			return nil
		}
		files = append(files, rules.File{Path: p, Data: data})
		return nil
	})
	return files, faults, err
}

func isKnowledge(path string) bool {
	return strings.EqualFold(filepath.Ext(path), action.KnowledgeEnd)
}

func isYAML(path string) bool {
	ext := strings.ToLower(filepath.Ext(path))
	return ext == ".yml" || ext == ".yaml"
}
