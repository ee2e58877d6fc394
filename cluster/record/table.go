package record

// role is what a field is of a record.
type role uint8

const (
	roleTime role = iota
	roleLevel
	roleMsg
	roleName // of whoever logged: the program, or its logger
	roleHostname
	rolePID
	roleErr
	roles
	roleMark = roles // the field only tells the form of its record
)

// form is who wrote a record, as far as that decides what its fields mean.
type form uint8

const (
	formBunyan    form = 1 << iota // numbers below 10 are bunyan's own
	formSyslog                     // numbers below 8 are syslog's severities: GELF, the journal
	formHost                       // the field host is a machine: GELF, Logstash
	formSerilog                    // without a level it is Information
	formContainer                  // the field log is what a container printed
	formMongo                      // the field s is a severity
	formApple                      // the field messageType is a level
	formBatch                      // the field holds records of its own
)

// numbers is what a number is as a level.
type numbers uint8

const (
	numbersUsual  numbers = iota // bunyan's 10 to 99; Monolog's, java.util.logging's and log4j's hundreds and thousands
	numbersSyslog                // 0 to 7
	numbersGoogle                // syslog's, or Google Cloud's hundreds
	numbersPython                // 10 to 50
	numbersOTel                  // 1 to 24
)

// known is a name by which a field is known.
type known struct {
	name    string // as it is written; case and underscores do not matter
	role    role
	numbers numbers
	when    form   // it is known in records of this form only; 0: in all
	marks   form   // the form of a record that has it
	exact   bool   // case and underscores matter
	weak    bool   // of a level: a value that is no level says nothing
	who     string // writes it
}

