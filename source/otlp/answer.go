package otlp

import (
	"encoding/binary"
	"encoding/json"
	"net/http"
	"strconv"
)

func answer(w http.ResponseWriter, code int, kind encoding, body []byte) {
	w.Header().Set("Content-Type", kind.String())
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(code)
	w.Write(body)
}

// emptyAnswer is an Export…ServiceResponse that says that all was taken.
func emptyAnswer(kind encoding) []byte {
	if kind == inProtobuf {
		return nil
	}
	return []byte("{}")
}

// partialAnswer says how many records were refused and why: partial_success = 1 { rejected = 1, error_message = 2 }.
func partialAnswer(kind encoding, what signal, n int64, why string) []byte {
	if kind == inProtobuf {
		b := binary.AppendUvarint([]byte{1 << 3}, uint64(n))
		b = appendField(b, 2, []byte(why))
		return appendField(nil, 1, b)
	}
	name := "rejectedLogRecords"
	if what == traces {
		name = "rejectedSpans"
	}
	b, _ := json.Marshal(map[string]any{"partialSuccess": map[string]string{name: strconv.FormatInt(n, 10), "errorMessage": why}})
	return b
}

// statusAnswer is a google.rpc.Status: code = 1, message = 2.
func statusAnswer(kind encoding, status int, why string) []byte {
	code := 3 // INVALID_ARGUMENT
	switch status {
	case http.StatusUnauthorized:
		code = 16 // UNAUTHENTICATED
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		code = 12 // UNIMPLEMENTED
	case http.StatusTooManyRequests:
		code = 8 // RESOURCE_EXHAUSTED
	case http.StatusServiceUnavailable:
		code = 14 // UNAVAILABLE
	case http.StatusRequestTimeout:
		code = 4 // DEADLINE_EXCEEDED
	}
	if kind == inProtobuf {
		return appendField([]byte{1 << 3, byte(code)}, 2, []byte(why))
	}
	b, _ := json.Marshal(struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	}{code, why})
	return b
}

// appendField writes bytes, a text or a message as a field of a protobuf message.
func appendField(b []byte, number byte, v []byte) []byte {
	b = binary.AppendUvarint(append(b, number<<3|2), uint64(len(v)))
	return append(b, v...)
}
