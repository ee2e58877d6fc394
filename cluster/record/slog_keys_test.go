package record_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"

	"sluice/cluster/record"
)

// keys are the keys of an object, in their order, with their values.
func keys(t *testing.T, object string) (all []string, values map[string]string) {
	t.Helper()
	in := json.NewDecoder(strings.NewReader(object))
	if _, err := in.Token(); err != nil {
		t.Fatalf("%q: %v", object, err)
	}
	values = make(map[string]string)
	for in.More() {
		key, err := in.Token()
		if err != nil {
			t.Fatalf("%q: %v", object, err)
		}
		var value json.RawMessage
		if err := in.Decode(&value); err != nil {
			t.Fatalf("%q: %v", object, err)
		}
		all = append(all, key.(string))
		values[key.(string)] = string(value)
	}
	return all, values
}

// No record has a key twice, and bunyan's fields are bunyan's, whatever the
// attributes are called and wherever they come from.
func TestEncoderKeys(t *testing.T) {
	own := []string{"v", "level", "name", "hostname", "pid", "time", "msg", "src"}
	var hostile []any
	for _, key := range own {
		hostile = append(hostile, slog.String(key, "attribute"))
	}
	hostile = append(hostile, slog.String("fields.time", "attribute"), slog.Any("error", os.ErrNotExist), slog.String("err", "attribute"))
	for _, source := range []bool{false, true} {
		ways := []func(*slog.Logger){
			func(l *slog.Logger) { l.Warn("real", hostile...) },
			func(l *slog.Logger) { l.With(hostile...).Warn("real") },
			func(l *slog.Logger) { l.With(hostile...).With("a", 1).Warn("real", hostile...) },
			func(l *slog.Logger) { l.Warn("real", slog.Group("", hostile...), slog.Group("g", hostile...)) },
			func(l *slog.Logger) { l.With(slog.Group("", hostile...)).WithGroup("g").Warn("real", hostile...) },
		}
		for _, key := range own {
			ways = append(ways,
				func(l *slog.Logger) { l.With(key, 1).WithGroup(key).Warn("real", hostile...) },
				func(l *slog.Logger) { l.With(key, 1).WithGroup(key).With("a", 1).Warn("real", hostile...) },
				func(l *slog.Logger) { l.Warn("real", slog.Group(key, hostile...), slog.Group(key, "last", 1)) },
			)
		}
		lines := logged(t, record.EncoderOptions{Name: "app", Hostname: "vm-1", Source: source}, func(l *slog.Logger) {
			for _, log := range ways {
				log(l)
			}
		})
		for _, line := range lines {
			all, values := keys(t, line)
			if len(all) != len(values) {
				t.Errorf("a key stands twice: %s", line)
			}
			for key, want := range map[string]string{"v": "0", "level": "40", "name": `"app"`, "hostname": `"vm-1"`, "pid": fmt.Sprint(os.Getpid()), "msg": `"real"`} {
				if values[key] != want {
					t.Errorf("%s is %s: %s", key, values[key], line)
				}
			}
			if strings.Contains(values["time"], "attribute") || source && !strings.Contains(values["src"], "slog_keys_test.go") {
				t.Errorf("time is %s, src is %s: %s", values["time"], values["src"], line)
			}
		}
		if len(lines) != len(ways) {
			t.Errorf("%d records, want %d", len(lines), len(ways))
		}
	}
}

// Of several attributes with one key the last one stands, where it came last.
func TestEncoderLast(t *testing.T) {
	lines := logged(t, record.EncoderOptions{}, func(l *slog.Logger) {
		l.Info("", "a", 1, "b", 2, "a", 3)
		l.With("a", 1, "b", 2, "c", 3).Info("", "b", 4, "d", 5, "a", 6)
		l.With("a", 1).With("b", 2, "a", 3).Info("", "c", 4)
		with := l.With("g", 1, "a", 2)
		with.WithGroup("g").Info("")
		with.WithGroup("g").Info("", "x", 3)
		with.WithGroup("g").With("x", 3).Info("", "a", 4)
		with.Info("", slog.Group("g"), slog.Group("a", "x", 3))
		with.Info("", "\xff", 1, "\ufffd", 2)
		with.Info("")
	})
	want := []string{
		`"b":2,"a":3`,
		`"c":3,"b":4,"d":5,"a":6`,
		`"b":2,"a":3,"c":4`,
		`"g":1,"a":2`,
		`"a":2,"g":{"x":3}`,
		`"a":2,"g":{"x":3,"a":4}`,
		`"g":1,"a":{"x":3}`,
		`"g":1,"a":2,"` + "\ufffd" + `":2`,
		`"g":1,"a":2`,
	}
	for i, line := range lines {
		if _, got, _ := strings.Cut(line, `"msg":"",`); got != want[i]+"}" {
			t.Errorf("got  %s\nwant %s}", got, want[i])
		}
	}
}
