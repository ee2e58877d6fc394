package e2e_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"sluice/internal/foreign"
)

// The commands that scripts have beside testscript's own:
//
//	ports NAME…               sets each variable to the number of a free port
//	await PORT…               waits until somebody listens on each
//	vm NAME [ARG…]            starts a consolidator NAME on free ports, $NAME_PUB and $NAME_SUB
//	httpproxy NAME PORT…      starts a proxy of the consolidators with these subscribe ports on the free port $NAME
//	crash NAME                kills with SIGKILL what vm or httpproxy started
//	end NAME                  ends it with SIGTERM, and wants exit code 0
//	again NAME                starts it again, on the same ports
//	publish PORT STREAM LEVEL N    publishes N records, "record 0" and so on, and waits until they are acknowledged
//	exits CODE PROGRAM ARG…   runs a program and wants its exit code
//	until PROGRAM ARG…        runs a program again and again until it succeeds
//	holds FILE REGEXP [COUNT] waits until a file holds so many lines that match, or at least one
//
// [have:NAME] before a line is for what needs a foreign thing.
//
// What is still running when a script ends is killed.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Condition: func(condition string) (bool, error) {
			name, ok := strings.CutPrefix(condition, "have:")
			if !ok {
				return false, fmt.Errorf("no condition %q", condition)
			}
			return foreign.Have(name, t.Name())
		},
		Setup: func(env *testscript.Env) error {
			env.Values[serversKey] = make(map[string]*server)
			// Nothing of the tester's own setting may matter.
			for _, name := range []string{"SLUICE_PROXY", "SLUICE_TOKEN", "SLUICE_CONSOLIDATORS", "SLUICE_ETCD", "SLUICE_DNS", "SLUICE_CONSOLIDATORS_FILE", "SLUICE_ETCD_PASSWORD"} {
				env.Setenv(name, "")
			}
			env.Setenv("GORACE", os.Getenv("GORACE"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":        exits,
			"ports":        ports,
			"await":        awaitPorts,
			"publish":      publishRecords,
			"publishlines": publishLines,
			"vm":           startVM,
			"httpproxy":    startProxy,
			"crash":        crash,
			"end":          end,
			"again":        again,
			"until":        untilSucceeds,
			"holds":        holds,
		},
	})
}
