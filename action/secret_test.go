package action

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin"
)

// secretLines are lines in which § stands where a secret does. Read as a command line, each is to be itself with *** in
// that place: programs, flags, users and hosts stay.
var secretLines = []string{
	// The web.
	"curl -u admin:§ https://10.0.0.5/x",
	"curl -uadmin:§ https://10.0.0.5/x",
	"curl --user 'admin:§' https://10.0.0.5/x",
	"curl --user=admin:§ https://10.0.0.5/x",
	"curl -x http://proxy.corp.example:3128 -U svc:§ https://10.0.0.5/x",
	"curl --proxy-user svc:§ -x proxy.corp.example:3128 https://10.0.0.5/x",
	"curl -H 'Authorization: Bearer §' https://10.0.0.5/x",
	`curl -H "Authorization: Basic §" https://10.0.0.5/x`,
	"curl -H Authorization: Bearer § https://10.0.0.5/x",
	"curl -H 'X-Api-Key: §' https://10.0.0.5/x",
	"curl -H 'X-Auth-Token:§' https://10.0.0.5/x",
	"curl -H 'PRIVATE-TOKEN: §' https://git.corp.example/api/v4/projects",
	"curl -H 'X-Vault-Token: §' https://vault.corp.example/v1/secret/data/a",
	"curl -H 'Cookie: session=§' https://10.0.0.5/x",
	"curl -b 'session=§' https://10.0.0.5/x",
	"curl --cookie session=§ https://10.0.0.5/x",
	"curl https://10.0.0.5/login -d 'user=a&password=§'",
	"curl https://10.0.0.5/login -d 'password=§&user=a'",
	"curl https://10.0.0.5/login --data-raw user=a&password=§",
	`curl https://10.0.0.5/login -d '{"user":"a","password":"§"}'`,
	`curl https://10.0.0.5/login -d '{"user": "a", "password": "§", "n": 1}'`,
	`curl https://10.0.0.5/login -d "{\"user\":\"a\",\"password\":\"§\"}"`,
	"curl -F 'client_secret=§' -F grant_type=client_credentials https://id.corp.example/token",
	"curl 'https://10.0.0.5/api?access_token=§&page=2'",
	"curl https://admin:§@10.0.0.5/x",
	"curl --oauth2-bearer § https://10.0.0.5/x",
	"curl --pass § --key k.pem --cert c.pem https://10.0.0.5/x",
	"wget --password=§ https://10.0.0.5/x",
	"wget --http-password § --http-user bob https://10.0.0.5/x",
	`wget --header="Authorization: token §" https://10.0.0.5/x`,
	"http -a bob:§ https://10.0.0.5/x",
	"http --auth=bob:§ https://10.0.0.5/x",
	"sqlmap -u http://10.0.0.5/i?id=1 --auth-cred=bob:§ --batch",
	"ffuf -u http://10.0.0.5/FUZZ -H 'Authorization: Bearer §' -w dirs.txt",

	// Names with a value.
	"PGPASSWORD=§ psql -h 10.0.0.5 -U postgres",
	"MYSQL_PWD=§ mysql -u root",
	"export AWS_SECRET_ACCESS_KEY=§",
	"export GITHUB_TOKEN='§'",
	`export DB_PASS="§"`,
	"set PASSWORD=§",
	"setx API_TOKEN §",
	"env REDISCLI_AUTH_TOKEN=§ redis-cli ping",
	"RESTIC_PASSWORD=§ restic -r /srv/repo snapshots",
	"BORG_PASSPHRASE=§ borg list /srv/repo",
	"docker run -e POSTGRES_PASSWORD=§ -p 5432:5432 postgres:16",
	"ansible-playbook -i hosts site.yml -e ansible_become_pass=§",
	`ansible all -m ping -e "ansible_user=bob ansible_password=§"`,
	"terraform apply -var db_password=§",
	"helm upgrade app ./chart --set auth.password=§,replicas=2",
	"echo 'password=§' >> /etc/app.conf",
	"sed -i 's/x/y/' a.conf; DB_PASSWORD=§ ./run",
	"mount -t cifs //10.0.0.5/share /mnt -o username=bob,password=§",
	`dotnet run "Server=10.0.0.5;Database=app;User Id=sa;Password=§;Encrypt=true"`,
	`sqlpackage /TargetConnectionString:"Server=10.0.0.5;Uid=sa;Pwd=§;"`,
	`az storage blob list --connection-string "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=§;EndpointSuffix=core.windows.net"`,
	`app --bus "Endpoint=sb://a.example/;SharedAccessKeyName=Root;SharedAccessKey=§"`,
	`python3 -c "import x; x.connect('10.0.0.5', user='bob', password='§')"`,
	`python3 -c "import requests as r; r.get('https://10.0.0.5', auth=('bob', '§'))"`,

	// Logins to machines.
	"sshpass -p § ssh root@10.0.0.5",
	"sshpass -p§ ssh root@10.0.0.5",
	"sudo sshpass -p '§' scp a bob@10.0.0.5:/tmp",
	"plink -ssh bob@10.0.0.5 -pw § id",
	"xfreerdp /u:bob /p:§ /v:10.0.0.5",
	"xfreerdp3 /v:10.0.0.5 /u:bob /d:corp /p:§ /cert:ignore",
	"rdesktop -u bob -p § 10.0.0.5",
	"evil-winrm -i 10.0.0.5 -u bob -p '§'",
	"evil-winrm -i 10.0.0.5 -u bob -H §",
	"winrs -r:10.0.0.5 -u:bob -p:§ cmd",
	`psexec \\10.0.0.5 -u corp\bob -p § cmd.exe`,
	"smbclient //10.0.0.5/c$ -U bob%§",
	"smbclient //10.0.0.5/c$ -U 'corp/bob%§' -c ls",
	"smbclient //10.0.0.5/c$ --user=bob%§",
	"rpcclient -U 'bob%§' 10.0.0.5",
	"smbmap -H 10.0.0.5 -u bob -p §",
	"enum4linux-ng -u bob -p § 10.0.0.5",
	"nxc smb 10.0.0.5 -u bob -p § --shares",
	"netexec ldap dc.corp.example -u bob -p '§' --users",
	"secretsdump.py corp/bob:§@10.0.0.5",
	"impacket-psexec 'corp.example/bob:§@dc.corp.example' whoami",
	"python3 wmiexec.py corp/bob:§@10.0.0.5 id",
	"GetUserSPNs.py corp.example/bob:§ -dc-ip 10.0.0.5 -request",
	"toolx 10.0.0.7 -u alice -p §",
	"toolx corp.example/alice:§@dc.corp.example",
	"hydra -l root -p § ssh://10.0.0.5",
	"medusa -h 10.0.0.5 -u bob -p § -M ssh",
	"kerbrute passwordspray -d corp.example users.lst §",
	"ipmitool -I lanplus -H 10.0.0.5 -U admin -P § power status",
	"snmpwalk -v2c -c § 10.0.0.5",
	"vncviewer -passwd § 10.0.0.5",
	"nmcli dev wifi connect Office password §",
	"wpa_passphrase Office §",
	"ssh bob@10.0.0.5 'mysql -u root -p§ -e status'",
	"ssh bob@10.0.0.5 mysql -u root -p§ -e status",
	"bash -c 'sshpass -p § ssh root@10.0.0.5'",
	`su - app -c "psql postgresql://app:§@10.0.0.5/db"`,
	"docker exec -it db mysql -uroot -p§ shop",
	"kubectl exec db-0 -- mysql -uroot -p§ shop",
	"proxychains -q evil-winrm -i 10.0.0.5 -u bob -p §",
	"timeout 30 smbclient -L 10.0.0.5 -U bob%§",

	// To a program's input.
	"echo § | sudo -S id",
	"echo '§' | sudo -S -u root id",
	`printf '%s\n' § | sudo -S id`,
	"sudo -S id <<< §",
	"echo 'root:§' | chpasswd",
	"echo root:§ | sudo chpasswd",
	"chpasswd <<< 'root:§'",
	"echo § | passwd --stdin bob",
	"echo § | docker login --username bob --password-stdin registry.example",
	"echo § | gh auth login --with-token",
	"echo § | su - root -c id",
	"echo § | kinit bob@CORP.EXAMPLE",
	"chpasswd <<EOF\nroot:§\nEOF",
	"echo § | openssl enc -aes-256-cbc -pass stdin -in a -out b",

	// Accounts.
	"useradd -m -p § bob",
	"usermod --password § bob",
	"htpasswd -b .htpasswd bob §",
	"htpasswd -cb .htpasswd bob §",
	"openssl passwd -6 §",
	"dscl . -passwd /Users/bob §",
	"samba-tool user setpassword bob --newpassword=§",
	"security unlock-keychain -p § login.keychain",

	// Directories and databases.
	"ldapsearch -x -D cn=admin,dc=corp,dc=example -w § -H ldap://10.0.0.5 -b dc=corp",
	"ldappasswd -D cn=admin -s § uid=bob",
	"bloodhound-python -u bob -p § -d corp.example -c All",
	"certipy find -u bob@corp.example -p § -dc-ip 10.0.0.5",
	"mysql -u root -p§ -e 'show tables'",
	"mysqldump -uroot --password=§ shop",
	"mysql --password='§' -h 10.0.0.5",
	"psql postgresql://u:§@10.0.0.5/db",
	`psql "host=10.0.0.5 user=u password=§ dbname=db"`,
	"mongosh mongodb://u:§@10.0.0.5/db",
	"mongodump -u admin -p § --host 10.0.0.5",
	"redis-cli -a § info",
	"redis-cli -h 10.0.0.5 AUTH §",
	"redis-cli config set requirepass §",
	"redis-cli -u redis://:§@10.0.0.5:6379 ping",
	"sqlcmd -S 10.0.0.5 -U sa -P § -Q x",
	"bcp shop.dbo.users out u.txt -S 10.0.0.5 -U sa -P §",
	"sqlplus scott/§@orcl",
	"cqlsh 10.0.0.5 -u cassandra -p §",
	`mysql -e "CREATE USER 'a'@'%' IDENTIFIED BY '§'"`,
	`mysql -e "ALTER USER root IDENTIFIED WITH mysql_native_password BY '§'"`,
	`mysql -e "SET PASSWORD FOR bob = PASSWORD('§')"`,
	`psql -c "ALTER USER app WITH PASSWORD '§'"`,
	`sqlcmd -Q "CREATE LOGIN x WITH PASSWORD = '§'"`,
	`sqlcmd -Q "ALTER LOGIN sa WITH PASSWORD=N'§'"`,

	// Archives and encryption.
	"openssl enc -aes-256-cbc -k § -in x -out y",
	"openssl rsa -in k.pem -passin pass:§ -out o.pem",
	"zip -P § x.zip /etc/passwd",
	"7z a -p§ x.7z /home",
	"7z a -mhe=on -p§ x.7z /home",
	"rar a -hp§ x.rar /home",
	"gpg --batch --passphrase § -d x.gpg",
	"keytool -list -keystore k.jks -storepass §",
	"ssh-keygen -t ed25519 -N § -f k",
	"steghide extract -sf a.jpg -p §",

	// Clouds, clusters, code.
	"aws configure set aws_secret_access_key §",
	"az login --service-principal -u app -p § --tenant corp.example",
	"az storage blob list --account-name a --account-key §",
	"gcloud auth login --access-token §",
	"vault login §",
	"vault operator unseal §",
	"vault kv put secret/app key=§",
	"kubectl --token=§ get pods",
	"kubectl create secret generic db --from-literal=pw=§",
	"docker login -u a -p § registry.example",
	"docker login registry.example --username a --password §",
	"skopeo inspect --creds bob:§ docker://registry.example/x",
	"git clone https://x-access-token:§@github.com/o/r",
	"gh auth login --with-token §",
	"npm config set //registry.example/:_authToken §",
	"npm config set //registry.example/:_authToken=§",
	"twine upload -u bob -p § dist/*",
	"mc alias set store https://10.0.0.5 ACCESS §",
	"ngrok authtoken §",
	"cargo publish --token §",
	"consul kv get -token=§ app/x",
	"python3 x.py --token §",
	"./deploy.sh --api-key § --region eu-1",
	"swaks --to a@corp.example --auth-user bob --auth-password §",
	"lftp -u bob,§ ftp://10.0.0.5",
	"mosquitto_pub -h 10.0.0.5 -u bob -P § -t a -m b",

	// Windows.
	"net user bob § /add",
	"net user bob § /add /domain",
	"net.exe user bob §",
	`net use \\10.0.0.5\c$ § /user:corp\bob`,
	`net use Z: \\10.0.0.5\c$ /user:corp\bob §`,
	"cmdkey /add:10.0.0.5 /user:bob /pass:§",
	"schtasks /create /s 10.0.0.5 /u bob /p § /tn x /tr y",
	"schtasks /create /tn x /tr y /ru corp\\svc /rp §",
	"wmic /node:10.0.0.5 /user:bob /password:§ process list",
	"tasklist /s 10.0.0.5 /u bob /p §",
	`cmd.exe /c "net user bob § /add & whoami"`,
	"netdom join pc1 /domain:corp.example /userd:bob /passwordd:§",
	"certutil -p § -importPFX c.pfx",
	"rubeus.exe asktgt /user:bob /password:§ /ptt",
	`reg add "HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon" /v DefaultUser /d bob & set PASSWORD=§`,
	`powershell -c "$c = ConvertTo-SecureString '§' -AsPlainText -Force"`,
	`powershell ConvertTo-SecureString -AsPlainText -Force -String '§'`,
	`powershell -c "New-LocalUser bob -Password (ConvertTo-SecureString '§' -AsPlainText -Force)"`,
	`powershell -c "$env:API_TOKEN = '§'; ./x.ps1"`,
	`powershell -c "$password = '§'"`,
	`powershell -c "$c = New-Object System.Net.NetworkCredential('bob', '§')"`,
	`powershell -c "[pscredential]::new('bob', '§')"`,
	`powershell -c "Connect-Thing -Server a -Password §"`,
	`powershell -c "Invoke-RestMethod https://10.0.0.5 -Headers @{Authorization='Bearer §'}"`,
	`powershell -c "Invoke-RestMethod https://10.0.0.5 -Headers @{'X-Api-Key'='§'}"`,
	`powershell -c "'§' | ConvertTo-SecureString -AsPlainText -Force"`,
}

