package kafka

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/tocsin-ids/tocsin/feed"
	"github.com/tocsin-ids/tocsin/feed/feedtest"
)

// lines are those of batches, as "PATH NUMBER TEXT", in the order of each path.
func lines(batches []*feed.Batch) (all []string) {
	for _, b := range batches {
		for _, line := range feedtest.Lines([]*feed.Batch{b}) {
			all = append(all, b.Origin.Path+" "+line)
		}
	}
	slices.SortStableFunc(all, func(a, b string) int {
		return strings.Compare(strings.SplitN(a, " ", 2)[0], strings.SplitN(b, " ", 2)[0])
	})
	return all
}

func untilCount(t *testing.T, k *feedtest.Sink, n int) []string {
	t.Helper()
	return feedtest.Count(t, n, func() []string { return lines(k.Batches()) })
}

func cluster(t *testing.T, opts ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	c, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(1)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func source(t *testing.T, c *kfake.Cluster, opt Options) *Source {
	t.Helper()
	opt.Brokers = c.ListenAddrs()
	s, err := New(opt)
	if err != nil {
		t.Fatal(err)
	}
	s.refresh = 50 * time.Millisecond
	return s
}

var stampBase = time.Now().Add(-time.Hour).Truncate(time.Millisecond)

// produce stores values in a partition, stamped a second apart.
func produce(t *testing.T, c *kfake.Cluster, topic string, partition int32, values ...string) {
	t.Helper()
	produceAt(t, c, topic, partition, stampBase, values...)
}

func produceAt(t *testing.T, c *kfake.Cluster, topic string, partition int32, first time.Time, values ...string) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.MetadataMinAge(10*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	var all []*kgo.Record
	for i, v := range values {
		all = append(all, &kgo.Record{Topic: topic, Partition: partition, Value: []byte(v), Timestamp: first.Add(time.Duration(i) * time.Second)})
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := client.ProduceSync(ctx, all...).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

func numbered(tag string, n int) []string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprint(tag, i))
	}
	return all
}

// TestResume reads partitions from their start and goes on exactly from any batch of each that was committed last.
func TestResume(t *testing.T) {
	c := cluster(t, kfake.SeedTopics(3, "logs"))
	for p := range int32(3) {
		values := numbered("a", 300)
		values[100], values[101], values[200] = "two\nlines", "", "{\n \"json\": [1,\n 2] }\n"
		produce(t, c, "logs", p, values...)
	}
	k := &feedtest.Sink{}
	s := source(t, c, Options{Topics: []string{"logs"}, Start: "start"})
	stop := feedtest.Run(t, s, nil, k)
	all := untilCount(t, k, 900)
	for i, want := range map[int]string{0: "kafka/logs/0 1 a0", 100: "kafka/logs/0 101 two", 101: "kafka/logs/0 102 lines", 102: "kafka/logs/0 103 a102", 200: `kafka/logs/0 201 {"json":[1,2]}`} {
		if all[i] != want {
			t.Errorf("%d: %q, want %q", i, all[i], want)
		}
	}
	feedtest.Until(t, "nothing behind", func() bool {
		return !slices.ContainsFunc(s.Stats(), func(st feed.Stat) bool { return st.Behind != 0 || st.State != "following" || st.Lost != 0 })
	})
	stop()
	if n := len(s.Stats()); n != 3 {
		t.Errorf("%d stats", n)
	}
	for _, b := range k.Batches() {
		if b.Past != (len(b.Data) > 0) || b.At.Before(stampBase) || b.At.After(time.Now()) {
			t.Errorf("past %v at %v", b.Past, b.At)
		}
	}
	for seed := range uint64(4) {
		r := rand.New(rand.NewPCG(seed, 1))
		cut := map[string]int{} // batches of each origin that were committed
		var before []*feed.Batch
		for _, b := range k.Batches() {
			if _, ok := cut[b.Origin.ID]; !ok {
				cut[b.Origin.ID] = 1 + r.IntN(5)
			}
			if cut[b.Origin.ID]--; cut[b.Origin.ID] >= 0 {
				before = append(before, b)
			}
		}
		again := &feedtest.Sink{}
		stop := feedtest.Run(t, source(t, c, Options{Topics: []string{"logs"}}), feedtest.Cursors(before), again)
		untilCount(t, again, 900-len(lines(before)))
		stop()
		if got := lines(slices.Concat(before, again.Batches())); !slices.Equal(got, all) {
			t.Errorf("seed %d: union differs", seed)
		}
	}
}

