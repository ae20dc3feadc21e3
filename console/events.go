package console

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Bounds of event streams.
const (
	keptEvents   = 512 // by which a stream that broke off goes on
	unsentEvents = 256 // a stream that has more before it is cut
)

// An event is a change with its number.
type event struct {
	n uint64
	Change
}

// A hub hands the run's changes to all who listen.
type hub struct {
	mu     sync.Mutex
	epoch  string // of this process: numbers of another say nothing
	last   uint64
	kept   []event // the last ones, in order
	all    map[*listener]bool
	most   int
	closed bool
}

// A listener is one event stream.
type listener struct {
	c chan event // closed where it was too slow, or the console ends
}

func newHub(most int) *hub { return &hub{epoch: secret()[:8], all: map[*listener]bool{}, most: most} }

func (h *hub) tell(c Change) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last++
	e := event{h.last, c}
	if len(h.kept) == keptEvents {
		h.kept = append(h.kept[:0], h.kept[1:]...)
	}
	h.kept = append(h.kept, e)
	for l := range h.all {
		select {
		case l.c <- e:
		default: // it can go on with a new stream, by the number of the last event that it saw
			delete(h.all, l)
			close(l.c)
		}
	}
}

// number is that of the last change.
func (h *hub) number() uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.last
}

// listen begins a stream behind the event with an id, with those after it that are kept. whole says that some may be missing,
// so that all there is has to be looked at. It is nil where there are too many streams.
func (h *hub) listen(after string) (l *listener, missed []event, whole bool, last uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed || len(h.all) >= h.most {
		return nil, nil, false, 0
	}
	l = &listener{make(chan event, unsentEvents)}
	h.all[l] = true
	epoch, number, _ := strings.Cut(after, "-")
	n, err := strconv.ParseUint(number, 10, 64)
	if err != nil || epoch != h.epoch || n > h.last || h.last-n > uint64(len(h.kept)) {
		return l, nil, true, h.last
	}
	return l, append([]event(nil), h.kept[uint64(len(h.kept))-(h.last-n):]...), false, h.last
}

func (h *hub) leave(l *listener) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.all[l] {
		delete(h.all, l)
		close(l.c)
	}
}

// close ends all streams.
func (h *hub) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for l := range h.all {
		delete(h.all, l)
		close(l.c)
	}
}

// streams is how many there are.
func (h *hub) streams() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.all)
}

// events answers with a stream of server-sent events: campaign and source, each with the change as JSON; and snapshot, where all
// there is has to be looked at anew, at the beginning as well. Last-Event-ID goes on where a stream broke off.
func (c *Console) events(w http.ResponseWriter, r *http.Request) {
	l, missed, whole, last := c.hub.listen(r.Header.Get("Last-Event-ID"))
	if l == nil {
		w.Header().Set("Retry-After", "10")
		problem(w, http.StatusServiceUnavailable, fmt.Sprintf("there are %d event streams already", c.o.Clients))
		return
	}
	defer c.hub.leave(l)
	out := http.NewResponseController(w)
	_ = out.SetReadDeadline(time.Time{})
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	send := func(text string) bool {
		_ = out.SetWriteDeadline(time.Now().Add(beatTimeout))
		if _, err := w.Write([]byte(text)); err != nil {
			return false
		}
		return out.Flush() == nil
	}
	if whole {
		if !send(fmt.Sprintf("retry: 2000\nid: %s-%d\nevent: snapshot\ndata: {}\n\n", c.hub.epoch, last)) {
			return
		}
	} else if !send("retry: 2000\n\n") {
		return
	}
	for _, e := range missed {
		if !send(c.frame(e)) {
			return
		}
	}
	beat := time.NewTicker(c.o.Beat)
	defer beat.Stop()
	p := who(r.Context())
	for {
		select {
		case <-r.Context().Done():
			return
		case e, ok := <-l.c:
			if !ok || !send(c.frame(e)) {
				return
			}
		case <-beat.C:
			if !p.again() || !send(": beat\n\n") {
				return
			}
		}
	}
}

// frame is an event as it is sent.
func (c *Console) frame(e event) string {
	kind := e.Kind
	switch kind {
	case "campaign", "source":
	default:
		kind = "snapshot" // whatever it is, who looks at everything misses nothing
	}
	b, _ := json.Marshal(e.Change) // cannot fail: texts only; no line breaks in it
	return fmt.Sprintf("id: %s-%d\nevent: %s\ndata: %s\n\n", c.hub.epoch, e.n, kind, b)
}
