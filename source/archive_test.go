package source

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tocsin-ids/tocsin"
)

// opened reads one file whose name says nothing.
func opened(t testing.TB, o Options, data string) *reading {
	t.Helper()
	dir := lay(t, map[string]string{"it": data})
	r := read(t, o, dir+"/it")
	short := &reading{data: map[string]string{}, skipped: map[string]string{}}
	for path, d := range r.data {
		short.data[strings.TrimPrefix(path, dir)] = d
	}
	for path, why := range r.skipped {
		short.skipped[strings.TrimPrefix(path, dir)] = why
	}
	for _, f := range r.faults {
		short.faults = append(short.faults, strings.TrimPrefix(f, dir))
	}
	if r.bytes != r.total {
		t.Errorf("progress of %d bytes, want %d", r.bytes, r.total)
	}
	return short
}

func TestPackedFiles(t *testing.T) {
	a, b := member{"a.log", line(1)}, member{"dir/b", line(2)}
	both := map[string]string{"/it!/a.log": a.data, "/it!/dir/b": b.data}
	one := map[string]string{"/it": a.data}
	var pipedZip bytes.Buffer
	pz := zip.NewWriter(&pipedZip)
	ph := &zip.FileHeader{Name: "-", Method: zip.Deflate, Modified: packed}
	ph.SetMode(fs.ModeNamedPipe | 0o600)
	pw, err := pz.CreateHeader(ph)
	must(t, err)
	_, err = pw.Write([]byte(a.data))
	must(t, err)
	must(t, pz.Close())
	for _, test := range []struct {
		name, data string
		want       map[string]string
	}{
		{"plain", a.data, one},
		{"gzip", gzipOf(t, a.data), one},
		{"two gzips in a row", gzipOf(t, a.data) + gzipOf(t, b.data), map[string]string{"/it": a.data + b.data}},
		{"zstd", zstdOf(t, a.data), one},
		{"zstd after a frame to be skipped", "\x50\x2a\x4d\x18\x03\x00\x00\x00abc" + zstdOf(t, a.data), one},
		{"xz", xzOf(t, a.data), one},
		{"two xz streams, padded", xzOf(t, a.data) + "\x00\x00\x00\x00" + xzOf(t, b.data), map[string]string{"/it": a.data + b.data}},
		{"bzip2", bzip2Line(t), one},
		{"gzip in zstd", zstdOf(t, gzipOf(t, a.data)), one},
		{"zip", zipOf(t, a, b), both},
		{"tar", tarOf(t, a, b), both},
		{"tar.gz", gzipOf(t, tarOf(t, a, b)), both},
		{"tar.xz", xzOf(t, tarOf(t, a, b)), both},
		{"tar.zst", zstdOf(t, tarOf(t, a, b)), both},
		{"7z", sevenOf(t, false, a, b), both},
		{"7z with a packed header", sevenOf(t, true, a, b), both},
		{"7z with a header packed by LZMA2", sevenBy(t, sevenLZMA2, a, b), both},
		{"zip of what came by a pipe", pipedZip.String(), map[string]string{"/it!/-": a.data}},
		{"gzip in zip", zipOf(t, member{"a.gz", gzipOf(t, a.data)}), map[string]string{"/it!/a.gz": a.data}},
		{"zip in tar.gz", gzipOf(t, tarOf(t, b, member{"in.zip", zipOf(t, a)})), map[string]string{"/it!/dir/b": b.data, "/it!/in.zip!/a.log": a.data}},
		{"7z in zip", zipOf(t, member{"in", sevenOf(t, true, a)}), map[string]string{"/it!/in!/a.log": a.data}},
		{"four archives", tarOf(t, member{"1", zipOf(t, member{"2", tarOf(t, member{"3", zipOf(t, a)})})}), map[string]string{"/it!/1!/2!/3!/a.log": a.data}},
		{"UTF-16 in zip", zipOf(t, member{"w", "\xff\xfe" + wide(a.data)}), map[string]string{"/it!/w": a.data}},
		{"UTF-8 with a mark", "\xef\xbb\xbf" + a.data, one},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := opened(t, Options{}, test.data)
			if d := cmp.Diff(test.want, got.data); d != "" || len(got.faults)+len(got.skipped) > 0 {
				t.Errorf("-want +got\n%s%v %v", d, got.faults, got.skipped)
			}
			r, err := New(Options{Stdin: strings.NewReader(test.data)})
			must(t, err)
			n := 0
			for _, u := range r.List([]string{"-"}, nil) {
				must(t, r.Open(u, Hooks{}, func(s *Stream) error {
					return s.Frames(func(rec *tocsin.Record) error {
						if n += len(rec.Data); rec.Ref.IsZero() {
							t.Error("no time to complete stamps by")
						}
						return nil
					})
				}))
			}
			want := 0
			for _, d := range test.want {
				want += len(d)
			}
			if n != want {
				t.Errorf("from standard input %d bytes, want %d", n, want)
			}
		})
	}
}

