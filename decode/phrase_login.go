package decode

import (
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// pamPhrases are the messages of PAM modules, which any program may write. Two spaces before "user=" are pam_unix's own;
// names that a client chose (ruser) stand before the address.
var pamPhrases = []phrase{
	{"authentication failure; logname={<} uid={<} euid={<} tty={tty<} ruser= rhost={@}  user={user}", loginFailed, ""},
	{"authentication failure; logname={<} uid={<} euid={<} tty={tty<} ruser={ruser} rhost={@}  user={user}", loginFailed, ""},
	{"authentication failure; logname={<} uid={<} euid={<} tty={tty<} ruser= rhost={@} user={user}", loginFailed, ""},
	{"authentication failure; logname={<} uid={<} euid={<} tty={tty<} ruser={user} rhost={@}", loginFailed, ""},
	{"authentication failure; logname={<} uid={<} euid={<} tty={tty<} ruser={ruser} rhost={@} user={user}", loginFailed, ""},
	{"authentication failure; logname={<} uid={<} euid={<} tty={tty<} ruser={ruser<} rhost=  user={user}", loginFailed, ""},
	{"authentication failure; logname={<} uid={<} euid={<} tty={tty<} ruser={ruser<} rhost=", loginFailed, ""},
	{"authentication failure; {*}", loginFailed, ""},
	{"{#} more authentication failures; logname={<} uid={<} euid={<} tty={tty<} ruser={ruser<} rhost={@}  user={user}", failureNoted, ""},
	{"{#} more authentication failures; logname={<} uid={<} euid={<} tty={tty<} ruser={ruser<} rhost={@}", failureNoted, ""},
	{"{#} more authentication failure; logname={<} uid={<} euid={<} tty={tty<} ruser={ruser<} rhost={@}  user={user}", failureNoted, ""},
	{"{#} more authentication failure; logname={<} uid={<} euid={<} tty={tty<} ruser={ruser<} rhost={@}", failureNoted, ""},
	{"check pass; user unknown", pamFailed, "reason=user unknown"},
	{"session opened for user {user<}(uid={uid#}) by {by<}(uid={#})", sessionOpened, ""},
	{"session opened for user {user<}(uid={uid#}) by (uid={#})", sessionOpened, ""},
	{"session opened for user {user<} by {by<}(uid={#})", sessionOpened, ""},
	{"session opened for user {user<} by {*}", sessionOpened, ""},
	{"session opened for user {user}", sessionOpened, ""},
	{"session closed for user {user}", sessionClosed, ""},
	{"password changed for {user}", passwordChanged, ""},
	{"new password not acceptable{*}", passwordFailed, ""},
	{"authentication success; {<} user={user}", loginOK, ""},
	{"received for user {user}: {#} ({reason})", pamFailed, ""}, // pam_sss, pam_winbind
	{"user {user} account has expired{*}", accountLocked, "reason=expired"},
	{"account {user} has expired{*}", accountLocked, "reason=expired"},
	{"access denied for user `{user}' from `{tty}'", denied, ""}, // pam_access
	{"access denied for user '{user}' from '{tty}'", denied, ""},
	{"user {user} ({#}) tally {#}, deny {#}", accountLocked, "reason=too many failures"},
	{"Consecutive login failures for user {user} account temporarily locked", accountLocked, "reason=too many failures"},
	{"auth could not identify password for [{user}]", pamFailed, ""},
	{"requirement \"{<}\" not met by user \"{user}\"", pamFailed, ""},
	{"user \"{user}\" does not exist in /etc/passwd", failedChange, "reason=no such user"},
	{"could not identify user{*}", untold, ""},
	{"Failed to create session: {reason}", untold, ""},
}

// pam finds what a PAM module said, whatever program it said it for: "pam_unix(sshd:auth): authentication failure; …",
// "(pam_unix) …", "PAM 2 more authentication failures; …".
func (m *matcher) pam(s string) *phrase {
	switch {
	case strings.HasPrefix(s, "pam_"), strings.HasPrefix(s, "(pam_"):
		i := strings.IndexByte(s, ' ')
		if i < 0 {
			return nil
		}
		s = s[i+1:]
		if strings.HasPrefix(s, "(") && strings.Contains(s[:min(len(s), 64)], "): ") {
			s = s[strings.Index(s, "): ")+3:]
		}
	case strings.HasPrefix(s, "PAM "):
		s = s[4:]
		if strings.HasPrefix(s, "service(") || strings.HasPrefix(s, "ignoring max") {
			return nil
		}
	}
	return m.find(pamPhrases, s)
}

// sudoPhrases are the messages of sudo but its command lines, see sudoLine.
var sudoPhrases = []phrase{
	{"{user!} : problem with defaults entries{*}", untold, ""},
	{"unable to resolve host {*}", untold, ""},
}

// sudoLine reads "alice : TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/bin/sh", with what was wrong behind the
// name where sudo refused. https://www.sudo.ws/docs/man/sudo.man/#LOG_FORMAT (sudoers)
func sudoLine(m *matcher, ev *tocsin.Event, f *family, s string) bool {
	user, rest, ok := strings.Cut(strings.TrimLeft(s, " "), " : ")
	if !ok || strings.IndexByte(user, ' ') >= 0 {
		return false
	}
	var reason, command, as, cwd string
	for i := 0; rest != ""; i++ {
		part, after, more := strings.Cut(rest, " ; ")
		name, value, pair := strings.Cut(part, "=")
		if i == 0 && (!pair || !upper(name)) {
			reason = part
			rest = after
			continue
		}
		if !pair {
			rest = after
			continue
		}
		if name == "COMMAND" { // the last, and whatever it holds is its own
			command = rest[len("COMMAND="):]
			value, more = command, false
		}
		switch name {
		case "PWD":
			cwd = value
			ev.Add("PWD", value)
		case "USER":
			as = value
			ev.Add("USER", value)
		case "TTY", "GROUP", "TSID", "ENV", "HOST", "CHROOT", "COMMAND", "CWD":
			ev.Add(name, value)
		}
		if !more {
			break
		}
		rest = after
	}
	if command == "" && reason == "" {
		return false
	}
	m.n = 0
	m.keep("user", user)
	v := ranCommand
	switch {
	case strings.HasSuffix(reason, "incorrect password attempts"), strings.HasSuffix(reason, "incorrect password attempt"),
		strings.HasPrefix(reason, "a password is required"), strings.Contains(reason, "authentication"):
		v = loginFailed
	case reason != "" && reason != "(command continued)":
		v = commandDenied
	}
	m.mean(ev, f, v, "")
	ev.Add("reason", reason)
	if command == "" {
		return true
	}
	ev.Add("command", command)
	if v == ranCommand {
		ev.Sources = f.process
		startOf(ev, command, as, cwd)
		ev.Add("ParentImage", "/usr/bin/sudo")
	}
	return true
}

// startOf adds Sigma's process_creation names for a command that was started as some user in some directory.
func startOf(ev *tocsin.Event, command, user, cwd string) {
	image, _, _ := strings.Cut(command, " ")
	if strings.HasPrefix(image, "/") {
		ev.Add("Image", image)
	}
	ev.Add("CommandLine", command)
	ev.Add("User", user)
	ev.Add("CurrentDirectory", cwd)
}

func upper(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < 'A' || s[i] > 'Z' {
			return false
		}
	}
	return s != ""
}

