package kafka

import (
	"context"
	"errors"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/tocsin-ids/tocsin/feed"
)

const (
	atOnce = 10_000 // records of a poll
)

// A reader is what Run holds. It alone changes partitions; what Stats shows it changes under Source.mu.
type reader struct {
	*Source
	client *kgo.Client
	sink   feed.Sink
	known  bool // the first start is behind: what has no cursor is new
	said   bool // its cursor was put
}

// read hands on what comes within a time. An error is ctx's.
func (r *reader) read(ctx context.Context, wait time.Duration) error {
	timed, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	if err := r.say(ctx); err != nil {
		return err
	}
	for timed.Err() == nil {
		fetches := r.client.PollRecords(timed, atOnce)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		var failed error
		again := false
		fetches.EachPartition(func(f kgo.FetchTopicPartition) {
			if failed != nil {
				return
			}
			p := r.parts[place{f.Topic, f.Partition}]
			if p != nil && p.assigned {
				failed = r.hand(ctx, p, &f.FetchPartition)
			}
			if failed == nil && f.Err != nil && timed.Err() == nil {
				again = r.fault(f.Topic, f.Partition, p, f.Err) || again
			}
		})
		if failed != nil {
			return failed
		}
		if again { // not at once, for what fails may fail again
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(r.refresh / 5):
			}
			return nil
		}
	}
	return ctx.Err()
}

// say puts the positions of a first start, so that they are committed however long nothing comes: of the start as such, which
// has a cursor although there may be no topic yet, and of partitions.
func (r *reader) say(ctx context.Context) error {
	if r.known && !r.said {
		id := r.id("")
		p := position{mark: mark{Line: 1}, Began: r.firstRun.UnixMilli()}
		if err := r.sink.Put(ctx, &feed.Batch{Origin: &feed.Origin{ID: id, Kind: "kafka", Path: id, Tenant: r.opt.Tenant}, Line: 1, Cursor: p.text(), At: time.Now()}); err != nil {
			return err
		}
		r.said = true
	}
	for _, p := range r.parts {
		if !p.unsaid {
			continue
		}
		if err := r.sink.Put(ctx, &feed.Batch{Origin: p.origin, Line: p.pos.Line, Offset: p.pos.Byte, Cursor: p.pos.text(), At: time.Now()}); err != nil {
			return err
		}
		p.unsaid = false
	}
	return nil
}

// fault hears of a fault of a partition, and says whether it is to be begun anew.
func (r *reader) fault(topic string, partition int32, p *part, err error) bool {
	var large *kgo.ErrDecompressTooLarge
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled), errors.Is(err, kgo.ErrClientClosed):
		return false
	case errors.As(err, &large) && p != nil:
		r.mu.Lock()
		p.stat.Refused += max(1, large.NextOffset-p.pos.Next)
		p.pos.Next = max(p.pos.Next, large.NextOffset)
		r.mu.Unlock()
		r.log.Warn("kafka: records passed over that decompress to more than 64 MiB", "origin", p.origin.Path, "offset", large.Offset)
	case kerr.IsRetriable(err) && !errors.Is(err, kerr.UnknownTopicOrPartition) && !errors.Is(err, kerr.UnknownTopicID):
		return false // the client looks for the leader and tries again
	default:
		r.mu.Lock()
		if p != nil {
			p.stat.State, p.stat.Why = "waiting", err.Error()
			if errors.Is(err, kerr.TopicAuthorizationFailed) {
				p.stat.State, p.stat.Why = "broken", topicFault(topic, err)
			}
		}
		r.mu.Unlock()
		r.log.Info("kafka: a partition is begun anew", "topic", topic, "partition", partition, "why", err)
	}
	r.drop(topic)
	return true
}

// hand hands on the records of a partition. An error is ctx's.
func (r *reader) hand(ctx context.Context, p *part, f *kgo.FetchPartition) error {
	if f.Err == nil {
		r.mu.Lock()
		p.high = f.HighWatermark
		if p.stat.State != "following" {
			p.stat.State, p.stat.Why = "following", ""
		}
		r.mu.Unlock()
	}
	b := batch{reader: r, part: p}
	for _, rec := range f.Records {
		if rec.Offset < p.pos.Next {
			continue
		}
		if err := b.add(ctx, rec); err != nil {
			return err
		}
	}
	return b.flush(ctx)
}

// A batch is being filled with records of a partition.
type batch struct {
	*reader
	*part
	fill feed.Fill
}

func (b *batch) add(ctx context.Context, rec *kgo.Record) error {
	p := b.part
	if len(rec.Value) > feed.MaxMessage {
		if err := b.flush(ctx); err != nil {
			return err
		}
		b.log.Warn("kafka: a record longer than 16 MiB is passed over", "origin", p.origin.Path, "offset", rec.Offset)
		b.mu.Lock()
		p.stat.Refused++
		p.pos.Next = rec.Offset + 1
		b.mu.Unlock()
		return nil
	}
	line := max(p.pos.Line, rec.Offset+1)
	past := rec.Offset < p.pos.Past || rec.Timestamp.UnixMilli() < p.pos.Before
	if line != p.pos.Line || !b.fill.Fits(len(rec.Value), rec.Timestamp, past) {
		if err := b.flush(ctx); err != nil {
			return err
		}
	}
	lines, size := b.fill.Add(feed.AppendLines(b.fill.Data, rec.Value), line, p.pos.Byte, rec.Timestamp, past)
	b.mu.Lock()
	p.pos.Next = rec.Offset + 1
	if size > 0 {
		p.pos.Line, p.pos.Byte = line+lines, p.pos.Byte+size
	}
	b.mu.Unlock()
	return nil
}

// flush hands the batch on.
func (b *batch) flush(ctx context.Context) error {
	p, n := b.part, b.fill.Count
	if n == 0 {
		return nil
	}
	out := b.fill.Take(p.origin, p.pos.text())
	if err := b.sink.Put(ctx, out); err != nil {
		return err
	}
	b.mu.Lock()
	p.stat.Read += int64(len(out.Data))
	p.stat.Last = time.Now()
	p.records += n
	b.mu.Unlock()
	return nil
}
