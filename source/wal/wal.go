// Package wal keeps what was pushed on disk before it is acknowledged.
package wal
