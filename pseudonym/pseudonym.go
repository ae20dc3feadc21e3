// Package pseudonym puts pseudonyms in the place of the hosts, accounts and addresses of a result, so that it can be
// shown to others: the same name has the same pseudonym wherever it stands, also within commands, sentences and paths.
//
// Pseudonyms are made with a key (HMAC-SHA-256), so that nobody without it can find out a name by trying names. Addresses
// keep what they are: private ones stay in their private range and those of one /24 together, public ones become addresses
// for documentation (RFC 5737, RFC 3849) or, where these do not suffice, for benchmarks (RFC 2544). Names of domains end
// in .example (RFC 2606).
//
// What is kept: names that are the same everywhere and so are nobody's (kept.txt), and text that is none of these, such
// as the name of a file. A name of fewer than three characters or of digits alone goes where it is a whole value only.
//
// First everything is learned that is to be told (Learn…), then it is told (Match, Campaign, Coverage). It is pure.
package pseudonym

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	_ "embed"
	"encoding/base32"
	"maps"
	"slices"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// Names are what was learned, and the pseudonyms of it.
type Names struct {
	key   []byte
	names map[string]string // in lower case, of hosts, accounts and domains: "" until all is learned, then the pseudonym
	kinds map[string]kind
	trie  *trie // of those that are looked for within texts; nil while learning

	addresses book
	rules     map[*tocsin.Rule]*tocsin.Rule
}

// A kind is what a name is of. Of a name that is several the greatest counts.
type kind uint8

const (
	domainName kind = iota
	account
	org
	user
	host
)

var kindWords = [...]string{domainName: "domain", account: "account", org: "org", user: "user", host: "host"}

// New returns Names without any. The key should be random.
func New(key []byte) *Names {
	return &Names{key: key, names: map[string]string{}, kinds: map[string]kind{}, addresses: newBook(key), rules: map[*tocsin.Rule]*tocsin.Rule{}}
}

//go:embed kept.txt
var keptText string

// kept are names that are nobody's.
var kept = func() map[string]bool {
	all := map[string]bool{}
	for line := range strings.Lines(keptText) {
		line, _, _ = strings.Cut(line, "#")
		for word := range strings.FieldsSeq(line) {
			all[strings.ReplaceAll(word, "_", " ")] = true
			all[word] = true
		}
	}
	return all
}()

const (
	maxName   = 255 // bytes; a longer one is no name
	shortName = 3   // bytes; a shorter one is one only as a whole value
)

// learn notes a name of a kind, as a log has it.
func (n *Names) learn(k kind, name string) {
	name = strings.ToLower(strings.Trim(name, ". \t\r\n\"'"))
	if name == "" || len(name) > maxName || kept[name] || name == "-" {
		return
	}
	if old, ok := n.kinds[name]; !ok || k > old {
		n.names[name], n.kinds[name] = "", k
	}
}

// entity learns what an event or a campaign names.
func (n *Names) entity(e *tocsin.Entity) {
	switch e.Kind {
	case "host":
		n.host(e.Value)
	case "user":
		n.user(e.Value)
	case "principal", "agent":
		n.principal(e.Value)
	case "domain":
		n.domain(e.Value)
	}
}

// host learns a machine's name: all of it, its first label and its domain.
func (n *Names) host(name string) {
	name = strings.TrimPrefix(name, `\\`)
	if isAddress(name) {
		return
	}
	name = strings.TrimSuffix(name, "$")
	first, rest, dotted := strings.Cut(name, ".")
	n.learn(host, first)
	if dotted {
		n.domain(rest)
		n.learn(host, name)
	}
}

