// Package otlp has tests alone: of records that OpenTelemetry's Go SDK sends.
package otlp
