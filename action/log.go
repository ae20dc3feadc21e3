package action

import "github.com/tocsin-ids/tocsin"

// lineLogs are logs of commands as they were entered, by category or service. Other logs of commands tell of the programs
// that these started.
var lineLogs = map[string]bool{
	"honeypot": true, "command": true, // categories
	"history": true, "sudo": true, "doas": true, // services
}

// commandLog is the kind of log that tells of a command: one of tocsin.Logs, or empty.
func commandLog(ev *tocsin.Event) string {
	for i := range ev.Sources {
		s := &ev.Sources[i]
		switch {
		case s.Product == "ai_agent":
			return "session"
		case lineLogs[s.Category], lineLogs[s.Service]:
			return "line"
		}
	}
	s := &ev.Sources[0]
	switch {
	case s.Category == "ps_module":
		return "" // what a script does by itself, call by call
	case s.Product == "windows":
		return "windows"
	}
	return "program"
}

// Programs that start others, in lower case and without path or ending.
var (
	// takers are those that take an order: shells, desktops, and what hands on an order from elsewhere.
	takers = wordSet("sh bash dash zsh ksh fish ash busybox cmd powershell powershell_ise pwsh explorer userinit login su sudo doas sshd sshd-session " +
		"tmux screen script wmiprvse wsmprovhost winrshost telnetd in.telnetd gnome-terminal gnome-terminal-server konsole xterm windowsterminal " +
		"conhost docker-init containerd-shim runc")
	// keepers start what is theirs at set times or when the machine needs it.
	keepers = wordSet("services svchost taskeng taskhost taskhostw taskhostex wininit winlogon smss csrss lsass sihost runtimebroker backgroundtaskhost " +
		"init systemd cron crond atd anacron launchd udevd systemd-udevd logrotate run-parts dhclient snapd packagekitd")
)

// setOff says of a program that it was set off by another program or by the machine, so that starting it was no decision
// of whoever it runs for. Where the parent is not known, it was one; a shell that a program starts takes an order.
func (r *Reader) setOff(parent, image string) bool {
	if parent == "" {
		return false
	}
	p := r.base(parent)
	switch {
	case keepers[p]:
		return true
	case takers[p], r.know.serves(p):
		return false
	}
	return !isShell(r.base(image))
}
