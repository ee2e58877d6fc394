package tui

import (
	"context"
	"slices"
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"sluice/cluster/names"
	"sluice/cluster/record"
	"sluice/cluster/stream"
	"sluice/tui/recent"
	"sluice/tui/rows"
)

// Time that one Update may take: for what the feed has, less while a frame that
// answers the user waits to be shown; and for filters and searches. The rest waits
// for the next one.
const (
	takeBudget = 3 * time.Millisecond
	hasteTime  = time.Millisecond
	workBudget = 8 * time.Millisecond
)

// Messages of our own.
type (
	takeMsg    struct{}              // the feed has something, or work is left
	dayMsg     struct{}              // a day has begun
	secondMsg  struct{}              // a second has passed while something changes by itself
	wheelMsg   struct{}              // the wheel has rested for 16 ms
	flashMsg   struct{ text string } // show this for a while
	fadeMsg    struct{ id int }      // the flash with this number is over
	redrawMsg  struct{ id int }      // the size with this number has stood for a while
	streamsMsg listed                // the live streams for the picker
	settleMsg  struct{}              // records that waited for earlier ones may have waited long enough
	lookMsg    struct{}              // streams may have been found since a pane of patterns was opened
)

// model is the whole state of the client. It is used by one goroutine.
type model struct {
	config Config
	keys   keyMap
	wake   func() // asks for a takeMsg
	stores *rows.Stores

	panes       []*pane
	slots       []int // the panes on the screen, by their index
	focus       int   // index into slots
	zoom        bool
	full        bool // a pane was not opened, as there are maxPanes, and the user does not know yet
	arrangement arrangement

	width, height int
	dark          bool
	profile       colorprofile.Profile
	theme         *theme
	method        ansi.Method

	dialogs []dialog  // what is open over the panes, the topmost last
	listing bool      // the live streams are on their way
	listAt  time.Time // they are asked for not before
	lock    timeLock  // of the panes on the screen
	saving  *saving   // a file that is written, or nil
	piping  *pipeView // a command that reads records, or has read them; nil: none has yet

	clock clockMode

	searches, filters, times, paths history // of the prompts
	ran                             history // names of what the palette ran
	typed                           recent.File
	lights                          *lights
	rules, piped                    history // of alerts, and of commands
	alerts                          *alerts

	status []stream.Status
	finder *stream.Status  // where sources are found, when there is something to say of it
	lost   map[string]bool // sources that were had and are gone
	ledger ledger          // what was lost since the start, in all streams

	foreign string                    // a source that could not count what was lost; "": there was none
	absent  map[string]*stream.Notice // the last absence of each source while a stream was open
	filling map[string]bool           // streams whose earlier records have not all come
	refused map[string]bool           // streams that the proxy refuses

	watching    bool             // the live streams are kept track of
	lookingSoon bool             // a lookMsg is on its way
	appeared    map[string]int64 // streams that appeared: what they had before that, in Unix milliseconds, is not wanted

	arrived time.Time // the newest record that was taken, by RecordTime

	pulses map[*rows.Store]*pulse

	notice   string // why something is not as the user wanted it, until a key is pressed
	redrawID int    // of the last change of size

	flash    message
	ticking  bool
	batch    *stream.Batch // that is being taken, in pieces; nil: none
	kept     int           // of its records
	noticed  int           // of its notices
	waiting  bool          // records wait for earlier ones
	settling bool          // a settleMsg is on its way
	wheel    int           // rows that the wheel has moved and the screen has not
	wheelAt  *pane
	tabs     []tabSpan
	areas    []area // of the panes on the screen

	interrupted bool // by ctrl-c

	frame tea.View
	dirty bool
	held  func() bool // a frame has to wait; View is asked again when it need not

	life    context.Context // ends with the client
	hurry   func()          // the next frame answers the user
	hurried func() bool     // such a frame waits to be shown
}

