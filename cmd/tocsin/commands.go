package main

import (
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/decode"
	"github.com/tocsin-ids/tocsin/sigma"
)

// A command is one of the command line as man pages and shell completion need it, read off the parser's own model, so that
// they cannot say something else than --help.
type command struct {
	path   string // "rules check"; empty for tocsin itself
	help   string
	detail string
	flags  []commandFlag
	args   []*kong.Positional
	subs   []string // names of the commands below it
}

// A commandFlag is one flag of a command.
type commandFlag struct {
	name    string
	short   string // without a dash; may be empty
	help    string
	value   string   // what its value is called; empty for a flag without one
	choices []string // values that it can have, where they are few
	usual   string   // its value if it is not given
	files   bool     // its value is a path
	many    bool     // its value is a list
}

// commands are all of the model, each before those below it.
func commands(app *kong.Application) []command {
	var all []command
	var walk func(n *kong.Node, path string)
	walk = func(n *kong.Node, path string) {
		c := command{path: path, help: n.Help, detail: n.Detail, args: n.Positional}
		for _, group := range n.AllFlags(true) {
			for _, f := range group {
				c.flags = append(c.flags, flagOf(f, path))
			}
		}
		slices.SortStableFunc(c.flags, func(a, b commandFlag) int { return strings.Compare(a.name, b.name) })
		for _, k := range n.Children {
			if k.Type == kong.CommandNode && !k.Hidden {
				c.subs = append(c.subs, k.Name)
			}
		}
		all = append(all, c)
		for _, k := range n.Children {
			if k.Type == kong.CommandNode && !k.Hidden {
				walk(k, strings.TrimSpace(path+" "+k.Name))
			}
		}
	}
	walk(app.Node, "")
	return all
}

// paths are the placeholders of flags whose value is a file or a folder.
var paths = []string{"FILE", "DIR", "RESULT.jsonl", "URL|FILE"}

// choices are the values of flags where the parser does not list them itself, by the command and flag; a flag alone is of any
// command.
var choices = map[string][]string{
	"hunt --format":     formats,
	"explain --format":  explainFormats,
	"timeline --format": eventFormats,
	"search --format":   eventFormats,
	"metrics --format":  metricsFormats,
	"metrics --view":    viewNames(),
	"--level":           levelNames(),
	"--min-level":       levelNames(),
	"--fail-level":      levelNames(),
	"--status":          statuses,
	"--input-format":    decode.Names(),
	"--least":           {sigma.Note.String(), sigma.Warning.String(), sigma.Mistake.String()},
	"rehearse --tempo":  {"agent", "script", "human"},
}

func levelNames() (all []string) {
	for l := tocsin.Informational; l <= tocsin.Critical; l++ {
		all = append(all, l.String())
	}
	return all
}

func viewNames() (all []string) {
	for _, v := range views {
		all = append(all, v.name)
	}
	return all
}

func flagOf(f *kong.Flag, path string) commandFlag {
	out := commandFlag{name: f.Name, help: f.Help, many: f.IsSlice()}
	if f.Short != 0 {
		out.short = string(f.Short)
	}
	if f.IsBool() {
		return out
	}
	out.value = f.PlaceHolder
	if out.value == "" {
		out.value = strings.ToUpper(f.Name)
	}
	out.files = slices.Contains(paths, out.value)
	if f.HasDefault && f.Default != "0" {
		out.usual = f.Default
	}
	if f.Enum != "" {
		for word := range strings.SplitSeq(f.Enum, ",") {
			out.choices = append(out.choices, strings.TrimSpace(word))
		}
		return out
	}
	out.choices = choices[path+" --"+f.Name]
	if out.choices == nil {
		out.choices = choices["--"+f.Name]
	}
	return out
}
