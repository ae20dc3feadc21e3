// Package nats reads streams of NATS JetStream as a source of a live run. A stream is one origin.
//
// Where to go on is the run's own cursor (the stream's sequence), committed with what was made of the messages: they are read
// by an ordered consumer that is made for this and leaves nothing behind. Nothing is acknowledged, so a stream that keeps only
// what is not (work-queue retention) cannot be read.
//
// The data of a message are lines, with a line end where the last has none; JSON with line ends between its parts is written
// on one line first. The first line of a message has the number of its sequence, or one more than the last line before where
// that is greater, as it is behind messages of several lines. The number goes on in the cursor, so that it is the same after
// a restart. Subjects, headers and messages without data are left out.
//
// All messages of a batch were stored within a minute before Batch.At.
//
// What the stream removed before it was read is counted as lost; with Options.Subjects that is what it removed at its
// beginning, of other subjects too. A message longer than 16 MiB is counted as refused.
package nats

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/tocsin-ids/tocsin/feed"
)

// Options of a source. URL and Stream are needed.
type Options struct {
	Name     string // of the cluster where there are several, in ids and paths
	URL      string // nats://HOST:PORT or tls://HOST:PORT, several divided by commas
	Stream   string
	Subjects []string // of the stream's messages; none is all
	Tenant   string
	Format   string // decode's name of the messages' format; "" is by content

	Creds string      // a file of credentials; "" is none
	TLS   *tls.Config // nil is as URL says

	Start string // where the first start begins: "end" or "" is with what comes after it, "start" with the oldest message

	Log *slog.Logger // nil discards
}

// A Source reads one stream. Run may be called once.
type Source struct {
	opt    Options
	log    *slog.Logger
	origin *feed.Origin
	pause  time.Duration // after a fault, at first
	look   time.Duration // between two looks at what the stream has

	mu       sync.Mutex
	stat     feed.Stat
	down     string // why there is no connection; "" while there is
	note     string // of messages that are missing
	next     uint64 // sequence to be handed on next
	last     uint64 // of the stream
	first    uint64 // of the stream
	pending  uint64 // messages of Subjects behind the last that was handed on
	messages int64  // that were handed on
}