func newModel(config Config, wake func(), profile colorprofile.Profile) *model {
	m := &model{
		config: config, wake: wake, clock: config.Settings.Time, arrangement: config.Settings.Panes,
		stores: rows.NewStores(config.Records, config.Bytes),
		lost:   make(map[string]bool), filling: make(map[string]bool), refused: make(map[string]bool),
		pulses: make(map[*rows.Store]*pulse), appeared: make(map[string]int64),
		dark: true, profile: profile, method: ansi.WcWidth,
		width: 80, height: 24, dirty: true,
	}
	m.keys, _ = keysFrom(config.Settings.Keys) // New has checked them
	m.notice = config.Notice
	m.alerts = newAlerts(config.Settings.Alerts)
	m.lights = lightsFrom(config.Settings.Highlights)
	m.typed.Path = config.statePath("history")
	m.dark = config.Settings.Theme != themeLight
	for _, a := range config.Actions {
		m.keys.actions = append(m.keys.actions, bind(a.Key, a.Help, a.Key))
	}
	m.stores.Wake = func(bool) { wake() }
	m.life = context.Background()
	if config.Archive != nil {
		m.stores.KeepPositions()
	}
	m.held = func() bool { return false }
	m.hurry, m.hurried = func() {}, m.held
	m.theme = newTheme(m.dark, m.profile)
	return m
}

// openFirst opens the panes that were asked for, or the picker when none were.
func (m *model) openFirst() {
	for _, list := range m.config.Streams {
		m.openTexts(false, names.Split(list)...)
	}
	if len(m.slots) > 0 {
		m.focus = 0
		m.slots = m.slots[:0]
		for i := range min(len(m.panes), 2) {
			m.slots = append(m.slots, i)
		}
	} else {
		m.openPicker(false)
	}
}

// Init opens the panes, or has the layout read that they are in.
func (m *model) Init() tea.Cmd {
	var restore tea.Cmd
	if m.config.Restore {
		restore = m.loadLayouts(true)
	}
	if !m.awaitsLayout() {
		m.openFirst()
	}
	m.look()
	m.wake()
	return tea.Batch(restore, m.loadTyped(), m.tick(), m.awaitDay(), m.notifyFull(), m.lookTick())
}

// Update takes one message.
func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	cmd := m.update(msg)
	return m, tea.Batch(cmd, m.work())
}

func (m *model) update(msg tea.Msg) tea.Cmd {
	if w, ok := msg.(tea.MouseWheelMsg); ok {
		return m.turnWheel(w)
	}
	m.dirty = true
	switch msg := msg.(type) {
	case takeMsg:
		m.take()
		return tea.Batch(m.tick(), m.settleTick())
	case settleMsg:
		m.settling = false
		m.take() // or what has arrived in time would find its place taken
		return m.settleTick()
	case secondMsg:
		m.ticking = false
		m.refresh()
		list := m.listStreams()
		if m.changing() {
			return tea.Batch(m.tick(), list)
		}
	case dayMsg:
		return m.awaitDay()
	case streamsMsg:
		m.streamsListed(msg)
		return m.lookTick()
	case lookMsg:
		m.lookingSoon, m.listAt = false, time.Time{}
		return m.listStreams()
	case tea.KeyPressMsg:
		m.notice, m.alerts.looked = "", true
		return m.key(msg)
	case tea.PasteMsg:
		m.paste(msg.Content)
	case tea.MouseClickMsg:
		m.notice, m.alerts.looked = "", true
		return m.click(msg)
	case wheelMsg:
		m.alerts.looked = true
		return m.rollWheel()
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
		return m.redrawSoon()
	case tea.BackgroundColorMsg:
		if m.config.Settings.Theme == themeAuto {
			m.dark = msg.IsDark()
		}
		m.theme = newTheme(m.dark, m.profile)
	case tea.ColorProfileMsg:
		m.profile = msg.Profile
		m.theme = newTheme(m.dark, m.profile)
	case tea.ModeReportMsg:
		// The terminal measures by graphemes from now on, and so must we.
		if msg.Mode == ansi.ModeUnicodeCore && measuresGraphemes(msg) {
			m.method = ansi.GraphemeWidth
		}
	case flashMsg:
		return m.notify(msg.text)
	case layoutMsg:
		return m.layoutsRead(msg)
	case bookmarksMsg:
		return m.showBookmarks(msg)
	case typedMsg:
		m.typedLoaded(msg)
	case openedMsg:
		return m.savingOpened(msg)
	case savedMsg:
		m.endSaving()
		return m.notify(msg.saving.saved(msg.err))
	case pipedMsg:
		return m.pipeEnded(msg.view)
	case redrawMsg:
		if msg.id == m.redrawID {
			return func() tea.Msg { return repaintMsg{} }
		}
	case countedMsg:
		m.counted(msg.counting)
	case earlierMsg:
		return m.earlierRead(msg.reading)
	case fadeMsg:
		if msg.id == m.flash.id {
			m.flash.text, m.flash.holds = "", nil
		}
	}
	return nil
}

