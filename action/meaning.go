package action

import (
	"encoding/base64"
	"net/netip"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// understand fills in what a simple command does: by its name where that is known, then by the shape of its arguments,
// which a renamed tool keeps.
func understand(m *meaning, words, files []string) {
	if e, ok := lexicon[m.Tool]; ok {
		m.Verb, m.Tactic, m.Technique, m.Level = e.verb, e.tactic, e.technique, e.level
	} else if e, ok := lexicon[strings.TrimSuffix(m.Tool, ".ps1")]; ok {
		m.Verb, m.Tactic, m.Technique, m.Level = e.verb, e.tactic, e.technique, e.level
	}
	args := words[min(1, len(words)):]
	a := argsOf(args)
	m.On = append(m.On, a.targets...)
	m.Secrets = append(m.Secrets, a.secrets...)
	for _, w := range a.lists {
		m.Marks = append(m.Marks, "list:"+w)
	}
	for _, f := range files {
		if strings.HasPrefix(f, "/dev/tcp/") || strings.HasPrefix(f, "/dev/udp/") {
			m.say("connect", "command-and-control", "T1059.004", high)
			m.Marks = append(m.Marks, "callback:"+strings.ReplaceAll(strings.TrimPrefix(strings.TrimPrefix(f, "/dev/tcp/"), "/dev/udp/"), "/", ":"))
		}
		if strings.HasSuffix(f, "authorized_keys") {
			m.say("write", "persistence", "T1098.004", medium)
		}
		if strings.HasPrefix(f, "/etc/cron") || strings.HasPrefix(f, "/etc/sudoers") || strings.HasPrefix(f, "/etc/ld.so.preload") || f == "/etc/passwd" {
			m.say("write", "persistence", "T1053.003", medium)
		}
	}
	m.arguments(&a)
	m.tool(args, &a)
	m.shape(args, &a)
	if m.Tool == "sh" || m.Tool == "bash" || m.Tool == "dash" || m.Tool == "zsh" || strings.HasPrefix(m.Tool, "python") || m.Tool == "perl" || m.Tool == "php" {
		if len(args) == 0 || args[0] == "-" || args[0] == "-s" {
			if m.Level <= tocsin.Informational {
				m.Tactic = "stdin" // a pipe may feed it; joinPipes tells
			}
		}
	}
}

// say gives a meaning unless there is a more telling one.
func (m *meaning) say(verb, tactic, technique string, level tocsin.Level) {
	if level < m.Level || level == m.Level && m.Tactic != "" {
		return
	}
	m.Verb, m.Tactic, m.Technique, m.Level = verb, tactic, technique, level
}

func (m *meaning) addTarget(v string) {
	if e, ok := targetOf(v); ok {
		m.On = append(m.On, e)
	}
}

// arguments are what a command's words name.
type arguments struct {
	targets          []tocsin.Entity
	secrets, lists   []string
	urls             []string
	addresses, nets  int
	user, hash, pass bool
	impacket         bool // domain/user:password@host
	flags            map[string]bool
	joined           string // all words in lower case
}

func argsOf(args []string) arguments {
	a := arguments{flags: map[string]bool{}}
	a.joined = strings.ToLower(strings.Join(args, " "))
	if len(a.joined) > 8192 {
		a.joined = a.joined[:8192]
	}
	for i, w := range args[:min(len(args), 200)] {
		if len(w) > 1 && (w[0] == '-' || w[0] == '/' && len(w) < 12 && !strings.Contains(w[1:], "/")) {
			name, v, has := strings.Cut(w, "=")
			if !has {
				name, v, has = strings.Cut(w, ":")
			}
			a.flags[name] = true
			l := strings.ToLower(name)
			next := ""
			if has {
				next = strings.Trim(v, `"'`)
			} else if i+1 < len(args) && !strings.HasPrefix(args[i+1], "-") {
				next = args[i+1]
			}
			a.flag(l, next)
			continue
		}
		if strings.Contains(w, "://") {
			if len(a.urls) < 8 {
				a.urls = append(a.urls, w)
			}
		}
		if u, ok := strings.CutSuffix(w, "'"); ok {
			w = u
		}
		if cred, host, ok := cutLast(w, '@'); ok && !strings.Contains(w, "://") {
			if up, pw, ok := strings.Cut(cred, ":"); ok && strings.ContainsAny(up, `/\`) || ok && host != "" && pw != "" && !strings.Contains(up, "/") && strings.Contains(cred, "/") {
				a.impacket = true
				if pw != "" {
					a.pass = true
					a.secret(pw)
				}
				w = host
			} else if strings.Contains(cred, "/") && host != "" && !strings.HasPrefix(cred, "/") && !strings.HasPrefix(cred, ".") {
				a.impacket = strings.Count(cred, "/") == 1
				w = host
			} else if host != "" {
				w = host
				if h, _, ok := strings.Cut(host, ":"); ok {
					w = h
				}
			}
		}
		for v := range strings.SplitSeq(w, ",") {
			if len(a.targets) >= 16 {
				break
			}
			if e, ok := targetOf(v); ok {
				if e.Kind == "address" {
					a.addresses++
					if strings.Contains(e.Value, "/") || strings.Contains(e.Value, "-") {
						a.nets++
					}
				}
				a.targets = append(a.targets, e)
			}
		}
		if isHash(w) {
			a.hash = true
			a.secret(w)
		}
		if wordlist(w) {
			a.list(w)
		}
	}
	return a
}

func (a *arguments) flag(name, next string) {
	bare := strings.TrimLeft(name, "-/")
	switch bare {
	case "p", "pass", "password", "pw", "passwd", "ap":
		if next != "" && !strings.Contains(next, "/") && !digits(next) && len(next) < 128 {
			a.pass = true
			a.secret(next)
		} else if wordlist(next) {
			a.list(next)
		}
	case "h", "hash", "hashes", "nt", "nthash", "rc4":
		if isHash(strings.TrimPrefix(next, ":")) || strings.Contains(next, ":") && isHash(next[strings.LastIndexByte(next, ':')+1:]) {
			a.hash = true
			a.secret(next[strings.LastIndexByte(next, ':')+1:])
		}
	case "u", "user", "username", "userid", "l", "login", "au":
		if u, p, ok := strings.Cut(next, "%"); ok && u != "" && p != "" && !strings.Contains(next, "://") {
			a.pass = true
			a.secret(p)
		} else if u, p, ok := strings.Cut(next, ":"); ok && u != "" && len(p) > 2 && !strings.HasPrefix(p, "//") {
			a.pass = true
			a.secret(p)
		}
		if next != "" && !strings.Contains(next, "://") {
			a.user = true
		}
		if wordlist(next) {
			a.list(next)
		}
	case "w", "wordlist", "U", "P", "L", "userlist", "passlist", "usersfile":
		if wordlist(next) {
			a.list(next)
		}
	}
}

func (a *arguments) secret(s string) {
	if s = strings.Trim(s, `"'`); len(s) >= 3 && len(a.secrets) < 8 && s[0] != '$' {
		a.secrets = append(a.secrets, s)
	}
}

func (a *arguments) list(w string) {
	if len(a.lists) < 4 {
		a.lists = append(a.lists, base(w))
	}
}

// wordlist says that a file reads as a list of names, passwords or paths to try.
func wordlist(w string) bool {
	l := strings.ToLower(w)
	return strings.HasSuffix(l, ".txt") && (strings.Contains(l, "wordlist") || strings.Contains(l, "rockyou") || strings.Contains(l, "seclists") || strings.Contains(l, "user") || strings.Contains(l, "pass") || strings.Contains(l, "common") || strings.Contains(l, "dirb") || strings.Contains(l, "raft-")) ||
		strings.HasPrefix(l, "/usr/share/wordlists/") || strings.HasSuffix(l, ".lst")
}

func cutLast(s string, c byte) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, c)
	if i <= 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

func digits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return s[i] == ',' || s[i] == '-' && i > 0
		}
	}
	return s != ""
}

