// Package push receives logs over HTTP: JSON lines and text (POST /ingest), Elastic's bulk requests (POST /_bulk), and webhooks
// (POST /webhook/NAME).
//
// A [Handler] answers once what it received is in the write-ahead log, so that an answer of 200 is a promise; while the log
// is full it answers 429 with Retry-After, and senders wait. Who sends is known by a token or a client certificate, which
// belong to a tenant; see [Gate]. Nothing is ever answered by a redirect.
//
// What comes to one name of one tenant is one origin, read by its content:
//
//	POST /ingest, /ingest/NAME     http/ingest, http/ingest/NAME
//	POST /_bulk, /INDEX/_bulk      http/bulk/INDEX, without the date that an index ends in
//	POST /webhook/NAME             http/webhook/NAME
//
// with "TENANT/" before it where there is one. Logs of different kinds belong under different names, as they would into different
// files. Of each tenant 256 names of a kind are told apart; the rest is ".../other".
//
// Elastic's clients (Filebeat and other Beats, Fluent Bit, Vector, Logstash) find what they ask a server for before they send:
// version, licence, and that templates are there already. It is no search engine: whatever else they ask is not found.
// Signatures of webhooks are not checked; a sender of webhooks proves itself by a token like all others.
package push

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tocsin-ids/tocsin/feed"
	"github.com/tocsin-ids/tocsin/source/wal"
)

const (
	maxNames = 256      // of a kind and tenant
	maxLine  = 16 << 20 // bytes of one line, as readers of files have it
	other    = "other"
)

// Options of a handler. Gate and Log are needed.
type Options struct {
	Gate   *Gate
	Log    *wal.Log
	Logger *slog.Logger // nil: nothing is logged
}

// A Handler answers requests. Any number of goroutines may use it.
//
// It is to be given requests as they came: a ServeMux above it would answer paths with two slashes by a redirect.
type Handler struct {
	opt Options

	mu      sync.Mutex
	origins map[string]*feed.Origin
	names   map[string]int // kind of a tenant → names it has
	read    atomic.Int64
	refused atomic.Int64
	last    atomic.Int64 // Unix nanoseconds
	ids     atomic.Int64 // of documents that name none
}

// New returns a handler.
func New(opt Options) *Handler {
	if opt.Logger == nil {
		opt.Logger = slog.New(slog.DiscardHandler)
	}
	if opt.Gate == nil {
		opt.Gate = &Gate{}
	}
	return &Handler{opt: opt, origins: map[string]*feed.Origin{}, names: map[string]int{}}
}

type kind uint8

const (
	none kind = iota
	root
	ingest
	webhook
	bulk
	elastic // what clients ask Elasticsearch for
)

// route says what a path is for, and the name in it. Slashes that are too many are passed over.
func route(p string) (kind, string) {
	p = strings.TrimPrefix(path.Clean("/"+p), "/")
	first, rest, nested := strings.Cut(p, "/")
	switch {
	case p == "":
		return root, ""
	case first == "ingest" && !strings.Contains(rest, "/"):
		return ingest, rest
	case first == "webhook" && nested && !strings.Contains(rest, "/"):
		return webhook, rest
	case first == "_bulk" && !nested:
		return bulk, ""
	case rest == "_bulk" || strings.HasSuffix(rest, "/_bulk") && strings.Count(rest, "/") == 1 && !strings.HasPrefix(first, "_"): // the second with a type
		return bulk, first
	case first == "_license" || first == "_xpack" || first == "_cluster" || first == "_index_template" || first == "_component_template" || first == "_template" || first == "_ilm" || first == "_data_stream" || first == "_ingest" || first == "_nodes":
		return elastic, p
	}
	return none, ""
}

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	kind, name := route(r.URL.Path)
	if kind == bulk || kind == root || kind == elastic {
		w.Header().Set("X-Elastic-Product", "Elasticsearch")
	}
	tenant, ok := h.opt.Gate.Admit(r)
	if !ok {
		w.Header().Add("WWW-Authenticate", `Bearer realm="tocsin"`)
		w.Header().Add("WWW-Authenticate", `Basic realm="tocsin", charset="UTF-8"`)
		h.fail(w, r, kind, &wal.Refusal{Code: http.StatusUnauthorized, Why: "a token or client certificate is needed that this listener knows: Authorization: Bearer TOKEN, or as the password of Basic"})
		return
	}
	allow := []string{"POST"}
	switch kind {
	case none:
		h.fail(w, r, kind, &wal.Refusal{Code: http.StatusNotFound, Why: "nothing is received here; POST to /ingest, /_bulk or /webhook/NAME"})
		return
	case root, elastic:
		allow = []string{"GET", "HEAD"}
	case bulk:
		allow = []string{"POST", "PUT"}
	}
	if !slices.Contains(allow, r.Method) {
		w.Header().Set("Allow", strings.Join(allow, ", "))
		h.fail(w, r, kind, &wal.Refusal{Code: http.StatusMethodNotAllowed, Why: "the method is to be " + strings.Join(allow, " or ")})
		return
	}
	if kind == root || kind == elastic {
		h.ask(w, r, name)
		return
	}
	at := time.Now()
	body, done, err := h.opt.Gate.Body(w, r)
	if err != nil {
		h.fail(w, r, kind, err)
		return
	}
	defer done()
	switch kind {
	case ingest:
		err = h.ingest(w, r, tenant, name, body, at)
	case webhook:
		err = h.webhook(w, tenant, name, body, at)
	case bulk:
		err = h.bulk(w, r, tenant, name, body, at)
	}
	if err != nil {
		h.fail(w, r, kind, err)
	}
}

