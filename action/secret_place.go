package action

// A secretRow says where programs take a secret on their command line. Places, set apart by a comma and a blank, are of these
// forms, X being the secret:
//
//	-p X      the word behind -p, or what stands behind = in its word; behind a flag that begins with / also behind :
//	-pX       what stands behind -p in its word
//	-p X...   all words behind -p up to the next flag
//	-u U:X    as -p X, but the secret begins behind the first colon of the value; likewise with % / , or =
//	-a pass:X as -p X, where the value begins with pass:
//	#2        the second plain word (no flag) behind the words that the row asks for
//	#last     the last plain word
//	#login    in a plain word such as domain/user:X@host
//	#slash    in a plain word such as user/X@service
//	#share    a plain word that is no share, no drive and no star
//	#name     the plain word behind one that is the name of a secret
//	#value    what stands behind = in a plain word
//	#odd      a plain word that looks made up
//
// Where flags are one letter, their case counts. Sources are the programs' own manuals.
type secretRow struct {
	programs string // names without path and .exe, in lower case
	with     string // words that must be there, a flag such as -b also among others of its word; empty for none
	places   string
}

var secretRows = []secretRow{
	// The web.
	{"curl", "", "-u U:X, -uU:X, --user U:X, -U U:X, --proxy-user U:X, --pass X, --proxy-pass X, --oauth2-bearer X, --tlspassword X, --proxy-tlspassword X, -E U:X, --cert U:X, -b N=X, --cookie N=X, --aws-sigv4-secret X"},
	{"wget aria2c", "", "--http-passwd X, --ftp-passwd X"},
	{"http https xh xhs", "", "-a U:X, -aU:X, --auth U:X"},
	{"gobuster ffuf feroxbuster wfuzz dirsearch sqlmap nikto wpscan nuclei whatweb", "", "-P X, --basic U:X, --auth-cred U:X, --auth U:X, --http-auth U:X, -id U:X, --cookie N=X, -c N=X, --user U:X"},

	// Machines.
	{"sshpass", "", "-p X, -pX"},
	{"plink pscp psftp putty kitty", "", "-pw X, -proxypw X"},
	{"ssh-keygen", "", "-N X, -P X"},
	{"xfreerdp xfreerdp3 wlfreerdp wlfreerdp3 sdl-freerdp sdl-freerdp3 freerdp", "", "/p:X, /gp:X, /pth:X, -p X, /proxy:U:X"},
	{"rdesktop", "", "-p X"},
	{"evil-winrm evil-winrm.rb evil-winrm-py", "", "-p X, -H X"},
	{"winrs", "", "/p:X, -p:X"},
	{"psexec psexec64 paexec psinfo pslist pskill psservice psloglist psfile psgetsid", "", "-p X, /p X"},
	{"winexe pth-winexe smbclient smbclient.py smbget rpcclient smbcacls smbcquotas pth-smbclient pth-rpcclient pth-net smbtree nmblookup wmic-client", "", "-U U%X, -UU%X, --user U%X, --pw-nt-hash U%X, -p X"},
	{"smbmap enum4linux enum4linux-ng polenum rpcdump", "", "-p X"},
	{"net net1", "user", "#2"},
	{"net net1", "users", "#2"},
	{"net net1", "use", "#share"},
	{"net", "", "-U U%X, --user U%X"},
	{"schtasks", "", "/p X, /rp X"},
	{"tasklist taskkill systeminfo driverquery getmac openfiles eventcreate gpresult logman typeperf", "", "/p X"},
	{"wmic", "", "/password:X"},
	{"runas", "", "#odd"},
	{"cmdkey", "", "/pass:X, /p:X"},
	{"netdom nltest djoin", "", "/pd:X, /po:X, /passwordd:X, /passwordo:X, /passwordm:X, /pm:X"},
	{"bitsadmin", "/setcredentials", "#last"},
	{"certutil", "", "-p X"},
	{"signtool", "", "/p X"},
	{"wevtutil", "", "/p:X"},
	{"mount.cifs mount_smbfs", "", "-o N=X"},
	{"ipmitool", "", "-P X"},
	{"snmpwalk snmpget snmpset snmpbulkwalk snmpbulkget snmpgetnext snmptranslate snmpcheck snmp-check", "", "-c X, -A X, -X X"},
	{"onesixtyone", "", "#2"},
	{"nmcli", "", "#name"},
	{"iwconfig", "key", "#1"},
	{"wpa_passphrase", "", "#2"},
	{"vncviewer vncpasswd x11vnc", "", "-passwd X"},

	// Accounts.
	{"useradd usermod groupadd groupmod", "", "-p X, -pX"},
	{"htpasswd", "-b", "#last"},
	{"dscl", "-passwd", "#3, #4"},
	{"sysadminctl", "", "-newPassword X, -oldPassword X"},
	{"security", "", "-p X, -P X"},
	{"security", "add-generic-password", "-w X"},
	{"security", "add-internet-password", "-w X"},
	{"samba-tool", "setpassword", "--newpassword X"},
	{"samba-tool", "create", "#3"},
	{"kadmin kadmin.local", "", "-w X, -pw X"},
	{"dsadd dsmod dsquery dsget", "", "-p X, -pwd X"},
	{"csvde ldifde", "-b", "#3"},
	{"openssl", "passwd", "#last"},
	{"mkpasswd", "", "#1"},

	// Directories.
	{"ldapsearch ldapadd ldapmodify ldapdelete ldapmodrdn ldapcompare ldapwhoami ldapexop", "", "-w X, -wX"},
	{"ldappasswd", "", "-w X, -wX, -s X, -a X"},
	{"windapsearch windapsearch.py ldapdomaindump ldeep bloodhound bloodhound-python bloodhound.py rusthound adidnsdump pywhisker pywhisker.py bloodyad bloodyad.py certipy certipy-ad kerbrute gmsadumper.py targetedkerberoast.py pywerview coercer petitpotam.py dfscoerce.py printerbug.py", "", "-p X, -P X, --hashes X, -hashes X, -H X, -aesKey X"},
	{"kerbrute", "passwordspray", "#last"},
	{"adfind", "", "-up X"},

	// Databases.
	{"mysql mysqldump mysqladmin mysqlimport mysqlcheck mysqlpump mysqlslap mysqlshow mariadb mariadb-dump mariadb-admin mycli mysqlsh", "", "-pX"},
	{"sqlcmd osql isql bcp tsql fisql", "", "-P X, -PX"},
	{"redis-cli keydb-cli valkey-cli", "", "-a X"},
	{"redis-cli keydb-cli valkey-cli", "auth", "#last"},
	{"redis-cli keydb-cli valkey-cli", "", "#name"},
	{"mongo mongosh mongodump mongorestore mongoimport mongoexport mongostat cqlsh arangosh clickhouse-client influx neo4j cypher-shell", "", "-p X, -pX"},
	{"sqlplus sqlldr exp imp expdp impdp rman", "", "#slash"},
	{"etcdctl", "", "--user U:X"},
	{"rabbitmqctl", "add_user", "#2"},
	{"rabbitmqctl", "change_password", "#2"},

	// Archives and encryption.
	{"zip unzip zipcloak zipnote", "", "-P X, -PX"},
	{"7z 7za 7zr 7zz rar unrar winrar arj", "", "-pX, -hpX"},
	{"openssl", "", "-k X, -K X, -pass pass:X, -passin pass:X, -passout pass:X"},
	{"gpg gpg2", "", "--passphrase X"},
	{"ccencrypt ccrypt", "", "-K X"},
	{"steghide outguess stegseek", "", "-p X, -k X"},
	{"veracrypt truecrypt", "", "-p X, /p X"},
	{"keytool jarsigner", "", "-storepass X, -keypass X, -srcstorepass X, -deststorepass X, -srckeypass X, -destkeypass X, -new X"},
	{"pdftk", "", "#name"},
	{"pdftk qpdf", "user_pw", "#1"},
	{"ansible-vault", "encrypt_string", "#1"},

	// Clouds, clusters, code.
	{"vault", "login", "#1"},
	{"vault bao", "unseal", "#1"},
	{"vault bao", "unwrap", "#1"},
	{"vault bao", "kv put", "#value"},
	{"vault bao", "write", "#name"},
	{"kubectl oc helm", "", "--docker-password X, --from-literal N=X"},
	{"oc", "login", "-p X"},
	{"docker podman nerdctl buildah helm oras crane skopeo regctl", "login", "-p X, -pX"},
	{"podman skopeo buildah", "", "--creds U:X, --src-creds U:X, --dest-creds U:X"},
	{"az", "login", "-p X"},
	{"az", "", "--account-key X, --sas-token X, --secret X, --admin-password X, --value X"},
	{"gh glab", "", "--with-token X, -t X"},
	{"aws npm yarn pnpm pip pip3 gcloud gsutil setx git composer poetry bundle heroku flyctl ngrok cargo rclone mc s3cmd gem twine terraform snap minio snyk stripe wrangler doctl linode-cli hcloud", "", "#name"},
	{"poetry", "http-basic", "#3"},
	{"bundle", "config", "#odd"},
	{"git", "credential", "#name"},
	{"mc", "alias set", "#4"},
	{"rclone", "obscure", "#1"},
	{"cargo bw op doctl", "login", "#odd"},
	{"bw", "unlock", "#1"},
	{"ngrok", "authtoken", "#1"},
	{"twine", "", "-p X"},
	{"svn", "", "--password X"},
	{"mvn gradle", "", "-Dpassword X"},
	{"nxc netexec crackmapexec cme", "", "-p X..., -H X..., --hash X"},

	// Mail, files, messages.
	{"swaks", "", "-ap X, --auth-password X"},
	{"sendemail", "", "-xp X"},
	{"mosquitto_pub mosquitto_sub", "", "-P X"},
	{"ncftp ncftpput ncftpget ncftpls", "", "-p X"},
	{"lftp", "", "-u U,X, --user U:X"},
	{"mutt msmtp", "", "--passwordeval X"},

	// Guessing, and login with what was taken.
	{"test_credential test_credentials", "", "#2"},
	{"hydra medusa ncrack crowbar brutespray thc-hydra", "", "-p X, -pX, --pass X, -m X"},
	{"secretsdump.py psexec.py smbexec.py wmiexec.py atexec.py dcomexec.py getuserspns.py getnpusers.py getadusers.py gettgt.py getst.py lookupsid.py samrdump.py reg.py services.py smbclient.py mssqlclient.py rpcdump.py finddelegation.py addcomputer.py changepasswd.py smbpasswd.py ticketer.py dacledit.py owneredit.py rbcd.py ntlmrelayx.py netview.py smbserver.py raisechild.py goldenpac.py dpapi.py getlapspassword.py", "", "#login, -hashes X, -aesKey X, -nthash X, -password X, -computer-pass X, -newpass X"},
	{"impacket-secretsdump impacket-psexec impacket-smbexec impacket-wmiexec impacket-atexec impacket-dcomexec impacket-getuserspns impacket-getnpusers impacket-getadusers impacket-gettgt impacket-getst impacket-lookupsid impacket-samrdump impacket-reg impacket-services impacket-smbclient impacket-mssqlclient impacket-rpcdump impacket-finddelegation impacket-addcomputer impacket-changepasswd impacket-smbpasswd impacket-ticketer impacket-dacledit impacket-owneredit impacket-rbcd impacket-ntlmrelayx impacket-smbserver impacket-dpapi", "", "#login, -hashes X, -aesKey X, -nthash X, -password X, -computer-pass X, -newpass X"},
	{"rubeus rubeus.exe", "", "/password:X, /rc4:X, /aes256:X, /aes128:X, /des:X, /creduser:X, /credpassword:X, /ticket:X"},
	{"mimikatz sekurlsa::pth kerberos::golden", "", "/ntlm:X, /rc4:X, /aes256:X, /aes128:X, /krbtgt:X"},

	// PowerShell.
	{"convertto-securestring", "", "-String X, #1"},
	{"start-process invoke-command new-pssession enter-pssession set-adaccountpassword new-aduser new-localuser set-localuser connect-azaccount connect-exchangeonline import-pfxcertificate export-pfxcertificate", "", "-Password X, -AccountPassword X, -NewPassword X, -OldPassword X"},
}

