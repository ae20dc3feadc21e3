package push

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin/feed"
	"github.com/tocsin-ids/tocsin/source/wal"
)

// A bulk request (elastic.co/docs/api/doc/elasticsearch/operation/operation-bulk) is lines: an action, and behind each but
// "delete" its document. The answer has an item for each action, in order, with a status of its own: 400 is never sent again,
// 429 is.

// maxActions bounds the actions of a request.
const maxActions = 100_000

// An action is a line of a bulk request.
type action struct {
	verb  string
	index string
	id    string
	doc   []byte
	err   *wal.Refusal // of the document; doc is nil then
}

// A target is where an action's document goes.
type target struct {
	Index string `json:"_index"`
	ID    any    `json:"_id"`
}

// An item is what is answered for an action.
type item struct {
	Index   string     `json:"_index"`
	ID      string     `json:"_id"`
	Version int        `json:"_version,omitempty"`
	Result  string     `json:"result,omitempty"`
	Shards  *shards    `json:"_shards,omitempty"`
	Seq     *int64     `json:"_seq_no,omitempty"`
	Term    int        `json:"_primary_term,omitempty"`
	Status  int        `json:"status"`
	Error   *itemError `json:"error,omitempty"`
}

type shards struct {
	Total      int `json:"total"`
	Successful int `json:"successful"`
	Failed     int `json:"failed"`
}

type itemError struct {
	Type   string `json:"type"`
	Reason string `json:"reason"`
}

// elasticType is the name that Elasticsearch gives to what a status means.
func elasticType(code int) string {
	switch code {
	case http.StatusUnauthorized:
		return "security_exception"
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return "es_rejected_execution_exception"
	case http.StatusRequestEntityTooLarge:
		return "content_too_long_exception"
	}
	return "illegal_argument_exception"
}

func (h *Handler) bulk(w http.ResponseWriter, r *http.Request, tenant, name string, body []byte, at time.Time) error {
	switch kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); strings.TrimSpace(kind) {
	case "application/x-ndjson", "application/json", "application/vnd.elasticsearch+x-ndjson", "application/vnd.elasticsearch+json", "":
	default:
		return &wal.Refusal{Code: http.StatusUnsupportedMediaType, Why: fmt.Sprintf("the content type %.100q is not known; application/x-ndjson is", kind)}
	}
	actions, err := parseBulk(name, body)
	if err != nil {
		return err
	}
	// One append for each origin; what is refused of one is not refused of the others.
	origins := map[string]*feed.Origin{} // by index
	var order []*feed.Origin
	lines := map[*feed.Origin][]byte{}
	for _, a := range actions {
		if a.doc == nil {
			continue
		}
		o := origins[a.index]
		if o == nil {
			o = h.origin(tenant, "http/bulk", indexName(a.index))
			origins[a.index] = o
		}
		if lines[o] == nil {
			order = append(order, o)
		}
		lines[o] = append(append(lines[o], a.doc...), '\n')
	}
	failed := map[*feed.Origin]*wal.Refusal{}
	for _, o := range order {
		if err := h.keep(o, lines[o], at); err != nil {
			no := &wal.Refusal{}
			errors.As(err, &no)
			failed[o] = no
		}
	}
	if len(failed) > 0 && len(failed) == len(order) {
		return failed[order[0]]
	}
	items, wrong := make([]map[string]*item, len(actions)), false
	for i, a := range actions {
		no := a.err
		if no == nil && a.doc != nil {
			no = failed[origins[a.index]]
		}
		it := &item{Index: a.index, ID: a.id}
		switch {
		case no != nil:
			wrong = true
			it.Status, it.Error = no.Code, &itemError{elasticType(no.Code), no.Why}
			if no.Code == http.StatusServiceUnavailable {
				it.Status = http.StatusTooManyRequests // which clients send again
			}
		case a.verb == "delete":
			it.Status, it.Result = http.StatusNotFound, "not_found"
		default:
			if it.ID == "" {
				it.ID = strconv.FormatInt(at.UnixNano(), 36) + strconv.FormatInt(h.ids.Add(1), 36)
			}
			seq := int64(0)
			it.Version, it.Shards, it.Seq, it.Term = 1, &shards{1, 1, 0}, &seq, 1
			it.Status, it.Result = http.StatusCreated, "created"
			if a.verb == "update" {
				it.Status, it.Result = http.StatusOK, "updated"
			}
		}
		items[i] = map[string]*item{a.verb: it}
	}
	answer(w, http.StatusOK, struct {
		Took   int64              `json:"took"`
		Errors bool               `json:"errors"`
		Items  []map[string]*item `json:"items"`
	}{time.Since(at).Milliseconds(), wrong, items})
	return nil
}

