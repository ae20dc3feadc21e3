package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/tocsin-ids/tocsin/rules"
)

type versionCmd struct{}

func (versionCmd) Run(s std) error { return sayVersion(s.out) }

// versionFlag is --version, which needs no command.
type versionFlag bool

// BeforeReset says the version and ends the run, whatever else is on the command line.
func (versionFlag) BeforeReset(app *kong.Kong) error {
	if err := sayVersion(app.Stdout); err != nil {
		return err
	}
	app.Exit(0)
	return nil
}

func sayVersion(w io.Writer) error {
	files, err := rules.Files()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "tocsin %s\nbuiltin rules: %d files\n%s %s/%s\n", version(), len(files), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

// built is the version of a release archive; build.sh sets it.
var built string

// version is that of the release archive, else the module's if it was installed as one, and the commit it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := info.Main.Version
	switch {
	case built != "":
		v = built
	case v == "" || v == "(devel)":
		v = "devel"
	}
	set := map[string]string{}
	for _, kv := range info.Settings {
		set[kv.Key] = kv.Value
	}
	if c := set["vcs.revision"]; c != "" && !strings.Contains(v, c[:min(12, len(c))]) {
		v += " commit " + c[:min(12, len(c))]
	}
	if set["vcs.modified"] == "true" && !strings.Contains(v, "dirty") {
		v += " (with local changes)"
	}
	return v
}
