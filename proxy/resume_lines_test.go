package proxy_test

import (
	"encoding/json"
	"strings"
	"testing"

	"sluice/cluster/httpapi"
)

// A response of lines goes on from an id, too. That records may come twice, and that the
// proxy shuts down, is told in lines.
func TestLinesGoOnFromAnID(t *testing.T) {
	m := newMachines(t, 1)
	p := m.proxy(nil)
	r := get(t, p, "/api/logs/a", sse...)
	id := r.placed(1)
	r.close()
	m.publish("a", 2)
	for _, c := range []struct {
		id    string
		lines []string
	}{
		{id, []string{`"i":0,`, `"i":1,`, `"msg":"the proxy is shutting down: ask again","sluice":"end"}`}},
		{
			string((&httpapi.ResumeID{More: true, Positions: []httpapi.KeyPosition{{Key: 1, Epoch: 1}}}).AppendText(nil)),
			[]string{`"stream":"a","sluice":"repeats"}`, `"i":0,`, `"i":1,`},
		},
	} {
		another := m.proxy(nil)
		lines := get(t, another, "/api/logs/a?lastEventId="+c.id)
		for i, want := range c.lines {
			if strings.Contains(want, "shutting down") {
				go another.stop()
			}
			line, err := lines.in.ReadString('\n')
			if err != nil || !json.Valid([]byte(line)) || !strings.Contains(line, want) {
				t.Errorf("line %d is %q, %v, want %s", i, line, err, want)
			}
		}
		lines.close()
	}
}
