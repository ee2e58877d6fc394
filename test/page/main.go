// Page takes the pictures of the page in docs/ with Debian's chromium, of a cluster that
// runs:
//
//	sluice devenv --headless &
//	go run ./test/page -out docs
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"time"

	"github.com/chromedp/chromedp"

	"sluice/internal/chromium"
)

// picture is one of them: what is opened, how, and what is done before it is taken.
type picture struct {
	name          string
	width, height int64
	theme         string
	view          string
	settle        time.Duration // how long records are let come
	steps         []chromedp.Action[chromedp.Void]
}

func main() {
	url := flag.String("url", "http://127.0.0.1:5580", "the proxy")
	out := flag.String("out", "docs", "folder of the pictures")
	flag.Parse()
	if err := run(*url, *out); err != nil {
		fmt.Fprintln(os.Stderr, "take pictures:", err)
		os.Exit(1)
	}
}

// keys presses keys, each a moment after the other.
func keys(list ...string) (steps []chromedp.Action[chromedp.Void]) {
	for _, k := range list {
		steps = append(steps, chromedp.KeyEvent(k), chromedp.Sleep(500*time.Millisecond))
	}
	return steps
}

func pictures() []picture {
	found := append(keys("E"), chromedp.Click(chromedp.CSS(".row.chosen")), chromedp.Sleep(time.Second))
	named := []chromedp.Action[chromedp.Void]{
		chromedp.Click(chromedp.CSS("#open")), chromedp.Sleep(2 * time.Second),
	}
	named = append(append(named, keys("sys", " ", "acme", " ")...), keys("ten")...)
	return []picture{
		{"page.png", 1080, 540, "dark", "#system&tenant%2Facme", 25 * time.Second, nil},
		{"page-several.png", 1080, 430, "dark", "#system%2Btenant%2F*;level=info", 10 * time.Second, nil},
		{"page-record.png", 1080, 540, "dark", "#tenant%2Facme;search=failed", 10 * time.Second, found},
		{"page-light.png", 1080, 540, "light", "#tenant%2Facme;level=info;filter=-health", 10 * time.Second, keys(" ")},
		{"page-picker.png", 960, 500, "dark", "#system", 5 * time.Second, named},
		{"page-phone.png", 390, 700, "dark", "#tenant%2Facme", 10 * time.Second, nil},
	}
}

func run(url, out string) error {
	dir, err := os.MkdirTemp("", "sluice-page")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), chromium.Options(dir)...)
	defer cancel()
	ctx, cancel = chromedp.NewContext(ctx)
	defer cancel()
	if err := chromedp.Do(ctx); err != nil {
		return err
	}
	for _, p := range pictures() {
		if err := take(ctx, p, url, filepath.Join(out, p.name)); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return nil
}

func take(ctx context.Context, p picture, url, path string) error {
	steps := append([]chromedp.Action[chromedp.Void]{
		chromedp.EmulateViewport(p.width, p.height),
		chromedp.Navigate(url + "/"), // another address but for what stands behind the # is no other page
	}, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := chromedp.Evaluate[bool](`localStorage.setItem("sluice-theme", "`+p.theme+`") ?? true`)(ctx, t)
		return err
	}), chromedp.Navigate("about:blank"), chromedp.Navigate(url+"/"+p.view), chromedp.Sleep(p.settle))
	if err := chromedp.Do(ctx, append(steps, p.steps...)...); err != nil {
		return err
	}
	shot, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		return err
	}
	return write(path, shot)
}

// write writes a picture with fewer shades, of which it needs few: it is less than half
// as large then.
func write(path string, shot []byte) error {
	from, err := png.Decode(bytes.NewReader(shot))
	if err != nil {
		return err
	}
	to := image.NewRGBA(from.Bounds())
	for y := to.Rect.Min.Y; y < to.Rect.Max.Y; y++ {
		for x := to.Rect.Min.X; x < to.Rect.Max.X; x++ {
			r, g, b, _ := from.At(x, y).RGBA()
			to.SetRGBA(x, y, color.RGBA{fewer(r), fewer(g), fewer(b), 0xff})
		}
	}
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, to); err != nil {
		return err
	}
	return os.WriteFile(path, out.Bytes(), 0o644)
}

// fewer is the nearest of 64 shades.
func fewer(shade uint32) uint8 {
	return uint8(((shade>>8)*63 + 127) / 255 * 255 / 63)
}
