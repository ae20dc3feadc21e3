package otlp

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// json writes an export in JSON.
func (l *lines) json(body []byte) error {
	if !json.Valid(body) {
		var v json.RawMessage
		return fmt.Errorf("not an export in JSON: %w", json.Unmarshal(body, &v))
	}
	mine, others := [...]string{"resourceLogs", "scopeLogs", "logRecords"}, "resourceSpans"
	if l.what == traces {
		mine, others = [...]string{"resourceSpans", "scopeSpans", "spans"}, "resourceLogs"
	}
	export := value(bytes.TrimSpace(body))
	if !export.object() {
		return notObject("an export")
	}
	if export.get(others) != nil {
		return fmt.Errorf("not an export of %s; logs go to /v1/logs, spans to /v1/traces", l.what)
	}
	var resource, scope, record []byte
	err := export.get(mine[0]).each(mine[0], func(r value) (err error) {
		if !r.object() {
			return notObject(mine[0])
		}
		if resource, err = part(resource, r, "resource"); err != nil {
			return err
		}
		scopes := r.get(mine[1])
		if scopes == nil && l.what == traces {
			scopes = r.get("instrumentationLibrarySpans") // until OTLP 0.15
		}
		return scopes.each(mine[1], func(s value) (err error) {
			if !s.object() {
				return notObject(mine[1])
			}
			if scope, err = part(scope, s, "scope"); err != nil {
				return err
			}
			l.scope(resource, scope)
			return s.get(mine[2]).each(mine[2], func(v value) error {
				if !v.object() {
					return notObject(mine[2])
				}
				record = v.compact(record[:0])
				return l.record(record)
			})
		})
	})
	l.close()
	return err
}

func notObject(what string) error {
	return fmt.Errorf("not an export in JSON: something in %s is not an object", what)
}

// part writes an object that is a member to b, which it may use; nil is none.
func part(b []byte, of value, name string) ([]byte, error) {
	v := of.get(name)
	if v == nil {
		return nil, nil
	}
	if !v.object() {
		return nil, notObject(name)
	}
	return v.compact(b[:0]), nil
}

// A value is well-formed JSON without space around it: what follows goes through it without reading it again. nil is none.
type value []byte

func (v value) object() bool { return len(v) > 0 && v[0] == '{' }

// get returns the last member of a name of an object, nil where there is none or it is null.
func (v value) get(name string) value {
	var found value
	for i := v.next(1); i < len(v) && v[i] == '"'; {
		end := v.end(i)
		key := v[i+1 : end-1]
		i = v.next(end) // the colon
		i = v.next(i + 1)
		end = v.end(i)
		if string(key) == name {
			if found = v[i:end]; found[0] == 'n' {
				found = nil
			}
		}
		if i = v.next(end); v[i] == ',' {
			i = v.next(i + 1)
		}
	}
	return found
}

// each gives the elements of a list that a member is.
func (v value) each(name string, take func(value) error) error {
	if v == nil {
		return nil
	}
	if v[0] != '[' {
		return fmt.Errorf("not an export in JSON: %s is not a list", name)
	}
	for i := v.next(1); v[i] != ']'; {
		end := v.end(i)
		if err := take(v[i:end]); err != nil {
			return err
		}
		if i = v.next(end); v[i] == ',' {
			i = v.next(i + 1)
		}
	}
	return nil
}

// next is where what is no space is, from i on.
func (v value) next(i int) int {
	for i < len(v) && (v[i] == ' ' || v[i] == '\n' || v[i] == '\t' || v[i] == '\r') {
		i++
	}
	return i
}

// end is where the value that begins at i ends.
func (v value) end(i int) int {
	for depth := 0; i < len(v); {
		switch v[i] {
		case '"':
			i = v.quoted(i)
		case '{', '[':
			depth++
			i++
		case '}', ']':
			depth--
			i++
		case ' ', '\n', '\t', '\r', ',', ':':
			i++
			continue
		default: // a number or a word
			for i < len(v) && v[i] != ',' && v[i] != '}' && v[i] != ']' && v[i] > ' ' {
				i++
			}
		}
		if depth == 0 {
			return i
		}
	}
	return len(v)
}

// quoted is where the text that begins at i ends.
func (v value) quoted(i int) int {
	for i++; i < len(v); i++ {
		switch v[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(v)
}

// compact writes the value without space between what is in it.
func (v value) compact(b []byte) []byte {
	for i := 0; i < len(v); {
		switch v[i] {
		case '"':
			end := v.quoted(i)
			b = append(b, v[i:end]...)
			i = end
		case ' ', '\n', '\t', '\r':
			i++
		default:
			b = append(b, v[i])
			i++
		}
	}
	return b
}
