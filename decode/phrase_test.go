package decode

import (
	"regexp"
	"strings"
	"testing"
)

// phraseLists are all the tables of phrases.
var phraseLists = map[string][]phrase{
	"appliance": appliancePhrases, "strongswan": strongswanPhrases, "honeypot": honeypotPhrases, "sshd": sshdPhrases, "dropbear": dropbearPhrases, "pam": pamPhrases, "sudo": sudoPhrases, "su": suPhrases,
	"login": loginPhrases, "account": accountPhrases, "session": sessionPhrases, "cron": cronPhrases, "systemd": systemdPhrases,
	"kernel": kernelPhrases, "clamav": clamavPhrases, "postfix": postfixPhrases, "sendmail": sendmailPhrases, "imap": imapPhrases,
	"vsftpd": vsftpdPhrases, "proftpd": proftpdPhrases, "pureftpd": pureftpdPhrases, "mysqld": mysqldPhrases, "postgres": postgresPhrases,
	"named": namedPhrases, "openvpn": openvpnPhrases, "asterisk": asteriskPhrases, "freeswitch": freeswitchPhrases, "slapd": slapdPhrases,
	"mongod": mongodPhrases, "device": devicePhrases, "junos": junosPhrases, "redis": redisPhrases, "scanner": scannerPhrases, "ban": banPhrases, "panel": panelPhrases}

// A form is well made: its braces close, a text that may be anything is followed by a literal or the end, and it
// catches no more than a matcher keeps.
func TestPhraseForms(t *testing.T) {
	spec := regexp.MustCompile(`^([a-z_A-Z]*[<!#]?|@|@ip|@port|@to|\*|ssh|preauth)$`)
	for name, list := range phraseLists {
		for _, p := range list {
			form, caught := p.form, 0
			for {
				k := strings.IndexByte(form, '{')
				if k < 0 {
					break
				}
				e := strings.IndexByte(form[k:], '}')
				if e < 0 {
					t.Fatalf("%s: %q: brace without an end", name, p.form)
				}
				in := form[k+1 : k+e]
				form = form[k+e+1:]
				if !spec.MatchString(in) {
					t.Errorf("%s: %q: what is {%s}?", name, p.form, in)
				}
				any := in == "" || in == "<" || strings.HasSuffix(in, "<") || !strings.ContainsAny(in, "!#*@") && in != "ssh" && in != "preauth"
				if any && form != "" && form[0] == '{' {
					t.Errorf("%s: %q: nothing divides {%s} from what follows", name, p.form, in)
				}
				if in == "*" && form != "" {
					t.Errorf("%s: %q: text behind the rest", name, p.form)
				}
				if in != "*" {
					caught++
				}
			}
			if caught > maxCaptures {
				t.Errorf("%s: %q catches %d texts", name, p.form, caught)
			}
			if p.add != "" && !strings.Contains(p.add, "=") {
				t.Errorf("%s: %q adds %q", name, p.form, p.add)
			}
		}
	}
}

// No phrase stands behind one that takes all its messages.
func TestPhraseReached(t *testing.T) {
	example := regexp.MustCompile(`\{[^}]*\}`)
	fill := func(spec string) string {
		switch in := spec[1 : len(spec)-1]; {
		case strings.HasPrefix(in, "@"):
			return "192.0.2.1 port 22"
		case in == "<":
			return " "
		case in == "*", in == "ssh", in == "preauth":
			return ""
		case strings.HasSuffix(in, "#"):
			return "7"
		}
		return "x"
	}
	var m matcher
	for name, list := range phraseLists {
		for i := range list {
			msg := example.ReplaceAllStringFunc(list[i].form, fill)
			got := m.find(list, msg)
			if got == nil {
				t.Errorf("%s: %q does not match %q", name, list[i].form, msg)
			} else if got != &list[i] && got.is != list[i].is {
				t.Errorf("%s: %q is taken by %q before %q", name, msg, got.form, list[i].form)
			}
		}
	}
}

