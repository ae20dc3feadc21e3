package nats

import (
	"bytes"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/tocsin-ids/tocsin/feed"
	"github.com/tocsin-ids/tocsin/feed/feedtest"
)

// serve runs a server with JetStream in a folder, on a port of its own or on the one that is given.
func serve(t *testing.T, dir string, port int, change func(*server.Options)) *server.Server {
	t.Helper()
	if port == 0 {
		port = server.RANDOM_PORT
	}
	opt := &server.Options{Host: "127.0.0.1", Port: port, JetStream: true, StoreDir: dir, NoLog: true, NoSigs: true}
	if change != nil {
		change(opt)
	}
	s, err := server.NewServer(opt)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("no server")
	}
	return s
}

func stream(t *testing.T, s *server.Server, config jetstream.StreamConfig) jetstream.JetStream {
	t.Helper()
	c, err := nats.Connect(s.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	js, err := jetstream.New(c)
	if err != nil {
		t.Fatal(err)
	}
	if config.Name != "" {
		if _, err := js.CreateStream(t.Context(), config); err != nil {
			t.Fatal(err)
		}
	}
	return js
}

func logs() jetstream.StreamConfig {
	return jetstream.StreamConfig{Name: "LOGS", Subjects: []string{"logs.>"}}
}

func publish(t *testing.T, js jetstream.JetStream, subject string, values ...string) {
	t.Helper()
	for _, v := range values {
		if _, err := js.Publish(t.Context(), subject, []byte(v)); err != nil {
			t.Fatal(err)
		}
	}
}

func numbered(tag string, n int) []string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprint(tag, i))
	}
	return all
}

func source(t *testing.T, srv *server.Server, opt Options) *Source {
	t.Helper()
	opt.URL, opt.Stream = srv.ClientURL(), "LOGS"
	s, err := New(opt)
	if err != nil {
		t.Fatal(err)
	}
	s.pause, s.look = 10*time.Millisecond, 50*time.Millisecond
	return s
}

// TestResume reads a stream from its start, then goes on exactly from any batch that was committed last.
func TestResume(t *testing.T) {
	srv := serve(t, t.TempDir(), 0, nil)
	js := stream(t, srv, logs())
	values := numbered("a", 300)
	values[100], values[101], values[200] = "two\nlines", "", "{\n \"json\": [1,\n 2] }\n"
	publish(t, js, "logs.a", values...)
	k := &feedtest.Sink{}
	opt := Options{Start: "start"}
	s := source(t, srv, opt)
	stop := feedtest.Run(t, s, nil, k)
	feedtest.Count(t, 300, k.Lines)
	for i := range 10 {
		publish(t, js, "logs.b", fmt.Sprint("live", i))
		feedtest.Count(t, 301+i, k.Lines)
	}
	all := feedtest.Count(t, 310, k.Lines)
	for i, want := range map[int]string{0: "1 a0", 100: "101 two", 101: "102 lines", 102: "103 a102", 200: `201 {"json":[1,2]}`, 309: "310 live9"} {
		if all[i] != want {
			t.Errorf("%d: %q, want %q", i, all[i], want)
		}
	}
	feedtest.Until(t, "nothing behind", func() bool { st := s.Stats()[0]; return st.Behind == 0 && st.State == "following" && st.Lost == 0 })
	stop()
	if !k.Batches()[1].Past || k.Batches()[len(k.Batches())-1].Past {
		t.Error("past")
	}
	for seed := range uint64(4) {
		cut := 1 + rand.New(rand.NewPCG(seed, 1)).IntN(len(k.Batches()))
		before := k.Batches()[:cut]
		again := &feedtest.Sink{}
		s := source(t, srv, opt)
		stop := feedtest.Run(t, s, feedtest.Cursors(before), again)
		feedtest.Count(t, 310-len(feedtest.Lines(before)), again.Lines)
		stop()
		if got := feedtest.Lines(slices.Concat(before, again.Batches())); !slices.Equal(got, all) {
			t.Errorf("cut %d: union differs", cut)
		}
	}
}

