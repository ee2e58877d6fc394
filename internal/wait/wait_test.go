package wait_test

import (
	"testing"
	"testing/synctest"
	"time"

	"sluice/internal/wait"
)

func TestUntil(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun, calls := time.Now(), 0
		if !wait.Until(func() bool { calls++; return calls == 5 }) || calls != 5 {
			t.Errorf("after %d calls", calls)
		}
		if wait.Until(func() bool { return false }) {
			t.Error("what never holds, holds")
		}
		if took := time.Since(begun); took < wait.Limit || took > wait.Limit+time.Second {
			t.Errorf("it gave up after %v, not after %v", took, wait.Limit)
		}
	})
}
