// Package syslog receives syslog over UDP, TCP and TLS.
package syslog
