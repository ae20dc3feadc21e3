package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/engine"
	"github.com/tocsin-ids/tocsin/report"
	"github.com/tocsin-ids/tocsin/sigma"
)

// runRules are the rules of a run with what belongs to them.
type runRules struct {
	*ruleset
	input engine.Input
	hash  string
	by    map[[2]string]*tocsin.Rule // by id and title
}

// rule gives one by its id and title.
func (r *runRules) rule(id, title string) *tocsin.Rule { return r.by[[2]string{id, title}] }

// loadRunRules loads the rules that a configuration names.
func loadRunRules(cfg *Config, without map[string]bool) (*runRules, error) {
	f := ruleFlags{without: without, Rules: cfg.Rules.Paths, NoBuiltin: cfg.Rules.NoBuiltin, NoInstalled: cfg.Rules.NoInstalled, Status: cfg.Rules.Status}
	set, err := f.load()
	if err != nil {
		return nil, err
	}
	hush, err := loadSuppressions(cfg.Rules.Suppress)
	if err != nil {
		return nil, err
	}
	levels, err := loadLevels(cfg.Rules.Levels)
	if err != nil {
		return nil, err
	}
	levels.apply(set)
	h := huntCmd{IOC: cfg.Rules.IOC}
	lists, err := h.indicators(set)
	if err != nil {
		return nil, err
	}
	r := &runRules{ruleset: set, by: map[[2]string]*tocsin.Rule{}}
	r.input = engine.Input{Knowledge: set.know, Findings: set.findings, Channels: set.channels}
	if lists != nil {
		r.input.Listed = lists
	}
	r.input.Known = hush.matches
	flags := scopeFlags{AllowedSigners: cfg.Scope.AllowedSigners}
	scopes, unmet, err := loadScopes(cfg.Scope.Records, &flags)
	if err != nil {
		return nil, err
	}
	for _, u := range unmet {
		return nil, fmt.Errorf("%s: %s", u.Filter, u.There)
	}
	if len(scopes) > 0 {
		r.input.Scope = scopes
	}
	for _, x := range set.told() {
		r.by[[2]string{x.ID, x.Title}] = x
	}
	for _, x := range set.know.Rules() {
		r.by[[2]string{x.ID, x.Title}] = x
	}
	var sums []string
	for _, d := range slices.Concat(set.digests, hush.digests, levels.digests) {
		sums = append(sums, d.SHA256)
	}
	r.hash = strings.Join(sums, " ")
	set.files = nil
	return r, nil
}

// reloads reads rules and settings anew when they change or SIGHUP asks for it.
func (v *service) reloads(ctx context.Context) {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGHUP)
	defer signal.Stop(asked)
	look := time.NewTicker(5 * time.Second)
	defer look.Stop()
	was := v.stamps()
	for {
		select {
		case <-ctx.Done():
			return
		case <-asked:
		case <-look.C:
			if v.stamps() == was {
				if v.dear() {
					v.reload()
				}
				continue
			}
		}
		was = v.stamps()
		v.aside.Store(nil) // what was changed is tried again
		v.endOf("rule")
		v.reload()
	}
}

// stamps tells the state of the files that rules and settings are read from.
func (v *service) stamps() string {
	var b strings.Builder
	c := v.config()
	paths := slices.Concat([]string{c.file, c.Rules.Suppress, c.Rules.Levels, c.Scope.AllowedSigners}, c.Rules.Paths, c.Rules.IOC, c.Scope.Records)
	for _, p := range paths {
		if p == "" {
			continue
		}
		n := 0
		_ = filepath.WalkDir(p, func(path string, d os.DirEntry, err error) error {
			if n++; err != nil || n > 20_000 {
				return filepath.SkipAll
			}
			if st, err := d.Info(); err == nil && !d.IsDir() {
				fmt.Fprintln(&b, path, st.Size(), st.ModTime().UnixNano())
			}
			return nil
		})
	}
	return b.String()
}

