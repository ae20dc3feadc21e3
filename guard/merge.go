package guard

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// Bounds of a Book, which else grows for as long as it is used.
const (
	mostSessions = 1 << 16
	mostCalls    = 1 << 17 // of a session; those that mean nothing go first
	mostOpen     = 4096    // sessions that a reader remembers between two calls of Take
)

// undatedFor is how long calls without times are kept, from when Forget was called first after the last of them.
const undatedFor = 7 * 24 * time.Hour

// Fork makes a reader's Book, which knows what it takes to judge the next call of each session: which secrets its results had
// shown, and where it works. It holds no calls.
func (b *Book) Fork() *Book {
	f := newBook(b.hash)
	for id, x := range b.sessions {
		if x.folder == "" && !x.taint.any() && len(x.taint.shown) == 0 {
			continue
		}
		y := f.session(id)
		y.folder, y.folderAt, y.taken = x.folder, x.folderAt, -1
		y.taint.words, y.taint.shown = maps.Clone(x.taint.words), maps.Clone(x.taint.shown)
	}
	return f
}

// Take gives what was noted since the last Take, for an owner to Merge, and leaves what it takes to judge the next call of each
// session.
func (b *Book) Take() *Book {
	out := newBook(b.hash)
	out.lost, b.lost = b.lost, 0
	out.alias, b.alias = b.alias, out.alias
	for id, x := range b.sessions {
		if x.taken < b.takes {
			continue
		}
		y := *x
		y.view, y.store, y.newTargets = nil, stored{}, nil
		y.taint = taint{hash: b.hash, fresh: x.taint.fresh}
		out.sessions[id] = &y
		*x = session{id: x.id, folder: x.folder, folderAt: x.folderAt, taint: x.taint, taken: x.taken, targets: map[string]bool{}, work: make([]int, len(trades))}
		x.taint.fresh = [2][]uint64{}
	}
	b.now, b.call, b.deeds = nil, nil, nil
	if b.takes++; len(b.sessions) > mostOpen {
		all := slices.SortedFunc(maps.Values(b.sessions), func(a, b *session) int { return cmp.Or(cmp.Compare(b.taken, a.taken), cmp.Compare(a.id, b.id)) })
		for _, x := range all[mostOpen/2:] {
			delete(b.sessions, x.id)
		}
	}
	return out
}

// Merge adds what another reader has noted, under the same key. It is not to be used afterwards.
func (b *Book) Merge(o *Book) {
	if o.hash != b.hash {
		panic("guard: Merge of a Book of another key")
	}
	b.lose(o.lost)
	b.judged.stale = true
	for id, y := range o.sessions {
		x := b.sessions[id]
		if x == nil {
			x = b.session(id)
		}
		x.changes()
		keep(&x.principal, y.principal)
		keep(&x.parent, y.parent)
		keep(&x.run, y.run)
		keep(&x.agent, y.agent)
		if y.folder != "" && (x.folder == "" || before(&y.folderAt, &x.folderAt)) {
			x.folder, x.folderAt = y.folder, y.folderAt
		}
		x.calls = append(x.calls, y.calls...)
		x.more += y.more
		x.letGo += y.letGo
		for i := range y.kept {
			n, most := &x.telling, mostTelling
			if y.kept[i].low {
				n, most = &x.low, mostLow
			}
			if *n == most {
				x.letGo++
				continue
			}
			*n++
			x.kept = append(x.kept, y.kept[i])
		}
		for t := range y.targets {
			x.goes(t)
		}
		for i, n := range y.work {
			x.work[i] += n
		}
		for _, v := range y.verdicts {
			x.addVerdict(v)
		}
		for among, all := range y.taint.fresh {
			for _, h := range all {
				x.taint.add(among, h)
			}
		}
	}
	for k := range o.alias {
		b.same(k[0], k[1])
	}
}

// lose counts calls that are not kept.
func (b *Book) lose(n int64) {
	if n > 0 {
		b.lost += n
		b.common.Change()
	}
}

