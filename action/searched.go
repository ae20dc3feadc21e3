package action

import (
	"regexp"
	"strings"
)

// acted are the arguments that say what a command does: of a program that searches, all but what it searches for; of one
// that reads evidence, none; of any other, all but files that lie in evidence. What is searched for, or read out of an image,
// is not done, nor is it to what a flag leaves out. Which programs those are, and which places, lists of knowledge say.
func (k *Knowledge) acted(tool string, args, masked []string) (_, _ []string) {
	if interpreter(tool) {
		for _, w := range args {
			if !strings.HasPrefix(w, "-") {
				tool = strings.TrimSuffix(base(w), ".py")
				break
			}
		}
	}
	if k.listed("evidence-readers", tool) {
		return nil, nil
	}
	search, compare, query := k.listed("searchers", tool), k.listed("comparers", tool), k.listed("database-clients", tool)
	var left []int // those that stay
	pattern := search && !k.patternNamed(args)
	for i := 0; i < len(args) && i < 200; i++ {
		w := args[i]
		low := strings.ToLower(w)
		switch {
		case search && (namesPattern(w) || strings.EqualFold(w, "-pattern")):
			i++
		case search && holdsPattern(low):
		case search && strings.HasPrefix(w, "-") && len(w) > 1:
			if k.listed("search-flags-with-value", low) {
				i++
			}
		case search && pattern && !(strings.HasPrefix(w, "/") && len(w) < 4):
			pattern = false
		case compare && k.listed("comparisons", low):
			i++
		case k.listed("sparing-flags", before(low, '=')):
			if !strings.Contains(w, "=") {
				i++
			}
		case k.inList("evidence-places", low):
		default:
			left = append(left, i)
		}
	}
	if len(left) == len(args) && !query {
		return args, masked
	}
	a, m := make([]string, len(left)), make([]string, len(left))
	for n, i := range left {
		a[n], m[n] = args[i], masked[i]
		if query {
			a[n], m[n] = compared.ReplaceAllString(a[n], "$1''"), compared.ReplaceAllString(m[n], "$1''")
		}
	}
	return a, m
}

// patternNamed says that a search names its pattern by a flag, so that the first plain word is a file.
func (k *Knowledge) patternNamed(args []string) bool {
	for _, w := range args {
		if namesPattern(w) || strings.EqualFold(w, "-pattern") || holdsPattern(strings.ToLower(w)) {
			return true
		}
	}
	return false
}

// namesPattern says that a flag of a search stands before its pattern: -e, alone or behind other letters.
func namesPattern(w string) bool {
	if w == "--regexp" {
		return true
	}
	if len(w) < 2 || len(w) > 6 || w[0] != '-' || w[1] == '-' || w[len(w)-1] != 'e' {
		return false
	}
	for i := 1; i < len(w); i++ {
		if !letterOrDigit(w[i]) {
			return false
		}
	}
	return true
}

// holdsPattern says that a flag of a search, in lower case, holds its pattern.
func holdsPattern(w string) bool {
	return strings.HasPrefix(w, "--regexp=") || strings.HasPrefix(w, "/c:") || strings.HasPrefix(w, "--exclude") && strings.Contains(w, "=") ||
		strings.HasPrefix(w, "--include=") || strings.HasPrefix(w, "--glob=")
}

// compared are texts that a query compares columns with.
var compared = regexp.MustCompile(`(?i)(\b(?:like|glob|regexp|rlike|match|in\s*\(|,)\s*|[=<>~]\s*)'[^']*'`)

// matched are texts that PowerShell compares values with, or searches for.
var matched = regexp.MustCompile(`(?i)(\s-(?:[ci]?(?:not)?(?:match|like|contains|in)|[ci]?(?:eq|ne)|pattern)\s+@?\(?\s*)(?:'[^']*'|"[^"$]*")(?:\s*,\s*(?:'[^']*'|"[^"$]*"))*`)
