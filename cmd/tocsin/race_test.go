//go:build race

package main

// memoryTimes is how much more memory the race detector lets a run take.
const memoryTimes = 4
