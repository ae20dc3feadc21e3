// Package journald follows systemd's journals through journalctl.
package journald
