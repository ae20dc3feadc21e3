//go:build !race

package main

// memoryTimes is one where nothing watches the memory.
const memoryTimes = 1
