package fanout

// MaxVacant is how many vacant logs there may be.
const MaxVacant = maxVacant