// TestFromNow begins with what comes after the first start, commits the place at once, and reads from their start what
// appears later.
func TestFromNow(t *testing.T) {
	c := cluster(t, kfake.SeedTopics(1, "logs"))
	produce(t, c, "logs", 0, append(numbered("old", 10), "several\nlines")...)
	k := &feedtest.Sink{}
	opt := Options{Topics: []string{"logs", "later"}}
	s := source(t, c, opt)
	stop := feedtest.Run(t, s, nil, k)
	feedtest.Until(t, "the place", func() bool { return len(k.Batches()) > 0 })
	if !slices.ContainsFunc(s.Stats(), func(st feed.Stat) bool { return st.Path == "kafka/later" && strings.Contains(st.Why, "no topic") }) {
		t.Errorf("stats %+v", s.Stats())
	}
	stop()
	produce(t, c, "logs", 0, "new0", "new1")
	again := &feedtest.Sink{}
	stop = feedtest.Run(t, source(t, c, opt), feedtest.Cursors(k.Batches()), again)
	untilCount(t, again, 2)
	if err := c.CreateTopic("later", 1, nil); err != nil {
		t.Fatal(err)
	}
	produce(t, c, "later", 0, "first", "second")
	untilCount(t, again, 4)
	grow := kmsg.NewPtrCreatePartitionsRequest()
	topic := kmsg.NewCreatePartitionsRequestTopic()
	topic.Topic, topic.Count = "logs", 2
	grow.Topics, grow.TimeoutMillis = append(grow.Topics, topic), 5000
	client, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := grow.RequestWith(t.Context(), client); err != nil {
		t.Fatal(err)
	}
	produce(t, c, "logs", 1, "of a new partition")
	all := untilCount(t, again, 5)
	stop()

	// Of what appears while the first start still runs nothing is passed over either.
	c = cluster(t, kfake.SeedTopics(1, "logs"))
	k = &feedtest.Sink{}
	s = source(t, c, opt)
	s.refresh = time.Second
	stop = feedtest.Run(t, s, nil, k)
	if err := c.CreateTopic("later", 1, nil); err != nil {
		t.Fatal(err)
	}
	produce(t, c, "later", 0, "first", "second")
	untilCount(t, k, 2)
	stop()
	want := []string{"kafka/later/0 1 first", "kafka/later/0 2 second", "kafka/logs/0 12 new0", "kafka/logs/0 13 new1", "kafka/logs/1 1 of a new partition"}
	if !slices.Equal(all, want) {
		t.Errorf("got %q want %q", all, want)
	}
}

// TestNothingYet begins where there is no record, or no topic, and takes what comes while it does not run for new.
func TestNothingYet(t *testing.T) {
	for _, from := range []string{"end", "start"} {
		for _, what := range []string{"a topic", "no topic"} {
			c := cluster(t)
			topic := func() {
				if err := c.CreateTopic("logs", 2, nil); err != nil {
					t.Fatal(err)
				}
			}
			if what == "a topic" {
				topic()
			}
			k := &feedtest.Sink{}
			opt := Options{Topics: []string{"logs"}, Tenant: "acme", Start: from}
			stop := feedtest.Run(t, source(t, c, opt), nil, k)
			feedtest.Until(t, "the place", func() bool {
				return len(k.Batches()) == 3 || len(k.Batches()) == 1 && what == "no topic"
			})
			stop()
			if what == "no topic" {
				topic()
			}
			produceAt(t, c, "logs", 1, time.Now(), "new0", "new1")
			again := &feedtest.Sink{}
			stop = feedtest.Run(t, source(t, c, opt), feedtest.Cursors(k.Batches()), again)
			all := untilCount(t, again, 2)
			stop()
			if all[0] != "kafka/logs@acme/1 1 new0" || slices.ContainsFunc(again.Batches(), func(b *feed.Batch) bool { return b.Past }) {
				t.Errorf("%s, from the %s: got %q", what, from, all)
			}
			if slices.ContainsFunc(again.Batches(), func(b *feed.Batch) bool { return b.Origin.Path == "kafka:"+c.ListenAddrs()[0]+"/" }) {
				t.Error("the start is put again")
			}
		}
	}
}

