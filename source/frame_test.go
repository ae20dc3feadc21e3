package source

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/decode"
)

// cutUp cuts data in blocks of about so many bytes.
func cutUp(t testing.TB, cut decode.Cut, data io.Reader, block int) (blocks []record, faults []string) {
	t.Helper()
	r, err := New(Options{})
	must(t, err)
	r.block = block
	h := Hooks{
		Fault: func(f *tocsin.Fault) { faults = append(faults, f.Error()) },
		Skip:  func(f tocsin.File) { faults = append(faults, f.Path+" skipped: "+f.Skipped) },
	}
	s := &Stream{Path: "f", Format: decode.Format{Cut: cut}, r: data, from: r, hooks: &h}
	must(t, s.Frames(func(rec *tocsin.Record) error {
		blocks = append(blocks, record{rec.Line, rec.Offset, string(rec.Data)})
		for i := range rec.Data {
			rec.Data[i] = '!'
		}
		r.Release(rec)
		return nil
	}))
	return blocks, faults
}

// checkLines: blocks of lines are the text, whole lines each but the last, numbered right.
func checkLines(t *testing.T, text string, blocks []record) {
	t.Helper()
	at := 0
	for i, b := range blocks {
		if int64(at) != b.offset || !strings.HasPrefix(text[min(at, len(text)):], b.data) {
			t.Fatalf("block %d: not the text at %d (offset %d): %.60q", i, at, b.offset, b.data)
		}
		if want := int64(1 + strings.Count(text[:at], "\n")); b.line != want {
			t.Errorf("block %d: line %d, want %d", i, b.line, want)
		}
		at += len(b.data)
		if i < len(blocks)-1 && !strings.HasSuffix(b.data, "\n") {
			t.Errorf("block %d ends within a line", i)
		}
	}
	if at != len(text) {
		t.Errorf("%d bytes of %d", at, len(text))
	}
}

func TestLines(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var long strings.Builder
	for range 2000 {
		long.WriteString(strings.Repeat("x", rng.IntN(200)) + "\r\n"[rng.IntN(2):])
	}
	for _, text := range []string{"", "\n", "a", "a\n", "a\nb", "\n\n\n", "a\r\nb\r\n", strings.Repeat("a", 100), strings.Repeat("a", 100) + "\n" + strings.Repeat("b", 200), long.String()} {
		for _, block := range []int{1, 7, 64, 1000, 1 << 20} {
			for _, wrap := range []func(io.Reader) io.Reader{func(r io.Reader) io.Reader { return r }, iotest.OneByteReader, iotest.DataErrReader} {
				blocks, faults := cutUp(t, decode.Lines, wrap(strings.NewReader(text)), block)
				checkLines(t, text, blocks)
				if len(faults) > 0 {
					t.Error(faults)
				}
			}
		}
	}
}

// Where a stream is cut does not hang on the buffers that were used before.
func TestCutsDoNotHangOnBuffers(t *testing.T) {
	text := strings.Repeat("{\"a\":1}\n", 5000)
	for _, cut := range []decode.Cut{decode.Lines, decode.Values, decode.Bytes} {
		want, _ := cutUp(t, cut, strings.NewReader(text), 4096)
		r, err := New(Options{})
		must(t, err)
		r.block = 4096
		var got []record
		s := &Stream{Path: "f", Format: decode.Format{Cut: cut}, r: strings.NewReader(text), from: r, hooks: &Hooks{}}
		for range 8 {
			r.records.Put(&tocsin.Record{Data: make([]byte, 0, 3*r.block)})
		}
		must(t, s.Frames(func(rec *tocsin.Record) error {
			got = append(got, record{rec.Line, rec.Offset, string(rec.Data)})
			return nil
		}))
		if d := cmp.Diff(want, got, cmp.AllowUnexported(record{})); d != "" {
			t.Errorf("cut %d: -new buffers +used ones\n%.500s", cut, d)
		}
	}
}

