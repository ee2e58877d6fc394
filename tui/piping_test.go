package tui_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"sluice/tui"
)

// pipe types a command into the prompt that is open, waits until it has ended, and then for
// what the screen says.
func (s *screen) pipe(command, said string) {
	s.t.Helper()
	s.keys("ctrl+u", command)
	s.perform(s.keys("enter"), func() bool { return s.says(said)() && !s.says("esc stops it")() })
}

func TestPipingWhatIsShown(t *testing.T) {
	s := open(t, 120, 24, tui.Config{}, "system")
	s.flood("system", 5000)
	s.keys("f", "/line \\d*7$/", "enter", "|")
	s.want("pipe into ", "a shell command, such as jq")
	s.pipe("wc -l; exit 3", "exit status 3")
	s.want("│ 500", "1 line of 500 records")
	// As it was, to be changed.
	s.keys("|")
	s.want("pipe into wc -l; exit 3")
	s.pipe(`head -n 1 | cut -d , -f 1-3`, `│ {"v":0,"name":"webtask","hostname":"vm-1"`)
	s.want("exit status 0")
	s.keys("esc")
	s.wantNot("exit status 0")
	s.want("line 4997")
	s.keys("|", "up")
	s.want("pipe into head -n 1")
	s.keys("esc")
	s.keys("|")
	s.keys("enter")
	s.want("type a command")
	s.keys("esc", "0", "|")
	s.pipe("exec head -n 1", ", which it did not read to the end")
	s.want("exit status 0", "line 1\"}")
	s.keys("esc", "f", "nowhere", "enter", "|", "cat", "enter")
	s.want("nothing is shown that could be piped")
}

// Which records go, and in which form, is chosen in the prompt.
func TestPipingWhatIsChosen(t *testing.T) {
	s := open(t, 120, 24, tui.Config{}, "system")
	s.lines("system", 40)
	s.keys("g", "j", "m", "j", "j", "m", "|")
	s.want("tab 2 marked")
	s.keys("tab")
	s.want("pipe 2 marked into ", "tab all shown")
	s.keys("ctrl+t")
	s.want("pipe 2 marked as shown into ")
	s.pipe("cat", "2 lines of 2 records")
	s.want("│ 12:00:00.200 INFO  vm-1 webtask line 2 ", "│ 12:00:00.400 INFO  vm-1 webtask line 4 ")
	s.keys("esc")

	s.keys("R", "j", "j", "|")
	s.want("pipe the range into ")
	s.pipe("wc -l", "1 line of 3 records")
	s.want("│ 3 ")
	s.keys("|")
	s.want("pipe the range into wc -l") // the same again
	s.keys("esc", "j", "|")
	s.wantNot("the range")
	s.keys("esc")

	// The marked that a filter leaves out are not among them.
	s.keys("f", "/line 4$/", "enter", ":", "pipe the marked", "enter")
	s.want("pipe 1 of 2 marked into ")
	s.pipe("cat", "1 line of 1 record")
	s.keys("esc", "0", "g", "enter", "|")
	s.want("pipe this record into ")
	s.pipe("cat", `"msg":"line 1"}`)
	s.keys("esc", "esc")
}

// A group goes out without its filter, to a file or a command.
func TestAGroupGoesOut(t *testing.T) {
	s := open(t, 140, 30, tui.Config{}, "system")
	s.traffic(1000)
	s.keys("*")
	s.keys("j", "|")
	s.want("pipe the group into ")
	s.pipe("grep -c upstream", "1 line of 100 records")
	s.want("│ 100 ")
	s.keys("esc")
	s.want("Groups of system")
	path := filepath.Join(folder(t), "group.ndjson")
	s.keys("s")
	s.want("save the group to system-")
	s.keys("ctrl+u", path)
	s.perform(s.keys("enter"), s.says("100 records saved to "))
	if data, err := os.ReadFile(path); err != nil || strings.Count(string(data), "upstream") != 100 || strings.Count(string(data), "\n") != 100 {
		t.Errorf("the file is %.300s, %v", data, err)
	}
	if got := tui.FilterText(s.model); got != "" {
		t.Errorf("the filter is %q", got)
	}
}

