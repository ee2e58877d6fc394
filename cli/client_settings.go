package cli

import (
	"os"
	"path/filepath"

	"sluice/tui"
)

// loadSettings puts what the user's file of settings says into a client's
// configuration. What is wrong with the file is shown by the client, which begins
// without that.
func loadSettings(config *tui.Config) {
	if dir, err := configDir(); err == nil {
		config.SettingsPath = filepath.Join(dir, "client.toml")
		config.Settings, err = tui.LoadSettings(config.SettingsPath)
		if err != nil {
			config.Notice = err.Error()
		}
	}
	config.StateDir, _ = stateDir() // "" keeps nothing
	config.Records = int(config.Settings.Kept)
	config.Bytes = int64(config.Settings.Memory) << 20
}

// layoutPath is where the client's last layouts are kept; "" where there is no place.
func layoutPath() string {
	dir, err := stateDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "layout.toml")
}

// configDir is $XDG_CONFIG_HOME/sluice, ~/.config/sluice by default.
func configDir() (string, error) {
	if dir := os.Getenv("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "sluice"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(home, ".config", "sluice"), nil
}
