package main

import "strings"

// ties are the spellings under which logs have one account, tied by its SID: `CORP\ann` and ann@corp.example are one only
// where both stand beside the same SID, and nowhere else. What differs in case alone is one anyway.
type ties struct {
	bySID     map[string]counts // how often each spelling stood beside the SID
	spellings counts            // of all accounts
}

// Bounds of what is kept: SIDs and accounts, and spellings of one SID.
const (
	mostTies      = 100_000
	mostSpellings = 16
)

func newTies() *ties {
	return &ties{bySID: map[string]counts{}, spellings: counts{}}
}

// note keeps an account's spelling.
func (t *ties) note(a account) {
	s := a.String()
	t.spellings.add(s, mostTies)
	if a.sid == "" || a.domain == "" {
		return
	}
	of := t.bySID[a.sid]
	if of == nil {
		if len(t.bySID) >= mostTies {
			return
		}
		of = counts{}
		t.bySID[strings.Clone(a.sid)] = of
	}
	of.add(s, mostSpellings)
}

func (t *ties) join(o *ties) {
	t.spellings.join(o.spellings)
	for sid, of := range o.bySID {
		if own := t.bySID[sid]; own != nil {
			own.join(of)
		} else {
			t.bySID[sid] = of
		}
	}
}

// one gives the spelling that stands for all of an account's.
func (t *ties) one() func(string) string {
	// A spelling that stood beside two SIDs is of two accounts, one after the other: it ties nothing.
	sids := map[string]map[string]bool{}
	for sid, of := range t.bySID {
		for s := range of {
			low := strings.ToLower(s)
			if sids[low] == nil {
				sids[low] = map[string]bool{}
			}
			sids[low][sid] = true
		}
	}
	best := map[string]string{} // by a spelling in small letters, or a SID
	group := func(s string) string {
		low := strings.ToLower(s)
		if len(sids[low]) == 1 {
			for sid := range sids[low] {
				return sid
			}
		}
		return low
	}
	for _, s := range t.spellings.often() {
		if g := group(s); best[g] == "" {
			best[g] = s
		}
	}
	return func(s string) string {
		if b := best[group(s)]; b != "" {
			return b
		}
		return s
	}
}