// nameShape is what names in paths may be: they become names of origins, which people read.
var nameShape = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._+-]{0,99}$`)

// origin is the stream of a name of a kind, such as http/ingest.
func (h *Handler) origin(tenant, kind, name string) *feed.Origin {
	of := wal.Origin("http", kind, tenant, "").ID
	if name != "" {
		kind += "/" + name
	}
	o := wal.Origin("http", kind, tenant, "")
	h.mu.Lock()
	defer h.mu.Unlock()
	if was := h.origins[o.ID]; was != nil {
		return was
	}
	if name != "" && name != other {
		if h.names[of] == maxNames {
			o = wal.Origin("http", strings.TrimSuffix(kind, name)+other, tenant, "")
			if was := h.origins[o.ID]; was != nil {
				return was
			}
			h.opt.Logger.Warn("push: more names than are told apart; the rest is one origin", "origin", o.ID, "names", maxNames)
		} else {
			h.names[of]++
		}
	}
	h.origins[o.ID] = o
	return o
}

// keep appends lines to the log.
func (h *Handler) keep(o *feed.Origin, lines []byte, at time.Time) error {
	if len(lines) == 0 {
		return nil
	}
	if err := h.opt.Log.Append(o, lines, at); err != nil {
		return wal.Refused(err)
	}
	h.read.Add(int64(len(lines)))
	h.last.Store(at.UnixNano())
	return nil
}

// fail answers with what is wrong.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, kind kind, err error) {
	h.refused.Add(1)
	var no *wal.Refusal
	if !errors.As(err, &no) {
		no = &wal.Refusal{Code: http.StatusBadRequest, Why: err.Error()}
	}
	h.opt.Logger.Warn("push: refused", "path", r.URL.Path, "from", r.RemoteAddr, "status", no.Code, "why", no.Why)
	if no.Retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(no.Retry.Seconds()+0.999)))
	}
	var body any = struct {
		Error string `json:"error"`
	}{no.Why}
	if kind == bulk || kind == root || kind == elastic {
		type cause struct {
			Type   string `json:"type"`
			Reason string `json:"reason"`
		}
		c := cause{elasticType(no.Code), no.Why}
		body = map[string]any{"error": map[string]any{"root_cause": []cause{c}, "type": c.Type, "reason": c.Reason}, "status": no.Code}
	}
	answer(w, no.Code, body)
}

// answer writes an answer as JSON.
func answer(w http.ResponseWriter, code int, body any) {
	b, err := json.Marshal(body)
	if err != nil {
		code, b = http.StatusInternalServerError, []byte(`{"error":"no answer could be written"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	w.Write(append(b, '\n'))
}

// Stats is what the handler has received since the process began.
func (h *Handler) Stats() []feed.Stat {
	s := feed.Stat{ID: "listener/http", Kind: "http", Path: "http", State: "listening", Read: h.read.Load(), Refused: h.refused.Load()}
	if n := h.last.Load(); n > 0 {
		s.Last = time.Unix(0, n).UTC()
	}
	return []feed.Stat{s}
}

// checkName says what is wrong with a name in a path.
func checkName(name string) error {
	if name != "" && !nameShape.MatchString(name) {
		return &wal.Refusal{Code: http.StatusBadRequest, Why: fmt.Sprintf("the name %.100q is to be letters, digits, '.', '_', '+' and '-', at most 100", name)}
	}
	return nil
}
