package report

import (
	"bytes"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// everyFormat is all that a report is written in, the data of the page as it lies in it included.
func everyFormat() map[string]func(io.Writer, *Hunt) error {
	all := writers()
	for name, write := range drafts() {
		all[name] = write
	}
	all["hunt.html"] = func(w io.Writer, h *Hunt) error { return HTML(w, h, "") }
	all["fr.html"] = func(w io.Writer, h *Hunt) error { return HTML(w, h, "fr") }
	all["page data"] = func(w io.Writer, h *Hunt) error { _, err := w.Write(pageData(h, &english, false)); return err }
	for _, wide := range []int{60, 79, 100, 300} { // lines are broken at other places
		all[fmt.Sprint("explain ", wide)] = func(w io.Writer, h *Hunt) error { return Explain(w, h, h.Campaigns[0], TextOptions{Width: wide}) }
		all[fmt.Sprint("list ", wide)] = func(w io.Writer, h *Hunt) error { return ExplainList(w, h, TextOptions{Width: wide}) }
		all[fmt.Sprint("text ", wide)] = func(w io.Writer, h *Hunt) error { return Text(w, h, TextOptions{Width: wide, Height: 90}) }
	}
	all["nis2 of one"] = func(w io.Writer, h *Hunt) error {
		return Notification(w, h, h.Campaigns[0], Notice{Stage: "72h"})
	}
	return all
}

// stuffed fills every text that a value can hold with what make gives, lists and maps with two entries each.
func stuffed(v reflect.Value, depth int, text func() string) {
	if depth > 12 || v.Type() == reflect.TypeFor[time.Time]() {
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(text())
	case reflect.Pointer:
		if v.Type() != reflect.TypeFor[*tocsin.Rule]() { // of a deed, which no report shows
			v.Set(reflect.New(v.Type().Elem()))
			stuffed(v.Elem(), depth+1, text)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			stuffed(v.Index(i), depth+1, text)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range 2 {
			k, e := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			stuffed(k, depth+1, text)
			stuffed(e, depth+1, text)
			v.SetMapIndex(k, e)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				stuffed(v.Field(i), depth+1, text)
			}
		}
	case reflect.Int, reflect.Int64:
		v.SetInt(3)
	}
}

// No fingerprint leaves in any field of any format, nor a part of one that is long enough to tell it from others.
func TestNoFingerprintLeaves(t *testing.T) {
	made := 0
	secret := func() string { made++; return fmt.Sprintf("%016x", uint64(0xfeedc0de00000000)+uint64(made)) }
	for name, text := range map[string]func() string{
		"alone": func() string { return "key:" + secret() },
		"within": func() string {
			return "the same secret (key:" + secret() + ") from both, then " + strings.Repeat("x", made%40) + " key:" + secret()
		},
		"as mark": func() string { return "callback:key:" + secret() },
		"twice":   func() string { s := secret(); return s + " was taken, key:" + s + " was used" },
	} {
		var c tocsin.Campaign
		stuffed(reflect.ValueOf(&c).Elem(), 0, text)
		var aside tocsin.Aside
		stuffed(reflect.ValueOf(&aside).Elem(), 0, text)
		h := &Hunt{Campaigns: []*tocsin.Campaign{&c, nil}, Aside: []tocsin.Aside{aside}}
		for format, write := range everyFormat() {
			var b bytes.Buffer
			if err := write(&b, h); err != nil {
				t.Fatal(err)
			}
			for _, digits := range []string{"feedc0de", "eedc0de0"} { // the second: where a line is broken after the first digit
				if i := bytes.Index(b.Bytes(), []byte(digits)); i >= 0 {
					t.Errorf("%s, %s: %q", name, format, b.Bytes()[max(0, i-40):min(b.Len(), i+40)])
				}
			}
			if format == "hunt.jsonl" && !strings.Contains(b.String(), "key:1") {
				t.Errorf("%s: no number stands for a secret", name)
			}
		}
		if c.Marks[0] == "" || !strings.Contains(c.Marks[0], "feedc0de") {
			t.Errorf("%s: the campaign itself was changed", name)
		}
	}
	if made < 200 {
		t.Errorf("only %d texts were filled", made)
	}
}

func TestNumbered(t *testing.T) {
	const a, b = "key:0123456789abcdef", "key:fedcba9876543210"
	c := &tocsin.Campaign{Title: "with " + b + " and key:7", Lost: a, Links: []tocsin.Link{{Evidence: "0123456789abcdef, " + b}},
		Marks: []string{a, "hash:0123456789abcdef0123456789abcdef", "key:12", "key:0123456789abcdefff", "KEY:0123456789ABCDEF"}}
	all, _ := numbered([]*tocsin.Campaign{c}, nil)
	got := all[0]
	want := []string{"with key:13 and key:7", "key:14", "14, key:13", "key:14", "hash:0123456789abcdef0123456789abcdef", "key:12", "key:14", "KEY:0123456789ABCDEF"}
	if seen := append([]string{got.Title, got.Lost, got.Links[0].Evidence}, got.Marks...); !slices.Equal(seen, want) {
		t.Errorf("got  %q\nwant %q", seen, want)
	}
	same := sampleCampaign()
	if all, _ := numbered([]*tocsin.Campaign{same}, nil); all[0] != same {
		t.Error("a campaign without fingerprints was copied")
	}
}

// BenchmarkNumbered looks through a campaign of 100,000 runs of records: no more than a glance.
func BenchmarkNumbered(b *testing.B) {
	c := sampleCampaign()
	for i := range 100_000 {
		c.Records = append(c.Records, tocsin.Span{Source: "logs/access.log.gz", From: uint64(2 * i), To: uint64(2 * i)})
	}
	b.ReportAllocs()
	for b.Loop() {
		if all, _ := numbered([]*tocsin.Campaign{c}, nil); all[0] != c {
			b.Fatal("copied")
		}
	}
}

// A log may hold what looks like a fingerprint: of an event nothing is left out.
func TestEventsKeepTheirText(t *testing.T) {
	m := sampleMatch(3)
	m.Event.Fields = append(m.Event.Fields, tocsin.Field{Name: "argument", Value: "GET key:0123456789abcdef"})
	var b bytes.Buffer
	if err := JSONL(&b, &Hunt{Matches: List{m}}); err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`key:[0-9a-f]{16}`).Match(b.Bytes()) {
		t.Error("the event's text was changed")
	}
}
