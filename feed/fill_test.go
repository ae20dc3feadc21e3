package feed

import (
	"slices"
	"testing"
	"time"
)

// TestFill holds that a batch has what was added to it, within its bounds.
func TestFill(t *testing.T) {
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	at := func(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }
	var f Fill
	if !f.Fits(16<<20, at(0), false) {
		t.Fatal("whatever there is fits an empty one")
	}
	if lines, size := f.Add(f.Data, 1, 0, at(0), false); lines+size+f.Count != 0 {
		t.Fatal("nothing was added")
	}
	for i, s := range []string{"one\n", "two\nthree\n", "four\n"} {
		lines, size := f.Add(append(f.Data, s...), 7, 100, at([]int{40, 60, 20}[i]), false)
		if int(size) != len(s) || lines != []int64{1, 2, 1}[i] {
			t.Fatalf("%q: %d lines, %d bytes", s, lines, size)
		}
	}
	for _, c := range []struct {
		what string
		fits bool
		want bool
	}{
		{"within a minute", f.Fits(1, at(80), false), true}, {"before", f.Fits(1, at(0), false), true}, {"later", f.Fits(1, at(81), false), false},
		{"earlier", f.Fits(1, at(-1), false), false}, {"past", f.Fits(1, at(50), true), false}, {"large", f.Fits(1<<20, at(50), false), false},
	} {
		if c.fits != c.want {
			t.Errorf("%s: fits %v", c.what, c.fits)
		}
	}
	if f.Count != 3 || time.Since(f.Began) > time.Minute {
		t.Errorf("%d messages since %v", f.Count, f.Began)
	}
	o := &Origin{ID: "a"}
	b := f.Take(o, "c")
	if want := (Batch{Origin: o, Line: 7, Offset: 100, Cursor: "c", At: at(60)}); string(b.Data) != "one\ntwo\nthree\nfour\n" || b.Origin != o || b.Line != want.Line || b.Offset != want.Offset || b.Cursor != want.Cursor || !b.At.Equal(want.At) || b.Past {
		t.Errorf("%+v", b)
	}
	if f.Count != 0 || f.Data != nil {
		t.Error("it is not empty")
	}
	for _, late := range []time.Time{time.UnixMicro(0), time.Now().Add(time.Hour)} {
		f.Add(slices.Clone([]byte("x\n")), 1, 0, late, true)
		if b := f.Take(o, ""); time.Since(b.At) > time.Minute || time.Until(b.At) > 0 || !b.Past {
			t.Errorf("%v became %v", late, b.At)
		}
	}
}