func TestPhrases(t *testing.T) {
	fields := []string{"event_type", "outcome", "user", "src_ip", "service"}
	for line, want := range map[string]string{
		// PAM, and names chosen to look like its addresses
		`vsftpd: pam_unix(vsftpd:auth): authentication failure; logname= uid=0 euid=0 tty=ftp ruser=bob rhost=192.0.2.1  user=bob`: "login_failed|failure|bob|192.0.2.1|vsftpd",
		`daemon: pam_unix(auth): authentication failure; logname= uid=0 euid=0 tty=x ruser=bob rhost=198.51.100.9 rhost=192.0.2.1`: "login_failed|failure|bob rhost=198.51.100.9|192.0.2.1|daemon",
		`su[1]: pam_unix(su:auth): authentication failure; logname=alice uid=1000 euid=0 tty=pts/0 ruser=alice rhost=  user=root`:  "login_failed|failure|root||su",
		`CRON[5]: pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)`:                                          "session_opened|success|root||cron",
		`su(pam_unix)[5]: session closed for user bob`:                                                                             "session_closed||bob||su",
		// sudo, su, login
		`sudo:    alice : TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/bin/sh -c id ; id`:                  "command|success|alice||sudo",
		`sudo:    bob : 3 incorrect password attempts ; TTY=pts/0 ; PWD=/home/bob ; USER=root ; COMMAND=/bin/sh`: "login_failed|failure|bob||sudo",
		`sudo:    bob : user NOT in sudoers ; TTY=pts/0 ; PWD=/home/bob ; USER=root ; COMMAND=/bin/sh`:           "command_denied|failure|bob||sudo",
		`su[9]: FAILED SU (to root) bob on pts/1`:                                                                "login_failed|failure|bob||su",
		`su[9]: Successful su for root by alice`:                                                                 "login_ok|success|alice||su",
		`su: BAD SU bob to root on /dev/ttyp0`:                                                                   "login_failed|failure|bob||su",
		`login[9]: FAILED LOGIN (1) on '/dev/tty1' FOR 'root', Authentication failure`:                           "login_failed|failure|root||login",
		`login[9]: invalid password for 'bob' on '/dev/pts/1' from '192.0.2.1'`:                                  "login_failed|failure|bob|192.0.2.1|login",
		`login[9]: ROOT LOGIN ON tty1`:                                                                           "login_ok|success|root||login",
		// accounts
		`useradd[9]: new user: name=eve, UID=1005, GID=1005, home=/home/eve, shell=/bin/bash, from=/dev/pts/0`: "user_added|success|eve||account",
		`usermod[9]: add 'eve' to group 'sudo'`:             "group_changed|success|eve||account",
		`usermod[9]: change user 'eve' UID from '5' to '0'`: "user_changed|success|eve||account",
		`userdel[9]: delete user 'eve'`:                     "user_deleted|success|eve||account",
		`gpasswd[9]: user eve added by root to group wheel`: "group_changed|success|eve||account",
		`passwd[9]: password for 'eve' changed by 'root'`:   "password_changed|success|eve||account",
		// sessions, cron, services
		`systemd-logind[1]: New session 12 of user alice.`:                                                                   "session_opened|success|alice||session",
		`pkexec[9]: bob: The value for the SHELL variable was not found [USER=root] [TTY=/dev/pts/3] [CWD=/tmp] [COMMAND=x]`: "command_denied|failure|bob||session",
		`CRON[9]: (root) CMD (  cd / && run-parts --report /etc/cron.hourly)`:                                                "cron_job||root||cron",
		`crontab[9]: (eve) REPLACE (eve)`:                                                                                    "cron_changed||eve||cron",
		`clamd[9]: /srv/x.bin: Unix.Trojan.Example-1 FOUND`:                                                                  "malware_found||||clamav",
		`kernel: [  12.345678] app[77]: segfault at 0 ip 00000 sp 00000 error 4 in app[400000+1000]`:                         "crash||||kernel",
		// mail
		`postfix/smtpd[9]: warning: unknown[192.0.2.1]: SASL LOGIN authentication failed: UGFzc3dvcmQ6, sasl_username=info`:                                                                    "login_failed|failure|info|192.0.2.1|postfix",
		`postfix/smtpd[9]: NOQUEUE: reject: RCPT from unknown[192.0.2.1]: 554 5.7.1 <a@b.example>: Relay access denied; from=<x@y.example> to=<a@b.example> proto=ESMTP helo=<[198.51.100.9]>`: "denied|failure||192.0.2.1|postfix",
		`postfix/smtpd[9]: connect from mail.example[192.0.2.1]`:                                                                                            "connection|||192.0.2.1|postfix",
		`dovecot: imap-login: Disconnected (auth failed, 1 attempts in 2 secs): user=<bob>, method=PLAIN, rip=192.0.2.1, lip=198.51.100.1, TLS`:             "login_failed|failure|bob|192.0.2.1|dovecot",
		`dovecot: imap-login: Aborted login (auth failed, 1 attempts): user=<x>, rip=198.51.100.9, lip=1>, method=PLAIN, rip=192.0.2.1, lip=198.51.100.1`:   "login_failed|failure|x>, rip=198.51.100.9, lip=1|192.0.2.1|dovecot",
		`dovecot: imap-login: Login: user=<bob>, method=PLAIN, rip=192.0.2.1, lip=198.51.100.1, mpid=1, TLS`:                                                "login_ok|success|bob|192.0.2.1|dovecot",
		`dovecot: imap-login: Disconnected (no auth attempts in 3 secs): user=<>, rip=192.0.2.1, lip=198.51.100.1`:                                          "disconnected|||192.0.2.1|dovecot",
		`dovecot: auth-worker(7): sql(bob,192.0.2.1,<abc>): Password mismatch`:                                                                              "login_failed|failure|bob|192.0.2.1|dovecot",
		`dovecot: auth-worker(7): sql(bob,192.0.2.1,<abc>): query: SELECT 1`:                                                                                "||||dovecot",
		`exim[9]: dovecot_login authenticator failed for (User) [192.0.2.1]:5 I=[198.51.100.1]:25: 535 Incorrect authentication data (set_id=bob)`:          "login_failed|failure|bob|192.0.2.1|exim",
		`exim[9]: 1a-b-c <= bob@x.example H=mail.example (helo) [192.0.2.1]:5 I=[198.51.100.1]:25 P=esmtpsa A=plain:bob S=3`:                                "login_ok|success|bob|192.0.2.1|exim",
		`sm-mta[9]: u1: AUTH failure (LOGIN): authentication failure (-13) SASL(-13): x, user=bob, relay=[198.51.100.9], relay=[192.0.2.1] (may be forged)`: "login_failed|failure|bob, relay=[198.51.100.9]|192.0.2.1|sendmail",
		`imapd: LOGIN FAILED, user=bob@x.example, ip=[::ffff:192.0.2.1]`:                                                                                    "login_failed|failure|bob@x.example|192.0.2.1|imap",
		// file transfer
		`proftpd[9]: ftp.example (gw.example[192.0.2.1]) - USER bob (Login failed): Incorrect password.`: "login_failed|failure|bob|192.0.2.1|proftpd",
		`proftpd[9]: ftp.example (gw.example[192.0.2.1]) - USER bob: Login successful.`:                  "login_ok|success|bob|192.0.2.1|proftpd",
		`pure-ftpd: (?@192.0.2.1) [WARNING] Authentication failed for user [bob]`:                        "login_failed|failure|?|192.0.2.1|pure-ftpd",
		// databases, names, telephony, tunnels
		`mysqld[9]: 2024-01-01T00:00:00.1Z 7 [Note] Access denied for user 'bob'@'192.0.2.1' (using password: YES)`:                           "login_failed|failure|bob|192.0.2.1|mysql",
		`named[9]: client @0x7f 192.0.2.1#5353 (x.example): query (cache) 'x.example/A/IN' denied`:                                            "denied|failure||192.0.2.1|named",
		`asterisk[9]: NOTICE[7]: chan_sip.c:1 in h: Registration from '"1"<sip:1@198.51.100.9>' failed for '192.0.2.1:5060' - Wrong password`: `login_failed|failure|1|192.0.2.1|asterisk`,
		`ovpn-server[9]: 192.0.2.1:1194 TLS Auth Error: Auth Username/Password verification failed for peer`:                                  "login_failed|failure||192.0.2.1|openvpn",
		`slapd[9]: conn=7 op=1 BIND dn="uid=bob,dc=example" method=128`:                                                                       "login_pending||bob||slapd",
		`pvedaemon[9]: authentication failure; rhost=::ffff:192.0.2.1 user=root@pam msg=Authentication failure`:                               "login_failed|failure|root@pam|192.0.2.1|pvedaemon",
		// rsyslog's repetitions
		`sshd[9]: message repeated 5 times: [ Failed password for root from 192.0.2.1 port 22 ssh2]`: "login_failed|failure|root|192.0.2.1|sshd",
	} {
		ev := unixEvents(t, "Feb 28 04:05:06 host "+line+"\n", Options{})
		if got := told(ev[0], fields...); got != want {
			t.Errorf("%s\n got %s\nwant %s", line, got, want)
		}
	}
}

