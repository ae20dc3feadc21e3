// Package kafka reads topics of Kafka as a source of a live run. Each partition is an origin.
//
// Partitions are read directly, not as a member of a group: where to go on is the run's own cursor (the offset), committed
// with what was made of the records. With Options.Group the offsets are also committed to Kafka for that group, so that
// Kafka's own tools show the lag; nothing is read back from there. There is no rebalance, and two runs with one Group both
// read everything. Topics and partitions that appear later are read from their start.
//
// The value of a record is a message: its lines are handed on as they are, with a line end where the last has none. A value
// that is JSON with line ends between its parts is written on one line first. The first line of a record has the number
// offset+1, or one more than the last line before where that is greater, as it is behind records of several lines: so in a
// topic of one line a record, number N is the record of offset N-1. The number goes on in the cursor, so that it is the same
// after a restart. Keys, headers and records without a value are left out; so are records of transactions that were aborted.
//
// All records of a batch were stamped within a minute, and Batch.At is their latest stamp, or
// now where that is before it.
//
// What Kafka removed before it was read (retention) is counted as lost. A record longer than 16 MiB is counted as refused.
package kafka

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"github.com/tocsin-ids/tocsin/feed"
)

// Options of a source. Brokers and Topics are needed.
type Options struct {
	Name    string   // of the cluster where there are several: in paths, and instead of the cluster's own id in origins' ids
	Brokers []string // HOST:PORT of those that are asked first
	Topics  []string
	Group   string // for which offsets are also committed to Kafka; "" is none
	Tenant  string
	Format  string // decode's name of the records' format; "" is by content

	TLS       *tls.Config // nil is without TLS
	User      string      // "" is without SASL
	Password  string      // never logged
	Mechanism string      // of SASL: "scram-sha-512" or "", "scram-sha-256", "plain"

	Start string // where the first start begins: "end" or "" is with what comes after it, "start" with the oldest record

	Log *slog.Logger // nil discards
}

// A Source reads the topics of one cluster. Run may be called once.
type Source struct {
	opt     Options
	log     *slog.Logger
	client  []kgo.Opt
	refresh time.Duration // between two looks at what the cluster has

	mu       sync.Mutex
	parts    map[place]*part
	topics   map[string]string // why a topic is not read
	state    string            // of the cluster as a whole: "" once it has answered
	why      string
	dial     error             // of the last try to connect, nil if that went well
	commit   map[place]int64   // offsets to be committed to the group
	commits  chan struct{}     // there are such
	prefix   string            // of origins' ids, once it is known
	cursors  map[string]string // as given to Run
	firstRun time.Time         // of the first start
}

type place struct {
	topic     string
	partition int32
}

