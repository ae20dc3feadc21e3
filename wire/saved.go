package wire

import "bytes"

// Saved says how far a store has something. The zero value is what was never written.
type Saved struct {
	Clean bool // the store has it as it is
	Given bool // it was given to the store, which has not yet said that it has it
}

// Change notes that it is not any more what was written or given.
func (s *Saved) Change() { s.Clean, s.Given = false, false }

// Settle notes that what was given is kept.
func (s *Saved) Settle() { s.Clean, s.Given = s.Clean || s.Given, false }

// A Small is a piece that is written anew as a whole whenever it has changed.
type Small struct {
	b []byte
	Saved
}

// Had takes what a store has.
func (s *Small) Had(b []byte) { s.b, s.Clean = b, true }

// Save gives out the piece as it is now, or says that the store has it.
func (s *Small) Save(name string, now []byte, put func(string, []byte) error, keep func(string)) error {
	if !bytes.Equal(now, s.b) {
		s.b = now
		s.Change()
	}
	if s.Clean {
		keep(name)
		return nil
	}
	s.Given = true
	return put(name, now)
}

// A Chain is the pieces of something that grows: the first has all of it, those that follow what has changed since.
type Chain struct {
	links  []link
	number uint64 // of the last one
}

type link struct {
	number uint64
	size   int
	Saved
}

// Long says that all is to be written as one piece: there is none, or those that follow the first come to least bytes more than it, or
// are more than most. What was given to a Save that was not kept is no part of the chain any more.
func (c *Chain) Long(least, most int) bool {
	size := 0
	for i := range c.links {
		if !c.links[i].Clean {
			c.links = c.links[:i]
			break
		}
		if i > 0 {
			size += c.links[i].size
		}
	}
	return len(c.links) == 0 || size > c.links[0].size+least || len(c.links) > most
}

// Cut forgets the pieces.
func (c *Chain) Cut() { c.links = nil }

// Next is the number of a piece that is given to the store.
func (c *Chain) Next(size int) uint64 {
	c.number++
	c.links = append(c.links, link{c.number, size, Saved{Given: true}})
	return c.number
}

// Had takes a piece that a store has.
func (c *Chain) Had(number uint64, size int) {
	c.number = number
	c.links = append(c.links, link{number, size, Saved{Clean: true}})
}

// Each goes through the numbers of the pieces.
func (c *Chain) Each(yield func(number uint64)) {
	for i := range c.links {
		yield(c.links[i].number)
	}
}

// Settle says that what was given is kept; false: nothing was given.
func (c *Chain) Settle() bool {
	n := len(c.links)
	if n == 0 || !c.links[n-1].Given {
		return false
	}
	c.links[n-1].Settle()
	return true
}

func (c *Chain) Len() int { return len(c.links) }
