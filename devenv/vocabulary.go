package devenv

// tenants, of which the first Config.Tenants have a stream.
var tenants = []string{"acme", "acme-staging", "globex", "initech", "umbrella"}

var (
	methods = []string{"GET", "GET", "GET", "GET", "POST", "POST", "PUT", "DELETE", "PATCH"}
	paths   = []string{
		"/", "/healthz", "/login", "/api/users/", "/api/orders/", "/api/orders?limit=50&offset=100", "/api/search?q=blue+suede+shoes",
		"/assets/app.js", "/webhooks/github", "/webhooks/stripe", "/oauth/token", "/api/v2/carts/", "/api/reports/daily",
	}
	agents = []string{
		"curl/8.5.0", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15", "okhttp/4.12.0", "Go-http-client/2.0",
		"GitHub-Hookshot/8a1f5c2", "python-requests/2.31.0",
	}
	consoleLines = []string{
		"order %d validated", "sending mail to customer %d", "retry in %d ms", "session %d opened", "feature flag checkout-v2 is on for %d users",
		"webhook delivered after %d ms", "token of user %d renewed", "price list %d loaded", "nothing to do, %d items are up to date",
	}
	jobNames = []string{
		"mail-digest", "invoice-pdf", "thumbnail", "cleanup-sessions", "reindex-products", "backup-users", "sync-crm", "rotate-keys", "billing-nightly",
	}
	deploySteps = []string{"started", "image pulled", "health check passed", "took over traffic", "finished in 42 s", "rolled back: health check failed"}
	people      = []string{"amelie", "jun", "oluwaseun", "tomasz", "priya"}
)

var nodeErrors = []struct{ name, message, code string }{
	{"TypeError", "Cannot read properties of undefined (reading 'id')", ""},
	{"Error", "connect ECONNREFUSED 10.0.3.17:5432", "ECONNREFUSED"},
	{"Error", "socket hang up", "ECONNRESET"},
	{"SyntaxError", "Unexpected token '<', \"<!DOCTYPE \"... is not valid JSON", ""},
	{"RangeError", "Maximum call stack size exceeded", ""},
	{"TimeoutError", "operation timed out after 30000 ms", "ETIMEDOUT"},
	{"ValidationError", "\"email\" must be a valid email", ""},
}

var (
	nodeCalls = []string{
		"Object.handler", "Layer.handle [as handle_request]", "next", "Router.process_params", "async Promise.all (index 0)",
		"OrderService.create", "new Promise", "process.processTicksAndRejections", "Query.run", "TLSSocket.onConnectEnd",
	}
	nodeFiles = []string{
		"/app/src/orders/service.js", "/app/src/routes/users.js", "/app/node_modules/express/lib/router/layer.js",
		"/app/node_modules/pg/lib/client.js", "node:internal/process/task_queues", "node:net", "/app/src/index.js",
	}
	goErrors = []string{
		`dial tcp 10.0.3.17:2379: connect: connection refused`, `context deadline exceeded`,
		`open "/var/lib/agent/state.json": no space left on device`, `runtime error: index out of range [3] with length 3`,
		`rpc error: code = Unavailable desc = transport is closing`,
	}
	goCalls = []string{
		"main.(*Agent).reconcile", "net/http.HandlerFunc.ServeHTTP", "example.com/agent/state.(*Store).Flush",
		"example.com/agent/pool.(*Pool).take", "runtime.gopanic", "example.com/agent/rpc.(*Client).invoke", "main.run.func2",
	}
	goFiles = []string{
		"/src/agent/main.go", "/src/agent/state/store.go", "/src/agent/pool/pool.go", "/usr/local/go/src/net/http/server.go",
		"/src/agent/rpc/client.go", "/usr/local/go/src/runtime/panic.go",
	}
)

var multiLines = []string{
	"configuration changed:\n  pool.size: 10 -> 20\n  pool.timeout: 5s -> 3s\n  features.checkout: off -> on",
	"disk usage\n/            41%\n/var/lib     87%\n/var/log     63%",
	"Traceback (most recent call last):\n  File \"/app/worker.py\", line 42, in run\n    task()\n  File \"/app/tasks.py\", line 7, in task\n    raise ValueError('bad amount')\nValueError: bad amount",
	"plan:\n\t1. drain node\n\t2. replace node\n\t3. fill node",
}

var emojiLines = []string{
	"🚀 release %d is out", "🎉 order %d is the millionth", "👩‍👩‍👧‍👦 family plan for %d people", "🔥 CPU at %d %%", "✅ %d checks passed ❌ 0 failed",
	"🇯🇵 東京リージョン: %d 件の注文を処理しました", "naïve café, e\u0301 and é, %d bytes apart", "👍🏽 from user %d",
}

var rightToLeftLines = []string{
	"تم استلام الطلب رقم %d بنجاح", "הזמנה %d נשלחה ללקוח", "سفارش %d ثبت شد", "user محمد bought %d items", "שלום world מספר %d",
}
