package e2e_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"sluice/archive/batch"
	"sluice/archive/engine"
	"sluice/cluster/record"
	"sluice/internal/foreign"
	"sluice/internal/wait"
)

// archiveShell is where the recipes of docs/consuming.md run: an archive that holds
// batches of tenant/acme.
type archiveShell struct {
	shell
	engine *engine.Engine
	links  batch.Links
	next   uint64
}

func newArchiveShell(t *testing.T) *archiveShell {
	t.Helper()
	e, err := engine.Open(t.Context(), engine.Config{Store: t.TempDir(), Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return &archiveShell{shell: shell{t: t, dir: t.TempDir()}, engine: e}
}

// archive archives a batch of records of tenant/acme.
func (s *archiveShell) archive(records ...string) {
	s.t.Helper()
	var b batch.Builder
	for _, r := range records {
		if err := b.Add([]byte(r), record.PeekTime([]byte(r)), time.Now().UnixMilli()); err != nil {
			s.t.Fatal(err)
		}
	}
	head := batch.Head{Consolidator: "vm-1", Stream: "tenant/acme", Epoch: 7, First: s.next, Links: s.links}
	m := b.Encode(&head)
	ack, err := s.engine.JetStream().PublishMsg(s.t.Context(), &nats.Msg{Subject: m.Subject, Header: m.Header, Data: m.Payload})
	if err != nil {
		s.t.Fatal(err)
	}
	s.links = head.After(ack.Sequence)
	s.next += uint64(len(records))
}

// consume runs a script against the archive.
func (s *archiveShell) consume(script string, done func() bool) (string, int) {
	s.t.Helper()
	return s.run("export SLUICE_ARCHIVE=nats://"+s.engine.Addr()+"\n"+script, done)
}

func requests(n int) []string {
	var all []string
	for i := range n {
		level := 30
		if i%10 == 9 {
			level = 50
		}
		all = append(all, string(logLine(time.Now(), level, fmt.Sprint("request ", i))))
	}
	return all
}

func TestRecipeErrorsElsewhere(t *testing.T) {
	t.Parallel()
	foreign.Need(t, "jq")
	s := newArchiveShell(t)
	s.archive(requests(30)...)
	s.archive(requests(5)...) // without errors
	s.archive(requests(10)...)
	script := strings.Replace(recipeOf(t, "consuming.md", 1)[0], "--exec", "--drain --exec", 1)
	if _, code := s.consume(script, nil); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	var text []byte
	for _, name := range s.files("errors/*") {
		part, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, part...)
	}
	if n := bytes.Count(text, []byte("\n")); n != 4 || bytes.Contains(text, []byte(`"level":30`)) || len(s.files("errors/*")) != 2 {
		t.Errorf("%d errors in %q", n, s.files("errors/*"))
	}
}

func TestRecipeWorkerInPython(t *testing.T) {
	t.Parallel()
	foreign.Need(t, "python3-zmq") // Debian's Python
	s := newArchiveShell(t)
	s.archive(requests(20)...)
	s.archive("this is no JSON")
	blocks := recipeOf(t, "consuming.md", 2)
	s.write("worker.py", blocks[0], 0o600)
	script := strings.Replace(blocks[1], "python3", foreign.Python, 1)
	if _, code := s.consume(strings.TrimSpace(script)+" --attempts 1 --drain; sluice deferred list mail --dead > dead.txt", nil); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	if got, want := s.read("mails.txt"), "tenant/acme 9 request 9\ntenant/acme 19 request 19\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if dead := s.read("dead.txt"); !strings.Contains(dead, "JSONDecodeError") || !strings.HasSuffix(dead, "\tthis is no JSON\n") {
		t.Errorf("dead: %q", dead)
	}
}

func (s *shell) read(name string) string {
	s.t.Helper()
	text, err := os.ReadFile(s.dir + "/" + name)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text)
}

func TestRecipeYesterdayIntoANewConsumer(t *testing.T) {
	t.Parallel()
	s := newArchiveShell(t)
	now := time.Now()
	s.archive(string(logLine(now.Add(-49*time.Hour), 30, "too old")), string(logLine(now.Add(-time.Second), 30, "of interest")))
	s.write("new-consumer", "#!/bin/sh\ncat >> got.ndjson\n", 0o700)
	script := recipeOf(t, "consuming.md", 3)[0]
	for range 2 { // the group is forgotten, so it begins again
		if _, code := s.consume(script, nil); code != 0 {
			t.Fatalf("exit code %d", code)
		}
	}
	if got := s.read("got.ndjson"); strings.Count(got, "of interest") != 2 || strings.Contains(got, "too old") {
		t.Errorf("got %q", got)
	}
}

