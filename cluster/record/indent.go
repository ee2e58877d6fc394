package record

import (
	"sluice/cluster/jsonscan"
)

// maxIndent is how deep values are spread over lines. What is deeper stays on
// one line, or a small record of brackets would become an enormous text.
const maxIndent = 20

// appendIndented appends a valid JSON value as bunyan -o json would: two
// spaces a level, each line after the first beginning with prefix. Nothing in
// it can act on a terminal.
func appendIndented(dst, value []byte, prefix string) []byte {
	depth := 0
	newline := func() {
		if depth > maxIndent {
			return
		}
		dst = append(dst, '\n')
		dst = append(dst, prefix...)
		for range depth {
			dst = append(dst, ' ', ' ')
		}
	}
	for i := jsonscan.SkipSpace(value, 0); i < len(value); i = jsonscan.SkipSpace(value, i) {
		c := value[i]
		switch c {
		case '{', '[':
			dst = append(dst, c)
			i++
			if j := jsonscan.SkipSpace(value, i); j < len(value) && value[j] == c+2 {
				dst = append(dst, c+2)
				i = j + 1
				continue
			}
			depth++
			newline()
		case '}', ']':
			if depth--; depth < maxIndent {
				newline()
			}
			dst = append(dst, c)
			i++
		case ',':
			dst = append(dst, ',')
			i++
			newline()
		case ':':
			dst = append(dst, ':', ' ')
			i++
		default:
			end := jsonscan.SkipValue(value, i)
			if end <= i {
				return dst
			}
			dst = appendRequoted(dst, value[i:end])
			i = end
		}
	}
	return dst
}
