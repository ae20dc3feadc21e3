package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

type completionCmd struct {
	Shell string `arg:"" help:"bash, zsh or fish." enum:"bash,zsh,fish"`
}

// Help says how the scripts are used.
func (completionCmd) Help() string {
	return `bash, for this shell:   source <(tocsin completion bash)
bash, for good:         tocsin completion bash > ~/.local/share/bash-completion/completions/tocsin
zsh, for good:          tocsin completion zsh > _tocsin, in a folder of $fpath, before compinit
fish, for good:         tocsin completion fish > ~/.config/fish/completions/tocsin.fish`
}

func (c completionCmd) Run(s std, app *kong.Application) error {
	w := &words{w: s.out}
	switch c.Shell {
	case "bash":
		bashCompletion(w, commands(app))
	case "zsh":
		zshCompletion(w, commands(app))
	case "fish":
		fishCompletion(w, commands(app))
	}
	return w.err
}

// words writes lines and keeps the first error.
type words struct {
	w   io.Writer
	err error
}

func (w *words) line(format string, args ...any) {
	if w.err == nil {
		_, w.err = fmt.Fprintf(w.w, format+"\n", args...)
	}
}

// quoted is a text as one word of a shell.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// summary is the beginning of a help text, short enough for a list.
func summary(s string) string {
	const most = 90
	s, _, _ = strings.Cut(s, "\n")
	for _, end := range []string{". ", "; ", ": "} {
		if i := strings.Index(s, end); i > 0 && len(s) > most {
			s = s[:i]
		}
	}
	if len(s) > most {
		s = s[:strings.LastIndexByte(s[:most], ' ')] + " …"
	}
	return strings.TrimSuffix(s, ".")
}

// spelled are the ways in which a flag is written.
func (f commandFlag) spelled() []string {
	all := []string{"--" + f.name}
	if f.short != "" {
		all = append(all, "-"+f.short)
	}
	return all
}

// takers are the flags of a command that take a value, as alternatives of a case.
func (c command) takers() string {
	var all []string
	for _, f := range c.flags {
		if f.value != "" {
			all = append(all, f.spelled()...)
		}
	}
	return strings.Join(all, "|")
}

// argFiles says that the arguments of a command are paths.
func (c command) argFiles() bool {
	for _, a := range c.args {
		if a.Name == "path" || a.Name == "dir" {
			return true
		}
	}
	return false
}

// argChoices are the values that the arguments of a command can have, where they are few.
func (c command) argChoices() []string {
	for _, a := range c.args {
		if a.Enum != "" {
			return strings.Split(a.Enum, ",")
		}
	}
	return nil
}

// split is the command of which this is a part, and its own word.
func (c command) split() (parent, name string) {
	i := strings.LastIndexByte(c.path, ' ')
	return c.path[:max(i, 0)], c.path[i+1:]
}

// caseOf writes the branches by which the shells' scripts find the command that a line is about.
func caseOf(w *words, all []command) {
	w.line("      case \"$cmd $word\" in")
	for _, c := range all {
		if c.path != "" {
			parent, name := c.split()
			w.line("        %s) cmd=%s ;;", quoted(parent+" "+name), quoted(c.path))
		}
	}
	w.line("      esac")
	w.line("      case \"$cmd\" in")
	for _, c := range all {
		if t := c.takers(); t != "" {
			w.line("        %s) case \"$word\" in %s) skip=1 ;; esac ;;", quoted(c.path), t)
		}
	}
	w.line("      esac")
}

