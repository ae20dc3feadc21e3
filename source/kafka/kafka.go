// Package kafka reads topics of Kafka.
package kafka