// suPhrases are the messages of the su programs of util-linux, shadow, BSD, Solaris and BusyBox.
var suPhrases = []phrase{
	{"FAILED SU (to {target<}) {user} on {tty!}", loginFailed, ""},
	{"(to {target<}) {user} on {tty!}", loginOK, ""},
	{"Successful su for {target<} by {user}", loginOK, ""},
	{"FAILED su for {target<} by {user}", loginFailed, ""},
	{"+ {tty!} {user<}:{target}", loginOK, ""},
	{"- {tty!} {user<}:{target}", loginFailed, ""},
	{"BAD SU {user<} to {target} on {tty!}", loginFailed, ""},
	{"'su {target<}' succeeded for {user} on {tty!}", loginOK, ""},
	{"'su {target<}' failed for {user} on {tty!}", loginFailed, ""},
	{"{user!} to {target!} on {tty!}", loginOK, ""},
}

// loginPhrases are the messages of login, getty, rlogin, telnet and rsh daemons.
var loginPhrases = []phrase{
	{"FAILED LOGIN ({#}) on '{tty<}' from '{@}' FOR '{user}', {reason}", loginFailed, ""},
	{"FAILED LOGIN ({#}) on '{tty<}' FOR '{user}', {reason}", loginFailed, ""},
	{"FAILED LOGIN {#} FROM {@} FOR {user}, {reason}", loginFailed, ""},
	{"FAILED LOGIN {#} FOR {user}, {reason}", loginFailed, ""},
	{"FAILED LOGIN SESSION FROM {@} FOR {user}, {reason}", loginFailed, ""},
	{"TOO MANY LOGIN TRIES ({#}) on '{tty<}' from '{@}' FOR '{user}'{*}", loginFailed, ""},
	{"TOO MANY LOGIN TRIES ({#}) FROM {@} FOR {user}, {reason}", loginFailed, ""},
	{"TOO MANY LOGIN TRIES ({#}) {*}", loginFailed, ""},
	{"ROOT LOGIN  on '{tty<}' from '{@}'", loginOK, "user=root"},
	{"ROOT LOGIN ON {tty!} FROM {@}", loginOK, "user=root"},
	{"ROOT LOGIN ON {tty!}", loginOK, "user=root"},
	{"ROOT LOGIN  on '{tty<}'", loginOK, "user=root"},
	{"ROOT LOGIN REFUSED ON {tty!} FROM {@}", denied, "user=root"},
	{"ROOT LOGIN REFUSED ON {tty!}", denied, "user=root"},
	{"LOGIN ON {tty!} BY {user} FROM {@}", loginOK, ""},
	{"LOGIN ON {tty!} BY {user}", loginOK, ""},
	{"invalid password for '{user}' on '{tty<}' from '{@}'", loginFailed, ""},
	{"invalid password for '{user}'  on '{tty<}' from '{@}'", loginFailed, ""},
	{"invalid password for `{user}' on `{tty<}' from `{@}'", loginFailed, ""},
	{"invalid password for '{user}' on '{tty<}'", loginFailed, ""},
	{"invalid password for {*}", loginFailed, ""},
	{"root login on '{tty}'", loginOK, "user=root"},
	{"{#} LOGIN FAILURE FROM {@}, {user}", loginFailed, ""},
	{"{#} LOGIN FAILURES FROM {@}, {user}", loginFailed, ""},
	{"{#} LOGIN FAILURE ON {tty!}, {user}", loginFailed, ""},
	{"{#} LOGIN FAILURES ON {tty!}, {user}", loginFailed, ""},
	{"repeated login failures from {@}{*}", loginFailed, ""},
	{"REPEATED LOGIN FAILURES ON {tty!} FROM {@}, {user}", loginFailed, ""},
	{"connect from {@}", connection, ""},
	{"connect from {<} ({@})", connection, ""},
	{"refused connect from {@}", connectionRefused, ""},
	{"refused connect from {<} ({@})", connectionRefused, ""},
}

