// Package prevalence knows how common strings are in the world: what unrelated sessions and intruders have in common because
// everybody has it. That two doers of one input share a string tells that they are one only so far as few others anywhere
// would have it, however few there are in the input.
//
// What it knows is data: prevalence.tsv, words.txt and passwords.txt, each with what it says.
package prevalence

import (
	_ "embed"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"unicode"

	"github.com/tocsin-ids/tocsin/tsv"
)

// Rare is the share that a string has of which nothing is known: one in ten thousand.
const Rare = 1e-4

//go:embed prevalence.tsv
var rowText string

//go:embed words.txt
var wordText string

//go:embed passwords.txt
var passwordText string

// A row says how common what it fits is.
type row struct {
	form, value string
	net         netip.Prefix
	share       float64
	why         string
}

var (
	rows      = readRows(rowText)
	generic   = readWords(wordText)
	passwords = readWords(passwordText)
)

func readWords(text string) map[string]bool {
	all := map[string]bool{}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		for _, w := range strings.Fields(line) {
			all[w] = true
		}
	}
	return all
}

// readRows reads the rows by kind.
func readRows(text string) map[string][]row {
	all := map[string][]row{}
	for n, c := range tsv.Rows("prevalence.tsv", text, 5) {
		r := row{form: c[1], value: c[2], why: c[4]}
		var err error
		if r.share, err = strconv.ParseFloat(c[3], 64); err != nil || r.share <= 0 || r.share > 1 {
			tsv.Fault("prevalence.tsv", n, "no share: "+c[3])
		}
		if r.form == "net" {
			r.net = netip.MustParsePrefix(r.value)
		}
		all[c[0]] = append(all[c[0]], r)
	}
	return all
}

// Share is how many of all unrelated doers would have a mark (KIND:VALUE, as in tocsin.Action), as a fraction, and why it
// is that many; Rare and "" if nothing is known of it.
func Share(mark string) (float64, string) {
	kind, value, ok := strings.Cut(mark, ":")
	if !ok {
		return Rare, ""
	}
	value = strings.ToLower(value)
	share, why := Rare, ""
	for _, list := range [2][]row{rows["any"], rows[kind]} {
		for i := range list {
			if r := &list[i]; r.share > share && r.fits(value) {
				share, why = r.share, r.why
			}
		}
	}
	return share, why
}

// fits says whether a row is about a value in lower case.
func (r *row) fits(value string) bool {
	switch r.form {
	case "is":
		return value == r.value
	case "begins":
		return strings.HasPrefix(value, r.value)
	case "ends":
		return strings.HasSuffix(value, r.value)
	case "has":
		return strings.Contains(value, r.value)
	case "net":
		a, err := netip.ParseAddr(value)
		if err != nil {
			p, err := netip.ParseAddrPort(value)
			if err != nil {
				return false
			}
			a = p.Addr()
		}
		return r.net.Contains(a.Unmap())
	case "label":
		if strings.Contains(value, ".") || strings.Count(value, ":") > 1 {
			return false // a domain is somebody's, whatever words it is of, and so is an address
		}
		fallthrough
	case "words":
		telling, known := split(value)
		return known > 0 && len(telling) == 0
	}
	return false
}

// Telling are the words of the last part of a name or path that are not generic, in lower case and in order: of
// "lists/all_users_north.txt" it is "north".
func Telling(name string) []string {
	words, _ := split(strings.ToLower(name))
	return words
}

// split are the words of the last part of a name that are not generic, and how many are. It is cut at all that is no letter; numbers are
// no words. Beyond maxWords it is not looked at: so long a name is its own.
func split(name string) (telling []string, known int) {
	const maxWords = 16
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	for w := range strings.FieldsFuncSeq(name, func(r rune) bool { return !unicode.IsLetter(r) }) {
		if generic[w] {
			known++
		} else {
			telling = append(telling, w)
		}
		if len(telling)+known == maxWords {
			return append(telling, ""), known
		}
	}
	return telling, known
}

// base is what the sharing of a string tells by its kind, in nats: a credential and what somebody goes back to more, what
// many who want the same would use less. That a server gave out a file says nothing of who asked for it.
var base = map[string]float64{"key": 1, "token": 1, "callback": 1, "hash": 0.5, "list": -0.5, "dropped": -0.5, "agent": -2, "served": -2 * maxWeight, "server": -2 * maxWeight, "account": -2 * maxWeight}

// maxWeight is the most that one string weighs, in nats.
const maxWeight = 5

// Weight is how much it tells, in nats, that n of the of doers of an input share a mark: the less of the two of how rare it
// is there, ln(of/n), and how rare it is in the world, and what its kind adds. Fifty doers more are counted than there are,
// for those that were not seen.
func Weight(mark string, n, of int) float64 {
	kind, _, _ := strings.Cut(mark, ":")
	share, _ := Share(mark)
	return min(maxWeight, math.Log(float64(of+50)/float64(max(n, 1))), -math.Log(share)) + base[kind]
}

// Trivial says that a password tells nobody apart: that it is one of the commonest, with digits and signs at its end or
// letters written as digits, or of one or two different signs, or of digits in order, or too short.
func Trivial(password string) bool {
	s := strings.ToLower(strings.TrimSpace(password))
	if len(s) > 32 {
		return false
	}
	if passwords[s] || len(s) < 4 || strings.Contains("01234567890123456789", s) || strings.Contains("98765432109876543210", s) {
		return true
	}
	seen := map[rune]bool{}
	for _, r := range s {
		seen[r] = true
	}
	if len(seen) <= 2 {
		return true
	}
	if s = strings.TrimRight(s, "0123456789!@#$%&*?._-+"); s == "" {
		return false // a number, which few have if it is long
	}
	return passwords[s] || passwords[unleet.Replace(s)]
}

// unleet writes as letters the digits and signs that stand for them.
var unleet = strings.NewReplacer("0", "o", "1", "i", "3", "e", "4", "a", "5", "s", "7", "t", "@", "a", "$", "s", "!", "i")
