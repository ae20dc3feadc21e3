package decode

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/evtx"
)

// An evtxRecord is a record to write.
type evtxRecord struct {
	header, id uint64 // as the record's header has it, and as its XML does
	at         time.Time
	channel    string
	user       string
}

// evtxChunk writes a chunk of records, whose XML is in no template, and gives where each of them begins.
func evtxChunk(records ...evtxRecord) (chunk []byte, at []int) {
	le := binary.LittleEndian
	b := make([]byte, 512, evtx.ChunkSize)
	wide := func(s string) []byte {
		var w []byte
		for _, u := range utf16.Encode([]rune(s)) {
			w = le.AppendUint16(w, u)
		}
		return w
	}
	element := func(name string, content func()) {
		w := wide(name)
		hash := uint32(0)
		for i := 0; i < len(w); i += 2 {
			hash = hash*65599 + uint32(le.Uint16(w[i:]))
		}
		b = append(b, 1, 0, 0, 0, 0)
		size := len(b)
		b = le.AppendUint32(b, uint32(len(b)+4))
		b = le.AppendUint32(b, 0)
		b = le.AppendUint16(b, uint16(hash))
		b = le.AppendUint16(b, uint16(len(w)/2))
		b = append(append(b, w...), 0, 0, 2)
		content()
		b = append(b, 4)
		le.PutUint32(b[size-4:], uint32(len(b)-size))
	}
	value := func(s string) func() {
		return func() {
			b = append(b, 5, 1)
			b = le.AppendUint16(b, uint16(len(wide(s))/2))
			b = append(b, wide(s)...)
		}
	}
	for _, r := range records {
		start := len(b)
		at = append(at, start)
		b = append(b, '*', '*', 0, 0, 0, 0, 0, 0)
		b = le.AppendUint64(b, r.header)
		b = le.AppendUint64(b, uint64(r.at.Unix()+11644473600)*1e7)
		b = append(b, 0x0f, 1, 1, 0)
		element("Event", func() {
			element("System", func() {
				element("EventID", value("4624"))
				element("EventRecordID", value(fmt.Sprint(r.id)))
				element("Channel", value(r.channel))
				element("Computer", value("ws1.corp.example"))
			})
			element("EventData", func() { element("TargetUserName", value(r.user)) })
		})
		b = append(b, 0)
		for len(b)%8 != 4 {
			b = append(b, 0)
		}
		b = le.AppendUint32(b, 0)
		le.PutUint32(b[start+4:], uint32(len(b)-start))
		le.PutUint32(b[len(b)-4:], uint32(len(b)-start))
	}
	at = append(at, len(b))
	copy(b, "ElfChnk\x00")
	le.PutUint32(b[48:], uint32(len(b)))
	return b[:evtx.ChunkSize], at
}

// Deleted records are read only where that is asked for, and each says that it is one.
func TestCarve(t *testing.T) {
	var records []evtxRecord
	for i := range uint64(4) {
		records = append(records, evtxRecord{i + 1, i + 1, time.Date(2026, 3, 4, 5, 6, int(i), 0, time.UTC), "Security", fmt.Sprint("user", i+1)})
	}
	cleared, at := evtxChunk(records...)
	binary.LittleEndian.PutUint32(cleared[48:], uint32(at[2]))
	hidden, at := evtxChunk(records...)
	binary.LittleEndian.PutUint32(hidden[at[1]+4:], uint32(at[3]-at[1]))
	binary.LittleEndian.PutUint32(hidden[at[3]-4:], uint32(at[3]-at[1]))
	unread, at := evtxChunk(records...)
	binary.LittleEndian.PutUint32(unread[48:], uint32(at[2]))
	clear(unread[at[2]+24 : at[3]-4]) // all of its XML
	for _, c := range []struct {
		name, want, carved string
		chunk              []byte
	}{
		{"cleared", "user1 user2", "user1 user2 user3/slack user4/slack", cleared},
		{"hidden", "user1 user2 user4", "user1 user2 user4 user3/within another record", hidden},
		{"of which nothing can be read", "user1 user2", "user1 user2 user4/slack fault", unread},
	} {
		for _, carve := range []bool{false, true} {
			f, _ := ByName("evtx")
			var got []string
			f.New(Options{Carve: carve}).Decode(&tocsin.Record{Source: "x", Data: c.chunk, Offset: evtx.HeaderSize}, func(ev *tocsin.Event) {
				s := strings.Clone(ev.Text("TargetUserName"))
				if from := ev.Text("Carved"); from != "" {
					s += "/" + from
				}
				if ev.Fault != nil {
					s = "fault"
					if !strings.Contains(ev.Fault.Error(), "remains of deleted records of which nothing can be read, 1 in the chunk at byte 4096") {
						t.Error(ev.Fault)
					}
				}
				got = append(got, s)
			})
			want := c.want
			if carve {
				want = c.carved
			}
			if s := strings.Join(got, " "); s != want {
				t.Errorf("%s, carve %v: %s, want %s", c.name, carve, s, want)
			}
		}
	}
}