// TestRetention counts what Kafka removed before it was read, while stopped and while the run took nothing.
func TestRetention(t *testing.T) {
	c := cluster(t, kfake.SeedTopics(1, "logs"))
	produce(t, c, "logs", 0, numbered("a", 10)...)
	k := &feedtest.Sink{}
	opt := Options{Topics: []string{"logs"}, Start: "start"}
	stop := feedtest.Run(t, source(t, c, opt), nil, k)
	untilCount(t, k, 10)
	stop()
	produce(t, c, "logs", 0, numbered("b", 10)...)
	if err := c.DeleteRecords("logs", 0, 15); err != nil {
		t.Fatal(err)
	}
	again := &feedtest.Sink{}
	s := source(t, c, opt)
	stop = feedtest.Run(t, s, feedtest.Cursors(k.Batches()), again)
	all := untilCount(t, again, 5)
	if all[0] != "kafka/logs/0 16 b5" {
		t.Errorf("first is %q", all[0])
	}
	if st := s.Stats()[0]; st.Lost != 5 || !strings.Contains(st.Why, "records 10 to 14") {
		t.Errorf("stat %+v", st)
	}
	stop()

	k = &feedtest.Sink{Block: make(chan struct{}), Late: make(chan struct{})}
	s = source(t, c, opt)
	stop = feedtest.Run(t, s, feedtest.Cursors(again.Batches()), k)
	defer stop()
	produce(t, c, "logs", 0, "one")
	<-k.Late // it waits in the run
	for i := range 12 {
		produce(t, c, "logs", 0, numbered(strings.Repeat("x", 900_000)+fmt.Sprint("-", i, "-"), 1)...)
	}
	if err := c.DeleteRecords("logs", 0, 32); err != nil {
		t.Fatal(err)
	}
	close(k.Block)
	feedtest.Until(t, "what is left", func() bool {
		all := lines(k.Batches())
		return len(all) > 0 && strings.HasSuffix(all[len(all)-1], "-11-0")
	})
	lost := s.Stats()[0].Lost
	if got := int64(len(lines(k.Batches()))); lost == 0 || got+lost != 13 {
		t.Errorf("%d read and %d lost of 13", got, lost)
	}
}

// TestAnew reads a topic that was deleted and made anew from its start, with numbers of its own.
func TestAnew(t *testing.T) {
	c := cluster(t, kfake.SeedTopics(1, "logs"))
	produce(t, c, "logs", 0, numbered("a", 10)...)
	k := &feedtest.Sink{}
	s := source(t, c, Options{Topics: []string{"logs"}, Start: "start"})
	stop := feedtest.Run(t, s, nil, k)
	untilCount(t, k, 10)
	if err := c.DeleteTopic("logs"); err != nil {
		t.Fatal(err)
	}
	if err := c.CreateTopic("logs", 1, nil); err != nil {
		t.Fatal(err)
	}
	produce(t, c, "logs", 0, numbered("b", 10)...)
	all := untilCount(t, k, 20)
	stop()
	if all[10] != "kafka/logs/0 11 b0" || all[19] != "kafka/logs/0 20 b9" {
		t.Errorf("got %q", all[10:])
	}
}