func TestSecretLines(t *testing.T) {
	m := masker{know: own}
	for _, line := range secretLines {
		for _, secret := range []string{"Hunter2Winter", "Winter.corp.example", "q7", "x1!y", "p@55,w:0/rd"} {
			if strings.ContainsAny(secret, ",:/@") && !strings.Contains(line, "'§'") {
				continue // is written otherwise where these set words apart
			}
			got, found := m.line(strings.ReplaceAll(line, "§", secret))
			if want := strings.ReplaceAll(line, "§", hidden); got != want {
				t.Errorf("%s\n  want %s", got, want)
			} else if !slices.ContainsFunc(found, func(f string) bool { return strings.HasPrefix(f, secret) }) {
				t.Errorf("%s\n  found %q, want %q", got, found, secret)
			}
		}
	}
}

// ordinaryLines hold no secret, though they look like lines that do.
var ordinaryLines = []string{
	"mysql -p", "mysql -u root -p shop", "ssh -p 22 bob@10.0.0.5", "ssh -p 2222 -l bob 10.0.0.5 uptime", "scp -P 22 a bob@10.0.0.5:/tmp", "tar -p -xf a.tar", "tar xpf a.tar",
	"docker run -p 80:80 nginx", "docker run -d --name mysql -p 3306:3306 mysql:8", "docker run -u 1000:1000 -p 80:80 app", "mkdir -p /srv/app/data", "mkdir -p build", "cp -p a b", "ls -a", "ps -u bob -p 22", "nmap -p 22,80 10.0.0.5",
	"psql -h db.corp.example -p 5432 -U app", "git log -p main", "cargo build -p core2api", "kill -9 1234", "curl -s https://api.example.com/v1/items?page=2", "curl -b cookies.txt https://10.0.0.5/", "curl -u bob https://10.0.0.5/",
	`curl -H "Authorization: Bearer $TOKEN" https://10.0.0.5/`, `curl -H 'Content-Type: application/json' https://10.0.0.5/`, "curl -H Accept: text/html https://10.0.0.5/", "wget --ask-password https://10.0.0.5/", "wget -q -O - https://10.0.0.5/token",
	"docker login --username bob --password-stdin registry.example", "docker login -u bob registry.example", "docker ps -a", "docker build -t token-service:1.2 .",
	"gh auth login", "gh auth status", "vault login -method=oidc", "vault status", "vault kv get secret/app", "kubectl get secrets -n shop", "kubectl create token default", "kubectl get pods -o wide",
	"aws configure set region eu-1", "aws configure list", "aws sts get-session-token", "aws s3 ls s3://bucket", "az login", "gcloud auth print-access-token",
	"grep -r password /etc", "grep token src/main.go", "find / -name password.txt", "cat /etc/passwd", "passwd bob", "sudo -S id", "sudo -l", "echo hello | sudo tee /etc/motd", "echo hello | cat", "cat pw.txt | sudo -S id",
	"useradd -m -s /bin/bash bob", "usermod -aG docker bob", "htpasswd -c .htpasswd bob", "chpasswd < users.txt", "openssl passwd -6", "openssl req -new -key k.pem -out r.csr", "openssl s_client -connect 10.0.0.5:443",
	"zip -r x.zip /home", "7z a x.7z /home", "7z x x.7z", "unzip -p x.zip a.txt", "gpg -d x.gpg", "ssh-keygen -t ed25519 -f k", "ssh-keygen -p -f k",
	"ldapsearch -x -W -D cn=admin -H ldap://10.0.0.5 -b dc=corp", "redis-cli -h 10.0.0.5 info", "redis-cli get token", "sqlcmd -S 10.0.0.5 -E -Q x", "mongosh mongodb://10.0.0.5/db", "psql postgresql://10.0.0.5:5432/db", "git clone https://github.com/o/r", "git clone git@github.com:o/r.git", "git push origin main:release",
	"rsync -a dist/ bob@web.example:/srv/www/", "npm install @scope/pkg@1.2.3", "docker pull registry.example/o/r:1.2@sha256:ab12", "pip install token==1.0", "go test ./... -run TestPassword",
	"net user", "net user bob /add", "net user bob * /add", "net user bob /active:yes", "net user /domain", `net use \\10.0.0.5\c$`, `net use Z: \\10.0.0.5\c$ /user:corp\bob`, `net use \\10.0.0.5\c$ /user:corp\bob *`, "net use Z: /delete", `net group "Domain Admins" /domain`,
	"schtasks /create /tn x /tr y /sc daily", "runas /user:bob cmd.exe", "runas /user:corp\\bob notepad", "wmic process list brief", "cmdkey /list", `psexec \\10.0.0.5 -s cmd.exe`, "xfreerdp /u:bob /v:10.0.0.5", "smbclient -L 10.0.0.5 -N", "smbclient //10.0.0.5/c$ -U bob", "evil-winrm -i 10.0.0.5 -u bob",
	"hydra -L users.txt -P passwords.txt ssh://10.0.0.5", "nxc smb 10.0.0.5", "nxc smb 10.0.0.5 -u users.txt -p passwords.txt", "secretsdump.py -k -no-pass corp/bob@dc.corp.example",
	`powershell -c "Get-Credential"`, `powershell -ExecutionPolicy Bypass -File a.ps1`, `powershell -c "$p = Read-Host -AsSecureString"`, `powershell -c "Get-Process -Name token"`, `python3 -c "import os; token = os.environ['TOKEN']"`, `python3 -c "password = input()"`,
	"export PATH=/usr/bin:/bin", "cd $PWD", "PWD=/home/bob ls", "TOKENIZERS_PARALLELISM=false python3 a.py", "python3 run.py --max_tokens=500 --next-token abc", "echo 'SELECT 1' | psql -h 10.0.0.5", "date +%Y%m%d -u", "echo token", "echo the password is not here", "journalctl -u ssh --since today", "test -n \"$PASSWORD\"", "export PASSWORD=$(cat pw)", "mysql -p$MYSQL_PASSWORD -u root", "export DEBUG=true PASSWORD=",
}

