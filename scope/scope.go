// Package scope reads, signs and checks scope records: short signed texts that say who may test what, in which phases, from
// when to when, and who answers for it. docs/scope.md describes the format for others to implement.
//
// A record is a text of YAML (of which JSON is a part) and a signature of its bytes beside it, in OpenSSH's format, by a key
// that an allowed-signers file lists. What is inside a record that was checked is authorised; a record that is expired,
// changed, signed by a stranger or for something else grants nothing.
package scope

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"golang.org/x/crypto/ssh"

	"github.com/tocsin-ids/tocsin"
)

// Namespace is what signatures of scope records are made for ("ssh-keygen -Y sign -n").
const Namespace = "scope@tocsin"

// Bounds on a record; what is longer is no short text.
const (
	mostBytes   = 64 << 10
	mostEntries = 1000
)

// A Record is what a scope record says.
type Record struct {
	ID          string
	Purpose     string
	Principals  []string // names of principals; * and ? stand for others
	Targets     []string // addresses, networks, domains with what is below them, names of machines and accounts; Own
	Phases      []string // slugs of ATT&CK tactics, or all
	From, Until time.Time
	Contact     string

	signer string
	nets   []netip.Prefix
	names  []string
}

// A written record, as the text has it.
type written struct {
	Scope      int      `yaml:"scope"`      // version of the format: 1
	ID         string   `yaml:"id"`         // tells the record from all others of who signs it
	Purpose    string   `yaml:"purpose"`    // a sentence for people
	Principals []string `yaml:"principals"` // who
	Targets    []string `yaml:"targets"`    // against what
	Phases     []string `yaml:"phases"`
	From       string   `yaml:"from"` // RFC 3339
	Until      string   `yaml:"until"`
	Contact    string   `yaml:"contact"` // who answers for it
}

// Own is the target that stands for the agent's own machine.
const Own = "own"

// Parse reads a record without a look at its signature. An error says what to mend.
func Parse(text []byte) (*Record, error) {
	if len(text) > mostBytes {
		return nil, fmt.Errorf("%d bytes: a scope record has at most %d", len(text), mostBytes)
	}
	var w written
	if err := yaml.UnmarshalWithOptions(text, &w, yaml.Strict()); err != nil {
		return nil, errors.New(yaml.FormatError(err, false, false))
	}
	if w.Scope != 1 {
		return nil, fmt.Errorf("scope: %d: this is not a scope record of version 1; begin it with \"scope: 1\"", w.Scope)
	}
	r := &Record{ID: w.ID, Purpose: w.Purpose, Principals: w.Principals, Targets: w.Targets, Phases: w.Phases, Contact: w.Contact}
	for _, need := range [...]struct{ name, value string }{{"id", r.ID}, {"purpose", r.Purpose}, {"contact", r.Contact}} {
		if strings.TrimSpace(need.value) == "" {
			return nil, fmt.Errorf("%s is missing", need.name)
		}
	}
	for _, need := range [...]struct {
		name string
		all  []string
	}{{"principals", r.Principals}, {"targets", r.Targets}, {"phases", r.Phases}} {
		if len(need.all) == 0 {
			return nil, fmt.Errorf("%s is missing or empty: what is not listed is not granted", need.name)
		}
		if len(need.all) > mostEntries {
			return nil, fmt.Errorf("%s: more than %d", need.name, mostEntries)
		}
		for _, v := range need.all {
			if strings.TrimSpace(v) == "" {
				return nil, fmt.Errorf("%s: an empty entry", need.name)
			}
		}
	}
	for _, p := range r.Principals {
		if strings.Trim(p, "*?") == "" {
			return nil, fmt.Errorf("principals: %q would be everybody; name them", p)
		}
	}
	for _, p := range r.Phases {
		if p != "all" && !slices.ContainsFunc(tocsin.Tactics(), func(t tocsin.Tactic) bool { return t.Slug == p }) {
			return nil, fmt.Errorf("phases: %q is no ATT&CK tactic; write slugs such as discovery, credential-access, lateral-movement, or all", p)
		}
	}
	for _, t := range [...]struct {
		name, text string
		to         *time.Time
	}{{"from", w.From, &r.From}, {"until", w.Until, &r.Until}} {
		at, err := time.Parse(time.RFC3339, t.text)
		if err != nil {
			return nil, fmt.Errorf("%s: %q is no time with a zone; write it as 2026-11-20T08:00:00Z", t.name, t.text)
		}
		*t.to = at.UTC()
	}
	if !r.Until.After(r.From) {
		return nil, errors.New("until is not after from")
	}
	for _, t := range r.Targets {
		t = strings.ToLower(strings.TrimSuffix(strings.TrimPrefix(t, "*."), "."))
		if p, err := netip.ParsePrefix(t); err == nil {
			if p.Bits() == 0 {
				return nil, fmt.Errorf("targets: %s is everything; name networks", t)
			}
			r.nets = append(r.nets, p.Masked())
		} else if a, err := netip.ParseAddr(t); err == nil {
			r.nets = append(r.nets, netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()))
		} else if strings.ContainsAny(t, "*?/ \t") {
			return nil, fmt.Errorf("targets: %q is no address, network or name (a domain stands for all below it)", t)
		} else {
			r.names = append(r.names, t)
		}
	}
	return r, nil
}

