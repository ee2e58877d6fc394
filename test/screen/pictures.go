package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"sluice/internal/tmux"
)

const (
	pace     = 40 * time.Millisecond
	patience = 2 * time.Minute // for one setting
)

// setting is a program in a terminal, of which pictures are taken one after the other.
type setting struct {
	name          string
	width, height int
	light         bool
	args          []string
	shots         []shot
}

// shot is a picture, and what is done before it.
type shot struct {
	name          string // without .svg; empty takes none
	width, height int    // 0 leaves the terminal as it is
	steps         []tmux.Step
}

func takeAll(docs, sluice, only string) error {
	sluice, err := filepath.Abs(sluice)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "sluice-screen")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	// The night that was last, so that what is live goes on from it.
	ends := time.Now().UTC().Truncate(24 * time.Hour).Add(6 * time.Hour)
	if ends.After(time.Now()) {
		ends = ends.AddDate(0, 0, -1)
	}
	night := filepath.Join(dir, "night")
	cmd := exec.Command("go", "run", "./test/night", "-out", night, "-until", ends.Format(time.RFC3339))
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", cmd, err, out)
	}
	files, err := filepath.Glob(filepath.Join(night, "*.ndjson"))
	if err != nil {
		return err
	}
	for _, s := range []setting{onDevenv(sluice), onLight(sluice), onNight(sluice, files), onArchive(sluice, ends)} {
		if only != "" && only != s.name {
			continue
		}
		if s.name == "archive" {
			end, err := archived(sluice, dir, files)
			if err != nil {
				return err
			}
			defer end()
		}
		if err := s.take(docs, dir); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}

// take runs the program, and takes its pictures.
func (s setting) take(docs, dir string) error {
	theme := "dark"
	if s.light {
		theme = "light"
	}
	config := filepath.Join(dir, s.name, ".config", "sluice")
	if err := os.MkdirAll(config, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(config, "client.toml"), []byte("theme = \""+theme+"\"\n"), 0o600); err != nil {
		return err
	}
	terminal, err := tmux.Start(tmux.Program{
		Args: s.args, Dir: filepath.Join(dir, s.name), Width: s.width, Height: s.height, Pace: pace,
		Env: []string{"HOME=" + filepath.Join(dir, s.name), "XDG_CONFIG_HOME=", "XDG_STATE_HOME=", "TZ=UTC"},
	})
	if err != nil {
		return err
	}
	defer terminal.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for _, p := range s.shots {
		if p.width > 0 {
			if err := terminal.Resize(p.width, p.height); err != nil {
				return err
			}
		}
		if err := terminal.Do(ctx, p.steps...); err != nil {
			return fmt.Errorf("%s.svg: %w", p.name, err)
		}
		if p.name == "" {
			continue
		}
		time.Sleep(time.Second) // frames that are under way
		if err := shoot(terminal, filepath.Join(docs, p.name+".svg"), s.light); err != nil {
			return fmt.Errorf("%s.svg: %w", p.name, err)
		}
		fmt.Println(p.name + ".svg")
	}
	return terminal.Do(ctx, tmux.Press("C-c"))
}

func shoot(t *tmux.Terminal, path string, light bool) error {
	screen, err := t.Styled()
	if err != nil {
		return err
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := draw(file, strings.NewReader(screen), light); err != nil {
		return err
	}
	return file.Close()
}
