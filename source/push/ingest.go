package push

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"time"

	"github.com/tocsin-ids/tocsin/source/wal"
)

// ingest keeps JSON or lines of text, as Content-Type says.
func (h *Handler) ingest(w http.ResponseWriter, r *http.Request, tenant, name string, body []byte, at time.Time) error {
	if err := checkName(name); err != nil {
		return err
	}
	kind := "text/plain"
	if t := r.Header.Get("Content-Type"); t != "" {
		var err error
		if kind, _, err = mime.ParseMediaType(t); err != nil {
			kind = t
		}
	}
	var lines []byte
	var err error
	switch kind {
	case "application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines", "application/json-lines", "application/json-seq":
		lines, err = jsonLines(body)
	case "application/json":
		lines, err = jsonValues(body)
	case "text/plain", "application/octet-stream":
		lines, err = textLines(body)
	default:
		return &wal.Refusal{Code: http.StatusUnsupportedMediaType, Why: fmt.Sprintf("the content type %.100q is not known; application/x-ndjson, application/json and text/plain are (curl: -H 'Content-Type: text/plain' --data-binary @FILE)", kind)}
	}
	if err != nil {
		return err
	}
	if err := h.keep(h.origin(tenant, "http/ingest", name), lines, at); err != nil {
		return err
	}
	answer(w, http.StatusOK, struct {
		Lines int `json:"lines"`
	}{bytes.Count(lines, []byte{'\n'})})
	return nil
}

// jsonLines checks that each line is a JSON object. Empty lines are left out.
func jsonLines(body []byte) ([]byte, error) {
	out := make([]byte, 0, len(body)+1)
	n := 0
	for line := range bytes.Lines(body) {
		n++
		line = bytes.Trim(line, " \t\r\n\x1e")
		if n == 1 {
			line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))
		}
		if len(line) == 0 {
			continue
		}
		if err := object(line); err != nil {
			return nil, fmt.Errorf("line %d: %w; nothing was kept", n, err)
		}
		out = append(append(out, line...), '\n')
	}
	return out, nil
}

// object says what is wrong with a JSON object that is to be a line.
func object(b []byte) error {
	if err := isObject(b); err != nil || json.Valid(b) {
		return err
	}
	var v json.RawMessage
	return fmt.Errorf("not a JSON object: %w", json.Unmarshal(b, &v))
}

// isObject says what is wrong with a JSON value that is to be an object and a line.
func isObject(b []byte) error {
	switch {
	case len(b) > maxLine:
		return &wal.Refusal{Code: http.StatusRequestEntityTooLarge, Why: "a record of more than 16 MiB"}
	case len(b) == 0 || b[0] != '{':
		return errors.New("not a JSON object")
	}
	return nil
}

// jsonValues writes each object of a body that is one, an array of them, or several one after the other, as a line.
func jsonValues(body []byte) ([]byte, error) {
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	in := json.NewDecoder(bytes.NewReader(body))
	fault := func(err error) error {
		var no *wal.Refusal
		if errors.As(err, &no) {
			return err
		}
		at := min(in.InputOffset(), int64(len(body)))
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			at = min(max(syntax.Offset, at), int64(len(body)))
		}
		return fmt.Errorf("line %d: %w; nothing was kept", 1+bytes.Count(body[:at], []byte{'\n'}), err)
	}
	out := bytes.NewBuffer(make([]byte, 0, len(body)+1))
	one := func(v json.RawMessage) error {
		if err := isObject(v); err != nil {
			return err
		}
		if err := json.Compact(out, v); err != nil {
			return err
		}
		return out.WriteByte('\n')
	}
	for {
		var v json.RawMessage
		err := in.Decode(&v)
		if err == io.EOF {
			return out.Bytes(), nil
		}
		if err != nil {
			return nil, fault(err)
		}
		if v[0] != '[' {
			if err := one(v); err != nil {
				return nil, fault(err)
			}
			continue
		}
		elements := json.NewDecoder(bytes.NewReader(v))
		elements.Token()
		for i := 1; elements.More(); i++ {
			var e json.RawMessage
			if err := elements.Decode(&e); err != nil {
				return nil, fault(err)
			}
			if err := one(e); err != nil {
				return nil, fault(fmt.Errorf("element %d: %w", i, err))
			}
		}
	}
}

// textLines takes lines as they are, without those that are empty.
func textLines(body []byte) ([]byte, error) {
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	out := make([]byte, 0, len(body)+1)
	n := 0
	for line := range bytes.Lines(body) {
		n++
		line = bytes.TrimRight(line, "\r\n")
		if len(line) > maxLine {
			return nil, &wal.Refusal{Code: http.StatusRequestEntityTooLarge, Why: fmt.Sprintf("line %d has more than 16 MiB; nothing was kept", n)}
		}
		if len(line) > 0 {
			out = append(append(out, line...), '\n')
		}
	}
	return out, nil
}

// webhook keeps a body that is one JSON value as a line.
func (h *Handler) webhook(w http.ResponseWriter, tenant, name string, body []byte, at time.Time) error {
	if err := checkName(name); err != nil {
		return err
	}
	var line bytes.Buffer
	if err := json.Compact(&line, bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))); err != nil {
		return fmt.Errorf("the body is to be JSON: %w", err)
	}
	if line.Len() > maxLine {
		return &wal.Refusal{Code: http.StatusRequestEntityTooLarge, Why: "a record of more than 16 MiB"}
	}
	line.WriteByte('\n')
	if err := h.keep(h.origin(tenant, "http/webhook", name), line.Bytes(), at); err != nil {
		return err
	}
	answer(w, http.StatusOK, struct {
		OK bool `json:"ok"`
	}{true})
	return nil
}
