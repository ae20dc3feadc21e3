package action

import "slices"

// A rowIndex finds, in one pass over a text in lower case, the rows that may hold for it: those of which the longest word
// of an alternative of the first clause stands in it, and those without words.
type rowIndex struct {
	rows  []*row
	at    [1 << 10][]indexedWord // by the hash of the first two bytes
	whole rowSet                 // those that are to be looked at in any case
}

type indexedWord struct {
	text string
	row  int
}

// A rowSet marks rows by their number. Those beyond are always looked at.
type rowSet [8]uint64

func (s *rowSet) add(i int)      { s[i>>6] |= 1 << (i & 63) }
func (s *rowSet) has(i int) bool { return i >= len(s)*64 || s[i>>6]&(1<<(i&63)) != 0 }

func pairHash(a, b byte) int { return (int(a)*31 + int(b)) & (1<<10 - 1) }

func indexRows(rows []*row) *rowIndex {
	x := &rowIndex{rows: rows}
	for i, r := range rows {
		if i >= len(x.whole)*64 {
			break
		}
		if len(r.has) == 0 {
			x.whole.add(i)
			continue
		}
		for _, alt := range r.has[0] {
			long := slices.MaxFunc(alt, func(a, b held) int { return len(a.text) - len(b.text) }).text
			if len(long) < 2 {
				x.whole.add(i)
				continue
			}
			h := pairHash(long[0], long[1])
			x.at[h] = append(x.at[h], indexedWord{long, i})
		}
	}
	return x
}

// in marks the rows that may hold for a text.
func (x *rowIndex) in(s string) rowSet {
	found := x.whole
	for i := 0; i+1 < len(s); i++ {
		for _, w := range x.at[pairHash(s[i], s[i+1])] {
			if len(s)-i >= len(w.text) && s[i:i+len(w.text)] == w.text {
				found.add(w.row)
			}
		}
	}
	return found
}
