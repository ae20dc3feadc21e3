package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// mostNear is how many names a message offers.
const mostNear = 5

// near are the names that somebody may have meant by name, the nearest first: those that are a few keys away, whole or
// by their part before the first dot, and those that hold it or that it holds.
func near(name string, among []string) []string {
	type rated struct {
		name string
		far  int
	}
	low := strings.ToLower(name)
	var all []rated
	for _, n := range among {
		other := strings.ToLower(n)
		far := distance(low, other)
		if first, _, dotted := strings.Cut(other, "."); dotted {
			far = min(far, distance(low, first))
		}
		if far > max(1, len(low)/3) {
			if len(low) < 3 || len(other) < 3 || !strings.Contains(other, low) && !strings.Contains(low, other) {
				continue
			}
			far = len(low) + len(other) // after all that are a few keys away
		}
		all = append(all, rated{n, far})
	}
	slices.SortFunc(all, func(a, b rated) int { return cmp.Or(cmp.Compare(a.far, b.far), strings.Compare(a.name, b.name)) })
	var out []string
	for _, r := range all {
		if len(out) < mostNear && !slices.Contains(out, r.name) {
			out = append(out, r.name)
		}
	}
	return out
}

// mostCompared bounds the bytes of a name that are compared: nobody types more by heart.
const mostCompared = 80

// distance is how many letters have to be changed, put in or left out, or exchanged with the next, to make b of a.
func distance(a, b string) int {
	a, b = a[:min(len(a), mostCompared)], b[:min(len(b), mostCompared)]
	var rows [3][mostCompared + 1]int
	before, above, row := &rows[0], &rows[1], &rows[2]
	for j := range len(b) + 1 {
		above[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			d := above[j]
			if a[i] != b[j] {
				d = 1 + min(d, above[j+1], row[j])
				if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
					d = min(d, 1+before[j-1])
				}
			}
			row[j+1] = d
		}
		before, above, row = above, row, before
	}
	return above[len(b)]
}

// meant is a clause with the names that may have been meant, or failing these with some that there are.
func meant(name string, among []string, noun string) string {
	if n := near(name, among); len(n) > 0 {
		return "did you mean " + strings.Join(n, " or ") + "?"
	}
	if len(among) == 0 {
		return "there are no " + noun
	}
	s := "there are " + strings.Join(among[:min(len(among), mostNear)], ", ")
	if more := len(among) - mostNear; more > 0 {
		s += fmt.Sprintf(" and %d more %s", more, noun)
	}
	return s
}
