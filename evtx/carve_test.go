package evtx

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
	"strings"
	"testing"
)

// carved gives the records that Chunk gives, and those that Carve does, each as "id place user", with "!" if it is damaged.
func carved(r *Reader, chunk []byte) (live, remains []string) {
	say := func(rec *Record) string {
		user := ""
		for _, f := range rec.Fields {
			if f.Name == "SubjectUserName" || f.Name == "Data" && strings.Contains(f.Value, "user") {
				user = f.Name + "=" + f.Value
			}
		}
		s := fmt.Sprint(rec.ID, [...]string{" log ", " slack ", " record "}[rec.Place], user)
		if rec.Err != nil {
			s += " !"
		}
		return s
	}
	_ = r.Chunk(chunk, func(rec *Record) { live = append(live, say(rec)) })
	r.Carve(func(rec *Record) { remains = append(remains, say(rec)) })
	return live, remains
}

// users is a chunk with a record for each user, and where each begins.
func users(names ...string) (chunk []byte, at []int) {
	w := newBuilder()
	for i, n := range names {
		w.record(uint64(i+1), func() {
			at = append(at, w.start)
			w.event(4624, uint64(i+1), "logon", func() {
				w.element(true, "EventData", nil, func() {
					w.element(true, "Data", []attr{{"Name", "SubjectUserName"}}, func() { w.sub(0, false) })
				})
			}, val{kind: typeString, b: wide(n)})
		})
	}
	at = append(at, len(w.b))
	return w.done(), at
}

func TestCarve(t *testing.T) {
	put := func(b []byte, at int, v int) { binary.LittleEndian.PutUint32(b[at:], uint32(v)) }
	all := "[1 log SubjectUserName=user1 2 log SubjectUserName=user2 3 log SubjectUserName=user3 4 log SubjectUserName=user4]"
	for _, c := range []struct {
		name          string
		change        func(b []byte, at []int)
		live, remains string
	}{
		{"nothing deleted", func([]byte, []int) {}, all, "[]"},
		{"the last two behind free space", func(b []byte, at []int) { put(b, 48, at[2]) },
			"[1 log SubjectUserName=user1 2 log SubjectUserName=user2]", "[3 slack SubjectUserName=user3 4 slack SubjectUserName=user4]"},
		{"the whole log cleared", func(b []byte, at []int) { put(b, 48, at[0]) },
			"[]", "[1 slack SubjectUserName=user1 2 slack SubjectUserName=user2 3 slack SubjectUserName=user3 4 slack SubjectUserName=user4]"},
		{"one swallowed by the one before it", func(b []byte, at []int) { put(b, at[1]+4, at[3]-at[1]); put(b, at[3]-4, at[3]-at[1]) },
			"[1 log SubjectUserName=user1 2 log SubjectUserName=user2 4 log SubjectUserName=user4]", "[3 record SubjectUserName=user3]"},
		{"two swallowed", func(b []byte, at []int) { put(b, at[1]+4, at[4]-at[1]); put(b, at[4]-4, at[4]-at[1]) },
			"[1 log SubjectUserName=user1 2 log SubjectUserName=user2]", "[3 record SubjectUserName=user3 4 record SubjectUserName=user4]"},
		{"a copy of one that is there", func(b []byte, at []int) { copy(b[at[4]:], b[at[1]:at[2]]) }, all, "[]"},
		{"out of place", func(b []byte, at []int) { copy(b[at[4]+4:], b[at[1]:at[2]]); b[at[4]+12] = 9 }, all, "[]"},
		{"its end overwritten", func(b []byte, at []int) { put(b, 48, at[3]); b[at[4]-1] = 1 },
			"[1 log SubjectUserName=user1 2 log SubjectUserName=user2 3 log SubjectUserName=user3]", "[]"},
		{"the template of the data overwritten", func(b []byte, at []int) {
			put(b, 48, at[2])
			i := bytes.Index(b, []byte("logon\x00")) // its id
			copy(b[i:], "gone!")
		}, "[1 log SubjectUserName=user1 2 log SubjectUserName=user2]", "[3 slack Data=user3 ! 4 slack Data=user4 !]"},
		{"a name overwritten before its template was read", func(b []byte, at []int) {
			put(b, 48, at[0])
			i := bytes.Index(b, wide("EventData"))
			copy(b[i:], wide("Object"))
		}, "[]", "[1 slack  ! 2 slack Data=user2 ! 3 slack Data=user3 ! 4 slack Data=user4 !]"},
		{"no header", func(b []byte, at []int) { clear(b[:chunkHeaderSize]) }, all, "[]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			chunk, at := users("user1", "user2", "user3", "user4")
			c.change(chunk, at)
			var r Reader
			for range 2 {
				live, remains := carved(&r, chunk)
				if got := fmt.Sprint(live); got != c.live {
					t.Errorf("live %s, want %s", got, c.live)
				}
				if got := fmt.Sprint(remains); got != c.remains {
					t.Errorf("carved %s, want %s", got, c.remains)
				}
			}
			if live, _ := carved(&r, chunk); fmt.Sprint(live) != c.live {
				t.Errorf("after carving, live %s", live)
			}
		})
	}
	var r Reader
	r.Carve(func(*Record) { t.Error("a record of no chunk") })
	_ = r.Chunk(make([]byte, 100), func(*Record) {})
	r.Carve(func(*Record) { t.Error("a record of a hundred bytes") })
}

