package actor

// What Judge goes by was fitted to recordings of known drivers: 156 trainees of a cyber range (KYPO, 2019 to 2022), language
// models that worked through laboratories and code bases with seven harnesses (2023 to 2026), and scripts: bots at
// honeypots (Cowrie, January 2017), guessers of SSH passwords, scanners and crawlers of web sites. Each driver counts the
// same in sum, and each recording by the root of its doers. The regression is multinomial and logistic with an L2 penalty;
// its strength, leastTicks and decided were chosen by leaving out models, classes of trainees, networks of scripts, and
// whole recordings.
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
	prior: [3]float64{-0.40, 0.41, -0.01},
	of: [nFamilies][maxSymbols][3]float64{
		famGap: {
			{0.44, 1.19, -1.62},  // below 1 s
			{-0.99, 1.40, -0.42}, // 1 s
			{-1.49, 0.16, 1.33},  // 2–4 s
			{-0.88, -1.33, 2.20}, // 5–14 s
			{2.34, -0.18, -2.15}, // 15–59 s
			{1.08, -2.42, 1.34},  // 1–4 min
			{-1.21, 2.74, -1.53}, // 5 min and more
		},
		famRhythm: {
			{-2.18, 0.73, 1.44},  // like the one before
			{-0.53, 0.63, -0.10}, // up to twice or half of it
			{1.07, -0.66, -0.41}, // unlike it
		},
		famText: {
			{-0.89, 1.47, -0.58}, // the one before again
			{-1.02, 1.56, -0.54}, // an earlier one again
			{-0.55, -1.82, 2.36}, // the one before changed a little
			{-0.81, 1.91, -1.10}, // an earlier one changed a little
			{2.02, -1.25, -0.76}, // new
		},
		famTool: {
			{-2.11, 2.71, -0.59}, // the same as before
			{1.46, -1.87, 0.41},  // one of the last
			{4.25, -5.45, 1.19},  // new
		},
		famLength: {
			{-0.26, -3.63, 3.89}, // nothing new
			{1.06, 3.40, -4.46},  // up to 5 new bytes
			{0.65, 0.23, -0.87},  // 6–12
			{-1.19, 0.43, 0.76},  // 13–25
			{-2.08, -0.12, 2.21}, // 26–50
			{-1.65, -0.28, 1.92}, // 51–100
			{-1.27, 0.01, 1.26},  // more
		},
		famSpeed: {
			{2.88, -0.07, -2.81}, // up to 1 new byte a second
			{-2.28, 1.14, 1.14},  // up to 3
			{-5.21, -0.38, 5.59}, // up to 8
			{-3.66, -0.50, 4.16}, // up to 20
			{-2.23, -0.46, 2.69}, // up to 60
			{-0.86, -0.10, 0.96}, // more
		},
		famJoined: {
			{-0.42, 3.40, -2.99}, // one word
			{0.99, -2.58, 1.59},  // simple
			{-3.11, -0.24, 3.36}, // one or two operators
			{-2.75, 0.23, 2.52},  // three and more
		},
		famFailure: {
			{0.00, 0.72, -0.72}, // the same again
			{0.00, 0.22, -0.22}, // changed a little
			{0.00, -0.63, 0.63}, // another
		},
		famPace: {
			{0.00, 0.42, -0.42}, // faster than usual
			{0.00, 0.22, -0.22}, // as usual
			{0.00, -1.80, 1.80}, // slower
		},
	},
}
