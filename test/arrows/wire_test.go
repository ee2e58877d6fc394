package arrows_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every byte of a ZeroMQ connection is read and written by cluster/zmtp, so that a
// security mechanism needs to know of no one else: nothing else that is shipped gets at
// the connection below, or writes to a descriptor.
func TestOnlyZmtpWritesToItsConnections(t *testing.T) {
	beside := regexp.MustCompile(`\.NetConn\(\)|\b(syscall|unix)\.(Write|Writev|Sendto|Sendmsg|SYS_WRITEV?)\b`)
	looked := 0
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		dir := filepath.ToSlash(strings.TrimPrefix(path, "../../"))
		switch {
		case d.IsDir() && (dir == "test" || dir == "internal" || dir == "cluster/zmtp" || strings.HasPrefix(d.Name(), ".git")):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		case strings.HasPrefix(dir, "cluster/stdio/"): // writes to standard output
			return nil
		case dir == "proxy/conn.go": // closes what is below TLS, of HTTP
			return nil
		}
		looked++
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if m := beside.Find(source); m != nil {
			t.Errorf("%s has %s: connections of ZeroMQ are written by cluster/zmtp alone", dir, m)
		}
		return nil
	})
	if err != nil || looked < 100 {
		t.Errorf("looked at %d files: %v", looked, err)
	}
}
