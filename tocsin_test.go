package tocsin

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func sample(raw string) *Event {
	return &Event{
		Time:    time.Date(2026, 11, 20, 10, 0, 0, 123456789, time.UTC),
		Sources: []LogSource{{"linux", "", "sshd"}},
		Source:  "auth.log", Record: 7, Format: "syslog", Host: "web01", Raw: raw,
		Fields: []Field{{"user", raw[:4]}, {"src_ip", raw[5:]}, {"made", "up"}, {"empty", ""}, {"user", "twice"}},
	}
}

func TestShelfGivesBackWhatItTook(t *testing.T) {
	deflate := func(b []byte) []byte {
		var out bytes.Buffer
		w, _ := flate.NewWriter(&out, flate.BestSpeed)
		w.Write(b)
		w.Close()
		return out.Bytes()
	}
	inflate := func(b []byte) []byte {
		out, err := io.ReadAll(flate.NewReader(bytes.NewReader(b)))
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	for name, s := range map[string]*Shelf{
		"as it is":          {},
		"packed":            {Pack: deflate, Unpack: inflate},
		"not worth packing": {Pack: bytes.Clone},
	} {
		t.Run(name, func(t *testing.T) {
			var want []*Event
			var slots []Slot
			for i := range 4000 {
				ev := sample("root 192.0.2.1 " + string(make([]byte, i)))
				want = append(want, ev.Clone())
				slots = append(slots, s.Put(ev))
			}
			huge := sample("root 192.0.2.1 " + string(make([]byte, 3*shelfText)))
			bare := &Event{Source: "x"}
			want = append(want, huge.Clone(), &Event{Source: "x", Fields: []Field{}})
			slots = append(slots, s.Put(huge), s.Put(bare))
			if len(s.blocks) < 2*shelfOpened {
				t.Fatalf("%d blocks are too few", len(s.blocks))
			}
			var ev Event
			for i := range slots {
				i = i * 997 % len(slots) // not in order, so that blocks are unpacked again
				if diff := cmp.Diff(want[i], s.Event(slots[i])); diff != "" {
					t.Fatalf("event %d (-put +got):\n%s", i, diff)
				}
				s.Load(slots[i], &ev)
				if ev.Record != 7 && ev.Source != "x" {
					t.Fatalf("event %d was loaded as %+v", i, ev)
				}
			}
			if name == "packed" && len(s.opened) != shelfOpened {
				t.Errorf("%d blocks are unpacked", len(s.opened))
			}
		})
	}
}

func TestCloneSharesNothing(t *testing.T) {
	b := []byte("root 192.0.2.1")
	ev := sample(string(b))
	c := ev.Clone()
	if diff := cmp.Diff(ev, c); diff != "" {
		t.Error(diff)
	}
	c.Fields[0].Value = "other"
	if ev.Fields[0].Value != "root" {
		t.Error("a change of the clone shows in the event")
	}
}

func TestCovers(t *testing.T) {
	ev := LogSource{"windows", "process_creation", "sysmon"}
	for _, l := range []LogSource{{}, {Product: "windows"}, {Category: "process_creation"}, ev} {
		if !l.Covers(ev) {
			t.Errorf("%v does not cover %v", l, ev)
		}
	}
	for _, l := range []LogSource{{Product: "linux"}, {"windows", "", "security"}, {"windows", "dns", "sysmon"}} {
		if l.Covers(ev) {
			t.Errorf("%v covers %v", l, ev)
		}
	}
}

func TestFaultNamesThePlace(t *testing.T) {
	cause := errors.New("cut off")
	f := &Fault{Source: "a.log", Line: 120, Err: cause, Hint: "read it again"}
	if got, want := f.Error(), "a.log:120: cut off (read it again)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if !errors.Is(f, cause) {
		t.Error("the cause is not to be found in the fault")
	}
}

func TestParseLevel(t *testing.T) {
	for l := Unrated; l <= Critical; l++ {
		if got, err := ParseLevel(l.String()); err != nil || got != l {
			t.Errorf("ParseLevel(%q) = %v, %v", l.String(), got, err)
		}
	}
	if _, err := ParseLevel("urgent"); !errors.Is(err, ErrLevel) {
		t.Errorf("urgent: %v", err)
	}
}

func BenchmarkShelf(b *testing.B) {
	ev := sample("root 192.0.2.1")
	b.ReportAllocs()
	var s Shelf
	for range b.N {
		s.Put(ev)
	}
	b.ReportMetric(float64(s.Bytes())/float64(b.N), "kept-B/op")
}

// TestThrough says which machine that was entered an actor acted from, where nothing else is known of it.
func TestThrough(t *testing.T) {
	c := &Campaign{Victims: []Victim{{Entity: Entity{Kind: "host", Value: "ws1.corp.example"}, Reached: true, Also: []Entity{{Kind: "address", Value: "10.0.0.5"}}},
		{Entity: Entity{Kind: "address", Value: "10.0.0.9"}}, {Entity: Entity{Kind: "user", Value: "10.0.0.7"}, Reached: true}}}
	for handle, want := range map[string]string{"address:10.0.0.5": "ws1.corp.example", "host:ws1.corp.example": "ws1.corp.example", "address:10.0.0.9": "", "address:203.0.113.9": "", "caller:10.0.0.5 with kubectl on linux": "ws1.corp.example", "caller:10.0.0.9 with kubectl": "", "address:10.0.0.7": ""} {
		kind, value, _ := strings.Cut(handle, ":")
		if got := c.Through(&Actor{Handles: []Entity{{Kind: kind, Value: value}}}); got != want {
			t.Errorf("%s: through %q, want %q", handle, got, want)
		}
	}
	if c.Through(&Actor{}) != "" {
		t.Error("who has no name acted through a machine")
	}
}
