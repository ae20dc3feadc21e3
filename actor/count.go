package actor

// Count is how many pages are held.
func (s *Pages) Count() int { return len(s.pages) }