func wide(s string) string {
	var b []byte
	for i := range len(s) {
		b = append(b, s[i], 0)
	}
	return string(b)
}

func TestSpool(t *testing.T) {
	var b strings.Builder
	for i := range 3 * spoolMemory / 16 {
		fmt.Fprintf(&b, "%016x", i*7919) // does not pack well
	}
	junk := b.String()[:2*spoolMemory]
	got := opened(t, Options{}, tarOf(t, member{"big", sevenStored(t, member{"a.log", line(1)}, junk)}))
	if d := cmp.Diff(map[string]string{"/it!/big!/a.log": line(1)}, got.data); d != "" || len(got.faults) > 0 {
		t.Errorf("-want +got\n%s%v", d, got.faults)
	}
	left, _ := os.ReadDir(os.TempDir())
	for _, f := range left {
		if strings.HasPrefix(f.Name(), "tocsin-spool-") {
			t.Errorf("%s is left over", f.Name())
		}
	}
}

// sevenStored is an archive with data in it that belongs to nothing.
func sevenStored(t testing.TB, m member, junk string) string {
	s := sevenOf(t, false, m)
	return sevenFile([]byte(m.data+junk), []byte(s[32+len(m.data):]))
}

func TestModTimes(t *testing.T) {
	dir := lay(t, map[string]string{"it": zipOf(t, member{"a", line(1)}), "gz": gzipOf(t, line(1)), "old": zipOf(t, member{"a.tar", func() string {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		must(t, w.WriteHeader(&tar.Header{Name: "x", Size: 3, Mode: 0o600})) // 1970
		w.Write([]byte("abc"))
		must(t, w.Close())
		return b.String()
	}()})})
	for _, f := range []string{"it", "gz", "old"} {
		must(t, os.Chtimes(dir+"/"+f, packed.AddDate(1, 0, 0), packed.AddDate(1, 0, 0)))
	}
	r, err := New(Options{})
	must(t, err)
	for _, u := range r.List([]string{dir}, nil) {
		must(t, r.Open(u, Hooks{}, func(s *Stream) error {
			if !s.ModTime.Equal(packed) {
				t.Errorf("%s: %v, want %v", s.Path, s.ModTime, packed)
			}
			return nil
		}))
	}
}

func TestHostileNames(t *testing.T) {
	long := strings.Repeat("n", 5000)
	names := []string{"../../../../etc/passwd", "/etc/shadow", `..\..\windows\system32\x`, "a\x1b[31m\nb", "./a/../..", long}
	var members []member
	for i, n := range names {
		members = append(members, member{n, line(i)})
	}
	for kind, data := range map[string]string{"zip": zipOf(t, members...), "tar": tarOf(t, members...), "7z": sevenOf(t, false, members[:5]...)} {
		got := opened(t, Options{}, data)
		if want := len(names); len(got.data) != want && !(kind == "7z" && len(got.data) == want-1) {
			t.Errorf("%s: %q", kind, slices.Collect(maps.Keys(got.data)))
		}
		for path := range got.data {
			if !strings.HasPrefix(path, "/it!/") || len(path) > 1100 {
				t.Errorf("%s: %q", kind, path)
			}
		}
	}
}

