package sigma

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

// A testKind is how a test looks at a value.
type testKind uint8

const (
	testEqual    testKind = iota // the whole value is text
	testPrefix                   // it begins with text
	testSuffix                   // it ends with text
	testContains                 // text occurs in it
	testGlob                     // it is as a pattern with wildcards says
	testRegex                    // a regular expression occurs in it
	testPresent                  // the field is there
	testNet                      // it is an address in a network
	testCompare                  // it is a number and compares so
	testTime                     // a part of the date that it is compares so
	testRef                      // it is related so to the value of another field
)

// A test is one question about one field of an event, or about all of the event. It holds when it does for any of the
// field's values. Equal tests of all rules are one, so that each is answered once for an event.
type test struct {
	slot  int32 // of the field; anywhere for keywords
	kind  testKind
	cased bool
	field string // as written
	text  string // literal (folded unless cased), pattern, expression or network as written
	glob  *glob
	re    *regexp.Regexp
	needs [][]int32 // of a regular expression: of each of these one test must hold for it to hold
	least int       // and the bytes that a value must have for it
	net   netip.Prefix
	cmp   string // lt, lte, gt, gte; "" is equal
	num   number
	part  timePart
	ref   int32    // slot of the other field
	how   testKind // of testRef: equal, prefix, suffix or contains

	hooked bool // an index finds it: see hookOf
}

// anywhere is the slot of keywords: all values of an event.
const anywhere = int32(-1)

// raw says that the test looks at values as they are, not folded.
func (t *test) raw() bool { return t.cased || t.kind >= testRegex }

// value reports whether the test holds for one value, folded unless the test is raw. testPresent and testRef are not
// about one value.
func (t *test) value(v string) bool {
	switch t.kind {
	case testEqual:
		return v == t.text
	case testPrefix:
		return strings.HasPrefix(v, t.text)
	case testSuffix:
		return strings.HasSuffix(v, t.text)
	case testContains:
		return strings.Contains(v, t.text)
	case testGlob:
		return t.glob.match(v)
	case testRegex:
		return t.re.MatchString(v)
	case testNet:
		return t.inNet(v)
	case testCompare:
		n, ok := parseNumber(v)
		return ok && compares(t.cmp, n.compare(t.num))
	case testTime:
		n, ok := t.part.of(v)
		return ok && compares(t.cmp, number{whole: true, abs: uint64(max(n, 0)), real: float64(n)}.compare(t.num))
	}
	return false
}

// related says how a value and another field's value are compared, both folded unless cased.
func (t *test) related(v, other string) bool {
	switch t.how {
	case testPrefix:
		return strings.HasPrefix(v, other)
	case testSuffix:
		return strings.HasSuffix(v, other)
	case testContains:
		return strings.Contains(v, other)
	}
	return v == other
}

func compares(op string, c int) bool {
	switch op {
	case "lt":
		return c < 0
	case "lte":
		return c <= 0
	case "gt":
		return c > 0
	case "gte":
		return c >= 0
	}
	return c == 0
}

// inNet reads an address as logs write it: IPv4 within IPv6 is the IPv4 address, a zone says nothing.
func (t *test) inNet(v string) bool {
	if len(v) < 2 || len(v) > 64 {
		return false
	}
	a, err := netip.ParseAddr(v)
	if err != nil {
		if v[0] != '[' || v[len(v)-1] != ']' {
			return false
		}
		if a, err = netip.ParseAddr(v[1 : len(v)-1]); err != nil {
			return false
		}
	}
	return t.net.Contains(a.Unmap().WithZone(""))
}

// String writes the test as a rule would: "CommandLine|contains: '-enc'".
func (t *test) String() string {
	mods := ""
	value := "'" + t.text + "'"
	switch t.kind {
	case testPrefix:
		mods = "|startswith"
	case testSuffix:
		mods = "|endswith"
	case testContains:
		if t.slot != anywhere {
			mods = "|contains"
		}
	case testRegex:
		mods = "|re"
	case testPresent:
		mods, value = "|exists", "true"
	case testNet:
		mods, value = "|cidr", t.text
	case testCompare:
		value = t.text
	case testTime:
		mods, value = "|"+timePartName(t.part), t.text
	case testRef:
		mods, value = "|fieldref", t.text
		switch t.how {
		case testPrefix:
			mods += "|startswith"
		case testSuffix:
			mods += "|endswith"
		case testContains:
			mods += "|contains"
		}
	}
	if t.cmp != "" {
		mods += "|" + t.cmp
	}
	if t.cased {
		mods += "|cased"
	}
	if t.slot == anywhere && mods == "" {
		return "keyword " + value
	}
	return t.field + mods + ": " + value
}

func timePartName(p timePart) string {
	for n, q := range timePartNames {
		if p == q {
			return n
		}
	}
	return strconv.Itoa(int(p))
}
