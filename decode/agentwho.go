package decode

import "strings"

// Members that name who is behind a call, the widest first of those that stay one doer: the account or key that it was made
// for, the run that an operator started, the session, and what a session goes on from or was started by.
var (
	// principalNames are those that are known by what was proved, a key or a login, before those that a client may have given
	// itself: these join what has no other name, and never split what has.
	principalNames = []string{"principal", "principal_id", "account", "account_id", "account_uuid", "user_account_id", "user_api_key_user_id", "user_api_key_user_email",
		"user_api_key_alias", "user_api_key_hash", "api_key_id", "api_key_alias", "api_key_name", "api_key_hash", "virtual_key", "virtual_key_name", "key_id", "key_alias", "user_profile_id",
		"anthropic_user_profile_id", "user_email", "safety_identifier", "user_id", "userId", "user", "username", "end_user", "_user", "request_user_id"}
	runNames     = []string{"run", "run_id", "runId"}
	sessionNames = []string{"session", "session_id", "sessionId", "sessionID", "mcp-session-id", "conversation_id", "conversationId", "thread_id", "chat_id", "Helicone-Session-Id"}
	parentNames  = []string{"parent_session_id", "parentSessionId", "parent_session", "parentID", "parent_thread_id", "forked_from_id", "resumed_from", "parent_run_id"}
	agentNames   = []string{"agent", "agent_name", "agent_id"}
)

// callPrefixes begin the ids that APIs and harnesses give to calls, messages and answers.
var callPrefixes = [...]string{"toolu_", "tooluse_", "call_", "call-", "chatcmpl-", "chatcmpl_", "fc_", "tool_", "functions.", "msg_", "resp_", "srvtoolu_", "mcpt_"}

// isCallID says that a name is, or looks like, the id of a call: who has it was set off by that call, and is no doer.
func isCallID(id string) bool {
	for _, p := range callPrefixes {
		if strings.HasPrefix(id, p) {
			return true
		}
	}
	return false
}

// doer is the first of some names that a record gives and that is no call's.
func doer(get func(...string) string, names []string) string {
	for _, n := range names {
		if v := get(n); v != "" && !isCallID(v) {
			return v
		}
	}
	return ""
}

// operator is the widest name of a doer that a record gives, or "".
func operator(get func(...string) string) string {
	for _, names := range [...][]string{principalNames, runNames, sessionNames, agentNames} {
		if v := doer(get, names); v != "" {
			return v
		}
	}
	return ""
}

// whose notes who a record says is behind what it tells. An agent that goes by the id of a call is a sub-agent of whoever
// made the call.
func (d *agentLog) whose(m members) {
	t := &d.turn
	if name := doer(m.str, principalNames); name != "" {
		d.identify(name, false)
	}
	set(&t.run, doer(m.str, runNames))
	set(&t.session, doer(m.str, sessionNames))
	set(&t.parent, doer(m.str, parentNames))
	name := m.str(agentNames...)
	if name == "" {
		return
	}
	if isCallID(name) || d.calls.known(d.scope, name) {
		set(&t.subagent, name)
		return
	}
	set(&t.agent, name)
	t.subagent = ""
}

// identify notes a name of the principal. One that is given besides the first is kept as another name of the same account if
// both are sure; else the first holds.
func (d *agentLog) identify(name string, sure bool) {
	t := &d.turn
	if account, device, session, ok := clientUser(name); ok {
		if t.session == "" {
			set(&t.session, session)
		}
		if name = account; name == "" {
			name, sure = device, false
		}
	}
	switch {
	case name == "" || name == t.principal:
	case t.principal == "" || !t.identified:
		set(&t.principal, name)
		t.identified = sure
	case sure:
		set(&t.account, name)
	}
}

// clientUser takes apart what Claude Code gives as metadata.user_id: user_HASH_account_UUID_session_UUID, where the account
// may be missing, or JSON.
func clientUser(id string) (account, device, session string, ok bool) {
	if strings.HasPrefix(id, "{") {
		m := raw(id).members()
		account, device, session = m.str("account_uuid", "account_id"), m.str("device_id"), m.str("session_id")
		return account, device, session, account != "" || device != "" || session != ""
	}
	rest, found := strings.CutPrefix(id, "user_")
	if !found {
		return "", "", "", false
	}
	device, rest, found = strings.Cut(rest, "_account_")
	if !found {
		return "", "", "", false
	}
	account, session, ok = strings.Cut(rest, "_session_")
	return strings.Trim(account, "_"), device, session, ok
}

// Headers that clients send with their requests, in lower case.
var (
	sessionHeaders = []string{"x-claude-code-session-id", "session_id", "session-id", "conversation_id", "x-session-id", "helicone-session-id"}
	agentHeaders   = []string{"x-claude-code-agent-id"}
	accountHeaders = []string{"anthropic-user-profile-id", "helicone-user-id", "chatgpt-account-id"}
)

// headers notes who the headers of a request say is behind it. Values that were masked say nothing.
func (d *agentLog) headers(v raw) {
	if v = v.embedded(); len(v) == 0 || v[0] != '{' {
		return
	}
	m := v.members()
	for i := range m {
		m[i].key = strings.ToLower(m[i].key)
		if l := m[i].val; len(l) > 0 && l[0] == '[' {
			for e := range l.items() {
				m[i].val = e
				break
			}
		}
	}
	if t := &d.turn; t.session == "" {
		set(&t.session, m.str(sessionHeaders...))
	}
	set(&d.turn.subagent, m.str(agentHeaders...))
	if name := m.str(accountHeaders...); !strings.Contains(name, "***") {
		d.identify(name, false)
	}
	if strings.HasPrefix(m.str("user-agent"), "claude-cli/") {
		set(&d.turn.agent, "claude-code")
	} else if strings.HasPrefix(m.str("originator", "user-agent"), "codex") {
		set(&d.turn.agent, "codex")
	}
}
