package actor

const (
	// leastTicks is the number of acts below which nothing is judged.
	leastTicks = 10
)

// decided are the shares from which human, script and agent are named.
var decided = [3]float64{0.75, 0.75, 0.75}

// recorded says which drivers, human, script and agent, were recorded in a kind of log.
var recorded = [nLogs][3]bool{
	logLine:    {true, true, true},
	logProgram: {true, true, true},
	logWindows: {false, true, false},
	logSession: {false, false, true},
	logRequest: {true, true, false},
	logLogin:   {true, true, false},
	logAPI:     {false, true, false},
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
	Prior: [2][3]float64{{-0.42, 0.15, 0.27}, {-0.12, 0.12, 0.12}},
	of: [nFamilies][maxSymbols][3]float64{
		famGap: {
			{-0.88, 3.01, -2.13}, // below 1 s
			{-1.17, 1.73, -0.56}, // 1 s
			{-0.55, -2.97, 3.53}, // 2–4 s
			{-0.92, -2.31, 3.23}, // 5–14 s
			{1.29, 0.22, -1.51},  // 15–59 s
			{3.53, -2.85, -0.68}, // 1–4 min
			{1.61, -1.55, -0.06}, // 5 min and more
		},
		famInstant: {
			{0.58, 0.41, -0.98},  // below 0.3 s
			{-1.28, 1.50, -0.21}, // up to 0.6 s
			{-0.56, 1.19, -0.63}, // up to 1 s
			{-1.26, -0.25, 1.50}, // up to 2 s
			{0.09, -0.72, 0.64},  // more
		},
		famRhythm: {
			{-1.86, 2.65, -0.79}, // like the one before
			{-0.64, -0.20, 0.84}, // up to twice or half of it
			{1.65, -1.70, 0.05},  // unlike it
		},
		famText: {
			{-0.30, 1.19, -0.89}, // the one before again
			{-0.19, 0.17, 0.02},  // an earlier one again
			{-2.75, 0.00, 2.75},  // the one before changed a little
			{-0.21, 0.30, -0.09}, // an earlier one changed a little
			{1.25, -0.22, -1.03}, // new
		},
		famTool: {
			{0.08, -0.22, 0.14},  // the same as before
			{-0.10, -0.51, 0.62}, // one of the last
			{-0.02, 0.33, -0.32}, // new
		},
		famLength: {
			{-0.45, 0.84, -0.38}, // nothing new
			{2.53, 0.83, -3.36},  // up to 5 new bytes
			{0.57, -0.38, -0.19}, // 6–12
			{-0.63, -0.30, 0.93}, // 13–25
			{-1.79, 0.20, 1.58},  // 26–50
			{-1.82, -1.00, 2.82}, // 51–100
			{-1.87, 2.11, -0.24}, // more
		},
		famSpeed: {
			{4.52, -1.50, -3.02}, // up to 1 new byte a second
			{-0.58, -0.49, 1.06}, // up to 3
			{-4.92, 2.20, 2.73},  // up to 8
			{-3.61, 0.36, 3.25},  // up to 20
			{-2.01, 1.73, 0.29},  // up to 60
			{-0.40, 1.23, -0.83}, // more
		},
		famJoined: {
			{2.26, 0.10, -2.35},  // one word
			{-0.33, -0.08, 0.41}, // simple
			{-1.98, 0.31, 1.67},  // one or two operators
			{-1.07, 0.28, 0.80},  // three and more
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