func bashCompletion(w *words, all []command) {
	w.line("# Completion of tocsin for bash, made by \"tocsin completion bash\".")
	w.line("_tocsin() {")
	w.line("  local cur=${COMP_WORDS[COMP_CWORD]} flag='' cmd='' word skip='' i")
	w.line("  COMPREPLY=()")
	w.line("  for ((i = 1; i < COMP_CWORD; i++)); do")
	w.line("    word=${COMP_WORDS[i]}")
	w.line("    if [[ $word == '=' ]]; then skip=1; continue; fi")
	w.line("    if [[ $skip ]]; then skip=''; continue; fi")
	caseOf(w, all)
	w.line("  done")
	w.line("  # bash cuts --flag=value in three.")
	w.line("  if [[ $cur == '=' ]]; then flag=${COMP_WORDS[COMP_CWORD-1]} cur=''")
	w.line("  elif ((COMP_CWORD > 1)) && [[ ${COMP_WORDS[COMP_CWORD-1]} == '=' ]]; then flag=${COMP_WORDS[COMP_CWORD-2]}")
	w.line("  elif [[ $skip ]]; then flag=${COMP_WORDS[COMP_CWORD-1]}")
	w.line("  fi")
	w.line("  if [[ $flag ]]; then")
	w.line("    case \"$cmd $flag\" in")
	for _, c := range all {
		for _, f := range c.flags {
			var at []string
			for _, s := range f.spelled() {
				at = append(at, quoted(c.path+" "+s))
			}
			switch {
			case len(f.choices) > 0 && f.many:
				w.line("      %s) local before=''; [[ $cur == *,* ]] && before=${cur%%,*},; COMPREPLY=($(compgen -P \"$before\" -W %s -- \"${cur##*,}\")) ;;", strings.Join(at, "|"), quoted(strings.Join(f.choices, " ")))
			case len(f.choices) > 0:
				w.line("      %s) COMPREPLY=($(compgen -W %s -- \"$cur\")) ;;", strings.Join(at, "|"), quoted(strings.Join(f.choices, " ")))
			case f.files:
				w.line("      %s) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- \"$cur\") ;;", strings.Join(at, "|"))
			}
		}
	}
	w.line("    esac")
	w.line("    return")
	w.line("  fi")
	w.line("  case \"$cmd\" in")
	for _, c := range all {
		var flags []string
		for _, f := range c.flags {
			flags = append(flags, f.spelled()...)
		}
		w.line("    %s)", quoted(c.path))
		w.line("      if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W %s -- \"$cur\")); return; fi", quoted(strings.Join(flags, " ")))
		switch words := append(c.subs, c.argChoices()...); {
		case len(words) > 0:
			w.line("      COMPREPLY=($(compgen -W %s -- \"$cur\")) ;;", quoted(strings.Join(words, " ")))
		case c.argFiles():
			w.line("      compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- \"$cur\") ;;")
		default:
			w.line("      ;;")
		}
	}
	w.line("  esac")
	w.line("}")
	w.line("complete -F _tocsin tocsin")
}

