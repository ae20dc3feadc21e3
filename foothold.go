package tocsin

import "time"

// FootholdKinds are the ways to come back that a campaign may leave behind: account (one was made), key (for logging in, added to an
// account), credential (a further key or password of a cloud account or application), policy (rights or roles given), changed (an account's
// password or settings), cron, task
// (a scheduled task of Windows), timer (of systemd), job (of a cluster), service, workload (put into a cluster), webshell (or
// another component of a server), autostart (run at start or login), trigger (run at an event), login (how logins are checked was
// changed), hijack (run in another program's place), image (a changed image of machines or containers), remote (access or remote
// control from outside), other.
var FootholdKinds = [...]string{"account", "key", "credential", "policy", "changed", "cron", "task", "timer", "job", "service", "workload", "webshell",
	"autostart", "trigger", "login", "hijack", "image", "remote", "other"}

// A Foothold is a way to come back that was left behind: one of FootholdKinds, with the act that laid it.
type Foothold struct {
	KeyEvent
	Name    string    `json:"name,omitempty"` // of what was laid: an account, a file, a task; empty where the record does not say
	Used    time.Time `json:"used"`           // the last act that is known to have been done with it; zero for none
	Removed time.Time `json:"removed"`        // the first act that took it away; zero where none was seen
	// RemovedAt is where that can be read; zero where none was seen.
	RemovedAt Place `json:"removed_at"`
}
