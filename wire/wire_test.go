package wire

import (
	"bytes"
	"math"
	"slices"
	"testing"
)

// every writes one of each.
func every(w *Lister) {
	w.Int(math.MinInt64)
	w.Uint(math.MaxUint64)
	w.Fixed(0x0123456789abcdef)
	w.Byte(7, 8)
	w.Text("père")
	w.Flags(true, false, true)
	w.Ref("root")
	w.Refs([]string{"db1", "root", ""})
	w.Ref("")
}

// read reads what every writes, and says whether it is that.
func read(r *Listed) bool {
	return r.Int() == math.MinInt64 && r.Uint() == math.MaxUint64 && r.Fixed() == 0x0123456789abcdef && r.Byte() == 7 && r.Byte() == 8 &&
		r.Text() == "père" && r.Byte() == 5 && r.Ref() == "root" && slices.Equal(r.Refs(), []string{"db1", "root", ""}) && r.Ref() == ""
}

func TestWritten(t *testing.T) {
	var w Lister
	every(&w)
	all := w.All(3)
	if bytes.Count(all, []byte("root")) != 1 {
		t.Errorf("a text is written more than once: %q", all)
	}
	r := List(all, 3)
	if !read(&r) || !r.Whole() {
		t.Errorf("%q is read as something else (bad %v, left %q)", all, r.Bad, r.B)
	}
	if r = List(all, 4); !r.Bad {
		t.Error("another version is read")
	}
	if r = List(append(all, 0), 3); !read(&r) || r.Whole() {
		t.Error("what is too long is whole")
	}
	for n := range all {
		if r = List(all[:n:n], 3); read(&r) && r.Whole() || !r.Bad {
			t.Errorf("%d bytes of %d are read", n, len(all))
		}
	}
}

// TestBad says that what is bad stays so, gives zeros and takes no memory for what is not there.
func TestBad(t *testing.T) {
	for what, b := range map[string][]byte{"nothing": nil, "a number without end": bytes.Repeat([]byte{0xff}, 11), "a length beyond the end": {0xff, 0xff, 0xff, 0xff, 0x0f, 'a'}} {
		r := Reader{B: b}
		if s := r.Text(); s != "" || !r.Bad || r.Whole() {
			t.Errorf("%s: %q, bad %v", what, s, r.Bad)
		}
		r.B = []byte{1, 1, 1, 1, 1, 1, 1, 1, 1, 1}
		if r.Int() != 0 || r.Uint() != 0 || r.Byte() != 0 || r.Fixed() != 0 || r.Take(1) != nil || r.Text() != "" || r.Count(1) != 0 || !r.Bad {
			t.Errorf("%s: what follows is read", what)
		}
	}
	for bytes, want := range map[int]int{1: 3, 2: 0} { // three of one byte fit, of two do not
		if r := (Reader{B: []byte{3, 'a', 'b', 'c'}}); r.Count(bytes) != want || r.Bad != (want == 0) {
			t.Errorf("of %d bytes: bad %v", bytes, r.Bad)
		}
	}
	r := List([]byte{1, 1, 1, 'a', 1}, 1)
	if r.Ref() != "" || !r.Bad {
		t.Error("a number that no text has is read")
	}
}

// A shelf is a store that keeps what was settled.
type shelf map[string][]byte

func TestSmall(t *testing.T) {
	var s Small
	given, kept := shelf{}, 0
	save := func(now string) {
		if err := s.Save("x", []byte(now), func(name string, b []byte) error { given[name] = b; return nil }, func(string) { kept++ }); err != nil {
			t.Fatal(err)
		}
	}
	save("a")
	save("a") // what was given was not said to be kept
	if kept != 0 {
		t.Error("kept before it was settled")
	}
	s.Settle()
	if save("a"); kept != 1 {
		t.Error("written again though the store has it")
	}
	if save("b"); kept != 1 || string(given["x"]) != "b" {
		t.Errorf("%q after a change", given["x"])
	}
	s = Small{}
	s.Had([]byte("c"))
	if save("c"); kept != 2 {
		t.Error("what the store had is written again")
	}
}

func TestChain(t *testing.T) {
	var c Chain
	if !c.Long(10, 3) || c.Settle() {
		t.Error("a chain begins with a whole")
	}
	settled := func(size int) {
		c.Next(size)
		if !c.Settle() {
			t.Error("nothing was given")
		}
	}
	settled(100)
	settled(60)
	if c.Long(10, 3) {
		t.Error("60 bytes more than 100 are long")
	}
	n := c.Next(60) // not kept
	if c.Long(10, 3) || c.Len() != 2 {
		t.Errorf("%d pieces, with one that was not kept", c.Len())
	}
	if c.Next(51) <= n {
		t.Error("a number is given again")
	}
	c.Settle()
	if !c.Long(10, 3) {
		t.Error("111 bytes after 100 are not long")
	}
	c.Cut()
	if !c.Long(10, 3) || c.Len() != 0 {
		t.Error("a cut chain goes on")
	}
	c.Had(9, 1)
	c.Had(12, 1)
	var got []uint64
	c.Each(func(n uint64) { got = append(got, n) })
	if !slices.Equal(got, []uint64{9, 12}) || c.Next(1) != 13 {
		t.Errorf("had 9 and 12: %v", got)
	}
	c.Settle()
	settled(1)
	if !c.Long(10, 3) {
		t.Error("more pieces than are to be are not long")
	}
}
