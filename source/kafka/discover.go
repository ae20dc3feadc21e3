package kafka

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/tocsin-ids/tocsin/feed"
)

// A hook hears of connections.
type hook struct{ s *Source }

// OnBrokerConnect keeps what went wrong, which requests that time out do not say.
func (h hook) OnBrokerConnect(_ kgo.BrokerMetadata, _ time.Duration, _ net.Conn, err error) {
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	h.s.dial = err
}

// down says that the cluster does not answer.
func (s *Source) down(err error) error {
	s.mu.Lock()
	if s.dial != nil && (errors.Is(err, context.DeadlineExceeded) || errors.Is(err, kgo.ErrClientClosed)) {
		err = s.dial
	}
	state, why := "waiting", "Kafka does not answer: "+err.Error()
	if errors.Is(err, io.EOF) {
		why += "; it ends the connection: look at whether it wants TLS, and at user, password file and mechanism"
	}
	if errors.Is(err, kerr.SaslAuthenticationFailed) || errors.Is(err, kerr.UnsupportedSaslMechanism) || strings.Contains(why, "SASL") {
		state, why = "broken", "Kafka refuses to sign in: "+err.Error()+"; look at user, password file and mechanism"
	}
	news := s.why != why
	s.state, s.why = state, why
	s.mu.Unlock()
	if news {
		s.log.Warn("kafka", "brokers", s.opt.Brokers, "why", why)
	}
	return err
}

// discover finds topics and partitions and begins to read those that are not read yet. An error says that the cluster did
// not answer.
func (r *reader) discover(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, answer)
	defer cancel()
	req := kmsg.NewPtrMetadataRequest()
	for _, topic := range r.opt.Topics {
		t := kmsg.NewMetadataRequestTopic()
		t.Topic = kmsg.StringPtr(topic)
		req.Topics = append(req.Topics, t)
	}
	meta, err := req.RequestWith(ctx, r.client)
	if err != nil {
		return r.down(err)
	}
	r.named(meta)
	fresh := map[place]*part{}
	topics := map[string]string{}
	for _, t := range meta.Topics {
		if t.Topic == nil {
			continue
		}
		if err := kerr.ErrorForCode(t.ErrorCode); err != nil {
			topics[*t.Topic] = topicFault(*t.Topic, err)
			continue
		}
		for _, p := range t.Partitions {
			at := place{*t.Topic, p.Partition}
			q := r.part(at)
			id := ""
			if t.TopicID != [16]byte{} {
				id = hex.EncodeToString(t.TopicID[:])
			}
			if q.assigned && q.pos.Topic != "" && id != "" && q.pos.Topic != id {
				r.drop(at.topic)
			}
			if !q.assigned {
				r.mu.Lock()
				q.topicID = id
				r.mu.Unlock()
				fresh[at] = q
			}
		}
	}
	r.mu.Lock()
	r.state, r.why, r.topics = "", "", topics
	r.mu.Unlock()
	if len(fresh) == 0 {
		r.known = true
		return nil
	}
	return r.begin(ctx, fresh)
}

func topicFault(topic string, err error) string {
	switch {
	case errors.Is(err, kerr.UnknownTopicOrPartition):
		return fmt.Sprintf("there is no topic %q; it is read from its start once there is", topic)
	case errors.Is(err, kerr.TopicAuthorizationFailed):
		return fmt.Sprintf("%v: give the user the rights Describe and Read on topic %q", err, topic)
	}
	return err.Error()
}

// named finds how origins of this cluster are named.
func (r *reader) named(meta *kmsg.MetadataResponse) {
	if r.prefix != "" {
		return
	}
	cluster := r.opt.Name
	if cluster == "" && meta.ClusterID != nil {
		cluster = *meta.ClusterID
	}
	if cluster == "" {
		seeds := slices.Clone(r.opt.Brokers)
		slices.Sort(seeds)
		cluster = strings.Join(seeds, ",")
	}
	prefix := "kafka:" + cluster + "/"
	began := time.Now()
	for id, cursor := range r.cursors {
		if p, ok := positionOf(cursor); ok && strings.HasPrefix(id, prefix) {
			r.known = true
			if t := time.UnixMilli(p.Began); t.Before(began) {
				began = t
			}
		}
	}
	r.mu.Lock()
	r.prefix, r.firstRun = prefix, began
	r.mu.Unlock()
	_, r.said = r.cursors[r.id("")]
}

