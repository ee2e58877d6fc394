package record_test

import (
	"strings"
	"testing"

	"sluice/cluster/record"
)

// A time that is an object holds no other one. Were they read however deep they
// stand, one record would take seconds of everybody who reads it.
func TestNestedTime(t *testing.T) {
	if got := record.Peek([]byte(`{"time":{"epochSecond":1772366400},"msg":"x"}`)).Time; got != 1772366400_000 {
		t.Errorf("the time of an object is read as %d", got)
	}
	for _, depth := range []int{2, 9000} {
		data := []byte(`{"time":` + strings.Repeat(`{"epochSecond":`, depth) + "1772366400" + strings.Repeat("}", depth) + `,"msg":"x"}`)
		for range 50 {
			if got := record.Peek(data).Time; got != 0 {
				t.Fatalf("the time in %d objects is read as %d", depth, got)
			}
		}
	}
}