// user learns an account's name, as DOMAIN\NAME, NAME@DOMAIN or NAME.
func (n *Names) user(name string) {
	if isAddress(name) {
		return
	}
	if domain, rest, ok := strings.Cut(name, `\`); ok {
		n.learn(domainName, domain)
		name = rest
	}
	if local, domain, ok := strings.Cut(name, "@"); ok {
		n.domain(domain)
		name = local
	}
	if machine, ok := strings.CutSuffix(name, "$"); ok {
		n.host(machine)
		return
	}
	if strings.HasPrefix(strings.ToUpper(name), "S-1-") {
		return
	}
	for part := range strings.FieldsFuncSeq(name, func(c rune) bool { return c == '/' || c == ':' }) { // system:serviceaccount:NAMESPACE:NAME
		n.learn(user, part)
	}
}

// principal learns a cloud identity: the account and the names in an ARN, or a user.
func (n *Names) principal(name string) {
	rest, ok := strings.CutPrefix(name, "arn:")
	if !ok {
		n.user(name)
		return
	}
	parts := strings.SplitN(rest, ":", 5) // partition, service, region, account, resource
	if len(parts) < 5 {
		return
	}
	n.learn(account, parts[3])
	path := strings.Split(parts[4], "/")
	for _, p := range path[1:] {
		n.user(p)
	}
}

// domain learns a name of the DNS: itself and the part that somebody registered.
func (n *Names) domain(name string) {
	name = strings.TrimSuffix(strings.ToLower(name), ".")
	if isAddress(name) || strings.HasSuffix(name, ".arpa") || strings.ContainsAny(name, "/\\@: ") {
		return
	}
	if !strings.Contains(name, ".") {
		if name != "" && !tops[name] && !private[name] {
			n.learn(domainName, name)
		}
		return
	}
	n.learn(domainName, name)
	_, registered := registeredPart(name)
	n.learn(domainName, registered)
}

// What names of the DNS end in that is nobody's name: in private networks, and of all.
var (
	private = map[string]bool{"local": true, "lan": true, "internal": true, "home": true, "localdomain": true, "intern": true, "intra": true}
	tops    = map[string]bool{"example": true, "test": true, "invalid": true, "com": true, "net": true, "org": true, "arpa": true}
)

// second are labels under a country's domain below which names are registered.
var second = map[string]bool{"co": true, "com": true, "org": true, "net": true, "gov": true, "ac": true, "edu": true}

// registeredPart cuts a name of the DNS into the labels before what somebody registered, with their dot, and that.
func registeredPart(name string) (labels, registered string) {
	parts := strings.Split(name, ".")
	keep := 2
	if len(parts) > 2 && len(parts[len(parts)-1]) == 2 && second[parts[len(parts)-2]] {
		keep = 3
	}
	if len(parts) <= keep {
		return "", name
	}
	labels = strings.Join(parts[:len(parts)-keep], ".") + "."
	return labels, name[len(labels):]
}

// code is what tells a name's pseudonym from others': so many characters of the keyed hash.
func (n *Names) code(name string, size int) string {
	m := hmac.New(sha256.New, n.key)
	m.Write([]byte(name))
	return strings.ToLower(base32.StdEncoding.EncodeToString(m.Sum(nil))[:size])
}

// settle makes the pseudonyms of all that was learned.
func (n *Names) settle() {
	if n.trie != nil {
		return
	}
	taken, made := map[string]bool{}, map[string]string{}
	fresh := func(word, name, end string) string {
		if p := made[word+end+" "+name]; p != "" {
			return p
		}
		for size := 6; ; size++ {
			p := word + "-" + n.code(name, size) + end
			if _, real := n.names[p]; !real && !taken[p] {
				taken[p] = true
				made[word+end+" "+name] = p
				return p
			}
		}
	}
	label := func(l string) string { return fresh("host", l, "") }
	all := slices.SortedFunc(maps.Keys(n.names), func(a, b string) int {
		return cmp.Or(strings.Count(a, ".")-strings.Count(b, "."), strings.Compare(a, b)) // registered domains before what lies below
	})
	for _, name := range all {
		labels, registered := registeredPart(name)
		switch k := n.kinds[name]; {
		case k == account && strings.Trim(name, "0123456789") == "":
			n.names[name] = digits(n.code(name, 26), len(name))
		case (k == domainName || k == host) && strings.Contains(name, "."):
			first, end, _ := strings.Cut(registered, ".")
			switch {
			case labels == "" && private[end]:
				n.names[name] = label(first) + "." + end
			case labels == "" && k == host && tops[end]:
				n.names[name] = label(first) + ".example"
			case labels == "" && k == host:
				n.names[name] = label(first) + "." + fresh("domain", end, ".example")
			case labels == "":
				n.names[name] = fresh("domain", name, ".example")
			default:
				var b strings.Builder
				for l := range strings.SplitSeq(strings.TrimSuffix(labels, "."), ".") {
					b.WriteString(label(l) + ".")
				}
				base := n.names[registered]
				if base == "" {
					base = fresh("domain", registered, ".example")
				}
				n.names[name] = b.String() + base
			}
		case k == host:
			n.names[name] = label(name)
		default:
			n.names[name] = fresh(kindWords[k], name, "")
		}
	}
	n.addresses.settle()
	n.trie = newTrie()
	for name, p := range n.names {
		if len(name) >= shortName && (strings.Trim(name, "0123456789") != "" || n.kinds[name] == account) {
			n.trie.add(name, p)
		}
	}
}

// digits makes so many digits of a code.
func digits(code string, size int) string {
	b := make([]byte, size)
	for i := range b {
		b[i] = '0' + code[i%len(code)]%10
	}
	return string(b)
}

// whole is the pseudonym of a whole value, however short: of DOMAIN\NAME and NAME@DOMAIN part by part.
func (n *Names) whole(value string) string {
	if p := n.names[strings.ToLower(value)]; p != "" {
		return p
	}
	return n.Text(value)
}
