package campaign

import (
	"slices"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

const maxFootholds = 24 // of a campaign

// footholds says what kind of way back a technique of ATT&CK lays, the narrower before the wider.
var footholds = []struct{ technique, kind string }{
	{"T1136", "account"}, {"T1098.004", "key"}, {"T1098.001", "credential"}, {"T1098.005", "login"}, {"T1098.002", "policy"}, {"T1098.003", "policy"},
	{"T1098.006", "policy"}, {"T1098.007", "policy"}, {"T1098", "changed"},
	{"T1053.003", "cron"}, {"T1053.005", "task"}, {"T1053.006", "timer"}, {"T1053.007", "job"}, {"T1053", "task"},
	{"T1543.005", "workload"}, {"T1543", "service"}, {"T1610", "workload"}, {"T1505", "webshell"}, {"T1547", "autostart"}, {"T1037", "autostart"},
	{"T1546", "trigger"}, {"T1556", "login"}, {"T1484", "policy"}, {"T1574", "hijack"}, {"T1525", "image"}, {"T1133", "remote"}, {"T1219", "remote"},
}

// footholdKind is the kind of way back that a deed lays, "" for none: what lists, reads, tries or takes away lays none.
func footholdKind(d *tocsin.Deed) string {
	switch d.Verb {
	case "delete", "list", "read", "stop", "scan", "probe", "login", "logout", "resolve":
		return ""
	}
	for _, f := range footholds {
		if of3(d, f.technique) {
			return f.kind
		}
	}
	if d.Tactic == "persistence" {
		return "other"
	}
	return ""
}

// lays says that a deed is telling enough to be told as one that laid a way back.
func lays(d *tocsin.Deed) bool {
	switch kind := footholdKind(d); kind {
	case "":
		return false
	case "account", "key", "credential":
		return kind != "account" || makesAccount(d)
	}
	return d.Level >= tocsin.Medium || d.Weight >= Least
}

// footholds lists the ways to come back that the campaign laid, each once, in order of time.
func (s *story) footholds() {
	told := map[*tocsin.Deed]bool{}
	names := map[string]bool{}
	var all []tocsin.Foothold
	for i, d := range s.all {
		kind := footholdKind(d)
		if d.N == 0 || told[d] || !lays(d) || !s.happened(d) || !s.firm(d) {
			continue
		}
		group := s.likes(&keyKind{kind: kind, most: maxFootholds, fits: func(_ *story, x *tocsin.Deed) bool { return lays(x) && footholdKind(x) == kind }}, i)
		for _, x := range group {
			told[x] = true
		}
		best := s.lead(group)
		f := tocsin.Foothold{KeyEvent: *s.event(kind, best, group), Name: s.footholdName(kind, group)}
		key := kind + "\x00" + f.Host + "\x00" + plainAccount(f.Name)
		if f.Name == "" {
			key += f.What
		}
		if names[key] {
			continue
		}
		names[key] = true
		if len(all) == 4*maxFootholds { // some of these are parts of others
			s.omit("footholds", 1)
			continue
		}
		s.afterwards(&f, i)
		all = append(all, f)
	}
	for i := range all {
		switch {
		case slices.ContainsFunc(all, func(g tocsin.Foothold) bool { return toldBy(&all[i], &g) }):
		case len(s.c.Laid) == maxFootholds:
			s.omit("footholds", 1)
		default:
			s.c.Laid = append(s.c.Laid, all[i])
		}
	}
}

// toldBy says that another foothold tells of the same with more: a command of which the other is a part, a change of an account
// that the other made, a folder in which the other lies.
func toldBy(f, g *tocsin.Foothold) bool {
	if f.Host != g.Host || f.Time.Sub(g.Time).Abs() > alike || f.What == g.What && f.Name == g.Name {
		return false
	}
	switch {
	case strings.ContainsAny(f.What, ";&|") && len(f.What) > len(g.What) && partOf(f.What, g.What):
		return true
	case f.Kind == "changed" && g.Kind == "account":
		return f.Name == "" || plainAccount(f.Name) == plainAccount(g.Name)
	case f.Kind == g.Kind && f.Name != g.Name:
		return f.Name != "" && strings.HasPrefix(g.Name, strings.TrimSuffix(f.Name, "/")+"/")
	}
	return false
}

// footholdName is what was laid, by the first of its deeds that says so.
func (s *story) footholdName(kind string, group []*tocsin.Deed) string {
	if kind == "account" || kind == "credential" || kind == "policy" || kind == "changed" {
		if a := s.sameKey("account", group); kind == "account" && a != "" {
			for _, d := range group { // with its domain or machine, where one says it
				if full := s.account(d); plainAccount(full) == a && len(full) > len(a) {
					return full
				}
			}
			return a
		}
		for _, d := range group {
			if all := onOf(d, "user", "principal"); len(all) > 0 {
				return all[0].Value
			}
		}
		return ""
	}
	for _, d := range group {
		if all := onOf(d, "file"); len(all) == 1 {
			return all[0].Value
		}
	}
	for _, d := range group {
		if name := namedIn(kind, d.Text); name != "" {
			return name
		}
	}
	return ""
}

// nameFlags are the options of programs that lay a way back after which its name stands.
var nameFlags = []string{"/tn", "-taskname", "/v", "-name"}

// pathHints are what the paths of footholds of a kind hold: of a command line with several commands the others are other matters.
var pathHints = map[string][]string{
	"key": {".ssh/", "authorized_keys"}, "cron": {"cron"}, "service": {"systemd", "init.d", ".service", "launch"}, "timer": {"systemd", ".timer"}, "autostart": {"autostart", "profile", "rc", "init", "launch"},
}

// namedIn is what a command line lays, as far as it says so by an option or by the last path in it that fits the kind; "" else.
func namedIn(kind, line string) string {
	words := strings.Fields(line)
	name := ""
	for i, w := range words {
		for _, f := range nameFlags {
			if strings.EqualFold(w, f) && i+1 < len(words) {
				return strings.Trim(words[i+1], `"'`)
			}
		}
		if w = strings.Trim(w, `"';`); i > 0 && len(w) > 2 && w[0] == '/' && strings.Count(w, "/") > 1 && !strings.HasPrefix(w, "/dev/") && !strings.HasPrefix(w, "/bin/") && !strings.HasPrefix(w, "/usr/bin/") &&
			(pathHints[kind] == nil || slices.ContainsFunc(pathHints[kind], func(h string) bool { return strings.Contains(w, h) })) {
			name = w
		}
	}
	if len(words) > 3 && strings.HasPrefix(strings.ToLower(words[0][strings.LastIndexAny(words[0], `/\`)+1:]), "sc") && strings.EqualFold(words[1], "create") {
		return strings.Trim(words[2], `"`)
	}
	return name
}

// afterwards says of a foothold that the i-th deed laid whether it was used and whether it was removed, as far as the campaign's
// own acts show.
func (s *story) afterwards(f *tocsin.Foothold, i int) {
	name := strings.ToLower(f.Name)
	if name == "" {
		return
	}
	plain := plainAccount(name)
	is := func(all []tocsin.Entity, kinds ...string) bool {
		for _, e := range all {
			for _, k := range kinds {
				if v := strings.ToLower(e.Value); e.Kind == k && (v == name || (k != "file") && plainAccount(v) == plain) {
					return true
				}
			}
		}
		return false
	}
	for _, d := range s.all[i+1:] {
		if !s.happened(d) {
			continue
		}
		if f.Kind == "account" && d.Verb != "delete" && d.Time.After(f.Time) && (is(d.Who, "user", "principal") || d.Verb == "login" && is(d.On, "user", "principal")) {
			f.Used = later(f.Used, latest(d))
		}
		if d.Verb == "delete" && f.Removed.IsZero() && d.Time.After(f.Time) && (d.Host == "" || f.Host == "" || s.name(d.Host, d) == f.Host) && (is(d.On, "user", "principal", "file") || hasWord(strings.ToLower(d.Text), plain)) {
			f.Removed, f.RemovedAt = d.Time, d.Place
		}
	}
}

// latest is when the last of a run of deeds began.
func latest(d *tocsin.Deed) time.Time { return later(d.Time, d.Last) }
