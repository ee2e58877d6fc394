package shipper_test

import (
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// isText reports whether a record was made of text by these tests.
func isText(rec string) bool {
	return strings.HasPrefix(rec, `{"v":0,"name":"app","hostname":"vm-1","pid":0,"level":30,"time":"2026-03-01T12:00:00.000Z","msg":"`)
}
