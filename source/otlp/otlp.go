// Package otlp receives OpenTelemetry's logs and traces over HTTP (OTLP/HTTP: POST /v1/logs and /v1/traces, protobuf or JSON),
// which makes Tocsin a telemetry destination of Claude Code, Codex, Anthropic's API and whatever else has an OTLP exporter.
// https://opentelemetry.io/docs/specs/otlp/#otlphttp
//
// A [Handler] answers once what it received is in the write-ahead log. Protobuf is written there as OTLP's JSON, and each line
// is an export of its own, of one resource and scope: what comes out of decode is what it makes of the same export in a file. All
// that a tenant sends, logs and spans, is one origin, "otlp" with "TENANT/" before it where there is one, so that a call that
// is told by both is one.
//
// What is full or fails for now is answered 429 or 503 with Retry-After, as the protocol has it; what is malformed 400, and is
// not to be sent again. Metrics are accepted and not kept: they tell of no call. A path may have anything before /v1/, since
// endpoints are configured as prefixes. Nothing is ever answered by a redirect: Anthropic's destinations are disabled by one.
//
// It leaves out OTLP over gRPC, profiles, and knowing what was sent twice.
package otlp

import (
	"errors"
	"fmt"
	"log/slog"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tocsin-ids/tocsin/feed"
	"github.com/tocsin-ids/tocsin/source/wal"
)

// A Gate says who may send, and reads what is sent within bounds.
type Gate interface {
	// Admit says whose what a request brings is, and whether it may.
	Admit(r *http.Request) (tenant string, ok bool)
	// Body reads the body of a request, decompressed. done is to be called when it is not needed any more. An error
	// that is no *wal.Refusal is the sender's fault.
	Body(w http.ResponseWriter, r *http.Request) (body []byte, done func(), err error)
}

// Options of a handler. Gate and Log are needed.
type Options struct {
	Gate   Gate
	Log    *wal.Log
	Logger *slog.Logger // nil: nothing is logged
}

// A Handler answers requests. Any number of goroutines may use it.
type Handler struct {
	opt Options

	read    atomic.Int64
	refused atomic.Int64
	metrics atomic.Int64
	last    atomic.Int64 // Unix nanoseconds
}

// New returns a handler.
func New(opt Options) *Handler {
	if opt.Logger == nil {
		opt.Logger = slog.New(slog.DiscardHandler)
	}
	return &Handler{opt: opt}
}

// A signal is what is exported, by the last part of the path.
type signal string

const (
	logs    signal = "logs"
	traces  signal = "traces"
	metrics signal = "metrics"
)

// signalOf says what a path is for, "" where it is for nothing of OTLP's.
func signalOf(path string) signal {
	path = strings.TrimRight(path, "/")
	i := strings.LastIndexByte(path, '/')
	if i < 0 || !strings.HasSuffix(strings.TrimRight(path[:i], "/"), "/v1") {
		return ""
	}
	switch s := signal(path[i+1:]); s {
	case logs, traces, metrics:
		return s
	}
	return ""
}

// Serves says whether requests for a path belong to a Handler.
func Serves(path string) bool { return signalOf(path) != "" }

// An encoding is how a request is written, and its answer.
type encoding bool

const (
	inJSON     encoding = false
	inProtobuf encoding = true
)

func (e encoding) String() string {
	if e == inProtobuf {
		return "application/x-protobuf"
	}
	return "application/json"
}

// encodingOf says how a request is written. Whoever says nothing that is known is answered in JSON.
func encodingOf(r *http.Request) (encoding, bool) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case err == nil && (kind == "application/x-protobuf" || kind == "application/protobuf"):
		return inProtobuf, true
	case err == nil && kind == "application/json":
		return inJSON, true
	}
	return inJSON, false
}

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	kind, known := encodingOf(r)
	tenant, ok := "", false
	if h.opt.Gate != nil {
		tenant, ok = h.opt.Gate.Admit(r)
	}
	if !ok {
		w.Header().Set("WWW-Authenticate", `Bearer realm="tocsin"`)
		h.fail(w, r, kind, &wal.Refusal{Code: http.StatusUnauthorized, Why: "a token or client certificate is needed that this listener knows: Authorization: Bearer TOKEN"})
		return
	}
	what := signalOf(r.URL.Path)
	switch {
	case what == "":
		h.fail(w, r, kind, &wal.Refusal{Code: http.StatusNotFound, Why: "nothing is received here; POST to /v1/logs or /v1/traces"})
		return
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", "POST")
		h.fail(w, r, kind, &wal.Refusal{Code: http.StatusMethodNotAllowed, Why: "the method is to be POST"})
		return
	case !known:
		h.fail(w, r, kind, &wal.Refusal{Code: http.StatusUnsupportedMediaType, Why: fmt.Sprintf("the content type %.100q is not known; application/x-protobuf and application/json are (protocol http/protobuf or http/json, not grpc)", r.Header.Get("Content-Type"))})
		return
	}
	at := time.Now()
	body, done, err := h.opt.Gate.Body(w, r)
	if err != nil {
		h.fail(w, r, kind, err)
		return
	}
	defer done()
	if what == metrics {
		h.metrics.Add(1)
		answer(w, http.StatusOK, kind, emptyAnswer(kind))
		return
	}
	out := &lines{what: what, most: min(16*len(body)+64<<10, maxLines)}
	if kind == inProtobuf {
		err = out.protobuf(body)
	} else {
		err = out.json(body)
	}
	if err == nil && len(out.b) > 0 {
		if err = h.opt.Log.Append(wal.Origin("otlp", "otlp", tenant, "otlp"), out.b, at); err != nil {
			err = wal.Refused(err)
		}
	}
	if err != nil {
		h.fail(w, r, kind, err)
		return
	}
	h.read.Add(int64(len(out.b)))
	h.last.Store(at.UnixNano())
	if out.refused == 0 {
		answer(w, http.StatusOK, kind, emptyAnswer(kind))
		return
	}
	h.refused.Add(1)
	h.opt.Logger.Warn("otlp: records were refused", "path", r.URL.Path, "from", r.RemoteAddr, "records", out.refused, "why", tooLong)
	answer(w, http.StatusOK, kind, partialAnswer(kind, what, out.refused, tooLong))
}

// fail answers with a google.rpc.Status in the request's encoding.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, kind encoding, err error) {
	h.refused.Add(1)
	no := &wal.Refusal{Code: http.StatusBadRequest}
	errors.As(err, &no)
	if no.Retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(no.Retry.Seconds()+0.999)))
	}
	h.opt.Logger.Warn("otlp: refused", "path", r.URL.Path, "from", r.RemoteAddr, "status", no.Code, "why", err)
	answer(w, no.Code, kind, statusAnswer(kind, no.Code, err.Error()))
}

// Stats is what the handler has received since the process began.
func (h *Handler) Stats() []feed.Stat {
	s := feed.Stat{ID: "listener/otlp", Kind: "otlp", Path: "otlp", State: "listening", Read: h.read.Load(), Refused: h.refused.Load()}
	if n := h.metrics.Load(); n > 0 {
		s.Why = fmt.Sprintf("%d requests with metrics were accepted and not kept; set OTEL_METRICS_EXPORTER=none to spare them", n)
	}
	if n := h.last.Load(); n > 0 {
		s.Last = time.Unix(0, n).UTC()
	}
	return []feed.Stat{s}
}
