package decode

import "strings"

// Members that name who is behind a call, the widest first of those that stay one doer: the account or key that it was made
// for, the run that an operator started, the session, and what a session goes on from or was started by.
var (
	principalNames = []string{"principal", "principal_id", "account", "account_id", "account_uuid", "safety_identifier", "user_id", "user", "user_email", "username",
		"user_api_key_user_id", "user_api_key_user_email", "user_api_key_alias", "user_api_key_hash", "api_key_id", "api_key_alias", "api_key_name", "api_key_hash", "key_id", "key_alias"}
	runNames     = []string{"run", "run_id", "runId"}
	sessionNames = []string{"session", "session_id", "sessionId", "sessionID", "mcp-session-id", "conversation_id", "conversationId", "thread_id", "chat_id"}
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
	set(&t.principal, doer(m.str, principalNames))
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
