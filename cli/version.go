package cli

import (
	"context"
	"fmt"
	"os"
	"runtime"

	"github.com/spf13/cobra"
)

func newVersion(ended *outcome) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  noArguments,
		RunE: ended.run(func(context.Context, []string) error {
			_, err := fmt.Fprintf(os.Stdout, "sluice %s %s/%s %s\n", version, runtime.GOOS, runtime.GOARCH, runtime.Version())
			return outputError(err)
		}),
	}
}
