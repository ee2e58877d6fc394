package record

// SlowHead is Peek member by member.
var SlowHead = slowHead
