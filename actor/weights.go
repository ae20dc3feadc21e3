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
	prior: [3]float64{-0.62, 0.31, 0.31},
	of: [nFamilies][maxSymbols][3]float64{
		famGap: {
			{-0.72, 1.04, -0.32}, // below 1 s
			{-0.59, 0.77, -0.18}, // 1 s
			{-0.66, -0.12, 0.79}, // 2–4 s
			{-0.78, -1.42, 2.20}, // 5–14 s
			{2.24, 0.10, -2.34},  // 15–59 s
			{1.46, -2.01, 0.55},  // 1–4 min
			{-0.42, 1.91, -1.49}, // 5 min and more
		},
		famRhythm: {
			{-2.03, 0.57, 1.47},  // like the one before
			{-0.67, 0.30, 0.37},  // up to twice or half of it
			{1.08, -0.38, -0.71}, // unlike it
		},
		famText: {
			{-0.50, 1.34, -0.84}, // the one before again
			{-0.74, 1.62, -0.87}, // an earlier one again
			{-0.75, -1.96, 2.70}, // the one before changed a little
			{-0.77, 1.97, -1.20}, // an earlier one changed a little
			{1.60, -1.27, -0.33}, // new
		},
		famTool: {
			{-1.65, 2.81, -1.16}, // the same as before
			{0.65, -1.04, 0.40},  // one of the last
			{3.00, -5.17, 2.17},  // new
		},
		famLength: {
			{-0.68, -3.13, 3.80}, // nothing new
			{0.99, 3.43, -4.42},  // up to 5 new bytes
			{0.78, -0.61, -0.17}, // 6–12
			{-0.91, 0.96, -0.05}, // 13–25
			{-1.32, 0.11, 1.21},  // 26–50
			{-0.35, -0.19, 0.54}, // 51–100
			{-0.58, -0.13, 0.71}, // more
		},
		famSpeed: {
			{3.36, -0.87, -2.49}, // up to 1 new byte a second
			{-1.40, 1.04, 0.36},  // up to 3
			{-4.59, 0.89, 3.70},  // up to 8
			{-3.23, 0.21, 3.01},  // up to 20
			{-2.09, 1.33, 0.75},  // up to 60
			{0.02, 0.36, -0.38},  // more
		},
		famJoined: {
			{0.34, 1.72, -2.06},  // one word
			{-0.02, -0.73, 0.75}, // simple
			{-1.70, -0.50, 2.20}, // one or two operators
			{-0.92, -0.18, 1.11}, // three and more
		},
		famFailure: {
			{0.00, 1.20, -1.20}, // the same again
			{0.00, 0.78, -0.78}, // changed a little
			{0.00, -1.09, 1.09}, // another
		},
		famPace: {
			{0.00, -0.01, 0.01}, // faster than usual
			{0.00, 0.30, -0.30}, // as usual
			{0.00, -1.60, 1.60}, // slower
		},
	},
}
