package stream

// NewEventBody lets tests feed it by hand.
var NewEventBody = newEventBody

// ParseEvents returns the id, the name and the data of each event.
func ParseEvents(b []byte) (events [][3]string) {
	parseEvents(b, func(e *sseEvent) {
		events = append(events, [3]string{string(e.ID), string(e.Event), string(e.Data)})
	})
	return events
}
