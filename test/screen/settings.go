package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"sluice/internal/tmux"
)

// typed types a text and a return.
func typed(text string) []tmux.Step { return tmux.Steps(tmux.Type(text), tmux.Press("Enter")) }

// enough is that so many records have come that a screen is full of them.
var enough = tmux.Await(`following(?s:.*)[1-9],[0-9]{3} kept`)

// onDevenv is the client on devenv, as the README has it.
func onDevenv(sluice string) setting {
	return setting{
		name: "devenv", width: 200, height: 60, args: []string{sluice, "devenv", "--rate", "40"},
		shots: []shot{
			{name: "screen", steps: tmux.Steps(enough)},
			{name: "detail", steps: tmux.Steps(
				tmux.Press("/"), typed("request failed"), tmux.Await("▌.*request failed"),
				tmux.Press("Enter").Awaits("Error"))},
			{name: "status", steps: tmux.Steps(tmux.Press("Escape"), tmux.Press("Escape"), tmux.Press("i").Awaits("Kept here"))},
			{name: "picker", steps: tmux.Steps(
				tmux.Press("Escape"), tmux.Press("o").Awaits("tenant/initech"),
				tmux.Type("ten").Awaits("tenant/globex"), tmux.Press("Down", "Space", "Down", "Space"))},
			{name: "paused", width: 140, height: 40, steps: tmux.Steps(
				tmux.Press("Escape", "Escape", "Escape"), tmux.Press("1", "z", "G"),
				tmux.Await("(?s)system .*following"), tmux.Press("/"), typed("failed"), tmux.Await("/failed"),
				tmux.Press("Space").Awaits("1[0-9]{2} new .*error"))},
			{name: "80x24", width: 80, height: 24, steps: tmux.Steps(
				tmux.Press("G", "Escape"), tmux.Press("z").Awaits("(?s)system .*following.*acme .*following"))},
		},
	}
}

// onLight is a light terminal, with filters.
func onLight(sluice string) setting {
	return setting{
		name: "light", width: 140, height: 40, light: true, args: []string{sluice, "devenv", "--rate", "40"},
		shots: []shot{
			{name: "light", steps: tmux.Steps(
				enough, tmux.Press("f"), typed("level>=warn -slow"), tmux.Await("level>=warn"),
				tmux.Press("k", "k", "k").Awaits("SCROLLED · [1-9][0-9] new"))},
		},
	}
}

// onNight is the recording of a night.
func onNight(sluice string, files []string) setting {
	deploy := tmux.Steps(tmux.Press("/"), typed("deploys v2.14"), tmux.Await("▌.*deploys v2.14"))
	return setting{
		name: "night", width: 140, height: 36, args: append([]string{sluice, "replay", "--speed", "max"}, files...),
		shots: []shot{
			{name: "groups", steps: tmux.Steps(
				tmux.Await("replay ended.* 345,060 kept"), deploy, tmux.Press("*", "m", "n").Awaits("● .*no connection"))},
			{name: "timeline", steps: tmux.Steps(
				tmux.Press("Escape", "Escape", "f"), typed("level>=warn"), tmux.Await("level>=warn"),
				tmux.Press("/"), typed("no connection"), tmux.Await("▌.*no connection"), tmux.Press("_", "h").Awaits("▪"))},
			{name: "trace", width: 140, height: 12, steps: tmux.Steps(
				tmux.Press("Escape", "Escape", "0", "/"), typed("r-480dd15f"), tmux.Await("▌.*r-480dd15f"),
				tmux.Press("a").Awaits("(?s)4 steps in 2.008 s.*no connection"))},
			{name: "palette", width: 140, height: 36, steps: tmux.Steps(tmux.Press("Escape", ":"), tmux.Type("filter").Awaits("filter"))},
			{name: "columns", steps: tmux.Steps(
				tmux.Press("Escape", "Escape", "f"), typed("POST"), tmux.Await("POST .*shown|POST "), tmux.Press("K").Awaits("Columns"),
				tmux.Press("a"), typed("latency"), tmux.Await("(?s)Columns.*latency"))},
			{name: "bookmarks", steps: tmux.Steps(
				tmux.Press("Escape", "0", "g"), moment("deploys v2.14", "v2.14 is deployed"),
				moment("pool of", "no connection is left"), moment("page on", "paged"),
				moment("rolls", "rolled back"), tmux.Press("B").Awaits("paged"))},
		},
	}
}

