package decode

import (
	"hash/maphash"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// Bounds on what an agent log may make a decoder remember; beyond them the oldest is given out or forgotten.
const (
	maxOpenCalls = 4096
	maxOpenBytes = 64 << 20 // of their arguments
	maxSeenCalls = 1 << 18
)

// A call is a tool call that has been read; its result may still be to come.
type call struct {
	turn
	id, tool, server, args string
	key                    string // joins it with its result
	index                  int    // 1-based, within its session
	record                 uint64
	round                  int // the messages it was read among, see calls.begin
	own                    bool
	done                   bool
	before                 time.Time // the last stamp of the log before it
}

// An answer is what became of a call.
type answer struct {
	found    bool
	result   string
	failed   string // "true", "false" or, where the log does not say, ""
	exit     string
	time     time.Time
	duration time.Duration
	own      time.Time // the call's own stamp, if the log has one beside that of the message
	late     bool      // the call's stamp is that of its end
}

// calls joins calls with results, and knows the calls that it has met.
type calls struct {
	seed  maphash.Seed
	open  map[string][]*call // by key; an id may name several calls
	queue []*call            // in the order made; some are done
	seen  map[uint64]struct{}
	bytes int            // of the arguments of those in the queue, about
	count map[uint64]int // calls a session
	chain uint64         // of the conversation up to here
	round int

	series map[uint64]*series // of objects that sessions ask web servers for
	pages  map[uint64]string  // that sessions' browsers show

	scripts     map[uint64]string // texts of files that sessions wrote
	scriptBytes int
}

// begin starts a conversation that is given as a whole. Ids like call_1 occur in many of them: such a call was met
// before only if everything before it was, too.
func (s *calls) begin(scope string) {
	s.round++
	s.chain = maphash.String(s.seed, scope)
}

func (s *calls) sum(parts ...string) uint64 {
	var h maphash.Hash
	h.SetSeed(s.seed)
	for _, p := range parts {
		h.WriteString(p)
		h.WriteByte(0)
	}
	return h.Sum64()
}

// link adds to the chain.
func (s *calls) link(parts ...string) uint64 {
	s.chain = s.chain*0x9e3779b97f4a7c15 ^ s.sum(parts...)
	return s.chain
}

// fresh reports whether a thing was not met before, and remembers it.
func (s *calls) fresh(sum uint64) bool {
	if _, ok := s.seen[sum]; ok {
		return false
	}
	if len(s.seen) >= maxSeenCalls {
		clear(s.seen)
	}
	s.seen[sum] = struct{}{}
	return true
}

// known reports whether a call of this id was met, whatever its arguments.
func (s *calls) known(scope, id string) bool {
	_, ok := s.seen[s.sum(scope, id)]
	return ok
}

// unique says that an id looks like one that is given once in the world (toolu_01…, call_…, a UUID), not like a
// number within a conversation (call_1, functions.bash:3).
func unique(id string) bool {
	run, digits := 0, 0
	for i := 0; i < len(id); i++ {
		switch c := id[i]; {
		case c >= '0' && c <= '9':
			digits++
			run++
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
			run++
		default:
			run = 0
		}
		if run >= 16 || digits >= 6 && i >= 11 {
			return true
		}
	}
	return false
}

// keep makes what is waiting independent of the record it was read from.
func (s *calls) keep() {
	n := 0
	s.bytes = 0
	for _, c := range s.queue {
		if c.done {
			continue
		}
		s.bytes += len(c.args)
		if !c.own {
			c.id, c.tool, c.server, c.args, c.own = strings.Clone(c.id), strings.Clone(c.tool), strings.Clone(c.server), strings.Clone(c.args), true
		}
		s.queue[n] = c
		n++
	}
	clear(s.queue[n:])
	s.queue = s.queue[:n]
}

func (s *calls) full() bool {
	return len(s.queue) >= maxOpenCalls || s.bytes > maxOpenBytes
}

// call notes a tool call of the present turn; a call met before is left out.
func (d *agentLog) call(id, tool, server string, args raw) {
	s := &d.calls
	c := &call{turn: d.turn, id: id, tool: tool, server: server, round: s.round, before: d.before}
	if in := args.embedded(); in != nil {
		c.args = text(in)
	} else {
		c.args = args.str()
	}
	link := s.link(id, tool, c.args)
	if unique(id) {
		link = s.sum(d.scope, id, tool, c.args)
	}
	if !s.fresh(link) {
		return
	}
	if id != "" {
		s.fresh(s.sum(d.scope, id))
	}
	if len(s.count) >= maxOpenCalls {
		clear(s.count)
	}
	session := s.sum(c.session)
	s.count[session]++
	c.index = s.count[session]
	c.record = d.record(args)
	if c.server == "" && strings.HasPrefix(tool, "mcp__") {
		c.server, _, _ = strings.Cut(tool[len("mcp__"):], "__")
	}
	c.key = d.scope + "\x00" + id
	s.open[c.key] = append(s.open[c.key], c)
	if s.full() {
		s.keep()
	}
	for s.full() { // an eighth at a time, so that going through the rest costs little for each
		for _, c := range s.queue[:max(1, len(s.queue)/8)] {
			d.answered(c, answer{})
		}
		s.keep()
	}
	s.queue = append(s.queue, c)
	s.bytes += len(c.args)
}

// answer gives out the call that an id names, with its result: the oldest of this round of messages, else the oldest.
// An answer to no open call is a repetition, or its call stood before the log began; it is no event of its own.
func (d *agentLog) answer(id string, a answer) {
	waiting := d.calls.open[d.scope+"\x00"+id]
	if len(waiting) == 0 {
		return
	}
	pick := waiting[0]
	for _, c := range waiting {
		if c.round == d.calls.round {
			pick = c
			break
		}
	}
	a.found = true
	if a.time.IsZero() {
		a.time = d.turn.time
	}
	d.answered(pick, a)
}

func (d *agentLog) answered(c *call, a answer) {
	waiting := d.calls.open[c.key]
	for i, w := range waiting {
		if w == c {
			waiting = append(waiting[:i:i], waiting[i+1:]...)
			break
		}
	}
	if len(waiting) == 0 {
		delete(d.calls.open, c.key)
	} else {
		d.calls.open[c.key] = waiting
	}
	c.done = true
	d.report(c, a)
}

// report emits the event of a call.
func (d *agentLog) report(c *call, a answer) {
	fields := d.ev.Fields[:0]
	d.ev = tocsin.Event{Time: c.time, Sources: agentSources(c.agent), Source: d.rec.Source, Record: c.record, Format: c.format, Fields: fields, Raw: c.args}
	ev := &d.ev
	if ev.Time.IsZero() { // a call without a stamp was made before its result came, and after what the log told before
		if ev.Time = a.time; ev.Time.IsZero() {
			ev.Time = c.before
		}
		if !ev.Time.IsZero() {
			ev.Guessed = d.opt.basis.of(ev.Time) | 1<<GuessStamp
		}
	}
	ev.Add("agent", c.agent)
	ev.Add("agent_version", c.version)
	ev.Add("subagent", c.subagent)
	ev.Add("session", c.session)
	ev.Add("parent_session", c.parent)
	ev.Add("child_session", c.child)
	ev.Add("run", c.run)
	ev.Add("principal", c.principal)
	ev.Add("account", c.account)
	ev.Add("model", c.model)
	ev.Add("src_ip", c.client)
	ev.Add("tool", c.tool)
	ev.Add("mcp_server", c.server)
	ev.Add("call_id", c.id)
	ev.Add("call_index", strconv.Itoa(c.index))
	ev.Add("cwd", c.cwd)
	ev.Add("permission_mode", c.mode)
	ev.Add("arguments", c.args)
	args := raw(c.args)
	if len(args) > 0 && (args[0] == '{' || args[0] == '[') {
		d.flat.fields, d.flat.arena = ev.Fields, d.flat.arena[:0]
		d.flat.value(args, 0, d.args, 0) // an error leaves the leaves before it, and the text is there whole
		ev.Fields = d.flat.fields
	}
	cmd := command(args, 0)
	ev.Add("command", cmd)
	d.hearsay(c)
	d.request(ev, c, cmd, a.result)
	if !a.found {
		ev.Add("has_result", "false")
		d.emit(ev)
		return
	}
	d.showed(c.session, a.result)
	ev.Add("has_result", "true")
	ev.Add("result", a.result)
	if a.exit == "" && cmd != "" {
		a.exit = exitText(a.result)
	}
	ev.Add("exit_code", a.exit)
	if n, err := strconv.Atoi(a.exit); err == nil && (a.failed == "" || n != 0) { // that the tool worked is not that the command did
		a.failed = strconv.FormatBool(n != 0)
	}
	switch ev.Add("is_error", a.failed); a.failed {
	case "true":
		ev.Add("outcome", "failure")
	case "false":
		ev.Add("outcome", "success")
	}
	if a.duration == 0 && !a.time.IsZero() && a.time.After(c.time) && !c.time.IsZero() {
		a.duration = a.time.Sub(c.time)
	}
	if !a.own.IsZero() {
		ev.Time, a.late, ev.Guessed = a.own, true, 0
	}
	switch {
	case a.duration <= 0:
	case a.late: // the time of the event is when the call was over
		ev.Add("took_ms", strconv.FormatInt(a.duration.Milliseconds(), 10))
	default:
		ev.Add("duration_ms", strconv.FormatInt(a.duration.Milliseconds(), 10))
	}
	d.emit(ev)
}

// agentSources returns the log source of an agent's tool calls; agents that are not known by name share one.
func agentSources(agent string) []tocsin.LogSource {
	for i := range knownAgents {
		if knownAgents[i][0].Service == agent {
			return knownAgents[i][:]
		}
	}
	return knownAgents[0][:]
}

var knownAgents = [...][1]tocsin.LogSource{
	{{Product: "ai_agent", Category: "tool_call"}},
	{{Product: "ai_agent", Category: "tool_call", Service: "claude-code"}},
	{{Product: "ai_agent", Category: "tool_call", Service: "codex"}},
	{{Product: "ai_agent", Category: "tool_call", Service: "gemini-cli"}},
	{{Product: "ai_agent", Category: "tool_call", Service: "copilot-cli"}},
	{{Product: "ai_agent", Category: "tool_call", Service: "opencode"}},
	{{Product: "ai_agent", Category: "tool_call", Service: "openhands"}},
	{{Product: "ai_agent", Category: "tool_call", Service: "pi"}},
	{{Product: "ai_agent", Category: "tool_call", Service: "mcp"}},
}

// command returns what a tool was told to run, or "": the argument that by its name is a command line or a program,
// wherever tools keep it (Bash command, exec_command cmd, local_shell action.command, run_python code, keystrokes of
// a terminal). Lists of words are joined by blanks, lists of commands by newlines.
func command(args raw, depth int) string {
	if depth > 4 {
		return ""
	}
	m := args.members()
	if full := m.get("full_command").str(); full != "" {
		return full
	}
	for i := range m {
		plural := false
		switch strings.ToLower(m[i].key) {
		case "commands", "cmds", "keystrokes":
			plural = true
		case "command", "cmd", "command_line", "commandline", "cmdline", "shell_command", "bash_command", "script", "code", "bash", "shell", "powershell":
		case "action", "input", "tool_input", "arguments", "params", "parameters", "kwargs":
			if c := command(m[i].val.embedded(), depth+1); c != "" {
				return c
			}
			continue
		default:
			continue
		}
		v := m[i].val
		if in := v.embedded(); in != nil {
			v = in
		}
		if len(v) > 0 && v[0] == '{' {
			if c := command(v, depth+1); c != "" {
				return c
			}
			continue
		}
		if len(v) == 0 || v[0] != '[' {
			if len(v) == 0 || v[0] != '"' || edits(v.str(), m) {
				continue
			}
			return v.str()
		}
		var words []string
		for e := range v.items() {
			w := e.str()
			if w == "" {
				w = command(e, depth+1)
				plural = true
			}
			words = append(words, w)
		}
		if plural {
			return strings.Join(words, "\n")
		}
		return strings.Join(words, " ")
	}
	return ""
}

// edits says that a "command" is a verb of a tool that edits files, as text editor tools have them.
func edits(s string, m members) bool {
	switch s {
	case "view", "create", "str_replace", "insert", "undo_edit", "delete", "rename":
		return m.first("path", "file_path", "filePath", "old_path") != nil
	}
	return false
}
