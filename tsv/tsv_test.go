package tsv

import (
	"slices"
	"testing"
)

func TestRows(t *testing.T) {
	var lines []int
	var all []string
	for n, c := range Rows("t.tsv", "# a comment\tof two\na\t1\n\nb\t\n", 2) {
		lines, all = append(lines, n), append(all, c...)
	}
	if !slices.Equal(lines, []int{2, 4}) || !slices.Equal(all, []string{"a", "1", "b", ""}) {
		t.Errorf("lines %v: %q", lines, all)
	}
	for range Rows("t.tsv", "a\t1\nb\n", 2) {
		break // what comes after is not looked at
	}
	defer func() {
		if got := recover(); got != "t.tsv:2: 1 columns, not 2" {
			t.Errorf("%v", got)
		}
	}()
	for range Rows("t.tsv", "a\t1\nb\n", 2) {
	}
}
