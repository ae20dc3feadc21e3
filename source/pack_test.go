package source

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"io"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
	"github.com/ulikunitz/xz/lzma"
)

// A member of an archive that a test builds.
type member struct{ name, data string }

var packed = time.Date(2026, 5, 17, 12, 0, 0, 0, time.UTC)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func gzipOf(t testing.TB, data string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.ModTime = packed
	_, err := w.Write([]byte(data))
	must(t, err)
	must(t, w.Close())
	return b.String()
}

func zstdOf(t testing.TB, data string) string {
	var b bytes.Buffer
	w, err := zstd.NewWriter(&b)
	must(t, err)
	_, err = w.Write([]byte(data))
	must(t, err)
	must(t, w.Close())
	return b.String()
}

func xzOf(t testing.TB, data string) string {
	var b bytes.Buffer
	w, err := xz.WriterConfig{DictCap: 1 << 16}.NewWriter(&b)
	must(t, err)
	_, err = w.Write([]byte(data))
	must(t, err)
	must(t, w.Close())
	return b.String()
}

const bzip2Base64 = "QlpoOTFBWSZTWS4hDSIAABhfgEAQUAv/sALCRAogAAAgIABUUAAABkBqJsKY1DJpo0aakJes0sIuxOOYcYiIIWM2IUer6aXETDQ+5t2m6wIcz3k0jYXY3IGFI998XckU4UJAuIQ0iA=="

// bzip2Line is line(1) packed by bzip2, which the standard library only unpacks.
func bzip2Line(t testing.TB) string {
	b, err := base64.StdEncoding.DecodeString(bzip2Base64)
	must(t, err)
	return string(b)
}

func tarOf(t testing.TB, members ...member) string {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, m := range members {
		must(t, w.WriteHeader(&tar.Header{Name: m.name, Size: int64(len(m.data)), Mode: 0o644, ModTime: packed}))
		_, err := w.Write([]byte(m.data))
		must(t, err)
	}
	must(t, w.Close())
	return b.String()
}

func zipOf(t testing.TB, members ...member) string {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, m := range members {
		f, err := w.CreateHeader(&zip.FileHeader{Name: m.name, Method: zip.Deflate, Modified: packed})
		must(t, err)
		_, err = f.Write([]byte(m.data))
		must(t, err)
	}
	must(t, w.Close())
	return b.String()
}

// sevenOf builds a 7z archive of stored members, each its own folder, whose header is packed by LZMA if asked for.
func sevenOf(t testing.TB, packHeader bool, members ...member) string {
	coder := sevenCopy
	if packHeader {
		coder = "\x03\x01\x01"
	}
	return sevenBy(t, coder, members...)
}

// sevenBy builds one whose header is packed by LZMA, LZMA2 or not at all.
func sevenBy(t testing.TB, coder string, members ...member) string {
	num := func(b []byte, n int) []byte { // as two bytes or one; enough here
		if n >= 0x80 {
			return append(b, 0x80|byte(n>>8), byte(n))
		}
		return append(b, byte(n))
	}
	var data []byte
	h := []byte{sevenIsHeader, sevenMainStreams, sevenPack, 0}
	h = num(h, len(members))
	h = append(h, sevenSize)
	for _, m := range members {
		h = num(h, len(m.data))
		data = append(data, m.data...)
	}
	h = append(h, sevenEnd, sevenUnpack, sevenFolderInfo)
	h = append(num(h, len(members)), 0)
	for range members {
		h = append(h, 1, 1, 0) // one coder, its id of one byte: copy
	}
	h = append(h, sevenUnpackSize)
	for _, m := range members {
		h = num(h, len(m.data))
	}
	h = append(h, sevenEnd, sevenSubStreams, sevenEnd, sevenEnd, sevenFiles)
	h = num(h, len(members))
	names := []byte{0}
	for _, m := range members {
		for _, c := range utf16.Encode([]rune(m.name + "\x00")) {
			names = binary.LittleEndian.AppendUint16(names, c)
		}
	}
	h = append(num(append(h, 0x11), len(names)), names...)
	h = append(h, sevenEnd, sevenEnd)
	if coder != sevenCopy {
		var b bytes.Buffer
		var w io.WriteCloser
		var err error
		if coder == sevenLZMA2 {
			w, err = lzma.Writer2Config{DictCap: 1 << 16}.NewWriter2(&b)
		} else {
			w, err = lzma.WriterConfig{DictCap: 1 << 16, Size: int64(len(h)), SizeInHeader: true}.NewWriter(&b)
		}
		must(t, err)
		_, err = w.Write(h)
		must(t, err)
		must(t, w.Close())
		lz, properties := b.Bytes(), []byte{8} // 2^16 as LZMA2 writes it
		if coder != sevenLZMA2 {
			lz, properties = lz[13:], lz[:5]
		}
		e := append([]byte{sevenEncoded, sevenPack}, num(nil, len(data))...)
		e = append(num(append(e, 1, sevenSize), len(lz)), sevenEnd, sevenUnpack, sevenFolderInfo, 1, 0, 1, 0x20|byte(len(coder)))
		e = append(append(append(e, coder...), byte(len(properties))), properties...)
		e = append(num(append(e, sevenUnpackSize), len(h)), sevenEnd, sevenEnd)
		data = append(data, lz...)
		h = e
	}
	return sevenFile(data, h)
}

// sevenFile puts a header behind packed data.
func sevenFile(data, header []byte) string {
	var start []byte
	start = binary.LittleEndian.AppendUint64(start, uint64(len(data)))
	start = binary.LittleEndian.AppendUint64(start, uint64(len(header)))
	start = binary.LittleEndian.AppendUint32(start, crc32.ChecksumIEEE(header))
	b := []byte("7z\xbc\xaf\x27\x1c\x00\x04")
	b = binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(start))
	b = append(append(append(b, start...), data...), header...)
	return string(b)
}
