package decode

import (
	"bytes"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// mcpWrappers are the members under which proxies and clients keep the message of the Model Context Protocol that they saw.
var mcpWrappers = []string{"message", "payload", "data", "body", "msg", "rpc", "request", "response", "raw", "jsonrpc_message"}

// mcpMessage returns the JSON-RPC message that a record is or holds, nil where it has none.
// https://modelcontextprotocol.io/specification/2025-06-18/server/tools
func mcpMessage(m members) members {
	if m.str("jsonrpc") == "2.0" {
		return m
	}
	for _, k := range mcpWrappers {
		if in := m.get(k).embedded(); len(in) > 0 && in[0] == '{' {
			if in := in.members(); in.str("jsonrpc") == "2.0" {
				return in
			}
		}
	}
	return nil
}

// isMCP takes what only MCP has of the many protocols of JSON-RPC: its methods, and the results of tools and of its
// beginning.
func isMCP(m members) bool {
	rpc := mcpMessage(m)
	method, _, _ := strings.Cut(rpc.str("method"), "/")
	switch method {
	case "tools", "resources", "prompts", "sampling", "roots", "elicitation":
		return true
	}
	result := rpc.get("result")
	if len(result) == 0 || result[0] != '{' {
		return false
	}
	in := result.members()
	content := in.get("content")
	return len(content) > 0 && content[0] == '[' || in.get("protocolVersion") != nil || in.get("tools") != nil
}

// isRPC takes any message of JSON-RPC: in a log of MCP it is MCP's.
func isRPC(m members) bool { return mcpMessage(m) != nil }

// mcp reads a message between a client and a server: a call of a tool, or what came of it.
func (d *agentLog) mcp(m members) {
	t := &d.turn
	if !d.stamp(m) {
		t.time = time.Time{}
	}
	d.whose(m)
	t.agent = "mcp"
	if t.principal == "" {
		set(&t.principal, m.str("client_id"))
	}
	d.mcpMessage(mcpMessage(m), m.str("server", "server_name", "mcp_server", "serverName"))
}

func (d *agentLog) mcpMessage(rpc members, server string) {
	id := rpc.str("id")
	switch {
	case rpc.str("method") == "tools/call":
		params := rpc.get("params").members()
		d.call(id, params.str("name"), server, params.get("arguments"))
	case rpc.get("method") != nil || id == "":
	case rpc.get("error") != nil:
		a := answer{time: d.turn.time, failed: "true", result: rpc.get("error").members().str("message")}
		d.answer(id, a)
	case rpc.get("result") != nil:
		result := rpc.get("result").members()
		a := d.result(result)
		if a.failed == "" { // the protocol's default
			a.failed = "false"
		}
		d.answer(id, a)
	}
}

// mcpLogFormat is the text that a client writes of the messages between it and its servers, one a line, between lines
// of other things: "2026-03-04T05:06:07.000Z [files] [info] Message from client: {"method":"tools/call",…".
func mcpLogFormat() Format {
	return Format{
		Name: "mcp-log", Cut: Ordered,
		Is: func(_ string, head []byte) int {
			if len(head) == 0 || head[0] == '{' || head[0] == '[' || !looksText(head) {
				return 0
			}
			for line := range bytes.Lines(head[:min(len(head), 32<<10)]) {
				if _, rpc := mcpLine(line); rpc != nil && isMCP(rpc) {
					return 75
				}
			}
			return 0
		},
		New: func(o Options) Decoder {
			return &mcpLog{agent: newAgentLog(o), text: textFormat().New(o), clock: clock{opt: o}}
		},
	}
}

// mcpLine cuts a line into what stands before a message of JSON-RPC, and the message.
func mcpLine(line []byte) (head []byte, rpc members) {
	if !bytes.Contains(line, []byte(`"jsonrpc"`)) {
		return nil, nil
	}
	open := bytes.IndexByte(line, '{')
	if open < 0 || open > 256 {
		return nil, nil
	}
	v := raw(line[open:])
	end, ok := valueEnd(v, 0)
	if !ok {
		return nil, nil
	}
	return line[:open], mcpMessage(v[:end].members())
}

type mcpLog struct {
	agent *agentLog
	text  Decoder // of all other lines
	clock clock
}

func (d *mcpLog) Decode(r *tocsin.Record, emit func(*tocsin.Event)) {
	d.agent.rec, d.agent.emit = *r, emit
	d.agent.rec.Data = nil
	rec := *r
	n := r.Line
	from, start := 0, n // of the lines that are text
	flush := func(to int) {
		if to > from {
			rec.Data, rec.Line = r.Data[from:to], start
			d.text.Decode(&rec, emit)
		}
	}
	at := 0
	for line := range bytes.Lines(r.Data) {
		next := at + len(line)
		if head, rpc := mcpLine(line); rpc != nil && (rpc.str("method") == "tools/call" || rpc.get("method") == nil && d.waits(head, rpc, r.Ref)) {
			flush(at)
			d.message(head, rpc, n, r.Ref)
			from, start = next, n+1
		}
		at = next
		n++
	}
	flush(len(r.Data))
	d.agent.calls.keep()
}

// head reads what stands before a message: when, and which server it is about.
func (d *mcpLog) head(head []byte, ref time.Time) (at time.Time, server string) {
	if t, n, f := d.clock.lead(head, ref); f != noStamp {
		at, head = t, head[n:]
	}
	if len(head) > 2 && head[0] == '[' {
		if e := bytes.IndexByte(head, ']'); e > 0 {
			server = string(head[1:e])
		}
	}
	return at, server
}

func (d *mcpLog) message(head []byte, rpc members, line int64, ref time.Time) {
	a := d.agent
	a.line, a.doc, a.seek, a.past = line, nil, 0, 0
	a.turn = turn{format: "mcp-log", agent: "mcp"}
	a.turn.time, a.scope = d.head(head, ref) // each server counts its messages itself
	if !a.turn.time.IsZero() {
		a.before = a.turn.time
	}
	a.mcpMessage(rpc, a.scope)
}

// waits says that the call that a message answers has no result yet.
func (d *mcpLog) waits(head []byte, rpc members, ref time.Time) bool {
	_, server := d.head(head, ref)
	return len(d.agent.calls.open[server+"\x00"+rpc.str("id")]) > 0
}

func (d *mcpLog) Flush(emit func(*tocsin.Event)) {
	d.text.Flush(emit)
	d.agent.Flush(emit)
}
