package decode

import "github.com/tocsin-ids/tocsin"

// appliancePhrases are the messages of hosting panels, mail suites and programs that ban addresses.
var appliancePhrases = []phrase{
	{"*Port Scan* detected from {@ip} {*}", scanned, ""},
	{"{<}FAILED LOGIN {service_asked!}: brute force attempt (user {user}) has locked out IP {@ip}", banned, ""}, // cPanel
	{"{<}Authentication attempt from {@ip} has been rate-limited.", banned, "reason=too many attempts"},         // Mailu
}

// strongswanPhrases are the messages of strongSwan, a gateway for IPsec. It tells the address when a connection begins
// and when it is given up, and how a login ended by the connection's name and number.
var strongswanPhrases = []phrase{
	{"{<}> deleting half open IKE_SA with {@ip} after timeout", loginTimeout, "reason=half open"},
	{"{<}> no IKE config found for {!}...{@ip}, sending {*}", connectionRefused, "reason=no such peer"},
	{"{<}> no matching peer config found{*}", failureNoted, ""},
	{"{<}> looking for {!} peer configs matching {!}...{@ip}[{user}]", untold, ""},
	{"{<}> {@ip} is initiating a{*}", connection, ""},
	{"{<}> {<}authentication of '{user<}' with {auth_method<} failed{*}", failureNoted, ""},
	{"{<}> XAuth authentication of '{user<}' failed{*}", failureNoted, ""},
	{"{<}> EAP-MS-CHAPv2 username: '{user}'", loginPending, ""},
	{"{<}> EAP-MS-CHAPv2 verification failed, {*}", failureNoted, ""},
}

// honeypotPhrases are the messages of honeypots and tarpits, where nobody has business: Cowrie's text log, sshesame and
// endlessh. What they accept is no login: they let everybody in.
var honeypotPhrases = []phrase{
	{"{<}New connection: {@ip} ({<}) [session: {session!}]{*}", scanned, ""},
	{"{<}[{<},{#},{@ip}] login attempt [{user<}/{<}] failed", loginFailed, "auth_method=password"},
	{"{<}[{<},{#},{@ip}] login attempt [{user<}/{<}] succeeded", loginOK, "auth_method=password"},
	{"{<}[{<},{#},{@ip}] CMD: {command}", ranCommand, ""},
	{"ACCEPT host={@ip} port={src_port#} fd={*}", scanned, ""},
	{"[{@ip}] authentication for user \"{user}\" with password \"{<}\" rejected", loginFailed, "auth_method=password"},
	{"[{@ip}] authentication for user \"{user}\" with password \"{<}\" accepted", loginOK, "auth_method=password"},
	{"[{@ip}] authentication for user \"{user}\" without credentials {*}", loginFailed, ""},
	{"[{@ip}] [channel {#}] command \"{command}\" requested", ranCommand, ""},
	{"[{@ip}] [channel {#}] {reason<} requested", scanned, ""},
	{"[{@ip}] connection with client version \"{client}\" established", connection, ""},
}

// honeypot makes the family of honeypots: as applications, and under Sigma's names for what is no service at all.
func honeypot() *family {
	f := application("application", "").says(honeypotPhrases, true)
	pot := tocsin.LogSource{Product: "linux", Category: "honeypot"}
	f.sources = append([]tocsin.LogSource{pot}, f.sources...)
	f.auth = append([]tocsin.LogSource{pot}, f.auth...)
	return f
}
