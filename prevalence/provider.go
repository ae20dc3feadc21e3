package prevalence

import (
	_ "embed"
	"fmt"
	"net/netip"
	"strings"
)

//go:embed provider.tsv
var providerText string

// A provider is a service of everybody's.
type provider struct {
	kind, name string
	net        netip.Prefix
	only       bool // names below it are customers'
	alone      bool // nothing is said of names below it
}

var providerNets, providerNames = readProviders(providerText)

// readProviders reads the rows. What it is given is part of the program: a fault in it is one of ours.
func readProviders(text string) ([]provider, map[string]provider) {
	var nets []provider
	names := map[string]provider{}
	n := 0
	for line := range strings.Lines(text) {
		n++
		if strings.HasPrefix(line, "#") {
			continue
		}
		c := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(c) != 4 {
			panic(fmt.Sprintf("provider.tsv:%d: %d columns, not 4", n, len(c)))
		}
		p := provider{kind: c[0], name: c[3]}
		switch c[1] {
		case "net":
			p.net = netip.MustParsePrefix(c[2])
			nets = append(nets, p)
			continue
		case "all":
		case "tenant":
			p.only = true
		case "is":
			p.alone = true
		default:
			panic(fmt.Sprintf("provider.tsv:%d: no form %q", n, c[1]))
		}
		names[c[2]] = p
	}
	return nets, names
}

// Provider says whose a well-known address or name is, with or without a port: a public resolver's, a content network's, a mirror's,
// a code forge's and so on. Blocking it would hit many who have nothing to do with an intruder. kind is the row's and "" where
// it is nobody's that is known, as is a name that a provider gives to one customer; the longest name that fits says it.
func Provider(value string) (kind, name string) {
	value = strings.ToLower(strings.TrimSuffix(value, "."))
	a, err := netip.ParseAddr(strings.Trim(value, "[]"))
	if err != nil {
		if p, err2 := netip.ParseAddrPort(value); err2 == nil {
			a, err = p.Addr(), nil
		}
	}
	if err == nil {
		a = a.Unmap()
		best := -1
		for i := range providerNets {
			if p := &providerNets[i]; p.net.Contains(a) && p.net.Bits() > best {
				kind, name, best = p.kind, p.name, p.net.Bits()
			}
		}
		return kind, name
	}
	host, _, _ := strings.Cut(value, ":")
	for d := host; d != ""; {
		if p, ok := providerNames[d]; ok && (d == host || !p.alone) {
			if p.only && d != host {
				return "", ""
			}
			return p.kind, p.name
		}
		_, d, _ = strings.Cut(d, ".")
	}
	return "", ""
}