func TestOrdinaryLinesStay(t *testing.T) {
	m := masker{know: own}
	for _, line := range ordinaryLines {
		if got, found := m.line(line); got != line || len(found) > 0 {
			t.Errorf("%s\n  is no secret's line, but gives %s %q", line, got, found)
		}
	}
}

// TestTokens holds that tokens of known shapes are masked wherever they stand, and what only begins like one is not.
func TestTokens(t *testing.T) {
	m := masker{know: own}
	for _, token := range []string{
		"AKIA" + "IOSFODNN7EXAMPLE", "ghp_" + strings.Repeat("a1B2", 9), "github_pat_" + strings.Repeat("a1B2", 10), "glpat-" + "aB3dE5gH7jK9mN1pQ3rS", "xoxb-" + "123456789012-abcdefABCDEF", "sk-ant-" + "api03-aB3dE5gH7jK9mN1p", "sk-" + "aB3dE5gH7jK9mN1pQ3rS5tU7vW9x",
		"eyJhbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiJib2IifQ" + ".c2lnbmF0dXJl", "hvs." + "CAESIJaB3dE5gH7jK9", "npm_" + strings.Repeat("a1B2", 9), "AIza" + strings.Repeat("a1B2c", 7), "sk_live_" + "aB3dE5gH7jK9mN1p",
		"$6$salt$" + strings.Repeat("aB3.", 10), "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\naB3dE5gH7jK9\n-----END RSA PRIVATE KEY-----",
	} {
		for _, line := range []string{"tool %s out.txt", "echo '%s' > f", "x=%s", "https://10.0.0.5/a/%s"} {
			line = strings.ReplaceAll(line, "%s", token)
			if got, _ := m.line(line); strings.Contains(got, token[5:12]) || strings.Contains(got, token[len(token)-6:]) {
				t.Errorf("%s\n  the token stands in %s", line, got)
			}
			if got := m.text(line); strings.Contains(got, token[len(token)-6:]) {
				t.Errorf("as a text, %s\n  the token stands in %s", line, got)
			}
		}
	}
	for _, line := range []string{"AKIAx", "git checkout sk-refactor-the-long-branch-name", "ghp_", "echo -----BEGIN CERTIFICATE-----", "docker pull ghcr.io/o/r@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "eyJhIjoxfQaaaaaaaaaaaaaaaaaaaaaa"} {
		if got, _ := m.line(line); got != line {
			t.Errorf("%s\n  is no token, but gives %s", line, got)
		}
	}
}

