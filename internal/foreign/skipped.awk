# Prints what SLUICE_SKIPPED collected, sorted: a line for each reason.
function line() { if (n) print "skipped: " reason ": " names }
$1 != reason { line(); reason = $1; names = ""; n = 0 }
{ names = names (n++ ? ", " : "") $2 }
END { line(); if (!NR) print "skipped: nothing" }