// redrawSoon asks for a whole new screen once the size has rested: what was on
// its way while it changed the terminal may have put in the wrong places.
func (m *model) redrawSoon() tea.Cmd {
	m.redrawID++
	id := m.redrawID
	if id == 1 {
		return nil // the first size
	}
	return tea.Tick(100*time.Millisecond, func(time.Time) tea.Msg { return redrawMsg{id} })
}

// work goes on with filters and searches, the focused pane's first.
func (m *model) work() (cmd tea.Cmd) {
	deadline := time.Now().Add(workBudget)
	more := false
	if p := m.pane(); p != nil {
		more = p.step(deadline)
	}
	for _, p := range m.panes {
		if p != m.pane() {
			more = p.step(deadline) || more
		}
	}
	for _, d := range m.dialogs {
		if w, ok := d.(worker); ok {
			w.work(m)
		}
	}
	a, came := m.stepTraces(deadline)
	more = a || more
	if came { // it waits for its place, even if nothing else comes
		m.waiting = true
		cmd = m.settleTick()
	}
	said, left := m.stepAlerts(deadline)
	cmd, more = tea.Batch(cmd, said), left || more
	if m.saving != nil {
		more = m.saving.step(deadline) || more
	}
	if m.piping != nil {
		more = m.piping.records.step(deadline) || more
	}
	cmd = tea.Batch(cmd, m.moveLocked())
	m.stores.Sweep()
	if more {
		m.wake()
	}
	if v := dialogOf[*timelineView](m); v != nil {
		cmd = tea.Batch(cmd, v.countArchive(m))
	}
	for _, p := range m.panes {
		if p.search != nil && p.search.Arrived() {
			m.hurry()
		}
		if refit := m.refit(p); refit != nil {
			cmd = tea.Batch(cmd, refit)
		}
		if missed := m.missed(p); missed != nil {
			cmd = tea.Batch(cmd, missed)
			m.dirty = true
		}
	}
	return cmd
}

// changing reports whether something on the screen changes without a message.
func (m *model) changing() bool {
	now := m.recordTime()
	for s := range m.stores.Each() {
		if !s.Idle(now) || now.Sub(s.Newest()) < quietAfter+time.Second {
			return true
		}
	}
	return slices.ContainsFunc(m.dialogs, dialog.changes) || m.selecting() || m.clock == clockAgo && len(m.slots) > 0
}

// tick asks for a secondMsg, unless one is on its way.
func (m *model) tick() tea.Cmd {
	if m.ticking {
		return nil
	}
	m.ticking = true
	return tea.Tick(time.Second, func(time.Time) tea.Msg { return secondMsg{} })
}

// View draws the screen, unless nothing has changed.
func (m *model) View() tea.View {
	if m.dirty && !m.held() {
		lines, cursor := m.draw()
		m.frame = tea.NewView(strings.Join(lines, "\n"))
		if mouse := m.config.Settings.Mouse; mouse == nil || *mouse {
			m.frame.MouseMode = tea.MouseModeCellMotion
		}
		m.frame.WindowTitle = record.Safe(m.config.Title)
		m.frame.Cursor = cursor
		m.dirty = false
	}
	return m.frame
}

// pane is the one that has the focus; nil when there is none.
func (m *model) pane() *pane {
	if m.focus < len(m.slots) {
		return m.panes[m.slots[m.focus]]
	}
	return nil
}

// matches is key.Matches, shorter.
func matches(msg tea.KeyPressMsg, bindings ...key.Binding) bool { return key.Matches(msg, bindings...) }
