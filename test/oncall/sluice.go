package main

import "sluice/internal/tmux"

const (
	request  = "r-480dd15f"                        // that a customer asks about
	firstOf  = "reserve kettle-152: no connection" // its first error
	changed  = "reserve <.>: no connection within" // what is new since the deploy
	noisiest = "lease of worker"                   // of all templates
	opened   = "the recording opens"               // and the tasks
	first    = "the first error of a request, its stack"
	since    = "what is new since the deploy"
	loudest  = "the noisiest template"
	across   = "one request across all streams, and the time between its steps"
	retold   = "a timeline of four moments, in a file"
)

func sluiceOn(binary string, files []string) *program {
	moment := func(find, seen, comment string) []tmux.Step {
		return tmux.Steps(tmux.Press("/"), enter(find), tmux.Await("▌.*"+seen), tmux.Press("M"), enter(comment))
	}
	return &program{
		name:  "sluice",
		args:  append([]string{binary, "replay", "--speed", "max"}, files...),
		ready: "replay ended.* 345,060 kept",
		tasks: []task{
			{opened, nil},
			{first, tmux.Steps(
				tmux.Press("f"), tmux.Type(request), tmux.Press("Enter").Awaits(firstOf),
				tmux.Press("g", "e", "Enter").Awaits("at Pool.acquire"))},
			{since, tmux.Steps(
				tmux.Press("/"), enter("deploys v2.14"), tmux.Await("▌.*shop deploys v2.14"),
				tmux.Press("*", "m", "n").Awaits("● .*"+changed))},
			{loudest, tmux.Steps(tmux.Press("*").Awaits("345,060 records in .*\n.*\n.*90,385 .*" + noisiest))},
			{across, tmux.Steps(
				tmux.Press("/"), enter(request), tmux.Await("▌.*"+request),
				tmux.Press("a").Awaits("(?s)4 steps in 2.008 s.*"+firstOf))},
			{retold, tmux.Steps(
				tmux.Press("g"),
				moment("deploys v2.14", "deploys v2.14", "v2.14 is deployed"),
				moment("pool of", "pool of", "no connection is left"),
				moment("page on", "page on", "paged"),
				moment("rolls", "rolls back", "rolled back"),
				tmux.Press("B").Awaits("Bookmarks"), tmux.Press("Enter").Awaits("timeline to"), tmux.Press("Enter").Awaits("written"))},
		},
	}
}
