package decode

import (
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin"
)

func TestHistory(t *testing.T) {
	for _, c := range []struct{ name, source, in, want string }{
		{"bash", "h/home/alice/.bash_history", "#1700000000\nls -la\n#1700000005\nfor i in 1 2\ndo echo $i\ndone\n#1700000009\nexit\n",
			"2023-11-14T22:13:20Z|ls -la|alice\n2023-11-14T22:13:25Z|for i in 1 2\ndo echo $i\ndone|alice\n2023-11-14T22:13:29Z|exit|alice"},
		{"zsh", "root/.zsh_history", ": 1700000000:0;ls\n: 1700000001:12;echo a\\\n: 5:6;b\n: 1700000002:0;caf\x83\xe3\x83\x89\n",
			"2023-11-14T22:13:20Z|ls|root\n2023-11-14T22:13:21Z|echo a\n: 5:6;b|root\n2023-11-14T22:13:22Z|caf\xc3\xa9|root"},
		{"fish", "fish_history", "- cmd: ls\n  when: 1700000000\n  paths:\n    - x\n- cmd: id\n  when: 1700000001\n",
			"2023-11-14T22:13:20Z|ls|\n2023-11-14T22:13:21Z|id|"},
		{"powershell", "Users/ann/ConsoleHost_history.txt", "whoami\r\n$x = \"a`\r\nb\"\r\n", "0001-01-01T00:00:00Z|whoami|ann\n0001-01-01T00:00:00Z|$x = \"a\nb\"|ann"},
		{"plain", "x/.bash_history", "ls\nid\n", "0001-01-01T00:00:00Z|ls|\n0001-01-01T00:00:00Z|id|"},
	} {
		f, ok := Detect(c.source, []byte(c.in))
		if !ok || f.Name != "shell-history" {
			t.Errorf("%s: taken for %q", c.name, f.Name)
			continue
		}
		// In one block, and a line at a time.
		for _, blocks := range [][]string{{c.in}, strings.SplitAfter(c.in, "\n")} {
			if c.name == "zsh" && len(blocks) > 1 {
				blocks[1] += blocks[2]
				blocks = append(blocks[:2], blocks[3:]...)
			}
			d := f.New(Options{})
			var got []string
			emit := func(e *tocsin.Event) { got = append(got, told(e, "time", "CommandLine", "user")) }
			line := int64(1)
			for _, b := range blocks {
				d.Decode(&tocsin.Record{Source: c.source, Data: []byte(b), Line: line}, emit)
				line += int64(strings.Count(b, "\n"))
			}
			d.Flush(emit)
			if g := strings.Join(got, "\n"); g != c.want {
				t.Errorf("%s in %d blocks:\n got %q\nwant %q", c.name, len(blocks), g, c.want)
			}
		}
	}
}

// Comments with numbers do not make a script a history.
func TestNotHistory(t *testing.T) {
	for _, s := range []string{"#!/bin/sh\n# 1700000000\necho\n", "Feb 28 04:05:06 h a[1]: x\n", "key: value\n- cmd: x\n"} {
		if f, _ := Detect("notes", []byte(s)); f.Name == "shell-history" {
			t.Errorf("%q is taken for a history", s)
		}
	}
}
