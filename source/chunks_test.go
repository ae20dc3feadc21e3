package source

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tocsin-ids/tocsin/decode"
)

// chunk is a chunk of an EVTX file with a true header and noise for records.
func chunk(first uint64) []byte {
	b := make([]byte, chunkSize)
	copy(b, chunkMagic)
	binary.LittleEndian.PutUint64(b[8:], first)
	rng := rand.New(rand.NewPCG(first, 0))
	for i := 128; i < chunkSize; i += 8 {
		binary.LittleEndian.PutUint64(b[i:], rng.Uint64())
	}
	sum := crc32.Update(crc32.ChecksumIEEE(b[:120]), crc32.IEEETable, b[128:512])
	binary.LittleEndian.PutUint32(b[124:], sum)
	return b
}

func TestChunks(t *testing.T) {
	header := append([]byte("ElfFile\x00"), make([]byte, fileHeader-8)...)
	one, two, three := chunk(1), chunk(20), chunk(300)
	void := make([]byte, chunkSize)
	noise := bytes.Repeat([]byte("noise"), chunkSize)
	unmarked := bytes.Clone(two)
	copy(unmarked, "ElfGone\x00")
	// An event may hold what looks like a chunk, even a true one; and what only begins like one is none.
	quoting, claiming := bytes.Clone(one), bytes.Clone(one)
	copy(quoting[1000:], two[:2000])
	copy(claiming[1000:], chunkMagic)
	join := func(parts ...[]byte) string { return string(bytes.Join(parts, nil)) }
	for _, test := range []struct {
		name, data string
		want       []string // first record and bytes of each record, and offset
		faults     []string
	}{
		{"whole", join(header, one, two, three), []string{"1 65536 4096", "20 65536 69632", "300 65536 135168"}, nil},
		{"no header", join(one, two), []string{"1 65536 0", "20 65536 65536"}, nil},
		{"empty", join(header), nil, nil},
		{"slots not used yet", join(header, one, void, void, two, void), []string{"1 65536 4096", "20 65536 200704"}, nil},
		{"cut off", join(header, one, two[:5000]), []string{"1 65536 4096", "20 5000 69632"}, nil},
		{"bytes between", join(header, one, noise[:777], two, three), []string{"1 65536 4096", "20 65536 70409", "300 65536 135945"},
			[]string{"f: 777 bytes at offset 69632 are in no chunk (the file is damaged; the chunks after were read)"}},
		{"bytes lost", join(header, one, two[:4000], three, one), []string{"1 65536 4096", "20 4000 69632", "300 65536 73632", "1 65536 139168"}, nil},
		{"bytes lost from the front", join(header, one[300:], two, three), []string{"20 65536 69332", "300 65536 134868"},
			[]string{"f: 65236 bytes at offset 4096 are in no chunk (the file is damaged; the chunks after were read)"}},
		{"no chunk in its place", join(header, one, unmarked, three), []string{"1 65536 4096", "0 65536 69632", "300 65536 135168"}, nil},
		{"chunk quoted in an event", join(header, quoting, three), []string{"1 65536 4096", "300 65536 69632"}, nil},
		{"chunk quoted in the last", join(header, three, quoting), []string{"300 65536 4096", "1 65536 69632"}, nil},
		{"chunk claimed before noise", join(header, claiming, noise[:chunkSize], three), []string{"1 65536 4096", "0 65536 69632", "300 65536 135168"}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			blocks, faults := cutUp(t, decode.Chunks, strings.NewReader(test.data), 256<<10)
			var got []string
			for _, b := range blocks {
				got = append(got, fmt.Sprint(b.line, len(b.data), b.offset))
				if !strings.HasPrefix(test.data[b.offset:], b.data) {
					t.Errorf("record at %d is not what stands there", b.offset)
				}
			}
			if d := cmp.Diff(test.want, got); d != "" {
				t.Errorf("-want +got\n%s", d)
			}
			if d := cmp.Diff(test.faults, faults); d != "" {
				t.Errorf("faults: -want +got\n%s", d)
			}
		})
	}
}

func FuzzChunks(f *testing.F) {
	f.Add([]byte("ElfFile\x00"), uint16(0), uint16(0))
	f.Add([]byte("ElfChnk\x00"), uint16(500), uint16(100))
	f.Fuzz(func(t *testing.T, data []byte, at, lost uint16) {
		file := append(append(make([]byte, fileHeader), chunk(1)...), chunk(2)...)
		copy(file[min(int(at)*3, len(file)):], data)
		file = append(file[:int(at)], file[int(at)+int(lost):]...)
		blocks, _ := cutUp(t, decode.Chunks, bytes.NewReader(file), 256<<10)
		next := int64(0)
		for _, b := range blocks {
			if b.offset < next || len(b.data) > chunkSize || string(file[b.offset:b.offset+int64(len(b.data))]) != b.data {
				t.Fatalf("record at %d of %d bytes", b.offset, len(b.data))
			}
			next = b.offset + int64(len(b.data))
		}
	})
}

// TestRanges: which chunks hold record numbers that a chunk before had.
func TestRanges(t *testing.T) {
	for _, test := range []struct {
		name   string
		ranges [][2]int64
		want   []bool
	}{
		{"in order", [][2]int64{{1, 90}, {91, 180}, {181, 200}}, []bool{false, false, false}},
		{"wrapped", [][2]int64{{181, 200}, {1, 90}, {91, 180}, {201, 250}}, []bool{false, false, false, false}},
		{"a chunk twice", [][2]int64{{1, 90}, {91, 180}, {1, 90}}, []bool{false, false, true}},
		{"overlapping", [][2]int64{{1, 90}, {300, 400}, {80, 310}, {311, 311}, {500, 400}}, []bool{false, false, true, true, false}},
	} {
		var r ranges
		for i, x := range test.ranges {
			if got := r.add(x[0], x[1]); got != test.want[i] {
				t.Errorf("%s: %v after %v: %t", test.name, x, test.ranges[:i], got)
			}
		}
	}
}