// TestFromNow begins with what comes after the first start, and commits the place at once.
func TestFromNow(t *testing.T) {
	srv := serve(t, t.TempDir(), 0, nil)
	js := stream(t, srv, logs())
	publish(t, js, "logs.a", append(numbered("old", 10), "several\nlines")...)
	k := &feedtest.Sink{}
	stop := feedtest.Run(t, source(t, srv, Options{}), nil, k)
	feedtest.Until(t, "the place", func() bool { return len(k.Cursors()) > 0 })
	stop()
	publish(t, js, "logs.a", "new0", "new1")
	again := &feedtest.Sink{}
	stop = feedtest.Run(t, source(t, srv, Options{}), k.Cursors(), again)
	all := feedtest.Count(t, 2, again.Lines)
	stop()
	if all[0] != "12 new0" || all[1] != "13 new1" || len(k.Lines()) != 0 {
		t.Errorf("got %q, before %q", all, k.Lines())
	}
}

// TestNothingYet begins where there is no message, or no stream, and takes what comes while it does not run for new.
func TestNothingYet(t *testing.T) {
	for _, from := range []string{"end", "start"} {
		for _, what := range []string{"a stream", "no stream"} {
			srv := serve(t, t.TempDir(), 0, nil)
			config := logs()
			if what == "no stream" {
				config.Name = ""
			}
			js := stream(t, srv, config)
			k := &feedtest.Sink{}
			stop := feedtest.Run(t, source(t, srv, Options{Start: from}), nil, k)
			feedtest.Until(t, "the place", func() bool { return len(k.Cursors()) > 0 })
			stop()
			if what == "no stream" {
				js = stream(t, srv, logs())
			}
			publish(t, js, "logs.a", "new0", "new1")
			again := &feedtest.Sink{}
			s := source(t, srv, Options{Start: from})
			stop = feedtest.Run(t, s, k.Cursors(), again)
			all := feedtest.Count(t, 2, again.Lines)
			if st := s.Stats()[0]; st.Why != "" || st.Lost != 0 {
				t.Errorf("%s, from the %s: %+v", what, from, st)
			}
			stop()
			if all[0] != "1 new0" || slices.ContainsFunc(again.Batches(), func(b *feed.Batch) bool { return b.Past }) {
				t.Errorf("%s, from the %s: got %q, past %v", what, from, all, again.Batches()[0].Past)
			}
		}
	}
}

// TestSubjects reads some subjects.
func TestSubjects(t *testing.T) {
	srv := serve(t, t.TempDir(), 0, nil)
	js := stream(t, srv, logs())
	publish(t, js, "logs.c", numbered("other", 5)...)
	for i := range 10 {
		publish(t, js, fmt.Sprintf("logs.%c.x", 'a'+i%3), fmt.Sprint("m", i))
	}
	k := &feedtest.Sink{}
	s := source(t, srv, Options{Subjects: []string{"logs.a.*", "logs.b.>"}, Start: "start"})
	stop := feedtest.Run(t, s, nil, k)
	all := feedtest.Count(t, 7, k.Lines)
	stop()
	if all[0] != "6 m0" || all[2] != "9 m3" {
		t.Errorf("got %q", all)
	}
	if st := s.Stats()[0]; st.Lost != 0 {
		t.Errorf("stat %+v", st)
	}
}

// TestLost counts what the stream removed before it was read, while stopped and while the run took nothing.
func TestLost(t *testing.T) {
	srv := serve(t, t.TempDir(), 0, nil)
	config := logs()
	config.MaxMsgs = 10
	js := stream(t, srv, config)
	publish(t, js, "logs.a", numbered("a", 10)...)
	k := &feedtest.Sink{}
	stop := feedtest.Run(t, source(t, srv, Options{Start: "start"}), nil, k)
	feedtest.Count(t, 10, k.Lines)
	stop()
	publish(t, js, "logs.a", numbered("b", 17)...)
	again := &feedtest.Sink{}
	s := source(t, srv, Options{})
	stop = feedtest.Run(t, s, k.Cursors(), again)
	all := feedtest.Count(t, 10, again.Lines)
	if st := s.Stats()[0]; all[0] != "18 b7" || st.Lost != 7 || !strings.Contains(st.Why, "messages 11 to 17") {
		t.Errorf("first %q, stat %+v", all[0], st)
	}
	stop()
}

