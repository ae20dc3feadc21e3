package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/tocsin-ids/tocsin/rules"
)

type versionCmd struct{}

func (versionCmd) Run(s std) error {
	files, err := rules.Files()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "tocsin %s\nbuiltin rules: %d files\n%s %s/%s\n", version(), len(files), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

// version is the module's version if it was installed as one, and the commit it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := info.Main.Version
	if v == "" || v == "(devel)" {
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
