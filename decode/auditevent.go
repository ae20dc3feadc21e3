package decode

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

func auditSources(category string) []tocsin.LogSource {
	s := []tocsin.LogSource{{Product: "linux", Service: "auditd"}}
	if category != "" {
		s = append(s, tocsin.LogSource{Product: "linux", Category: category, Service: "auditd"})
	}
	return s
}

var (
	auditPlain   = auditSources("")
	auditProcess = auditSources("process_creation")
	auditConnect = auditSources("network_connection")
	auditCreate  = auditSources("file_event")
	auditDelete  = auditSources("file_delete")
	auditAuth    = auditSources("authentication")
)

func (r *auditReader) ip6(b [16]byte) string {
	a := netip.AddrFrom16(b)
	if a.Is4In6() {
		a = a.Unmap()
	}
	from := len(r.arena)
	r.arena = a.AppendTo(r.arena)
	return text(r.arena[from:])
}

// argNames are the names of the first arguments; later ones are made as needed.
var argNames = [...]string{"a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9", "a10", "a11", "a12", "a13", "a14", "a15",
	"a16", "a17", "a18", "a19", "a20", "a21", "a22", "a23", "a24", "a25", "a26", "a27", "a28", "a29", "a30", "a31"}

// complete adds what the records of the event say together: names for numbers, the command line, and the names that
// Sigma has for processes, connections, files and logins.
func (r *auditReader) complete() {
	ev := r.ev
	ev.Sources = auditPlain
	if r.call != "" {
		if _, enriched := ev.Value("SYSCALL"); !enriched {
			ev.Add("SYSCALL", r.call)
		}
		ev.Add("syscall", r.call)
	}
	for i, a := range r.args {
		name := ""
		if i < len(argNames) {
			name = argNames[i]
		} else {
			name = "a" + strconv.Itoa(i)
		}
		ev.Fields = append(ev.Fields, tocsin.Field{Name: name, Value: a})
	}
	command := r.command
	if len(r.args) > 0 {
		from := len(r.arena)
		for i, a := range r.args {
			if i > 0 {
				r.arena = append(r.arena, ' ')
			}
			r.arena = append(r.arena, a...)
		}
		command = text(r.arena[from:])
	}
	if command == "" {
		command = r.title
	}
	user := r.userName
	if user == "" {
		if user = r.uid; user == "0" {
			user = "root"
		}
	}
	failed := r.success == "no"
	switch {
	case len(r.args) > 0 || r.call == "execve" || r.call == "execveat":
		if failed {
			return
		}
		if command == "" {
			command = r.comm
		}
		ev.Sources = auditProcess
		ev.Add("Image", r.exe)
		ev.Add("CommandLine", command)
		ev.Add("command", command)
		ev.Add("ProcessId", r.pid)
		ev.Add("ParentProcessId", r.ppid)
		ev.Add("User", user)
		ev.Add("CurrentDirectory", r.cwd)
		r.parent(command)
	case r.peer.ip != "" && (r.call == "connect" || r.call == "sendto" || r.call == "sendmsg"):
		ev.Sources = auditConnect
		r.process(user)
		ev.Add("DestinationIp", r.peer.ip)
		ev.Add("DestinationPort", r.peer.port)
		ev.Add("Initiated", "true")
		if failed && r.exit != "-115" && r.exit != "EINPROGRESS" {
			ev.Add("outcome", "failure")
		}
	case r.peer.ip != "" && (r.call == "accept" || r.call == "accept4"):
		ev.Sources = auditConnect
		r.process(user)
		ev.Add("SourceIp", r.peer.ip)
		ev.Add("SourcePort", r.peer.port)
		ev.Add("src_ip", r.peer.ip)
		ev.Add("src_port", r.peer.port)
		ev.Add("Initiated", "false")
	case r.created != "" && !failed:
		ev.Sources = auditCreate
		r.process(user)
		ev.Add("TargetFilename", r.absolute(r.created))
	case r.deleted != "" && !failed:
		ev.Sources = auditDelete
		r.process(user)
		ev.Add("TargetFilename", r.absolute(r.deleted))
	default:
		r.user()
	}
}

// process names the process of an event that is not about its start.
func (r *auditReader) process(user string) {
	r.ev.Add("Image", r.exe)
	r.ev.Add("ProcessId", r.pid)
	r.ev.Add("User", user)
}

