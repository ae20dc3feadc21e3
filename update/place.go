package update

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
)

// Place is the directory where a user's collection lies if no other is named: tocsin/rules in the user's data directory.
// That is $XDG_DATA_HOME, or ~/.local/share (https://specifications.freedesktop.org/basedir-spec/latest/); on macOS
// ~/Library/Application Support, on Windows %LocalAppData%, if $XDG_DATA_HOME is not set.
func Place() (string, error) {
	dir, err := dataDir(runtime.GOOS, os.Getenv)
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "tocsin", "rules"), nil
}

func dataDir(system string, env func(string) string) (string, error) {
	// The specification asks that a relative path be ignored.
	if dir := env("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return dir, nil
	}
	if system == "windows" {
		if dir := env("LocalAppData"); dir != "" {
			return dir, nil
		}
		return "", errors.New("%LocalAppData% is not set: name a directory")
	}
	home := env("HOME")
	switch {
	case home == "":
		return "", errors.New("neither $XDG_DATA_HOME nor $HOME is set: name a directory")
	case system == "darwin":
		return filepath.Join(home, "Library", "Application Support"), nil
	}
	return filepath.Join(home, ".local", "share"), nil
}