// Text writes the record. An error says what of it cannot be.
func (r *Record) Text() ([]byte, error) {
	text, err := yaml.Marshal(written{Scope: 1, ID: r.ID, Purpose: r.Purpose, Principals: r.Principals, Targets: r.Targets, Phases: r.Phases,
		From: r.From.UTC().Format(time.RFC3339), Until: r.Until.UTC().Format(time.RFC3339), Contact: r.Contact})
	if err != nil {
		return nil, err
	}
	if _, err := Parse(text); err != nil {
		return nil, err
	}
	return text, nil
}

// Check reads a record and its signature and says who signed it: one whom signers allow at the time at.
func Check(text, sig []byte, signers *Signers, at time.Time) (*Record, error) {
	r, err := Parse(text)
	if err != nil {
		return nil, err
	}
	x, err := readSignature(sig)
	if err != nil {
		return nil, err
	}
	if err := x.verify(text, Namespace); err != nil {
		return nil, err
	}
	if r.signer, err = signers.who(x.Key, Namespace, at); err != nil {
		return nil, err
	}
	return r, nil
}

// Sign makes the signature of a record, which must be one that Parse reads.
func Sign(text []byte, by ssh.Signer) ([]byte, error) {
	if _, err := Parse(text); err != nil {
		return nil, err
	}
	return sign(text, Namespace, by)
}

// Signer names who signed, as the allowed-signers file does; empty before Check.
func (r *Record) Signer() string { return r.signer }

// Covers says that the record grants a principal an act against a target, in a phase (the slug of a tactic; empty is any) at a
// time. A network is granted where all of it is.
func (r *Record) Covers(principal, target, phase string, at time.Time) bool {
	if at.Before(r.From) || !at.Before(r.Until) {
		return false
	}
	if !slices.ContainsFunc(r.Principals, func(p string) bool { return glob(p, principal) }) {
		return false
	}
	if phase != "" && !slices.Contains(r.Phases, phase) && !slices.Contains(r.Phases, "all") {
		return false
	}
	return r.has(strings.ToLower(strings.TrimSuffix(target, ".")))
}

func (r *Record) has(target string) bool {
	p, err := netip.ParsePrefix(target)
	if err != nil {
		var a netip.Addr
		if a, err = netip.ParseAddr(target); err == nil {
			p = netip.PrefixFrom(a.Unmap().WithZone(""), a.Unmap().BitLen())
		}
	}
	if err == nil {
		return slices.ContainsFunc(r.nets, func(n netip.Prefix) bool { return n.Bits() <= p.Bits() && n.Contains(p.Addr()) })
	}
	return slices.ContainsFunc(r.names, func(n string) bool {
		return n == target || n != Own && strings.HasSuffix(target, "."+n)
	})
}

// Records are checked records.
type Records []*Record

// Covers names the first record that grants an act.
func (all Records) Covers(principal, target, phase string, at time.Time) (id string, ok bool) {
	for _, r := range all {
		if r.Covers(principal, target, phase, at) {
			return r.ID, true
		}
	}
	return "", false
}
