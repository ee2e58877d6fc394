package deploy_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// docs/operations.md tells what to do about each warning and error that a server logs.
func TestMessagesAreExplained(t *testing.T) {
	t.Parallel()
	text := read(t, page)
	n := 0
	for _, folder := range []string{"consolidator", "proxy", "cluster", "cli"} {
		err := filepath.WalkDir("../../"+folder, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			for _, message := range warnings(t, path) {
				n++
				if !strings.Contains(text, "\n| `"+message+"` |") {
					t.Errorf("%s logs %q: %s does not tell what that means", path, message, page)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if n < 20 {
		t.Errorf("only %d messages", n)
	}
}

// warnings are the messages that a file logs as warnings or errors.
func warnings(t *testing.T, path string) (all []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) == 0 {
			return true
		}
		method, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || method.Sel.Name != "Warn" && method.Sel.Name != "Error" {
			return true
		}
		if literal, ok := call.Args[0].(*ast.BasicLit); ok && literal.Kind == token.STRING {
			message, err := strconv.Unquote(literal.Value)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, message)
		}
		return true
	})
	return all
}
