package engine

import (
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
)

// serverLog takes what the embedded server says, which is in its own words.
type serverLog struct {
	log    *slog.Logger
	broken atomic.Bool // it could not write a file, and gave it up

	mu    sync.Mutex
	error string // the last
}

func (l *serverLog) Noticef(format string, v ...any) {
	l.log.Debug("archive: NATS server", "says", fmt.Sprintf(format, v...))
}

func (l *serverLog) Warnf(format string, v ...any) {
	l.log.Warn("archive: NATS server", "says", fmt.Sprintf(format, v...))
}

func (l *serverLog) Errorf(format string, v ...any) {
	text := fmt.Sprintf(format, v...)
	l.mu.Lock()
	l.error = text
	l.mu.Unlock()
	if strings.Contains(text, "ritical write error") || strings.Contains(text, "will be DISABLED") {
		if l.broken.Swap(true) {
			return // it says so for each message
		}
	}
	l.log.Error("archive: NATS server", "says", text)
}

func (l *serverLog) Fatalf(format string, v ...any) { l.Errorf(format, v...) }
func (l *serverLog) Debugf(string, ...any)          {}
func (l *serverLog) Tracef(string, ...any)          {}

// last is the last error.
func (l *serverLog) last() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.error == "" {
		return "it does not say why"
	}
	return l.error
}