// TestBrokerGone waits for a broker that is gone and says why, at the start too.
func TestBrokerGone(t *testing.T) {
	dir := t.TempDir()
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "logs"), kfake.DataDir(dir), kfake.SyncWrites())
	if err != nil {
		t.Fatal(err)
	}
	addr := c.ListenAddrs()[0]
	produce(t, c, "logs", 0, numbered("a", 10)...)
	k := &feedtest.Sink{}
	s := source(t, c, Options{Topics: []string{"logs"}, Start: "start"})
	c.Close()
	feedtest.Run(t, s, nil, k) // ready without a broker
	feedtest.Until(t, "waiting", func() bool {
		st := s.Stats()[0]
		return st.State == "waiting" && strings.Contains(st.Why, "does not answer")
	})
	var port int
	if _, err := fmt.Sscanf(addr[strings.LastIndexByte(addr, ':')+1:], "%d", &port); err != nil {
		t.Fatal(err)
	}
	back := func() *kfake.Cluster {
		c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.Ports(port), kfake.DataDir(dir), kfake.SyncWrites())
		if err != nil {
			t.Skipf("the port is taken: %v", err)
		}
		return c
	}
	c = back()
	untilCount(t, k, 10)
	c.Close()
	feedtest.Until(t, "waiting", func() bool { st := s.Stats()[0]; return st.State == "waiting" && st.Why != "" })
	c = back()
	t.Cleanup(c.Close)
	produce(t, c, "logs", 0, numbered("b", 3)...)
	all := untilCount(t, k, 13)
	if all[12] != "kafka/logs/0 13 b2" {
		t.Errorf("last is %q", all[12])
	}
	feedtest.Until(t, "following", func() bool { return s.Stats()[0].State == "following" })
}

// TestGroup commits for a group what the run committed, and reads nothing back from there.
func TestGroup(t *testing.T) {
	c := cluster(t, kfake.SeedTopics(1, "logs"))
	produce(t, c, "logs", 0, numbered("a", 10)...)
	k := &feedtest.Sink{}
	opt := Options{Topics: []string{"logs"}, Start: "start", Group: "tocsin"}
	s := source(t, c, opt)
	stop := feedtest.Run(t, s, nil, k)
	untilCount(t, k, 10)
	s.Committed(feedtest.Cursors(k.Batches()))
	client, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	feedtest.Until(t, "the group's offset", func() bool {
		req := kmsg.NewPtrOffsetFetchRequest()
		req.Group = "tocsin"
		topic := kmsg.NewOffsetFetchRequestTopic()
		topic.Topic, topic.Partitions = "logs", []int32{0}
		req.Topics = append(req.Topics, topic)
		group := kmsg.NewOffsetFetchRequestGroup()
		group.Group = "tocsin"
		of := kmsg.NewOffsetFetchRequestGroupTopic()
		of.Topic, of.Partitions = "logs", []int32{0}
		group.Topics = append(group.Topics, of)
		req.Groups = append(req.Groups, group)
		resp, err := req.RequestWith(t.Context(), client)
		if err != nil {
			t.Fatal(err)
		}
		if len(resp.Groups) > 0 && len(resp.Groups[0].Topics) > 0 && len(resp.Groups[0].Topics[0].Partitions) > 0 {
			return resp.Groups[0].Topics[0].Partitions[0].Offset == 10
		}
		return len(resp.Topics) > 0 && len(resp.Topics[0].Partitions) > 0 && resp.Topics[0].Partitions[0].Offset == 10
	})
	stop()
	again := &feedtest.Sink{}
	feedtest.Run(t, source(t, c, opt), nil, again)
	untilCount(t, again, 10)
}

// TestPressure fetches no more than is bounded while the run takes nothing, and shows what is behind.
func TestPressure(t *testing.T) {
	c := cluster(t, kfake.SeedTopics(1, "logs"))
	k := &feedtest.Sink{Block: make(chan struct{})}
	s := source(t, c, Options{Topics: []string{"logs"}, Start: "start"})
	feedtest.Run(t, s, nil, k)
	for range 2 {
		produce(t, c, "logs", 0, numbered(strings.Repeat("x", 10_000), 500)...)
	}
	feedtest.Until(t, "what is behind", func() bool { return s.Stats()[0].Behind != 0 })
	if len(lines(k.Batches())) != 0 {
		t.Error("taken while blocked")
	}
	close(k.Block)
	untilCount(t, k, 1000)
	feedtest.Until(t, "nothing behind", func() bool { return s.Stats()[0].Behind == 0 })
}

