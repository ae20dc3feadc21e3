// Package console serves what a live run knows: pages, an API, metrics.
package console
