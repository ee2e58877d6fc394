package record

// SlowHead is Peek member by member.
var SlowHead = slowHead

// LevelOfWord reads a level as other loggers write it.
var LevelOfWord = levelOfWord