func TestRecipePoisonedRecord(t *testing.T) {
	t.Parallel()
	foreign.Need(t, "jq")
	s := newArchiveShell(t)
	records := requests(40)
	records[17] = string(logLine(time.Now(), 30, "poison"))
	s.archive(records...)
	blocks := recipeOf(t, "consuming.md", 4)
	if _, code := s.consume(blocks[0], nil); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	out, code := s.consume(blocks[1], nil)
	if want := "\ttenant/acme\t1\t2\t-\t"; code != 0 || !strings.Contains(out, want) || !strings.Contains(out, records[17]) {
		t.Errorf("exit code %d: %q", code, out)
	}
	if _, code := s.consume(blocks[2], nil); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if got := s.read("repaired.ndjson"); got != records[17]+"\n" {
		t.Errorf("tried again: %q", got)
	}
}

// bulk is an Elasticsearch that knows _bulk alone, and takes it at its word: the first
// request is not answered as it should be, and a document with "poison" is refused.
type bulk struct {
	t *testing.T

	mu        sync.Mutex
	requests  int
	documents map[string]json.RawMessage
}

func (b *bulk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.requests++
	body, err := io.ReadAll(r.Body)
	switch {
	case b.requests == 1:
		http.Error(w, "starting", http.StatusServiceUnavailable)
		return
	case err != nil || r.Method != http.MethodPost || r.URL.Path != "/_bulk" || r.Header.Get("Content-Type") != "application/x-ndjson" || !bytes.HasSuffix(body, []byte("\n")):
		b.t.Errorf("%s %s with %q, ending in %.20q: %v", r.Method, r.URL.Path, r.Header.Get("Content-Type"), body[max(0, len(body)-20):], err)
		http.Error(w, "not _bulk", http.StatusBadRequest)
		return
	}
	lines := bytes.Split(bytes.TrimSuffix(body, []byte("\n")), []byte("\n"))
	var items []any
	failed := false
	for i := 0; i+1 < len(lines); i += 2 {
		var action struct {
			Index *struct {
				Index string `json:"_index"`
				ID    string `json:"_id"`
			} `json:"index"`
		}
		var document map[string]any
		if json.Unmarshal(lines[i], &action) != nil || action.Index == nil || action.Index.Index != "logs" || json.Unmarshal(lines[i+1], &document) != nil {
			b.t.Errorf("no action and document: %q, %q", lines[i], lines[i+1])
			http.Error(w, "malformed action", http.StatusBadRequest)
			return
		}
		item := map[string]any{"_id": action.Index.ID, "status": 201}
		if strings.Contains(string(lines[i+1]), "poison") {
			item["status"], item["error"] = 400, map[string]string{"type": "document_parsing_exception", "reason": "failed to parse field [msg]"}
			failed = true
		} else {
			b.documents[action.Index.ID] = lines[i+1]
		}
		items = append(items, map[string]any{"index": item})
	}
	if len(lines)%2 != 0 {
		b.t.Errorf("%d lines", len(lines))
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"took": 1, "errors": failed, "items": items})
}

func TestRecipeElasticsearch(t *testing.T) {
	t.Parallel()
	foreign.Need(t, "jq", "curl")
	s := newArchiveShell(t)
	records := requests(20)
	records[5] = string(logLine(time.Now(), 30, "poison"))
	records[6] = "a line of text"
	s.archive(records...)
	es := &bulk{t: t, documents: map[string]json.RawMessage{}}
	server := httptest.NewServer(es)
	t.Cleanup(server.Close)
	blocks := recipeOf(t, "consuming.md", 5)
	s.write("into-elasticsearch.sh", blocks[0], 0o700)
	script := strings.Replace(strings.TrimSpace(blocks[1]), "http://127.0.0.1:9200", server.URL, 1) + " --attempts 1 --drain\nsluice deferred list elasticsearch --dead"
	out, code := s.consume(script, nil)
	if code != 0 || strings.Count(out, "\n") != 1 || !strings.Contains(out, "failed to parse field [msg]\tpoison") {
		t.Errorf("exit code %d, dead: %q", code, out)
	}
	if len(es.documents) != 19 || string(es.documents["vm-1/0000000000000007/6"]) != `{"msg":"a line of text"}` {
		t.Errorf("%d documents: %q", len(es.documents), es.documents["vm-1/0000000000000007/6"])
	}
	for i, r := range records {
		if d, ok := es.documents[fmt.Sprintf("vm-1/0000000000000007/%d", i)]; i != 5 && i != 6 && (!ok || string(d) != r) {
			t.Errorf("record %d is %q", i, d)
		}
	}
}

func TestRecipeLogstash(t *testing.T) {
	t.Parallel()
	s := newArchiveShell(t)
	records := requests(20)
	s.archive(records[:12]...)
	s.archive(records[12:]...)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	events := make(chan string, 100)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			lines := bufio.NewScanner(conn)
			for lines.Scan() {
				events <- lines.Text()
			}
			_ = conn.Close()
		}
	}()
	script := strings.Replace(recipeOf(t, "consuming.md", 6)[0], "127.0.0.1/5000", strings.Replace(listener.Addr().String(), ":", "/", 1), 1)
	if _, code := s.consume(strings.TrimSpace(script)+" --drain", nil); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	wait.For(t, "all events", func() bool { return len(events) == len(records) })
	for _, r := range records {
		if got := <-events; got != r || !json.Valid([]byte(got)) {
			t.Errorf("got %q, want %q", got, r)
		}
	}
}
