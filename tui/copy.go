package tui

import (
	"context"
	"encoding/base64"
	"os/exec"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"sluice/cluster/record"
)

// maxCopy is the most that terminals take through OSC 52, in bytes.
const maxCopy = 74_000

// tmuxTime is how long tmux has to take what is copied.
const tmuxTime = 5 * time.Second

// copy puts text into the clipboard of the terminal that the user sits at,
// through any number of machines in between: by OSC 52. tmux passes that on
// for itself only, so inside of it the text goes to tmux, which keeps it as a
// buffer of its own, too. screen wants it wrapped, in pieces. A tmux at the
// other end of ssh shows only in TERM: it takes the plain form or the wrapped
// one, by how it is set up.
func (m *model) copy(text, what string) tea.Cmd {
	if text == "" {
		return m.notify("not copied: the " + what + " is empty")
	}
	if len(text) > maxCopy {
		return m.notify(what + " not copied: " + record.Count(uint64(len(text))) + " bytes are more than a terminal takes; " + m.keys.save.Help().Key + " saves to a file")
	}
	said := m.notify(what + " copied: " + record.Count(uint64(len(text))) + " bytes")
	getenv := m.config.Getenv
	switch {
	case getenv("TMUX") != "":
		return tea.Batch(said, func() tea.Msg {
			ctx, cancel := context.WithTimeout(context.Background(), tmuxTime)
			defer cancel()
			load := exec.CommandContext(ctx, "tmux", "load-buffer", "-w", "-")
			load.Stdin = strings.NewReader(text)
			if load.Run() == nil {
				return nil
			}
			// A tmux without -w, before 3.2: by its pass-through.
			return rawMsg(ansi.TmuxPassthrough(osc52(text)))
		})
	case getenv("STY") != "":
		return tea.Batch(said, raw(ansi.ScreenPassthrough(osc52(text), 254)))
	case strings.HasPrefix(getenv("TERM"), "tmux"):
		return tea.Batch(said, raw(osc52(text)+ansi.TmuxPassthrough(osc52(text))))
	}
	return tea.Batch(said, raw(osc52(text)))
}

func osc52(text string) string {
	return "\x1b]52;c;" + base64.StdEncoding.EncodeToString([]byte(text)) + "\x07"
}