// New checks the options and gives the source; it connects to nothing.
func New(opt Options) (*Source, error) {
	switch {
	case opt.URL == "":
		return nil, errors.New("nats: no url: name one, such as nats://127.0.0.1:4222")
	case opt.Stream == "" || strings.ContainsAny(opt.Stream, " .*>/\\\t\r\n"):
		return nil, fmt.Errorf("nats: %q is no name of a stream", opt.Stream)
	case slices.Contains(opt.Subjects, ""):
		return nil, errors.New("nats: an empty subject")
	case opt.Start != "" && opt.Start != "start" && opt.Start != "end":
		return nil, fmt.Errorf("nats: start %q is neither \"start\" nor \"end\"", opt.Start)
	}
	for one := range strings.SplitSeq(opt.URL, ",") {
		if _, err := url.Parse(strings.TrimSpace(one)); err != nil {
			return nil, errors.New("nats: the url cannot be read: write nats://HOST:PORT") // the fault would show what is in it
		}
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	path := "nats/"
	if opt.Name != "" {
		path += opt.Name + "/"
	}
	path += opt.Stream
	if len(opt.Subjects) > 0 {
		path += ":" + strings.Join(opt.Subjects, ",")
	}
	if opt.Tenant != "" {
		path += "@" + opt.Tenant
	}
	id := "nats:" + strings.TrimPrefix(path, "nats/")
	s := &Source{opt: opt, log: opt.Log, pause: 200 * time.Millisecond, look: 5 * time.Second, down: "not begun",
		origin: &feed.Origin{ID: id, Kind: "nats", Path: path, Tenant: opt.Tenant, Format: opt.Format}}
	s.stat = feed.Stat{ID: id, Kind: "nats", Path: path, Tenant: opt.Tenant, State: "waiting"}
	return s, nil
}

// Run reads until ctx ends. A server that does not answer, or a stream that is not there, is told by Stats and tried again.
func (s *Source) Run(ctx context.Context, cursors map[string]string, sink feed.Sink, ready func()) error {
	r := &reader{Source: s, sink: sink, ready: sync.OnceFunc(ready)}
	r.resume(cursors[s.origin.ID])
	pause := s.pause
	for ctx.Err() == nil {
		before := r.pos.Next
		err := r.session(ctx)
		if ctx.Err() != nil || r.flush(ctx) != nil {
			break
		}
		if r.pos.Next != before {
			pause = s.pause
		}
		s.failed(err)
		r.ready() // what cannot be read now is said, and must not hold up the rest
		if r.say(ctx) != nil {
			break
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		pause = min(2*pause, 10*time.Second)
	}
	return nil
}

// Committed does nothing: the stream keeps its messages whether they were read or not.
func (s *Source) Committed(map[string]string) {}

// Stats has one Stat. Why may also say of a stream that is followed that messages are missing.
func (s *Source) Stats() []feed.Stat {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.stat
	if s.down != "" {
		st.State, st.Why = "waiting", s.down
		if adviceOn(s.down) != "" {
			st.State, st.Why = "broken", s.down+"; "+adviceOn(s.down)
		}
	} else {
		st.Why = s.note
	}
	n := int64(s.pending)
	if len(s.opt.Subjects) == 0 && s.last+1 > s.next && s.next > 0 {
		n = int64(s.last + 1 - s.next)
	} else if len(s.opt.Subjects) == 0 && s.next > 0 {
		n = 0
	}
	if st.Behind = 0; n > 0 || s.next == 0 {
		st.Behind = -1
		if s.messages > 0 {
			st.Behind = n * max(1, st.Read/s.messages)
		}
	}
	return []feed.Stat{st}
}

// failed says why nothing is read now.
func (s *Source) failed(err error) {
	why := "NATS does not answer"
	if err != nil {
		why = err.Error()
	}
	s.mu.Lock()
	news := s.down != why
	s.down = why
	s.mu.Unlock()
	if news {
		s.log.Warn("nats", "stream", s.opt.Stream, "why", why)
	}
}

// adviceOn says what to do about a fault, "" where there is no more to do than to try again.
func adviceOn(why string) string {
	low := strings.ToLower(why)
	switch {
	case strings.Contains(low, "authorization"), strings.Contains(low, "authentication"), strings.Contains(low, "permissions violation"), strings.Contains(low, "nkey"), strings.Contains(low, "credentials"):
		return "look at the file of credentials, or what the url has of user and password, and that they may read stream and consumer"
	case strings.Contains(low, "certificate"), strings.Contains(low, "tls"):
		return "look at the certificates, and at whether the server wants TLS"
	case strings.Contains(low, "jetstream not enabled"):
		return "switch JetStream on in the server, or name the server that has it"
	}
	return ""
}

// connect connects with what the options have.
func (s *Source) connect() (*nats.Conn, error) {
	opts := []nats.Option{
		nats.Name("tocsin"), nats.Timeout(5 * time.Second), nats.MaxReconnects(-1), nats.ReconnectWait(time.Second), nats.PingInterval(20 * time.Second),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err == nil {
				err = errors.New("the connection ended")
			}
			s.failed(fmt.Errorf("NATS does not answer: %w", err))
		}),
		nats.ReconnectHandler(func(*nats.Conn) {
			s.mu.Lock()
			s.down = ""
			s.mu.Unlock()
		}),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			s.log.Warn("nats", "stream", s.opt.Stream, "why", err)
		}),
	}
	if s.opt.Creds != "" {
		opts = append(opts, nats.UserCredentials(s.opt.Creds))
	}
	if s.opt.TLS != nil {
		opts = append(opts, nats.Secure(s.opt.TLS))
	}
	c, err := nats.Connect(s.opt.URL, opts...)
	if err != nil {
		return nil, fmt.Errorf("NATS does not answer: %s", s.bare(err.Error()))
	}
	return c, nil
}

// bare is text without what must not be shown.
func (s *Source) bare(text string) string {
	for one := range strings.SplitSeq(s.opt.URL, ",") {
		if u, err := url.Parse(strings.TrimSpace(one)); err == nil && u.User != nil {
			text = strings.ReplaceAll(text, u.User.String()+"@", "")
		}
	}
	return text
}

// streamFault is why a stream cannot be read.
func (s *Source) streamFault(err error) error {
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return fmt.Errorf("there is no stream %q; it is read from its start once there is", s.opt.Stream)
	}
	return fmt.Errorf("stream %q: %w", s.opt.Stream, err)
}
