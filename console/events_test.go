package console

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// A stream is an event stream that is read.
type stream struct {
	lines chan string // closed at its end
	stop  context.CancelFunc
}

func listen(t *testing.T, at, after string) *stream {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, "GET", at+"/api/v1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	if after != "" {
		r.Header.Set("Last-Event-ID", after)
	}
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if a.StatusCode != 200 || a.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("stream: %s", a.Status)
	}
	s := &stream{make(chan string, 100), stop}
	go func() {
		defer close(s.lines)
		defer a.Body.Close()
		for in := bufio.NewScanner(a.Body); in.Scan(); {
			select {
			case s.lines <- in.Text():
			case <-ctx.Done():
				return
			}
		}
	}()
	t.Cleanup(stop)
	return s
}

// next is the next event: its name, data and id.
func (s *stream) next(t *testing.T) (name, data, id string) {
	t.Helper()
	end := time.After(5 * time.Second)
	for {
		select {
		case l, ok := <-s.lines:
			switch key, value, _ := strings.Cut(l, ": "); {
			case !ok:
				t.Fatal("the stream has ended")
			case key == "id":
				id = value
			case key == "event":
				name = value
			case key == "data":
				return name, value, id
			}
		case <-end:
			t.Fatal("no event")
		}
	}
}

func TestEvents(t *testing.T) {
	f := sampleRun()
	c := newConsole(t, f, nil)
	at := server(t, c)
	s := listen(t, at, "")
	name, _, first := s.next(t)
	if name != "snapshot" {
		t.Fatalf("it begins with %s", name)
	}
	c.Changed(Change{Kind: "campaign", Tenant: "clinic", ID: "c-1"})
	c.Changed(Change{Kind: "source", ID: "a\nevent: forged"})
	if name, data, _ := s.next(t); name != "campaign" || data != `{"kind":"campaign","tenant":"clinic","id":"c-1"}` {
		t.Errorf("%s %s", name, data)
	}
	if name, data, _ := s.next(t); name != "source" || !strings.Contains(data, `\nevent`) {
		t.Errorf("%s %s", name, data)
	}
	s.stop()
	// A stream that broke off goes on; one whose last event is not known begins anew.
	s = listen(t, at, first)
	if name, _, id := s.next(t); name != "campaign" || id == first {
		t.Errorf("it goes on with %s %s", name, id)
	}
	for _, id := range []string{"other-1", strings.Split(first, "-")[0] + "-999999", "x"} {
		if name, _, _ := listen(t, at, id).next(t); name != "snapshot" {
			t.Errorf("behind %s comes %s", id, name)
		}
	}
}

func TestEventsAreMany(t *testing.T) {
	f := sampleRun()
	at := server(t, newConsole(t, f, func(o *Options) { o.Clients = 2 }))
	a, b := listen(t, at, ""), listen(t, at, "")
	a.next(t)
	b.next(t)
	if r, _ := ask(t, "GET", at+"/api/v1/events", ""); r.StatusCode != 503 || r.Header.Get("Retry-After") == "" {
		t.Errorf("a third stream of two: %s", r.Status)
	}
	a.stop()
	for end := time.Now().Add(5 * time.Second); ; {
		if r, err := http.NewRequestWithContext(t.Context(), "GET", at+"/healthz", nil); err == nil {
			_ = r
		}
		c, err := net.Dial("tcp", strings.TrimPrefix(at, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(c, "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
		l, _ := bufio.NewReader(c).ReadString('\n')
		c.Close()
		if strings.Contains(l, "200") {
			return
		}
		if time.Now().After(end) {
			t.Fatal("the room of a stream that ended is not given back")
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// A stream that is not read is cut, and holds nobody up.
func TestEventsSlow(t *testing.T) {
	f := sampleRun()
	c := newConsole(t, f, nil)
	at := server(t, c)
	slow, err := net.Dial("tcp", strings.TrimPrefix(at, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	_ = slow.(*net.TCPConn).SetReadBuffer(4096)
	fmt.Fprintf(slow, "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
	for end := time.Now().Add(5 * time.Second); c.hub.streams() == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("no stream")
		}
	}
	long := strings.Repeat("x", 60_000)
	began := time.Now()
	for i := 0; c.hub.streams() > 0; i++ {
		c.hub.tell(Change{Kind: "campaign", ID: long})
		if i > 10_000 {
			t.Fatal("a stream that nobody reads is not cut")
		}
	}
	if d := time.Since(began); d > 8*time.Second {
		t.Errorf("it held others up for %v", d)
	}
}

func TestEventsEndWithSession(t *testing.T) {
	f := sampleRun()
	accounts := &Accounts{}
	if err := accounts.SetUser("ann", "correct horse battery", Viewer); err != nil {
		t.Fatal(err)
	}
	id, token, err := accounts.NewToken("script", Viewer, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	at := server(t, newConsole(t, f, func(o *Options) { o.Accounts, o.Login, o.Beat = accounts, true, 20*time.Millisecond }))
	r, _ := http.NewRequestWithContext(t.Context(), "GET", at+"/api/v1/events", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	a, err := http.DefaultClient.Do(r)
	if err != nil || a.StatusCode != 200 {
		t.Fatal(err, a)
	}
	defer a.Body.Close()
	if err := accounts.RevokeToken(id); err != nil {
		t.Fatal(err)
	}
	done := make(chan bool)
	go func() {
		for in := bufio.NewScanner(a.Body); in.Scan(); {
		}
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		t.Fatal("the stream of a token that was revoked goes on")
	}
}
