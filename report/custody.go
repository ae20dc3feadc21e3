package report

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// A sealed writer takes the SHA-256 of what goes through it.
type sealed struct {
	w   io.Writer
	sum hash.Hash
}

func seal(w io.Writer) *sealed { return &sealed{w, sha256.New()} }

func (s *sealed) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	s.sum.Write(p[:n])
	return n, err
}

// digest is the SHA-256 of what was written until now, in hexadecimal.
func (s *sealed) digest() string { return hex.EncodeToString(s.sum.Sum(nil)) }

// pseudonymsText says so where names are not the logs' own.
const pseudonymsText = "hosts, accounts and addresses are pseudonyms"

// custodyInWords says in a line of which bytes the coverage has digests; "" where there are none to be told of.
func custodyInWords(c *tocsin.Coverage) string {
	files, sets := 0, 0
	var others []string
	for i := range c.Digests {
		switch d := &c.Digests[i]; d.Kind {
		case "input":
			files++
		case "rules":
			sets++
		default:
			others = append(others, "--"+d.Kind)
		}
	}
	var parts []string
	if len(c.Digests) > 0 {
		said := "SHA-256 of " + several(files, "input file")
		if sets > 0 {
			said += ", " + several(sets, "set") + " of rules"
		}
		if len(others) > 0 {
			said += ", " + strings.Join(others, ", ")
		}
		parts = append(parts, said)
	}
	if c.Unhashed > 0 {
		parts = append(parts, several(c.Unhashed, "file")+" without")
	}
	return strings.Join(parts, "; ")
}

// custody lists the digests of what the run worked with.
func (a *dossier) custody(c *Covered) {
	w := a.w
	if len(c.Digests) == 0 && c.Unhashed == 0 {
		return
	}
	a.heading(3, w.custody)
	var rows [][]text
	for i := range c.Digests {
		d := &c.Digests[i]
		rows = append(rows, []text{say(or(w.digestKinds[d.Kind], "--"+d.Kind)), say(val(d.Path)), say(w.long(d.Bytes)), say(run{d.SHA256, value})})
	}
	a.table([]string{w.kindHead, w.nameHead, w.bytesHead, "SHA-256"}, rows)
	if c.Unhashed > 0 {
		a.para(fill(w.unhashed, w.long(c.Unhashed)))
	}
}
