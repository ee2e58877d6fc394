package tui_test

import (
	"testing"

	tea "charm.land/bubbletea/v2"

	"sluice/tui"
)

func TestActions(t *testing.T) {
	did := 0
	config := tui.Config{Actions: []tui.Action{{Key: "x", Help: "stop or start vm-2", Do: func() string { did++; return "vm-2 \x1b[31mstopped" }}}}
	s := open(t, 100, 24, config, "system")
	s.keys("?")
	s.want("stop or start vm-2")
	cmd := s.keys("x", "x")
	if did != 0 || cmd == nil {
		t.Fatal("the action did not wait for its command")
	}
	s.send(cmd())
	s.want("vm-2 ␛[31mstopped")
}

func TestMouse(t *testing.T) {
	s := open(t, 140, 24, tui.Config{}, "system", "tenant/acme")
	s.lines("tenant/acme", 100)
	// Many turns within 16 ms are one movement, and the frame waits for it.
	for range 5 {
		s.send(tea.MouseWheelMsg{X: 100, Y: 10, Button: tea.MouseWheelUp})
	}
	s.want("line 100")
	s.send(tui.WheelMsg)
	s.wantRows(65, 85)
	s.send(tea.MouseClickMsg{X: 100, Y: 4, Button: tea.MouseLeft})
	s.want("━ tenant/acme")
	s.send(tea.MouseWheelMsg{X: 100, Y: 10, Button: tea.MouseWheelDown})
	for range 20 {
		s.send(tea.MouseWheelMsg{X: 100, Y: 10, Button: tea.MouseWheelDown})
	}
	s.send(tui.WheelMsg)
	s.wantRows(80, 100)
	s.send(tea.MouseClickMsg{X: 10, Y: 0, Button: tea.MouseLeft})
	s.want("━ system")
}
