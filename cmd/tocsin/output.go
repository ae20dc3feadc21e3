package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// An output is where a report goes: standard output, or a file that appears whole or not at all.
type output struct {
	io.Writer
	file *os.File
	path string
}

// createOutput opens path for writing, or takes usual if there is none. The file gets its name in keep.
func createOutput(path string, usual io.Writer) (*output, error) {
	if path == "" || path == "-" {
		return &output{Writer: usual}, nil
	}
	if st, err := os.Stat(path); err == nil && !st.Mode().IsRegular() {
		if st.IsDir() {
			return nil, fmt.Errorf("--output %s: is a folder; name a file", path)
		}
		f, err := os.OpenFile(path, os.O_WRONLY, 0) // a pipe or /dev/null is written to as it is
		return &output{Writer: f, file: f}, err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return nil, fmt.Errorf("--output: %w", err)
	}
	return &output{Writer: f, file: f, path: path}, nil
}

// keep ends the writing and gives the file its name.
func (o *output) keep() error {
	if o.file == nil {
		return nil
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
	if err == nil {
		err = os.Rename(f.Name(), o.path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return fmt.Errorf("--output: %w", err)
	}
	return nil
}

// discard removes what was written unless it was kept.
func (o *output) discard() {
	if o.file != nil {
		_ = o.file.Close()
		if o.path != "" {
			_ = os.Remove(o.file.Name())
		}
	}
}
