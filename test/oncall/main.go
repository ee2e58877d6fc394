// Oncall does five tasks of a night on call in Sluice and in lnav, on the recording that
// test/night writes, and prints how many keys and seconds each took, at four
// keys a second, as in docs/on-call.md:
//
//	make build
//	go run ./test/night -out night
//	go run ./test/oncall -sluice bin/sluice -night night
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"sluice/internal/tmux"
)

const (
	keystroke = 250 * time.Millisecond // from one to the next, of a person who knows the program
	patience  = 2 * time.Minute        // for one task
)

func main() {
	sluice := flag.String("sluice", "bin/sluice", "the program")
	night := flag.String("night", "night", "the recording")
	only := flag.String("only", "", "one program alone: sluice, lnav")
	show := flag.Bool("show", false, "print the screen with each answer")
	flag.Parse()
	if err := run(*sluice, *night, *only, *show); err != nil {
		fmt.Fprintln(os.Stderr, "oncall:", err)
		os.Exit(1)
	}
}

func run(sluice, night, only string, show bool) error {
	files, err := filepath.Glob(filepath.Join(night, "*.ndjson"))
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("no recording in %s: go run ./test/night -out %s", night, night)
	}
	if err != nil {
		return err
	}
	sluice, err = filepath.Abs(sluice)
	if err != nil {
		return err
	}
	for i, f := range files {
		if files[i], err = filepath.Abs(f); err != nil {
			return err
		}
	}
	fmt.Println("| task | program | keys | until the answer | of it waiting |\n|---|---|---|---|---|")
	for _, p := range []*program{sluiceOn(sluice, files), lnavOn(files)} {
		if only != "" && only != p.name {
			continue
		}
		for _, t := range p.tasks {
			took, screen, err := p.do(t)
			if err != nil {
				return fmt.Errorf("%s: %s: %w", p.name, t.name, err)
			}
			n := t.keys()
			fmt.Printf("| %s | %s | %d | %.1f s | %.1f s |\n", t.name, p.name, n, took.Seconds(), (took - time.Duration(n)*keystroke).Seconds())
			if show {
				fmt.Println(screen)
			}
		}
	}
	return nil
}

// program is one of the two, and how somebody who knows it does the tasks.
type program struct {
	name    string
	args    []string
	prepare []string // a command that is run first, such as what tells it of a format
	ready   string   // what it shows once the recording is open
	tasks   []task
}

// task is what is done from where a program stands with the recording open.
type task struct {
	name  string
	steps []tmux.Step
}

// enter types a text and a return.
func enter(text string) []tmux.Step { return tmux.Steps(tmux.Type(text), tmux.Press("Enter")) }

// keys is how many keys the task takes.
func (t task) keys() (n int) {
	for _, s := range t.steps {
		n += len(s.Keys) + len([]rune(s.Text))
	}
	return n
}

// do opens the recording, as each task begins, does one, and returns how long it took, and the
// screen then.
func (p *program) do(t task) (took time.Duration, screen string, err error) {
	home, err := os.MkdirTemp("", "sluice-oncall")
	if err != nil {
		return 0, "", err
	}
	defer os.RemoveAll(home)
	env := []string{"HOME=" + home, "XDG_CONFIG_HOME=", "XDG_STATE_HOME=", "TZ=UTC"}
	if err := p.set(env); err != nil {
		return 0, "", err
	}
	terminal, err := tmux.Start(tmux.Program{Args: p.args, Dir: home, Env: env, Width: 140, Height: 40, Pace: keystroke})
	if err != nil {
		return 0, "", err
	}
	defer terminal.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	began := time.Now()
	if err := terminal.Wait(ctx, p.ready); err != nil {
		return 0, "", err
	}
	if len(t.steps) > 0 { // opening is a task, too
		began = time.Now()
	}
	if err := terminal.Do(ctx, t.steps...); err != nil {
		return 0, "", err
	}
	took = time.Since(began)
	screen, err = terminal.Text()
	return took, screen, err
}
