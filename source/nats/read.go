package nats

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/tocsin-ids/tocsin/feed"
)

const (
	answer    = 5 * time.Second       // for which an answer of NATS is waited for
	pullBytes = 8 << 20               // asked for at once; more overruns what a server holds for a slow client
	linger    = 10 * time.Millisecond // for which a batch waits to become fuller
)

// A reader is what Run holds.
type reader struct {
	*Source
	sink  feed.Sink
	ready func()

	pos    position
	placed bool // pos is set
	said   bool // a position was put, in this process or before

	fill feed.Fill
}

// resume takes the committed cursor.
func (r *reader) resume(cursor string) {
	p, ok := positionOf(cursor)
	if !ok {
		if cursor != "" {
			r.log.Error("nats: the cursor cannot be read: begun as at the first start", "stream", r.opt.Stream)
		}
		return
	}
	r.pos, r.placed, r.said = p, true, true
}

// session reads over one connection until there is a fault.
func (r *reader) session(ctx context.Context) error {
	c, err := r.connect()
	if err != nil {
		return err
	}
	defer func() {
		c.SetDisconnectErrHandler(nil)
		c.Close()
	}()
	js, err := jetstream.New(c, jetstream.WithDefaultTimeout(answer))
	if err != nil {
		return err
	}
	asked, cancel := context.WithTimeout(ctx, answer)
	defer cancel()
	stream, err := js.Stream(asked, r.opt.Stream)
	if err != nil {
		if !r.placed && errors.Is(err, jetstream.ErrStreamNotFound) {
			r.pos, r.placed = position{mark: mark{Next: 1, Line: 1}}, true
		}
		return r.streamFault(err)
	}
	if err := r.place(asked, stream); err != nil {
		return r.streamFault(err)
	}
	consumer, err := stream.OrderedConsumer(asked, jetstream.OrderedConsumerConfig{FilterSubjects: r.opt.Subjects, MaxResetAttempts: 3,
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: r.pos.Next})
	if err != nil {
		return fmt.Errorf("stream %q: a consumer: %w", r.opt.Stream, err)
	}
	// Half of it, which is asked for while the rest is worked on, must hold the largest message.
	most := max(pullBytes, 2*(int(c.MaxPayload())+64<<10))
	it, err := consumer.Messages(jetstream.PullMaxBytes(most))
	if err != nil {
		return err
	}
	defer it.Stop()
	defer context.AfterFunc(ctx, it.Stop)()
	watching, stop := context.WithCancel(ctx)
	defer stop()
	go r.watch(watching, stream, r.pos.Created, it.Stop)
	r.mu.Lock()
	r.down, r.stat.State = "", "following"
	r.mu.Unlock()
	r.ready()
	if err := r.say(ctx); err != nil {
		return err
	}
	return r.read(ctx, stream, it)
}

// say puts the position of a first start, so that it is committed however long nothing comes.
func (r *reader) say(ctx context.Context) error {
	if r.said || !r.placed {
		return nil
	}
	r.said = true
	return r.sink.Put(ctx, &feed.Batch{Origin: r.origin, Line: r.pos.Line, Offset: r.pos.Byte, Cursor: r.pos.text(), At: time.Now()})
}

// read hands on what comes.
func (r *reader) read(ctx context.Context, stream jetstream.Stream, it jetstream.MessagesContext) error {
	reading := "" // the consumer's name
	for ctx.Err() == nil {
		wait := time.Second
		if r.fill.Count > 0 {
			if wait = linger - time.Since(r.fill.Began); wait <= 0 {
				if err := r.flush(ctx); err != nil {
					return err
				}
				wait = time.Second
			}
		}
		msg, err := it.Next(jetstream.NextMaxWait(wait))
		if errors.Is(err, nats.ErrTimeout) {
			continue
		}
		if err != nil {
			return fmt.Errorf("NATS: %w", err)
		}
		meta, err := msg.Metadata()
		if err != nil {
			return err
		}
		seq := meta.Sequence.Stream
		if meta.Consumer != reading { // an ordered consumer makes itself anew after a fault, and there may be another stream
			if reading != "" && r.isAnew(ctx, stream) {
				return errAnew
			}
			reading = meta.Consumer
		}
		if seq >= r.pos.Next {
			if err := r.add(ctx, seq, msg.Data(), meta.Timestamp); err != nil {
				return err
			}
		}
		r.mu.Lock()
		r.pending = meta.NumPending
		r.mu.Unlock()
	}
	return ctx.Err()
}

var errAnew = errors.New("the stream was made anew")

// isAnew says whether the stream is another than the one that was placed. One that does not say is looked at again.
func (r *reader) isAnew(ctx context.Context, stream jetstream.Stream) bool {
	asked, cancel := context.WithTimeout(ctx, answer)
	defer cancel()
	info, err := stream.Info(asked)
	return err != nil || info.Created.UnixNano() != r.pos.Created
}