// isHash says that a word is an NT hash, alone or as LM:NT.
func isHash(s string) bool {
	if i := strings.IndexByte(s, ':'); i == 32 {
		s = s[33:]
	}
	if len(s) != 32 {
		return false
	}
	for i := 0; i < len(s); i++ {
		if hexDigit(s[i]) < 0 {
			return false
		}
	}
	return true
}

// targetOf says whether a word names a machine or a network: an address, a CIDR, a range, a URL's host, a UNC path's, a
// name with a domain that is no file's.
func targetOf(w string) (tocsin.Entity, bool) {
	w = strings.Trim(w, `"'[](){};,`)
	if len(w) < 3 || len(w) > 253 {
		return tocsin.Entity{}, false
	}
	if i := strings.Index(w, "://"); i > 0 && i < 12 {
		w = w[i+3:]
		if j := strings.IndexAny(w, "/?#"); j >= 0 {
			w = w[:j]
		}
		if _, h, ok := cutLast(w, '@'); ok {
			w = h
		}
		if h, _, ok := strings.Cut(w, ":"); ok && !strings.Contains(h, "[") {
			w = h
		}
		if address(w) != "" {
			return tocsin.Entity{Kind: "address", Value: address(w)}, true
		}
		if hostLike(w) || w == "localhost" {
			return tocsin.Entity{Kind: "host", Value: strings.ToLower(w)}, w != "localhost"
		}
		return tocsin.Entity{}, false
	}
	if strings.HasPrefix(w, `\\`) || strings.HasPrefix(w, "//") {
		w = w[2:]
		if j := strings.IndexAny(w, `\/`); j > 0 {
			w = w[:j]
		} else {
			return tocsin.Entity{}, false
		}
		if address(w) != "" {
			return tocsin.Entity{Kind: "address", Value: address(w)}, true
		}
		return tocsin.Entity{Kind: "host", Value: strings.ToLower(w)}, len(w) > 1 && w != "." && w != "?"
	}
	if w[0] >= '0' && w[0] <= '9' || strings.Count(w, ":") > 1 {
		if a := address(w); a != "" {
			return tocsin.Entity{Kind: "address", Value: a}, true
		}
		if p, err := netip.ParsePrefix(w); err == nil {
			return tocsin.Entity{Kind: "address", Value: p.String()}, true
		}
		if i := strings.IndexByte(w, '-'); i > 6 && address(w[:i]) != "" && digits(w[i+1:]) {
			return tocsin.Entity{Kind: "address", Value: w}, true
		}
		if h, p, ok := cutLast(w, ':'); ok && digits(p) && address(h) != "" {
			return tocsin.Entity{Kind: "address", Value: address(h)}, true
		}
		return tocsin.Entity{}, false
	}
	if h, p, ok := strings.Cut(w, ":"); ok {
		if !digits(p) && !strings.HasPrefix(p, "/") && p != "" {
			return tocsin.Entity{}, false
		}
		w = h
	}
	if hostLike(w) {
		return tocsin.Entity{Kind: "host", Value: strings.ToLower(w)}, true
	}
	return tocsin.Entity{}, false
}

