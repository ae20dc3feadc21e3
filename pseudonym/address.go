package pseudonym

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// A book gives addresses their pseudonyms: of IP (4 and 6), of network cards and Windows' SIDs.
type book struct {
	key  []byte
	seen map[netip.Addr]netip.Addr // those of IPv4; without a pseudonym until all is learned
	nets map[netip.Prefix]network
	used map[netip.Prefix]bool // networks that are real, or pseudonyms
}

// A network is the pseudonym of a /24 of a private range, and the order of its addresses from 1 to 254.
type network struct {
	to    netip.Prefix
	order []byte
}

func newBook(key []byte) book {
	return book{key: key, seen: map[netip.Addr]netip.Addr{}, nets: map[netip.Prefix]network{}, used: map[netip.Prefix]bool{}}
}

func isAddress(s string) bool {
	_, err := netip.ParseAddr(s)
	return err == nil
}

// fixed addresses are the same for everybody: they have no pseudonym.
func fixed(a netip.Addr) bool {
	return a.IsLoopback() || a.IsUnspecified() || a.IsMulticast() || a == metadata || a == broadcast
}

var (
	metadata  = netip.AddrFrom4([4]byte{169, 254, 169, 254}) // clouds tell instances about themselves there
	broadcast = netip.AddrFrom4([4]byte{255, 255, 255, 255})

	// ranges are those of addresses that mean something only within a network (RFC 1918, 6598, 3927): they stay what they are.
	ranges = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"),
		netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("169.254.0.0/16")}
	// public are where those of the internet go, in this order: documentation, benchmarks, reserved (RFC 5737, 2544, 1112).
	public = []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("192.0.2.0/24"),
		netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("240.0.0.0/5")}
)

func (k *book) hash(what string, of []byte) []byte {
	m := hmac.New(sha256.New, k.key)
	m.Write([]byte(what))
	m.Write(of)
	return m.Sum(nil)
}

// learn notes the addresses in a text.
func (k *book) learn(s string) {
	for i := 0; i < len(s); {
		if startsWord(s, i) {
			if a, size := addressAt(s, i); size > 0 {
				if a = a.Unmap(); a.Is4() && !fixed(a) {
					k.seen[a] = netip.Addr{}
				}
				i += size
				continue
			}
		}
		i++
	}
}

// settle gives each its pseudonym, none of which is an address that was learned. The order is that of the keyed hashes, so
// that it does not hang on the order in which they were met.
func (k *book) settle() {
	type entry struct {
		a    netip.Addr
		hash string
	}
	var all []entry
	used := map[netip.Addr]bool{} // as pseudonyms
	for a := range k.seen {
		b := a.As4()
		all = append(all, entry{a, string(k.hash("address", b[:]))})
		p, _ := a.Prefix(24)
		k.used[p] = true
	}
	slices.SortFunc(all, func(x, y entry) int { return strings.Compare(x.hash, y.hash) })
	for _, e := range all {
		if p, ok := k.within(e.a); ok {
			k.seen[e.a] = p
			continue
		}
		for _, p := range public {
			size := uint32(1) << (32 - p.Bits())
			base, at := number(p.Addr()), binary.BigEndian.Uint32([]byte(e.hash))
			for try := uint32(0); try < min(size, 1<<16); try++ {
				a := address4(base + (at+try)%size)
				if _, real := k.seen[a]; real || used[a] || a.As4()[3] == 0 || a.As4()[3] == 255 {
					continue
				}
				used[a], k.seen[e.a] = true, a
				break
			}
			if k.seen[e.a].IsValid() {
				break
			}
		}
	}
}

// within is the pseudonym of an address of one of the ranges in the same: those of one /24 stay together.
func (k *book) within(a netip.Addr) (netip.Addr, bool) {
	i := slices.IndexFunc(ranges, func(p netip.Prefix) bool { return p.Contains(a) })
	if i < 0 {
		return a, false
	}
	of, _ := a.Prefix(24)
	net, ok := k.nets[of]
	if !ok {
		b := of.Addr().As4()
		size := uint32(1) << (24 - ranges[i].Bits())
		at := binary.BigEndian.Uint32(k.hash("network", b[:]))
		for try := range size {
			net.to, _ = address4(number(ranges[i].Addr()) + (at+try)%size<<8).Prefix(24)
			if !k.used[net.to] {
				break
			}
		}
		var by [255]string
		for host := byte(1); host < 255; host++ {
			by[host] = string(k.hash("host", append(b[:3:3], host)))
			net.order = append(net.order, host)
		}
		slices.SortFunc(net.order, func(x, y byte) int { return strings.Compare(by[x], by[y]) })
		k.used[net.to], k.nets[of] = true, net
	}
	o := net.to.Addr().As4()
	if o[3] = a.As4()[3]; o[3] != 0 && o[3] != 255 {
		o[3] = net.order[o[3]-1]
	}
	return netip.AddrFrom4(o), true
}

func number(a netip.Addr) uint32 { b := a.As4(); return binary.BigEndian.Uint32(b[:]) }

func address4(n uint32) netip.Addr {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], n)
	return netip.AddrFrom4(b)
}