func TestEncodedSecrets(t *testing.T) {
	m := masker{know: own}
	for _, line := range []string{
		"powershell -enc " + encoded("net user bob Hunter2Winter /add"),
		"echo " + base64.StdEncoding.EncodeToString([]byte("mysql -u root -pHunter2Winter")) + " | base64 -d | sh",
	} {
		got, found := m.line(line)
		if !strings.Contains(got, hidden) || !slices.Contains(found, "Hunter2Winter") {
			t.Errorf("%s\n  gives %s %q", line, got, found)
		}
	}
	plain := "powershell -enc " + encoded("Get-Process | Sort-Object CPU")
	if got, _ := m.line(plain); got != plain {
		t.Errorf("%s\n  gives %s", plain, got)
	}
}

func TestSecretRequests(t *testing.T) {
	for uri, want := range map[string]string{
		"/login?user=a&password=Hunter2Winter":       "/login?user=a&password=***",
		"/login?password=q7&user=a":                  "/login?password=***&user=a",
		"/api?token=Hunter2Winter":                   "/api?token=***",
		"/x?api_key=Hunter2Winter#top":               "/x?api_key=***#top",
		"/x?pass%77ord=Hunter%32Winter&b=1":          "/x?pass%77ord=***&b=1",
		"/x?user%5Bpassword%5D=Hunter2%21&b=1":       "/x?user%5Bpassword%5D=***&b=1",
		"/reset;jsessionid=Hunter2Winter?x=1":        "/reset;jsessionid=***?x=1",
		"/u/a.php?cmd=mysql+-uroot+-pHunter2Winter":  "/u/a.php?cmd=mysql+-uroot+-p***",
		"/u/a.php?cmd=echo%20Hunter2|sudo%20-S%20id": "/u/a.php?cmd=echo%20***|sudo%20-S%20id",
		"http://bob:Hunter2Winter@10.0.0.5/x":        "http://bob:***@10.0.0.5/x",
		"/docs/start.html":                           "/docs/start.html",
		"/search?q=how+to+reset+a+password":          "/search?q=how+to+reset+a+password",
		"/list?page=2&sort=token&next_token=ab12":    "/list?page=2&sort=token&next_token=ab12",
		"/i?password=%27%20OR%201=1--%20-":           "/i?password=%27%20OR%201=1--%20-",
	} {
		ev := &tocsin.Event{Host: "www.corp.example", Source: "l", Record: 1, Sources: []tocsin.LogSource{{Product: "nginx", Category: "webserver"}},
			Fields: []tocsin.Field{{Name: "cs-method", Value: "GET"}, {Name: "cs-uri", Value: uri}, {Name: "c-ip", Value: "203.0.113.9"}, {Name: "sc-status", Value: "403"}}}
		NewReader([]byte("k"), own).Read(ev, nil, func(a *tocsin.Action) {
			if a.Text != "GET "+want {
				t.Errorf("%s\n  gives %s\n  want  GET %s", uri, a.Text, want)
			}
			for _, m := range a.Marks {
				if strings.Contains(m, "Hunter2") {
					t.Errorf("%s: mark %s", uri, m)
				}
			}
		})
	}
}