// place finds where the stream is gone on with.
func (r *reader) place(ctx context.Context, stream jetstream.Stream) error {
	info, err := stream.Info(ctx)
	if err != nil {
		return err
	}
	st := info.State
	created, oldest := info.Created.UnixNano(), max(1, st.FirstSeq)
	defer r.see(st)
	if !r.placed {
		r.pos = position{mark: mark{Next: st.LastSeq + 1}, Created: created}
		if r.opt.Start == "start" {
			r.pos.Next, r.pos.Past = oldest, st.LastSeq+1
		}
		r.pos.Line = int64(r.pos.Next)
		r.placed = true
		return nil
	}
	switch reached := r.pos.Next; {
	case r.pos.Created == 0: // made since the first start
		r.pos = position{mark: mark{Next: oldest, Line: int64(oldest)}, Created: created}
	case r.pos.Created != created, reached > st.LastSeq+1:
		r.tell(0, fmt.Sprintf("the stream was made anew since message %d was read; it is read from its start", reached-1))
		r.pos = position{mark: mark{Next: oldest, Line: r.pos.Line, Byte: r.pos.Byte}, Created: created}
	case r.pos.Next < oldest:
		r.gone(reached, oldest)
		r.pos.Next = oldest
	}
	return nil
}

// gone counts the messages of sequences from a to before b as lost.
func (r *reader) gone(a, b uint64) {
	if b <= a {
		return
	}
	of := ""
	if len(r.opt.Subjects) > 0 {
		of = ", of other subjects too,"
	}
	r.tell(int64(b-a), fmt.Sprintf("messages %d to %d%s were removed from the stream before they were read; keep them longer (max_age, max_bytes, max_msgs)", a, b-1, of))
}

func (r *reader) tell(lost int64, note string) {
	r.mu.Lock()
	r.stat.Lost += lost
	r.note = note
	r.mu.Unlock()
	r.log.Warn("nats", "stream", r.opt.Stream, "lost", lost, "why", note)
}

// see keeps what the stream has, for Stats.
func (r *reader) see(st jetstream.StreamState) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.first, r.last = st.FirstSeq, st.LastSeq
	r.next = r.pos.Next
}

// watch looks at what the stream has while the run takes nothing, and stops the reading of one that was made anew.
func (s *Source) watch(ctx context.Context, stream jetstream.Stream, created int64, stop func()) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(s.look):
		}
		asked, cancel := context.WithTimeout(ctx, answer)
		info, err := stream.Info(asked)
		cancel()
		if err != nil {
			if errors.Is(err, jetstream.ErrStreamNotFound) {
				stop()
			}
			continue // reading says why
		}
		if info.Created.UnixNano() != created {
			stop()
			return
		}
		s.mu.Lock()
		s.first, s.last = info.State.FirstSeq, info.State.LastSeq
		s.mu.Unlock()
	}
}

// add adds a message, whose sequence is not before the position, to the batch.
func (r *reader) add(ctx context.Context, seq uint64, data []byte, stored time.Time) error {
	p := &r.pos
	if reached := p.Next; seq > reached {
		r.mu.Lock()
		first := r.first
		r.mu.Unlock()
		if len(r.opt.Subjects) == 0 {
			r.gone(reached, seq)
		} else if first > reached {
			r.gone(reached, min(first, seq))
		}
	}
	line := max(p.Line, int64(seq))
	past := seq < p.Past
	if line != p.Line || !r.fill.Fits(len(data), stored, past) {
		if err := r.flush(ctx); err != nil {
			return err
		}
	}
	p.Next = seq + 1
	if len(data) > feed.MaxMessage {
		r.log.Warn("nats: a message longer than 16 MiB is passed over", "stream", r.opt.Stream, "sequence", seq)
		r.mu.Lock()
		r.stat.Refused++
		r.mu.Unlock()
		return nil
	}
	if lines, size := r.fill.Add(feed.AppendLines(r.fill.Data, data), line, p.Byte, stored, past); size > 0 {
		p.Line, p.Byte = line+lines, p.Byte+size
	}
	return nil
}

// flush hands the batch on.
func (r *reader) flush(ctx context.Context) error {
	n := r.fill.Count
	if n == 0 {
		return nil
	}
	b := r.fill.Take(r.origin, r.pos.text())
	if err := r.sink.Put(ctx, b); err != nil {
		return err
	}
	r.mu.Lock()
	r.stat.Read += int64(len(b.Data))
	r.stat.Last = time.Now()
	r.messages += n
	r.next = r.pos.Next
	r.mu.Unlock()
	return nil
}