func TestBytes(t *testing.T) {
	text := strings.Repeat("0123456789\n", 1000)
	blocks, faults := cutUp(t, decode.Bytes, iotest.HalfReader(strings.NewReader(text)), 64)
	at := 0
	for _, b := range blocks {
		if b.offset != int64(at) || b.line != int64(1+strings.Count(text[:at], "\n")) || len(b.data) > 64 || !strings.HasPrefix(text[at:], b.data) {
			t.Fatalf("block at %d, line %d: %q", b.offset, b.line, b.data)
		}
		at += len(b.data)
	}
	if at != len(text) || len(faults) > 0 {
		t.Errorf("%d bytes, %q", at, faults)
	}
}

func TestLongLines(t *testing.T) {
	long := strings.Repeat("x", maxLine+10)
	blocks, faults := cutUp(t, decode.Lines, strings.NewReader("a\nb\n"+long+"x\nc\n"+long[:maxLine-1]+"\nd"), 1<<16)
	var lines []string
	for _, b := range blocks {
		n := b.line
		for l := range strings.Lines(b.data) {
			lines = append(lines, fmt.Sprint(n, " ", len(l), " ", l[:1]))
			n++
		}
	}
	if d := cmp.Diff([]string{"1 2 a", "2 2 b", "4 2 c", fmt.Sprint("5 ", maxLine, " x"), "6 1 d"}, lines); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
	if d := cmp.Diff([]string{"f:3: a line of more than 16777216 bytes is not read (what comes after it was read)"}, faults); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
	last := blocks[len(blocks)-1]
	if want := int64(4 + len(long) + 2 + 2 + maxLine + 1); last.offset+int64(len(last.data)) != want {
		t.Errorf("ends at %d, want %d", last.offset+int64(len(last.data)), want)
	}
	if _, faults = cutUp(t, decode.Lines, strings.NewReader("a\n"+long), 1<<16); len(faults) != 1 {
		t.Errorf("%q", faults)
	}
}

func TestWhole(t *testing.T) {
	text := strings.Repeat("0123456789", 1000)
	blocks, faults := cutUp(t, decode.Whole, strings.NewReader(text), 64)
	if len(blocks) != 1 || blocks[0] != (record{1, 0, text}) || len(faults) > 0 {
		t.Errorf("%d blocks, %q", len(blocks), faults)
	}
	r, err := New(Options{Limits: Limits{Whole: 1000}})
	must(t, err)
	r.block = 64
	why := ""
	h := Hooks{Skip: func(f tocsin.File) { why = f.Skipped }}
	s := &Stream{Path: "f", Format: decode.Format{Cut: decode.Whole}, r: strings.NewReader(text), from: r, hooks: &h}
	must(t, s.Frames(func(*tocsin.Record) error { t.Error("a record"); return nil }))
	if why != "larger than 1000 bytes, and of a format that must be held in memory (raise --max-whole)" {
		t.Errorf("skipped: %q", why)
	}
}

func TestReadErrors(t *testing.T) {
	for _, cut := range []decode.Cut{decode.Lines, decode.Ordered, decode.Values, decode.OrderedValues, decode.Whole} {
		data := "{\"a\":1}\n{\"a\":2}\n"
		blocks, faults := cutUp(t, cut, io.MultiReader(strings.NewReader(data), iotest.ErrReader(io.ErrUnexpectedEOF)), 1000)
		if len(blocks) != 1 || blocks[0].data != data {
			t.Errorf("cut %d: %v", cut, blocks)
		}
		if len(faults) != 1 || !strings.Contains(faults[0], "not read to its end: unexpected EOF") {
			t.Errorf("cut %d: %q", cut, faults)
		}
	}
}

