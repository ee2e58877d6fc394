// Package otlp takes logs of OpenTelemetry, by gRPC and by HTTP, and makes records of
// them.
//
// # Contract
//
// An export is answered when whoever takes its records ([Taker]) has done with them: a
// success says that they are where they belong. Where they cannot be taken now, the
// exporter is told to come again (UNAVAILABLE or RESOURCE_EXHAUSTED with RetryInfo, 503 or
// 429 with Retry-After); what was refused for good is told as a partial success.
//
// Bounds: a request has [MaxRequest] bytes, also when it is unpacked. At most
// [MaxExports] are read or worked on at a time, however many connections there are; others
// wait, unread.
//
// Requests are foreign input: mapping takes time and memory proportional to them, values
// nest up to a bound, and nothing is kept.
package otlp
