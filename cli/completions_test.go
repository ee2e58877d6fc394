package cli

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// What a flag's help enumerates is offered behind it, no more and no less; and
// files are offered where files are meant.
func TestFlagsComplete(t *testing.T) {
	enumeration := regexp.MustCompile(`: ((?:\w+(?:, | or ))+\w+)$`)
	files := []string{
		"record --out", "publish --state", "collect --state", "collect --files", "collect --journal-directory", "collect --journal-input", "token --jwt-key", "token inspect --jwt-key", "token inspect --jwks", "groups --than", "consume --exec",
	}
	everywhere := []string{
		"token-file", "ca", "curve-key", "curve-server", "consolidators-file", "discovery-cache", "etcd-ca", "etcd-cert", "etcd-key", "etcd-password-file",
		"archive-creds", "archive-password-file", "archive-ca", "archive-cert", "archive-key",
	}
	enumerated := 0
	var check func(path string, c *cobra.Command)
	check = func(path string, c *cobra.Command) {
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			name := strings.TrimSpace(path + " --" + f.Name)
			if f.NoOptDefVal != "" || f.Name == "help" || f.Name == "version" {
				return
			}
			if _, ok := f.Annotations[cobra.BashCompSubdirsInDir]; ok {
				return
			}
			offer, ok := c.GetFlagCompletionFunc(f.Name)
			m := enumeration.FindStringSubmatch(f.Usage)
			if !ok {
				server := slices.Contains([]string{"consolidator", "proxy", "archive", "devenv"}, path) // keys, certificates and the like
				if m != nil || !server && !slices.Contains(files, name) && !slices.Contains(everywhere, f.Name) {
					t.Errorf("a shell offers files behind %s: say in complete.go what it takes, or here that it takes files", name)
				}
				return
			}
			values, d := offer(c, nil, "")
			if d&cobra.ShellCompDirectiveNoFileComp == 0 {
				t.Errorf("a shell offers files behind %s", name)
			}
			if m == nil {
				return
			}
			enumerated++
			if want := regexp.MustCompile(", | or ").Split(m[1], -1); !slices.Equal(values, want) {
				t.Errorf("behind %s stand %q, and its help says %q", name, values, want)
			}
		})
		for _, sub := range c.Commands() {
			check(strings.TrimSpace(path+" "+sub.Name()), sub)
		}
	}
	check("", newRoot(&outcome{}))
	if enumerated < 8 {
		t.Errorf("only %d flags enumerate what they take", enumerated)
	}
}
