package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/tocsin-ids/tocsin"
)

// What several goroutines encode is what one pass over the matches gives, also where events and matches were put away; a
// write that fails ends it.
func TestEncode(t *testing.T) {
	path := write(t, t.TempDir(), "access.log", accessLog(20_000))
	line := func(b []byte, m *tocsin.Match) []byte {
		return fmt.Appendf(b, "%s %s %d %s %v %v\n", m.Time, m.Rule.Title, m.Event.Record, m.Event.Source, m.Held, m.Event.Fields)
	}
	for _, workers := range []int{1, 4} {
		found, _, err := Hunt(context.Background(), Input{Paths: []string{path}, Workers: workers, finds: 500, shelf: 1 << 16}, testSet(t), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = found.Close() }()
		var want, got []byte
		for m := range found.All(true) {
			want = line(want, m)
		}
		var fresh atomic.Int64
		err = found.Encode(true, func() func([]byte, *tocsin.Match) []byte { fresh.Add(1); return line }, func(b []byte) error {
			got = append(got, b...)
			return nil
		})
		if err != nil || !bytes.Equal(got, want) || len(want) == 0 || fresh.Load() != int64(workers) {
			t.Errorf("%d workers: %v, %d bytes of %d", workers, err, len(got), len(want))
		}
		full := errors.New("no space")
		writes := 0
		err = found.Encode(false, func() func([]byte, *tocsin.Match) []byte { return line }, func([]byte) error {
			if writes++; writes == 3 {
				return full
			}
			return nil
		})
		if err != full || writes != 3 {
			t.Errorf("%d workers: after %d writes: %v", workers, writes, err)
		}
	}
}