func TestStop(t *testing.T) {
	stop := fmt.Errorf("enough")
	for _, cut := range []decode.Cut{decode.Lines, decode.Values, decode.OrderedValues, decode.Whole, decode.Chunks} {
		r, err := New(Options{})
		must(t, err)
		r.block = 16
		s := &Stream{Path: "f", Format: decode.Format{Cut: cut}, r: strings.NewReader(strings.Repeat("{\"a\":1}\n", 100_000)), from: r, hooks: &Hooks{}}
		n := 0
		if err := s.Frames(func(*tocsin.Record) error { n++; return stop }); err != stop || n != 1 {
			t.Errorf("cut %d: %v after %d records", cut, err, n)
		}
	}
}

// objects are what a decoder finds in blocks, each after its line number.
func objectsOf(t testing.TB, blocks []record) (all []string) {
	t.Helper()
	for _, b := range blocks {
		data := []byte(b.data)
		for i, c := range data {
			if c < ' ' && c != '\t' && c != '\r' && c != '\n' { // which cutter and decoder take for white space
				data[i] = ' '
			}
		}
		rest := string(data)
		line := b.line
		for {
			trimmed := strings.TrimLeft(rest, " \t\r\n,")
			line += int64(strings.Count(rest[:len(rest)-len(trimmed)], "\n"))
			if rest = trimmed; rest == "" {
				break
			}
			d := json.NewDecoder(strings.NewReader(rest))
			var raw json.RawMessage
			if err := d.Decode(&raw); err != nil {
				end := strings.IndexByte(rest, '\n') + 1
				if end == 0 {
					end = len(rest)
				}
				all = append(all, fmt.Sprintf("%d broken %s", line, strings.TrimSpace(rest[:end])))
				line += int64(strings.Count(rest[:end], "\n"))
				rest = rest[end:]
				continue
			}
			var b bytes.Buffer
			json.Compact(&b, raw)
			all = append(all, fmt.Sprintf("%d %s", line, b.String()))
			line += int64(strings.Count(rest[:d.InputOffset()], "\n"))
			rest = rest[d.InputOffset():]
		}
	}
	return all
}

