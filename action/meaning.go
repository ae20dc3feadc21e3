package action

import (
	"encoding/base64"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// understand fills in what a simple command does: by its name where that is known, then by the shape of its arguments,
// which a renamed tool keeps. What is told of it is taken from the masked words.
func understand(m *meaning, words, masked, files []string) {
	if e, ok := lexicon[m.Tool]; ok {
		m.Verb, m.Tactic, m.Technique, m.Level = e.verb, e.tactic, e.technique, e.level
	} else if e, ok := lexicon[strings.TrimSuffix(m.Tool, ".ps1")]; ok {
		m.Verb, m.Tactic, m.Technique, m.Level = e.verb, e.tactic, e.technique, e.level
	}
	args := words[min(1, len(words)):]
	a := argsOf(args, masked[min(1, len(masked)):])
	m.On = append(m.On, a.targets...)
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
	case "mysql", "mariadb", "psql", "sqlcmd", "mongo", "mongosh", "redis-cli", "sqlite3", "mssqlclient":
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

// remote says that a word is a place on another machine, as scp and rsync write it.
func remote(w string) bool {
	h, _, ok := strings.Cut(w, ":")
	return ok && len(h) > 1 && !strings.Contains(h, "/") && !strings.Contains(w, "://")
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
