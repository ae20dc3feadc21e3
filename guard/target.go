package guard

import (
	_ "embed"
	"net/netip"
	"strings"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/prevalence"
)

// A target is what an act went to.
type target struct {
	name  string // as the call named it
	group string // what it is one of: a network of 256 addresses, a domain, a machine's name
	wide  netip.Prefix
}

//go:embed own.txt
var ownText string

// own are the names and networks that an agent's own machine and project are known by, and the suffixes of such names.
var own = readOwn(ownText)

type ownNames struct {
	names    map[string]bool
	suffixes []string
	nets     []netip.Prefix
}

func readOwn(text string) (o ownNames) {
	o.names = map[string]bool{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '.':
			o.suffixes = append(o.suffixes, line)
		case strings.Contains(line, "/"):
			o.nets = append(o.nets, netip.MustParsePrefix(line))
		default:
			o.names[line] = true
		}
	}
	return o
}

// targets are the machines, networks and accounts that an act went to; own says that it named some and all were the agent's
// own machine or project. Names that everybody goes to (code forges, package mirrors) are left out.
func targets(on []tocsin.Entity) (out []target, own bool) {
	for _, e := range on {
		switch e.Kind {
		case "address", "host", "domain", "principal":
		default:
			continue
		}
		t, is := targetOf(e)
		switch {
		case is:
			own = true
		case t.group != "":
			out = append(out, t)
		}
	}
	return out, own && len(out) == 0
}

// publicFrom is the share of unrelated doers from which on a name is everybody's.
const publicFrom = 0.001

func targetOf(e tocsin.Entity) (t target, isOwn bool) {
	name := strings.ToLower(strings.TrimSuffix(e.Value, "."))
	if a, p, ok := network(name); ok {
		for _, n := range own.nets {
			if n.Contains(a) && p.Bits() >= n.Bits() {
				return target{}, true
			}
		}
		t = target{name: strings.Clone(name), wide: p}
		if bits := 24; a.Is4() && p.Bits() > bits {
			p, _ = a.Prefix(bits)
		} else if a.Is6() && p.Bits() > 64 {
			p, _ = a.Prefix(64)
		}
		t.group = p.Masked().String()
		return t, false
	}
	if own.names[name] {
		return target{}, true
	}
	for _, s := range own.suffixes {
		if strings.HasSuffix(name, s) {
			return target{}, true
		}
	}
	if share, _ := prevalence.Share("callback:" + name); share >= publicFrom && strings.Contains(name, ".") {
		return target{}, false
	}
	name = strings.Clone(name)
	return target{name: name, group: domain(name)}, false
}

// network is the address or network that a name is; a range is the network of its first address.
func network(name string) (netip.Addr, netip.Prefix, bool) {
	if a, err := netip.ParseAddr(name); err == nil {
		a = a.Unmap().WithZone("")
		return a, netip.PrefixFrom(a, a.BitLen()), true
	}
	if p, err := netip.ParsePrefix(name); err == nil {
		return p.Addr(), p.Masked(), true
	}
	if first, last, ok := strings.Cut(name, "-"); ok && last != "" {
		if a, err := netip.ParseAddr(first); err == nil && a.Is4() {
			p, _ := a.Prefix(24)
			return a, p, true
		}
	}
	return netip.Addr{}, netip.Prefix{}, false
}

// domain is the part of a name that somebody registered: its last two labels, three below a country's co, com and the like.
// A name of one label is its own.
func domain(name string) string {
	labels := strings.Split(name, ".")
	n := 2
	if l := len(labels); l >= 3 && len(labels[l-1]) == 2 {
		switch labels[l-2] {
		case "co", "com", "org", "net", "ac", "gov", "edu", "or", "ne", "go":
			n = 3
		}
	}
	if len(labels) <= n {
		return name
	}
	return strings.Join(labels[len(labels)-n:], ".")
}
