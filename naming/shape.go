package naming

import (
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A side is one of the two names that a row reads: where from, and what it is to be.
type side struct {
	field  string // of the event; "@host" is the event's host, "{hole}" what a text's hole holds
	domain string // a field with the domain of an account, before its name
	shape  string // of the value, where it is not bare; see shapes
	kind   string // address, host, user
}

// shapes take out of a value the names that it holds; they give each to yield.
var shapes = map[string]func(v string, yield func(string)){
	// "FS01$", "fs01$@CORP.EXAMPLE", "fs01$/CORP.EXAMPLE": the account of a machine.
	"computer": func(v string, yield func(string)) {
		if i := strings.IndexByte(v, '$'); i > 0 && (i+1 == len(v) || v[i+1] == '@' || v[i+1] == '/') {
			yield(v[:i])
		}
	},
	// "ann", "ann@CORP.EXAMPLE", "ann/CORP.EXAMPLE", but no machine's and no service's.
	"principal": func(v string, yield func(string)) {
		name, realm, ok := strings.Cut(v, "/")
		if !ok {
			yield(v)
		} else if strings.Contains(realm, ".") && !strings.Contains(realm, "/") {
			yield(name + "@" + realm)
		}
	},
	// `\\FS01\IPC$`: the machine of a share.
	"unc": func(v string, yield func(string)) {
		if rest, ok := strings.CutPrefix(v, `\\`); ok {
			name, _, _ := strings.Cut(rest, `\`)
			yield(name)
		}
	},
	// "CN=fs01.corp.example,O=Example": the subject of a certificate.
	"cn": func(v string, yield func(string)) {
		for part := range strings.SplitSeq(v, ",") {
			if name, ok := strings.CutPrefix(strings.TrimSpace(part), "CN="); ok {
				yield(name)
				return
			}
		}
	},
	// "5.2.0.192.in-addr.arpa" and its like of IPv6: what a PTR is asked for.
	"reverse": func(v string, yield func(string)) {
		if a, ok := reversed(v); ok {
			yield(a.String())
		}
	},
	// "::ffff:192.0.2.5;type:  5 fs01.corp.example;": the answers that Windows' resolver gave. Where an alias led on, it was
	// not the name that was asked for that has the address.
	"answers": func(v string, yield func(string)) {
		if strings.Contains(v, "type:  5") {
			return
		}
		for part := range strings.SplitSeq(v, ";") {
			yield(strings.TrimSpace(part))
		}
	},
	// "0xC0000205": an address as the data of a record.
	"hex": func(v string, yield func(string)) {
		v = strings.TrimPrefix(v, "0x")
		if len(v) != 8 && len(v) != 32 {
			return
		}
		b := make([]byte, 0, 16)
		for i := 0; i < len(v); i += 2 {
			hi, lo := strings.IndexByte(hexDigits, v[i]|0x20), strings.IndexByte(hexDigits, v[i+1]|0x20)
			if hi < 0 || lo < 0 {
				return
			}
			b = append(b, byte(hi<<4|lo))
		}
		if a, ok := netip.AddrFromSlice(b); ok {
			yield(a.String())
		}
	},
}

const hexDigits = "0123456789abcdef"

// reversed is the address that a name of the reverse zones asks for.
func reversed(v string) (netip.Addr, bool) {
	v = strings.TrimSuffix(v, ".")
	const four, six = ".in-addr.arpa", ".ip6.arpa"
	n := len(v)
	switch {
	case n > len(four) && n < 32 && strings.EqualFold(v[n-len(four):], four):
		p := strings.Split(v[:n-len(four)], ".")
		if len(p) != 4 {
			break
		}
		a, err := netip.ParseAddr(p[3] + "." + p[2] + "." + p[1] + "." + p[0])
		return a, err == nil
	case n == 63+len(six) && strings.EqualFold(v[63:], six):
		var b []byte
		for i := 62; i >= 0; i -= 2 {
			if b = append(b, v[i]); i > 0 && v[i-1] != '.' {
				return netip.Addr{}, false
			}
			if len(b)%5 == 4 && i > 0 {
				b = append(b, ':')
			}
		}
		a, err := netip.ParseAddr(string(b))
		return a, err == nil
	}
	return netip.Addr{}, false
}

// addressOf is v as the one spelling of an address that can be a single machine's in a network, or "": no loopback,
// multicast, broadcast, unspecified or link-local one. It may stand with a port, a prefix length, or in brackets.
func addressOf(v string) string {
	if len(v) < 2 || len(v) > 64 {
		return ""
	}
	v, _, _ = strings.Cut(v, "/")
	a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(v, "["), "]"))
	if err != nil {
		p, err := netip.ParseAddrPort(v)
		if err != nil {
			return ""
		}
		a = p.Addr()
	}
	a = a.Unmap()
	if a.IsLoopback() || a.IsMulticast() || a.IsUnspecified() || a.IsLinkLocalUnicast() || a == netip.AddrFrom4([4]byte{255, 255, 255, 255}) {
		return ""
	}
	if s := a.WithZone("").String(); s != v {
		return s
	}
	return v
}

// Bounds of names, in bytes: RFC 1035's of a name, and what Windows and mail allow an account.
const (
	maxHost    = 253
	maxAccount = 320
)

// hostOf is v as the one spelling of a machine's name, in lower case, or "": not an address, a wildcard, a word that every
// machine has, or what no machine is called.
func hostOf(v string) string {
	v = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(v), `\\`), ".")
	if len(v) == 0 || len(v) > maxHost || v[0] == '.' || v[0] == '-' || v[0] == '_' {
		return ""
	}
	letters, label := false, 0
	for _, r := range v {
		switch {
		case r == utf8.RuneError:
			return ""
		case r == '.':
			if label == 0 {
				return ""
			}
			label = -1
		case unicode.IsLetter(r):
			letters = true
		case r == '-', r == '_', r >= '0' && r <= '9':
		default:
			return ""
		}
		if label++; label > 63 {
			return ""
		}
	}
	if !letters { // a number or an address is no name that tells a machine
		return ""
	}
	v = strings.ToLower(v)
	if nobodysHosts[v] || strings.HasSuffix(v, ".arpa") {
		return ""
	}
	return v
}

// sidOf is v if it is the SID of a user or a machine of a Windows domain or machine, else "".
func sidOf(v string) string {
	if !strings.HasPrefix(v, "S-1-5-21-") || len(v) > 80 || strings.Trim(v[len("S-1-5-21-"):], "0123456789-") != "" || strings.Count(v, "-") != 7 {
		return ""
	}
	return v
}

// accountOf is domain and name as the one spelling of an account, in lower case, or "": no machine's, and none that every
// machine has.
func accountOf(domain, name string) string {
	name = strings.TrimSpace(name)
	if sid := sidOf(name); sid != "" {
		return sid
	}
	if at := strings.LastIndexByte(name, '\\'); at >= 0 {
		domain, name = name[:at], name[at+1:]
	}
	if len(name) == 0 || len(name)+len(domain) > maxAccount || strings.HasSuffix(name, "$") || !printable(name) || !printable(domain) {
		return ""
	}
	name, domain = strings.ToLower(name), strings.ToLower(domain)
	bare, _, _ := strings.Cut(name, "@")
	if nobodys[bare] || nobodys[strings.TrimRight(bare, "-0123456789")] || nobodysDomains[domain] || strings.HasSuffix(bare, "$") || strings.Trim(bare, "0123456789-") == "" {
		return ""
	}
	if domain == "" || domain == "-" || domain == "." || strings.Contains(name, "@") {
		return name
	}
	return domain + `\` + name
}

// mailboxOf is v as the one spelling of a mail address, or "".
func mailboxOf(v string) string {
	v = strings.ToLower(strings.Trim(strings.TrimSpace(v), "<>"))
	name, domain, ok := strings.Cut(v, "@")
	if !ok || name == "" || len(v) > maxAccount || !printable(name) || hostOf(domain) != domain || !strings.Contains(domain, ".") {
		return ""
	}
	return v
}

func printable(s string) bool {
	for _, r := range s {
		if r == utf8.RuneError || !unicode.IsPrint(r) || r == '"' || r == '<' || r == '>' {
			return false
		}
	}
	return true
}

// first is a host's name up to its first dot.
func first(host string) string {
	name, _, _ := strings.Cut(host, ".")
	return name
}

// sameMachine says that two hosts' names can be of one machine: alike, or one short and the other long; NetBIOS cuts a name
// to 15 bytes.
func sameMachine(a, b string) bool {
	if a == b {
		return true
	}
	x, y := first(a), first(b)
	if x != a && y != b { // both have a domain
		return false
	}
	const netBIOS = 15
	return x == y || len(x) == netBIOS && x == a && strings.HasPrefix(y, x) || len(y) == netBIOS && y == b && strings.HasPrefix(x, y)
}
