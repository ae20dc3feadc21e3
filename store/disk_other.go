//go:build !linux && !darwin && !freebsd && !windows

package store

func free(string) (int64, error) { return -1, nil }
