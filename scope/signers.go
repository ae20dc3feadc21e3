package scope

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/tocsin-ids/tocsin"
)

// Signers are the keys that may sign, as an allowed-signers file lists them (ssh-keygen(1), ALLOWED SIGNERS).
type Signers struct{ all []signer }

type signer struct {
	names         string // patterns of those whose key it is, by commas
	key           ssh.PublicKey
	namespaces    string // patterns; empty is any
	after, before time.Time
	line          int
}

// ReadSigners reads an allowed-signers file. Lines that cannot be read are faults and allow nobody.
func ReadSigners(file string, text []byte) (*Signers, []*tocsin.Fault) {
	s := &Signers{}
	var faults []*tocsin.Fault
	n := 0
	for line := range bytes.Lines(text) {
		n++
		l := strings.TrimSpace(string(line))
		if l == "" || l[0] == '#' {
			continue
		}
		x, err := readSigner(l)
		if err != nil {
			faults = append(faults, &tocsin.Fault{Source: file, Line: int64(n), Err: err})
			continue
		}
		x.line = n
		s.all = append(s.all, x)
	}
	return s, faults
}

func readSigner(line string) (signer, error) {
	names, rest, ok := strings.Cut(line, " ")
	if !ok {
		return signer{}, errors.New("no key; a line is: PRINCIPALS [OPTIONS] KEYTYPE BASE64 [COMMENT]")
	}
	x := signer{names: strings.Trim(names, `"`)}
	key, _, options, _, err := ssh.ParseAuthorizedKey([]byte(strings.TrimSpace(rest)))
	if err != nil {
		return signer{}, errors.New("no key that can be read; a line is: PRINCIPALS [OPTIONS] KEYTYPE BASE64 [COMMENT]")
	}
	x.key = key
	for _, o := range options {
		name, value, _ := strings.Cut(o, "=")
		value = strings.Trim(value, `"`)
		switch strings.ToLower(name) {
		case "namespaces":
			x.namespaces = value
		case "valid-after":
			if x.after, err = sshTime(value); err != nil {
				return signer{}, err
			}
		case "valid-before":
			if x.before, err = sshTime(value); err != nil {
				return signer{}, err
			}
		case "cert-authority":
			return signer{}, errors.New("certificate authorities are not supported: list the keys themselves")
		default:
			return signer{}, fmt.Errorf("the option %q is not known; known are namespaces, valid-after and valid-before", name)
		}
	}
	return x, nil
}

// sshTime reads YYYYMMDD[HHMM[SS]][Z]; without Z, OpenSSH takes the machine's zone, and here it is refused, since the
// same file would mean something else elsewhere. A day alone is midnight UTC.
func sshTime(v string) (time.Time, error) {
	d := strings.TrimSuffix(v, "Z")
	layout := map[int]string{8: "20060102", 12: "200601021504", 14: "20060102150405"}[len(d)]
	if layout == "" || len(d) != 8 && d == v {
		return time.Time{}, fmt.Errorf("%q is no time here; write YYYYMMDD, YYYYMMDDHHMMZ or YYYYMMDDHHMMSSZ (UTC)", v)
	}
	t, err := time.Parse(layout, d)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is no time: %w", v, err)
	}
	return t, nil
}

// who names the one whose key signed, if it may sign in the namespace at a time.
func (s *Signers) who(key ssh.PublicKey, namespace string, at time.Time) (string, error) {
	why := "the key that signed (" + ssh.FingerprintSHA256(key) + ") is none of the allowed signers'"
	raw := key.Marshal()
	for i := range s.all {
		x := &s.all[i]
		switch {
		case !bytes.Equal(x.key.Marshal(), raw):
		case x.namespaces != "" && !listed(x.namespaces, namespace):
			why = fmt.Sprintf("line %d allows the key for %s only, not for %s", x.line, x.namespaces, namespace)
		case !x.after.IsZero() && at.Before(x.after):
			why = fmt.Sprintf("line %d allows the key from %s on only", x.line, x.after.Format(time.RFC3339))
		case !x.before.IsZero() && !at.Before(x.before):
			why = fmt.Sprintf("line %d allows the key until %s only", x.line, x.before.Format(time.RFC3339))
		default:
			return x.names, nil
		}
	}
	return "", errors.New(why)
}

// listed says that a word fits one of the patterns between commas, in which * and ? stand for others, and none that begins
// with !.
func listed(patterns, word string) bool {
	yes := false
	for p := range strings.SplitSeq(patterns, ",") {
		p = strings.TrimSpace(p)
		if not, ok := strings.CutPrefix(p, "!"); ok {
			if glob(not, word) {
				return false
			}
			continue
		}
		yes = yes || glob(p, word)
	}
	return yes
}

// glob is a match with * and ?, in time linear in both.
func glob(pattern, word string) bool {
	p, w, star, from := 0, 0, -1, 0
	for w < len(word) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, w
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == word[w]):
			p++
			w++
		case star >= 0:
			from++
			p, w = star+1, from
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}