// of is the pseudonym of an address.
func (k *book) of(a netip.Addr) netip.Addr {
	switch {
	case fixed(a.Unmap()):
		return a
	case a.Is4In6():
		p := k.of(a.Unmap()).As16()
		return netip.AddrFrom16(p)
	case a.Is4():
		if p := k.seen[a]; p.IsValid() {
			return p
		}
		if p, ok := k.within(a); ok {
			return p
		}
		b := a.As4() // not learned: told all the same
		return address4(240<<24 | binary.BigEndian.Uint32(k.hash("address", b[:]))>>8)
	}
	b := a.As16()
	net, host := k.hash("network", b[:8]), k.hash("address", b[:])
	var p [16]byte
	copy(p[8:], host)
	switch {
	case a.IsLinkLocalUnicast():
		p[0], p[1] = 0xfe, 0x80
	case a.IsPrivate():
		copy(p[1:8], net)
		p[0] = 0xfd
	default:
		copy(p[4:8], net)
		copy(p[:4], "\x20\x01\x0d\xb8")
	}
	return netip.AddrFrom16(p)
}

// addressAt is the IP address at a place of a text where a word begins, and its length.
func addressAt(s string, i int) (netip.Addr, int) {
	c := s[i]
	if !isHex(c) && c != ':' {
		return netip.Addr{}, 0
	}
	end, colons := i, 0
	for end < len(s) && end < i+45 && (isHex(s[end]) || s[end] == ':' || s[end] == '.') {
		if s[end] == ':' {
			colons++
		}
		end++
	}
	if colons < 2 { // of IPv4, without its port
		end = i
		dots := 0
		for end < len(s) && end < i+16 && (s[end] >= '0' && s[end] <= '9' || s[end] == '.') {
			if s[end] == '.' {
				if dots == 3 {
					break
				}
				dots++
			}
			end++
		}
		if dots < 3 || !endsWord(s[end:]) || end+1 < len(s) && s[end] == '.' && s[end+1] >= '0' && s[end+1] <= '9' || product(s, i, end) {
			return netip.Addr{}, 0
		}
		a, err := netip.ParseAddr(s[i:end])
		if err != nil {
			return netip.Addr{}, 0
		}
		return a, end - i
	}
	for end > i && (s[end-1] == '.' || s[end-1] == ':' && !strings.HasSuffix(s[i:end], "::")) {
		end--
	}
	a, err := netip.ParseAddr(s[i:end])
	if err != nil || !endsWord(s[end:]) {
		return netip.Addr{}, 0
	}
	return a, end - i
}

// product says that what looks like an address is a program's version: "Chrome/118.0.0.0".
func product(s string, i, end int) bool {
	return i > 1 && s[i-1] == '/' && (s[i-2]|0x20 >= 'a' && s[i-2]|0x20 <= 'z') && strings.HasSuffix(s[i:end], ".0.0")
}

// at is the pseudonym of the address, card or SID at a place of a text, and the length of what it stands for.
func (k *book) at(s string, i int) (p string, size int) {
	if a, size := addressAt(s, i); size > 0 {
		if a.Is4() && strings.HasPrefix(s[i+size:], ".in-addr.arpa") { // its bytes are turned round
			b := a.As4()
			slices.Reverse(b[:])
			o := k.of(netip.AddrFrom4(b)).As4()
			slices.Reverse(o[:])
			return netip.AddrFrom4(o).String(), size
		}
		return k.of(a).String(), size
	}
	if p := k.card(s, i); p != "" {
		return p, len(p)
	}
	return k.sid(s, i)
}

// card is the pseudonym of a MAC address: a locally administered one (IEEE 802, the second bit of the first byte).
func (k *book) card(s string, i int) string {
	const size = 17
	if len(s) < i+size || !isHex(s[i]) || s[i+2] != ':' && s[i+2] != '-' || !endsWord(s[i+size:]) || i+size < len(s) && s[i+size] == s[i+2] {
		return ""
	}
	var b [6]byte
	for n := range b {
		at := i + 3*n
		if !isHex(s[at]) || !isHex(s[at+1]) || n < 5 && s[at+2] != s[i+2] {
			return ""
		}
		v, _ := strconv.ParseUint(s[at:at+2], 16, 8)
		b[n] = byte(v)
	}
	if b == [6]byte{} || b == [6]byte{255, 255, 255, 255, 255, 255} {
		return ""
	}
	h := k.hash("card", b[:])
	sep := s[i+2 : i+3]
	return fmt.Sprintf("02%s%02x%s%02x%s%02x%s%02x%s%02x", sep, h[0], sep, h[1], sep, h[2], sep, h[3], sep, h[4])
}

// sid is the pseudonym of the SID of a domain or machine, or of an account of one, which keeps its number if that is the
// same everywhere (below 1000).
func (k *book) sid(s string, i int) (p string, size int) {
	const head = "S-1-5-21-"
	if len(s) < i+len(head) || !strings.EqualFold(s[i:i+len(head)], head) {
		return "", 0
	}
	end, parts := i+len(head), []string{}
	for len(parts) < 4 {
		from := end
		for end < len(s) && s[end] >= '0' && s[end] <= '9' {
			end++
		}
		if end == from {
			break
		}
		parts = append(parts, s[from:end])
		if len(parts) == 4 || end >= len(s) || s[end] != '-' {
			break
		}
		end++
	}
	if len(parts) < 3 {
		return "", 0
	}
	h := k.hash("sid", []byte(strings.Join(parts[:3], "-")))
	p = fmt.Sprintf("%s%d-%d-%d", head, binary.BigEndian.Uint32(h), binary.BigEndian.Uint32(h[4:]), binary.BigEndian.Uint32(h[8:]))
	if len(parts) == 4 {
		rid := parts[3]
		if len(rid) > 3 {
			h = k.hash("rid", []byte(strings.Join(parts, "-")))
			rid = strconv.Itoa(1000 + int(binary.BigEndian.Uint32(h)%1_000_000))
		}
		p += "-" + rid
	} else if s[end-1] == '-' {
		p += "-"
	}
	return p, end - i
}