// parseBulk reads the actions. An error says that what is what cannot be told any more; a document that is none fails alone.
func parseBulk(name string, body []byte) ([]action, error) {
	var all []action
	n := 0
	next := func() ([]byte, bool) {
		for len(body) > 0 {
			var line []byte
			line, body, _ = bytes.Cut(body, []byte{'\n'})
			n++
			if line = bytes.TrimSpace(line); len(line) > 0 {
				return line, true
			}
		}
		return nil, false
	}
	for {
		line, ok := next()
		if !ok {
			return all, nil
		}
		if len(all) == maxActions {
			return nil, &wal.Refusal{Code: http.StatusRequestEntityTooLarge, Why: fmt.Sprintf("more than %d actions; send fewer at a time; nothing was kept", maxActions)}
		}
		var m map[string]*target
		if err := json.Unmarshal(line, &m); err != nil || len(m) != 1 {
			return nil, fmt.Errorf("line %d: an action is to stand here, such as {\"create\":{}}; nothing was kept", n)
		}
		a := action{index: name}
		for verb, t := range m {
			a.verb = verb
			if t != nil {
				if t.Index != "" {
					a.index = t.Index
				}
				if t.ID != nil {
					a.id = fmt.Sprint(t.ID)
				}
			}
		}
		if len(a.index) > 255 || len(a.id) > 512 {
			return nil, fmt.Errorf("line %d: a name of more than 255 bytes or an id of more than 512; nothing was kept", n)
		}
		switch a.verb {
		case "delete":
			all = append(all, a)
			continue
		case "index", "create", "update":
		default:
			return nil, fmt.Errorf("line %d: the action %.50q is not known; index, create, update and delete are; nothing was kept", n, a.verb)
		}
		doc, ok := next()
		if !ok {
			return nil, fmt.Errorf("line %d: no document follows; nothing was kept", n)
		}
		if err := object(doc); err != nil {
			a.err = &wal.Refusal{Code: http.StatusBadRequest, Why: fmt.Sprintf("line %d: %v", n, err)}
		} else if a.doc = doc; a.verb == "update" {
			var u struct {
				Doc    json.RawMessage `json:"doc"`
				Upsert json.RawMessage `json:"upsert"`
			}
			json.Unmarshal(doc, &u)
			if a.doc = u.Doc; len(u.Doc) == 0 {
				a.doc = u.Upsert
			}
			if err := isObject(a.doc); err != nil {
				a.doc, a.err = nil, &wal.Refusal{Code: http.StatusBadRequest, Why: fmt.Sprintf("line %d: an update without doc or upsert", n)}
			}
		}
		all = append(all, a)
	}
}

// dated is what an index of a day, a month or a roll-over ends in.
var dated = regexp.MustCompile(`([-_.]\d{4}[-.]\d{2}([-.]\d{2}([-.]\d{2})?)?)?([-_.]\d{6})?$`)

// indexName is the name of an index as an origin's.
func indexName(index string) string {
	index = strings.TrimPrefix(index, ".ds-") // the index behind a data stream
	if short := dated.ReplaceAllString(index, ""); short != "" {
		index = short
	}
	if !nameShape.MatchString(index) {
		return other
	}
	return index
}

// ask answers what Elastic's clients ask before they send. A high version is one that no client finds too old.
func (h *Handler) ask(w http.ResponseWriter, r *http.Request, what string) {
	first, rest, _ := strings.Cut(what, "/")
	switch {
	case what == "":
		answer(w, http.StatusOK, map[string]any{"name": "tocsin", "cluster_name": "tocsin", "cluster_uuid": "dG9jc2luLXRvY3Npbi10bw",
			"version": map[string]any{"number": "9.99.0", "build_flavor": "default", "build_type": "tar", "build_hash": "tocsin", "build_date": "2026-01-01T00:00:00.000Z", "build_snapshot": false,
				"lucene_version": "10.0.0", "minimum_wire_compatibility_version": "8.19.0", "minimum_index_compatibility_version": "8.0.0"},
			"tagline": "You Know, for Search"})
	case what == "_license":
		answer(w, http.StatusOK, map[string]any{"license": map[string]any{"status": "active", "uid": "00000000-0000-0000-0000-000000000000", "type": "basic", "issue_date": "2026-01-01T00:00:00.000Z",
			"issue_date_in_millis": 1767225600000, "max_nodes": 1000, "issued_to": "tocsin", "issuer": "tocsin", "start_date_in_millis": -1}})
	case what == "_xpack":
		answer(w, http.StatusOK, map[string]any{"license": map[string]any{"uid": "00000000-0000-0000-0000-000000000000", "type": "basic", "mode": "basic", "status": "active"},
			"features": map[string]any{"ilm": map[string]bool{"available": true, "enabled": true}}})
	case what == "_cluster/health":
		answer(w, http.StatusOK, map[string]any{"cluster_name": "tocsin", "status": "green", "timed_out": false, "number_of_nodes": 1, "number_of_data_nodes": 1})
	case (first == "_index_template" || first == "_component_template" || first == "_template" || first == "_data_stream") && rest != "",
		strings.HasPrefix(what, "_ilm/policy/"), strings.HasPrefix(what, "_ingest/pipeline/"): // it is there: nothing needs to be set up
		answer(w, http.StatusOK, map[string]any{})
	default:
		h.fail(w, r, elastic, &wal.Refusal{Code: http.StatusNotFound, Why: "this receives documents; it is not Elasticsearch"})
	}
}