func TestSudoFields(t *testing.T) {
	ev := unixEvents(t, "Feb 28 04:05:06 h sudo[1]: alice : TTY=pts/0 ; PWD=/home/alice ; USER=root ; ENV=A=1 ; COMMAND=/bin/sh -c x ; USER=bob\n", Options{})
	if got, want := told(ev[0], "TTY", "PWD", "USER", "ENV", "COMMAND", "Image", "CommandLine", "User", "CurrentDirectory", "ParentImage"),
		"pts/0|/home/alice|root|A=1|/bin/sh -c x ; USER=bob|/bin/sh|/bin/sh -c x ; USER=bob|root|/home/alice|/usr/bin/sudo"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if ev[0].Sources[len(ev[0].Sources)-1].Category != "process_creation" {
		t.Errorf("sources %v", ev[0].Sources)
	}
}

func TestFirewallLines(t *testing.T) {
	fields := []string{"event_type", "action", "src_ip", "src_port", "dst_ip", "dst_port", "protocol"}
	for line, want := range map[string]string{
		`kernel: [1234567.1] [UFW BLOCK] IN=eth0 OUT= MAC=00:11 SRC=192.0.2.1 DST=198.51.100.1 LEN=40 TTL=245 PROTO=TCP SPT=40000 DPT=22 WINDOW=1024 RES=0x00 SYN URGP=0`: "firewall_denied|block|192.0.2.1|40000|198.51.100.1|22|TCP",
		`kernel: [UFW ALLOW] IN=eth0 OUT= SRC=192.0.2.1 DST=198.51.100.1 PROTO=UDP SPT=1 DPT=53`:                                                                          "firewall_allowed|allow|192.0.2.1|1|198.51.100.1|53|UDP",
		`kernel: IN=eth0 OUT= SRC=192.0.2.1 DST=198.51.100.1 PROTO=TCP SPT=1 DPT=53 SYN`:                                                                                  "firewall|log|192.0.2.1|1|198.51.100.1|53|TCP",
		`kernel: DROP IN=eth0 OUT= SRC=192.0.2.1 DST=198.51.100.1 PROTO=ICMP TYPE=3 CODE=1 [SRC=198.51.100.9 DST=192.0.2.9 PROTO=TCP SPT=9 DPT=9 ]`:                       "firewall_denied|block|192.0.2.1||198.51.100.1||ICMP",
		`filterlog[9]: 5,,,1000000103,em0,match,block,in,4,0x0,,64,892,0,none,6,tcp,44,192.0.2.1,198.51.100.1,59576,22,0,S,1,,65535,,mss`:                                 "firewall_denied|block|192.0.2.1|59576|198.51.100.1|22|tcp",
		`filterlog[9]: 5,,,1,em0,match,pass,out,6,0x00,0x0,64,udp,17,60,2001:db8::1,2001:db8::2,5353,53,40`:                                                               "firewall_allowed|allow|2001:db8::1|5353|2001:db8::2|53|udp",
	} {
		ev := unixEvents(t, "Feb 28 04:05:06 host "+line+"\n", Options{})
		if got := told(ev[0], fields...); got != want {
			t.Errorf("%s\n got %s\nwant %s", line, got, want)
		}
	}
}