// reload takes rules and settings anew. Where they cannot be used those at hand stay.
func (v *service) reload() {
	cfg := v.config()
	if cfg.file != "" {
		now, err := v.command.configure() // flags win over it
		if err != nil {
			v.log.Error("the configuration is not used; the one at hand stays", "error", err.Error())
			v.raise("configuration", cfg.file, err.Error())
			return
		}
		if now.empty && !cfg.empty { // as while an editor writes it
			err := fmt.Errorf("--config %s: nothing stands in it; to take all settings back, write {}", cfg.file)
			v.log.Error("the configuration is not used; the one at hand stays", "error", err.Error())
			v.raise("configuration", cfg.file, err.Error())
			return
		}
		next, left := cfg.renewed(now)
		cfg = next
		if len(left) == 0 {
			v.clear("configuration", "restart")
		} else {
			v.log.Warn("settings were changed that take a restart", "settings", strings.Join(left, ", "))
			v.raise("configuration", "restart", "changed since the start, and taken at the next one: "+strings.Join(left, ", "))
		}
	}
	rules, err := loadRunRules(cfg, v.putAside())
	if err != nil {
		v.log.Error("the rules are not used; those at hand stay", "error", err.Error())
		v.raise("configuration", "rules", err.Error())
		return
	}
	v.settings.Store(cfg)
	old := v.rules.Swap(rules)
	v.live.SetRules(v.judging(), rules.set, rules.hash)
	v.keep.follow(v.policy())
	v.sayRejected(old.rejected, rules.rejected)
	v.clear("configuration", cfg.file)
	v.log.Info("rules and settings were read anew", "rules", len(rules.set.Rules()), "before", len(old.set.Rules()), "rejected", len(rules.rejected))
}

// renewed is the configuration with what of a newer one is taken while a run goes on, and the settings that differ and take a restart:
// sources, listeners, routes.
func (c *Config) renewed(now *Config) (next *Config, left []string) {
	next = new(Config)
	*next = *c
	next.Rules, next.Scope, next.Lang = now.Rules, now.Scope, now.Lang
	next.Alerts.Level, next.Alerts.Every, next.Alerts.Past = now.Alerts.Level, now.Alerts.Every, now.Alerts.Past
	next.Archive.Age, next.Archive.Size, next.Retention = now.Archive.Age, now.Archive.Size, now.Retention
	a, b := reflect.ValueOf(next).Elem(), reflect.ValueOf(now).Elem()
	for i := range a.NumField() {
		if name := a.Type().Field(i).Tag.Get("yaml"); name != "" && !reflect.DeepEqual(a.Field(i).Interface(), b.Field(i).Interface()) {
			left = append(left, name)
		}
	}
	return next, left
}

// judging is how the run judges by the rules and settings at hand.
func (v *service) judging() engine.Input {
	in, cfg := v.rules.Load().input, v.config()
	in.Horizon = cfg.Horizon.or(7 * 24 * time.Hour)
	if v.replay && cfg.Horizon == 0 {
		in.Horizon = 0
	}
	return in
}

// sayRejected says which rules are no longer used since they were read anew. Those that could not be used at the start were
// said then.
func (v *service) sayRejected(old, now []*tocsin.Fault) {
	known := map[string]bool{}
	for _, f := range old {
		known[f.Error()] = true
	}
	var lost []string
	for _, f := range now {
		why := f.Error()
		if !known[why] {
			v.log.Warn("a rule is not used", "why", why)
		}
		if !v.rejected[why] {
			lost = append(lost, why)
		}
	}
	if len(lost) == 0 {
		v.clear("configuration", "rules")
		return
	}
	text := "not used since rules were read anew: " + strings.Join(lost[:min(len(lost), mostLostSaid)], "; ")
	if more := len(lost) - mostLostSaid; more > 0 {
		text += fmt.Sprintf("; and %d more", more)
	}
	v.raise("configuration", "rules", report.Visible(text))
}

// mostLostSaid is how many rules that are not used an incident names.
const mostLostSaid = 5

// putAside are the ids of rules that are put aside.
func (v *service) putAside() map[string]bool {
	if p := v.aside.Load(); p != nil {
		return *p
	}
	return nil
}

// compiled is the set of rules at hand.
func (v *service) compiled() *sigma.Set { return v.rules.Load().set }
