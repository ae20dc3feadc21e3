// Package feedtest runs sources in tests.
package feedtest

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin/feed"
)

// A Sink keeps what it is given.
type Sink struct {
	Block chan struct{} // not nil: Put waits for it
	Late  chan struct{} // not nil: closed when Put begins to wait

	once sync.Once
	mu   sync.Mutex
	all  []*feed.Batch
}

// Put keeps a batch.
func (k *Sink) Put(ctx context.Context, b *feed.Batch) error {
	if k.Block != nil {
		k.once.Do(func() {
			if k.Late != nil {
				close(k.Late)
			}
		})
		select {
		case <-k.Block:
		case <-ctx.Done():
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.all = append(k.all, b)
	return nil
}

// Batches are those that were put.
func (k *Sink) Batches() []*feed.Batch {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.all)
}

// Lines are those of all batches.
func (k *Sink) Lines() []string { return Lines(k.Batches()) }

// Cursors are what a run would have committed.
func (k *Sink) Cursors() map[string]string { return Cursors(k.Batches()) }

// Lines are those of batches, as "NUMBER TEXT".
func Lines(batches []*feed.Batch) (all []string) {
	for _, b := range batches {
		n := b.Line
		for line := range bytes.Lines(b.Data) {
			all = append(all, fmt.Sprintf("%d %s", n, bytes.TrimSuffix(line, []byte{'\n'})))
			n++
		}
	}
	return all
}

// Cursors are the last ones of batches.
func Cursors(batches []*feed.Batch) map[string]string {
	all := map[string]string{}
	for _, b := range batches {
		if all[b.Origin.ID] = b.Cursor; b.End {
			delete(all, b.Origin.ID)
		}
	}
	return all
}

// Start runs a source until it is stopped, which waits for its end; ready is closed when it is.
func Start(t testing.TB, s feed.Source, cursors map[string]string, sink feed.Sink) (stop func(), ready <-chan struct{}) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done, begun := make(chan error, 1), make(chan struct{})
	go func() { done <- s.Run(ctx, maps.Clone(cursors), sink, func() { close(begun) }) }()
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("Run: %v", err)
			}
		case <-time.After(10 * time.Second):
			t.Error("Run does not end")
		}
	})
	t.Cleanup(stop)
	return stop, begun
}

// Run is Start, and returns when the source is ready.
func Run(t testing.TB, s feed.Source, cursors map[string]string, sink feed.Sink) (stop func()) {
	t.Helper()
	stop, ready := Start(t, s, cursors, sink)
	select {
	case <-ready:
	case <-time.After(15 * time.Second):
		t.Fatal("not ready")
	}
	return stop
}

// Until waits until something is so.
func Until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(15 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// Count waits until a list has so many, and not more.
func Count(t testing.TB, n int, list func() []string) []string {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if all := list(); len(all) >= n || time.Now().After(end) {
			if len(all) != n {
				t.Fatalf("%d, want %d: %.2000q", len(all), n, all)
			}
			return all
		}
	}
}
