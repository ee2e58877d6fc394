// Package openapi holds the proxy's description of itself against the standard, and what
// the proxy answers against the description, by a library that others use for that.
package openapi
