package main

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestDraw(t *testing.T) {
	screen := "plain <&>\n\x1b[1;31mred\x1b[39m bold\x1b[0m 日本 after\n\x1b[48;5;17;38;2;1;2;3mon blue\x1b[m\n\x1b[7minverse\x1b[0m"
	var svg strings.Builder
	if err := draw(&svg, strings.NewReader(screen), false); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`>plain &lt;&amp;&gt;</text>`,
		`fill="#e06c75" font-weight="bold" xml:space="preserve">red</text>`,
		`<text x="121.2" y="43" textLength="50.4" fill="#d4d4d4" xml:space="preserve"> after</text>`, // 13 cells in: two wide ones before it
		`fill="#00005f"/>`,
		`fill="#010203" xml:space="preserve">on blue</text>`,
		`fill="#16181d" xml:space="preserve">inverse</text>`,
	} {
		if !strings.Contains(svg.String(), want) {
			t.Errorf("no %s in\n%s", want, svg.String())
		}
	}
	for parser := xml.NewDecoder(strings.NewReader(svg.String())); ; {
		if _, err := parser.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("the picture is no XML: %v", err)
		}
	}
}
