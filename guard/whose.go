package guard

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// A principal is whom an agent works for, and all its sessions.
type principal struct {
	name, by string // by says what names it: account, repository, session
	sessions []*session
}

// principals are those behind the sessions: the account where a record names it, else the repository and the user of the
// operating system that a session's folder tells, else the session with its sub-agents. Where one account only works in a repository
// of a user, what is done there and names none is its work. Names that clients give join
// sessions and never split them: a session is one principal's, whatever else it is called. links are sessions that have a call
// in common.
func (b *Book) principals(sessions map[string]*session, links [][2]*session) []*principal {
	runs := groups{} // of sessions that go on from or were started by others
	accounts := groups{}
	ids := slices.Sorted(maps.Keys(sessions))
	for _, id := range ids {
		if parent := sessions[id].parent; parent != "" {
			runs.join(id, parent)
		}
	}
	for _, l := range links {
		runs.join(l[0].id, l[1].id)
		if l[0].principal != "" && l[1].principal != "" {
			accounts.least(l[0].principal, l[1].principal)
		}
	}
	for k := range b.alias {
		accounts.least(k[0], k[1])
	}
	type head struct{ principal, run, folder string }
	heads := map[string]*head{}
	for _, id := range ids {
		x := sessions[id]
		r := runs.of(id)
		h := heads[r]
		if h == nil {
			h = &head{}
			heads[r] = h
		}
		if x.principal != "" {
			keep(&h.principal, accounts.of(x.principal))
		}
		keep(&h.run, x.run)
		if id == r || h.folder == "" {
			h.folder = x.folder
		}
	}
	works := map[string]string{} // by place: the account that works there, empty for several
	for _, h := range heads {
		if place := workplace(h.folder); place != "" && h.principal != "" {
			if other, ok := works[place]; ok && other != h.principal {
				works[place] = ""
			} else {
				works[place] = h.principal
			}
		}
	}
	all := map[string]*principal{}
	for _, id := range ids {
		r := runs.of(id)
		h := heads[r]
		p := principal{name: r, by: "session"}
		switch place := workplace(h.folder); {
		case h.principal != "":
			p.name, p.by = h.principal, "account"
		case works[place] != "":
			p.name, p.by = works[place], "account"
		case place != "":
			p.name, p.by = place, "repository"
		case h.run != "":
			p.name, p.by = h.run, "run"
		}
		key := p.by + "\x00" + p.name
		if all[key] == nil {
			all[key] = &p
		}
		all[key].sessions = append(all[key].sessions, sessions[id])
	}
	out := make([]*principal, 0, len(all))
	for _, p := range all {
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b *principal) int { return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.by, b.by)) })
	return out
}

// Groups are names that are of one thing, each by the one that stands for all of them.
type groups map[string]string

func (g groups) of(name string) string {
	for {
		up, ok := g[name]
		if !ok {
			return name
		}
		if over, ok := g[up]; ok {
			g[name] = over // the way is shorter next time
		}
		name = up
	}
}

// join puts a name and all of its group under another one's.
func (g groups) join(name, under string) {
	if a, b := g.of(name), g.of(under); a != b {
		g[a] = b
	}
}

// least puts two names into one group, which goes by the least of its names.
func (g groups) least(one, other string) {
	a, b := g.of(one), g.of(other)
	if a < b {
		a, b = b, a
	}
	g.join(a, b)
}

// workplace is the user of the operating system and the repository that a folder tells: what lies in somebody's home. Folders
// of containers, which many have alike, and homes themselves tell nothing.
func workplace(folder string) string {
	f := strings.ReplaceAll(folder, `\`, "/")
	if len(f) > 2 && f[1] == ':' {
		f = f[2:]
	}
	part := strings.Split(strings.Trim(f, "/"), "/")
	if len(part) < 3 || !slices.Contains([]string{"home", "users"}, strings.ToLower(part[0])) {
		return ""
	}
	switch strings.ToLower(part[1]) {
	case "user", "ubuntu", "agent", "runner", "root", "node", "vscode", "coder", "sandbox", "app", "dev", "admin", "claude", "codex", "shared", "public":
		return "" // of images that many use
	}
	for i, p := range part { // a worktree of a repository is of it
		if p == ".worktrees" || p == ".claude" || p == ".git" {
			part = part[:max(i, 3)]
			break
		}
	}
	return "/" + strings.Join(part, "/")
}
