package evtx

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// read gives the records of a chunk, one line a field, and its fault.
func read(r *Reader, chunk []byte) (records []string, err error) {
	err = r.Chunk(chunk, func(rec *Record) {
		var b strings.Builder
		fmt.Fprintf(&b, "%d %s %d %s %s %s\n", rec.ID, rec.Time.Format(time.RFC3339Nano), rec.EventID, rec.Provider, rec.Channel, rec.Computer)
		for _, f := range rec.Fields {
			name := f.Name
			if f.Plain != "" {
				name += "|" + f.Plain
			}
			fmt.Fprintf(&b, "%s=%s\n", name, f.Value)
		}
		if rec.Err != nil {
			fmt.Fprintf(&b, "! %v\n", rec.Err)
		}
		records = append(records, b.String())
	})
	return records, err
}

const system = `Provider_Name=Test-Provider
Provider_Guid={54849625-5478-4994-A5BA-3E3B0328C30D}
EventID=%d
TimeCreated_SystemTime=2022-06-18T04:26:40.1234567Z
EventRecordID=%d
Channel=Security
Computer=ws1.corp.example
Security_UserID=S-1-5-32-544
`

func TestRecords(t *testing.T) {
	want := []string{
		"1 2022-06-18T04:26:40.1234567Z 4624 Test-Provider Security ws1.corp.example\n" + fmt.Sprintf(system, 4624, 1) +
			"SubjectUserName=zoë \U0001f512\nProcess Name|ProcessName=a.exe\nLogonId=0x3e7\nEmpty=\nEventData_Channel=other\nList=a\nList=b\nList=\n",
		"2 2022-06-18T04:26:40.1234567Z 4624 Test-Provider Security ws1.corp.example\n" + fmt.Sprintf(system, 4624, 2) +
			"SubjectUserName=ann\nProcess Name|ProcessName=\nLogonId=\nEmpty=\nEventData_Channel=\nList=\n",
		"3 2022-06-18T04:26:40.1234567Z 104 Test-Provider Security ws1.corp.example\n" + fmt.Sprintf(system, 104, 3) +
			"User=a&b<-7\nmade up=true\nData=1\nData=258\n",
	}
	var r Reader
	for range 2 { // the second time with templates of the chunk before
		got, err := read(&r, sample().done())
		if err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
	if len(r.templates) != 3 {
		t.Errorf("%d templates kept of two equal chunks with 3", len(r.templates))
	}
}

func TestValues(t *testing.T) {
	for _, c := range []struct {
		kind byte
		b    []byte
		want string
	}{
		{typeString, wide("a\x00"), "a"},
		{typeString, []byte{0x3d, 0xd8, 'x', 0}, "\ufffdx"},
		{typeString, wide("0123456789ä"), "0123456789ä"},
		{typeInt8, []byte{0xff}, "-1"},
		{typeUint8, []byte{0xff}, "255"},
		{typeInt16, []byte{0xfe, 0xff}, "-2"},
		{typeUint32, le(4, 1<<32-1), "4294967295"},
		{typeInt64, le(8, 1<<64-3), "-3"},
		{typeFloat, le(4, 0x3fc00000), "1.5"},
		{typeDouble, le(8, 0x3ff8000000000000), "1.5"},
		{typeBool, le(4, 0), "false"},
		{typeBool, le(4, 0xff000000), "true"},
		{typeBinary, []byte{0xde, 0xad}, "DEAD"},
		{typeHex32, le(4, 0xc0000234), "0xc0000234"},
		{typeSize, le(8, 0x1f), "0x1f"},
		{typeUint32, []byte{1, 2}, "0102"}, // of a wrong size
		{typeFileTime, le(8, 0), "1601-01-01T00:00:00.0000000Z"},
		{typeFileTime, le(8, 1<<64-1), "60056-05-28T05:36:10.9551615Z"},
		{typeSystemTime, []byte{0xea, 7, 3, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8, 0}, "2026-03-04T05:06:07.008Z"},
		{typeSID, []byte{1, 0, 0, 0, 0, 0, 0, 0}, "S-1-0"},
		{typeSID, []byte{1, 9, 0, 0, 0, 0, 0, 5}, "0109000000000005"}, // more subauthorities than there are
		{typeNull, nil, ""},
	} {
		var r Reader
		if got := string(r.appendValue(nil, value{b: c.b, kind: c.kind})); got != c.want {
			t.Errorf("type %#02x of % x: %q, want %q", c.kind, c.b, got, c.want)
		}
	}
}

// ids of the records that are read, an exclamation mark behind damaged ones.
func ids(r *Reader, chunk []byte) (string, error) {
	var ids []string
	err := r.Chunk(chunk, func(rec *Record) {
		s := fmt.Sprint(rec.ID)
		if rec.Err != nil {
			s += "!"
		}
		ids = append(ids, s)
	})
	return strings.Join(ids, " "), err
}

func TestDamage(t *testing.T) {
	whole := sample()
	var offsets []int
	var sizes []int
	for pos := chunkHeaderSize; pos < len(whole.b); {
		n := int(binary.LittleEndian.Uint32(whole.b[pos+4:]))
		offsets, sizes = append(offsets, pos), append(sizes, n)
		pos += n
	}
	for _, c := range []struct {
		name   string
		damage func(b []byte) []byte
		want   string
		err    error
	}{
		{"none", func(b []byte) []byte { return b }, "1 2 3", nil},
		{"checksums", func(b []byte) []byte { b[52], b[124] = 1, 1; return b }, "1 2 3", nil},
		{"an unused chunk", func(b []byte) []byte { clear(b); return b }, "", nil},
		{"cut off behind the header", func(b []byte) []byte { return b[:chunkHeaderSize] }, "", ErrTruncated},
		{"cut off in the header", func(b []byte) []byte { return b[:99] }, "", ErrTruncated},
		{"cut off in the second record", func(b []byte) []byte { return b[:offsets[1]+50] }, "1", ErrTruncated},
		{"cut off between records", func(b []byte) []byte { return b[:offsets[1]] }, "1", ErrTruncated},
		{"cut off in free space", func(b []byte) []byte { return b[:len(whole.b)+9] }, "1 2 3", nil},
		{"no header", func(b []byte) []byte { clear(b[:chunkHeaderSize]); return b }, "1 2 3", ErrChunk},
		{"free space out of range", func(b []byte) []byte { binary.LittleEndian.PutUint32(b[48:], 1<<31); return b }, "1 2 3", ErrChunk},
		{"a hole for the second record", func(b []byte) []byte { clear(b[offsets[1] : offsets[1]+sizes[1]]); return b }, "1 3", ErrRecord},
		{"a size of zero", func(b []byte) []byte { clear(b[offsets[1]+4 : offsets[1]+8]); return b }, "1 3", ErrTruncated},
		{"the end of a record", func(b []byte) []byte { clear(b[offsets[1]+sizes[1]-4 : offsets[2]]); return b }, "1 2! 3", nil},
		{"a template", func(b []byte) []byte { b[offsets[0]+recordHeaderSize+14+24+4] = 0x3f; return b }, "1! 2! 3!", nil},
		// Deleted records have ids from before, and stand where free space is.
		{"remains behind the last record", func(b []byte) []byte {
			copy(b[len(whole.b):], b[offsets[1]:offsets[1]+sizes[1]])
			return b
		}, "1 2 3", nil},
		{"remains behind the last record, and no header", func(b []byte) []byte {
			copy(b[len(whole.b):], b[offsets[1]:offsets[1]+sizes[1]])
			clear(b[:chunkHeaderSize])
			return b
		}, "1 2 3", ErrChunk},
	} {
		t.Run(c.name, func(t *testing.T) {
			var r Reader
			got, err := ids(&r, c.damage(sample().done()))
			if got != c.want || !errors.Is(err, c.err) {
				t.Errorf("records %q, error %v; want %q, %v", got, err, c.want, c.err)
			}
		})
	}
}

// A chunk that is cut off, wherever, gives the records before the cut as they are, and says that it is cut off.
func TestCutAnywhere(t *testing.T) {
	chunk := sample().done()
	var r Reader
	all, err := read(&r, chunk)
	if err != nil || len(all) != 3 {
		t.Fatalf("%d records, %v", len(all), err)
	}
	free := int(binary.LittleEndian.Uint32(chunk[48:]))
	most := 0
	for n := 1; n < free; n++ {
		got, err := read(&r, chunk[:n])
		if err == nil {
			t.Fatalf("cut at %d: no error", n)
		}
		whole := 0
		for i, rec := range got {
			if rec == all[i] {
				whole++
			} else if i < len(got)-1 || !strings.Contains(rec, "! ") {
				t.Errorf("cut at %d: record %d is\n%s", n, i+1, rec)
			}
		}
		if whole < most {
			t.Errorf("cut at %d: %d records, fewer than of less", n, whole)
		}
		most = whole
	}
	if most != 2 {
		t.Errorf("%d records before the last byte, want 2", most)
	}
}

// Binary XML that is small and expands to much is cut off, fields so far kept.
func TestBounds(t *testing.T) {
	check := func(t *testing.T, w *builder) {
		t.Helper()
		var r Reader
		n := 0
		err := r.Chunk(w.done(), func(rec *Record) {
			n++
			if !errors.Is(rec.Err, ErrSize) {
				t.Errorf("error %v, want %v", rec.Err, ErrSize)
			}
		})
		if n != 1 || err != nil {
			t.Errorf("%d records, %v", n, err)
		}
		if len(r.arena) > 2*maxArena || len(r.rec.Fields) > 2*maxSteps {
			t.Errorf("%d bytes, %d fields", len(r.arena), len(r.rec.Fields))
		}
	}
	t.Run("one long value many times", func(t *testing.T) {
		w := newBuilder()
		w.record(1, func() {
			w.instance("long", func() {
				for range 2000 {
					w.element(true, "Data", nil, func() { w.sub(0, false) })
				}
			}, val{kind: typeBinary, b: make([]byte, 12000)})
		})
		check(t, w)
	})
	t.Run("binary XML in binary XML, each many times", func(t *testing.T) {
		w := newBuilder()
		var nest func(depth int)
		nest = func(depth int) {
			w.instance("nest", func() {
				w.element(true, "a", nil, func() {
					for range 64 {
						w.element(true, "b", nil, func() { w.sub(0, false) })
					}
				})
			}, val{kind: typeBinXML, xml: func() {
				if depth < 2*maxNesting {
					nest(depth + 1)
				}
			}})
		}
		w.record(1, func() { nest(0) })
		check(t, w)
	})
	t.Run("elements in elements", func(t *testing.T) {
		w := newBuilder()
		var open func(depth int)
		open = func(depth int) {
			w.element(true, "a", nil, func() {
				if depth < 2*maxDepth {
					open(depth + 1)
				}
			})
		}
		w.record(1, func() { w.instance("deep", func() { open(0) }) })
		check(t, w)
	})
	t.Run("arrays", func(t *testing.T) {
		w := newBuilder()
		w.record(1, func() {
			w.instance("array", func() {
				for range 10 {
					w.element(true, "Data", nil, func() { w.sub(0, false) })
				}
			}, val{kind: typeUint8 | typeArray, b: make([]byte, 10000)})
		})
		check(t, w)
	})
}

// What a chunk's records may expand to in all is bounded too.
func TestChunkBounds(t *testing.T) {
	w := newBuilder()
	for id := uint64(1); id <= 100; id++ {
		w.record(id, func() {
			w.instance("long", func() {
				for range 900 {
					w.element(true, "Data", nil, func() { w.sub(0, false) })
				}
			}, val{kind: typeBinary, b: make([]byte, 400)})
		})
	}
	var r Reader
	n, bytes := 0, 0
	r.Chunk(w.done(), func(rec *Record) {
		n++
		for _, f := range rec.Fields {
			bytes += len(f.Value)
		}
		if n == 100 && !errors.Is(rec.Err, ErrSize) {
			t.Errorf("the last record has error %v, want %v", rec.Err, ErrSize)
		}
	})
	if n != 100 || bytes > chunkArena+100*1000 {
		t.Errorf("%d records of %d bytes", n, bytes)
	}
}

// Binary XML outside of a template, as some writers have it.
func TestPlainXML(t *testing.T) {
	for _, dependency := range []bool{true, false} {
		w := newBuilder()
		w.record(7, func() {
			w.element(dependency, "Event", nil, func() {
				w.element(dependency, "System", nil, func() {
					w.element(dependency, "EventID", nil, func() { w.literal("12") })
				})
				w.element(dependency, "EventData", nil, func() {
					w.element(dependency, "Data", []attr{{"Name", "x"}}, func() { w.literal("y") })
				})
			})
		})
		var r Reader
		got, err := read(&r, w.done())
		want := []string{"7 2022-06-18T04:26:40Z 12   \nEventID=12\nx=y\n"}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("dependency %v: %v (-want +got)\n%s", dependency, err, diff)
		}
	}
}

