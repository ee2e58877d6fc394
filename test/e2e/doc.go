// Package e2e has tests alone: of the real binary, as its users have it.
package e2e