// inputRows are programs that take a secret from their input, and what says so. Places are "" for all of the input and ":"
// for what stands behind the first colon of each of its lines.
var inputRows = []secretRow{
	{"sudo", "-S", ""}, {"sudo", "--stdin", ""}, {"chpasswd chgpasswd newusers", "", ":"}, {"passwd", "", ""}, {"smbpasswd", "", ""},
	{"docker podman nerdctl buildah helm oras crane skopeo", "--password-stdin", ""}, {"gh glab", "--with-token", ""}, {"vault bao", "login", ""},
	{"htpasswd", "-i", ""}, {"gpg gpg2", "--passphrase-fd", ""}, {"gpg gpg2", "--batch", ""}, {"openssl", "stdin", ""}, {"openssl", "-stdin", ""}, {"kinit", "", ""}, {"sshpass", "", ""},
	{"cryptsetup", "", ""}, {"runas", "", ""}, {"su", "", ""}, {"restic borg", "", ""}, {"cargo bw doctl", "login", ""}, {"rclone", "obscure", ""}, {"mkpasswd", "", ""}, {"convertto-securestring", "", ""},
	{"ssh-add", "", ""}, {"az", "login", ""}, {"kadmin kadmin.local", "", ""},
}

// runners run the program that stands further on in their words.
var runners = wordSet("sudo doas env nohup time timeout nice ionice stdbuf xargs watch setsid exec command builtin proxychains proxychains4 proxychains-ng torsocks tsocks unbuffer then do else if while until ! sh bash dash zsh ksh ash busybox cmd powershell pwsh ssh docker podman nerdctl kubectl oc su runuser start wsl python python2 python3 perl ruby node java strace ltrace find parallel sshpass psexec psexec64 paexec winexe chroot nsenter unshare script flock winrs wmic faketime rlwrap schtasks crackmapexec nxc netexec cme vagrant lxc crictl ctr expect dbus-run-session systemd-run at batch & . invoke-expression iex invoke-command")