// Services that nobody has described: each failure has a benign twin.
func TestUnknownServices(t *testing.T) {
	fields := []string{"event_type", "src_ip", "user"}
	for line, want := range map[string]string{
		`Feb 28 04:05:06 h newd[7]: login failed for user bob from 192.0.2.1`:                            "login_failed|192.0.2.1|bob",
		`Feb 28 04:05:06 h newd[7]: login succeeded for user bob from 192.0.2.1`:                         "login_ok|192.0.2.1|bob",
		`2024-02-28 04:05:06,123 WARN  [auth] Invalid username or password (username=bob, ip=192.0.2.1)`: "login_failed|192.0.2.1|bob",
		`2024-02-28 04:05:06,123 INFO  [auth] user bob signed in (username=bob, ip=192.0.2.1)`:           "||",
		`[2024-02-28 04:05:06] Authentication request for "bob" has been denied (IP: "192.0.2.1").`:      "login_failed|192.0.2.1|bob",
		`time 2024-02-28T04:05:06Z bad credentials: client 192.0.2.1:4000`:                               "login_failed|192.0.2.1|",
		`Auth: wrong password for 'bob' from 2001:db8::1`:                                                "login_failed|2001:db8::1|bob",
		`Feb 28 04:05:06 h newd[7]: failed login for x from 198.51.100.9 from 192.0.2.1`:                 "login_failed|192.0.2.1|x",
		`Feb 28 04:05:06 h newd[7]: unknown user bob [192.0.2.1] to 198.51.100.9`:                        "login_failed|192.0.2.1|bob",
		`Feb 28 04:05:06 h newd[7]: access denied -- client 192.0.2.1`:                                   "denied|192.0.2.1|",
		`Feb 28 04:05:06 h newd[7]: failed to connect to database server 192.0.2.1`:                      "||",
		`Feb 28 04:05:06 h newd[7]: connection to authentication server 192.0.2.1 timed out, retrying`:   "||",
		`Feb 28 04:05:06 h newd[7]: upload to 192.0.2.1 failed; user directory unchanged`:                "||",
		`Feb 28 04:05:06 h newd[7]: version 1.2.3.4 of the password module loaded, 0 errors`:             "||",
		`Feb 28 04:05:06 h newd[7]: Anmeldung fehlgeschlagen für Benutzer "bob" von 192.0.2.1`:           "login_failed|192.0.2.1|",
	} {
		ev := unixEvents(t, line+"\n", Options{})
		if got := told(ev[0], fields...); got != want {
			t.Errorf("%s\n got %s\nwant %s", line, got, want)
		}
	}
}

func TestFileService(t *testing.T) {
	for path, want := range map[string]string{"/srv/vaultwarden.log": "vaultwarden", "a.zip!/b/gitea.log.2.gz": "gitea", "home-assistant-2024-01-01.log": "home-assistant",
		"/var/log/error.log": "", "auth.log": "", "-": "", "2024-01-01.log": ""} {
		if got := fileService(path); got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
}