func TestWhatIsSkipped(t *testing.T) {
	var links bytes.Buffer
	w := tar.NewWriter(&links)
	must(t, w.WriteHeader(&tar.Header{Name: "soft", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}))
	must(t, w.WriteHeader(&tar.Header{Name: "pipe", Typeflag: tar.TypeFifo}))
	must(t, w.WriteHeader(&tar.Header{Name: "disk", Typeflag: tar.TypeBlock}))
	must(t, w.WriteHeader(&tar.Header{Name: "dir/", Typeflag: tar.TypeDir, Mode: 0o755}))
	must(t, w.Close())
	locked := []byte(zipOf(t, member{"a", line(1)}))
	locked[6] |= 1 // general purpose flags, in both of its headers
	locked[bytes.Index(locked, []byte("PK\x01\x02"))+8] |= 1
	odd := []byte(zipOf(t, member{"a", line(1)}))
	odd[8] = 19
	odd[bytes.Index(odd, []byte("PK\x01\x02"))+10] = 19
	aes := sevenFile(nil, []byte{sevenEncoded, sevenPack, 0, 1, sevenSize, 1, sevenEnd, sevenUnpack, sevenFolderInfo, 1, 0, 1, 0x24, 6, 0xf1, 7, 1, 3, 0x7f, 0, 0, sevenUnpackSize, 1, sevenEnd, sevenEnd})
	five := line(1)
	for range 5 {
		five = tarOf(t, member{"t", five})
	}
	round := line(1)
	for range 5 {
		round = gzipOf(t, round)
	}
	for _, test := range []struct {
		name, data string
		want       map[string]string
	}{
		{"links and devices", links.String(), map[string]string{"/it!/soft": "not a regular file", "/it!/pipe": "a FIFO, which might never end", "/it!/disk": "a device"}},
		{"nothing inside", gzipOf(t, ""), map[string]string{"/it": "empty"}},
		{"white space", " \n\n", map[string]string{"/it": "nothing but white space"}},
		{"unknown", "\x00\x01\x02\x03binary\xff\x00\x00", map[string]string{"/it": "no known format (starts with 0001020362696e61)"}},
		{"text", "# Übersicht\nno log\n", map[string]string{"/it": "text, but no log of a known format"}},
		{"RAR", "Rar!\x1a\x07\x01\x00", map[string]string{"/it": "a RAR archive, which cannot be read"}},
		{"encrypted zip", string(locked), map[string]string{"/it!/a": "encrypted: no password fits (--archive-password WORD)"}},
		{"encrypted 7z", aes, map[string]string{"/it": "encrypted: its table of contents too; no password fits (--archive-password WORD)"}},
		{"odd method", string(odd), map[string]string{"/it!/a": "packed by method 19, which is not supported"}},
		{"too deep", five, map[string]string{"/it!/t!/t!/t!/t": "lies in 4 archives (if it can be trusted, raise --max-depth)"}},
		{"packed too often", round, map[string]string{"/it": "compressed 4 times (if it can be trusted, raise --max-depth)"}},
		{"gzip cut in its header", gzipOf(t, line(1))[:5], map[string]string{"/it": "not gzip after all: unexpected EOF"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := opened(t, Options{}, test.data)
			if d := cmp.Diff(test.want, got.skipped); d != "" || len(got.data)+len(got.faults) > 0 {
				t.Errorf("-want +got\n%s%v%v", d, got.data, got.faults)
			}
		})
	}
}

// TestMembersOfOneName: each member has a path of its own.
func TestMembersOfOneName(t *testing.T) {
	long := strings.Repeat("x", 2000)
	for _, test := range []struct {
		name, data string
		want       map[string]string
	}{
		{"tar that was added to", tarOf(t, member{"a", line(1)}, member{"./a", line(2)}, member{"a", line(3)}), map[string]string{"/it!/a": line(1), "/it!/a (2)": line(2), "/it!/a (3)": line(3)}},
		{"zip", zipOf(t, member{"a", line(1)}, member{"a", line(2)}), map[string]string{"/it!/a": line(1), "/it!/a (2)": line(2)}},
		{"a name like it", zipOf(t, member{"a", line(1)}, member{"a (2)", line(2)}, member{"a", line(3)}), map[string]string{"/it!/a": line(1), "/it!/a (2)": line(2), "/it!/a (2) (2)": line(3)}},
		{"long names", tarOf(t, member{long + "1", line(1)}, member{long + "2", line(2)}), map[string]string{"/it!/" + long[:1024] + "…": line(1), "/it!/" + long[:1024] + "… (2)": line(2)}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if d := cmp.Diff(test.want, opened(t, Options{}, test.data).data); d != "" {
				t.Errorf("-want +got\n%s", d)
			}
		})
	}
}