// fewer lets go of sessions where there are too many. Each principal keeps as many as others, so that nobody's sessions drive out
// others'; of a principal, and of those who have no more to give, those go first that have fewer telling calls, then those that
// were called least recently.
func (b *Book) fewer() {
	type ranked struct {
		*session
		whose   string
		rank    int // among its principal's
		telling int
		last    int64
		hash    uint64
	}
	worth := func(x, y *ranked) int {
		return cmp.Or(cmp.Compare(y.telling, x.telling), cmp.Compare(min(1, len(y.kept)), min(1, len(x.kept))), cmp.Compare(y.last, x.last), cmp.Compare(x.hash, y.hash))
	}
	all := make([]ranked, 0, len(b.sessions))
	for _, x := range b.sessions {
		all = append(all, ranked{x, cmp.Or(x.principal, x.folder, x.run, x.parent, x.id), 0, x.telling + len(x.verdicts), x.last(), b.hash.of(x.id)})
	}
	slices.SortFunc(all, func(x, y ranked) int { return cmp.Or(strings.Compare(x.whose, y.whose), worth(&x, &y)) })
	for i := 1; i < len(all); i++ {
		if all[i].whose == all[i-1].whose {
			all[i].rank = all[i-1].rank + 1
		}
	}
	slices.SortFunc(all, func(x, y ranked) int { return cmp.Or(cmp.Compare(x.rank, y.rank), worth(&x, &y)) })
	var gone []*session
	for i := mostSessions; i < len(all); i++ {
		b.lose(int64(len(all[i].calls)))
		gone = append(gone, all[i].session)
	}
	b.leave(gone)
}

// leave lets go of sessions. Those that had calls in common with them are looked at anew.
func (b *Book) leave(all []*session) {
	if len(all) == 0 {
		return
	}
	roots := map[*session]bool{}
	for _, x := range all {
		delete(b.sessions, x.id)
		roots[b.calls.root(x)] = true
	}
	for _, x := range b.sessions {
		if roots[b.calls.root(x)] {
			x.view = nil
		}
	}
	b.calls, b.judged.stale = clusters{}, true
}

// last is when a session had its last call or verdict; 0 where no time is known.
func (x *session) last() int64 {
	last := int64(0)
	for i := range x.calls {
		last = max(last, x.calls[i].at)
	}
	for i := range x.verdicts {
		last = max(last, x.verdicts[i].at)
	}
	return last
}

// Forget lets go the sessions that had their last call before a time. Of those that go on, calls before it are only counted where
// they mean nothing. What a session without any time has is kept for a week after the last of it.
func (b *Book) Forget(beforeTime time.Time) {
	if beforeTime.IsZero() {
		return
	}
	at := beforeTime.UnixNano()
	used := map[string]bool{}
	var gone []*session
	for _, x := range b.sessions {
		last := x.last()
		if last == 0 && len(x.calls)+len(x.verdicts) > 0 {
			if n := len(x.calls) + len(x.verdicts); x.store.undated != n {
				x.store.undated, x.store.since = n, at
				x.store.change()
			}
			last = x.store.since + int64(undatedFor)
		}
		if last < at {
			gone = append(gone, x)
			continue
		}
		if x.thin(at) {
			b.judged.stale = true
		}
		used[x.principal] = true
	}
	b.leave(gone)
	for k := range b.alias {
		if !used[k[0]] && !used[k[1]] {
			delete(b.alias, k)
			b.common.Change()
			b.judged.stale = true
		}
	}
}

// thin lets go of calls that mean nothing: those before a time, and of more than there may be the first ones.
func (x *session) thin(at int64) bool {
	if !slices.ContainsFunc(x.calls, func(c noted) bool { return c.at != 0 && c.at < at }) && len(x.calls) <= mostCalls {
		return false
	}
	means := map[spot]bool{}
	for i := range x.kept {
		means[spot{x.kept[i].source, x.kept[i].record}] = true
	}
	excess := len(x.calls) - mostCalls
	slices.SortStableFunc(x.calls, func(a, b noted) int { return cmp.Or(cmp.Compare(a.at, b.at), a.compare(&b.stamp)) })
	n := len(x.calls)
	x.calls = slices.DeleteFunc(x.calls, func(c noted) bool {
		if means[spot{c.source, c.record}] || (c.at == 0 || c.at >= at) && excess <= 0 {
			return false
		}
		excess--
		return true
	})
	if n -= len(x.calls); n > 0 {
		x.more += n
		x.changes()
		x.store.anew()
	}
	return n > 0
}

// Rename gives acts the rules that ids and titles now have; nil is what they have. rule may be nil.
func (b *Book) Rename(rule func(id, title string) *tocsin.Rule) {
	if rule == nil {
		return
	}
	for _, x := range b.sessions {
		for i := range x.kept {
			acts := slices.Clone(x.kept[i].acts) // a view has the others
			for k := range acts {
				if r := acts[k].row; r != nil {
					if now := rule(r.ID, r.Title); now != nil {
						acts[k].row = now
					}
				}
			}
			x.kept[i].acts = acts
		}
		x.view = nil
	}
	b.judged.stale = true
}

// LetGo says what was not kept.
func (b *Book) LetGo() []tocsin.LetGo {
	n := b.lost
	for _, x := range b.sessions {
		n += int64(x.letGo)
	}
	if n == 0 {
		return nil
	}
	return []tocsin.LetGo{{Kind: "calls of agents", N: n, Why: "more sessions, or calls that mean something of one session, than are kept"}}
}
