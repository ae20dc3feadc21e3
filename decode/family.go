package decode

import (
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// A family is the programs that speak alike, with the log sources that their events belong to.
type family struct {
	service string
	sources []tocsin.LogSource // of any of its messages
	auth    []tocsin.LogSource // of messages about who someone is
	process []tocsin.LogSource // of messages about a command that was run
	phrases []phrase
	prepare func(*tocsin.Event, string) string                  // takes off a message what its phrases do not have
	read    func(*matcher, *tocsin.Event, *family, string) bool // messages that are no phrases
	who     func(string) string                                 // makes a name of what stands where a user's does
	closed  bool                                                // its phrases are all that it says of failures
}

// linux makes a family of Unix system programs: service is Sigma's name of the log or, where Sigma has none, their own.
func linux(service string, more ...string) *family {
	f := &family{service: service, sources: []tocsin.LogSource{{Product: "linux", Service: service}}}
	for _, s := range more {
		f.sources = append(f.sources, tocsin.LogSource{Product: "linux", Service: s})
	}
	f.sources = append(f.sources, tocsin.LogSource{Product: "linux", Service: "syslog"})
	f.auth = append(f.sources[:len(f.sources):len(f.sources)], tocsin.LogSource{Product: "linux", Category: "authentication", Service: service})
	f.process = append(f.sources[:len(f.sources):len(f.sources)], tocsin.LogSource{Product: "linux", Category: "process_creation", Service: service})
	return f
}

// application makes a family of programs that run anywhere.
func application(category, service string) *family {
	f := linux(service)
	f.sources = append([]tocsin.LogSource{{Category: category, Service: service}, {Category: "application", Service: service}}, f.sources...)
	f.auth = append(f.sources[:len(f.sources):len(f.sources)], tocsin.LogSource{Product: "linux", Category: "authentication", Service: service})
	return f
}

func (f *family) says(phrases []phrase, closed bool) *family {
	f.phrases, f.closed = phrases, closed
	return f
}

func (f *family) naming(who func(string) string) *family {
	f.who = who
	return f
}

func (f *family) with(prepare func(*tocsin.Event, string) string, read func(*matcher, *tocsin.Event, *family, string) bool) *family {
	f.prepare, f.read = prepare, read
	return f
}

var (
	unknownFamily = &family{
		sources: []tocsin.LogSource{{Product: "linux", Service: "syslog"}},
		auth:    []tocsin.LogSource{{Product: "linux", Service: "syslog"}, {Product: "linux", Category: "authentication"}},
	}
	// strangerFamily is whoever writes a log of their own that says neither program nor host.
	strangerFamily  = &family{sources: appSources, auth: appAuthSources}
	sshdFamily      = linux("sshd", "auth").says(sshdPhrases, true).with(sshdBody, nil)
	dropbearFamily  = linux("dropbear", "sshd", "auth").says(dropbearPhrases, false)
	sudoFamily      = linux("sudo", "auth").says(sudoPhrases, true).with(nil, sudoLine)
	esxiShell       = linux("esxi-shell").says([]phrase{{"[{user<}]: {command}", ranCommand, ""}}, true)
	suFamily        = linux("su", "auth").says(suPhrases, true)
	loginFamily     = linux("login", "auth").says(loginPhrases, false)
	accountFamily   = linux("account", "auth").says(accountPhrases, true)
	sessionFamily   = linux("session", "auth").says(sessionPhrases, true)
	cronFamily      = linux("cron").says(cronPhrases, true).with(nil, cronLine)
	systemdFamily   = linux("systemd").says(systemdPhrases, true)
	kernelFamily    = linux("kernel").says(kernelPhrases, true).with(nil, kernelLine)
	filterlogFamily = linux("filterlog").says(nil, true).with(nil, filterlogLine)
	clamavFamily    = linux("clamav").says(clamavPhrases, true)

	postfixFamily    = linux("postfix", "mail").says(postfixPhrases, true)
	dovecotFamily    = linux("dovecot", "mail").says(nil, false).with(dovecotBody, dovecotLine)
	dovecotAuth      = linux("dovecot", "mail").says(nil, false).with(dovecotBody, dovecotLine)
	eximFamily       = linux("exim", "mail").says(nil, true).with(nil, eximLine)
	sendmailFamily   = linux("sendmail", "mail").says(sendmailPhrases, true)
	imapFamily       = linux("imap", "mail").says(imapPhrases, false)
	vsftpdFamily     = linux("vsftpd", "ftp").says(vsftpdPhrases, false)
	proftpdFamily    = linux("proftpd", "ftp").says(proftpdPhrases, true)
	pureftpdFamily   = linux("pure-ftpd", "ftp").says(pureftpdPhrases, false)
	mysqldFamily     = application("database", "mysql").says(mysqldPhrases, true)
	mariaAuditFamily = application("database", "mysql").with(nil, serverAuditMessage)
	postgresFamily   = application("database", "postgresql").says(postgresPhrases, false).with(nil, postgresLine)
	redisFamily      = application("database", "redis").says(redisPhrases, true)
	mongodFamily     = application("database", "mongodb").says(mongodPhrases, false)
	slapdFamily      = application("directory", "slapd").says(slapdPhrases, true).naming(distinguished)
	namedFamily      = application("dns", "named").says(namedPhrases, true)
	openvpnFamily    = application("vpn", "openvpn").says(openvpnPhrases, false)
	asteriskFamily   = application("voip", "asterisk").says(asteriskPhrases, false).naming(dialled)
	freeswitchFamily = application("voip", "freeswitch").says(freeswitchPhrases, true)
	scannerFamily    = linux("scan-detector").says(scannerPhrases, false)
	banFamily        = linux("fail2ban").says(banPhrases, true)
	xrdpFamily       = linux("xrdp", "auth").says(panelPhrases, false)
	guacamoleFamily  = linux("guacamole").says(panelPhrases, false)
	firewallFamily   = linux("netfilter").with(nil, firewallLine)
	panelFamily      = (&family{
		sources: []tocsin.LogSource{{Category: "application"}, {Product: "linux", Service: "syslog"}},
		auth:    []tocsin.LogSource{{Category: "application"}, {Product: "linux", Service: "syslog"}, {Category: "authentication"}},
	}).says(panelPhrases, false)
	deviceFamily     = (&family{sources: deviceSources, auth: deviceLogin}).says(devicePhrases, false).naming(somebody)
	applianceFamily  = linux("appliance").says(appliancePhrases, false)
	honeypotFamily   = honeypot()
	strongswanFamily = application("vpn", "strongswan").says(strongswanPhrases, false)
)

var (
	deviceSources = []tocsin.LogSource{{Category: "appliance"}, {Product: "linux", Service: "syslog"}}
	deviceLogin   = append(deviceSources[:2:2], tocsin.LogSource{Category: "authentication"})
)

// ownLogs are the families whose programs write logs of their own, without a syslog head that names them.
var ownLogs = []*family{vsftpdFamily, eximFamily, asteriskFamily, freeswitchFamily, mysqldFamily, postgresFamily, redisFamily, namedFamily, openvpnFamily,
	mongodFamily, firewallFamily, honeypotFamily, deviceFamily, applianceFamily, banFamily, scannerFamily, panelFamily, dovecotFamily, imapFamily}

// familyOf finds the family of a program by the name it logs under.
func familyOf(program string) *family {
	name := baseName(program)
	switch name {
	case "sshd", "sshd-session", "sshd-auth", "sshd.bin", "openssh":
		return sshdFamily
	case "dropbear":
		return dropbearFamily
	case "sudo", "doas", "sudo.ws", "sudo-rs":
		return sudoFamily
	case "su", "su-l", "runuser":
		return suFamily
	case "shell": // of ESXi
		return esxiShell
	case "login", "getty", "agetty", "mingetty", "rlogind", "rshd", "in.rshd", "in.rlogind", "in.telnetd", "telnetd", "ftpd", "in.ftpd", "gssftpd", "remote":
		return loginFamily
	case "useradd", "userdel", "usermod", "groupadd", "groupdel", "groupmod", "gpasswd", "passwd", "chpasswd", "chage", "chfn",
		"chsh", "adduser", "deluser", "addgroup", "delgroup", "pw", "shadow", "newusers":
		return accountFamily
	case "systemd-logind", "elogind", "polkitd", "pkexec", "polkit-agent-helper-1":
		return sessionFamily
	case "CRON", "cron", "crond", "CROND", "crontab", "anacron", "fcron", "atd", "busybox-cron":
		return cronFamily
	case "systemd", "init":
		return systemdFamily
	case "kernel", "ulogd":
		return kernelFamily
	case "filterlog":
		return filterlogFamily
	case "clamd", "freshclam", "clamav", "clamscan", "clamdscan", "clamav-daemon", "clamonacc":
		return clamavFamily
	case "dovecot", "imap-login", "pop3-login", "managesieve-login", "submission-login", "dovecot-auth", "auth-worker":
		return dovecotFamily
	case "auth": // of Dovecot, where it says so; see message
		return dovecotAuth
	case "sendmail":
		return sendmailFamily
	case "imapd", "ipop3d", "ipop2d", "imaps", "pop3", "pop3s", "imapd-ssl", "pop3d", "pop3d-ssl", "courierpop3login", "imaplogin",
		"courieresmtpd", "authdaemond", "timsieved", "sieve", "imap", "solid-pop3d", "saslauthd", "cyrus", "lmtpunix", "qpopper", "popper":
		return imapFamily
	case "vsftpd":
		return vsftpdFamily
	case "proftpd":
		return proftpdFamily
	case "pure-ftpd", "pure-ftpd-mysql":
		return pureftpdFamily
	case "mysqld", "mysql", "mariadbd", "mariadb", "mysqld_safe":
		return mysqldFamily
	case "mysql-server_auditing", "mariadb-server_auditing":
		return mariaAuditFamily
	case "postgres", "postgresql", "pgbouncer":
		return postgresFamily
	case "redis", "redis-server", "valkey-server":
		return redisFamily
	case "mongod", "mongos", "mongodb":
		return mongodFamily
	case "slapd":
		return slapdFamily
	case "named", "bind9":
		return namedFamily
	case "asterisk":
		return asteriskFamily
	case "freeswitch":
		return freeswitchFamily
	case "scanlogd", "portsentry", "xinetd", "nrpe", "snort", "psad":
		return scannerFamily
	case "charon", "charon-systemd", "ipsec", "strongswan", "swanctl":
		return strongswanFamily
	case "guacd", "guacamole":
		return guacamoleFamily
	case "monit", "danted", "sockd", "nsd", "stunnel", "stunnel4", "pvedaemon", "pveproxy", "proxmox-backup-api":
		return panelFamily
	}
	switch {
	case strings.HasPrefix(program, "postfix"):
		return postfixFamily
	case strings.HasPrefix(name, "CRON"):
		return cronFamily
	case strings.HasPrefix(name, "ovpn"), strings.HasPrefix(name, "openvpn"):
		return openvpnFamily
	case strings.HasPrefix(name, "sm-"):
		return sendmailFamily
	case strings.HasPrefix(name, "perdition"):
		return imapFamily
	case strings.HasPrefix(name, "fail2ban"):
		return banFamily
	case strings.HasPrefix(name, "xrdp"):
		return xrdpFamily
	case strings.HasPrefix(name, "exim"):
		return eximFamily
	}
	return unknownFamily
}

// clamavPhrases are the messages of ClamAV's scanners.
var clamavPhrases = []phrase{
	{"{file<}: {signature!} FOUND", malwareFound, ""},
	{"Database test FAILED.{*}", untold, ""},
}
