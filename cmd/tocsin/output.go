package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// An output is where a report goes: standard output, or a file that appears whole or not at all, and in the place of
// nothing that was not there when the run began.
type output struct {
	io.Writer
	flag   string
	path   string      // the name that the file gets in keep; empty for what is written to as it is
	before os.FileInfo // what had that name when the run began; nil for nothing
	broken bool        // a write failed, such as on a full disk
	file   *os.File    // what is written to; nil before the first byte, so that no run finds a file of its own among its input
}

// createOutput takes path for writing, as g allows it, or usual if there is none.
func createOutput(flag, path string, usual io.Writer, g *guard) (*output, error) {
	if path == "" || path == "-" {
		if err := g.stdout(usual); err != nil {
			return nil, err
		}
		return &output{Writer: usual}, nil
	}
	real, before, err := g.check(flag, path)
	if err != nil {
		return nil, err
	}
	if before != nil && !before.Mode().IsRegular() {
		f, err := os.OpenFile(path, os.O_WRONLY, 0) // a pipe or /dev/null is written to as it is
		return &output{Writer: f, file: f}, err
	}
	o := &output{flag: flag, path: real, before: before}
	o.Writer = (*beside)(o)
	if err := o.begin(); err != nil { // now rather than after hours of reading
		return nil, err
	}
	o.discard()
	return o, nil
}

// begin makes the file that is written to, beside the one that it will be.
func (o *output) begin() (err error) {
	if o.file, err = os.CreateTemp(filepath.Dir(o.path), "."+filepath.Base(o.path)+".*"); err != nil {
		o.file = nil
		return fmt.Errorf("%s: %w", o.flag, err)
	}
	return nil
}

// beside writes to an output's file, and makes it for the first byte.
type beside output

func (b *beside) Write(p []byte) (int, error) {
	if b.file == nil {
		if err := (*output)(b).begin(); err != nil {
			return 0, err
		}
	}
	n, err := b.file.Write(p)
	if err != nil {
		b.broken = true
		err = fmt.Errorf("%s: %w; what was written before that is kept as %s", b.flag, err, (*output)(b).partial())
	}
	return n, err
}

// partial is the name of what could not be written whole.
func (o *output) partial() string { return o.path + ".partial" }

// keep ends the writing and gives the file its name.
func (o *output) keep() error {
	if o.file == nil {
		if o.path == "" {
			return nil
		}
		if err := o.begin(); err != nil { // an empty report is one too
			return err
		}
	}
	f := o.file
	o.file = nil
	if o.path == "" {
		return f.Close()
	}
	err := f.Chmod(0o644)
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return fmt.Errorf("%s: %w", o.flag, err)
	}
	if err := o.place(f.Name()); err != nil {
		return fmt.Errorf("%s %s: %w; what was to be written lies in %s", o.flag, o.path, err, f.Name())
	}
	return nil
}

var errAppeared = errors.New("another file has got this name, or the file has changed, since the run began, and is not replaced")

// place gives the finished file its name, unless what has that name now is not what had it when the run began.
func (o *output) place(name string) error {
	now, err := os.Lstat(o.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return err
	case o.before == nil || !os.SameFile(o.before, now) || now.Size() != o.before.Size() || !now.ModTime().Equal(o.before.ModTime()):
		return errAppeared
	}
	if o.before != nil {
		return os.Rename(name, o.path)
	}
	// A link, unlike a new name, never replaces what has come since.
	switch err := os.Link(name, o.path); {
	case err == nil:
		return os.Remove(name)
	case errors.Is(err, fs.ErrExist):
		return errAppeared
	}
	return os.Rename(name, o.path) // a file system without links
}

// discard removes what was written unless it was kept; what ended with a failed write is left as .partial, if nothing has
// that name.
func (o *output) discard() {
	if o.file != nil {
		_ = o.file.Close()
		if o.path != "" {
			if o.broken {
				_ = os.Link(o.file.Name(), o.partial())
			}
			_ = os.Remove(o.file.Name())
		}
		o.file = nil
	}
}
