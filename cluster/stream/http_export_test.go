package stream

// NewEventBody lets tests feed it by hand.
var NewEventBody = newEventBody
