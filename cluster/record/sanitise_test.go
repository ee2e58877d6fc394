package record_test

import (
	"testing"

	"sluice/cluster/record"
)

func TestAppendSafe(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"plain", "hello, wörld", "hello, wörld"},
		{"escape", "\x1b[31m", "␛[31m"},
		{"C0", "\x00\a\b\t\n\r\x1f", "␀␇␈␉␊␍␟"},
		{"DEL", "a\x7fb", "a␡b"},
		{"C1", "\u0080\u009b\u009f", `\u0080\u009b\u009f`},
		{"C1 as one byte", "\x9b31m", "\ufffd31m"},
		{"bad UTF-8", "a\xff\xfeb\xe2\x80", "a\ufffd\ufffdb\ufffd\ufffd"},
		{"surrogate in UTF-8", "\xed\xa0\x80", "\ufffd\ufffd\ufffd"},
		{"bidi", "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069", `\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069`},
		{"separators", "\u2028\u2029", `\u2028\u2029`},
		{"annotations", "\ufff9\ufffa\ufffb", `\ufff9\ufffa\ufffb`},
		{"tags", "\U000e0001\U000e0041\U000e007f", `\u{e0001}\u{e0041}\u{e007f}`},
		{"emoji with joiners", "👩‍👩‍👧 🏳️‍🌈", "👩‍👩‍👧 🏳️‍🌈"},
		{"right to left", "שלום عالم", "שלום عالم"},
		{"byte order mark", "\ufeffa", "\ufeffa"},
		{"replacement", "\ufffd", "\ufffd"},
		{"empty", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := string(record.AppendSafe([]byte("x"), tt.in)); got != "x"+tt.want {
				t.Errorf("AppendSafe(%q) = %q, want %q", tt.in, got[1:], tt.want)
			}
			if got := record.Safe(tt.in); got != tt.want {
				t.Errorf("Safe(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

func TestSafeDoesNotAllocateWhenClean(t *testing.T) {
	for _, s := range []string{"GET /login 200", "Grüße 👩‍👩‍👧 שלום"} {
		if n := testing.AllocsPerRun(100, func() { record.Safe(s) }); n != 0 {
			t.Errorf("Safe(%q) allocates %v times", s, n)
		}
	}
}

func FuzzAppendSafe(f *testing.F) {
	for _, s := range []string{"a", "\x1b[1m", "\u009b", "\xff", "\u202e", "\U000e0041", "👩‍👩‍👧", "\xe2\x80\xa8"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := string(record.AppendSafe(nil, s))
		checkSafe(t, once)
		if twice := string(record.AppendSafe(nil, once)); twice != once {
			t.Errorf("%q came through a second time as %q", once, twice)
		}
		if got := record.Safe(s); got != once {
			t.Errorf("Safe(%q) = %q, AppendSafe %q", s, got, once)
		}
		if len(once) > 9*len(s) {
			t.Errorf("%q became %d times as long", s, len(once)/len(s))
		}
	})
}
