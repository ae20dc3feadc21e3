// Package otlp receives OpenTelemetry's logs and traces over HTTP.
package otlp
