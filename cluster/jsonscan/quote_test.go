package jsonscan_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"sluice/cluster/jsonscan"
)

var texts = []string{
	"", "plain", `a "quote" and a \`, "\b\f\n\r\t\x00\x1b\x1f\x7f", "<b>&amp;</b>", "line\u2028and\u2029paragraph", "next\u0085line\u0084\u0086", "\u2027\u202a", "é 日本語 😀", "bad \xff\xe2\x80 \xed\xa0\x80", "\ufffd", "\xe2\x80\xa8",
}

func TestAppendString(t *testing.T) {
	for text, want := range map[string]string{
		"\b\f\n\r\t\x00\x1b":     `"\b\f\n\r\t\u0000\u001b"`,
		"\"\\/<>&\x7f":           "\"\\\"\\\\/<>&\x7f\"",
		"a\u2028b\u2029c\u202ad": "\"a\\u2028b\\u2029c\u202ad\"",
		"a\u0085b\u0084":         "\"a\\u0085b\u0084\"",
		"\xff\xfe😀\ufffd":        "\"\ufffd\ufffd😀\ufffd\"",
	} {
		if got := string(jsonscan.AppendString(nil, text)); got != want {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
	}
	if got := string(jsonscan.AppendEscape(jsonscan.AppendEscape(nil, '\x1b'), '😀')); got != `\u001b\ud83d\ude00` {
		t.Errorf("escapes are %s", got)
	}
}

// checkString holds writing to encoding/json, and reading to writing.
func checkString(t *testing.T, text string) {
	t.Helper()
	got := jsonscan.AppendString([]byte("before"), text)[len("before"):]
	var want bytes.Buffer
	e := json.NewEncoder(&want)
	e.SetEscapeHTML(false)
	// encoding/json escapes the character that stands for bad UTF-8.
	if err := e.Encode(validText(text)); err != nil || string(got)+"\n" != strings.ReplaceAll(want.String(), "\u0085", `\u0085`) {
		t.Errorf("%q is %s, want %s", text, got, want.Bytes())
	}
	if bytes.ContainsAny(got, "\r\n\u0085\u2028\u2029") || !utf8.Valid(got) || len(got) > 6*len(text)+2 {
		t.Errorf("%q is %q", text, got)
	}
	if again := jsonscan.Text(got); again != validText(text) {
		t.Errorf("%s is read as %q", got, again)
	}
	if contents := jsonscan.AppendContents(nil, []byte(text)); string(contents) != string(got[1:len(got)-1]) {
		t.Errorf("the contents of %s are %s", got, contents)
	}
	for i, r := range validText(text) {
		if utf8.ValidString(text[:min(i, len(text))]) {
			if one := jsonscan.AppendRune(nil, r); !bytes.Contains(got, one) {
				t.Errorf("%q in %s is %s", r, got, one)
			}
		}
	}
}

// validText is a text with a U+FFFD for each bad byte.
func validText(text string) string {
	var b strings.Builder
	for _, r := range text {
		b.WriteRune(r)
	}
	return b.String()
}

// checkDecoding holds reading to encoding/json.
func checkDecoding(t *testing.T, quoted []byte) {
	t.Helper()
	var want string
	if !jsonscan.IsString(quoted) || json.Unmarshal(quoted, &want) != nil {
		_ = jsonscan.Text(quoted)
		_ = jsonscan.Decode(quoted)
		return
	}
	if got := jsonscan.Text(quoted); got != want {
		t.Errorf("%s is %q, want %q", quoted, got, want)
	}
	var buf [16]byte
	ascii := len(want) <= len(buf) && strings.IndexFunc(want, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
	if got, ok := jsonscan.AppendASCII(buf[:0], quoted[1:len(quoted)-1]); ok != ascii || ok && string(got) != want {
		t.Errorf("%s is %q, %v in ASCII, want %q, %v", quoted, got, ok, want, ascii)
	}
}

var quoted = []string{`""`, `"a"`, `"\u0041\u00e9\ud83d\ude00"`, `"\ud800"`, `"\ud800\u0041"`, `"\udc00\ud800"`, `"\"\\\/\b\f\n\r\t"`, "\"\xff\"", `"0123456789abcdef"`, `"0123456789abcdefg"`, `12`, `"`, `"\`, `{"a":1}`, "\"\xff"}

func TestDecode(t *testing.T) {
	for _, q := range quoted {
		checkDecoding(t, []byte(q))
	}
	for _, text := range texts {
		checkString(t, text)
	}
	if got := jsonscan.Text([]byte("[1, \"\xff\xfe\"]")); got != "[1, \"\ufffd\"]" {
		t.Errorf("a value is %q", got)
	}
}

func FuzzString(f *testing.F) {
	for _, text := range texts {
		f.Add(text)
	}
	for _, q := range quoted {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, text string) {
		checkString(t, text)
		checkDecoding(t, []byte(text))
		checkDecoding(t, []byte(`"`+text+`"`))
	})
}

func TestQuotingAllocatesNothing(t *testing.T) {
	buf := make([]byte, 0, 1024)
	text := strings.Join(texts, "")
	bytes := []byte(text)
	if n := testing.AllocsPerRun(100, func() {
		jsonscan.AppendString(buf, text)
		jsonscan.AppendContents(buf, bytes)
		var short [16]byte
		jsonscan.AppendASCII(short[:0], []byte(`\u0041bc`))
	}); n != 0 {
		t.Errorf("quoting allocates %v times", n)
	}
}

func BenchmarkAppendString(b *testing.B) {
	buf := make([]byte, 0, 1024)
	for name, text := range map[string]string{"plain": strings.Repeat("request completed ", 8), "accents": strings.Repeat("requête terminée ", 8)} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				jsonscan.AppendString(buf, text)
			}
		})
	}
}

func TestMarshalIsForReadersOfLines(t *testing.T) {
	in := map[string]string{"a\u0085": "b\u2028c\u2029\u0084é"}
	got, err := jsonscan.Marshal(in)
	var back map[string]string
	if err != nil || bytes.ContainsAny(got, "\u0085\u2028\u2029") || json.Unmarshal(got, &back) != nil || back["a\u0085"] != in["a\u0085"] {
		t.Errorf("%s, %v", got, err)
	}
	if _, err := jsonscan.Marshal(func() {}); err == nil {
		t.Error("a function has a form")
	}
}