// New checks the options and gives the source; it connects to nothing.
func New(opt Options) (*Source, error) {
	switch {
	case len(opt.Brokers) == 0:
		return nil, errors.New("kafka: no brokers: name at least one HOST:PORT")
	case len(opt.Topics) == 0 || slices.Contains(opt.Topics, ""):
		return nil, errors.New("kafka: no topics: name at least one")
	case opt.Start != "" && opt.Start != "start" && opt.Start != "end":
		return nil, fmt.Errorf("kafka: start %q is neither \"start\" nor \"end\"", opt.Start)
	case opt.User == "" && (opt.Mechanism != "" || opt.Password != ""):
		return nil, errors.New("kafka: a password or mechanism without a user")
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	s := &Source{opt: opt, log: opt.Log, refresh: 5 * time.Second, parts: map[place]*part{}, topics: map[string]string{},
		state: "waiting", why: "not begun", commit: map[place]int64{}, commits: make(chan struct{}, 1)}
	s.client = []kgo.Opt{
		kgo.SeedBrokers(opt.Brokers...), kgo.ClientID("tocsin"), kgo.WithHooks(hook{s}),
		kgo.ConsumeResetOffset(kgo.NoResetOffset()), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepRetryableFetchErrors(),
		kgo.FetchMaxBytes(8 << 20), kgo.FetchMaxPartitionBytes(4 << 20), kgo.MaxDecompressBatchBytes(maxBatch), kgo.FetchMaxWait(500 * time.Millisecond),
		kgo.RetryTimeout(answer), kgo.DialTimeout(answer), kgo.MetadataMinAge(time.Second),
	}
	if opt.TLS != nil {
		s.client = append(s.client, kgo.DialTLSConfig(opt.TLS))
	}
	if opt.User != "" {
		m, err := mechanism(opt)
		if err != nil {
			return nil, err
		}
		s.client = append(s.client, kgo.SASL(m))
		if opt.TLS == nil {
			s.log.Warn("kafka: without TLS what signs in is not protected on its way", "brokers", opt.Brokers)
		}
	}
	return s, kgo.ValidateOpts(s.client...)
}

func mechanism(opt Options) (sasl.Mechanism, error) {
	switch strings.ToLower(opt.Mechanism) {
	case "", "scram-sha-512", "scram-512":
		return scram.Auth{User: opt.User, Pass: opt.Password}.AsSha512Mechanism(), nil
	case "scram-sha-256", "scram-256":
		return scram.Auth{User: opt.User, Pass: opt.Password}.AsSha256Mechanism(), nil
	case "plain":
		return plain.Auth{User: opt.User, Pass: opt.Password}.AsMechanism(), nil
	}
	return nil, fmt.Errorf("kafka: mechanism %q is none of scram-sha-512, scram-sha-256, plain", opt.Mechanism)
}

const (
	answer   = 5 * time.Second // for which an answer of Kafka is waited for
	maxBatch = 64 << 20        // bytes of a batch of Kafka, when decompressed
)

// Run reads until ctx ends. A cluster that does not answer is told by Stats and tried again.
func (s *Source) Run(ctx context.Context, cursors map[string]string, sink feed.Sink, ready func()) error {
	s.cursors = cursors
	ready = sync.OnceFunc(ready)
	c, err := kgo.NewClient(s.client...)
	if err != nil {
		return fmt.Errorf("kafka: %w", err)
	}
	defer c.Close()
	var beside sync.WaitGroup
	defer beside.Wait()
	beside.Go(func() { s.watch(ctx, c) })
	beside.Go(func() { s.committing(ctx, c) })
	r := &reader{Source: s, client: c, sink: sink}
	for ctx.Err() == nil {
		wait := s.refresh
		if err := r.discover(ctx); err != nil {
			wait = min(wait, time.Second)
		}
		if ctx.Err() == nil {
			ready()
		}
		if err := r.read(ctx, wait); err != nil {
			return nil // it is ctx's
		}
	}
	return nil
}

// Committed hands the offsets on to Kafka for Options.Group.
func (s *Source) Committed(cursors map[string]string) {
	if s.opt.Group == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for at, p := range s.parts {
		if cur, ok := cursors[p.origin.ID]; ok {
			if pos, ok := positionOf(cur); ok {
				s.commit[at] = pos.Next
			}
		}
	}
	select {
	case s.commits <- struct{}{}:
	default:
	}
}

// Stats has one Stat for each partition, for each topic that cannot be read, and for the cluster while it has never answered.
func (s *Source) Stats() []feed.Stat {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []feed.Stat
	for _, p := range s.parts {
		st := p.stat
		st.Behind = 0
		if n := p.high - p.pos.Next; n > 0 {
			st.Behind = -1
			if p.records > 0 {
				st.Behind = n * max(1, st.Read/p.records)
			}
		}
		if s.state != "" {
			st.State, st.Why = s.state, s.why
		}
		all = append(all, st)
	}
	for topic, why := range s.topics {
		path := s.path(topic)
		state := "waiting"
		if strings.Contains(why, "AUTHORIZATION") {
			state = "broken"
		}
		all = append(all, feed.Stat{ID: path, Kind: "kafka", Path: path, Tenant: s.opt.Tenant, State: state, Why: why, Behind: -1})
	}
	if len(all) == 0 && s.state != "" {
		path := s.path(strings.Join(s.opt.Topics, ","))
		all = append(all, feed.Stat{ID: path, Kind: "kafka", Path: path, Tenant: s.opt.Tenant, State: s.state, Why: s.why, Behind: -1})
	}
	slices.SortFunc(all, func(a, b feed.Stat) int { return strings.Compare(a.ID, b.ID) })
	return all
}

// path is how events name a topic.
func (s *Source) path(topic string) string {
	path := "kafka/"
	if s.opt.Name != "" {
		path += s.opt.Name + "/"
	}
	if s.opt.Tenant != "" {
		topic += "@" + s.opt.Tenant
	}
	return path + topic
}