// Another template of the chunk with the same id serves where a record's own has been overwritten.
func TestCarveSameTemplate(t *testing.T) {
	chunk, at := users("user1", "user2", "user3", "user4")
	binary.LittleEndian.PutUint32(chunk[48:], uint32(at[3]))
	rec := chunk[at[3]:at[4]]
	def := binary.LittleEndian.AppendUint32(nil, uint32(bytes.Index(chunk, []byte("outer\x00"))-4))
	i := bytes.Index(rec, def)
	binary.LittleEndian.PutUint32(rec[i:], uint32(at[2])) // where no template is
	var r Reader
	if _, remains := carved(&r, chunk); fmt.Sprint(remains) != "[4 slack SubjectUserName=user4]" {
		t.Errorf("carved %v", remains)
	}
}

func FuzzCarve(f *testing.F) {
	chunk, at := users("user1", "user2", "user3")
	f.Add(chunk[:at[3]], uint16(at[1]))
	f.Add(sample().b, uint16(chunkHeaderSize))
	f.Fuzz(func(t *testing.T, b []byte, free uint16) {
		b = bytes.Clone(b)
		if len(b) >= chunkHeaderSize {
			copy(b, chunkMagic)
			binary.LittleEndian.PutUint32(b[48:], uint32(free))
		}
		var r Reader
		var said [2]uint64
		for i := range said {
			sum := fnv.New64a()
			there := map[int]bool{}
			fault := r.Chunk(b, func(rec *Record) { there[rec.Offset] = true })
			steps, size := 0, 0
			last := -1
			r.Carve(func(rec *Record) {
				if rec.Offset <= last || there[rec.Offset] || rec.Place == InLog {
					t.Fatalf("record at byte %d after %d, place %d", rec.Offset, last, rec.Place)
				}
				last = rec.Offset
				for _, f := range rec.Fields {
					size += len(f.Value)
					io.WriteString(sum, f.Name+"="+f.Value+"\n")
				}
				steps += len(rec.Fields)
				fmt.Fprintln(sum, rec.ID, rec.Offset, rec.Place, rec.Err)
			})
			if steps > 3*chunkSteps || size > 3*chunkArena {
				t.Fatalf("%d fields of %d bytes", steps, size)
			}
			fmt.Fprintln(sum, fault)
			said[i] = sum.Sum64()
		}
		if said[0] != said[1] {
			t.Error("what a reader had read before changes what it carves")
		}
	})
}