// TestGone waits for a server and a stream that are not there, and reads the stream from its start once it is.
func TestGone(t *testing.T) {
	dir := t.TempDir()
	srv := serve(t, dir, 0, nil)
	port := srv.Addr().(*net.TCPAddr).Port
	k := &feedtest.Sink{}
	s := source(t, srv, Options{})
	srv.Shutdown()
	srv.WaitForShutdown()
	feedtest.Run(t, s, nil, k)
	feedtest.Until(t, "waiting", func() bool {
		st := s.Stats()[0]
		return st.State == "waiting" && strings.Contains(st.Why, "does not answer")
	})
	srv = serve(t, dir, port, nil)
	feedtest.Until(t, "no stream", func() bool {
		st := s.Stats()[0]
		return st.State == "waiting" && strings.Contains(st.Why, "no stream")
	})
	js := stream(t, srv, logs())
	publish(t, js, "logs.a", numbered("a", 3)...)
	feedtest.Count(t, 3, k.Lines)
	srv.Shutdown()
	srv.WaitForShutdown()
	feedtest.Until(t, "waiting", func() bool { return s.Stats()[0].State == "waiting" })
	srv = serve(t, dir, port, nil)
	js = stream(t, srv, jetstream.StreamConfig{})
	publish(t, js, "logs.a", numbered("b", 3)...)
	all := feedtest.Count(t, 6, k.Lines)
	if all[5] != "6 b2" {
		t.Errorf("got %q", all)
	}
	feedtest.Until(t, "following", func() bool { return s.Stats()[0].State == "following" })

	// Another stream of that name.
	if err := js.DeleteStream(t.Context(), "LOGS"); err != nil {
		t.Fatal(err)
	}
	js = stream(t, srv, logs())
	publish(t, js, "logs.a", "anew")
	all = feedtest.Count(t, 7, k.Lines)
	if all[6] != "7 anew" {
		t.Errorf("got %q", all)
	}
}

// TestPressure shows what is behind while the run takes nothing.
func TestPressure(t *testing.T) {
	srv := serve(t, t.TempDir(), 0, nil)
	js := stream(t, srv, logs())
	k := &feedtest.Sink{Block: make(chan struct{})}
	s := source(t, srv, Options{Start: "start"})
	feedtest.Run(t, s, nil, k)
	publish(t, js, "logs.a", numbered(strings.Repeat("x", 50_000), 400)...) // more than is asked for at once
	feedtest.Until(t, "what is behind", func() bool { return s.Stats()[0].Behind != 0 })
	if len(k.Lines()) != 0 {
		t.Error("taken while blocked")
	}
	close(k.Block)
	feedtest.Count(t, 400, k.Lines)
	feedtest.Until(t, "nothing behind", func() bool { return s.Stats()[0].Behind == 0 })
}

// TestSecrets says that it cannot sign in without what it signs in with standing anywhere.
func TestSecrets(t *testing.T) {
	srv := serve(t, t.TempDir(), 0, func(o *server.Options) { o.Username, o.Password = "tocsin", "right-horse" })
	var log bytes.Buffer
	s, err := New(Options{URL: strings.Replace(srv.ClientURL(), "//", "//tocsin:wrong-horse@", 1), Stream: "LOGS", Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	stop := feedtest.Run(t, s, nil, &feedtest.Sink{})
	feedtest.Until(t, "broken", func() bool { return s.Stats()[0].State == "broken" })
	stop()
	if said := log.String() + fmt.Sprint(s.Stats()); strings.Contains(said, "horse") || !strings.Contains(said, "credentials") {
		t.Errorf("said %s", said)
	}
}

// TestOptions refuses what cannot be meant.
func TestOptions(t *testing.T) {
	for name, o := range map[string]Options{
		"no url":   {Stream: "A"},
		"stream":   {URL: "nats://127.0.0.1:1", Stream: "a.b"},
		"subject":  {URL: "nats://127.0.0.1:1", Stream: "A", Subjects: []string{""}},
		"start":    {URL: "nats://127.0.0.1:1", Stream: "A", Start: "middle"},
		"bad host": {URL: "nats://u:secret@[::1", Stream: "A"},
	} {
		if _, err := New(o); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", name, err)
		}
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