func (r *auditReader) absolute(path string) string {
	if strings.HasPrefix(path, "/") || r.cwd == "" || path == "" {
		return path
	}
	from := len(r.arena)
	r.arena = append(r.arena, r.cwd...)
	if !strings.HasSuffix(r.cwd, "/") {
		r.arena = append(r.arena, '/')
	}
	r.arena = append(r.arena, strings.TrimPrefix(path, "./")...)
	return text(r.arena[from:])
}

// parent names the program of the parent process, if its start was read, and remembers this one's.
func (r *auditReader) parent(command string) {
	if r.seen == nil {
		return
	}
	if ppid, err := strconv.ParseUint(r.ppid, 10, 32); err == nil {
		if p, ok := r.seen[uint32(ppid)]; ok {
			r.ev.Add("ParentImage", p.image)
			r.ev.Add("ParentCommandLine", p.command)
		}
	}
	if pid, err := strconv.ParseUint(r.pid, 10, 32); err == nil && r.exe != "" {
		if len(r.seen) >= maxExeced {
			clear(r.seen)
		}
		if len(command) > 1024 {
			command = command[:1024]
		}
		r.seen[uint32(pid)] = execed{strings.Clone(r.exe), strings.Clone(command)}
	}
}

// user tells the events that programs send about users.
func (r *auditReader) user() {
	ev := r.ev
	ok := r.res == "success" || r.res == "1" || r.res == "yes"
	bad := r.res == "failed" || r.res == "0" || r.res == "no"
	v := untold
	kind := ""
	if len(r.kinds) > 0 {
		kind = r.kinds[0]
	}
	switch kind {
	case "USER_AUTH", "USER_ERR", "CRYPTO_LOGIN":
		if bad {
			v = loginFailed
		}
	case "USER_LOGIN":
		if ok {
			v = loginOK
		} else if bad { // sshd's summary of attempts that were told one by one
			v = loginSummary
		}
	case "USER_ACCT":
		if bad {
			v = denied
		}
	case "USER_START":
		v = sessionOpened
	case "USER_END":
		v = sessionClosed
	case "USER_LOGOUT":
		v = logout
	case "ADD_USER", "ANOM_ADD_ACCT":
		v = userAdded
	case "DEL_USER", "ANOM_DEL_ACCT":
		v = userDeleted
	case "ADD_GROUP", "DEL_GROUP", "GRP_MGMT", "GRP_CHAUTHTOK":
		v = groupChanged
	case "USER_MGMT", "CHUSER_ID", "ANOM_MOD_ACCT":
		v = userChanged
	case "USER_CHAUTHTOK":
		if v = passwordChanged; bad {
			v = passwordFailed
		}
	case "USER_CMD":
		if v = ranCommand; bad {
			v = commandDenied
		}
		ev.Add("command", r.command)
	case "TTY", "USER_TTY":
		v = typed
		ev.Add("command", r.command)
	case "SERVICE_START", "SERVICE_STOP", "DAEMON_START", "DAEMON_END", "DAEMON_ABORT":
		v = serviceState
	case "ANOM_ABEND":
		v = crashed
	case "ANOM_PROMISCUOUS":
		v = promiscuous
	case "KERN_MODULE":
		v = moduleLoaded
	case "ACCT_LOCK", "RESP_ACCT_LOCK", "RESP_ACCT_LOCK_TIMED", "ANOM_LOGIN_FAILURES":
		v = accountLocked
	}
	switch out := outcomes[v].outcome; {
	case v == untold:
	case bad && out == "success":
		ev.Add("event_type", outcomes[v].event)
		ev.Add("outcome", "failure")
	default:
		ev.Add("event_type", outcomes[v].event)
		ev.Add("outcome", out)
	}
	if v == untold {
		switch {
		case ok:
			ev.Add("outcome", "success")
		case bad:
			ev.Add("outcome", "failure")
		}
	}
	if v.authentic() {
		ev.Sources = auditAuth
	}
	acct := r.acct
	if changes := v == userAdded || v == userDeleted || v == userChanged || v == passwordChanged; changes && acct == "" && !strings.HasPrefix(r.idName, "unknown(") {
		acct = r.idName // a program may give the number only, which auditd then looks up
	}
	if !isNobody(acct) {
		ev.Add("user", acct)
	}
	if p, found := peerAt(r.addr, true); found {
		ev.Add("src_ip", p.ip)
	} else if p, found := peerAt(r.peerHost, false); found {
		ev.Add("src_ip", p.ip)
		ev.Add("src_host", p.host)
	}
	ev.Add("src_port", r.port)
	if r.exe != "" && v.authentic() {
		ev.Add("service", baseName(r.exe))
	}
}
