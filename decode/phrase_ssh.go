package decode

import (
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// sshdPhrases are the messages of OpenSSH's server, portable and BSD, of versions 2 to 10, without "error: " and "fatal: ",
// and without " [preauth]" where it changes nothing. What a client chose (user name, version banner) may look like the rest of a message: after a
// password OpenSSH writes nothing behind the address, after a key it writes the key.
var sshdPhrases = []phrase{
	{"SSHD_LOGIN_FAILED: Login failed for user '{user<}' from host '{@}'", loginFailed, ""}, // of Junos
	{"Failed publickey for invalid user {user<} from {@port}{ssh}", loginFailed, "auth_method=publickey"},
	{"Failed publickey for illegal user {user<} from {@port}{ssh}", loginFailed, "auth_method=publickey"},
	{"Failed publickey for {user<} from {@port}{ssh}", keyRefused, "auth_method=publickey"},
	{"Failed hostbased for invalid user {user<} from {@port}{ssh}", loginFailed, "auth_method=hostbased"},
	{"Failed hostbased for {user<} from {@port}{ssh}", loginFailed, "auth_method=hostbased"},
	{"Failed {auth_method!} for invalid user {user} from {@port}{ssh}", loginFailed, ""},
	{"Failed {auth_method!} for illegal user {user} from {@port}{ssh}", loginFailed, ""},
	{"Failed {auth_method!} for <invalid username> from {@port}{ssh}", loginFailed, ""},
	{"Failed {auth_method!} for user {user} from {@port}{ssh}", loginFailed, ""},
	{"Failed {auth_method!} for {user} from {@port}{ssh}", loginFailed, ""},
	{"Failed {auth_method!} for invalid user {user} from {@}{ssh}", loginFailed, ""},
	{"Failed {auth_method!} for {user} from {@}{ssh}", loginFailed, ""},
	{"Invalid user {user} from {@}", invalidUser, ""},
	{"Accepted {auth_method!} for {user} from {@port}{ssh}", loginOK, ""},
	{"Accepted {auth_method!} for {user} from {@}{ssh}", loginOK, ""},
	{"Connection closed by authenticating user {user} {@port}{preauth}", preauthEnd, ""},
	{"Connection closed by invalid user {user} {@port}{preauth}", preauthEnd, ""},
	{"Connection closed by illegal user {user} {@port}{preauth}", preauthEnd, ""},
	{"Connection reset by illegal user {user} {@port}{preauth}", preauthEnd, ""},
	{"Connection reset by authenticating user {user} {@port}{preauth}", preauthEnd, ""},
	{"Connection reset by invalid user {user} {@port}{preauth}", preauthEnd, ""},
	{"Connection closed by {@} [preauth]", preauthEnd, ""},
	{"Connection reset by {@} [preauth]", preauthEnd, ""},
	{"Connection closed by {@}", disconnected, ""},
	{"Connection reset by {@}", disconnected, ""},
	{"Connection from {@} on {*}", connection, ""},
	{"Connection from {@}", connection, ""},
	{"Connection closed by remote host{*}", untold, ""},
	{"Received disconnect from {@}:{<}: Auth fail{preauth}", loginFailed, "reason=client gave up: Auth fail"},
	{"Received disconnect from {@}:{#}: No {<}authentication methods available{preauth}", loginFailed, "reason=no authentication method left"},
	{"Received disconnect from {@}: {#}: No {<}authentication methods available{preauth}", loginFailed, "reason=no authentication method left"},
	{"Received disconnect from {@}: {reason} [preauth]", preauthEnd, ""},
	{"Received disconnect from {@}:{reason} [preauth]", preauthEnd, ""},
	{"Received disconnect from {@}: {reason}", disconnected, ""},
	{"Received disconnect from {@}:{reason}", disconnected, ""},
	{"Received disconnect from {@}", disconnected, ""},
	{"Disconnected from authenticating user {user} {@port}", disconnected, ""}, // the client took its leave
	{"Disconnected from invalid user {user} {@port}", disconnected, ""},
	{"Disconnected from illegal user {user} {@port}", disconnected, ""},
	{"Disconnected from user {user} {@port}", disconnected, ""},
	{"Disconnected from {@}", disconnected, ""},
	{"Disconnecting invalid user {user} {@port}: Too many authentication failures{*}", failureNoted, "reason=too many authentication failures"},
	{"Disconnecting authenticating user {user} {@port}: Too many authentication failures{*}", failureNoted, "reason=too many authentication failures"},
	{"Disconnecting invalid user {user} {@port}: Change of username or service not allowed: {*}", protocolError, "reason=change of user name"},
	{"Disconnecting authenticating user {user} {@port}: Change of username or service not allowed: {*}", protocolError, "reason=change of user name"},
	{"Disconnecting invalid user {user} {@port}: {reason}", preauthEnd, ""},
	{"Disconnecting illegal user {user} {@port}: {reason}", preauthEnd, ""},
	{"Disconnecting authenticating user {user} {@port}: {reason}", preauthEnd, ""},
	{"Disconnecting user {user} {@port}: {reason}", disconnected, ""},
	{"Disconnecting {@port}: {reason}", disconnected, ""},
	{"Disconnecting: Too many authentication failures for {user}", failureNoted, "reason=too many authentication failures"},
	{"Disconnecting: {reason}", disconnected, ""},
	{"maximum authentication attempts exceeded for invalid user {user} from {@port}{ssh}", loginFailed, "reason=maximum authentication attempts exceeded"},
	{"maximum authentication attempts exceeded for illegal user {user} from {@port}{ssh}", loginFailed, "reason=maximum authentication attempts exceeded"},
	{"maximum authentication attempts exceeded for {user} from {@port}{ssh}", loginFailed, "reason=maximum authentication attempts exceeded"},
	{"Too many authentication failures for {user} from {@port}{ssh}", loginFailed, "reason=too many authentication failures"},
	{"PAM: {reason<} for illegal user {user} from {@} via {*}", loginFailed, "auth_method=pam"},
	{"PAM: {reason<} for illegal user {user} from {@}", loginFailed, "auth_method=pam"},
	{"PAM: {reason<} for invalid user {user} from {@}", loginFailed, "auth_method=pam"},
	{"PAM: {reason<} for {user} from {@} via {!}", loginFailed, "auth_method=pam"},
	{"PAM: {reason<} for {user} from {@}", loginFailed, "auth_method=pam"},
	{"User {user} from {@} not allowed because {reason}", denied, ""},
	{"User {user} not allowed because {reason}", accountLocked, ""},
	{"ROOT LOGIN REFUSED FROM {@} on {*}", denied, "user=root"},
	{"ROOT LOGIN REFUSED FROM {@}", denied, "user=root"},
	{"Login restricted for {user}: {reason}", accountLocked, ""},
	{"Authentication tried for {user} with correct key but not from a permitted host (host={<}, ip={@ip}{*}", denied, "auth_method=publickey"},
	{"Illegal user {user} from {@}", invalidUser, ""},
	{"Login attempt by nonexistent user {user} from {@}", invalidUser, ""},
	{"Postponed {auth_method!} for invalid user {user} from {@port}{ssh}", loginPending, ""},
	{"Postponed {auth_method!} for {user} from {@port}{ssh}", loginPending, ""},
	{"Partial {auth_method!} for {user} from {@port}{ssh}", loginPending, ""},
	{"Did not receive identification string from {@}", protocolError, "reason=no identification"},
	{"Bad protocol version identification {} from {@port}", protocolError, "reason=bad protocol version"},
	{"Bad protocol version identification {} from {@}", protocolError, "reason=bad protocol version"},
	{"Bad remote protocol version identification: {*}", protocolError, "reason=bad protocol version"},
	{"Protocol major versions differ for {@}: {*}", protocolError, "reason=bad protocol version"},
	{"banner exchange: Connection from {@}: {reason}", protocolError, ""},
	{"Unable to negotiate with {@}: {reason<}. Their offer: {*}", protocolError, ""},
	{"Unable to negotiate with {@}: {reason}", protocolError, ""},
	{"Unable to negotiate a key exchange method", protocolError, "reason=no common key exchange"},
	{"no matching {} found: client {*}", protocolError, "reason=no common algorithm"},
	{"ssh_dispatch_run_fatal: Connection from authenticating user {user} {@port}: {reason}", protocolError, ""},
	{"ssh_dispatch_run_fatal: Connection from invalid user {user} {@port}: {reason}", protocolError, ""},
	{"ssh_dispatch_run_fatal: Connection from user {user} {@port}: {reason}", protocolError, ""},
	{"ssh_dispatch_run_fatal: Connection from {@}: {reason}", protocolError, ""},
	{"kex_exchange_identification: client sent {reason}", protocolError, ""},
	{"kex_exchange_identification: read: {reason}", protocolError, ""},
	{"kex_exchange_identification: {reason}", failureNoted, ""}, // the message with the address follows
	{"Read from socket failed: {reason}", protocolError, ""},
	{"kex_protocol_error: {reason}", protocolError, ""},
	{"Bad packet length {reason}", protocolError, ""},
	{"Corrupted MAC on input.{*}", protocolError, "reason=corrupted MAC"},
	{"Timeout before authentication for connection from {@} to {*}", loginTimeout, ""},
	{"Timeout before authentication for {@}{*}", loginTimeout, ""},
	{"drop connection #{#} from {@port} on {<} past MaxStartups", connectionRefused, "reason=MaxStartups"},
	{"drop connection #{#} from {@port} on {<} penalty: {reason}", connectionRefused, ""},
	{"drop connection #{#} from {@port} on {<} PerSourcePenalties: {reason}", connectionRefused, ""},
	{"beginning MaxStartups throttling", connectionRefused, "reason=MaxStartups"},
	{"refused connect from {} ({@ip})", connectionRefused, ""},
	{"refused connect from {@}", connectionRefused, ""},
	{"Address {@} maps to {<}, but this does not map back to the address{*}", nameMismatch, ""},
	{"reverse mapping checking getaddrinfo for {<} [{@ip}] failed{*}", nameMismatch, ""},
	{"Starting session: {session<} for {user} from {@port} id {#}", sessionOpened, ""},
	{"Close session: user {user} from {@port} id {#}", sessionClosed, ""},
	{"subsystem request for {subsystem!} by user {user<} failed, {reason}", untold, ""},
	{"subsystem request for {subsystem!} by user {user}", untold, ""},
	{"Server listening on {*}", serviceState, "state=listening"},
	{"Received signal {#}; terminating.", serviceState, "state=stopped"},
	{"Received SIGHUP; restarting.", serviceState, "state=restarted"},
}

// sshdBody takes the severity and the phase off a message of sshd's.
func sshdBody(ev *tocsin.Event, s string) string {
	switch {
	case strings.HasPrefix(s, "error: "):
		s = s[7:]
	case strings.HasPrefix(s, "fatal: "):
		s = s[7:]
	case strings.HasPrefix(s, "debug1: "):
		s = s[8:]
	}
	if t, ok := strings.CutSuffix(s, " [preauth]"); ok {
		ev.Add("phase", "preauth")
		if !strings.HasPrefix(t, "Connection ") && !strings.HasPrefix(t, "Received ") {
			return t
		}
	}
	return s
}

// dropbearPhrases are the messages of Dropbear's server.
var dropbearPhrases = []phrase{
	{"Bad password attempt for '{user}' from {@}", loginFailed, "auth_method=password"},
	{"bad password attempt for '{user}' from {@}", loginFailed, "auth_method=password"},
	{"Bad PAM password attempt for '{user}' from {@}", loginFailed, "auth_method=pam"},
	{"bad PAM password attempt for '{user}' from {@}", loginFailed, "auth_method=pam"},
	{"Login attempt for nonexistent user from {@}", invalidUser, ""},
	{"login attempt for nonexistent user from {@}", invalidUser, ""},
	{"Login attempt for nonexistent user '{user}' from {@}", invalidUser, ""},
	{"Login attempt with wrong user {user} from {@}", invalidUser, ""},
	{"root login denied from {@}", denied, "user=root"},
	{"Exit before auth (user '{user}', {#} fails): Max auth tries reached - user '{}' from {@}", loginFailed, "reason=maximum tries"},
	{"Exit before auth from <{@}>: (user '{user}', {#} fails): Max auth tries reached - user '{}'", loginFailed, "reason=maximum tries"},
	{"Exit before auth from <{@}>: Max auth tries reached - user '{user}'", loginFailed, "reason=maximum tries"},
	{"Exit before auth from <{@}>: {reason}", preauthEnd, ""},
	{"Exit before auth (user '{user}', {#} fails): {reason}", failureNoted, ""},
	{"Exit before auth: {reason}", preauthEnd, ""},
	{"Password auth succeeded for '{user}' from {@}", loginOK, "auth_method=password"},
	{"password auth succeeded for '{user}' from {@}", loginOK, "auth_method=password"},
	{"PAM password auth succeeded for '{user}' from {@}", loginOK, "auth_method=pam"},
	{"Pubkey auth succeeded for '{user}' with {<} key {<} from {@}", loginOK, "auth_method=publickey"},
	{"pubkey auth succeeded for '{user}' with key {<} from {@}", loginOK, "auth_method=publickey"},
	{"Pubkey auth succeeded for '{user}' with key {<} from {@}", loginOK, "auth_method=publickey"},
	{"Child connection from {@}", connection, ""},
	{"Exit ({user}) from <{@}>: {reason}", disconnected, ""},
	{"Exit ({user}): {reason}", disconnected, ""},
	{"[{#}] {!} {#} {!} {event<} attempt for '{user}' from {@}", loginFailed, ""},
	{"[{#}] {!} {#} {!} Exit before auth from <{@}>: {reason}", loginFailed, ""},
}