// fileEnds are last labels that files have more often than machines.
var fileEnds = map[string]bool{"txt": true, "py": true, "sh": true, "js": true, "ts": true, "json": true, "xml": true, "html": true, "htm": true, "css": true, "md": true, "go": true, "rs": true, "c": true, "h": true, "cpp": true, "java": true, "jar": true, "log": true, "conf": true, "cfg": true, "ini": true, "yml": true, "yaml": true, "zip": true, "gz": true, "tgz": true, "tar": true, "bz2": true, "xz": true, "exe": true, "dll": true, "ps1": true, "bat": true, "cmd": true, "php": true, "pl": true, "rb": true, "sql": true, "db": true, "csv": true, "tsv": true, "pdf": true, "png": true, "jpg": true, "svg": true, "bak": true, "old": true, "tmp": true, "out": true, "bin": true, "so": true, "key": true, "pem": true, "crt": true, "pfx": true, "kdbx": true, "dit": true, "dmp": true, "hash": true, "hashes": true, "lst": true, "toml": true, "lock": true, "mod": true, "sum": true, "env": true, "service": true, "d": true, "ccache": true, "vue": true, "tsx": true, "jsx": true, "mjs": true, "cs": true, "swift": true, "kt": true, "proto": true, "ipynb": true, "test": true, "spec": true, "txtar": true, "evtx": true, "pcap": true, "nse": true, "xlsx": true, "docx": true, "ico": true, "map": true, "gitignore": true, "sqlite": true, "svelte": true, "bashrc": true, "profile": true, "example": false}

