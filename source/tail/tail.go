// Package tail follows files as they grow.
package tail
