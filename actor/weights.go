package actor

// What Judge goes by was fitted to recordings of known drivers. People: 156 trainees of a cyber range (KYPO, 2019 to 2022:
// shells and consoles), browsers at one web site (2015). Language models that worked through laboratories and code bases with
// seven harnesses (2023 to 2026): the commands in their logs, as a machine's own log would have them. Scripts: bots at
// honeypots (Cowrie, January 2017), guessers of SSH passwords, scanners and crawlers of web sites, scripted tests on Windows
// (OTRF, eqllib), and replays: what people and models typed, at the pace of a recorded bot, since any text can be sent by a
// script. Each driver counts the same in sum, and each kind of log by the root of its doers; what is typed counts both as
// lines and as the programs that these start. Commands and attempts on a service are fitted apart, multinomial and logistic
// with an L2 penalty; its strength, leastTicks and decided were chosen by leaving out groups (models, classes of trainees,
// networks); kinds of log left out are measured, not chosen by.
//
// How an action ended is not looked at: it is known of hardly any person's, so that it tells recordings from one another.
//
// To fit anew: go test ./eval -run TestFitDrivers -args -fit ../actor/weights.go
const (
	// leastTicks is the number of acts below which nothing is judged.
	leastTicks = 10
)

// decided are the shares from which human, script and agent are named.
var decided = [3]float64{0.7, 0.75, 0.75}

// recorded says which drivers, human, script and agent, were recorded in a kind of log. Starts of programs are those of
// recorded lines. No agent was recorded in logs of requests, logins and calls, and nobody at all in those of calls.
var recorded = [nLogs][3]bool{
	logLine:    {true, true, true},
	logProgram: {true, true, true},
	logWindows: {false, true, false},
	logSession: {false, false, true},
	logRequest: {true, true, false},
	logLogin:   {false, true, false},
	logAPI:     {false, false, false},
}

var logNames = [nLogs]string{"", "lines as they were entered", "starts of programs", "starts of programs on Windows", "tool calls of agents' own logs", "requests", "logins", "calls of a cloud or platform"}

// Weights are what symbols would add for human, script and agent, in that order, if each were all that its family showed,
// and what is added anyway: where there are enough commands, and where there are only attempts on a service.
type Weights struct {
	Prior [2][3]float64
	of    [nFamilies][maxSymbols][3]float64
}

// Fitted are the weights that Tocsin comes with.
func Fitted() Weights { return fitted }

var fitted = Weights{
	Prior: [2][3]float64{{-0.43, 0.19, 0.24}, {-0.12, 0.12, 0.12}},
	of: [nFamilies][maxSymbols][3]float64{
		famGap: {
			{-0.57, 3.38, -2.81}, // below 1 s
			{-1.57, 1.97, -0.40}, // 1 s
			{-0.94, -3.59, 4.53}, // 2–4 s
			{-1.01, -2.42, 3.43}, // 5–14 s
			{1.29, 0.09, -1.38},  // 15–59 s
			{3.54, -2.97, -0.57}, // 1–4 min
			{1.56, -1.63, 0.07},  // 5 min and more
		},
		famRhythm: {
			{-1.87, 2.70, -0.83}, // like the one before
			{-0.62, -0.31, 0.94}, // up to twice or half of it
			{1.65, -1.67, 0.02},  // unlike it
		},
		famText: {
			{-0.30, 1.11, -0.81}, // the one before again
			{-0.20, 0.22, -0.02}, // an earlier one again
			{-2.74, 0.10, 2.64},  // the one before changed a little
			{-0.23, 0.35, -0.12}, // an earlier one changed a little
			{1.25, -0.27, -0.98}, // new
		},
		famTool: {
			{0.11, -0.18, 0.07},  // the same as before
			{-0.10, -0.48, 0.57}, // one of the last
			{-0.04, 0.30, -0.26}, // new
		},
		famLength: {
			{-0.45, 0.79, -0.34}, // nothing new
			{2.54, 0.82, -3.36},  // up to 5 new bytes
			{0.58, -0.38, -0.20}, // 6–12
			{-0.68, -0.27, 0.96}, // 13–25
			{-1.75, 0.23, 1.52},  // 26–50
			{-1.77, -1.02, 2.80}, // 51–100
			{-1.85, 2.08, -0.23}, // more
		},
		famSpeed: {
			{4.65, -1.65, -3.00}, // up to 1 new byte a second
			{-0.66, -0.46, 1.12}, // up to 3
			{-5.04, 2.28, 2.76},  // up to 8
			{-3.72, 0.53, 3.19},  // up to 20
			{-2.03, 1.85, 0.18},  // up to 60
			{-0.41, 1.25, -0.84}, // more
		},
		famJoined: {
			{2.25, 0.10, -2.34},  // one word
			{-0.32, -0.10, 0.41}, // simple
			{-2.01, 0.36, 1.65},  // one or two operators
			{-1.11, 0.39, 0.72},  // three and more
		},
		famWait: {
			{-4.37, 4.37, 4.37},  // below 1 s
			{0.99, -0.99, -0.99}, // 1 s
			{1.95, -1.95, -1.95}, // 2–4 s
			{3.14, -3.14, -3.14}, // 5–14 s
			{0.03, -0.03, -0.03}, // 15–59 s
			{-0.65, 0.65, 0.65},  // 1–4 min
			{-4.17, 4.17, 4.17},  // 5 min and more
		},
		famBeat: {
			{-0.94, 0.94, 0.94},  // like the one before
			{0.26, -0.26, -0.26}, // up to twice or half of it
			{0.16, -0.16, -0.16}, // unlike it
		},
		famAgain: {
			{-5.61, 5.61, 5.61},  // the one before again
			{-5.56, 5.56, 5.56},  // an earlier one again
			{-1.56, 1.56, 1.56},  // the one before changed a little
			{1.76, -1.76, -1.76}, // an earlier one changed a little
			{3.01, -3.01, -3.01}, // new
		},
	},
}