// TestSecretsStay holds that no secret leaves in any part of an action, whoever tells of it, and that its fingerprint does.
func TestSecretsStay(t *testing.T) {
	const secret = "Winter9.corp.example" // reads as a machine's name too
	see := func(name string, ev *tocsin.Event, key bool) {
		t.Helper()
		found := false
		NewReader([]byte("k"), own).Read(ev, nil, func(a *tocsin.Action) {
			all := []string{a.Text, a.Tool, a.Host, a.Org}
			for _, e := range append(slices.Clone(a.On), a.Who...) {
				all = append(all, e.Value)
			}
			for _, s := range append(all, a.Marks...) {
				if strings.Contains(strings.ToLower(s), "winter9") {
					t.Errorf("%s: the secret stands in %q", name, s)
				}
			}
			for _, s := range all {
				if strings.Contains(s, "key:") {
					t.Errorf("%s: a fingerprint stands in %q", name, s)
				}
			}
			found = found || strings.HasPrefix(a.Credential, "key:")
		})
		if key && !found {
			t.Errorf("%s: no credential", name)
		}
	}
	for _, line := range secretLines {
		line = strings.ReplaceAll(line, "§", secret)
		see(line, &tocsin.Event{Host: "h.corp.example", Sources: []tocsin.LogSource{{Product: "linux", Category: "process_creation"}},
			Fields: []tocsin.Field{{Name: "command", Value: line}, {Name: "user", Value: "root"}}}, true)
		see(line, &tocsin.Event{Host: "h.corp.example", Sources: []tocsin.LogSource{{Product: "windows", Category: "process_creation"}},
			Fields: []tocsin.Field{{Name: "EventID", Value: "1"}, {Name: "Provider_Name", Value: "Microsoft-Windows-Sysmon"}, {Name: "CommandLine", Value: line}, {Name: "User", Value: `CORP\bob`}}}, true)
		see(line, &tocsin.Event{Sources: []tocsin.LogSource{{Product: "ai_agent", Category: "tool_call"}},
			Fields: []tocsin.Field{{Name: "session", Value: "s"}, {Name: "tool", Value: "Bash"}, {Name: "command", Value: line}}}, true)
		if !strings.Contains(line, "\n") {
			in := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(line)
			see("arguments: "+line, &tocsin.Event{Sources: []tocsin.LogSource{{Product: "ai_agent", Category: "tool_call"}},
				Fields: []tocsin.Field{{Name: "session", Value: "s"}, {Name: "tool", Value: "exec"}, {Name: "mcp_server", Value: "x"}, {Name: "arguments", Value: `{"cmd":"` + in + `","n":1}`}}}, true)
		}
	}
	see("a login in arguments", &tocsin.Event{Sources: []tocsin.LogSource{{Product: "ai_agent", Category: "tool_call"}},
		Fields: []tocsin.Field{{Name: "session", Value: "s"}, {Name: "tool", Value: "login"}, {Name: "arguments", Value: `{"user":"bob","password":"` + secret + `","host":"10.0.0.5"}`}}}, true)
	see("a script block", &tocsin.Event{Host: "h", Sources: []tocsin.LogSource{{Product: "windows"}},
		Fields: []tocsin.Field{{Name: "EventID", Value: "4104"}, {Name: "Provider_Name", Value: "Microsoft-Windows-PowerShell"}, {Name: "ScriptBlockText", Value: "$pw = ConvertTo-SecureString '" + secret + "' -AsPlainText -Force\nNew-LocalUser bob -Password $pw"}}}, true)
	see("a service", &tocsin.Event{Host: "h", Sources: []tocsin.LogSource{{Product: "windows"}},
		Fields: []tocsin.Field{{Name: "EventID", Value: "7045"}, {Name: "Provider_Name", Value: "Service Control Manager"}, {Name: "ServiceName", Value: "x"}, {Name: "ImagePath", Value: "cmd /c net user bob " + secret + " /add"}}}, true)
	see("a value of the registry", &tocsin.Event{Host: "h", Sources: []tocsin.LogSource{{Product: "windows"}},
		Fields: []tocsin.Field{{Name: "EventID", Value: "13"}, {Name: "Provider_Name", Value: "Microsoft-Windows-Sysmon"}, {Name: "TargetObject", Value: `HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Run\DefaultPassword`}, {Name: "Details", Value: secret}}}, false)
	see("a pod", &tocsin.Event{Sources: []tocsin.LogSource{{Product: "kubernetes"}},
		Fields: []tocsin.Field{{Name: "user", Value: "bob"}, {Name: "src_ip", Value: "203.0.113.9"}, {Name: "verb", Value: "create"}, {Name: "objectRef.resource", Value: "pods"}, {Name: "objectRef.subresource", Value: "exec"}, {Name: "command", Value: "mysql -uroot -p" + secret}}}, true)
	see("a message", &tocsin.Event{Host: "h", Sources: []tocsin.LogSource{{Product: "linux"}},
		Fields: []tocsin.Field{{Name: "event_type", Value: "denied"}, {Name: "message", Value: "login refused: user=bob password=" + secret + " from 203.0.113.9"}}}, false)
}