// table is all names, within each role in the order of preference. A name with
// dots is a key that has them, or the key of an object within an object.
var table = [...]known{
	{name: "time", role: roleTime, who: "bunyan, pino, slog, zerolog, logrus, docker"},
	{name: "ts", role: roleTime, who: "zap, klog"},
	{name: "timestamp", role: roleTime, who: "winston, logback, structlog, GELF, Google, tracing (Rust)"},
	{name: "@timestamp", role: roleTime, who: "Logstash, ECS, hclog"},
	{name: "@t", role: roleTime, marks: formSerilog, who: "Serilog"},
	{name: "instant", role: roleTime, who: "log4j"},
	{name: "timeMillis", role: roleTime, who: "log4j"},
	{name: "__REALTIME_TIMESTAMP", role: roleTime, marks: formSyslog, who: "journald"},
	{name: "record.time", role: roleTime, who: "loguru"},
	{name: "eventTime", role: roleTime, who: "Google"},
	{name: "timeUnixNano", role: roleTime, who: "OpenTelemetry"},
	{name: "observedTimeUnixNano", role: roleTime, who: "OpenTelemetry"},
	{name: "asctime", role: roleTime, who: "Python"},
	{name: "created", role: roleTime, who: "Python"},
	{name: "datetime", role: roleTime, who: "Monolog"},
	{name: "date", role: roleTime, who: "fluent-bit"},
	{name: "t", role: roleTime, who: "zap (development), log15, MongoDB"},

	{name: "level", role: roleLevel, who: "bunyan, pino, zap, slog, zerolog, logrus, winston, log4j, logback, GELF, structlog, Serilog"},
	{name: "severity", role: roleLevel, numbers: numbersGoogle, who: "Google, syslog, Elixir"},
	{name: "lvl", role: roleLevel, who: "log15"},
	{name: "log.level", role: roleLevel, who: "ECS"},
	{name: "levelname", role: roleLevel, who: "Python, Monolog"},
	{name: "logLevel", role: roleLevel, who: ".NET"},
	{name: "@level", role: roleLevel, who: "hclog"},
	{name: "@l", role: roleLevel, who: "Serilog"},
	{name: "severityText", role: roleLevel, who: "OpenTelemetry"},
	{name: "severityNumber", role: roleLevel, numbers: numbersOTel, who: "OpenTelemetry"},
	{name: "PRIORITY", role: roleLevel, numbers: numbersSyslog, exact: true, marks: formSyslog, who: "journald, syslog-ng"},
	{name: "error_severity", role: roleLevel, who: "PostgreSQL"},
	{name: "level_value", role: roleLevel, who: "logback"},
	{name: "levelno", role: roleLevel, numbers: numbersPython, who: "Python"},
	{name: "record.level", role: roleLevel, who: "loguru"},
	{name: "context.logLevel", role: roleLevel, who: "Roarr"},
	{name: "log.syslog.severity.name", role: roleLevel, who: "ECS"},
	{name: "log.syslog.severity.code", role: roleLevel, numbers: numbersSyslog, who: "ECS"},
	{name: "syslog_severity", role: roleLevel, numbers: numbersSyslog, who: "rsyslog, Logstash"},
	{name: "messageType", role: roleLevel, when: formApple, weak: true, who: "macOS"},
	{name: "s", role: roleLevel, when: formMongo, weak: true, who: "MongoDB"},
	{name: "L", role: roleLevel, exact: true, weak: true, who: "zap (development)"},

	{name: "msg", role: roleMsg, who: "bunyan, pino, zap, slog, logrus, klog, MongoDB"},
	{name: "message", role: roleMsg, who: "zerolog, winston, log4j, logback, Logstash, ECS, Python, Google, journald"},
	{name: "@message", role: roleMsg, who: "hclog"},
	{name: "short_message", role: roleMsg, marks: formSyslog | formHost, who: "GELF"},
	{name: "@m", role: roleMsg, who: "Serilog"},
	{name: "@mt", role: roleMsg, marks: formSerilog, who: "Serilog"},
	{name: "RenderedMessage", role: roleMsg, who: "Serilog"},
	{name: "MessageTemplate", role: roleMsg, who: "Serilog"},
	{name: "body", role: roleMsg, who: "OpenTelemetry"},
	{name: "event", role: roleMsg, who: "structlog"},
	{name: "eventMessage", role: roleMsg, marks: formApple, who: "macOS"},
	{name: "record.message", role: roleMsg, who: "loguru"},
	{name: "fields.message", role: roleMsg, who: "tracing (Rust)"},
	{name: "textPayload", role: roleMsg, who: "Google"},
	{name: "log", role: roleMsg, who: "docker, Kubernetes"},
	{name: "M", role: roleMsg, exact: true, who: "zap (development)"},

	{name: "name", role: roleName, who: "bunyan, pino, Python"},
	{name: "logger", role: roleName, who: "zap, logback, log4j, structlog"},
	{name: "logger_name", role: roleName, who: "log4j, Logstash"},
	{name: "log.logger", role: roleName, who: "ECS"},
	{name: "@module", role: roleName, who: "hclog"},
	{name: "channel", role: roleName, who: "Monolog"},
	{name: "category", role: roleName, who: ".NET"},
	{name: "target", role: roleName, who: "tracing (Rust)"},
	{name: "record.name", role: roleName, who: "loguru"},
	{name: "SYSLOG_IDENTIFIER", role: roleName, who: "journald"},
	{name: "_COMM", role: roleName, who: "journald"},
	{name: "service.name", role: roleName, who: "ECS"},
	{name: "N", role: roleName, exact: true, who: "zap (development)"},

	{name: "hostname", role: roleHostname, who: "bunyan, pino, journald, Logstash"},
	{name: "host.hostname", role: roleHostname, who: "ECS"},
	{name: "host.name", role: roleHostname, who: "ECS"},
	{name: "host", role: roleHostname, when: formHost, who: "GELF, Logstash"},
	{name: "MachineName", role: roleHostname, who: "Serilog"},

	{name: "pid", role: rolePID, who: "bunyan, pino, journald"},
	{name: "process.pid", role: rolePID, who: "ECS"},
	{name: "process", role: rolePID, who: "Python"},

	{name: "err", role: roleErr, who: "bunyan, pino"},
	{name: "error", role: roleErr, who: "zap, zerolog, logrus, slog, ECS"},
	{name: "exception", role: roleErr, who: "structlog, logback, Serilog"},
	{name: "exc_info", role: roleErr, who: "Python"},
	{name: "thrown", role: roleErr, who: "log4j"},
	{name: "throwable", role: roleErr, who: "logback"},
	{name: "@x", role: roleErr, who: "Serilog"},
	{name: "error.message", role: roleErr, who: "ECS"},
	{name: "stack", role: roleErr, who: "winston"},
	{name: "stacktrace", role: roleErr, who: "zap, Logstash"},
	{name: "error.stack_trace", role: roleErr, who: "ECS"},

	{name: "v", role: roleMark, exact: true, marks: formBunyan},
	{name: "@version", role: roleMark, marks: formHost},
	{name: "stream", role: roleMark, marks: formContainer},
	{name: "t.$date", role: roleMark, marks: formMongo},
	{name: "resourceLogs", role: roleMark, marks: formBatch},
}
