package record

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the tables of docs/records.md")

const docs = "../../docs/records.md"

// docs/records.md lists the tables as they stand in the code.
func TestTheDocumentedTablesAreTheOnesThatAreUsed(t *testing.T) {
	doc, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"names": namesTable(), "words": wordsTable(), "numbers": numbersTable()} {
		begin, end := []byte("<!-- "+name+" -->\n"), []byte("<!-- end of "+name+" -->\n")
		before, rest, ok1 := bytes.Cut(doc, begin)
		got, after, ok2 := bytes.Cut(rest, end)
		if !ok1 || !ok2 {
			t.Fatalf("%s has no place for the table of %s", docs, name)
		}
		if string(got) == want {
			continue
		}
		if !*update {
			t.Errorf("the table of %s is\n%s\nwant\n%s\ngo test ./cluster/record -run Documented -update writes it", name, got, want)
			continue
		}
		doc = bytes.Join([][]byte{before, begin, []byte(want), end, after}, nil)
		if err := os.WriteFile(docs, doc, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

var roleNames = [roles]string{
	roleTime: "time", roleLevel: "level", roleMsg: "message", roleName: "name or logger",
	roleHostname: "host", rolePID: "process id", roleErr: "error",
}

func namesTable() string {
	var b strings.Builder
	b.WriteString("| is its | name of the field | as written by |\n|---|---|---|\n")
	for i := range table {
		k := &table[i]
		if k.role == roleMark {
			continue
		}
		fmt.Fprintf(&b, "| %s | `%s` | %s%s |\n", roleNames[k.role], k.name, k.who, remark(k))
	}
	return b.String()
}

// remark is under what condition a name is known.
func remark(k *known) string {
	switch k.when {
	case formHost:
		return "; only beside `short_message` or `@version`"
	case formMongo:
		return "; only beside a `t` that is an object"
	case formApple:
		return "; only beside `eventMessage`"
	}
	switch {
	case k.name == "log":
		return "; beside `stream`, or without a level, it is read as a line of its own"
	case k.exact:
		return "; spelt so"
	}
	return ""
}

func wordsTable() string {
	var b strings.Builder
	b.WriteString("| level | words |\n|---|---|\n")
	for _, w := range words {
		fmt.Fprintf(&b, "| %s, %d | `%s` |\n", w.level, int(w.level), strings.Join(w.words, "` `"))
	}
	return b.String()
}

// numbersTable says how each number is read, found by reading all of them.
func numbersTable() string {
	var b strings.Builder
	b.WriteString("| numbers | trace | debug | info | warn | error | fatal |\n|---|---|---|---|---|---|---|\n")
	for _, kind := range []struct {
		what string
		kind numbers
		form form
		from int64
		to   int64
	}{
		{"bunyan's, 10 to 99, are themselves; above these", numbersUsual, 0, 100, 60_000},
		{"`severity`", numbersGoogle, 0, 0, 1000},
		{"`level` of GELF, below 10", numbersUsual, formSyslog, 0, 10},
		{"`PRIORITY`, `log.syslog.severity.code`, `syslog_severity`", numbersSyslog, 0, 0, 100},
		{"`levelno`", numbersPython, 0, 0, 100},
		{"`severityNumber`", numbersOTel, 0, 0, 100},
	} {
		fmt.Fprintf(&b, "| %s |", kind.what)
		for _, level := range []Level{Trace, Debug, Info, Warn, Error, Fatal} {
			var all []string
			for n := kind.from; n < kind.to; n++ {
				self := kind.kind == numbersGoogle && 10 <= n && n < 100
				if l, ok := levelOfNumber(n, kind.kind, kind.form); ok && l == level && !self {
					all = append(all, fmt.Sprint(n))
				}
			}
			fmt.Fprintf(&b, " %s |", strings.Join(all, ", "))
		}
		b.WriteByte('\n')
	}
	return b.String()
}
