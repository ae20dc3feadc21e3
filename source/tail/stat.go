package tail

import (
	"cmp"
	"os"
	"slices"

	"github.com/tocsin-ids/tocsin/feed"
)

// The states of feed.Stat that files have.
const (
	following = "following"
	reading   = "reading"
	waiting   = "waiting"
	broken    = "broken"
)

// Stats are those of all files that are known, and of globs that name none. It looks at the size that each has now.
// Refused is always 0; Lost counts lines that were passed over for their length.
func (t *Tail) Stats() []feed.Stat {
	t.mu.Lock()
	all := make([]public, 0, len(t.files))
	for _, p := range t.files {
		all = append(all, p)
	}
	out := slices.Clone(t.faces)
	t.mu.Unlock()
	for _, p := range all {
		if p.sized {
			if info, err := os.Stat(p.path); err == nil && identify(p.path, info) == p.id {
				p.stat.Behind = max(0, info.Size()-p.offset)
			}
			if p.stat.State == following && p.stat.Behind > 0 {
				p.stat.State = reading
			}
		}
		out = append(out, p.stat)
	}
	slices.SortFunc(out, func(a, b feed.Stat) int { return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.ID, b.ID)) })
	return out
}

// publish shows Stats how it goes with s.
func (f *follower) publish(s *stream) {
	p := public{path: s.path, id: s.id, offset: s.offset, stat: feed.Stat{
		ID: s.origin.ID, Kind: "file", Path: s.origin.Path, Tenant: s.origin.Tenant,
		State: following, Read: s.read, Lost: s.lost, Last: s.last, Why: s.why,
	}}
	switch {
	case s.kind == packed:
		if !s.done {
			p.stat.State, p.stat.Behind = reading, -1
		}
	case s.kind == whole:
		p.stat.Behind = s.behindWhole()
	default:
		p.offset = s.offset
		if s.skipping {
			p.offset = s.scanned
		}
		p.stat.Behind = max(0, s.seenSize-p.offset)
		p.sized = s.gone.IsZero()
	}
	switch {
	case s.fault != "":
		p.stat.State, p.stat.Why = broken, s.fault
	case s.wait != "":
		p.stat.State, p.stat.Why = waiting, s.wait
	case !s.gone.IsZero():
		p.stat.State, p.stat.Why = waiting, "it is gone: waiting for what is still written to it, or for what it became"
	}
	f.mu.Lock()
	f.files[s] = p
	f.mu.Unlock()
}

// withdraw takes s from Stats.
func (f *follower) withdraw(s *stream) {
	f.mu.Lock()
	delete(f.files, s)
	f.mu.Unlock()
}

// face shows how it goes with globs: which name nothing, and what could not be read.
func (f *follower) face(w *walk) {
	var faces []feed.Stat
	named := map[*glob]bool{}
	for _, e := range w.found {
		named[e.glob] = true
	}
	for _, g := range f.globs {
		shut := under(g.pattern.text, w.failed)
		for dir := range w.failed {
			shut = shut || g.pattern.match(dir)
		}
		if !named[g] && !shut {
			faces = append(faces, feed.Stat{ID: "file:" + g.Pattern, Kind: "file", Path: g.Pattern, Tenant: g.Tenant, State: waiting, Why: "there is no such file yet"})
		}
	}
	dirs := make([]string, 0, len(w.failed))
	for dir := range w.failed {
		dirs = append(dirs, dir)
	}
	slices.Sort(dirs)
	for _, dir := range dirs {
		faces = append(faces, feed.Stat{ID: "file:" + dir, Kind: "file", Path: dir, State: broken, Why: explain(dir, w.failed[dir])})
	}
	if len(w.found) >= mostSeen {
		faces = append(faces, feed.Stat{ID: "file:", Kind: "file", State: broken, Why: "the patterns name more files than are followed (100000): name fewer"})
	}
	f.mu.Lock()
	f.faces = faces
	f.mu.Unlock()
}
