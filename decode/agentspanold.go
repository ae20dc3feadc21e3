package decode

import (
	"slices"
	"strconv"
	"strings"
)

// Messages as older conventions have them: an attribute for each part of a message, with its number in the name
// (OpenLLMetry's gen_ai.prompt.0.role, OpenInference's llm.input_messages.0.message.role), or an event of the span for each
// (gen_ai.user.message, gen_ai.choice).

// indexedPrefixes begin the names of such attributes.
var indexedPrefixes = [...]string{"gen_ai.prompt.", "gen_ai.completion.", "llm.input_messages.", "llm.output_messages."}

const (
	maxIndexed  = 4096 // messages of a span
	maxTogether = 256  // calls in a message
)

// An indexedMessage is what the attributes of one number tell.
type indexedMessage struct {
	role, content, id, name raw
	calls                   map[int]*indexedCall
	order                   []int // of calls
}

type indexedCall struct{ id, name, args raw }

// indexed reads the calls and results in numbered attributes, and reports whether there are such attributes.
func (d *agentLog) indexed(attr members) bool {
	read := false
	for _, prefix := range indexedPrefixes {
		all := map[int]*indexedMessage{}
		var order []int
		for _, a := range attr {
			rest, ok := strings.CutPrefix(a.key, prefix)
			if !ok {
				continue
			}
			n, rest, ok := numbered(rest)
			if !ok {
				continue
			}
			x := all[n]
			if x == nil {
				x = &indexedMessage{}
				all[n] = x
				order = append(order, n)
			}
			x.part(strings.TrimPrefix(rest, "message."), a.val)
		}
		slices.Sort(order)
		for _, n := range order {
			read = true
			d.indexedMessage(all[n])
		}
	}
	return read
}

// numbered takes "3.rest" apart.
func numbered(s string) (n int, rest string, ok bool) {
	digits, rest, ok := strings.Cut(s, ".")
	n, err := strconv.Atoi(digits)
	return n, rest, ok && err == nil && n >= 0 && n < maxIndexed
}

func (m *indexedMessage) part(name string, v raw) {
	switch name {
	case "role":
		m.role = v
	case "content":
		m.content = v
	case "tool_call_id":
		m.id = v
	case "name":
		m.name = v
	}
	rest, ok := strings.CutPrefix(name, "tool_calls.")
	if !ok {
		return
	}
	n, rest, ok := numbered(rest)
	if !ok {
		return
	}
	c := m.calls[n]
	if c == nil {
		if len(m.order) == maxTogether {
			return
		}
		if m.calls == nil {
			m.calls = map[int]*indexedCall{}
		}
		c = &indexedCall{}
		m.calls[n] = c
		m.order = append(m.order, n)
	}
	switch strings.TrimPrefix(rest, "tool_call.") {
	case "id":
		c.id = v
	case "name", "function.name":
		c.name = v
	case "arguments", "function.arguments":
		c.args = v
	}
}

func (d *agentLog) indexedMessage(m *indexedMessage) {
	switch m.role.str() {
	case "user", "system":
		d.prompted(m.content)
	case "tool":
		if id := m.id.str(); id != "" {
			d.answer(id, answer{result: contentText(m.content, 0), time: d.turn.time})
		}
	}
	for _, n := range m.order {
		c := m.calls[n]
		if id := c.id.str(); c.name != nil && (id == "" || !d.calls.known(d.scope, id)) {
			d.call(id, c.name.str(), "", c.args)
		}
	}
}

// oldMessage reads an event of a span that is a message, and reports whether it is one.
func (d *agentLog) oldMessage(name string, attr members) bool {
	switch name {
	case "gen_ai.tool.message":
		if id := callID(attr); id != "" {
			d.answer(id, d.result(attr))
		}
	case "gen_ai.assistant.message", "gen_ai.choice":
		msg := attr
		if in := attr.get("message").embedded(); in != nil {
			msg = in.members()
		}
		for e := range msg.get("tool_calls").embedded().items() {
			if e := e.members(); !d.calls.known(d.scope, callID(e)) {
				d.part(e)
			}
		}
	case "gen_ai.user.message", "gen_ai.system.message":
		d.prompted(attr.get("content"))
	default:
		return false
	}
	return true
}
