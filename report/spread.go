package report

import "github.com/tocsin-ids/tocsin"

// Spread are Matches that several goroutines can encode at once. Reports take it up where a match's text does not hang on
// those before it; what is written is the same.
type Spread interface {
	Matches
	// Encode appends each match by one of the functions that fresh makes, one for each goroutine, and gives the texts to write in
	// the order of the matches. A match is valid during the call. The error is write's.
	Encode(held bool, fresh func() func(b []byte, m *tocsin.Match) []byte, write func(b []byte) error) error
}

// encode writes all matches of the hunt.
func (s *spool) encode(h *Hunt, fresh func() func(b []byte, m *tocsin.Match) []byte) error {
	if all, ok := h.matches().(Spread); ok {
		return all.Encode(true, fresh, func(b []byte) error {
			if err := s.drain(true); err != nil { // what comes before it; a text is large enough to be written by itself
				return err
			}
			_, s.err = s.w.Write(b)
			return s.err
		})
	}
	one := fresh()
	for m := range h.matches().All(true) {
		s.b = one(s.b, m)
		if err := s.drain(false); err != nil {
			return err
		}
	}
	return nil
}