// otherP are programs whose -p is no password, and otherU those whose -u is no user.
var (
	otherP = wordSet("ssh scp sftp rsync mkdir cp mv tar docker podman nerdctl ps nc ncat netcat socat nmap masscan telnet psql pg_dump pg_restore createdb git cargo go npm npx yarn pnpm pytest tox make cmake patch kill pkill renice lsof ss netstat docker-compose kubectl helm touch read declare export test perf date dig top install unzip gunzip rmdir chmod chown fdisk parted mount systemctl journalctl service su sudo xargs tmux screen ffmpeg perl ruby python python3 node java php bash sh zsh trap jq cut grep ls cat sed awk find traceroute ping hping3 nping iptables mosh autossh claude codex aider llm ollama uvicorn gunicorn flask http-server serve redis-server mysqld tcpdump tshark rustc rpm dpkg apt apt-get yum dnf dotnet mvn gradle adb fastboot terraform packer ansible ansible-playbook protoc rails php-fpm hostname pstree strace pidof pgrep taskset chrt chroot lp lpr lpstat pacman brew snap flatpak gcloud msfvenom proxychains")
	otherU = wordSet("docker podman nerdctl rsync cp sort uniq git date ps docker-compose kubectl id diff pip apt bash sh python python3 node env set crontab journalctl nc netcat ncat ss netstat")
)

// usual are programs that often follow another in a line and that no row needs to name.
var usual = wordSet("ls cd cat echo printf pwd mkdir rm cp mv grep sed awk head tail sort wc true false exit dir type del copy sleep touch chmod chown make go npm git python python3 node docker systemctl service")

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for w := range fields(words) {
		set[w] = true
	}
	return set
}
