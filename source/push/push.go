// Package push receives logs over HTTP: JSON lines, Elastic's bulk requests and webhooks.
package push
