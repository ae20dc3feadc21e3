package console

import (
	_ "embed"
	"maps"
	"slices"

	"github.com/tocsin-ids/tocsin/report"
)

// What the console says, in French.
//
//go:embed html/french.tsv
var frenchTable string

func frenchWords() map[string]string { return report.Translations("french.tsv", frenchTable) }

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
