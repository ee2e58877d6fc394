package main

import (
	"embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

//go:embed libzmq/*.c
var peerSources embed.FS

// buildPeer compiles one of the programs in libzmq/, by its name without ".c",
// into dir, and returns its path.
func buildPeer(dir, name string) (string, error) {
	source, err := peerSources.ReadFile("libzmq/" + name + ".c")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path+".c", source, 0o600); err != nil {
		return "", err
	}
	if out, err := exec.Command("cc", "-O2", "-o", path, path+".c", "-lzmq").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the libzmq peer %q (it needs a C compiler and libzmq3-dev): %w: %s", name, err, out)
	}
	return path, nil
}
