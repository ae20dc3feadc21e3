package source

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// List finds the regular files that args name and that lie below the folders among them, in the order of the
// arguments and, below each, in the order of their names; "-" is standard input. It opens no file. What is not
// to be read, or cannot be, goes to skip with the reason.
func (r *Reader) List(args []string, skip func(tocsin.File)) []Unit {
	l := lister{reader: r, skip: skip, listed: map[string]bool{}}
	for _, arg := range args {
		if arg == "-" {
			if why := r.foreign(arg); why != "" {
				l.pass(arg, why)
				continue
			}
			l.units = append(l.units, Unit{Path: arg, stdin: true})
			continue
		}
		l.seen = map[string]bool{}
		if real, err := filepath.EvalSymlinks(arg); err == nil {
			l.seen[real] = true
		}
		l.root = arg
		l.visit(arg, true)
	}
	r.note(l.units)
	return l.units
}

type lister struct {
	reader *Reader
	skip   func(tocsin.File)
	units  []Unit
	listed map[string]bool // absolute paths of units
	root   string          // the argument
	seen   map[string]bool // real paths of what links led to, below this argument
}

func (l *lister) pass(path, why string) {
	if l.skip != nil {
		l.skip(tocsin.File{Path: path, Skipped: why})
	}
}

// visit lists one file or folder; follow says that it is read even if it is a symbolic link.
func (l *lister) visit(name string, follow bool) {
	if l.reader.excluded(name) {
		l.pass(name, "excluded")
		return
	}
	stat := os.Lstat
	if follow {
		stat = os.Stat
	}
	info, err := stat(name)
	if err != nil {
		l.pass(name, reason(err))
		return
	}
	switch mode := info.Mode(); {
	case mode.IsRegular() && info.Size() == 0:
		l.pass(name, "empty")
	case mode.IsRegular():
		if why := l.reader.foreign(name); why != "" {
			l.pass(name, why)
			return
		}
		if abs, err := filepath.Abs(name); err == nil {
			if l.listed[abs] {
				l.pass(name, "named more than once, and read once")
				return
			}
			l.listed[abs] = true
		}
		l.units = append(l.units, Unit{Path: name, Size: info.Size(), ModTime: info.ModTime()})
	case mode.IsDir():
		entries, err := os.ReadDir(name)
		if err != nil {
			l.pass(name, "folder not read to its end: "+reason(err))
		}
		for _, e := range entries {
			l.visit(below(name, e.Name()), false)
		}
	case mode&fs.ModeSymlink != 0:
		l.link(name)
	default:
		l.pass(name, kind(mode))
	}
}

// link passes a symbolic link, or follows it to what was not read by another link.
func (l *lister) link(name string) {
	if !l.reader.opt.Follow {
		target, err := os.Readlink(name)
		if err != nil {
			l.pass(name, reason(err))
			return
		}
		l.pass(name, "symbolic link to "+target+"; not followed without --follow-links")
		return
	}
	real, err := filepath.EvalSymlinks(name)
	if err != nil {
		l.pass(name, reason(err))
		return
	}
	root, err := filepath.EvalSymlinks(l.root)
	if err == nil && (real == root || strings.HasPrefix(real, below(root, ""))) {
		l.pass(name, "symbolic link to "+real+", read there")
		return
	}
	if l.seen[real] {
		l.pass(name, "symbolic link to "+real+", read already")
		return
	}
	l.seen[real] = true
	l.visit(name, true)
}

// below joins a folder as the user wrote it and a name.
func below(folder, name string) string {
	if n := len(folder); n > 0 && os.IsPathSeparator(folder[n-1]) {
		return folder + name
	}
	return folder + string(filepath.Separator) + name
}

func (r *Reader) excluded(name string) bool {
	slash := filepath.ToSlash(name)
	for _, p := range r.opt.Exclude {
		if ok, _ := path.Match(p, slash); ok {
			return true
		}
		if ok, _ := path.Match(p, path.Base(slash)); ok {
			return true
		}
	}
	return false
}

// kind names what is not a regular file.
func kind(m fs.FileMode) string {
	switch {
	case m&fs.ModeNamedPipe != 0:
		return "a FIFO, which might never end"
	case m&fs.ModeSocket != 0:
		return "a socket"
	case m&fs.ModeDevice != 0:
		return "a device"
	}
	return "not a regular file"
}

// reason is why the system refused, without the path, which is told beside it.
func reason(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return err.Error()
}
