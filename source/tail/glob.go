package tail

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A pattern is a compiled glob: an absolute path in segments, where ** stands for any number of folders.
type pattern struct {
	text string
	root string   // the volume and what makes the path absolute
	segs []string // "**", a pattern of filepath.Match, or a name
}

const (
	deepest  = 64      // folders below each other that are gone into
	mostSeen = 100_000 // files that are looked at
)

func compile(text string) (pattern, error) {
	if text == "" {
		return pattern{}, errors.New("an empty pattern names no file")
	}
	abs, err := filepath.Abs(text)
	if err != nil {
		return pattern{}, fmt.Errorf("pattern %q: %w", text, err)
	}
	p := pattern{text: abs}
	p.root, p.segs = split(abs)
	for _, seg := range p.segs {
		if _, err := filepath.Match(seg, "x"); err != nil {
			return pattern{}, fmt.Errorf("pattern %q: %q is malformed: close its brackets, or put a backslash before what is meant as it is", text, seg)
		}
	}
	return p, nil
}

// split cuts an absolute path into its root and its segments.
func split(path string) (root string, segs []string) {
	sep := string(filepath.Separator)
	root = filepath.VolumeName(path) + sep
	for _, seg := range strings.Split(strings.TrimPrefix(path, root), sep) {
		if seg != "" {
			segs = append(segs, seg)
		}
	}
	return root, segs
}

// match says whether p names path, or a folder that path lies in. A pattern that is also the name of something names
// that, too.
func (p pattern) match(path string) bool {
	if rest, ok := strings.CutPrefix(path, p.text); ok && (rest == "" || os.IsPathSeparator(rest[0])) {
		return true
	}
	root, segs := split(path)
	if root != p.root {
		return false
	}
	// at[i]: the first i segments of the pattern match what of the path was gone through.
	at, next := make([]bool, len(p.segs)+1), make([]bool, len(p.segs)+1)
	at[0] = true
	for _, name := range segs {
		p.skipStars(at)
		if at[len(p.segs)] {
			return true
		}
		clear(next)
		for i, seg := range p.segs {
			if !at[i] {
				continue
			}
			if seg == "**" {
				next[i] = true
				if i == len(p.segs)-1 {
					next[i+1] = true
				}
			} else if ok, _ := filepath.Match(seg, name); ok {
				next[i+1] = true
			}
		}
		at, next = next, at
	}
	p.skipStars(at)
	return at[len(p.segs)]
}

// skipStars lets ** stand for no folder, where something comes after it.
func (p pattern) skipStars(at []bool) {
	for i, seg := range p.segs {
		if at[i] && seg == "**" && i < len(p.segs)-1 {
			at[i+1] = true
		}
	}
}

// An entry is a file that a glob names.
type entry struct {
	name string // as the glob finds it
	path string // where it lies: no part of it is a link
	info fs.FileInfo
	id   fileID
	glob *glob
	fam  string // familyOf path
}

// A walk finds the files that globs name, each once.
type walk struct {
	exclude []pattern
	list    func(dir string) ([]fs.DirEntry, error)
	glob    *glob
	found   []entry
	names   map[string]bool // taken, or not to be taken
	ids     map[fileID]bool
	visited map[visit]bool
	real    map[string]string // folders → where they lie
	dirs    map[string]bool   // that were read: where they lie
	failed  map[string]error  // folders that could not be read
}

type visit struct {
	dir  string
	left int
}

