package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tocsin-ids/tocsin/source"
)

// outputFlags say where to write.
type outputFlags struct {
	Output string `short:"o" help:"Write to this file instead of standard output. A file that exists is replaced only if it is empty or an earlier result." placeholder:"FILE"`
	Force  bool   `help:"Let --output and --stats replace any other file too, except one that is read."`
}

// A guard keeps a run from writing over what it reads, and over whatever else is no result of Tocsin's.
type guard struct {
	reads   []string // files and folders that the run reads; "-" is stdin
	stdin   io.Reader
	follow  bool // what symbolic links to folders lead to is read too
	results bool // results that lie below reads are read as logs
	force   bool // files that are no results, and are not read, may be replaced
}

// guard of a command that reads paths, and other files besides.
func (f *inputFlags) guard(s std, force bool, others ...string) *guard {
	return &guard{reads: slices.Concat(f.Paths, others), stdin: s.in, follow: f.FollowLinks, results: f.ReadResults, force: force}
}

// check says whether path may be written to, and what is there now: nil for nothing. The path it returns is where to
// write: what a symbolic link leads to.
func (g *guard) check(flag, path string) (string, os.FileInfo, error) {
	refuse := func(format string, args ...any) error {
		return fmt.Errorf("%s %s: %s", flag, path, fmt.Sprintf(format, args...))
	}
	st, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Lstat(path); err == nil {
			return "", nil, refuse("is a symbolic link that leads nowhere; name another file")
		}
		if in := g.likeNamed(path); in != "" {
			return "", nil, refuse("differs only in upper and lower case from %s, which is read; name another file", in)
		}
		return path, nil, nil
	}
	if err != nil {
		return "", nil, fmt.Errorf("%s: %w", flag, err)
	}
	if st.IsDir() {
		return "", nil, refuse("is a folder; name a file")
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil || !st.Mode().IsRegular() {
		real = path
	}
	if !st.Mode().IsRegular() || st.Size() == 0 {
		return real, st, nil
	}
	kind, err := resultAt(path)
	if err != nil {
		return "", nil, fmt.Errorf("%s: %w", flag, err)
	}
	if in, named := g.find(st); in != "" && (named || kind == "" || g.results) {
		as := ""
		if filepath.Clean(in) != filepath.Clean(path) {
			as = in + ", "
		}
		return "", nil, refuse("is %swhat this run reads; evidence is never written over: name another file", as)
	}
	if kind == "" && !g.force {
		return "", nil, refuse("exists and is no result of Tocsin's; name another file")
	}
	return real, st, nil
}

// stdout is an error if w is a file that the run reads, to which the shell lets it append.
func (g *guard) stdout(w io.Writer) error {
	f, ok := w.(*os.File)
	if !ok {
		return nil
	}
	st, err := f.Stat()
	if err != nil || !st.Mode().IsRegular() || st.Size() == 0 {
		return nil
	}
	in, named := g.find(st)
	if in == "" {
		return nil
	}
	if kind, err := resultAt(in); err == nil && kind != "" && !named && !g.results {
		return nil
	}
	return fmt.Errorf("standard output is %s, which this run reads; evidence is never written to: name another file", in)
}

// resultAt says what kind of a result of Tocsin's a file is; "" is none.
func resultAt(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	head := make([]byte, 64<<10)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return "", err
	}
	return source.ResultOf(head[:n]), nil
}

// find is the file among what is read that st is, however it is called there, and whether the user named it; "" is none.
func (g *guard) find(st os.FileInfo) (in string, named bool) {
	for _, arg := range g.reads {
		if arg == "-" {
			if f, ok := g.stdin.(*os.File); ok {
				if info, err := f.Stat(); err == nil && os.SameFile(info, st) {
					return "standard input", true
				}
			}
			continue
		}
		info, err := os.Stat(arg)
		if err != nil {
			continue
		}
		if os.SameFile(info, st) {
			return arg, true
		}
		if info.IsDir() {
			if in := g.below(arg, st, map[string]bool{}); in != "" {
				return in, false
			}
		}
	}
	return "", false
}

// below looks for a file in a folder and those below it, and at what symbolic links lead to. seen are the folders
// looked at.
func (g *guard) below(dir string, st os.FileInfo, seen map[string]bool) string {
	real, err := filepath.EvalSymlinks(dir)
	if err != nil || seen[real] {
		return ""
	}
	seen[real] = true
	entries, _ := os.ReadDir(dir) // what cannot be listed is not read either
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		info, err := os.Stat(path)
		switch {
		case err != nil:
		case info.IsDir():
			if e.Type()&fs.ModeSymlink != 0 && !g.follow {
				continue
			}
			if in := g.below(path, st, seen); in != "" {
				return in
			}
		case os.SameFile(info, st):
			return path
		}
	}
	return ""
}

// likeNamed is a file that is read and would be path if case did not matter; "" is none.
func (g *guard) likeNamed(path string) string {
	entries, _ := os.ReadDir(filepath.Dir(path)) // a folder that is not there has no such file
	for _, e := range entries {
		if !strings.EqualFold(e.Name(), filepath.Base(path)) {
			continue
		}
		if st, err := os.Stat(filepath.Join(filepath.Dir(path), e.Name())); err == nil && st.Mode().IsRegular() {
			if in, _ := g.find(st); in != "" {
				return in
			}
		}
	}
	return ""
}
