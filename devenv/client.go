package devenv

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"sluice/archive/engine"
	"sluice/cluster/rescue"
	"sluice/cluster/stream/proxied"
	"sluice/tui"
)

const backfill = 1000 // records of each stream that the client begins with

// show runs the full-screen client on the proxy until it is left.
func (d *Devenv) show(ctx context.Context) error {
	feed, err := proxied.New(proxied.Config{URL: d.ProxyURL(), Logger: d.config.Logger.With("component", "client")})
	if err != nil {
		return fmt.Errorf("read from the proxy: %w", err)
	}
	config := d.config.Client
	config.Feed = feed
	if d.config.Archive != nil {
		archive, err := engine.Dial(engine.DialConfig{URLs: []string{d.ArchiveURL()}, Name: "sluice", Log: d.config.Logger.With("component", "client")})
		if err != nil {
			return fmt.Errorf("read the archive: %w", err)
		}
		defer archive.Close()
		config.Archive = d.config.Archive(archive)
	}
	config.Streams = []string{"system", "tenant/acme"}
	config.Last = backfill
	config.Title = "sluice devenv"
	config.Alert = d.alert
	config.Notice = notice(config.Notice, d.moved())
	config.Actions = []tui.Action{{Key: "x", Help: "break something", Choose: d.choices}}
	client, err := tui.New(config)
	if err != nil {
		return err
	}
	return rescue.Beside(ctx, "read from the proxy", feed.Run, func(ctx context.Context) error {
		err := client.Run(ctx)
		if errors.Is(err, tui.ErrInterrupted) {
			return nil // ctrl-c is a way to leave
		}
		return err
	})
}

// notice is what the client says at its start: what it is to say anyway, and which
// addresses are not the usual ones.
func notice(first string, moved []string) string {
	const most = 2 // there is one line
	texts := slices.Clone(moved[:min(len(moved), most)])
	if first != "" {
		texts = append([]string{first}, texts...)
	}
	if more := len(moved) - most; more > 0 {
		texts = append(texts, fmt.Sprintf("%d more are elsewhere, too", more))
	}
	return strings.Join(texts, "; ")
}

// alert is what is broken now.
func (d *Devenv) alert() string {
	var broken []string
	for _, p := range d.Parts() {
		if p.Fault != None {
			broken = append(broken, p.Name+" "+p.Fault.String())
		}
	}
	return strings.Join(broken, ", ")
}

// choices are the parts, each with what can be done to it.
func (d *Devenv) choices() (choices []tui.Choice) {
	for i, p := range d.Parts() {
		detail := fmt.Sprintf("runs, process %d", p.PID)
		switch d := time.Since(p.Since).Round(time.Second); p.Fault {
		case None:
		case Ended:
			detail = fmt.Sprintf("%v %v ago", p.Fault, d)
		case Killed, Hung, Slow, CutOff:
			detail = fmt.Sprintf("%v for %v", p.Fault, d)
		}
		if p.Why != "" {
			detail += ": " + p.Why
		}
		choices = append(choices, tui.Choice{Key: partKey(p.Name, i), Text: p.Name, Detail: detail, Choose: func() []tui.Choice { return d.faults(p) }})
	}
	return choices
}

// partKey is the key that chooses a part, the i-th from 0: a machine by its number, any
// other by its letter; "" when only the cursor does.
func partKey(name string, i int) string {
	switch {
	case name == "proxy", name == "etcd", name == "archive":
		return name[:1]
	case i >= 9:
		return ""
	}
	return strconv.Itoa(i + 1)
}

// faults are what can be done to a part.
func (d *Devenv) faults(p Part) (choices []tui.Choice) {
	add := func(key, text, detail string, f Fault) {
		choices = append(choices, tui.Choice{Key: key, Text: text + " " + p.Name, Detail: detail, Do: func() string {
			if err := d.Break(p.Name, f); err != nil {
				return err.Error()
			}
			return fmt.Sprintf("%s: %v", p.Name, f)
		}})
	}
	if p.Fault != None {
		choices = append(choices, tui.Choice{Key: "b", Text: "bring back " + p.Name, Detail: "it begins again where it was", Do: func() string {
			if err := d.Mend(p.Name); err != nil {
				return err.Error()
			}
			return p.Name + " is back"
		}})
	}
	if p.PID == 0 {
		return choices
	}
	add("k", "kill", "SIGKILL: it says no last word", Killed)
	add("h", "hang", "SIGSTOP: connections stay, nothing moves", Hung)
	if p.Network {
		add("s", "slow down", "all takes its readers a second longer", Slow)
		add("c", "cut off", "nothing passes, no connection breaks", CutOff)
	}
	return choices
}