func TestValues(t *testing.T) {
	for _, test := range []struct {
		name, data string
		want       []string
		faults     []string
	}{
		{name: "lines", data: "{\"a\":1}\n{\"a\":2}\r\n\n{\"a\":\"}\\\"{\"}\n", want: []string{`1 {"a":1}`, `2 {"a":2}`, `4 {"a":"}\"{"}`}},
		{name: "no last newline", data: "{\"a\":1}\n{\"a\":2}", want: []string{`1 {"a":1}`, `2 {"a":2}`}},
		{name: "one after another", data: `{"a":1}{"a":2} {"a":3},{"a":4}`, want: []string{`1 {"a":1}`, `1 {"a":2}`, `1 {"a":3}`, `1 {"a":4}`}},
		{name: "record separators", data: "\x1e{\"a\":1}\n\x1e{\"a\":2}\n", want: []string{`1 {"a":1}`, `2 {"a":2}`}},
		{name: "pretty", data: "{\n  \"a\": [\n    {\"b\": 1}\n  ]\n}\n{\n  \"a\": 2\n}\n", want: []string{`1 {"a":[{"b":1}]}`, `6 {"a":2}`}},
		{name: "array", data: "[{\"a\":1},{\"a\":2}]", want: []string{`1 {"a":1}`, `1 {"a":2}`}},
		{name: "array of lines", data: "[\n{\"a\":[{}]},\n{\"a\":2}\n]\n", want: []string{`2 {"a":[{}]}`, `3 {"a":2}`}},
		{name: "pretty array", data: "[\n  {\n    \"a\": 1\n  },\n  {\n    \"a\": 2\n  }\n]\n", want: []string{`2 {"a":1}`, `5 {"a":2}`}},
		{name: "arrays in lines", data: "[{\"a\":1}]\n[{\"a\":2},{\"a\":3}]\n[]\n{\"a\":4}\n", want: []string{`1 {"a":1}`, `2 {"a":2}`, `2 {"a":3}`, `4 {"a":4}`}},
		{name: "arrays in an array", data: "[[{\"a\":1}],\n[{\"a\":2}]]\n", want: []string{`1 {"a":1}`, `2 {"a":2}`}},
		{name: "Records", data: `{"Records":[{"a":1},{"a":2}]}`, want: []string{`1 {"a":1}`, `1 {"a":2}`}},
		{name: "Records in lines", data: "{\"Records\":[{\"a\":1}]}\n{\"Records\":[]}\n{\"Records\":[{\"a\":2}]}\n", want: []string{`1 {"a":1}`, `3 {"a":2}`}},
		{name: "OData", data: "{\"@odata.context\":\"x\",\"value\":[\n{\"a\":1},\n{\"a\":2}],\"@odata.nextLink\":\"y\"}\n", want: []string{`2 {"a":1}`, `3 {"a":2}`}},
		{name: "Kubernetes list", data: "{\n\"kind\":\"EventList\",\n\"apiVersion\":\"audit.k8s.io/v1\",\n\"metadata\":{\"x\":[1]},\n\"items\":[\n{\"kind\":\"Event\"}\n]}\n", want: []string{`6 {"kind":"Event"}`}},
		{name: "two arrays", data: `{"events":[{"a":1}],"data":[{"b":1}]}`, want: []string{`1 {"a":1}`, `1 {"b":1}`}},
		{name: "wrapper in array", data: `[{"Records":[{"a":1}]},{"a":2}]`, want: []string{`1 {"a":1}`, `1 {"a":2}`}},
		{name: "a record with an array of that name", data: `{"actor":"x","events":[{"a":1}]}` + "\n" + `{"events":[{"a":1}],"actor":"x"}` + "\n", want: []string{`1 {"actor":"x","events":[{"a":1}]}`, `2 {"events":[{"a":1}],"actor":"x"}`}},
		{name: "records in a wrapper with such an array", data: `{"items":[{"kind":"x","events":[{"a":1}]}]}`, want: []string{`1 {"kind":"x","events":[{"a":1}]}`}},
		{name: "an array of something else", data: `{"data":["a","b"]}` + "\n" + `{"data":[]}` + "\n", want: []string{`1 {"data":["a","b"]}`}},
		{name: "text between lines", data: "starting\n{\"a\":1}\n[Mon] said\n{\"a\":2}\n", want: []string{`1 broken starting`, `2 {"a":1}`, `3 broken [Mon] said`, `4 {"a":2}`}},
		{name: "cut off line", data: "{\"a\":1}\n{\"a\":2,\"b\":\"x\n{\"a\":3}\n", want: []string{`1 {"a":1}`, `2 broken {"a":2,"b":"x`, `3 {"a":3}`}},
		{name: "cut off between values", data: "{\"a\":{\"b\":1},\n{\"a\":3}\n{\"a\":4}\n", want: []string{`1 broken {"a":{"b":1},`, `2 {"a":3}`, `3 {"a":4}`}},
		{name: "cut off at the end", data: "{\"a\":1}\n{\"a\":2", want: []string{`1 {"a":1}`, `2 broken {"a":2`}},
		{name: "closed too often", data: "{\"a\":1}}\n{\"a\":2}\n]\n{\"a\":3}", want: []string{`1 {"a":1}`, `1 broken }`, `2 {"a":2}`, `3 broken ]`, `4 {"a":3}`}},
		{name: "broken pretty value", data: "{\n  \"a\": 1,\n  \"b\"\n    {\n    }\n  ]\n{\n  \"a\": 2\n}\n", want: []string{`1 broken {`, `7 {"a":2}`},
			faults: []string{"f:6: JSON: 5 lines that belong to a broken value are not read (they end at this line; what comes after was read)"}},
		{name: "broken last value of an array", data: "[\n  {\"a\":1},\n  {\"a\":\n  }\n]\n{\"a\":3}", want: []string{`2 {"a":1}`, `3 broken {"a":`, `6 {"a":3}`},
			faults: []string{"f:4: JSON: 1 lines that belong to a broken value are not read (they end at this line; what comes after was read)"}},
		{name: "array cut off", data: "[{\"a\":1},\n{\"a\":2},\n", want: []string{`1 {"a":1}`, `2 {"a":2}`}, faults: []string{"f:3: JSON: ends before its outer array or object is closed (the file is cut off; what comes before was read)"}},
		{name: "wrapper cut off", data: "{\"Records\":[{\"a\":1},{\"a\"", want: []string{`1 {"a":1}`, `1 broken {"a"`}, faults: []string{"f:1: JSON: ends before its outer array or object is closed (the file is cut off; what comes before was read)"}},
		{name: "wrapper that is none after all", data: "{\"value\":[{\"a\":1}] oops\n{\"a\":2}\n", want: []string{`1 {"a":1}`, `1 broken oops`, `2 {"a":2}`}},
		{name: "holes", data: "{\"a\":1}\n\x00\x00\x00\x00{\"a\":2}\n", want: []string{`1 {"a":1}`, `2 {"a":2}`}},
		{name: "deep", data: strings.Repeat("[", 20) + `{"a":1}` + strings.Repeat("]", 20), want: []string{`1 [[[[{"a":1}]]]]`}},
		{name: "nothing", data: " \n "},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, block := range []int{1, 5, 16, 50, 1000} {
				blocks, faults := cutUp(t, decode.Values, strings.NewReader(test.data), block)
				if d := cmp.Diff(test.want, objectsOf(t, blocks)); d != "" {
					t.Errorf("blocks of %d: -want +got\n%s", block, d)
				}
				if d := cmp.Diff(test.faults, faults); d != "" {
					t.Errorf("blocks of %d: faults: -want +got\n%s", block, d)
				}
			}
		})
	}
}

