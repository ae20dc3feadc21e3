package actor

// The kinds of log, numbered as ticks have them. TestLogNumbers holds them to tocsin.Logs.
const (
	logLine = iota + 1
	logProgram
	logWindows
	logSession
	logRequest
	logLogin
	logAPI
	nLogs
)

// commands says that an act is a command, in whatever log; others are attempts on a service.
func commands(log uint8) bool { return log <= logSession }
