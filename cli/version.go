package cli

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"sluice/cluster/version"
)

func newVersion(ended *outcome) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version, and the commit that it was built from",
		Args:  noArguments,
		RunE: ended.run(func(context.Context, []string) error {
			_, err := fmt.Fprintf(os.Stdout, "sluice %s\n", version.Get())
			return outputError(err)
		}),
	}
}
