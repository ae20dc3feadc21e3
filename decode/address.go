package decode

import "strings"

// A peer is the other end of a connection as a line of text names it.
type peer struct {
	ip, host, port string // either ip or host; port may be empty
	end            int    // where it ends in the text it was read from
}

func addressByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' || c == ':' || c == '.'
}

func hostByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '.' || c == '-' || c == '_'
}

// ipAt reads an IP address at the start of s, without brackets. An IPv4 address mapped into IPv6 is given as IPv4.
// It returns "" where there is none.
func ipAt(s string) (ip string, end int) {
	n, colons, dots := 0, 0, 0
	for n < len(s) && n < 64 && addressByte(s[n]) {
		switch s[n] {
		case ':':
			if colons == 0 && dots == 3 { // a port follows
				if ip, end = ip4At(s, n); ip != "" {
					return ip, end
				}
			}
			colons++
		case '.':
			dots++
		}
		n++
	}
	if dots >= 3 && strings.IndexByte(s[:n], '.') < 4 { // IPv6 with dots has more before the first
		if k := strings.IndexByte(s[:n], ':'); k > 4 { // 192.0.2.1:22: what follows may look like a group
			return ip4At(s, k)
		}
	}
	if dots < 3 && colons < 2 || n < len(s) && hostByte(s[n]) && s[n] != '-' {
		return "", 0
	}
	if colons < 2 {
		return ip4At(s, n)
	}
	t := s[:n]
	for len(t) > 2 && (t[len(t)-1] == '.' || t[len(t)-1] == ':' && t[len(t)-2] != ':') {
		t = t[:len(t)-1]
	}
	if !isIP6(t) {
		return "", 0
	}
	end = len(t)
	if end < len(s) && s[end] == '%' { // a zone: the interface of a link-local address
		for end++; end < len(s) && hostByte(s[end]); {
			end++
		}
		return s[:end], end
	}
	if len(t) > 7 && strings.EqualFold(t[:7], "::ffff:") {
		if v4, _ := ip4At(t[7:], len(t)-7); v4 != "" {
			return v4, end
		}
	}
	return t, end
}

// ip4At reads a dotted quad at the start of s, of which n bytes could be part of an address.
func ip4At(s string, n int) (string, int) {
	i := 0
	for group := 0; group < 4; group++ {
		if group > 0 {
			if i >= n || s[i] != '.' {
				return "", 0
			}
			i++
		}
		v, from := 0, i
		for i < n && i < from+4 && s[i] >= '0' && s[i] <= '9' {
			v = v*10 + int(s[i]-'0')
			i++
		}
		if i == from || i-from > 3 || v > 255 {
			return "", 0
		}
	}
	if i < len(s) && (s[i] == '.' && i+1 < len(s) && s[i+1] >= '0' && s[i+1] <= '9' && !portAfterDot(s[i+1:]) ||
		s[i] >= '0' && s[i] <= '9' || s[i] == '-' && i+1 < len(s) && hostByte(s[i+1])) {
		return "", 0 // a version number or the beginning of a host name
	}
	if i < len(s) && s[i] == '.' && i+1 < len(s) && s[i+1] >= 'a' && s[i+1] <= 'z' {
		return "", 0
	}
	return s[:i], i
}

// portAfterDot says that s begins with a port and nothing that could be one more group: 192.0.2.1.50550, BSD's way.
func portAfterDot(s string) bool {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n >= 2 && n <= 5 && (n == len(s) || s[n] == ' ' || s[n] == ':')
}

func isIP6(s string) bool {
	groups, empty := 0, 0
	for i := 0; i < len(s); {
		if s[i] == ':' {
			if i+1 < len(s) && s[i+1] == ':' {
				empty++
				i += 2
				continue
			}
			if i == 0 || i == len(s)-1 {
				return false
			}
			i++
			continue
		}
		from := i
		for i < len(s) && s[i] != ':' {
			if s[i] == '.' {
				v4, end := ip4At(s[from:], len(s)-from)
				return v4 != "" && from+end == len(s) && empty <= 1 && groups+2 <= 8
			}
			i++
		}
		if i-from > 4 {
			return false
		}
		groups++
	}
	return empty == 1 && groups < 8 || empty == 0 && groups == 8
}

// peerAt reads the other end of a connection at the start of s in any of the ways that logs write it: 192.0.2.1,
// 192.0.2.1:22, 192.0.2.1#22, 192.0.2.1 port 22, [2001:db8::1]:22, [192.0.2.1]:22, and unless ipOnly a host name.
func peerAt(s string, ipOnly bool) (peer, bool) {
	var p peer
	t := s
	bracket := 0
	if t != "" && t[0] == '[' {
		bracket = 1
		t = t[1:]
	}
	if len(t) > 5 && strings.EqualFold(t[:5], "IPv6:") {
		t = t[5:]
	}
	skipped := len(s) - len(t)
	ip, end := ipAt(t)
	if ip == "" {
		if ipOnly || bracket == 1 {
			return p, false
		}
		letters := false
		for end < len(t) && hostByte(t[end]) {
			letters = letters || t[end] >= 'A'
			end++
		}
		for end > 0 && (t[end-1] == '.' || t[end-1] == '-') {
			end--
		}
		if end == 0 || !letters || end > 255 {
			return p, false
		}
		p.host = t[:end]
	}
	p.ip = ip
	p.end = skipped + end
	if bracket == 1 {
		if p.end >= len(s) || s[p.end] != ']' {
			return p, false
		}
		p.end++
	}
	rest := s[p.end:]
	switch {
	case len(rest) > 6 && rest[:6] == " port ":
		p.takePort(rest[6:], 6)
	case len(rest) > 7 && rest[:7] == ", port ":
		p.takePort(rest[7:], 7)
	case len(rest) > 1 && (rest[0] == ':' || rest[0] == '#'):
		p.takePort(rest[1:], 1)
	case len(rest) > 1 && rest[0] == '.' && ip != "" && portAfterDot(rest[1:]):
		p.takePort(rest[1:], 1)
	}
	return p, true
}

// takePort reads digits at the start of s, which begins skip bytes behind the end of the address.
func (p *peer) takePort(s string, skip int) {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	if n > 0 && n <= 5 {
		p.port = s[:n]
		p.end += skip + n
	}
}