// A command that takes its time holds nothing up, is left and found again, and stopped.
func TestACommandThatRuns(t *testing.T) {
	t.Parallel() // it mostly waits
	s := open(t, 120, 24, tui.Config{}, "system")
	s.lines("system", 40)
	s.keys("|")
	s.perform(s.keys(`echo begun; exec sleep 1000`, "enter"), s.says("│ begun"))
	s.want("running", "q leaves it running")
	s.flood("system", 20_000) // and it reads none of that
	s.keys("q")
	s.want("line 20040")
	s.wantNot("begun")
	leave := s.keys("q")
	s.want("still running echo begun", "q again stops it")
	if leave != nil {
		if _, quits := leave().(tea.QuitMsg); quits {
			t.Fatal("q left although a command runs")
		}
	}
	s.keys("|")
	s.want("│ begun")
	s.keys("esc")
	s.perform(nil, s.says("stopped"))
	s.keys("esc")
	if _, quits := s.keys("q")().(tea.QuitMsg); !quits {
		t.Fatal("q does not leave when the command has ended")
	}

	// One that ends while it is not looked at says so; what it printed can be seen.
	file := filepath.Join(folder(t), "end")
	s.keys("|")
	s.keys("ctrl+u", `until [ -e `+file+` ]; do sleep 0.01; done; echo over; exit 4`)
	running := s.keys("enter")
	s.keys("q")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s.perform(running, s.says("exit status 4; : shows what the last command printed"))
	s.keys(":", "last command", "enter")
	s.want("│ over", "exit status 4")
}

// What is printed is foreign, much, and longer than the screen is wide.
func TestSeeingWhatIsPrinted(t *testing.T) {
	s := open(t, 80, 24, tui.Config{Getenv: func(string) string { return "" }}, "system")
	s.lines("system", 3)
	s.keys("|")
	s.pipe(`seq 1000; printf '\033]0;x\007 \342\200\256 long %s end\n' "$(seq -s - 50)"`, "exit status 0")
	s.want("│ 1 ", "983 more below")
	s.keys("G")
	s.want("│ 1000 ", `␛]0;x␇ \u202e long 1-2-3`)
	s.keys("right", "right", "right", "right", "right", "right")
	s.want("49-50 end")
	s.keys("g", "left", "left", "left", "left", "left", "left", "pgdown", "ctrl+u", "j", "k", "space")
	s.want("│ 27 ")
	if got := clipboard(t, s.send(tea.KeyPressMsg{Code: 'y', Text: "y"})); !strings.HasPrefix(got, "1\n2\n3\n") || !strings.HasSuffix(got, "49-50 end\n") {
		t.Errorf("what was copied is %.100q", got)
	}
	s.send(tea.WindowSizeMsg{Width: 20, Height: 5})
	s.send(tea.WindowSizeMsg{Width: 200, Height: 60})
	s.keys("x")
	s.want("x does nothing in what a command prints")
	s.keys("esc", "|")
	s.pipe("true", "It printed nothing.")
	s.keys("|")
	s.pipe("yes '' | head -c 5000000", "4,800,000 bytes more are not kept")
}

// As shown, a file has the rows, and a name of its own.
func TestSavingAsShown(t *testing.T) {
	s := open(t, 120, 24, tui.Config{}, "system")
	s.lines("system", 3)
	path := filepath.Join(folder(t), "rows.txt")
	s.keys("s")
	s.want("save to system-20260304-120000.ndjson")
	s.keys("ctrl+t")
	s.want("save as shown to system-20260304-120000.txt", "^t as published")
	s.perform(s.keys("ctrl+u", path, "enter"), s.says("3 records saved to "))
	want := "12:00:00.100 INFO  vm-1 webtask line 1\n12:00:00.200 INFO  vm-1 webtask line 2\n12:00:00.300 INFO  vm-1 webtask line 3\n"
	if data, err := os.ReadFile(path); err != nil || string(data) != want {
		t.Errorf("the file is %q, %v", data, err)
	}
}
