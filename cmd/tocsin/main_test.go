package main

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"tocsin": func() {
			ctx := untilSignal()
			os.Exit(run(ctx, os.Args[1:], std{ctx, os.Stdin, os.Stdout, os.Stderr}))
		},
	})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata/script", Cmds: runCommands})
}
