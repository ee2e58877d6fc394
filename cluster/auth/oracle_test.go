package auth_test

import (
	"regexp"
	"testing"
)

// longestMatch is how much of the beginning of a name an expression matches, at most;
// -1 if it matches nothing there. It does not look at what package auth does.
func longestMatch(t *testing.T, expr, name string) int {
	t.Helper()
	re, err := regexp.Compile(expr)
	if err != nil {
		t.Fatalf("%q is taken, and is no expression: %v", expr, err)
	}
	re.Longest()
	if at := re.FindStringIndex(name); at != nil && at[0] == 0 {
		return at[1]
	}
	return -1
}
