package engine

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/decode"
)

// stamped is a line of JSON with a stamp.
func stamped(at string) string {
	return fmt.Sprintf("{\"EventID\":1,\"Channel\":\"System\",\"TimeCreated\":%q,\"Computer\":\"pc.example\"}\n", at)
}

// readAt reads one file that was last written at a time, and gives the records of the events that came undated.
func readAt(t *testing.T, text string, written time.Time) (undated []uint64, c *tocsin.Coverage) {
	t.Helper()
	path := write(t, t.TempDir(), "events.jsonl", text)
	if err := os.Chtimes(path, written, written); err != nil {
		t.Fatal(err)
	}
	events := int64(0)
	c, err := Read(context.Background(), Input{Paths: []string{path}, Workers: 1}, func(int) Desk {
		return DeskFunc(func(ev *tocsin.Event) {
			events++
			if ev.Time.IsZero() {
				undated = append(undated, ev.Record)
			}
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	if events != c.Events || events != int64(strings.Count(text, "\n")) {
		t.Fatalf("%d events came, %d counted, of %d lines", events, c.Events, strings.Count(text, "\n"))
	}
	return undated, c
}

// Stamps that cannot be tell no time; their events are read all the same, and each kind is one fault with a count.
func TestDoubtedStamps(t *testing.T) {
	at := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	var text strings.Builder
	bad := map[int]string{3: "1601-01-01T00:00:00Z", 5: "9999-12-31T23:59:59Z", 6: "1941-05-05T05:05:05Z", 9: "2261-01-01T00:00:00Z", 11: "2026-11-22T00:00:00Z", 13: "1601-01-01T00:00:00Z"}
	for n := 1; n <= 200; n++ {
		stamp, ok := bad[n]
		if !ok {
			stamp = at.Add(time.Duration(n) * time.Second).Format(time.RFC3339)
		}
		text.WriteString(stamped(stamp))
	}
	undated, c := readAt(t, text.String(), at.Add(time.Hour))
	if len(undated) != len(bad) || c.Doubted != int64(len(bad)) {
		t.Errorf("undated are %v, %d counted; want those of %v", undated, c.Doubted, bad)
	}
	want := []string{
		":3: the stamp 1601-01-01T00:00:00Z is a clock's zero: it was never set, or was wiped, as are 1 more of this file; read as if it were not there (the log",
		":5: the stamp 9999-12-31T23:59:59Z is beyond 1678 to 2262, which no log is from; read",
		":6: the stamp 1941-05-05T05:05:05Z is before 1970; read",
		":9: the stamp 2261-01-01T00:00:00Z is more than a day after the file was last written, as are 1 more of this file; read",
	}
	if c.FaultN != int64(len(want)) || c.Files[0].Faults != c.FaultN {
		t.Fatalf("%d faults, %v", c.FaultN, c.Faults)
	}
	for i, w := range want {
		if !strings.Contains(c.Faults[i].Error(), w) {
			t.Errorf("got %v, want %s", c.Faults[i], w)
		}
	}
	if !c.First.Equal(at.Add(time.Second)) || !c.Last.Equal(at.Add(200*time.Second)) || len(c.Gaps) > 0 {
		t.Errorf("from %v to %v, gaps %v", c.First, c.Last, c.Gaps)
	}
}

// Where the file's time is what is wrong, no stamp is lost for it: not in a file that was set back, not where a log goes
// on beyond it, not where there is nothing but one event.
func TestWrongFileTime(t *testing.T) {
	at := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	log := func(n int, step time.Duration) string {
		var text strings.Builder
		for i := range n {
			text.WriteString(stamped(at.Add(time.Duration(i) * step).Format(time.RFC3339)))
		}
		return text.String()
	}
	for _, tt := range []struct {
		name    string
		text    string
		written time.Time
	}{
		{"unpacked without a time", log(6000, time.Minute), time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)},
		{"one event", log(1, 0), at.AddDate(0, -1, 0)},
		{"set back to the middle", log(6000, time.Minute), at.Add(2000 * time.Minute)},
		{"set back to near the end, hours between events", log(300, 7*time.Hour), at.Add(280 * 7 * time.Hour)},
	} {
		undated, c := readAt(t, tt.text, tt.written)
		if len(undated) > 0 || c.FaultN > 0 || c.Doubted > 0 || len(c.Gaps) > 0 {
			t.Errorf("%s: %d events lost their time; %v, gaps %v", tt.name, len(undated), c.Faults, c.Gaps)
		}
	}
}

// Many late stamps among more good ones are struck in bounded memory, and the clock of the file is told of the others in
// their order.
func TestManyLateStamps(t *testing.T) {
	at := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	var text strings.Builder
	late := 0
	for i := range 9000 {
		if i%3 == 1 {
			text.WriteString(stamped(fmt.Sprintf("%d-02-03T04:05:06Z", 2100+i%100)))
			late++
			continue
		}
		text.WriteString(stamped(at.Add(time.Duration(i) * time.Second).Format(time.RFC3339)))
	}
	undated, c := readAt(t, text.String(), at.Add(3*time.Hour))
	if len(undated) != late || c.Doubted != int64(late) || c.FaultN != 1 || c.Faults[0].Line != 2 {
		t.Errorf("%d undated, %d counted of %d; faults %v", len(undated), c.Doubted, late, c.Faults)
	}
	if len(c.Gaps) > 0 || !c.Last.Equal(at.Add(8999*time.Second)) {
		t.Errorf("last %v, gaps %v", c.Last, c.Gaps)
	}
}

// What no file's time can be wrong enough for is not believed, though nothing speaks against it; what is written through
// mapped memory is not held against the file's time.
func TestFarAhead(t *testing.T) {
	at := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	undated, c := readAt(t, stamped("2106-02-07T06:28:15Z")+stamped("2106-02-07T06:28:15Z"), at)
	if len(undated) != 2 || c.FaultN != 1 || !c.Last.IsZero() {
		t.Errorf("%d undated, last %v, %v", len(undated), c.Last, c.Faults)
	}
	for format, want := range map[string]bool{"text": true, "evtx": false, "journal": false} {
		w := &worker{}
		w.written(&file{format: format, ref: at})
		ev := &tocsin.Event{Time: at.AddDate(0, 1, 0)}
		if got := w.weigh(ev); got != want {
			t.Errorf("%s: an event of a month later is held: %v", format, got)
		}
		ev.Time, ev.Sensor = at.AddDate(50, 0, 0), at
		if w.weigh(ev) || !ev.Time.IsZero() || ev.Sensor.IsZero() {
			t.Errorf("%s: of fifty years later and of now, %v and %v are left", format, ev.Time, ev.Sensor)
		}
	}
}

// A collector's stamp that was never set is no loss beside the event's own, and stands in for it where it is sound.
func TestDoubtedSensor(t *testing.T) {
	at := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	unset := time.Date(1601, 1, 1, 0, 0, 0, 0, time.UTC)
	w := &worker{}
	w.written(&file{format: "text", ref: at})
	ev := &tocsin.Event{Time: at, Sensor: unset, Record: 1}
	if w.weigh(ev) || !ev.Time.Equal(at) || !ev.Sensor.IsZero() || w.span.doubts[decode.Unset].n != 0 {
		t.Errorf("left are %v and %v, %d doubts", ev.Time, ev.Sensor, w.span.doubts[decode.Unset].n)
	}
	ev = &tocsin.Event{Time: unset, Sensor: at, Record: 2}
	if w.weigh(ev) || !ev.Time.IsZero() || !ev.Sensor.Equal(at) || w.span.doubts[decode.Unset].n != 1 || w.window.believed != 2 {
		t.Errorf("left are %v and %v, %d doubts, %d believed", ev.Time, ev.Sensor, w.span.doubts[decode.Unset].n, w.window.believed)
	}
}

// A late stamp at the beginning of a long block does not make the times of all that follow wait.
func TestWindowIsBounded(t *testing.T) {
	at := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	w := &worker{run: &run{}, desk: DeskFunc(func(*tocsin.Event) {}), sources: map[*tocsin.LogSource]*sourceCount{}}
	w.written(&file{format: "text", ref: at})
	most := 0
	for i := range 100_000 {
		ev := &tocsin.Event{Time: at, Record: uint64(i)}
		if i == 10 {
			ev.Time = at.AddDate(1, 0, 0)
		}
		w.event(ev)
		most = max(most, len(w.window.order))
	}
	if most > mostOrder || len(w.window.held) > 0 || w.span.events != 100_000 || w.span.dated != 99_999 {
		t.Errorf("%d times waited; %d events, %d with a time", most, w.span.events, w.span.dated)
	}
}

// What has no time is no part of a log's pace.
func TestUndatedHaveNoPace(t *testing.T) {
	at := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	var s span
	for i := range 120 {
		s.events++
		s.add(at.Add(time.Duration(i) * time.Hour))
	}
	s.add(s.last.Add(8 * 24 * time.Hour)) // 192 h, under 200 times an hour and a half
	for range 100_000 {
		s.events++
		s.add(time.Time{})
	}
	if g := s.gaps("x"); g != nil {
		t.Errorf("events without a time make gaps: %v", g)
	}
}
