package action

import "strings"

// unixShell says that a program is a shell that takes a script and its arguments after its own flags.
func unixShell(tool string) bool {
	switch tool {
	case "sh", "bash", "dash", "zsh", "ksh", "ash", "rootbash":
		return true
	}
	return false
}

// shellFlags are the flags that a Unix shell takes for itself: those before its script or its text. What follows is given to
// the script, whatever it looks like. POSIX.1-2024, sh.
func shellFlags(args []string) map[string]bool {
	flags := map[string]bool{}
	for i := 0; i < len(args); i++ {
		w := args[i]
		if len(w) < 2 || w[0] != '-' && w[0] != '+' {
			break
		}
		flags[w] = true
		switch {
		case w == "-o" || w == "+o" || w == "-O" || w == "+O" || w == "--rcfile" || w == "--init-file":
			i++ // its value
		case w[0] == '-' && w[1] != '-' && strings.HasSuffix(w, "c"):
			return flags
		}
	}
	return flags
}
