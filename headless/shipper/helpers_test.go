package shipper_test

import (
	"regexp"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// isText reports whether a record was made of text by these tests.
func isText(rec string) bool {
	return textRecord.MatchString(rec)
}

// A text may state a level and a time.
var textRecord = regexp.MustCompile(`^{"v":0,"name":"app","hostname":"vm-1","pid":0,"level":\d+,"time":"[^"]*","msg":"`)