// TestAppleDouble: what macOS notes about a file is none, and what only is named so is one.
func TestAppleDouble(t *testing.T) {
	note := appleMagic + "\x00\x02\x00\x00Mac OS X        \x00\x02"
	a := member{"a.log", line(1)}
	for _, test := range []struct {
		name, data string
		want       map[string]string
		skipped    int
	}{
		{"zip of the Finder", zipOf(t, a, member{"__MACOSX/._a.log", note}), map[string]string{"/it!/a.log": a.data}, 0},
		{"tar", tarOf(t, member{"./._a.log", note}, a), map[string]string{"/it!/a.log": a.data}, 0},
		{"7z in zip", zipOf(t, member{"x.7z", sevenOf(t, true, member{"in/._b", note}, a)}), map[string]string{"/it!/x.7z!/a.log": a.data}, 0},
		{"a log of such a name", zipOf(t, member{"__MACOSX/._a.log", a.data}), map[string]string{"/it!/__MACOSX/._a.log": a.data}, 0},
		{"such bytes by another name", zipOf(t, a, member{"b.log", note}), map[string]string{"/it!/a.log": a.data}, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := opened(t, Options{}, test.data)
			if d := cmp.Diff(test.want, got.data); d != "" || len(got.faults) > 0 || len(got.skipped) != test.skipped {
				t.Errorf("-want +got\n%s%v %v", d, got.faults, got.skipped)
			}
		})
	}
}

// TestCutOff: what comes before the damage is read, and the damage told.
func TestCutOff(t *testing.T) {
	var b strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&b, "%d %s", i*i, line(i))
	}
	text := b.String()
	members := []member{{"a", text}, {"b", text}}
	for name, data := range map[string]string{
		"gzip": gzipOf(t, text), "zstd": zstdOf(t, text), "xz": xzOf(t, text),
		"tar": tarOf(t, members...), "tar.gz": gzipOf(t, tarOf(t, members...)), "zip": zipOf(t, members...),
	} {
		t.Run(name, func(t *testing.T) {
			got := opened(t, Options{}, data[:len(data)*4/5])
			n := 0
			for _, d := range got.data {
				n += len(d)
				if !strings.HasPrefix(text, d) {
					t.Error("not what was packed")
				}
			}
			if n < len(text)/2 || n >= 2*len(text) {
				t.Errorf("%d bytes read of %d", n, len(text))
			}
			if len(got.faults) == 0 || !strings.HasPrefix(got.faults[0], "/it") {
				t.Errorf("faults: %q", got.faults)
			}
		})
	}
	flipped := []byte(xzOf(t, text))
	flipped[len(flipped)/2] ^= 0x10
	if got := opened(t, Options{}, string(flipped)); len(got.faults)+len(got.skipped) != 1 {
		t.Errorf("damaged xz: %q %q", got.faults, got.skipped)
	}
}

func TestBombs(t *testing.T) {
	zeros := strings.Repeat(line(0), 1<<18)
	small := Limits{Size: 10 << 20}
	few := Limits{Members: 10}
	var many []member
	for i := range 20 {
		many = append(many, member{fmt.Sprint(i), line(i)})
	}
	nested := zipOf(t, member{"1.zip", zipOf(t, member{"a", zeros}, member{"b", zeros})}, member{"2.zip", zipOf(t, member{"a", zeros})})
	for _, test := range []struct {
		name   string
		limits Limits
		data   string
		want   string
	}{
		{"gzip", small, gzipOf(t, zeros), "/it: the rest is not read: decompresses to more than 10485760 bytes (if it can be trusted, raise --max-size)"},
		{"zip", small, zipOf(t, member{"a", zeros}), "/it!/a: the rest is not read: decompresses to more than 10485760 bytes (if it can be trusted, raise --max-size)"},
		{"zip in zip", small, nested, "/it!/1.zip!/a: the rest is not read: decompresses to more than 10485760 bytes (if it can be trusted, raise --max-size)"},
		{"members of tar", few, tarOf(t, many...), "/it: the rest is not read: has more than 10 members (if it can be trusted, raise --max-members)"},
		{"members of zip", few, zipOf(t, many...), "/it: the rest is not read: has more than 10 members (if it can be trusted, raise --max-members)"},
		{"members of 7z", few, sevenOf(t, false, many...), "/it: 7z: header announces 20 of something, more than 10 (if it can be trusted, raise --max-members)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := opened(t, Options{Limits: test.limits}, test.data)
			if d := cmp.Diff([]string{test.want}, got.faults); d != "" {
				t.Errorf("-want +got\n%s", d)
			}
			n := 0
			for _, d := range got.data {
				n += len(d)
			}
			if n > 11<<20 {
				t.Errorf("%d bytes read", n)
			}
		})
	}
}

