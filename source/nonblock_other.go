//go:build !unix

package source

// nonblock is nothing where opening a file cannot wait for another process.
const nonblock = 0
