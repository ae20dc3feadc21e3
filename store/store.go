// Package store keeps what a live run must not forget, in one SQLite file.
package store
