package prevalence

import (
	_ "embed"
	"net/netip"
	"strings"

	"github.com/tocsin-ids/tocsin/tsv"
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

// readProviders reads the rows.
func readProviders(text string) ([]provider, map[string]provider) {
	var nets []provider
	names := map[string]provider{}
	for n, c := range tsv.Rows("provider.tsv", text, 4) {
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
			tsv.Fault("provider.tsv", n, "no form "+c[1])
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