// walkAll finds what globs name and exclude does not. What is named twice belongs to the glob that comes first.
func walkAll(globs []*glob, exclude []pattern) *walk {
	w := &walk{exclude: exclude, names: map[string]bool{}, ids: map[fileID]bool{}, real: map[string]string{}, dirs: map[string]bool{}, failed: map[string]error{}}
	cache := map[string][]fs.DirEntry{}
	w.list = func(dir string) ([]fs.DirEntry, error) {
		if list, ok := cache[dir]; ok {
			return list, nil
		}
		list, err := os.ReadDir(dir)
		if err != nil {
			if !errors.Is(err, fs.ErrNotExist) {
				w.failed[dir] = err
			}
			return nil, err
		}
		cache[dir] = list
		w.dirs[w.realDir(dir)] = true
		return list, nil
	}
	for _, g := range globs {
		w.glob = g
		w.visited = map[visit]bool{}
		if strings.ContainsAny(g.pattern.text, `*?[\`) {
			if _, err := os.Lstat(g.pattern.text); err == nil {
				w.thing(g.pattern.text, nil, 0, true)
			}
		}
		w.below(g.pattern.root, g.pattern.segs, 0)
	}
	return w
}

func (w *walk) excluded(path string) bool {
	for _, p := range w.exclude {
		if p.match(path) {
			return true
		}
	}
	return false
}

func (w *walk) realDir(dir string) string {
	if r, ok := w.real[dir]; ok {
		return r
	}
	r, err := filepath.EvalSymlinks(dir)
	if err != nil {
		r = dir
	}
	w.real[dir] = r
	return r
}

// below goes on in the folder dir with the segments that are left; none: all that is in it.
func (w *walk) below(dir string, segs []string, depth int) {
	if depth > deepest || len(w.found) >= mostSeen || w.visited[visit{dir, len(segs)}] {
		return
	}
	w.visited[visit{dir, len(segs)}] = true
	if len(segs) > 0 && segs[0] != "**" && !strings.ContainsAny(segs[0], `*?[\`) {
		w.thing(filepath.Join(dir, segs[0]), segs[1:], depth, true)
		if real := w.realDir(dir); len(segs) == 1 && real != "" {
			w.dirs[real] = true
		}
		return
	}
	list, err := w.list(dir)
	if err != nil {
		return
	}
	rest, all := segs, true // all: any name will do, and links to folders are not followed
	if len(segs) > 0 && segs[0] == "**" {
		if len(segs) > 1 {
			w.below(dir, segs[1:], depth)
			all = false
		}
	} else if len(segs) > 0 {
		rest, all = segs[1:], false
	}
	for _, d := range list {
		name := filepath.Join(dir, d.Name())
		switch {
		case all:
			w.entry(name, d, rest, depth, false)
		case segs[0] == "**":
			if d.IsDir() && !w.excluded(name) {
				w.below(name, segs, depth+1)
			}
		default:
			if ok, _ := filepath.Match(segs[0], d.Name()); ok {
				w.entry(name, d, rest, depth, true)
			}
		}
	}
}

func (w *walk) entry(name string, d fs.DirEntry, rest []string, depth int, follow bool) {
	switch {
	case d.Type()&fs.ModeSymlink != 0:
		w.thing(name, rest, depth, follow)
	case d.IsDir():
		if !w.excluded(name) {
			w.below(name, rest, depth+1)
		}
	case d.Type().IsRegular() && spent(rest):
		if info, err := d.Info(); err == nil {
			w.file(name, filepath.Join(w.realDir(filepath.Dir(name)), d.Name()), info)
		}
	}
}

// thing is what a name leads to, whatever it is; follow says that it may be a link to a folder.
func (w *walk) thing(name string, rest []string, depth int, follow bool) {
	info, err := os.Stat(name)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) && errors.Is(err, fs.ErrPermission) {
			w.failed[filepath.Dir(name)] = err
		}
		return
	}
	switch {
	case info.IsDir():
		if follow && !w.excluded(name) {
			w.below(name, rest, depth+1)
		}
	case info.Mode().IsRegular() && spent(rest):
		path, err := filepath.EvalSymlinks(name)
		if err != nil {
			return
		}
		w.dirs[w.realDir(filepath.Dir(name))] = true
		w.dirs[filepath.Dir(path)] = true
		w.file(name, path, info)
	}
}

// spent says whether a file is named when rest of a pattern is left.
func spent(rest []string) bool { return len(rest) == 0 || len(rest) == 1 && rest[0] == "**" }

func (w *walk) file(name, path string, info fs.FileInfo) {
	if w.names[name] || len(w.found) >= mostSeen || !info.Mode().IsRegular() {
		return
	}
	w.names[name] = true
	id := identify(path, info)
	if w.ids[id] || w.excluded(name) || name != path && w.excluded(path) {
		return
	}
	w.ids[id] = true
	w.found = append(w.found, entry{name, path, info, id, w.glob, familyOf(path)})
}

// rotated says whether name is what a rotation makes of the file name base: x.log.1, x.log-20260101.gz, x-2026-01-01.log.
func rotated(base, name string) bool {
	if name == base {
		return false
	}
	for _, ext := range packedExts {
		if cut, ok := strings.CutSuffix(name, ext); ok {
			name = cut
			break
		}
	}
	if name == base {
		return true
	}
	if rest, ok := strings.CutPrefix(name, base); ok {
		return isStamp(rest) || slices.Contains(oldExts[:], rest)
	}
	ext := filepath.Ext(base)
	stem := strings.TrimSuffix(base, ext)
	if ext == "" || stem == "" || len(name) <= len(base) || !strings.HasPrefix(name, stem) || !strings.HasSuffix(name, ext) {
		return false
	}
	return isStamp(name[len(stem) : len(name)-len(ext)])
}

// familyOf is what the names of one file before and after rotations have in common.
func familyOf(path string) string {
	name := filepath.Base(path)
	for range 8 {
		cut := family(name)
		if cut == name {
			break
		}
		name = cut
	}
	return name
}

// family is a file name without what one rotation adds.
func family(name string) string {
	for _, ext := range slices.Concat(packedExts[:], oldExts[:]) {
		if cut, ok := strings.CutSuffix(name, ext); ok {
			name = cut
			break
		}
	}
	if cut := unstamped(name); cut != name {
		return cut
	}
	ext := filepath.Ext(name)
	return unstamped(strings.TrimSuffix(name, ext)) + ext
}

// unstamped is s without the number or time at its end.
func unstamped(s string) string {
	rest := strings.TrimRight(s, stampChars)
	if i := strings.IndexAny(s[len(rest):], separators); i >= 0 && len(rest)+i > 0 && isStamp(s[len(rest)+i:]) {
		return s[:len(rest)+i]
	}
	return s
}

const (
	separators = ".-_@"
	stampChars = "0123456789.-_:+TZ@"
)

var oldExts = [...]string{"~", ".old", ".bak", ".prev", ".save"}

var packedExts = [...]string{".gz", ".bz2", ".zst", ".xz"}

// isStamp says whether s is a number or a time behind a separator.
func isStamp(s string) bool {
	return len(s) > 1 && strings.ContainsRune(separators, rune(s[0])) && strings.ContainsAny(s, "0123456789") && strings.Trim(s, stampChars) == ""
}