func zshCompletion(w *words, all []command) {
	w.line("#compdef tocsin")
	w.line("# Completion of tocsin for zsh, made by \"tocsin completion zsh\".")
	w.line("_tocsin() {")
	w.line("  local cur=${words[CURRENT]} flag='' cmd='' word skip='' i")
	w.line("  local -a list")
	w.line("  for ((i = 2; i < CURRENT; i++)); do")
	w.line("    word=${words[i]}")
	w.line("    if [[ -n $skip ]]; then skip=''; continue; fi")
	caseOf(w, all)
	w.line("  done")
	w.line("  if [[ -n $skip ]]; then flag=${words[CURRENT-1]}")
	w.line("  elif [[ $cur == --*=* ]]; then flag=${cur%%%%=*}; compset -P '*='")
	w.line("  fi")
	w.line("  if [[ -n $flag ]]; then")
	w.line("    case \"$cmd $flag\" in")
	for _, c := range all {
		for _, f := range c.flags {
			var at []string
			for _, s := range f.spelled() {
				at = append(at, quoted(c.path+" "+s))
			}
			switch {
			case len(f.choices) > 0 && f.many:
				w.line("      %s) compset -P '*,'; compadd -S '' -- %s ;;", strings.Join(at, "|"), strings.Join(f.choices, " "))
			case len(f.choices) > 0:
				w.line("      %s) compadd -- %s ;;", strings.Join(at, "|"), strings.Join(f.choices, " "))
			case f.files:
				w.line("      %s) _files ;;", strings.Join(at, "|"))
			}
		}
	}
	w.line("    esac")
	w.line("    return")
	w.line("  fi")
	described := func(name, help string) string {
		return quoted(strings.ReplaceAll(name, ":", `\:`) + ":" + strings.ReplaceAll(summary(help), ":", `\:`))
	}
	help := map[string]string{}
	for _, c := range all {
		help[c.path] = c.help
	}
	w.line("  case \"$cmd\" in")
	for _, c := range all {
		w.line("    %s)", quoted(c.path))
		w.line("      if [[ $cur == -* ]]; then")
		w.line("        list=(")
		for _, f := range c.flags {
			for _, s := range f.spelled() {
				w.line("          %s", described(s, f.help))
			}
		}
		w.line("        )")
		w.line("        _describe -o 'flag' list")
		w.line("        return")
		w.line("      fi")
		switch {
		case len(c.subs) > 0:
			w.line("      list=(")
			for _, sub := range c.subs {
				w.line("        %s", described(sub, help[strings.TrimSpace(c.path+" "+sub)]))
			}
			w.line("      )")
			w.line("      _describe 'command' list ;;")
		case len(c.argChoices()) > 0:
			w.line("      compadd -- %s ;;", strings.Join(c.argChoices(), " "))
		case c.argFiles():
			w.line("      _files ;;")
		default:
			w.line("      ;;")
		}
	}
	w.line("  esac")
	w.line("}")
	w.line("if [[ ${funcstack[1]} == _tocsin ]]; then _tocsin \"$@\"; elif (( $+functions[compdef] )); then compdef _tocsin tocsin; fi")
}

func fishCompletion(w *words, all []command) {
	w.line("# Completion of tocsin for fish, made by \"tocsin completion fish\".")
	w.line("function __tocsin_command")
	w.line("  set -l cmd ''")
	w.line("  set -l skip 0")
	w.line("  for word in (commandline -opc)[2..-1]")
	w.line("    if test $skip = 1; set skip 0; continue; end")
	w.line("    switch \"$cmd $word\"")
	for _, c := range all {
		if c.path != "" {
			parent, name := c.split()
			w.line("      case %s; set cmd %s", fishQuoted(parent+" "+name), fishQuoted(c.path))
		}
	}
	w.line("    end")
	w.line("    switch \"$cmd\"")
	for _, c := range all {
		if t := c.takers(); t != "" {
			w.line("      case %s; if contains -- $word %s; set skip 1; end", fishQuoted(c.path), strings.ReplaceAll(t, "|", " "))
		}
	}
	w.line("    end")
	w.line("  end")
	w.line("  test \"$cmd\" = \"$argv[1]\"")
	w.line("end")
	help := map[string]string{}
	for _, c := range all {
		help[c.path] = c.help
	}
	for _, c := range all {
		on := "complete -c tocsin -n " + fishQuoted("__tocsin_command "+fishQuoted(c.path))
		if !c.argFiles() {
			w.line("%s -f", on)
		}
		for _, sub := range c.subs {
			w.line("%s -a %s -d %s", on, sub, fishQuoted(summary(help[strings.TrimSpace(c.path+" "+sub)])))
		}
		if words := c.argChoices(); len(words) > 0 {
			w.line("%s -a %s", on, fishQuoted(strings.Join(words, " ")))
		}
		for _, f := range c.flags {
			line := on + " -l " + f.name
			if f.short != "" {
				line += " -s " + f.short
			}
			switch {
			case len(f.choices) > 0:
				line += " -x -a " + fishQuoted(strings.Join(f.choices, " "))
			case f.files:
				line += " -r -F"
			case f.value != "":
				line += " -x"
			}
			w.line("%s -d %s", line, fishQuoted(summary(f.help)))
		}
	}
}

// fishQuoted is a text as one word of fish.
func fishQuoted(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(s) + "'"
}