func TestLongValues(t *testing.T) {
	long := `{"a":"` + strings.Repeat("x", maxValue) + `"}`
	fits := `{"a":"` + strings.Repeat("x", maxValue/4) + `"}`
	blocks, faults := cutUp(t, decode.Values, strings.NewReader("{\"a\":1}\n"+long+"\n"+fits+"\n{\"a\":2}\n"), 1<<18)
	size := 0
	for _, b := range blocks {
		size += len(b.data)
	}
	if last := blocks[len(blocks)-1]; size > len(fits)+100 || size < len(fits) || !strings.HasSuffix(last.data, "{\"a\":2}\n") {
		t.Errorf("%d bytes in %d blocks", size, len(blocks))
	}
	if d := cmp.Diff([]string{"f:2: a JSON value of more than 67108864 bytes is not read (what comes after it was read)"}, faults); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
	got := objectsOf(t, blocks[len(blocks)-1:])
	if got[len(got)-1] != `4 {"a":2}` {
		t.Errorf("%.80q", got)
	}
}

func TestUTF16(t *testing.T) {
	text := strings.Repeat("Grüße, 世界 🌍\r\n", 10_000)
	for _, mark := range []string{"\ufeff", ""} {
		var le, be []byte
		ascii := "<?xml version"
		for _, c := range utf16.Encode([]rune(mark + ascii + text)) {
			le = append(le, byte(c), byte(c>>8))
			be = append(be, byte(c>>8), byte(c))
		}
		for name, b := range map[string][]byte{"little endian": le, "big endian": be} {
			for _, wrap := range []func(io.Reader) io.Reader{func(r io.Reader) io.Reader { return r }, iotest.OneByteReader, iotest.HalfReader} {
				got, err := io.ReadAll(&utf16Reader{r: wrap(bytes.NewReader(b)), order: utf16Order(b)})
				if err != nil || string(got) != ascii+text {
					t.Errorf("%s, mark %q: %v, %.60q", name, mark, err, got)
				}
			}
		}
	}
	for _, no := range []string{"", "a", "\xff\xfe\x00\x00a\x00\x00\x00", "plain text, long enough", "\x02\x00\x00\x00\x01\x00\x00\x00~\x00\x00\x00tty1", "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"} {
		if utf16Order([]byte(no)) != nil {
			t.Errorf("%q taken for UTF-16", no)
		}
	}
	for in, want := range map[string]string{"\x00\xd8": "\ufffd", "\x00\xd8a\x00": "\ufffda", "\x00\xdca\x00": "\ufffda", "a\x00b": "a\ufffd", "\x3d\xd8\x0d\xde": "😍"} {
		got, _ := io.ReadAll(iotest.OneByteReader(&utf16Reader{r: strings.NewReader(in), order: utf16Order([]byte("\xff\xfe"))}))
		if string(got) != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func FuzzLines(f *testing.F) {
	f.Add("a\nbb\r\n\nccc", 3)
	f.Fuzz(func(t *testing.T, text string, block int) {
		blocks, faults := cutUp(t, decode.Lines, strings.NewReader(text), 1+block&0xff)
		checkLines(t, text, blocks)
		if len(faults) > 0 {
			t.Error(faults)
		}
	})
}

// FuzzValues: the size of blocks changes nothing, and of objects one after the other, none is lost or changed.
func FuzzValues(f *testing.F) {
	for _, s := range []string{"{\"a\":1}\n{\"a\":[{}]}", "[{\"a\":1},{\"b\":{\"c\":\"\\\"}\"}}]", `{"kind":"x","items":[{"a":1}],"count":1}`, "{\n \"a\":\n\n{\n{}", "x\n{}\n[1]\n]}"} {
		f.Add(s, 7)
	}
	f.Fuzz(func(t *testing.T, text string, block int) {
		one, faults := cutUp(t, decode.Values, strings.NewReader(text), 1<<20)
		want := objectsOf(t, one)
		if strings.Contains(text, "\n") && !json.Valid([]byte(text)) && strings.Contains(text, "\"") {
			want = nil // a line's end within a string is no JSON, and where it is taken for one may depend on the block
		}
		many, faults2 := cutUp(t, decode.Values, strings.NewReader(text), 1+block&0xff)
		if got := objectsOf(t, many); want != nil {
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("blocks: -one +many\n%s", d)
			}
			if d := cmp.Diff(faults, faults2); d != "" {
				t.Errorf("faults: -one +many\n%s", d)
			}
		}
		var plain []string
		d := json.NewDecoder(strings.NewReader(text))
		for {
			var m map[string]json.RawMessage
			var raw json.RawMessage
			if err := d.Decode(&raw); err == io.EOF {
				break
			} else if err != nil || json.Unmarshal(raw, &m) != nil || m == nil {
				return
			}
			for name := range m {
				if wraps([]byte(name)) {
					return
				}
			}
			var b bytes.Buffer
			json.Compact(&b, raw)
			plain = append(plain, b.String())
		}
		got := objectsOf(t, many)
		for i := range got {
			_, got[i], _ = strings.Cut(got[i], " ")
		}
		if d := cmp.Diff(plain, got); d != "" {
			t.Errorf("objects: -want +got\n%s", d)
		}
	})
}

func FuzzUTF16(f *testing.F) {
	f.Add([]byte("a\x00b\x00\x3d\xd8\x0d\xde"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var units []uint16
		for i := 0; i+2 <= len(data); i += 2 {
			units = append(units, uint16(data[i])|uint16(data[i+1])<<8)
		}
		want := strings.TrimPrefix(string(utf16.Decode(units)), "\ufeff")
		if len(data)%2 == 1 {
			want += "\ufffd"
		}
		got, err := io.ReadAll(iotest.HalfReader(&utf16Reader{r: iotest.HalfReader(bytes.NewReader(data)), order: utf16Order([]byte("\xff\xfe"))}))
		if err != nil || string(got) != want {
			t.Errorf("%q, %v, want %q", got, err, want)
		}
	})
}
