// Package admin is the endpoint for operators that every server has: /metrics for
// Prometheus (and in it sluice_build_info), /healthz, /readyz, and /debug/pprof/ on request.
//
// # Contract
//
// It has no passwords, so it listens on loopback addresses only, unless told
// Insecure, and answers only those who call it by a loopback name, and no page of another origin. At most
// [MaxConnections] are served, and each request has seconds: a silent peer keeps
// nobody out. [Server.Run] blocks, and returns when its context
// has ended and so have all requests, which have one second for it.
package admin
