package feed

import (
	"bytes"
	"strings"
	"testing"
)

// TestLines keeps every byte of text and every value of JSON.
func TestLines(t *testing.T) {
	for in, want := range map[string]string{
		"":                       "",
		"a":                      "a\n",
		"a\n":                    "a\n",
		"a\n\nb":                 "a\n\nb\n",
		"a\r\nb\r\n":             "a\r\nb\r\n",
		"{\"a\":\n1}":            "{\"a\":1}\n",
		"{\"a\":1}\n{\"b\":\n2}": "{\"a\":1}\n{\"b\":2}\n",
		"[\n1,\n2\n]\n":          "[1,2]\n",
		"[INFO] two\nlines":      "[INFO] two\nlines\n",
		"{\"a\":1}\nnot json":    "{\"a\":1}\nnot json\n",
		"{\"a\":1}\n]":           "{\"a\":1}\n]\n",
		"{\"s\":\"\\n <&>\"\n}":  "{\"s\":\"\\n <&>\"}\n",
	} {
		if got := string(AppendLines([]byte("before "), []byte(in))); got != "before "+want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// FuzzLines holds that what is handed on are whole lines with the same content.
func FuzzLines(f *testing.F) {
	f.Add([]byte("{\"a\":\n[1,2]}"))
	f.Add([]byte("text\n\nmore"))
	f.Fuzz(func(t *testing.T, in []byte) {
		out := AppendLines(nil, in)
		if len(in) > 0 && !bytes.HasSuffix(out, []byte("\n")) {
			t.Fatalf("%q", out)
		}
		bare := func(b []byte) string {
			return strings.NewReplacer(" ", "", "\t", "", "\r", "", "\n", "").Replace(string(b))
		}
		if bare(in) != bare(out) {
			t.Fatalf("%q became %q", in, out)
		}
	})
}
