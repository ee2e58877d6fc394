package main

import (
	"fmt"
	"os"
	"os/exec"

	"sluice/internal/tmux"
)

// format tells lnav of the fields; see docs/scripting.md.
const format = "docs/sluice.lnav.json"

// top is the first row of the log, in which it has what it went to.
const top = ` LOG .*\n.*`

func lnavOn(files []string) *program {
	// It reads everything again for a search, and goes to what it finds when it is told.
	find := func(text, seen string) []tmux.Step {
		return tmux.Steps(tmux.Press("/"), enter(text), tmux.Await("[1-9][0-9,]* hits for"), tmux.Press("n").Awaits(top+seen))
	}
	moment := func(text, seen, comment string) []tmux.Step {
		return tmux.Steps(find(text, seen), enter(":comment "+comment), tmux.Await(comment))
	}
	return &program{
		name:    "lnav",
		args:    append([]string{"lnav"}, files...),
		prepare: []string{"lnav", "-i", format},
		ready:   `Text Filters ::.*Press TAB to edit(?s:.*)L1334475 +100%`,
		tasks: []task{
			{opened, nil},
			{first, tmux.Steps(
				tmux.Press("Tab", "i"), tmux.Type(request), tmux.Press("Enter").Awaits(`IN +[1-9][0-9]* hits(?s:.*)\n L[0-9]+ +[0-9]+% +\S*:View Help *$`),
				tmux.Press("q", "g", "e", "C-w").Awaits("at Pool.acquire"))},
			{since, tmux.Steps(
				tmux.Press("g"), find("deploys v2.14", "deploys v2.14"),
				enter(";select log_msg_format, count(*), min(log_time) t from all_logs group by 1 having t>='2026-03-04 02:47:12' order by t"),
				tmux.Await("no connection within #"))},
			{loudest, tmux.Steps(
				enter(";select log_msg_format, count(*) c from all_logs group by 1 order by c desc"),
				tmux.Await("lease of worker # .*90385"))},
			{across, tmux.Steps(
				tmux.Press("Tab", "i"), tmux.Type(request), tmux.Press("Enter").Awaits(`IN +[1-9][0-9]* hits(?s:.*)\n L[0-9]+ +[0-9]+% +\S*:View Help *$`),
				tmux.Press("q", "g", "T").Awaits("2s005"))},
			{retold, tmux.Steps(
				tmux.Press("g"),
				moment("deploys v2.14", "deploys v2.14", "v2.14 is deployed"),
				moment("pool of", "pool of", "no connection is left"),
				moment("page on", "page on", "paged"),
				moment("rolls", "rolls back", "rolled back"),
				enter(";select log_time, log_comment, log_body from all_logs where log_comment is not null"),
				tmux.Await("rolled back"),
				enter(":write-table-to timeline.txt"), tmux.Await("Wrote"))},
		},
	}
}

// set does what is done once before a program is used.
func (p *program) set(env []string) error {
	if len(p.prepare) == 0 {
		return nil
	}
	cmd := exec.Command(p.prepare[0], p.prepare[1:]...)
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("run %v: %w: %s", p.prepare, err, out)
	}
	return nil
}