// id is the id of an origin of this cluster.
func (r *reader) id(name string) string {
	if r.opt.Tenant != "" {
		name += "@" + r.opt.Tenant
	}
	return r.prefix + name
}

// part gives the partition at a place.
func (r *reader) part(at place) *part {
	if p := r.parts[at]; p != nil { // written by this goroutine alone
		return p
	}
	where := "/" + strconv.Itoa(int(at.partition))
	id := r.id(at.topic + where)
	p := &part{origin: &feed.Origin{ID: id, Kind: "kafka", Path: r.path(at.topic) + where, Tenant: r.opt.Tenant, Format: r.opt.Format}}
	p.stat = feed.Stat{ID: id, Kind: "kafka", Path: p.origin.Path, Tenant: r.opt.Tenant, State: "waiting", Why: "not begun"}
	r.mu.Lock()
	r.parts[at] = p
	r.mu.Unlock()
	return p
}

// begin reads partitions from where they are to be gone on with.
func (r *reader) begin(ctx context.Context, fresh map[place]*part) error {
	low, err := r.offsets(ctx, fresh, -2)
	if err != nil {
		return r.down(err)
	}
	high, err := r.offsets(ctx, fresh, -1)
	if err != nil {
		return r.down(err)
	}
	from := map[string]map[int32]kgo.Offset{}
	for at, p := range fresh {
		l, ok := low[at]
		h, also := high[at]
		if !ok || !also { // its leader did not answer: at the next look
			continue
		}
		r.place(p, l, h)
		p.assigned = true
		if from[at.topic] == nil {
			from[at.topic] = map[int32]kgo.Offset{}
		}
		from[at.topic][at.partition] = kgo.NewOffset().At(p.pos.Next)
	}
	r.client.AddConsumePartitions(from)
	r.known = true // what is found from now on was not there
	return nil
}

// place finds where a partition with offsets from low to high is gone on with.
func (r *reader) place(p *part, low, high int64) {
	pos, ok := positionOf(r.cursors[p.origin.ID])
	if cursor := r.cursors[p.origin.ID]; !ok && cursor != "" {
		r.log.Error("kafka: a cursor cannot be read: begun as at the first start", "origin", p.origin.ID)
	}
	if p.begun {
		pos, ok = p.pos, true // read before in this process
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	p.high = high
	p.stat.State, p.stat.Why = "following", ""
	if !ok {
		p.pos = position{Topic: p.topicID, Began: r.firstRun.UnixMilli()}
		switch {
		case r.known: // not there at the first start, or nothing was read of it then
			p.pos.Next, p.pos.Before = low, r.firstRun.UnixMilli()
		case r.opt.Start == "start":
			p.pos.Next, p.pos.Past = low, high
		default:
			p.pos.Next = high
		}
		p.pos.Line = p.pos.Next + 1
		p.begun, p.unsaid = true, true
		return
	}
	p.pos, p.begun = pos, true
	lost, said := int64(0), ""
	switch {
	case pos.Topic != "" && p.topicID != "" && pos.Topic != p.topicID, pos.Next > high:
		p.pos.Next, p.pos.Past, p.pos.Before = low, 0, 0
		said = fmt.Sprintf("the topic was made anew since offset %d was read; it is read from its start", pos.Next)
	case pos.Next < low:
		lost, p.pos.Next = low-pos.Next, low
		said = fmt.Sprintf("Kafka removed records %d to %d before they were read; keep them longer (retention.ms, retention.bytes)", pos.Next, low-1)
	}
	p.pos.Topic = p.topicID
	p.stat.Lost += lost
	if said != "" {
		r.log.Warn("kafka", "origin", p.origin.Path, "lost", lost, "why", said)
		p.stat.Why = said
	}
}

// offsetsBy asks for the partitions' offsets at a time, in milliseconds since 1970; -2 is the oldest, -1 behind the newest.
// What a broker does not answer is left out.
func (s *Source) offsetsBy(ctx context.Context, c *kgo.Client, parts []place, when int64) (map[place]int64, error) {
	topics := map[string]*kmsg.ListOffsetsRequestTopic{}
	req := kmsg.NewPtrListOffsetsRequest()
	req.ReplicaID = -1
	for _, at := range parts {
		if topics[at.topic] == nil {
			t := kmsg.NewListOffsetsRequestTopic()
			t.Topic = at.topic
			topics[at.topic] = &t
		}
		p := kmsg.NewListOffsetsRequestTopicPartition()
		p.Partition, p.Timestamp = at.partition, when
		topics[at.topic].Partitions = append(topics[at.topic].Partitions, p)
	}
	for _, t := range topics {
		req.Topics = append(req.Topics, *t)
	}
	found := map[place]int64{}
	var failed error
	for _, shard := range c.RequestSharded(ctx, req) {
		if shard.Err != nil {
			failed = shard.Err
			continue
		}
		resp, ok := shard.Resp.(*kmsg.ListOffsetsResponse)
		if !ok {
			continue
		}
		for _, t := range resp.Topics {
			for _, p := range t.Partitions {
				if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
					failed = err
					continue
				}
				offset := p.Offset
				if len(p.OldStyleOffsets) > 0 {
					offset = p.OldStyleOffsets[0]
				}
				found[place{t.Topic, p.Partition}] = offset
			}
		}
	}
	if len(found) == 0 && failed != nil {
		return nil, failed
	}
	return found, nil
}

