// Package nats reads streams of NATS JetStream.
package nats
