package action

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// arguments are what a command's words name.
type arguments struct {
	targets          []tocsin.Entity
	lists            []string
	listed           []string // the same with their paths
	urls             []string
	addresses, nets  int
	user, hash, pass bool
	impacket         bool   // domain/user:password@host
	account          string // that is logged in as on the targets, in lower case, without its domain
	flags            map[string]bool
	joined           string // all words in lower case
}

// argsOf reads the arguments of a command; masked are the same without the secrets in them.
func argsOf(args, masked []string) arguments {
	a := arguments{flags: map[string]bool{}}
	a.joined = strings.ToLower(strings.Join(masked, " "))
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
			next, file := "", ""
			if has {
				if next = strings.Trim(v, `"'`); masked[i] == w {
					file = next
				}
			} else if i+1 < len(args) && !strings.HasPrefix(args[i+1], "-") {
				if next = args[i+1]; masked[i+1] == next {
					file = next
				}
			}
			a.flag(strings.ToLower(name), next, file)
			continue
		}
		if strings.Contains(w, "://") && len(a.urls) < 8 {
			a.urls = append(a.urls, w) // an attack may stand where a secret does
		}
		if isHash(w) {
			a.hash = true
		}
		if w = masked[i]; w == hidden {
			continue
		}
		if u, ok := strings.CutSuffix(w, "'"); ok {
			w = u
		}
		a.logsIn(w)
		if cred, host, ok := cutLast(w, '@'); ok && !strings.Contains(w, "://") {
			if up, pw, ok := strings.Cut(cred, ":"); ok && strings.ContainsAny(up, `/\`) || ok && host != "" && pw != "" && !strings.Contains(up, "/") && strings.Contains(cred, "/") {
				a.impacket, a.pass = true, a.pass || pw != ""
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
		if wordlist(w) {
			a.list(w)
		}
	}
	return a
}

// flag reads a flag with what stands behind it; file is the same unless it is a secret.
func (a *arguments) flag(name, next, file string) {
	bare := strings.TrimLeft(name, "-/")
	switch bare {
	case "p", "pass", "password", "pw", "passwd", "ap":
		if next != "" && !strings.Contains(next, "/") && !digits(next) && len(next) < 128 {
			a.pass = true
		} else if wordlist(file) {
			a.list(file)
		}
	case "h", "hash", "hashes", "nt", "nthash", "rc4":
		if isHash(strings.TrimPrefix(next, ":")) || strings.Contains(next, ":") && isHash(next[strings.LastIndexByte(next, ':')+1:]) {
			a.hash = true
		}
	case "u", "user", "username", "userid", "l", "login", "au":
		if u, p, ok := strings.Cut(next, "%"); ok && u != "" && p != "" && !strings.Contains(next, "://") {
			a.pass = true
		} else if u, p, ok := strings.Cut(next, ":"); ok && u != "" && len(p) > 2 && !strings.HasPrefix(p, "//") {
			a.pass = true
		}
		if next != "" && !strings.Contains(next, "://") {
			a.user = true
			if !wordlist(file) {
				a.as(next)
			}
		}
		if wordlist(file) {
			a.list(file)
		}
	case "w", "wordlist", "U", "P", "L", "userlist", "passlist", "usersfile":
		if wordlist(file) {
			a.list(file)
		}
	}
}

// logsIn notes the account of a word such as USER@HOST or DOMAIN/USER:SECRET, with or without a host behind it.
func (a *arguments) logsIn(w string) {
	if strings.Contains(w, "://") {
		return
	}
	cred, _, at := cutLast(w, '@')
	if !at {
		if cred = w; strings.Count(w, "/") != 1 || !strings.HasSuffix(w, ":"+hidden) {
			return
		}
	}
	a.as(cred)
}

// as notes the first account that is named: before what follows it, behind its domain.
func (a *arguments) as(name string) {
	name = before(before(name, '%'), ':')
	name = strings.ToLower(name[strings.LastIndexAny(name, `/\`)+1:])
	if dot := strings.LastIndexByte(name, '.'); a.account != "" || name == "" || len(name) > 64 || dot > 0 && fileEnds[name[dot+1:]] || strings.HasPrefix(name, "-") || strings.ContainsFunc(name, func(c rune) bool {
		return !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || strings.ContainsRune("._-$", c))
	}) {
		return
	}
	a.account = name
}

// list notes a list once, although a flag and the word behind it both name it.
func (a *arguments) list(w string) {
	if slices.Contains(a.listed, w) {
		return
	}
	if len(a.lists) < 4 {
		a.lists, a.listed = append(a.lists, base(w)), append(a.listed, w)
	}
}

// wordlist says that a file reads as a list of names, passwords or paths to try.
func wordlist(w string) bool {
	l := strings.ToLower(w)
	return strings.HasSuffix(l, ".txt") && (strings.Contains(l, "wordlist") || strings.Contains(l, "rockyou") || strings.Contains(l, "seclists") || strings.Contains(l, "user") || strings.Contains(l, "pass") || strings.Contains(l, "common") || strings.Contains(l, "dirb") || strings.Contains(l, "raft-")) ||
		strings.HasPrefix(l, "/usr/share/wordlists/") || strings.HasSuffix(l, ".lst")
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
		return tocsin.Entity{Kind: "host", Value: strings.ToLower(w)}, len(w) > 1 && w != "." && w != "?" && !strings.ContainsAny(w, "$%`{}()<>*\"'") // what a shell was to put in is not known
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
