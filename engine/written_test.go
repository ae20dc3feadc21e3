package engine

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tocsin-ids/tocsin/actor"
)

// FuzzReadState holds that whatever bytes are read as a State, nothing panics, and that what was read goes on and can be written
// and read again.
func FuzzReadState(f *testing.F) {
	horizon := StateOptions{Key: actor.Key{1}, Horizon: 7 * 24 * time.Hour}
	s := NewState(horizon)
	for i, a := range append(breach(1, 0), breach(2, 4)...) {
		a.Place.Time, a.Place.Source, a.Place.Record = a.Time, "log", uint64(i+1)
		s.Note("a", uint64(i+1), &a)
		if i%5 == 0 {
			s.Turn(a.Time)
			b, err := s.AppendBinary(nil)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b)
		}
	}
	for _, head := range []string{
		`null`, `{"Told":[null]}`, `{"Told":[{"Campaign":null}]}`, `{"Told":[{"Campaign":{}}]}`, `{"Told":[{"Campaign":{"actors":[null]}}]}`,
		`{"Told":[{"Campaign":{"id":"c-0","actors":[{"handles":null}],"level":"critical","last":"9999-01-01T00:00:00Z"},"Anchors":[1,1,2]}]}`,
		`{"Mark":"9999-01-01T00:00:00Z","Parts":{"a":18446744073709551615}}`,
	} {
		b := binary.AppendUvarint([]byte(stateMagic), uint64(len(head)))
		b, err := NewState(StateOptions{}).pages.AppendBinary(append(b, head...))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, o := range []StateOptions{horizon, {Key: actor.Key{1}}} {
			s, err := ReadState(b, o, nil)
			if err != nil {
				if s != nil {
					t.Fatal("a State and an error")
				}
				continue
			}
			s.Turn(s.mark)
			for i, a := range breach(3, 5) {
				a.Place.Time, a.Place.Source, a.Place.Record = a.Time, "log", uint64(i+1)
				s.Note("b", uint64(i+1), &a)
			}
			s.Turn(month.Add(6 * 24 * time.Hour))
			s.Turn(month.Add(20 * 24 * time.Hour))
			s.LetGo()
			w, err := s.AppendBinary(nil)
			if err != nil {
				t.Fatal(err)
			}
			again, err := ReadState(w, o, nil)
			if err != nil {
				t.Fatalf("what was read and written cannot be read: %v", err)
			}
			again.changed = true
			again.Turn(again.mark)
			s.changed = true
			s.Turn(s.mark)
			if len(s.LetGo()) > 0 {
				if x, y := len(s.Result().Campaigns), len(again.Result().Campaigns); x != y {
					t.Fatalf("%d campaigns, after it was written and read %d", x, y)
				}
				continue
			}
			if d := cmp.Diff(tale(t, s.Result().Campaigns), tale(t, again.Result().Campaigns)); d != "" {
				t.Fatalf("what was read and written tells otherwise: %s", d)
			}
		}
	})
}
