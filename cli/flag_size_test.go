package cli

import "testing"

func TestSize(t *testing.T) {
	for text, want := range map[string]int64{
		"1": 1, "4194304": 4 << 20, "64KiB": 64 << 10, "256MiB": 256 << 20, "2GiB": 2 << 30, "7B": 7, "100M": 100 << 20, "4K": 4 << 10, "1G": 1 << 30,
		"": -1, "0": -1, "-5": -1, "MiB": -1, "1.5MiB": -1, "4MB": -1, "M": -1, "4m": -1, "9999999999GiB": -1,
	} {
		var s size
		err := s.Set(text)
		switch {
		case want < 0 && err == nil:
			t.Errorf("size %q is taken for %d", text, s)
		case want >= 0 && (err != nil || int64(s) != want):
			t.Errorf("size %q is %d, %v, want %d", text, s, err, want)
		case want >= 0:
			var again size
			if err := again.Set(s.String()); err != nil || again != s {
				t.Errorf("size %d prints as %q, which is %d, %v", s, s.String(), again, err)
			}
		}
	}
}
