package auth_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sluice/cluster/auth"
)

// lines is a log that a test looks into.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) has(text string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Contains(l.b.String(), text)
}

func (l *lines) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

// clock runs a test of a Verifier, whose URLs are asked by fetch, by a clock of its own. sleep lets that go on, and all
// that is to happen until then happen.
func clock(t *testing.T, cfg auth.Config, fetch func(context.Context) ([]byte, error), test func(t *testing.T, v *auth.Verifier, sleep func(time.Duration))) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		v := verifier(t, cfg)
		v.FetchBy(fetch)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			_ = v.Run(ctx) // returns nil
		}()
		test(t, v, func(d time.Duration) {
			until := time.NewTimer(d)
			<-until.C
			synctest.Wait()
		})
		stop()
		<-done
	})
}
