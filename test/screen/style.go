package main

import (
	"fmt"

	"github.com/charmbracelet/x/ansi"
)

// style is how a terminal draws a cell. An empty colour is the default one.
type style struct {
	front, back                            string
	bold, faint, italic, underline, invert bool
}

// palette is the first 16 colours.
var palette = [16]string{
	"#16181d", "#e06c75", "#98c379", "#d5b06b", "#61afef", "#c678dd", "#56b6c2", "#d4d4d4",
	"#7f848e", "#ff7b86", "#b5e890", "#f0cf85", "#7fc4ff", "#de9af0", "#72d5e0", "#ffffff",
}

// apply changes the style as an SGR sequence says.
func (s *style) apply(params ansi.Params) {
	if len(params) == 0 {
		*s = style{}
	}
	for i := 0; i < len(params); i++ {
		switch n := params[i].Param(0); {
		case n == 0:
			*s = style{}
		case n == 1:
			s.bold = true
		case n == 2:
			s.faint = true
		case n == 3:
			s.italic = true
		case n == 4:
			s.underline = true
		case n == 7:
			s.invert = true
		case n == 22:
			s.bold, s.faint = false, false
		case n == 23:
			s.italic = false
		case n == 24:
			s.underline = false
		case n == 27:
			s.invert = false
		case n >= 30 && n <= 37:
			s.front = palette[n-30]
		case n == 38:
			s.front, i = extended(params, i)
		case n == 39:
			s.front = ""
		case n >= 40 && n <= 47:
			s.back = palette[n-40]
		case n == 48:
			s.back, i = extended(params, i)
		case n == 49:
			s.back = ""
		case n >= 90 && n <= 97:
			s.front = palette[n-90+8]
		case n >= 100 && n <= 107:
			s.back = palette[n-100+8]
		}
	}
}

// extended reads the colour after the parameter 38 or 48 at i, and returns the
// index of its last parameter.
func extended(params ansi.Params, i int) (colour string, last int) {
	at := func(j int) int {
		if j < len(params) {
			return params[j].Param(0) & 0xff
		}
		return 0
	}
	switch at(i + 1) {
	case 5:
		return indexed(at(i + 2)), i + 2
	case 2:
		return fmt.Sprintf("#%02x%02x%02x", at(i+2), at(i+3), at(i+4)), i + 4
	}
	return "", i + 1
}

// indexed is one of the 256 colours.
func indexed(n int) string {
	switch {
	case n < 16:
		return palette[n]
	case n < 232:
		level := func(v int) int {
			if v == 0 {
				return 0
			}
			return 55 + 40*v
		}
		n -= 16
		return fmt.Sprintf("#%02x%02x%02x", level(n/36), level(n/6%6), level(n%6))
	}
	grey := 8 + 10*(n-232)
	return fmt.Sprintf("#%02x%02x%02x", grey, grey, grey)
}

// colours are what is drawn; no back is the picture's background.
func (s style) colours() (front, back string) {
	front, back = s.front, s.back
	if front == "" {
		front = foreground
	}
	if s.invert {
		if back == "" {
			back = background
		}
		return back, front
	}
	return front, back
}

// attributes are those of the text element, besides its colour.
func (s style) attributes() (text string) {
	if s.bold {
		text += ` font-weight="bold"`
	}
	if s.faint {
		text += ` opacity="0.6"`
	}
	if s.italic {
		text += ` font-style="italic"`
	}
	if s.underline {
		text += ` text-decoration="underline"`
	}
	return text
}