// TestSecrets signs in over TLS, and says that it cannot without the password standing anywhere.
func TestSecrets(t *testing.T) {
	pair := certificate(t)
	c := cluster(t, kfake.SeedTopics(1, "logs"), kfake.TLS(&tls.Config{Certificates: []tls.Certificate{pair}}), kfake.EnableSASL(),
		kfake.Superuser("SCRAM-SHA-256", "tocsin", "right-horse"))
	roots := pool(t, pair)
	var log bytes.Buffer
	opt := Options{Topics: []string{"logs"}, User: "tocsin", Password: "wrong-horse", Mechanism: "scram-sha-256", TLS: &tls.Config{RootCAs: roots, ServerName: "127.0.0.1"},
		Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	bad := source(t, c, opt)
	stop := feedtest.Run(t, bad, nil, &feedtest.Sink{})
	feedtest.Until(t, "a hint", func() bool { return strings.Contains(bad.Stats()[0].Why, "password file") })
	stop()
	c.ControlKey(int16(kmsg.SASLAuthenticate), func(req kmsg.Request) (kmsg.Response, error, bool) { // as Kafka itself does
		c.KeepControl()
		resp := req.ResponseKind().(*kmsg.SASLAuthenticateResponse)
		if bad := string(req.(*kmsg.SASLAuthenticateRequest).SASLAuthBytes); strings.Contains(bad, "wrong") {
			resp.ErrorCode, resp.ErrorMessage = kerr.SaslAuthenticationFailed.Code, kmsg.StringPtr("Authentication failed")
			return resp, nil, true
		}
		return nil, nil, false
	})
	opt.User = "wrong"
	bad = source(t, c, opt)
	stop = feedtest.Run(t, bad, nil, &feedtest.Sink{})
	feedtest.Until(t, "broken", func() bool { return bad.Stats()[0].State == "broken" })
	stop()
	if said := log.String() + fmt.Sprint(bad.Stats()); strings.Contains(said, "horse") || !strings.Contains(said, "sign in") {
		t.Errorf("said %s", said)
	}
	opt.User, opt.Password = "tocsin", "right-horse"
	good := source(t, c, opt)
	feedtest.Run(t, good, nil, &feedtest.Sink{})
	feedtest.Until(t, "following", func() bool { st := good.Stats(); return len(st) == 1 && st[0].State == "following" })
}

// TestOptions refuses what cannot be meant.
func TestOptions(t *testing.T) {
	ok := Options{Brokers: []string{"127.0.0.1:1"}, Topics: []string{"t"}}
	for name, change := range map[string]func(*Options){
		"no brokers": func(o *Options) { o.Brokers = nil },
		"no topics":  func(o *Options) { o.Topics = nil },
		"start":      func(o *Options) { o.Start = "middle" },
		"mechanism":  func(o *Options) { o.User, o.Mechanism = "u", "gssapi" },
		"password":   func(o *Options) { o.Password = "p" },
	} {
		o := ok
		change(&o)
		if _, err := New(o); err == nil || strings.Contains(err.Error(), "\"p\"") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := New(ok); err != nil {
		t.Error(err)
	}
}

// FuzzPosition holds that a cursor that was tampered with is refused or harmless.
func FuzzPosition(f *testing.F) {
	f.Add(position{mark: mark{Next: 5, Line: 6, Byte: 7}}.text())
	f.Fuzz(func(t *testing.T, s string) {
		if p, ok := positionOf(s); ok {
			if again, ok := positionOf(p.text()); !ok || again != p {
				t.Fatalf("%+v became %+v", p, again)
			}
		}
	})
}