// accountPhrases are the messages of the programs that change accounts: shadow's, BusyBox's, pw and chpasswd.
var accountPhrases = []phrase{
	{"new user: name={user<}, UID={uid#}, GID={gid#}, home={home<}, shell={shell<}, from={tty}", userAdded, ""},
	{"new user: name={user<}, UID={uid#}, GID={gid#}, home={home<}, shell={shell}", userAdded, ""},
	{"new user: name={user<}, {*}", userAdded, ""},
	{"new account added - account={user<}, uid={uid#}, gid={gid#}, home={home<}, shell={shell<}, by={*}", userAdded, ""}, // SUSE
	{"new group: name={group<}, GID={gid#}", groupChanged, "change=group added"},
	{"new group added - group={group<}, gid={gid#}, by={*}", groupChanged, "change=group added"},
	{"group added to {<}: name={group<}, GID={gid#}", groupChanged, "change=group added"},
	{"group added to {<}: name={group}", groupChanged, "change=group added"},
	{"add '{user<}' to group '{group}'", groupChanged, "change=member added"},
	{"add '{user<}' to shadow group '{group}'", untold, ""},
	{"account added to group - account={user<}, group={group<}, gid={gid#}, by={*}", groupChanged, "change=member added"},
	{"delete '{user<}' from group '{group}'", groupChanged, "change=member removed"},
	{"delete '{user<}' from shadow group '{group}'", untold, ""},
	{"user {user<} added by {by<} to group {group}", groupChanged, "change=member added"},
	{"user {user<} removed by {by<} from group {group}", groupChanged, "change=member removed"},
	{"members of group {group<} set by {by<} to {user}", groupChanged, "change=members set"},
	{"removed group '{group<}' owned by '{user}'", groupChanged, "change=group removed"},
	{"group '{group<}' removed{*}", groupChanged, "change=group removed"},
	{"delete user '{user}'", userDeleted, ""},
	{"account deleted - account={user<}, {*}", userDeleted, ""},
	{"change user '{user<}' UID from '{old<}' to '{uid}'", userChanged, "change=uid"},
	{"change user '{user<}' GID from '{old<}' to '{gid}'", userChanged, "change=gid"},
	{"change user '{user<}' shell from '{old<}' to '{shell}'", userChanged, "change=shell"},
	{"change user '{user<}' home from '{old<}' to '{home}'", userChanged, "change=home"},
	{"change user '{user<}' expiration from '{old<}' to '{new}'", userChanged, "change=expiration"},
	{"change user '{user<}' password", passwordChanged, ""},
	{"change user name '{old<}' to '{user}'", userChanged, "change=name"},
	{"lock user '{user<}' password", userChanged, "change=locked"},
	{"unlock user '{user<}' password", userChanged, "change=unlocked"},
	{"changed user '{user<}' shell to '{shell}'", userChanged, "change=shell"},
	{"changed user '{user<}' information", userChanged, "change=information"},
	{"changed password expiry for {user}", userChanged, "change=password expiry"},
	{"password for '{user<}' changed by '{by}'", passwordChanged, ""},
	{"password for `{user<}' changed by `{by}'", passwordChanged, ""},
	{"password for {user!} changed by {by!}", passwordChanged, ""},
	{"password changed - account={user<}, uid={uid#}, by={*}", passwordChanged, ""},
	{"user '{user<}' password changed{*}", passwordChanged, ""},
	{"failed adding user '{user<}', {reason}", failedChange, ""},
	{"failed to add user {user}", failedChange, ""},
	{"{user!}({uid#}):{<}:{home<}:{shell}", userAdded, ""}, // FreeBSD's pw
}

