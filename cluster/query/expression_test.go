package query_test

import (
	"fmt"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"sluice/cluster/query"
)

func TestExpressionsAreBounded(t *testing.T) {
	for source, want := range map[string]string{
		`"level":50`:            "",
		`(?i)time(d )?out`:      "",
		`x{990}`:                "",
		`a(b`:                   "missing closing )",
		`x{1001}`:               "invalid repeat count",
		`x{999}x{9}`:            "1000 is the most",
		`((a{10}){10}){10}`:     "1000 is the most",
		`(?:(?:\w?){30}){30}`:   "1000 is the most",
		repeated(`x{1000}`, 99): "instructions",
		repeated(`\pL`, 9):      "classes of Unicode",
		`(?:[^\pL\pN\pP]){990}`: "ranges",
		"(?i)[" + repeated(`\x{100}-\x{1e900}`, 9) + "]": "ranges beyond ASCII",
		"[" + repeated(`\x{100}-\x{1e900}`, 9) + "]":     "",
	} {
		_, err := query.Compile(source)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%.40s: %v, want %q", source, err, want)
		}
		if want == "" || strings.Contains(source, "/") {
			continue
		}
		if terms, err := query.Parse("/" + source + "/"); err == nil {
			t.Errorf("%.40s is a term: %v", source, terms)
		}
		if terms, err := query.Parse("msg~" + source); err == nil {
			t.Errorf("%.40s is compared with: %v", source, terms)
		}
	}
}

func repeated(s string, n int) string { return strings.Repeat(s, n) }

// An expression costs little, refused or not, however it is made.
func TestCompilingAllocatesLittle(t *testing.T) {
	for _, part := range []string{
		`x{1000}`, `(?:a?){999}`, `((a{10}){10}){10}`, `(`, `[^\pL]`, `\PN`, `(?i)\pL|`, `(?i)\W`, `[[:^alpha:]]`, `(?i)[^x]`,
		`(?i:[b-\x{1e900}])`, `(?i)[é-ſ]`, `a|b`, `.*`, `(?i)ſ`, `\b`, `[a-z]{0,9}`, `()`, `(?P<n`, `x**`, `\Q`, `(?s:.)`,
	} {
		source := strings.Repeat(part, 1024/len(part))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := query.Compile(source)
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > 2<<20 {
			t.Errorf("1 KiB of %s (%v) allocates %d bytes", part, err, n)
		}
	}
}

// With a deadline that does not come, an expression says what it says without one.
func TestADeadlineChangesNoAnswer(t *testing.T) {
	later := time.Now().Add(time.Hour)
	for _, source := range []string{`needle`, `(?i)NEEDLE$`, `^é`, `\x{fffd}needle`, `(?:[^y]?){200}z`, `[^e]{40,90}needle`, `\bneedle\b`} {
		e, err := query.Compile(source)
		if err != nil {
			t.Fatal(err)
		}
		for _, data := range []string{"", "needle", "é needle", "\xffneedle", strings.Repeat("yé\xff", 300), strings.Repeat("x", 3_000) + " needle"} {
			d := query.NewDeadline(later)
			got := e.MatchUntil([]byte(data), &d)
			if want := regexp.MustCompile(source).MatchString(data); got != want || d.Passed() {
				t.Errorf("%s matches %.20q (%d bytes): %t (ended %t), want %t", source, data, len(data), got, d.Passed(), want)
			}
		}
	}
}

// A match that would take seconds ends at its deadline, and says so; nothing that it says
// by then counts, since the end of the time is not the end of the record.
func TestAMatchEndsAtItsDeadline(t *testing.T) {
	data := []byte(`{"msg":"` + strings.Repeat("x", 250_000) + `"}`)
	const source = `(?:[^y]?){450}z`
	e, err := query.Compile(source)
	if err != nil {
		t.Fatal(err)
	}
	d := query.NewDeadline(time.Now())
	if e.MatchUntil(data, &d) || !d.Passed() {
		t.Error("it matched, although its time was over")
	}
	for _, text := range []string{"msg~" + source} {
		terms, err := query.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		d := query.NewDeadline(time.Now())
		terms[0].MatchRaw(&query.Record{Data: data, Until: &d})
		if !d.Passed() {
			t.Errorf("%s went on after its time", text)
		}
	}
}

// What is cheap is not ended, so that a machine that is busy loses nothing.
func TestACheapMatchIsNotEnded(t *testing.T) {
	data := []byte(`{"msg":"` + strings.Repeat("x", 250_000) + `"}`)
	e, err := query.Compile(`x"\}$`)
	if err != nil {
		t.Fatal(err)
	}
	d := query.NewDeadline(time.Now())
	if !e.MatchUntil(data, &d) || d.Passed() {
		t.Error("it was ended")
	}
	for range 9 {
		e.MatchUntil(data, &d)
	}
	if !d.Passed() {
		t.Error("ten of them are cheap, too")
	}
}

func BenchmarkMatchUntil(b *testing.B) {
	later := time.Now().Add(time.Hour)
	for _, size := range []int{200, 2000, 200_000} {
		data := []byte(`{"level":30,"msg":"` + strings.Repeat("request done ", size/13) + `"}`)
		e, err := query.Compile(`(?i)timed? ?out|refused`)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("%d/plain", size), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				e.Match(data)
			}
		})
		b.Run(fmt.Sprintf("%d/until", size), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				d := query.NewDeadline(later)
				e.MatchUntil(data, &d)
			}
		})
	}
}

func FuzzCompile(f *testing.F) {
	f.Add(`((a{10}){10}){10}`, "aaa")
	f.Add(`(?i)[^\pL]{0,9}$`, "É\xff")
	f.Fuzz(func(t *testing.T, source, data string) {
		if len(source) > 1024 || len(data) > 4096 {
			return
		}
		e, err := query.Compile(source)
		re, plain := regexp.Compile(source)
		if err == nil && plain != nil {
			t.Fatalf("%q compiles, although %v", source, plain)
		}
		if err != nil {
			return
		}
		d := query.NewDeadline(time.Now().Add(time.Hour))
		if got, want := e.MatchUntil([]byte(data), &d), re.MatchString(data); got != want {
			t.Fatalf("%q matches %q: %t, want %t", source, data, got, want)
		}
	})
}
