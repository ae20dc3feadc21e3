package console

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tocsin-ids/tocsin/report"
)

// frenchWords are what the console says, in French: html/french.tsv has English and French, parted by a tab.
func frenchWords() (map[string]string, error) {
	b, err := files.ReadFile("html/french.tsv")
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	for i, line := range strings.Split(strings.TrimSuffix(string(b), "\n"), "\n") {
		from, to, ok := strings.Cut(line, "\t")
		if !ok || from == "" || to == "" || strings.Contains(to, "\t") {
			return nil, fmt.Errorf("french.tsv: line %d: want English and French, parted by one tab", i+1)
		}
		all[from] = to
	}
	return all, nil
}

// script is the words as the page's scripts have them.
func (l *language) script() string {
	b := []byte("Object.assign(words, {")
	for i, k := range slices.Sorted(maps.Keys(l.said)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = report.AppendJSON(append(report.AppendJSON(b, k), ':'), l.said[k])
	}
	return string(b) + "});\n"
}
