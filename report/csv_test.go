package report

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCell(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"empty", "", ""},
		{"plain", `C:\Windows\x.exe -a`, `C:\Windows\x.exe -a`},
		{"comma and quote", `a,"b"`, `"a,""b"""`},
		{"formula", "=1+1", `"'=1+1"`},
		{"call", "@SUM(A1)", `"'@SUM(A1)"`},
		{"plus, minus", "-1", `"'-1"`},
		{"after blanks", "  =1", `"'  =1"`},
		{"after a quote", `"=1`, `"'""=1"`},
		{"after a tab", "\t=1", `"'\t=1"`},
		{"after a line break", "\r\n=1", `"'\r\n=1"`},
		{"full width", "＝1", `"'＝1"`},
		{"after a zero-width space", "\u200b=1", `"'\u200b=1"`},
		{"after a semicolon", "a; =1;b", `"a;' =1;b"`},
		{"an apostrophe of its own", "'=1", `"''=1"`},
		{"an apostrophe after a semicolon", "a;'b", `"a;''b"`},
		{"line breaks within", "a\r\nb\u2028c", `"a\r\nb\u2028c"`},
		{"escape sequence", "a\x1b[2Jb", `"a\x1b[2Jb"`},
		{"no UTF-8", "a\xffb", `"a\xffb"`},
		{"number", "0x10", "0x10"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var r csvRow
			r.cell(tt.in)
			if d := cmp.Diff(tt.want, string(r.b)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// undo takes the apostrophes away again, as the doc comment of CSV says.
func undo(cell string) string {
	var b strings.Builder
	for part := range strings.SplitAfterSeq(cell, ";") {
		b.WriteString(strings.TrimPrefix(part, "'"))
	}
	return b.String()
}

func FuzzCell(f *testing.F) {
	for _, s := range []string{"", evilTerminal, evilHTML, evilCell, evilJSON, "'", ";'=", " \"=1;;'", "a;\u200b-b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r := csvRow{}
		r.cells("x", s, "y")
		got, err := csv.NewReader(bytes.NewReader(append(r.end(), "1,2,3\n"...))).ReadAll()
		if err != nil || len(got) != 2 || len(got[0]) != 3 {
			t.Fatalf("%q: %q: %v", s, got, err)
		}
		cell := got[0][1]
		if undo(cell) != visible(s) {
			t.Fatalf("%q: %q cannot be undone", s, cell)
		}
		for part := range strings.SplitSeq(cell, ";") {
			if strings.IndexAny(strings.TrimLeft(part, " \""), "=+-@%|") == 0 {
				t.Fatalf("%q: %q begins a formula", s, part)
			}
		}
		for _, c := range cell {
			if hidden(c) {
				t.Fatalf("%q: %q holds %U", s, cell, c)
			}
		}
	})
}

func TestCSVReads(t *testing.T) {
	h := sampleHunt(60)
	var b bytes.Buffer
	if err := CSV(&b, h); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 62 || !strings.HasPrefix(rows[61][0], "The run ended before all was read: ") || rows[61][2] != "Partial Result" {
		t.Fatalf("%d rows, want 62 of which the last says that the run ended early: %q", len(rows), rows[len(rows)-1])
	}
	if d := cmp.Diff([]string{"message", "datetime", "timestamp_desc"}, rows[0][:3]); d != "" {
		t.Errorf("Timesketch's columns (-want +got):\n%s", d)
	}
	for i, row := range rows[1:] {
		if row[0] == "" || row[1] == "" || row[2] == "" {
			t.Errorf("row %d lacks what Timesketch needs: %q", i+1, row[:3])
		}
	}
	if got := rows[6][1:3]; got[1] != unknownTime {
		t.Errorf("a match without a time is at %q", got)
	}
}

func TestTimeline(t *testing.T) {
	for _, format := range []string{"jsonl", "csv", "text"} {
		t.Run(format, func(t *testing.T) {
			var b bytes.Buffer
			tl, err := NewTimeline(&b, format)
			if err != nil {
				t.Fatal(err)
			}
			for i := range 6 {
				if err := tl.Write(sampleMatch(i).Event); err != nil {
					t.Fatal(err)
				}
			}
			if err := tl.Flush(); err != nil {
				t.Fatal(err)
			}
			golden(t, "timeline."+format, b.Bytes())
		})
	}
	if _, err := NewTimeline(nil, "xml"); err == nil {
		t.Error("an unknown format was taken")
	}
}
