package query_test

import "testing"

// Groups and sets choose rows as their terms do by themselves.
func TestGroupsOfTerms(t *testing.T) {
	rows := [2]string{`{"level":30,"msg":"timed out","status":502,"v":0}`, `{"level":30,"msg":"refused","status":200,"v":0}`}
	for text, want := range map[string][2]bool{
		"timed | refused":           {true, true},
		"(timed | status=200) -out": {false, true},
		"not (timed or x)":          {false, true},
		"status in (502, 503)":      {true, false},
		"status not in (502, 503)":  {false, true},
		"status in (502) refused":   {false, false},
		"missing in (1)":            {false, false},
	} {
		f, err := parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		for i, data := range rows {
			for _, trust := range []bool{true, false} {
				if got := f.Match(rowOf([]byte(data), trust)); got != want[i] {
					t.Errorf("%s shows %s is %v with trust %v", text, data, got, trust)
				}
			}
		}
		if again, err := parse(f.Text()); err != nil || again.Text() != f.Text() {
			t.Errorf("%s is %q, and then %q, %v", text, f.Text(), again.Text(), err)
		}
	}
}
