package store

import "strings"

// A where is the conditions of a query, all of which must hold.
type where struct {
	terms []string
	args  []any
}

func (w *where) add(term string, args ...any) {
	w.terms = append(w.terms, term)
	w.args = append(w.args, args...)
}

// in holds where the column is one of the values; nil values hold always, none never.
func (w *where) in(column string, values []string) {
	switch {
	case values == nil:
	case len(values) == 0:
		w.add("0")
	default:
		args := make([]any, len(values))
		for i, v := range values {
			args[i] = v
		}
		w.add(column+" IN (?"+strings.Repeat(", ?", len(values)-1)+")", args...)
	}
}

func (w *where) String() string {
	if len(w.terms) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.terms, " AND ")
}
