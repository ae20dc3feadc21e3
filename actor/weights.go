package actor

// What Judge goes by was fitted to recordings of known drivers: 156 trainees of a cyber range (KYPO, 2019 to 2022), language
// models that worked through laboratories and code bases with seven harnesses (2023 to 2026), and scripts: bots at
// honeypots (Cowrie, January 2017), guessers of SSH passwords, scanners and crawlers of web sites. Each driver counts the
// same in sum, and each recording by the root of its doers; what is typed counts both as lines and as the programs that
// these start, since logs have the one or the other. The regression is multinomial and logistic with an L2 penalty; its
// strength, leastTicks and decided were chosen by leaving out models, classes of trainees, networks of scripts, and whole
// recordings.
//
// To fit anew: go test ./eval -run TestFitDrivers -args -fit ../actor/weights.go
const (
	// leastTicks is the number of actions below which nothing is judged.
	leastTicks = 10
	// decided is the share from which a driver is named.
	decided = 0.75
)

// A table is the weights, for human, script and agent in that order: what a symbol would add if it were all that a family
// showed. Outcomes are not known of people, so that they only tell scripts from agents.
type table struct {
	prior [3]float64
	of    [nFamilies][maxSymbols][3]float64
}

var weights = table{
	prior: [3]float64{-0.63, 0.31, 0.32},
	of: [nFamilies][maxSymbols][3]float64{
		famGap: {
			{-0.71, 1.06, -0.35}, // below 1 s
			{-0.60, 0.74, -0.15}, // 1 s
			{-0.69, -0.11, 0.79}, // 2–4 s
			{-0.80, -1.46, 2.26}, // 5–14 s
			{2.26, 0.10, -2.36},  // 15–59 s
			{1.48, -2.01, 0.53},  // 1–4 min
			{-0.43, 1.91, -1.49}, // 5 min and more
		},
		famRhythm: {
			{-2.07, 0.49, 1.58},  // like the one before
			{-0.64, 0.33, 0.31},  // up to twice or half of it
			{1.08, -0.37, -0.71}, // unlike it
		},
		famText: {
			{-0.54, 1.40, -0.86}, // the one before again
			{-0.73, 1.57, -0.84}, // an earlier one again
			{-0.74, -1.97, 2.71}, // the one before changed a little
			{-0.77, 1.98, -1.21}, // an earlier one changed a little
			{1.61, -1.27, -0.34}, // new
		},
		famTool: {
			{-1.65, 2.83, -1.17}, // the same as before
			{0.68, -1.07, 0.39},  // one of the last
			{2.99, -5.18, 2.19},  // new
		},
		famLength: {
			{-0.64, -3.14, 3.77}, // nothing new
			{1.00, 3.44, -4.44},  // up to 5 new bytes
			{0.77, -0.59, -0.18}, // 6–12
			{-0.96, 0.93, 0.03},  // 13–25
			{-1.29, 0.10, 1.20},  // 26–50
			{-0.33, -0.23, 0.55}, // 51–100
			{-0.58, -0.14, 0.72}, // more
		},
		famSpeed: {
			{3.36, -0.87, -2.49}, // up to 1 new byte a second
			{-1.40, 1.07, 0.32},  // up to 3
			{-4.59, 0.86, 3.73},  // up to 8
			{-3.23, 0.23, 3.00},  // up to 20
			{-2.06, 1.34, 0.71},  // up to 60
			{-0.01, 0.34, -0.33}, // more
		},
		famJoined: {
			{0.32, 1.75, -2.06},  // one word
			{-0.01, -0.74, 0.75}, // simple
			{-1.72, -0.51, 2.23}, // one or two operators
			{-0.95, -0.18, 1.13}, // three and more
		},
		famFailure: {
			{0.00, 1.20, -1.20}, // the same again
			{0.00, 0.76, -0.76}, // changed a little
			{0.00, -1.08, 1.08}, // another
		},
		famPace: {
			{0.00, 0.00, -0.00}, // faster than usual
			{0.00, 0.31, -0.31}, // as usual
			{0.00, -1.65, 1.65}, // slower
		},
	},
}