// sessionPhrases are the messages of systemd-logind, polkit and pkexec.
var sessionPhrases = []phrase{
	{"New session {session!} of user {user}.", sessionOpened, ""},
	{"New session '{session!}' of user '{user}' with class '{<}' and type '{*}", sessionOpened, ""},
	{"Session {session!} logged out. Waiting for processes to exit.", sessionClosed, ""},
	{"Removed session {session}.", sessionClosed, ""},
	{"Operator of {session<} successfully authenticated as unix-user:{target<} to gain {<} for action {action<} for {<} [{command<}] (owned by unix-user:{user})", loginOK, ""},
	{"Operator of {session<} FAILED to authenticate to gain authorization for action {action<} for {<} [{command<}] (owned by unix-user:{user})", loginFailed, ""},
	{"Operator of {session<} FAILED to authenticate to gain authorization for action {action<} for {*}", loginFailed, ""},
	{"{user!}: Executing command [USER={USER<}] [TTY={tty<}] [CWD={cwd<}] [COMMAND={command}]", ranCommand, ""},
	{"{user!}: {reason<} [USER={USER<}] [TTY={tty<}] [CWD={cwd<}] [COMMAND={command}]", commandDenied, ""},
}

// cronPhrases are the messages of Vixie cron, cronie, dcron, anacron and crontab.
var cronPhrases = []phrase{
	{"({user<}) CMD ({command})", cronJob, ""},
	{"({user<}) CMDEND ({command})", untold, ""},
	{"({user<}) REPLACE ({target})", cronChanged, "change=replaced"},
	{"({user<}) DELETE ({target})", cronChanged, "change=deleted"},
	{"({user<}) BEGIN EDIT ({target})", cronChanged, "change=edited"},
	{"({user<}) END EDIT ({target})", untold, ""},
	{"({user<}) RELOAD ({target})", cronChanged, "change=reloaded"},
	{"({user<}) AUTH ({reason})", denied, ""},
	{"({user<}) LIST ({target})", untold, ""},
	{"FILE {file!} USER {user!} PID {#} {command}", cronJob, ""}, // dcron
	{"USER {user!} pid {#} cmd {command}", cronJob, ""},          // BusyBox
	{"Job `{command<}' started", cronJob, ""},
}

// cronLine adds Sigma's process_creation names to a job that cron started.
func cronLine(m *matcher, ev *tocsin.Event, f *family, s string) bool {
	p := m.find(f.phrases, s)
	if p == nil {
		return false
	}
	m.mean(ev, f, p.is, p.add)
	if p.is == cronJob {
		ev.Sources = f.process
		var user, command string
		for _, c := range m.got[:m.n] {
			switch c.Name {
			case "user":
				user = c.Value
			case "command":
				command = c.Value
			}
		}
		startOf(ev, strings.TrimSpace(command), user, "")
		ev.Add("ParentImage", "/usr/sbin/cron")
	}
	return true
}

// systemdPhrases are what the init system says of units.
var systemdPhrases = []phrase{
	{"Started {unit}.", serviceState, "state=started"},
	{"Starting {unit}...", serviceState, "state=starting"},
	{"Stopped {unit}.", serviceState, "state=stopped"},
	{"Stopping {unit}...", serviceState, "state=stopping"},
	{"Reloaded {unit}.", serviceState, "state=reloaded"},
	{"Failed to start {unit}.", serviceState, "state=failed"},
	{"Created symlink {link<} → {target}.", serviceState, "state=enabled"},
	{"{unit!}: Deactivated successfully.", serviceState, "state=stopped"},
	{"{unit!}: Failed with result '{reason}'.", serviceState, "state=failed"},
}
