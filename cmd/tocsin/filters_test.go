package main

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin"
)

// A full disk is no version.
func TestVersionIsWritten(t *testing.T) {
	if code := run(context.Background(), []string{"version"}, std{out: full{}, err: io.Discard}); code != 2 {
		t.Errorf("exit status %d", code)
	}
}

// A full takes nothing.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

// A mistake of Tocsin's own is said, and is a failure, whatever else a run asked for.
func TestMistakesAreSaid(t *testing.T) {
	c := &tocsin.Coverage{Files: []tocsin.File{{Path: "a.log", Format: "syslog"}}, Mistakes: 3,
		Mistake: &tocsin.Fault{Source: "a.log", Line: 7, Err: errors.New("syslog: a mistake in Tocsin: index out of range"), Hint: "please report it"}}
	f := &inputFlags{Paths: []string{"a.log"}, Quiet: true}
	if err := f.ended(std{ctx: t.Context()}, c, nil); err == nil || !strings.Contains(err.Error(), "a.log:7: syslog: a mistake in Tocsin") || !strings.Contains(err.Error(), "3 times") {
		t.Error(err)
	}
	c.Mistakes, c.Mistake = 0, nil
	if err := f.ended(std{ctx: t.Context()}, c, nil); err != nil {
		t.Error(err)
	}
}
