package campaign

import "strings"

// A maker is a command that makes accounts, and where the name of the account stands in it.
type maker struct {
	tool  string // without path and .exe, in lower case
	after string // the word that the name follows; "" for the name being the last word that is no option, or the first
	first bool
	begin string // what the name begins with, which is no part of it
	line  string // a sample, and the account that it makes
	name  string
}

var makers = []maker{
	{tool: "useradd", line: `sudo useradd -m -u 2020 -s /bin/bash -G sudo svc-copy; echo done`, name: "svc-copy"},
	{tool: "useradd", line: `/usr/sbin/useradd -m -u 2020 -c 'Copy of the Service' -s /bin/bash svc-copy`, name: "svc-copy"},
	{tool: "useradd", line: `ssh ann@db1 "sudo useradd -m svc-copy"`, name: "svc-copy"},
	{tool: "adduser", first: true, line: `adduser svc-copy sudo`, name: "svc-copy"},
	{tool: "net", after: "user", line: `net user svc-copy *** /add /domain`, name: "svc-copy"},
	{tool: "net1", after: "user", line: `C:\Windows\system32\net1.exe user /add svc-copy ***`, name: "svc-copy"},
	{tool: "new-localuser", after: "-name", line: `powershell -c "New-LocalUser -Name svc-copy -NoPassword"`, name: "svc-copy"},
	{tool: "new-aduser", after: "-name", line: `New-ADUser -Name svc-copy -Enabled 1`, name: "svc-copy"},
	{tool: "dsadd", after: "user", line: `dsadd user CN=svc-copy,DC=corp,DC=example`, name: "svc-copy,dc=corp,dc=example", begin: "cn="},
	{tool: "dscl", after: "-create", line: `dscl . -create /Users/svc-copy`, name: "svc-copy", begin: "/users/"},
	{tool: "sysadminctl", after: "-adduser", line: `sysadminctl -addUser svc-copy -admin`, name: "svc-copy"},
	{tool: "pw", after: "useradd", line: `pw useradd svc-copy -m`, name: "svc-copy"},
	{tool: "aws", after: "--user-name", line: `aws iam create-user --user-name svc-copy`, name: "svc-copy"},
}

// madeBy is the account that a command line makes, in lower case, or "".
func madeBy(line string) string {
	line = strings.ToLower(line)
	for k := range makers {
		m := &makers[k]
		for from := 0; ; {
			i := strings.Index(line[from:], m.tool)
			if i < 0 {
				break
			}
			at := from + i
			from = at + len(m.tool)
			rest := strings.TrimPrefix(line[from:], ".exe")
			rest = strings.TrimPrefix(rest, `"`) // of a program's path in quotes
			if at > 0 && !strings.ContainsRune(" \t\"'/\\;|&(`\n", rune(line[at-1])) || !strings.HasPrefix(rest, " ") {
				continue // a part of another word
			}
			if name := m.nameIn(argumentsOf(rest)); name != "" {
				return name
			}
		}
	}
	return ""
}

// argumentsOf are the words up to where a command ends, what stands in quotes being one. A quote at the end of a word is that
// of the shell's line around the command.
func argumentsOf(s string) []string {
	var all []string
	for {
		s = strings.TrimLeft(s, " \t")
		if s == "" || strings.ContainsRune(";|&\r\n)}", rune(s[0])) {
			return all
		}
		if q := s[0]; q == '"' || q == '\'' {
			end := strings.IndexByte(s[1:], q)
			if end < 0 {
				return all
			}
			all = append(all, s[1:1+end])
			s = s[2+end:]
			continue
		}
		end := strings.IndexAny(s, " \t;|&\r\n\"'`)}")
		if end < 0 {
			return append(all, s)
		}
		if end > 0 {
			all = append(all, s[:end])
		}
		if strings.ContainsRune("\"'`", rune(s[end])) {
			return all
		}
		s = s[end:]
	}
}

func (m *maker) nameIn(args []string) string {
	name, on := "", m.after == ""
	for _, w := range args {
		switch {
		case !on:
			on = w == m.after
		case w == "" || w[0] == '-' || strings.Trim(w, "0123456789") == "" || strings.Contains(w, " ") || w[0] == '/' && m.begin == "" || !strings.HasPrefix(w, m.begin) || w == "***" || strings.ContainsAny(w, "<>$%*"):
		default:
			if name = strings.TrimPrefix(w, m.begin); m.first || m.after != "" {
				return name
			}
		}
	}
	return name
}

// publicKeys are how lines of SSH's public keys begin.
var publicKeys = []string{"ssh-ed25519 AAAA", "ssh-rsa AAAA", "ecdsa-sha2-nistp256 AAAA", "ecdsa-sha2-nistp384 AAAA", "ecdsa-sha2-nistp521 AAAA", "sk-ssh-ed25519@openssh.com AAAA"}

// publicKeyIn is the SSH public key that a text has, with its comment, or "".
func publicKeyIn(text string) string {
	for _, begin := range publicKeys {
		at := strings.Index(text, begin)
		if at < 0 {
			continue
		}
		key := text[at:]
		if i := strings.IndexAny(key, "\"'\r\n;|>"); i >= 0 {
			key = key[:i]
		}
		words := strings.Fields(key)
		if key = strings.Join(words[:min(len(words), 3)], " "); len(words) > 1 && len(words[1]) > 40 && !strings.Contains(key, "***") {
			return key
		}
	}
	return ""
}