func TestParseHeader(t *testing.T) {
	b := make([]byte, HeaderSize)
	if _, err := ParseHeader(b); !errors.Is(err, ErrHeader) {
		t.Errorf("error %v, want %v", err, ErrHeader)
	}
	copy(b, fileMagic)
	b[24], b[36], b[38], b[42], b[120] = 9, 1, 3, 2, 1
	got, err := ParseHeader(b)
	if want := (Header{NextRecord: 9, Minor: 1, Major: 3, Chunks: 2, Dirty: true}); got != want || err != nil {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
}

func FuzzChunk(f *testing.F) {
	f.Add(sample().b)
	f.Add(sample().done()[:2000])
	f.Fuzz(func(t *testing.T, b []byte) {
		// The header is made to vouch for what is there, so that the records are looked at.
		b = bytes.Clone(b)
		if len(b) >= chunkHeaderSize {
			copy(b, chunkMagic)
			binary.LittleEndian.PutUint32(b[48:], uint32(min(len(b), ChunkSize)))
		}
		var r Reader
		var said [2]uint64
		for i := range said {
			last := -1
			sum := fnv.New64a()
			err := r.Chunk(b, func(rec *Record) {
				if rec.Offset <= last {
					t.Fatal("records out of order")
				}
				last = rec.Offset
				n := 0
				for _, f := range rec.Fields {
					n += len(f.Value)
					io.WriteString(sum, f.Name+"="+f.Value+"\n")
				}
				if len(rec.Fields) > 3*maxSteps || n > 3*maxArena {
					t.Fatalf("%d fields of %d bytes", len(rec.Fields), n)
				}
				fmt.Fprintln(sum, rec.ID, rec.Offset, rec.Time, rec.Computer, rec.Channel, rec.Err)
			})
			fmt.Fprintln(sum, err)
			said[i] = sum.Sum64()
		}
		if said[0] != said[1] {
			t.Error("what a reader had read before changes what it reads")
		}
	})
}

func BenchmarkChunk(b *testing.B) {
	w := sample()
	for i := uint64(4); len(w.b) < 50000; i++ {
		w.record(i, func() { w.event(4624, i, "logon", nil, val{kind: typeString, b: wide("ann")}) })
	}
	chunk := w.done()
	var r Reader
	n := 0
	b.ReportAllocs()
	b.SetBytes(ChunkSize)
	for b.Loop() {
		n = 0
		if err := r.Chunk(chunk, func(*Record) { n++ }); err != nil {
			b.Fatal(err)
		}
	}
	if n != int(w.last) {
		b.Fatalf("%d records, want %d", n, w.last)
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "records/s")
}
