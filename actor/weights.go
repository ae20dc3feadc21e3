package actor

// What Judge goes by was fitted to recordings of known drivers. People: 140 trainees of a cyber range (KYPO, 2019 to 2022:
// shells and consoles), browsers at one web site (2015). Language models that worked through laboratories and code bases with
// six harnesses (2023 to 2026): the commands in their logs, as a machine's own log would have them. Scripts: bots at
// honeypots (Cowrie, January 2017), guessers of SSH passwords, scanners and crawlers of web sites, scripted tests on Windows
// (OTRF, eqllib). Of bots with ten commands and more hardly any was recorded, but any text can be sent by a script: so what
// people, models and bots typed counts as a script's too, sent once or time and again as scripts wait: at the pace of a
// recorded bot, as soon as the prompt comes, after a fixed or a random sleep, in bursts (eval/operator_replay_test.go).
//
// Each driver counts the same in sum, and each kind of log by the root of its doers; what is typed counts both as
// lines and as the programs that these start. Commands and attempts on a service are fitted apart, multinomial and logistic
// with an L2 penalty; its strength, leastTicks and decided were chosen by leaving out groups (models, classes of trainees,
// networks, ways of waiting); kinds of log left out are measured, not chosen by. The recordings that rehearsals draw their gaps
// from (rehearse/gaps.tsv) have no part in it.
//
// How an action ended is not looked at: it is known of hardly any person's, so that it tells recordings from one another. That longer commands take longer was tried too: of one harness only (rank
// correlation 0.55; of the others, as of people, 0.1 to 0.2). So was which lists of commands others sent as well: three in a
// row that others have are up to half of what trainees of one game type.
//
// To fit anew: go test ./eval -run TestFitDrivers -args -fit ../actor/weights.go
const (
	// leastTicks is the number of acts below which nothing is judged.
	leastTicks = 10
)

// decided are the shares from which human, script and agent are named.
var decided = [3]float64{0.7, 0.75, 0.6}

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
	Prior: [2][3]float64{{-0.56, 0.45, 0.11}, {-0.12, 0.12, 0.12}},
	of: [nFamilies][maxSymbols][3]float64{
		famGap: {
			{0.41, 0.91, -1.32},  // below 1 s
			{-1.36, 3.37, -2.01}, // 1 s
			{-1.58, -0.72, 2.29}, // 2–4 s
			{-1.65, -0.67, 2.32}, // 5–14 s
			{1.87, -0.99, -0.87}, // 15–59 s
			{3.46, -1.32, -2.14}, // 1–4 min
			{0.75, 0.54, -1.29},  // 5 min and more
		},
		famRhythm: {
			{-2.33, 3.47, -1.13}, // like the one before
			{-1.11, 1.50, -0.39}, // up to twice or half of it
			{2.00, -2.87, 0.87},  // unlike it
		},
		famText: {
			{-1.24, 0.73, 0.51},  // the one before again
			{-0.76, 0.55, 0.21},  // an earlier one again
			{-2.39, -0.30, 2.69}, // the one before changed a little
			{-0.46, -0.02, 0.48}, // an earlier one changed a little
			{1.48, -0.16, -1.32}, // new
		},
		famTool: {
			{-0.10, 0.54, -0.43}, // the same as before
			{-0.67, 1.09, -0.42}, // one of the last
			{0.45, -0.99, 0.54},  // new
		},
		famLength: {
			{-0.27, -0.07, 0.34}, // nothing new
			{2.17, 1.09, -3.26},  // up to 5 new bytes
			{0.52, -0.08, -0.44}, // 6–12
			{-0.65, -0.37, 1.01}, // 13–25
			{-1.87, 0.04, 1.83},  // 26–50
			{-1.96, -0.98, 2.94}, // 51–100
			{-1.48, 0.78, 0.70},  // more
		},
		famSpeed: {
			{4.46, -1.82, -2.64}, // up to 1 new byte a second
			{-1.26, 0.88, 0.38},  // up to 3
			{-4.90, 2.18, 2.72},  // up to 8
			{-3.59, 0.21, 3.39},  // up to 20
			{-2.37, 2.25, 0.12},  // up to 60
			{-1.05, 1.20, -0.16}, // more
		},
		famJoined: {
			{1.98, 1.63, -3.61},  // one word
			{-0.32, -0.65, 0.96}, // simple
			{-2.09, 0.48, 1.61},  // one or two operators
			{-0.99, 1.10, -0.10}, // three and more
		},
		famBatch: {
			{0.20, -0.18, -0.02}, // alone
			{-1.83, -0.61, 2.43}, // one of 2 or 3 within 1 s of each other
			{0.06, 1.96, -2.02},  // of 4 to 7
			{1.69, 0.96, -2.64},  // of 8 and more
		},
		famSpread: {
			{-0.72, 1.81, -1.09}, // of σ(ln) up to 0.15
			{-0.40, 1.95, -1.55}, // up to 0.3
			{-0.58, 1.18, -0.60}, // up to 0.45
			{-0.35, -0.17, 0.52}, // up to 0.6
			{-0.69, 0.39, 0.30},  // up to 0.8
			{-0.07, -0.49, 0.55}, // up to 1.1
			{0.48, -0.75, 0.27},  // more
		},
		famOrder: {
			{-1.49, 3.45, -1.96}, // three in a row of the form of an earlier three
			{0.24, -0.55, 0.31},  // of a new form
		},
		famWait: {
			{-4.34, 4.34, 4.34},  // below 1 s
			{0.97, -0.97, -0.97}, // 1 s
			{1.97, -1.97, -1.97}, // 2–4 s
			{3.18, -3.18, -3.18}, // 5–14 s
			{0.00, -0.00, -0.00}, // 15–59 s
			{-0.65, 0.65, 0.65},  // 1–4 min
			{-4.19, 4.19, 4.19},  // 5 min and more
		},
		famBeat: {
			{-1.06, 1.06, 1.06},  // like the one before
			{0.38, -0.38, -0.38}, // up to twice or half of it
			{0.15, -0.15, -0.15}, // unlike it
		},
		famAgain: {
			{-5.72, 5.72, 5.72},  // the one before again
			{-5.58, 5.58, 5.58},  // an earlier one again
			{-1.57, 1.57, 1.57},  // the one before changed a little
			{1.73, -1.73, -1.73}, // an earlier one changed a little
			{2.99, -2.99, -2.99}, // new
		},
	},
}
