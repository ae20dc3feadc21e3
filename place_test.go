package tocsin

import (
	"encoding/json"
	"slices"
	"testing"
	"time"
)

func TestPlaceText(t *testing.T) {
	for _, test := range []struct {
		place Place
		text  string
	}{
		{Place{Source: "logs/auth.log", Record: 120}, "logs/auth.log:120"},
		{Place{Source: "trail.json", Record: Nth(1, 1)}, "trail.json:1"},
		{Place{Source: "trail.json", Record: Nth(1, 10)}, "trail.json:1.10"},
		{Place{Source: "a.zip!/C:/x.json", Record: Nth(7, 1<<32)}, "a.zip!/C:/x.json:7.4294967296"},
		{Place{Source: "Security.evtx", Record: 1<<63 - 1}, "Security.evtx:9223372036854775807"},
		{Place{Record: 0}, ":0"},
	} {
		if got := test.place.String(); got != test.text {
			t.Errorf("%+v: %s, want %s", test.place, got, test.text)
		}
		var back Place
		if err := back.UnmarshalText([]byte(test.text)); err != nil || back != test.place {
			t.Errorf("%s: %+v, %v", test.text, back, err)
		}
		b, err := json.Marshal(test.place)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(b, &back); err != nil || back != test.place {
			t.Errorf("%s: %+v, %v", b, back, err)
		}
		s := Span{test.place.Source, test.place.Record, Nth(9, 2)}
		if b, err = json.Marshal(s); err != nil {
			t.Fatal(err)
		}
		var span Span
		if err := json.Unmarshal(b, &span); err != nil || span != s {
			t.Errorf("%s: %+v, %v", b, span, err)
		}
	}
	for _, bad := range []string{"", "auth.log", "auth.log:", "auth.log:x", "auth.log:1.", "auth.log:1.0", "auth.log:1.-2", "auth.log:-1"} {
		if err := new(Place).UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q is taken for a place", bad)
		}
	}
}

func TestPlacesInOrder(t *testing.T) {
	at := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	all := []Place{
		{Source: "b", Record: 9}, {Time: at, Source: "a", Record: 1}, {Time: at, Source: "a", Record: Nth(1, 2)}, {Time: at, Source: "a", Record: Nth(1, 10)},
		{Time: at, Source: "a", Record: 2}, {Time: at, Source: "a", Record: 10}, {Time: at, Source: "b", Record: Nth(1, 3)}, {Time: at.Add(1), Source: "a", Record: 0},
	}
	got := slices.Clone(all)
	slices.Reverse(got)
	slices.SortFunc(got, Place.Compare)
	if !slices.Equal(got, all) {
		t.Errorf("%v", got)
	}
}