// TestSecretShort holds that a secret of any length is masked where it stands, and only there.
func TestSecretShort(t *testing.T) {
	m := masker{know: own}
	for line, want := range map[string]string{
		"mysql -u root -pab12 -e x":                      "mysql -u root -p*** -e x",
		"mysql -u e -pe -e e":                            "mysql -u e -p*** -e e",
		"net user a a /add":                              "net user a *** /add",
		"sshpass -p root ssh root@10.0.0.5":              "sshpass -p *** ssh root@10.0.0.5",
		"PGPASSWORD=1 psql -h 10.0.0.1":                  "PGPASSWORD=*** psql -h 10.0.0.1",
		"x --password=Heron4Lake && echo Heron4Lake > f": "x --password=*** && echo *** > f", // long and odd: the same wherever it stands
	} {
		if got, _ := m.line(line); got != want {
			t.Errorf("%s\n  gives %s\n  want  %s", line, got, want)
		}
	}
}

func TestMemosApart(t *testing.T) {
	r := NewReader(nil, own)
	r.lower("GET /Admin")
	if got := r.joined("GET", " ", "/Admin"); got != "GET /Admin" {
		t.Errorf("joined gives %q", got)
	}
	for range 2 {
		if got := r.lower("GET /Admin"); got != "get /admin" {
			t.Errorf("lower gives %q", got)
		}
	}
	for i := range 3 * maxMemo {
		r.joined("x", "", string(rune(i+0x10000)))
	}
	if len(r.joins) > maxMemo {
		t.Errorf("%d texts are remembered", len(r.joins))
	}
	long := strings.Repeat("A", maxNote+1)
	if r.lower(long) != strings.ToLower(long) || len(r.lowers) > 1 {
		t.Error("a long text is remembered")
	}
}

func FuzzMasker(f *testing.F) {
	for _, line := range secretLines[:20] {
		f.Add(line)
	}
	f.Add("'\"\\$(`<<E\nx\nE")
	f.Add(" AuthoriZAtion:\"")
	f.Add("/x?a=%41%&password=%zz")
	f.Fuzz(func(t *testing.T, s string) {
		m := masker{know: own}
		line, found := m.line(s)
		if len(found) > maxSecrets || len(found) > 0 && !strings.Contains(line, hidden) {
			t.Errorf("%q gives %q, %q", s, line, found)
		}
		m.json = true
		m.line(s)
		m.text(s)
		m.uri(s)
	})
}
