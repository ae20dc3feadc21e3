package decode

import (
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// vsftpdPhrases are the messages of vsftpd, in syslog and in its own log.
var vsftpdPhrases = []phrase{
	{"[pid {pid#}] [{user<}] FAIL LOGIN: Client \"{@ip}\"{*}", loginFailed, ""},
	{"[pid {pid#}] [{user<}] OK LOGIN: Client \"{@ip}\"{*}", loginOK, ""},
	{"[pid {pid#}] [{user<}] OK UPLOAD: Client \"{@ip}\", \"{path<}\"{*}", uploaded, ""},
	{"[pid {pid#}] [{user<}] OK DOWNLOAD: Client \"{@ip}\", \"{path<}\"{*}", downloaded, ""},
	{"[pid {pid#}] CONNECT: Client \"{@ip}\"{*}", connection, ""},
	{"[pid {pid#}] {*}", untold, ""},
	{"[{user<}] FAIL LOGIN: Client \"{@ip}\"{*}", loginFailed, ""},
	{"[{user<}] OK LOGIN: Client \"{@ip}\"{*}", loginOK, ""},
	{"[{user<}] OK UPLOAD: Client \"{@ip}\", \"{path<}\"{*}", uploaded, ""},
	{"[{user<}] OK DOWNLOAD: Client \"{@ip}\", \"{path<}\"{*}", downloaded, ""},
	{"CONNECT: Client \"{@ip}\"{*}", connection, ""},
}

// proftpdPhrases are the messages of ProFTPD: who serves, who asks, and what was wrong.
var proftpdPhrases = []phrase{
	{"{!} ({<}[{@ip}]): USER {user} (Login failed): {reason}", loginFailed, ""},
	{"{!} ({<}[{@ip}]) - USER {user} (Login failed): {reason}", loginFailed, ""},
	{"{!} ({<}[{@ip}]): USER {user}: no such user found from {*}", invalidUser, ""},
	{"{!} ({<}[{@ip}]) - USER {user}: no such user found from {*}", invalidUser, ""},
	{"{!} ({<}[{@ip}]): USER {user}: Login successful.", loginOK, ""},
	{"{!} ({<}[{@ip}]) - USER {user}: Login successful.", loginOK, ""},
	{"{!} ({<}[{@ip}]): SECURITY VIOLATION: {reason}", denied, ""},
	{"{!} ({<}[{@ip}]) - SECURITY VIOLATION: {reason}", denied, ""},
	{"{!} ({<}[{@ip}]): Maximum login attempts{*}", loginFailed, "reason=maximum login attempts"},
	{"{!} ({<}[{@ip}]) - Maximum login attempts{*}", loginFailed, "reason=maximum login attempts"},
	{"{!} ({<}[{@ip}]){<}FTP session opened{*}", connection, ""},
	{"{!} ({<}[{@ip}]){<}FTP session closed{*}", disconnected, ""},
}

// pureftpdPhrases are the messages of Pure-FTPd.
var pureftpdPhrases = []phrase{
	{"({user<}@{@}) [WARNING] Authentication failed for user [{}]", loginFailed, ""},
	{"({<}@{@}) [INFO] New connection from {*}", connection, ""},
	{"({<}@{@}) [INFO] {user} is now logged in", loginOK, ""},
	{"({<}@{@}) [NOTICE] {path<} uploaded {*}", uploaded, ""},
	{"({<}@{@}) [NOTICE] {path<} downloaded {*}", downloaded, ""},
}

// mysqldPhrases are the messages of MySQL and MariaDB.
var mysqldPhrases = []phrase{
	{"{}Access denied for user '{user}'@'{@}' (using password: {password_used!})", loginFailed, ""},
	{"{}Access denied for user '{user}'@'{@}'", loginFailed, ""},
	{"{}Access denied for user '{user}'@'{@}' to database '{database}'", denied, ""},
	{"{}Host '{@}' is blocked because of many connection errors{*}", connectionRefused, ""},
	{"{}Host '{@}' is not allowed to connect to this {*}", connectionRefused, ""},
}

// postgresPhrases are the messages of PostgreSQL behind whatever log_line_prefix puts there.
var postgresPhrases = []phrase{
	{"{<}no pg_hba.conf entry for host \"{@ip}\", user \"{user}\", database \"{database<}\"{*}", denied, ""},
	{"{<}pg_hba.conf rejects connection for host \"{@ip}\", user \"{user}\", database \"{database<}\"{*}", denied, ""},
	{"{<}connection received: host={@} port={src_port#}", connection, ""},
	{"{auth_method!} authentication failed for user \"{user}\"", loginFailed, ""},
	{"role \"{user}\" does not exist", invalidUser, ""},
	{"role \"{user}\" is not permitted to log in", loginFailed, ""},
	{"connection authorized: user={user<} database={database<} {*}", loginOK, ""},
	{"connection authorized: user={user<} database={database}", loginOK, ""},
	{"connection authenticated: identity=\"{user<}\" method={auth_method!} {*}", untold, ""},
	{"disconnection: session time: {<} user={user<} database={database<} host={@} port={src_port#}", disconnected, ""},
	{"disconnection: session time: {<} user={user<} database={database<} host={@}", disconnected, ""},
	{"statement: {query}", untold, ""},
	{"execute {<}: {query}", untold, ""},
}

// redisPhrases are the messages of Redis and Valkey, and what MONITOR prints.
var redisPhrases = []phrase{
	{"{<}Possible SECURITY ATTACK detected.{<}Connection from {@ip} aborted.", scanned, ""},
	{"{<} Accepted {@ip}", connection, ""},
	{"[{#} {@ip}] \"{query}\"", untold, ""},
}

// postgresLevels are the severities of PostgreSQL's messages; two spaces follow the colon.
// https://www.postgresql.org/docs/current/runtime-config-logging.html
var postgresLevels = []string{"LOG:  ", "FATAL:  ", "ERROR:  ", "WARNING:  ", "PANIC:  ", "DETAIL:  ", "HINT:  ", "STATEMENT:  ", "NOTICE:  ", "CONTEXT:  "}

// postgresHead cuts a message into what log_line_prefix put before the severity and what is said; ok is false where there
// is no severity.
func postgresHead(msg string) (head, said string, ok bool) {
	at := strings.Index(msg[:min(len(msg), 256)], ":  ")
	if at < 0 {
		return "", "", false
	}
	for _, l := range postgresLevels {
		if from := at + 3 - len(l); from >= 0 && msg[from:at+3] == l && (from == 0 || msg[from-1] == ' ' || msg[from-1] == ':' || msg[from-1] == ']') {
			return msg[:from], msg[at+3:], true
		}
	}
	return "", "", false
}

// postgresLine reads a message of PostgreSQL: who and from where may stand in the prefix, as user@database and as
// address(port).
func postgresLine(m *matcher, ev *tocsin.Event, f *family, body string) bool {
	head, said, ok := postgresHead(body)
	if !ok {
		return false
	}
	is, add := untold, ""
	if p := m.find(f.phrases, said); p != nil {
		is, add = p.is, p.add
	} else {
		m.n = 0
	}
	m.mean(ev, f, is, add)
	for w := range strings.FieldsFuncSeq(head, func(r rune) bool { return r == ' ' || r == '[' || r == ']' || r == ',' || r == ':' }) {
		name, value, pair := strings.Cut(w, "=") // "user=ann,db=x,client=192.0.2.7"
		switch user, db, at := strings.Cut(w, "@"); {
		case at && ev.Text("user") == "" && !isNobody(user) && user != "[unknown]":
			ev.Add("user", user)
			ev.Add("database", db)
		case pair && name == "user" && ev.Text("user") == "" && !isNobody(value):
			ev.Add("user", value)
		case pair:
			w = value
		}
		if addr, port, _ := strings.Cut(strings.TrimSuffix(w, ")"), "("); isIP(addr) && ev.Text("src_ip") == "" {
			ev.Add("src_ip", addr)
			ev.Add("src_port", port)
		}
	}
	return true
}

// namedPhrases are the messages of BIND, behind the category and severity.
var namedPhrases = []phrase{
	{"client {@ip}{<}query{<}'{query<}' denied{*}", denied, ""},
	{"client @{!} {@ip}{<}query{<}'{query<}' denied{*}", denied, ""},
	{"client {@ip}{<}zone transfer '{query<}' denied{*}", denied, "reason=zone transfer"},
	{"client @{!} {@ip}{<}zone transfer '{query<}' denied{*}", denied, "reason=zone transfer"},
	{"client {@ip}{<}bad zone transfer request: '{query<}'{*}", denied, "reason=zone transfer"},
	{"client @{!} {@ip}{<}bad zone transfer request: '{query<}'{*}", denied, "reason=zone transfer"},
	{"client {@ip}{<}update '{query<}' denied{*}", denied, "reason=update"},
	{"client @{!} {@ip}{<}update '{query<}' denied{*}", denied, "reason=update"},
	{"{<}: client {@ip}{<}' denied{*}", denied, ""},
	{"{<}: client @{!} {@ip}{<}' denied{*}", denied, ""},
}

// openvpnPhrases are the messages of OpenVPN's server.
var openvpnPhrases = []phrase{
	{"{@ip} TLS Auth Error: {reason}", loginFailed, ""},
	{"{@ip} VERIFY ERROR: {reason}", loginFailed, ""},
	{"{@ip} TLS Error: {reason}", protocolError, ""},
	{"{@ip} WARNING: Bad encapsulated packet length {*}", protocolError, "reason=bad packet length"},
	{"{@ip} SIGUSR1[soft,connection-reset] received, {*}", protocolError, "reason=connection reset"},
	{"{@ip} [{user<}] Peer Connection Initiated with {*}", loginOK, ""},
	{"{user!}/{@ip} AUTH: Received control message: AUTH_FAILED{*}", loginFailed, ""},
	{"TLS Error: {reason<} from [AF_INET]{@ip}{*}", protocolError, ""},
	{"TLS Error: {reason<} from [AF_INET6]{@ip}{*}", protocolError, ""},
	{"TLS Auth Error: {reason}", loginFailed, ""},
	{"TCP connection established with [AF_INET]{@ip}", connection, ""},
}

// asteriskPhrases are the messages of Asterisk behind level, thread and source file.
var asteriskPhrases = []phrase{
	{"{}SecurityEvent=\"InvalidPassword\",{<}AccountID=\"{user<}\",{}RemoteAddress=\"{!}/{!}/{@ip}/{src_port#}\"{*}", loginFailed, ""},
	{"{}SecurityEvent=\"ChallengeResponseFailed\",{<}AccountID=\"{user<}\",{}RemoteAddress=\"{!}/{!}/{@ip}/{src_port#}\"{*}", loginFailed, ""},
	{"{}SecurityEvent=\"InvalidAccountID\",{<}AccountID=\"{user<}\",{}RemoteAddress=\"{!}/{!}/{@ip}/{src_port#}\"{*}", invalidUser, ""},
	{"{}SecurityEvent=\"FailedACL\",{<}AccountID=\"{user<}\",{}RemoteAddress=\"{!}/{!}/{@ip}/{src_port#}\"{*}", denied, ""},
	{"{}SecurityEvent=\"SuccessfulAuth\",{<}AccountID=\"{user<}\",{}RemoteAddress=\"{!}/{!}/{@ip}/{src_port#}\"{*}", loginOK, ""},
	{"{}Registration from '{user}' failed for '{@ip}' - {reason}", loginFailed, ""},
	{"{}Request {<}from '{user}' failed for '{@ip}' (callid: {<}) - {reason}", loginFailed, ""},
	{"{}Host {@ip} failed to authenticate as '{user}'", loginFailed, ""},
	{"{}Host {@ip} failed MD5 authentication for '{user}' ({*}", loginFailed, ""},
	{"{}No registration for peer '{user}' (from {@ip})", loginFailed, ""},
	{"{}.c: {@ip} failed to authenticate as '{user}'", loginFailed, ""},
	{"{}.c: {@ip} tried to authenticate with nonexistent user '{user}'", invalidUser, ""},
	{"{}Call from '{user}' ({!}:{@ip}) to extension '{extension}' rejected because {*}", denied, ""},
	{"{}Call from '{user}' ({@ip}) to extension '{extension}' rejected because {*}", denied, ""},
	{"{}Call ({!}:{@ip}) to extension '{extension}' rejected because {*}", denied, ""},
	{"{}hacking attempt detected '{@ip}'", scanned, ""},
	{"{}Rejecting unknown SIP connection from {@ip}{*}", denied, ""},
	{"{}Sending fake auth rejection for device {user<}({@ip}){*}", loginFailed, ""},
}

// freeswitchPhrases are the messages of FreeSWITCH.
var freeswitchPhrases = []phrase{
	{"{}SIP auth failure ({<}) on sofia profile '{profile<}' for [{user}] from ip {@ip}", loginFailed, ""},
	{"{}SIP auth challenge ({<}) on sofia profile '{profile<}' for [{user}] from ip {@ip}", loginPending, ""},
	{"{}Can't find user [{user}] from {@ip}", invalidUser, ""},
	{"{}IP {@ip} Rejected by acl {*}", failureNoted, ""},
}

// slapdPhrases are the messages of OpenLDAP's server, which tells the address when a connection begins and how a bind
// ended by the connection's number.
var slapdPhrases = []phrase{
	{"conn={conn#} fd={#} ACCEPT from IP={@ip} {*}", connection, ""},
	{"conn={conn#} op={#} BIND dn=\"{user}\" method={method#}", loginPending, ""},
	{"conn={conn#} op={#} BIND dn=\"{user}\" mech={auth_method!} {*}", untold, ""},
	{"conn={conn#} op={#} RESULT tag=97 err=49{*}", loginFailed, "reason=invalid credentials"},
	{"conn={conn#} op={#} RESULT tag=97 err=0{*}", loginOK, ""},
}

// mongodPhrases are the messages of MongoDB before 4.4, which writes JSON since.
var mongodPhrases = []phrase{
	{"{<}SASL {auth_method!} authentication failed for {user<} on {database!} from client {@ip} ; {reason}", loginFailed, ""},
	{"{<}Failed to authenticate {user<} from client {@ip} with mechanism {*}", loginFailed, ""},
	{"{<}Failed to authenticate {user<} with mechanism {auth_method!}: {reason}", failureNoted, ""},
	{"{<}end connection {@ip} ({*}", disconnected, ""},
	{"{<}connection accepted from {@ip} #{#} {*}", connection, ""},
}

// scannerPhrases are the messages of programs that notice scans and refuse connections.
var scannerPhrases = []phrase{
	{"{@ip} to {!} ports {ports<}, f{*}", scanned, ""}, // scanlogd
	{"Host: {@ip}/{!} Port: {dst_port#} {protocol!} Blocked", scanned, ""},
	{"{<}Host: {@ip}/{!} Port: {dst_port#} {protocol!} Blocked", scanned, ""}, // portsentry
	{"attackalert: {<} from host: {@}/{!} to {protocol!} port: {dst_port#}{*}", scanned, ""},
	{"FAIL: {service_asked!} {reason<} from={@ip}", connectionRefused, ""}, // xinetd
	{"START: {service_asked!} {<}from={@ip}", connection, ""},
	{"Host {@ip} is not allowed to talk to us!", denied, ""}, // NRPE
}

// banPhrases are the messages of fail2ban.
var banPhrases = []phrase{
	{"{}NOTICE{<}[recidive] Ban {@}", untold, ""},
	{"{}NOTICE{<}[{jail!}] Ban {@}", banned, ""},
	{"[{jail!}] Ban {@}", banned, ""},
	{"{}NOTICE{<}[{jail!}] Restore Ban {@}", untold, ""},
	{"{}[{jail!}] Found {@}{*}", untold, ""},
	{"{}[{jail!}] Unban {@}", unbanned, ""},
}

// panelPhrases are the messages of web panels, remote desktops and other programs with words of their own.
var panelPhrases = []phrase{
	{"[INFO ] AUTHFAIL: user={user} ip={@ip} time={#}", loginFailed, ""}, // xrdp
	{"AUTHFAIL: user={user} ip={@ip} time={#}", loginFailed, ""},
	{"[INFO ] xrdp_wm_log_msg: login failed for user {user}", failureNoted, ""},              // the one before has the address
	{"{<}Authentication attempt from {@ip}{<} for user \"{user}\" failed.", loginFailed, ""}, // Guacamole
	{"{<}Authentication attempt from [{@ip}, {<}] for user \"{user}\" failed.", loginFailed, ""},
	{"HttpRequest: access denied -- client {@ip}: missing or invalid Authorization header", untold, ""}, // Monit: a browser's first request
	{"HttpRequest: access denied -- client {@ip}: invalid Authorization header", untold, ""},
	{"HttpRequest: access denied -- client {@ip}: empty username", untold, ""},
	{"HttpRequest: access denied -- client {@ip}: unknown user ''", untold, ""},
	{"HttpRequest: access denied -- client {@ip}: empty password", loginFailed, ""},
	{"HttpRequest: access denied -- client {@ip}: unknown user '{user}'", invalidUser, ""},
	{"HttpRequest: access denied -- client {@ip}: wrong password for user '{user}'", loginFailed, ""},
	{"info: block({#}): {!}/accept ]: {@ip} {!}: error after {<}: {reason}", loginFailed, ""}, // Dante
	{"info: axfr for {query<} from client {@ip} refused{*}", denied, "reason=zone transfer"},  // NSD
	{"info: axfr for {query<} from {@ip} refused{*}", denied, "reason=zone transfer"},
	{"info: ratelimit block {<} query {@ip} {*}", denied, "reason=rate limit"},
	{"authentication failure; rhost={rhost!} user={user!} msg={reason}", loginFailed, ""}, // Proxmox
	{"<root@pam> successful auth for user '{user}'", loginOK, ""},
	{"{<}SSL_accept from {@ip} : {reason}", protocolError, ""}, // stunnel
	{"{<}|{#}|{!}|{@ip}|{}||Session {*}", untold, ""},          // Drupal: what stands last is its own
	{"{<}|{#}|{!}|{@ip}|{<}||Login attempt failed for {user}.", loginFailed, ""},
	{"{<}|{#}|{!}|{@ip}|{<}||Login attempt failed from {user}.", loginFailed, ""},
	{"Logon       Login failed for user '{user}'. Reason: {reason<} [CLIENT: {@ip}]", loginFailed, ""}, // SQL Server
	{"{<}: Logon       Login failed for user {*}", untold, ""},
	{"SOGoRootPage Login from '{@ip}{<}' for user '{user}' might not have worked{*}", loginFailed, ""},
	{"<co {<}tr=\"TCP|{!}|{#}|{@ip}|{src_port#}\"{<}mi=\"Bad password\" us=\"{user}\" di={*}", loginFailed, ""}, // Oracle Messaging
	{"<co {<}tr=\"TCP|{!}|{#}|{@ip}|{src_port#}\"{<}mi=\"Authentication successful{<}us=\"{user}\" di={*}", loginOK, ""},
	{"{<}ALERT - {reason<} (attacker '{@ip}'{*}", denied, ""},                    // Suhosin
	{"{<}[{@ip}] [Could not retrieve user {user<} details]{*}", invalidUser, ""}, // ZoneMinder
	{"- NOTEXIST - [{@ip}] {reason}", scanned, ""},                               // Monitorix
	{"[{!}] {@ip} SSL negotiation with client failed: {reason}", protocolError, ""},
	{"SMTP Spam attack detected from {@ip}, {reason}", denied, ""}, // Kerio Connect
	{"IP address {@ip} found in DNS blacklist {reason}", denied, ""},
	{"Relay attempt from IP address {@ip}, {reason}", denied, ""},
	{"SMTP: User {user} doesn't exist. Attempt from IP address {@ip}.", denied, ""},
	{"Client with IP address {@ip} has no reverse DNS entry, {reason}", denied, ""},
	{"Message from IP address {@ip}, sender {<} rejected: {reason}", denied, ""},
	{"{<}rblsmtpd: {@ip} pid {#} {reason}", denied, ""}, // qmail
	{"{<}badiprbl: ip {@ip} rbl: {reason}", denied, ""},
	{"{!} blocked {@ip} {reason}", denied, ""},
	{"({service_asked<}) {<} from {@ip} ({<}): {repeated#} in the last {*}", banned, ""},          // ConfigServer's lfd
	{"{<}] {user<} {!} {@ip} {<} miniserv.pl \"failed\" \"-\" \"{reason<}\"{*}", loginFailed, ""}, // Webmin's own log
	{"({<}) Blocked {reason<}, [{@ip}]{*}", denied, ""},                                           // Amavis
	{"Message {!} from {@ip} ({<}) to {<} is spam{reason}", denied, ""},                           // MailScanner
	{"{<}[client {@ip}] [user {user<}] Unknown action {*}", denied, ""},                           // Sympa
	{"{<}User is trying to login using \"{user}\" ({@ip} -> {*}", loginPending, ""},               // Firefly III
	{"{<}IP {@ip} Rejected by register acl", denied, ""},
	{"{<} user [{domain<}]\\[{user<}] at [{<}] with [{auth_method<}] status [NT_STATUS_OK] workstation [{<}] remote host [ipv4:{@ip}] {*}", loginOK, ""}, // Samba
	{"{<} user [{domain<}]\\[{user<}] at [{<}] with [{auth_method<}] status [{reason<}] workstation [{<}] remote host [ipv4:{@ip}] {*}", loginFailed, ""},
	{"{<} user [{domain<}]\\[{user<}] at [{<}] with [{auth_method<}] status [{reason<}] workstation [{<}] remote host [ipv6:{@ip}] {*}", loginFailed, ""},
}
