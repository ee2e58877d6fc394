// Sluice shows the live logs of a whole cluster in one terminal.
package main

import (
	"os"

	"sluice/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:])) }