func TestRatio(t *testing.T) {
	var b bytes.Buffer // a gigabyte of zeros, five times its size in zstd's blocks of one byte repeated
	b.WriteString("\x28\xb5\x2f\xfd\x00\x58")
	for range 8 << 10 {
		var h [4]byte
		binary.LittleEndian.PutUint32(h[:], 128<<10<<3|1<<1)
		b.Write(h[:3])
		b.WriteByte('a')
	}
	r, err := New(Options{Format: "text"})
	must(t, err)
	dir := lay(t, map[string]string{"it": b.String()})
	n := 0
	var faults []string
	for _, u := range r.List([]string{dir}, nil) {
		must(t, r.Open(u, Hooks{Fault: func(f *tocsin.Fault) { faults = append(faults, f.Err.Error()) }}, func(s *Stream) error {
			return s.Frames(func(rec *tocsin.Record) error { n += len(rec.Data); return nil })
		}))
	}
	if len(faults) == 0 || !strings.Contains(faults[len(faults)-1], "1000 times") {
		t.Errorf("%d bytes, %q", n, faults)
	}
}

// TestSevenHeaders: headers that announce what they do not hold, which would cost the library all memory.
func TestSevenHeaders(t *testing.T) {
	huge := []byte{0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0}
	num := append([]byte{0xf0}, 0xff, 0xff, 0xff, 0xff)
	for name, h := range map[string][]byte{
		"files":   append([]byte{sevenIsHeader, sevenFiles}, num...),
		"streams": append([]byte{sevenIsHeader, sevenMainStreams, sevenPack, 0}, num...),
		"folders": append([]byte{sevenIsHeader, sevenMainStreams, sevenUnpack, sevenFolderInfo}, num...),
		"outputs": append(append([]byte{sevenIsHeader, sevenMainStreams, sevenUnpack, sevenFolderInfo, 1, 0, 1, 0x11, 0, 1}, num...), huge...),
		"window":  {sevenIsHeader, sevenMainStreams, sevenUnpack, sevenFolderInfo, 1, 0, 1, 0x23, 3, 1, 1, 5, 0x5d, 0xff, 0xff, 0xff, 0xff},
		"window2": {sevenIsHeader, sevenMainStreams, sevenUnpack, sevenFolderInfo, 1, 0, 1, 0x21, 0x21, 1, 40},
		"nothing": {sevenIsHeader},
		"empty":   {},
	} {
		got := opened(t, Options{}, sevenFile(nil, h))
		if len(got.faults) != 1 {
			t.Errorf("%s: %q", name, got.faults)
		}
	}
}

func FuzzOpen(f *testing.F) {
	a := member{"a.log", line(1)}
	for _, s := range []string{gzipOf(f, a.data), zstdOf(f, a.data), xzOf(f, a.data), bzip2Line(f), zipOf(f, a, a), tarOf(f, a, a),
		sevenOf(f, false, a), sevenOf(f, true, a), gzipOf(f, tarOf(f, member{"z", zipOf(f, a)})), "\xff\xfe{\x00}\x00"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := New(Options{Stdin: bytes.NewReader(data), Limits: Limits{Size: 1 << 20, Members: 100}})
		must(t, err)
		total := int64(0)
		for _, u := range r.List([]string{"-"}, nil) {
			must(t, r.Open(u, Hooks{}, func(s *Stream) error {
				n, err := io.Copy(io.Discard, s.r)
				total += n
				_ = err
				return nil
			}))
		}
		if total > 2<<20+int64(len(data)) {
			t.Errorf("%d bytes of %d", total, len(data))
		}
	})
}
