package actor

import (
	"math/rand/v2"
	"testing"
)

// TestWatch holds that how long a host was watched is the same whatever the order in which slots came and went.
func TestWatch(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 9))
	w := &watch{}
	for range 5000 {
		times := int32(1)
		if rng.IntN(3) == 0 {
			times = -1
		}
		w.note(rng.Int64N(40)*rng.Int64N(60), times)
		want := int64(min(1, len(w.in)))
		for i := 1; i < len(w.in); i++ {
			want += min(w.in[i]-w.in[i-1], silence)
		}
		if w.slots != want {
			t.Fatalf("%d slots of %v, want %d", w.slots, w.in, want)
		}
	}
}
