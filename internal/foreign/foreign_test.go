package foreign_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sluice/internal/foreign"
)

func TestNothingIsAsked(t *testing.T) {
	list := filepath.Join(t.TempDir(), "skipped")
	t.Setenv("SLUICE_SKIPPED", list)
	t.Setenv("SLUICE_PEERS", "none")
	t.Setenv("SLUICE_CI", "1")
	t.Run("part", func(t *testing.T) {
		if there, err := foreign.Have("jq", t.Name()); there || err != nil {
			t.Errorf("jq is there: %v, %v", there, err)
		}
	})
	t.Run("whole", func(t *testing.T) { foreign.Need(t, "jq"); t.Error("it is not skipped") })
	text, err := os.ReadFile(list)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	const reason = "jq is not asked, by SLUICE_PEERS=none\tforeign.TestNothingIsAsked/"
	if want := reason + "part\t" + dir + "\n" + reason + "whole\t" + dir + "\n"; string(text) != want {
		t.Errorf("noted down:\n%swant:\n%s", text, want)
	}
}

func TestMissing(t *testing.T) {
	t.Setenv("SLUICE_PEERS", "")
	t.Setenv("SLUICE_CI", "1")
	t.Setenv("PATH", "")
	if _, err := foreign.Have("fish", t.Name()); err == nil || !strings.HasPrefix(err.Error(), "fish is missing") {
		t.Errorf("in CI the error is %v", err)
	}
	t.Setenv("SLUICE_CI", "")
	t.Setenv("SLUICE_SKIPPED", "")
	if there, err := foreign.Have("fish", t.Name()); there || err != nil {
		t.Errorf("elsewhere it is there: %v, %v", there, err)
	}
}
