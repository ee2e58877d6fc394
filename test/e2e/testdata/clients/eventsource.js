// The package eventsource of npm: prints the records of a stream for ever.
const EventSource = require("eventsource")
const events = new EventSource(process.argv[2])
events.onmessage = (e) => console.log(e.data)
for (const name of ["source", "dropped", "repeats"]) {
  events.addEventListener(name, (e) => console.log(name + ": " + e.data))
}