func (r *reader) offsets(ctx context.Context, parts map[place]*part, when int64) (map[place]int64, error) {
	all := make([]place, 0, len(parts))
	for at := range parts {
		all = append(all, at)
	}
	return r.offsetsBy(ctx, r.client, all, when)
}

// drop stops reading a topic, so that the next look begins it anew where it was.
func (r *reader) drop(topic string) {
	r.client.PurgeTopicsFromConsuming(topic)
	for at, p := range r.parts {
		if at.topic == topic {
			p.assigned = false
		}
	}
}

// watch keeps what Kafka has known while the run takes nothing, for Stats.
func (s *Source) watch(ctx context.Context, c *kgo.Client) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(2 * s.refresh):
		}
		s.mu.Lock()
		parts := make([]place, 0, len(s.parts))
		for at := range s.parts {
			parts = append(parts, at)
		}
		s.mu.Unlock()
		if len(parts) == 0 {
			continue
		}
		asked, cancel := context.WithTimeout(ctx, answer)
		high, err := s.offsetsBy(asked, c, parts, -1)
		cancel()
		if err != nil {
			continue // the next look at the topics says why
		}
		s.mu.Lock()
		for at, h := range high {
			s.parts[at].high = h
		}
		s.mu.Unlock()
	}
}

// committing commits offsets to the group; a fault concerns Kafka's own tools only.
func (s *Source) committing(ctx context.Context, c *kgo.Client) {
	said := ""
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-s.commits:
		}
		s.mu.Lock()
		offsets := s.commit
		s.commit = map[place]int64{}
		s.mu.Unlock()
		if len(offsets) == 0 {
			continue
		}
		// What was committed last is told even where ctx has ended, within a second.
		wait := answer
		if ctx.Err() != nil {
			wait = time.Second
		}
		asked, cancel := context.WithTimeout(context.WithoutCancel(ctx), wait)
		stop := context.AfterFunc(ctx, func() { time.AfterFunc(time.Second, cancel) })
		err := s.commitTo(asked, c, offsets)
		stop()
		cancel()
		if err != nil && err.Error() != said {
			said = err.Error()
			s.log.Warn("kafka: offsets are not committed to the group, so that its lag is not shown", "group", s.opt.Group, "why", said)
		}
	}
}

func (s *Source) commitTo(ctx context.Context, c *kgo.Client, offsets map[place]int64) error {
	req := kmsg.NewPtrOffsetCommitRequest()
	req.Group, req.Generation = s.opt.Group, -1
	topics := map[string][]kmsg.OffsetCommitRequestTopicPartition{}
	ids := map[string][16]byte{}
	s.mu.Lock()
	for at := range offsets {
		if p := s.parts[at]; p != nil {
			id, _ := hex.DecodeString(p.topicID) // our own; of old brokers there is none
			var known [16]byte
			copy(known[:], id)
			ids[at.topic] = known
		}
	}
	s.mu.Unlock()
	for at, offset := range offsets {
		p := kmsg.NewOffsetCommitRequestTopicPartition()
		p.Partition, p.Offset = at.partition, offset
		topics[at.topic] = append(topics[at.topic], p)
	}
	for topic, parts := range topics {
		t := kmsg.NewOffsetCommitRequestTopic()
		t.Topic, t.TopicID, t.Partitions = topic, ids[topic], parts
		req.Topics = append(req.Topics, t)
	}
	resp, err := req.RequestWith(ctx, c)
	if err != nil {
		return err
	}
	for _, t := range resp.Topics {
		for _, p := range t.Partitions {
			if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
				return err
			}
		}
	}
	return nil
}