// moment finds something, and keeps it with a comment.
func moment(find, comment string) []tmux.Step {
	return tmux.Steps(tmux.Press("/"), typed(find), tmux.Await("▌.*"+find), tmux.Press("M"), typed(comment))
}

// The parts of onArchive, at ports of their own.
const (
	publishAt   = "tcp://127.0.0.1:27551"
	subscribeAt = "tcp://127.0.0.1:27552"
	archiveAt   = "127.0.0.1:27554"
)

// onArchive is what is live, with the night before it in an archive.
func onArchive(sluice string, ends time.Time) setting {
	return setting{
		name: "archive", width: 140, height: 30,
		args: []string{sluice, "tail", "system", "tenant/acme", "--consolidator", subscribeAt, "--archive", "nats://" + archiveAt},
		shots: []shot{
			{name: "archive", steps: tmux.Steps(
				tmux.Await("● archive"), tmux.Await("following(?s:.*)[0-9]{2} kept"),
				tmux.Press("=", "T"), typed(ends.Format("2006-01-02")), tmux.Await("▌.*00:00:0"),
				tmux.Press("k", "k", "k", "k", "k", "k", "k", "k", "k", "k").Awaits("──.*20[0-9]{2}-.*──"))},
			{name: "archive-search", steps: tmux.Steps(
				tmux.Press("G"), tmux.Press("/"), typed("page on call"), tmux.Press("N").Awaits("▌.*page on call"), tmux.Press("_"))},
		},
	}
}

// archived starts what onArchive shows: a consolidator to which somebody publishes, and an archive
// that has a night. end ends them.
func archived(sluice, dir string, files []string) (end func(), err error) {
	var running []*exec.Cmd
	end = func() {
		for _, cmd := range running {
			_ = cmd.Process.Signal(os.Interrupt)
			_ = cmd.Wait()
		}
	}
	defer func() {
		if err != nil {
			end()
		}
	}()
	for _, args := range [][]string{
		{"consolidator", "--publish", publishAt, "--subscribe", subscribeAt, "--admin", "", "--name", "vm-1"},
		{"archive", "--store", filepath.Join(dir, "store"), "--listen", archiveAt, "--admin", "", "--consolidator", subscribeAt},
	} {
		cmd := exec.Command(sluice, args...)
		if err := cmd.Start(); err != nil {
			return nil, err
		}
		running = append(running, cmd)
	}
	if err := listening(archiveAt); err != nil {
		return nil, err
	}
	imports := exec.Command(sluice, append([]string{"archive", "import", "--archive", "nats://" + archiveAt}, files...)...)
	if out, err := imports.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%s: %w: %s", imports, err, out)
	}
	for _, stream := range []string{"system", "tenant/acme"} {
		cmd := exec.Command(sluice, "publish", "--to", publishAt, stream)
		lines, err := cmd.StdinPipe()
		if err != nil {
			return nil, err
		}
		if err := cmd.Start(); err != nil {
			return nil, err
		}
		running = append(running, cmd)
		go live(lines)
	}
	return end, nil
}

// listening waits until somebody listens.
func listening(address string) error {
	var err error
	for range 100 {
		var c net.Conn
		if c, err = net.Dial("tcp", address); err == nil {
			return c.Close()
		}
		time.Sleep(100 * time.Millisecond)
	}
	return err
}

// live writes records of now until nobody takes them.
func live(w io.WriteCloser) {
	defer w.Close()
	for i := 0; ; i++ {
		at := time.Now().UTC().Format("2006-01-02T15:04:05.000Z")
		if _, err := fmt.Fprintf(w, `{"v":0,"name":"edge","hostname":"vm-1","pid":473,"level":30,"msg":"GET /products/lamp-%d 200 %d ms","time":%q}`+"\n", i*7%900, 9+i*5%31, at); err != nil {
			return
		}
		time.Sleep(300 * time.Millisecond)
	}
}