// hostLike says that a word is a name with a domain.
func hostLike(w string) bool {
	dot := strings.LastIndexByte(w, '.')
	if dot <= 0 || dot == len(w)-1 || w[0] == '.' || w[0] == '-' || w[0] == '_' {
		return false
	}
	end := strings.ToLower(w[dot+1:])
	if fileEnds[end] || len(end) < 2 || len(end) > 12 {
		return false
	}
	for i := 0; i < len(end); i++ {
		if end[i] < 'a' || end[i] > 'z' {
			return false
		}
	}
	for i := 0; i < dot; i++ {
		c := w[i]
		if c != '.' && c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	// A method call or a field (os.path, System.IO.File) is no machine: names of the DNS have an end that is one.
	if len(end) == 2 && strings.Count(w, ".") >= 2 && end != "sh" && end != "py" && end != "io" && end != "is" {
		return true
	}
	switch end {
	case "com", "org", "net", "io", "local", "lan", "internal", "corp", "example", "htb", "gov", "edu", "info", "dev", "cloud", "ai", "de", "fr", "uk", "eu", "ch", "nl", "ru", "cn", "biz", "co", "me", "us", "sh", "app", "xyz", "site", "online", "test":
		return end != "sh" && end != "test" && end != "app"
	}
	return false
}

// secretFiles are names whose reading is a theft of secrets wherever it happens, with the technique.
var secretFiles = []struct {
	name, technique string
	level           tocsin.Level
}{
	{"/etc/shadow", "T1003.008", medium}, {"/etc/gshadow", "T1003.008", medium}, {"ntds.dit", "T1003.003", high}, {"config\\sam", "T1003.002", high}, {"config/sam", "T1003.002", high}, {"hklm\\sam", "T1003.002", high}, {"hklm\\security", "T1003.004", high}, {"hklm\\system", "T1003.002", low}, {"lsass", "T1003.001", high}, {"sekurlsa", "T1003.001", high}, {"lsadump", "T1003", high}, {"dcsync", "T1003.006", high}, {"comsvcs", "T1003.001", high}, {"minidump", "T1003.001", medium},
	{"id_rsa", "T1552.004", low}, {"id_ed25519", "T1552.004", low}, {".aws/credentials", "T1552.001", low}, {".git-credentials", "T1552.001", low}, {".docker/config.json", "T1552.001", low}, {".kube/config", "T1552.001", low}, {"wp-config.php", "T1552.001", low}, {"web.config", "T1552.001", low}, {"unattend.xml", "T1552.001", medium}, {"groups.xml", "T1552.006", medium}, {"gpp-decrypt", "T1552.006", medium}, {"cpassword", "T1552.006", medium}, {".bash_history", "T1552.003", low}, {"consolehost_history", "T1552.003", low}, {".kdbx", "T1555.005", medium}, {"login data", "T1555.003", medium}, {"logins.json", "T1555.003", medium}, {"/proc/self/environ", "T1552.001", low}, {"169.254.169.254", "T1552.005", medium}, {"metadata.google.internal", "T1552.005", medium}, {"serviceaccount/token", "T1552.007", medium}, {".pgpass", "T1552.001", low}, {"/etc/krb5.keytab", "T1558", medium},
}

// arguments reads what is telling whatever the program: secrets read, shells tied to the network, traces removed.
func (m *meaning) arguments(a *arguments) {
	j := a.joined
	if j == "" {
		return
	}
	for i := range secretFiles {
		f := &secretFiles[i]
		if strings.Contains(j, f.name) {
			switch m.Tool {
			case "ls", "chmod", "chown", "ssh", "scp", "ssh-keygen", "git", "ssh-add", "rm", "touch", "stat", "echo", "printf", "mkdir", "test", "[":
				continue
			}
			m.say("read", "credential-access", f.technique, f.level)
			break
		}
	}
	switch {
	case strings.Contains(j, "/dev/tcp/"), strings.Contains(j, "socket.socket") && strings.Contains(j, "dup2"), strings.Contains(j, "pty.spawn") && strings.Contains(j, "socket"), strings.Contains(j, "net.sockets.tcpclient") && strings.Contains(j, "getstream"), strings.Contains(j, "fsockopen") && strings.Contains(j, "exec"):
		m.say("connect", "command-and-control", "T1059", high)
		if h := callback(j); h != "" {
			m.Marks = append(m.Marks, "callback:"+h)
		}
	case strings.Contains(j, "downloadstring"), strings.Contains(j, "downloadfile"), strings.Contains(j, "downloaddata"), strings.Contains(j, "net.webclient"):
		m.say("copy", "command-and-control", "T1105", medium)
	case strings.Contains(j, "frombase64string"), strings.Contains(j, "[convert]::"):
		m.say("run", "stealth", "T1027", low)
	case strings.Contains(j, "amsiutils"), strings.Contains(j, "amsiinitfailed"):
		m.say("stop", "defense-impairment", "T1562.001", high)
	case strings.Contains(j, "virtualalloc"), strings.Contains(j, "createthread") && strings.Contains(j, "kernel32"):
		m.say("run", "stealth", "T1055", high)
	}
	if m.Tool == "rm" || m.Tool == "del" || m.Tool == "remove-item" || m.Tool == "truncate" || m.Tool == "erase" {
		switch {
		case strings.Contains(j, "/var/log") || strings.Contains(j, ".bash_history") || strings.Contains(j, "winevt"):
			m.say("delete", "stealth", "T1070.002", medium)
		case strings.Contains(j, "-rf / ") || strings.HasSuffix(j, "-rf /") || strings.Contains(j, "--no-preserve-root"):
			m.say("delete", "impact", "T1485", high)
		}
	}
}

// tool reads the arguments of programs that do many things.
func (m *meaning) tool(args []string, a *arguments) {
	j := a.joined
	has := func(words ...string) bool {
		for _, w := range words {
			if !strings.Contains(j, w) {
				return false
			}
		}
		return true
	}
	sub := ""
	for _, w := range args {
		if !strings.HasPrefix(w, "-") {
			sub = strings.ToLower(w)
			break
		}
	}
	switch m.Tool {
	case "ip":
		if sub == "a" || sub == "addr" || sub == "address" || sub == "r" || sub == "route" || sub == "n" || sub == "neigh" {
			m.say("list", "discovery", "T1016", low)
		}
	case "cat", "less", "more", "head", "tail", "type", "get-content", "gc", "strings":
		if has("/etc/passwd") {
			m.say("read", "discovery", "T1087.001", low)
		} else if has("/etc/os-release") || has("/proc/version") || has("/etc/issue") {
			m.say("read", "discovery", "T1082", low)
		} else if has("/etc/hosts") || has("/etc/resolv.conf") {
			m.say("read", "discovery", "T1016", low)
		} else if has("/etc/sudoers") || has("/etc/crontab") {
			m.say("read", "discovery", "T1083", low)
		}
	case "sudo":
		if a.flags["-l"] || a.flags["-ll"] || j == "" {
			m.say("list", "discovery", "T1069.001", low)
		}
	case "find":
		switch {
		case has("-perm") && (has("4000") || has("u=s") || has("6000") || has("2000")):
			m.say("list", "discovery", "T1083", low)
			m.Technique = "T1548.001"
		case has("password"), has(".kdbx"), has("id_rsa"), has("*.pem"), has("*.key"), has("credential"), has("secret"):
			m.say("read", "credential-access", "T1552.001", low)
		case has("-writable"), has("-size") && has("-type f") && has("/home"):
			m.say("list", "discovery", "T1083", low)
		}
	case "grep", "rg", "egrep", "findstr", "select-string":
		if (has("-r") || has("-ri") || has("/s")) && (has("passw") || has("secret") || has("api_key") || has("apikey") || has("token") || has("credential")) && (strings.Contains(j, " /") || has("/si") || has("c:\\")) {
			m.say("read", "credential-access", "T1552.001", low)
		}
	case "env", "printenv", "set":
		if len(args) == 0 {
			m.say("list", "discovery", "T1082", tocsin.Informational)
		}
	case "chmod":
		for _, w := range args {
			if strings.Contains(w, "+s") || len(w) == 4 && digits(w) && (w[0] == '4' || w[0] == '6') {
				m.say("change", "privilege-escalation", "T1548.001", medium)
			}
		}
	case "setcap":
		m.say("change", "privilege-escalation", "T1548", low)
	case "history":
		if a.flags["-c"] {
			m.say("delete", "stealth", "T1070.003", medium)
		}
	case "unset":
		if has("histfile") {
			m.say("change", "stealth", "T1070.003", medium)
		}
	case "export":
		if has("histfile=/dev/null") || has("histsize=0") {
			m.say("change", "stealth", "T1070.003", medium)
		}
	case "touch":
		if a.flags["-r"] || a.flags["-t"] || a.flags["-d"] {
			m.say("change", "stealth", "T1070.006", low)
		}
	case "tee":
		switch {
		case has("authorized_keys"):
			m.say("write", "persistence", "T1098.004", medium)
		case has("/etc/cron"), has("/etc/systemd/system"):
			m.say("write", "persistence", "T1053.003", medium)
		case has("/etc/sudoers"), has("/etc/passwd"), has("/etc/ld.so.preload"):
			m.say("write", "privilege-escalation", "T1548.003", medium)
		}
	case "cp", "mv", "install", "ln":
		if has("/etc/systemd/system") || has("/etc/cron") || has("/etc/init.d") {
			m.say("write", "persistence", "T1543.002", low)
		}
		if webScript(j) && (has("/var/www") || has("htdocs") || has("wwwroot")) {
			m.say("write", "persistence", "T1505.003", low)
		}
	case "ssh":
		if a.flags["-R"] || a.flags["-D"] {
			m.say("connect", "command-and-control", "T1572", medium)
		} else if a.flags["-L"] {
			m.say("connect", "command-and-control", "T1572", low)
		} else {
			m.Verb = "login"
		}
	case "sshpass":
		m.say("login", "lateral-movement", "T1021.004", medium)
		for i, w := range args {
			if w == "-p" && i+1 < len(args) {
				m.addSecret(args[i+1])
			} else if v, ok := strings.CutPrefix(w, "-p"); ok && v != "" {
				m.addSecret(v)
			}
		}
	case "scp", "sftp", "rsync":
		m.Verb = "copy"
		if len(args) > 1 && remote(args[len(args)-1]) {
			m.Verb = "send"
		}
	case "curl", "wget", "fetch", "invoke-restmethod", "invoke-webrequest", "iwr", "irm", "http":
		m.transfer(args, a)
	case "nc", "ncat", "netcat", "socat":
		if a.flags["-e"] || a.flags["-c"] || a.flags["--exec"] || has("exec:") || has("/bin/sh") || has("/bin/bash") || has("cmd.exe") {
			m.say("connect", "command-and-control", "T1059", high)
			for _, t := range a.targets {
				m.Marks = append(m.Marks, "callback:"+t.Value)
			}
		} else if a.flags["-z"] || a.flags["-zv"] || a.flags["-zvw1"] || a.flags["-nzv"] || a.flags["-vz"] {
			m.Tactic, m.Technique, m.Verb = "discovery", "T1046", "scan"
		} else if has("-l") {
			m.say("connect", "command-and-control", "T1095", low)
		}
	case "mkfifo":
		m.say("create", "execution", "T1059.004", tocsin.Informational)
	case "base64", "xxd", "openssl":
		if m.Tool == "openssl" && has("s_client") && has("-connect") && !has("-showcerts") {
			m.say("connect", "command-and-control", "T1573", tocsin.Informational)
		}
		if has(" enc ") || strings.HasPrefix(j, "enc ") {
			m.say("run", "collection", "T1560", tocsin.Informational)
		}
	case "tar", "zip", "7z", "7za", "rar", "gzip", "makecab", "compress-archive":
		if m.Tool == "rar" || m.Tool == "7z" && (has("-p") || has("-mhe")) {
			m.say("copy", "collection", "T1560.001", low)
		}
		if has("/etc/") || has("/home") || has("/root") || has("/var/lib") || has(".ssh") || has("/var/www") || has("c:\\users") || has("/srv") || has("\\users\\") {
			m.say("copy", "collection", "T1560.001", low)
		}
	case "mysqldump", "pg_dump", "pg_dumpall", "mongodump", "bcp", "expdp":
		m.say("copy", "collection", "T1005", low)
	case "mysql", "psql", "sqlcmd", "mongo", "mongosh", "redis-cli", "sqlite3", "mssqlclient":
		switch {
		case has("select") && (has("user") || has("password") || has("hash")), has("mysql.user"), has("pg_shadow"):
			m.say("read", "credential-access", "T1003", low)
		case has("into outfile"), has("xp_cmdshell"), has("copy") && has("program"):
			m.say("run", "execution", "T1059", medium)
		case has("show databases"), has("show tables"), has("information_schema"), has("\\dt"), has("\\l"):
			m.say("list", "discovery", "T1082", low)
		}
	case "net", "net1":
		m.net(sub, args, has)
	case "reg":
		switch {
		case sub == "save" && (has("sam") || has("system") || has("security")):
			m.say("read", "credential-access", "T1003.002", high)
		case sub == "add" && (has("\\run") || has("winlogon") || has("image file execution")):
			m.say("change", "persistence", "T1547.001", medium)
		case sub == "add" && (has("wdigest") || has("disablerestrictedadmin")):
			m.say("change", "credential-access", "T1112", medium)
		case sub == "add" && (has("defender") || has("enablelua")):
			m.say("change", "defense-impairment", "T1562.001", medium)
		case sub == "query":
			m.say("list", "discovery", "T1012", low)
		}
	case "sc":
		switch {
		case has("create"), has("config") && has("binpath"):
			m.say("create", "persistence", "T1543.003", medium)
		case has("stop") || has("delete"):
			m.say("stop", "impact", "T1489", low)
		case sub == "query" || sub == "qc":
			m.say("list", "discovery", "T1007", low)
		}
		if len(args) > 0 && strings.HasPrefix(args[0], `\\`) {
			m.say("create", "lateral-movement", "T1021.002", medium)
		}
	case "schtasks":
		if has("/query") {
			m.Tactic, m.Technique, m.Verb = "discovery", "T1053.005", "list"
		} else if has("/s ") && has("/create") {
			m.say("create", "lateral-movement", "T1053.005", medium)
		}
	case "wmic":
		switch {
		case has("shadowcopy", "delete"):
			m.say("delete", "impact", "T1490", high)
		case has("/node:"):
			m.say("run", "lateral-movement", "T1047", medium)
		case has("process call create"):
			m.say("run", "execution", "T1047", medium)
		case has("get"), has("list"):
			m.Tactic, m.Technique, m.Verb = "discovery", "T1082", "list"
		}
	case "vssadmin":
		switch {
		case has("delete", "shadows"), has("resize", "shadowstorage"):
			m.say("delete", "impact", "T1490", high)
		case has("create"):
			m.say("read", "credential-access", "T1003.003", medium)
		default:
			m.Tactic, m.Level = "discovery", low
			m.Technique, m.Verb = "T1082", "list"
		}
	case "ntdsutil":
		if has("ifm") {
			m.say("read", "credential-access", "T1003.003", high)
		}
	case "wevtutil":
		if sub == "cl" || sub == "clear-log" {
			m.say("delete", "stealth", "T1070.001", medium)
		}
	case "bcdedit":
		if !has("/set") {
			m.Tactic, m.Technique, m.Level = "", "", tocsin.Informational
		} else if has("recoveryenabled") || has("bootstatuspolicy") {
			m.say("change", "impact", "T1490", high)
		}
	case "certutil":
		switch {
		case has("urlcache"), has("verifyctl"):
			m.say("copy", "command-and-control", "T1105", medium)
		case has("-decode"), has("/decode"), has("-encode"):
			m.say("run", "stealth", "T1140", low)
		}
	case "rundll32":
		switch {
		case has("javascript:"), has("http"):
			m.say("run", "stealth", "T1218.011", high)
		case has("\\temp\\"), has("\\users\\public"), has("\\programdata\\"), has("\\appdata\\"):
			m.say("run", "stealth", "T1218.011", low)
		}
	case "regsvr32":
		if has("http") || has("scrobj") {
			m.say("run", "stealth", "T1218.010", high)
		}
	case "msbuild", "installutil":
		if has("\\temp\\") || has("\\users\\public") {
			m.say("run", "stealth", "T1127", low)
		}
	case "netsh":
		switch {
		case has("firewall") && (has("off") || has("disable") || has("add rule")):
			m.say("change", "defense-impairment", "T1562.004", medium)
		case has("portproxy", "add"):
			m.say("connect", "command-and-control", "T1090", medium)
		case has("wlan") && has("key=clear"):
			m.say("read", "credential-access", "T1555", medium)
		default:
			m.say("list", "discovery", "T1016", low)
		}
	case "iptables", "ufw", "nft":
		if has("-f") && len(args) == 1 || sub == "disable" || has("flush") {
			m.say("stop", "defense-impairment", "T1562.004", medium)
		}
	case "systemctl", "service":
		switch {
		case (has("stop") || has("disable") || has("mask")) && (has("auditd") || has("rsyslog") || has("falcon") || has("osquery") || has("wazuh") || has("firewalld") || has("crowdsec") || has("fail2ban")):
			m.say("stop", "defense-impairment", "T1562.001", medium)
		case sub == "enable":
			m.say("change", "persistence", "T1543.002", tocsin.Informational)
		}
	case "auditctl":
		if a.flags["-D"] || has("-e 0") {
			m.say("stop", "defense-impairment", "T1562.012", medium)
		}
	case "kill", "pkill", "killall", "taskkill":
		if has("auditd") || has("rsyslog") || has("falcon") || has("msmpeng") || has("wazuh") {
			m.say("stop", "defense-impairment", "T1562.001", medium)
		}
	case "usermod":
		if has("sudo") || has("wheel") || has("docker") {
			m.say("grant", "persistence", "T1098.007", medium)
		}
	case "useradd", "adduser":
		if has("-o") && has("-u 0") || has("-ou 0") {
			m.say("create", "persistence", "T1136.001", high)
		}
	case "crontab":
		if a.flags["-l"] {
			m.Tactic, m.Technique, m.Verb = "discovery", "T1053.003", "list"
		}
	case "docker", "podman":
		switch {
		case has("-v /:") || has("--privileged") || has("--pid=host"):
			m.say("run", "privilege-escalation", "T1611", medium)
		}
	case "kubectl", "oc":
		switch {
		case has("get secret"), has("get secrets"), has("describe secret"):
			m.say("read", "credential-access", "T1552.007", medium)
		case has("auth can-i"), has("get nodes"), has("get pods -a"), has("get pods --all"), has("cluster-info"):
			m.say("list", "discovery", "T1613", low)
		case has("create clusterrolebinding"), has("cluster-admin"):
			m.say("grant", "persistence", "T1098.006", medium)
		}
	case "aws", "az", "gcloud", "gsutil":
		m.cloud(j, has)
	case "msfconsole", "msfvenom":
		if has("lhost=") {
			if i := strings.Index(j, "lhost="); i >= 0 {
				v, _, _ := strings.Cut(j[i+6:], " ")
				m.Marks = append(m.Marks, "callback:"+v)
			}
		}
	case "psexec", "psexec64", "procdump", "procdump64":
		if has("lsass") {
			m.say("read", "credential-access", "T1003.001", high)
		}
	case "nxc", "netexec", "crackmapexec", "cme":
		switch {
		case has("--sam"), has("--lsa"), has("--ntds"), has("lsassy"), has("--dpapi"):
			m.Verb, m.Tactic, m.Technique, m.Level = "read", "credential-access", "T1003", high
		case has("--shares"):
			m.Verb, m.Tactic, m.Technique = "list", "discovery", "T1135"
		case has("--users"), has("--rid-brute"), has("--groups"), has("--pass-pol"), has("--loggedon"):
			m.Verb, m.Tactic, m.Technique = "list", "discovery", "T1087.002"
		case has("--kerberoast"):
			m.Verb, m.Tactic, m.Technique = "read", "credential-access", "T1558.003"
		case has("--asreproast"):
			m.Verb, m.Tactic, m.Technique = "read", "credential-access", "T1558.004"
		case has(" -x "), has("--exec"):
			m.Verb = "run"
		case len(a.lists) > 0 || has("users") && has("-p"):
			m.Verb, m.Tactic, m.Technique = "login", "credential-access", "T1110.003"
		case !a.pass && !a.hash:
			m.Verb, m.Tactic, m.Technique = "scan", "discovery", "T1018"
		}
	case "smbclient":
		if has("-c") && has("get ") || has("mget") {
			m.say("copy", "collection", "T1039", medium)
		}
	case "ldapsearch", "rpcclient":
		if a.pass {
			m.Level = max(m.Level, low)
		}
	case "git":
		m.Tactic, m.Level = "", tocsin.Informational
	case "ping":
		if has("-c") && a.nets > 0 {
			m.say("scan", "discovery", "T1018", low)
		}
	case "new-object":
		if has("net.webclient") {
			m.say("copy", "command-and-control", "T1105", low)
		}
	case "get-wmiobject", "gwmi", "get-ciminstance":
		if has("-computername") {
			m.say("list", "discovery", "T1018", low)
		} else {
			m.say("list", "discovery", "T1082", tocsin.Informational)
		}
	}
	if strings.HasPrefix(m.Tool, "python") || m.Tool == "perl" || m.Tool == "ruby" || m.Tool == "php" || m.Tool == "node" || m.Tool == "java" {
		// What matters is the script's name: a renamed interpreter is read by shape all the same.
		for _, w := range args {
			if e, ok := lexicon[base(w)]; ok && !strings.HasPrefix(w, "-") && e.level >= medium {
				m.Tool = base(w)
				m.say(e.verb, e.tactic, e.technique, e.level)
				break
			}
		}
		if has("-c") && has("pty.spawn") {
			m.say("run", "execution", "T1059.006", low)
		}
	}
	if len(a.lists) > 0 && m.Level < medium && (has("fuzz") || len(a.urls) > 0) {
		m.say("scan", "reconnaissance", "T1595.003", medium)
	}
}

func (m *meaning) addSecret(s string) {
	if len(s) >= 3 && s[0] != '$' {
		m.Secrets = append(m.Secrets, s)
	}
}

// remote says that a word is a place on another machine, as scp and rsync write it.
func remote(w string) bool {
	h, _, ok := strings.Cut(w, ":")
	return ok && len(h) > 1 && !strings.Contains(h, "/") && !strings.Contains(w, "://")
}

// transfer reads programs that fetch and send over HTTP.
func (m *meaning) transfer(args []string, a *arguments) {
	j := a.joined
	m.Verb = "request"
	m.Tactic, m.Technique, m.Level = "", "", tocsin.Informational
	for _, w := range a.urls {
		if strings.Contains(w, "://169.254.169.254") {
			continue // asked by who runs it, not through a server
		}
		if p := payload(w); p.technique != "" {
			m.say("probe", p.tactic, p.technique, max(p.level, medium))
			if p.host != "" {
				m.Marks = append(m.Marks, "callback:"+p.host)
			}
		}
	}
	bare := false
	for _, t := range a.targets {
		bare = bare || t.Kind == "address" && t.Value != "127.0.0.1"
	}
	out := ""
	for i, w := range args {
		if (w == "-o" || w == "-O" || w == "--output" || strings.EqualFold(w, "-outfile")) && i+1 < len(args) {
			out = args[i+1]
		}
	}
	switch {
	case strings.Contains(j, "${jndi:"), strings.Contains(j, "() { :"):
		m.say("probe", "initial-access", "T1190", medium)
	case a.flags["-T"] || a.flags["--upload-file"] || strings.Contains(j, "--data-binary @") || strings.Contains(j, "-d @") || strings.Contains(j, "file=@") || strings.Contains(j, "--post-file") || strings.Contains(j, "-infile"):
		m.say("send", "exfiltration", "T1048", low)
		if bare || strings.Contains(j, "transfer.sh") || strings.Contains(j, "pastebin") || strings.Contains(j, "file.io") || strings.Contains(j, "webhook.site") || strings.Contains(j, "0x0.st") {
			m.say("send", "exfiltration", "T1567", medium)
		}
	case out != "" && (bare || program(out) || strings.HasPrefix(out, "/tmp/") || strings.HasPrefix(out, "/dev/shm/")) || strings.Contains(j, "/tmp/") && m.Tool == "wget":
		m.say("copy", "command-and-control", "T1105", low)
		if out != "" && len(out) < 128 && (strings.HasPrefix(out, "/tmp/") || strings.HasPrefix(out, "/dev/shm/")) {
			m.Marks = append(m.Marks, "dropped:"+out)
		}
	case strings.Contains(j, "169.254.169.254"):
		m.say("read", "credential-access", "T1552.005", medium)
	}
}

// net reads net.exe, whose first word says what it is about.
func (m *meaning) net(sub string, args []string, has func(...string) bool) {
	add := has("/add")
	switch sub {
	case "user", "users":
		switch {
		case add:
			m.say("create", "persistence", "T1136", medium)
			if len(args) > 2 && !strings.HasPrefix(args[2], "/") {
				m.addSecret(args[2])
			}
		case has("/active"), len(args) > 2 && !strings.HasPrefix(args[2], "/"):
			m.say("change", "persistence", "T1098", low)
		default:
			m.say("list", "discovery", "T1087", low)
		}
	case "localgroup", "group":
		if add {
			m.say("grant", "persistence", "T1098", medium)
		} else {
			m.say("list", "discovery", "T1069", low)
		}
	case "view", "share", "session", "config", "accounts", "time":
		m.say("list", "discovery", "T1135", low)
	case "use":
		m.say("connect", "lateral-movement", "T1021.002", low)
		for i, w := range args {
			if strings.HasPrefix(strings.ToLower(w), "/user:") && i > 1 && !strings.HasPrefix(args[i-1], `\\`) && !strings.HasSuffix(args[i-1], ":") {
				m.addSecret(args[i-1])
			} else if strings.HasPrefix(strings.ToLower(w), "/user:") && i+1 < len(args) {
				m.addSecret(args[i+1])
			}
		}
	case "start":
		m.say("list", "discovery", "T1007", low)
	case "stop":
		m.say("stop", "impact", "T1489", low)
	}
}

// cloud reads the command lines of cloud platforms.
func (m *meaning) cloud(j string, has func(...string) bool) {
	switch {
	case has("get-caller-identity"), has("account show"), has("auth list"):
		m.say("list", "discovery", "T1033", low)
	case has("get-secret-value"), has("keyvault secret show"), has("secrets versions access"), has("get-parameters") && has("decryption"):
		m.say("read", "credential-access", "T1555.006", medium)
	case has("create-access-key"), has("create-user"), has("ad sp create"), has("service-accounts keys create"), has("create-login-profile"):
		m.say("create", "persistence", "T1098.001", medium)
	case has("attach-user-policy"), has("put-user-policy"), has("role assignment create"), has("add-iam-policy-binding"):
		m.say("grant", "persistence", "T1098.003", medium)
	case has("stop-logging"), has("delete-trail"), has("delete-flow-logs"):
		m.say("stop", "defense-impairment", "T1562.008", high)
	case has("s3 cp") || has("s3 sync"), has("storage blob upload"), has("gsutil cp"):
		m.say("copy", "exfiltration", "T1567.002", tocsin.Informational)
	case has("list-users"), has("list-roles"), has("list-buckets"), has("describe-instances"), has("ad user list"), has("projects list"):
		m.say("list", "discovery", "T1580", low)
	}
}

// shape reads arguments that show what a program does whatever its name: networks and many machines are scanned, a
// user's password or hash with a machine is a login there, a mask to be filled from a list is a search.
func (m *meaning) shape(args []string, a *arguments) {
	if m.Level >= medium && m.Tactic != "" {
		return
	}
	switch m.Tool {
	case "curl", "wget", "ssh", "scp", "rsync", "git", "docker", "podman", "psql", "mysql", "ip", "route", "iptables", "ufw", "nft", "echo", "printf", "grep", "sed", "awk", "cat", "python", "python3", "node", "go", "npm", "kubectl", "helm", "terraform", "ansible", "ansible-playbook", "aws", "gcloud", "az", "redis-cli", "vi", "vim", "nano", "tee", "cd", "ls", "export":
		return
	}
	switch {
	case a.impacket && len(a.targets) > 0:
		m.say("login", "lateral-movement", "T1021", medium)
	case a.hash && len(a.targets) > 0:
		m.say("login", "lateral-movement", "T1550.002", medium)
	case len(a.lists) > 1 && len(a.targets) > 0:
		m.say("login", "credential-access", "T1110", medium)
	case a.user && a.pass && len(a.targets) > 0:
		m.say("login", "lateral-movement", "T1078", medium)
	case a.nets > 0 && (len(args) > 1 || a.nets > 1):
		m.say("scan", "discovery", "T1046", medium)
	case a.addresses >= 4:
		m.say("scan", "discovery", "T1018", medium)
	}
}

// embedded decodes base64 of a text that a word holds, or "".
func embedded(w string) string {
	if len(w) < 16 || len(w) > 32<<10 {
		return ""
	}
	b, err := base64.StdEncoding.DecodeString(w)
	if err != nil {
		return ""
	}
	return plainText(string(b))
}
