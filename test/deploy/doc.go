// Package deploy has tests alone: of what is in deploy/, by the programs that it is for.
package deploy
