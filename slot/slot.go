// Package slot numbers the names of the fields of events that a reader looks at.
package slot

// A Table tells the number of a name. Most names of an event are not among those that are read, so that it has to say no
// fast: names are told apart by their length and three of their bytes first.
type Table [1024][]entry

type entry struct {
	name string
	slot uint8
}

// Of makes a table of names, none of them empty, and their numbers, which are not 0.
func Of(names map[string]uint8) *Table {
	var t Table
	for name, slot := range names {
		h := hash(name)
		t[h] = append(t[h], entry{name, slot})
	}
	return &t
}

func hash(name string) uint {
	n := len(name)
	return (uint(n)*67 + uint(name[0])*5 + uint(name[n-1])*23 + uint(name[n/2])*11) % 1024
}

// Slot is the number of a name, 0 for one that is not read.
func (t *Table) Slot(name string) uint8 {
	if name == "" {
		return 0
	}
	for _, c := range t[hash(name)] {
		if c.name == name {
			return c.slot
		}
	}
	return 0
}
