package engine

import (
	"sync"

	"github.com/tocsin-ids/tocsin"
)

// encodeBatch is how many matches a worker encodes at a time.
const encodeBatch = 128

// A batch is matches on their way through Encode.
type batch struct {
	finds []find
	text  []byte
	done  chan struct{}
}

// Encode goes through the matches as All does, and has them encoded by as many goroutines as the hunt had workers, each by a
// function of its own that fresh makes. The texts are given to write in the order of the matches. The error is write's; if Err
// is not nil afterwards, matches are missing.
func (f *Findings) Encode(held bool, fresh func() func(b []byte, m *tocsin.Match) []byte, write func(b []byte) error) error {
	work := make(chan *batch)
	ordered := make(chan *batch, 2*f.workers) // so many may wait for an earlier one
	stop := make(chan struct{})
	free := sync.Pool{New: func() any { return &batch{} }}
	var busy sync.WaitGroup
	for range f.workers {
		busy.Go(func() {
			e := encoder{Findings: f, encode: fresh(), held: held}
			for b := range work {
				e.all(b)
				close(b.done)
			}
		})
	}
	busy.Go(func() {
		defer close(ordered)
		defer close(work)
		give := func(b *batch) bool {
			b.done = make(chan struct{})
			select {
			case ordered <- b:
			case <-stop:
				return false
			}
			work <- b // a worker takes it: none waits for anything but work
			return true
		}
		b := free.Get().(*batch)
		for x := range f.order.all(f.spool) {
			if b.finds = append(b.finds, *x); len(b.finds) < encodeBatch {
				continue
			}
			if !give(b) {
				return
			}
			b = free.Get().(*batch)
		}
		if len(b.finds) > 0 {
			give(b)
		}
	})
	var err error
	for b := range ordered {
		<-b.done
		if err == nil {
			if err = write(b.text); err != nil {
				close(stop)
			}
		}
		b.finds, b.text = b.finds[:0], b.text[:0]
		free.Put(b)
	}
	busy.Wait()
	return err
}

// An encoder is one goroutine's share of Encode.
type encoder struct {
	*Findings
	encode func(b []byte, m *tocsin.Match) []byte
	held   bool
	says   heldBy
	m      tocsin.Match
	ev     tocsin.Event
}

func (e *encoder) all(b *batch) {
	for i := range b.finds {
		b.text = e.encode(b.text, e.match(&b.finds[i], e.held, &e.says, &e.m, &e.ev))
	}
}
