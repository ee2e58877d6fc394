package container_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sluice/cluster/jsonscan"
	"sluice/headless/shipper/container"
)

func words(l container.Line, ok bool) string {
	if !ok {
		return "none"
	}
	partial := ""
	if l.Partial {
		partial = " partial"
	}
	return fmt.Sprintf("%s %s%s %q", l.Time.UTC().Format(time.RFC3339Nano), l.Stream(), partial, l.Text)
}

func TestCRI(t *testing.T) {
	for line, want := range map[string]string{
		"2026-01-01T00:00:00.000000001Z stdout F text":            `2026-01-01T00:00:00.000000001Z stdout "text"`,
		"2026-01-01T02:00:00.5+02:00 stderr P half":               `2026-01-01T00:00:00.5Z stderr partial "half"`,
		"2026-01-01T00:00:00Z stdout F ":                          `2026-01-01T00:00:00Z stdout ""`,
		"2026-01-01T00:00:00Z stdout F":                           `2026-01-01T00:00:00Z stdout ""`,
		"2026-01-01T00:00:00Z stdout F  two spaces ":              `2026-01-01T00:00:00Z stdout " two spaces "`,
		"2026-01-01T00:00:00Z stdout P:new tagged":                `2026-01-01T00:00:00Z stdout partial "tagged"`,
		"2026-01-01T00:00:00Z stdin F text":                       "none",
		"2026-01-01T00:00:00Z stdout X text":                      "none",
		"2026-13-01T00:00:00Z stdout F text":                      "none",
		"2026-01-01 00:00:00 stdout F text":                       "none",
		"":                                                        "none",
		"stdout F text":                                           "none",
		strings.Repeat("2", 100) + " stdout F text":               "none",
		"2026-01-01T00:00:00.123456789123Z stdout F more digits ": `2026-01-01T00:00:00.123456789Z stdout "more digits "`,
	} {
		if got := words(container.CRI([]byte(line))); got != want {
			t.Errorf("%q is %s, expected %s", line, got, want)
		}
	}
}

func TestDocker(t *testing.T) {
	for line, want := range map[string]string{
		`{"log":"text\n","stream":"stdout","time":"2026-01-01T00:00:00.1Z"}`:                        `2026-01-01T00:00:00.1Z stdout "text"`,
		`{"log":"half","stream":"stderr","time":"2026-01-01T00:00:00Z"}`:                            `2026-01-01T00:00:00Z stderr partial "half"`,
		`{"log":"\u003cé\\\n","stream":"stdout","attrs":{"tag":"x"},"time":"2026-01-01T00:00:00Z"}`: `2026-01-01T00:00:00Z stdout "<é\\"`,
		`{"log":"\r\n","stream":"stdout","time":"2026-01-01T00:00:00Z"}`:                            `2026-01-01T00:00:00Z stdout "\r"`,
		`{"log":"text\n","stream":"stdout","time":"yesterday"}`:                                     "none",
		`{"log":"text\n","stream":"stdin","time":"2026-01-01T00:00:00Z"}`:                           "none",
		`{"log":7,"stream":"stdout","time":"2026-01-01T00:00:00Z"}`:                                 "none",
		`{"log":"text\n","stream":"stdout","time":"2026-01-01T00:00:00Z"`:                           "none",
		`{"msg":"text"}`: "none",
	} {
		if got := words(container.Docker([]byte(line))); got != want {
			t.Errorf("%s is %s, expected %s", line, got, want)
		}
	}
}

// A line that is written as runtimes do is read as it was, and no other input breaks
// anything.
func FuzzLine(f *testing.F) {
	f.Add([]byte("2026-01-01T00:00:00.000000001Z stdout F text"), "text", true)
	f.Add([]byte(`{"log":"text\n","stream":"stdout","time":"2026-01-01T00:00:00Z"}`), "a\nb\xff", false)
	f.Fuzz(func(t *testing.T, line []byte, text string, stderr bool) {
		for _, read := range []func([]byte) (container.Line, bool){container.CRI, container.Docker} {
			if l, ok := read(line); ok && len(l.Text) > 3*len(line) {
				t.Errorf("%q has a text of %d bytes", line, len(l.Text))
			}
		}
		text = strings.ToValidUTF8(strings.ReplaceAll(text, "\n", ""), "?")
		stream := map[bool]string{true: "stderr", false: "stdout"}[stderr]
		cri, ok1 := container.CRI([]byte("2026-01-01T00:00:00Z " + stream + " F " + text))
		docker, ok2 := container.Docker(fmt.Appendf(nil, `{"log":%s,"stream":"%s","time":"2026-01-01T00:00:00Z"}`, jsonscan.AppendString(nil, text+"\n"), stream))
		if !ok1 || !ok2 || string(cri.Text) != text || string(docker.Text) != text || cri.Stderr != stderr || docker.Stderr != stderr {
			t.Errorf("%q became %q and %q", text, cri.Text, docker.Text)
		}
	})
}
