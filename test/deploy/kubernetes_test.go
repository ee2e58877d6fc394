package deploy_test

import (
	"os"
	"os/exec"
	"testing"

	"sluice/internal/volume"
)

// deploy/kubernetes is checked, and run, by a module of its own, since the types of Kubernetes are
// large, and nothing else needs them.
func TestManifests(t *testing.T) {
	volume.Check(t)
	cmd := exec.Command("go", "test", "./...")
	cmd.Dir = "kubernetes"
	cmd.Env = append(os.Environ(), "GOFLAGS=", "SLUICE_PROGRAM="+built(t))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
