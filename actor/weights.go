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
	prior: [3]float64{-0.46, 0.19, 0.27},
	of: [nFamilies][maxSymbols][3]float64{
		famGap: {
			{-0.93, 0.51, 0.42},  // below 1 s
			{-1.42, 1.11, 0.31},  // 1 s
			{-3.10, 0.31, 2.79},  // 2–4 s
			{-0.21, -1.23, 1.44}, // 5–14 s
			{3.86, 0.78, -4.64},  // 15–59 s
			{2.61, -1.87, -0.73}, // 1–4 min
			{0.98, 0.95, -1.93},  // 5 min and more
		},
		famRhythm: {
			{-1.94, 1.03, 0.91},  // like the one before
			{-1.17, 1.25, -0.08}, // up to twice or half of it
			{1.44, -1.18, -0.26}, // unlike it
		},
		famText: {
			{2.36, 0.49, -2.86},  // the one before again
			{1.02, 0.86, -1.88},  // an earlier one again
			{-0.14, -3.12, 3.26}, // the one before changed a little
			{-1.83, 2.18, -0.36}, // an earlier one changed a little
			{0.19, 0.80, -0.99},  // new
		},
		famTool: {
			{-2.36, 3.83, -1.47}, // the same as before
			{2.54, -5.40, 2.85},  // one of the last
			{4.75, -6.71, 1.96},  // new
		},
		famLength: {
			{-0.23, 1.93, -1.70}, // up to 5 bytes
			{0.32, 0.47, -0.79},  // 6–12
			{2.42, -1.66, -0.76}, // 13–25
			{-1.40, -0.14, 1.54}, // 26–50
			{-0.47, -1.67, 2.14}, // 51–100
			{-2.89, -0.88, 3.77}, // 101–200
			{-2.24, -0.36, 2.60}, // more
		},
		famJoined: {
			{-1.49, 3.18, -1.69}, // one word
			{2.10, -2.70, 0.59},  // simple
			{-1.63, -1.95, 3.59}, // one or two operators
			{-2.07, -0.76, 2.84}, // three and more
		},
		famFailure: {
			{0.00, 1.06, -1.06}, // the same again
			{0.00, 0.99, -0.99}, // changed a little
			{0.00, -0.86, 0.86}, // another
		},
		famPace: {
			{0.00, -0.23, 0.23}, // faster than usual
			{0.00, 0.13, -0.13}, // as usual
			{0.00, -0.75, 0.75}, // slower
		},
	},
}
