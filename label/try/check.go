package try

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"floord/label"
	"floord/label/lang"
)

// ErrMistakes is what Check returns when it found some.
var ErrMistakes = errors.New("mistakes found")

// Check reads templates, files or folders of NAME.toml, and lays each out with a
// sample order in every language, at 203 and 300 dpi and in both languages of a
// site. It writes a line for each template and for each of its mistakes. The
// error is ErrMistakes, or one of reading or writing.
func Check(w io.Writer, paths ...string) error {
	var files []string
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			return err
		}
		if !info.IsDir() {
			files = append(files, p)
			continue
		}
		in, err := filepath.Glob(filepath.Join(p, "*.toml"))
		if err != nil {
			return err
		}
		if len(in) == 0 {
			return fmt.Errorf("%s: no templates, which are called NAME.toml", p)
		}
		files = append(files, in...)
	}
	bad := false
	for _, file := range files {
		dir, name := filepath.Split(file)
		if dir == "" {
			dir = "."
		}
		line, err := checkOne(os.DirFS(dir), name)
		if err != nil {
			bad = true
			line = strings.ReplaceAll(err.Error(), name+": ", filepath.Join(dir, name)+": ")
		}
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	if bad {
		return ErrMistakes
	}
	return nil
}

// checkOne says that a template is right and how many bytes its sample takes.
func checkOne(dir fs.FS, file string) (string, error) {
	t, err := label.ReadTemplate(dir, file)
	if err != nil {
		return "", err
	}
	line := fmt.Sprintf("%s: %s, for a %s, as", file, t.Name, t.For)
	seen := map[string]bool{}
	var errs []error
	for _, l := range lang.Names {
		for _, dpi := range []int{203, 300} {
			for _, words := range []string{"zh", "en"} {
				page, err := t.Sample(words)
				var job label.Job
				if err == nil {
					job, err = lang.Printer{Language: l, DPI: dpi}.Encode(page)
				}
				if err != nil && !seen[err.Error()] {
					seen[err.Error()] = true
					errs = append(errs, fmt.Errorf("%s: %s at %d dpi, %s: %w", file, l, dpi, words, err))
				}
				if dpi == 203 && words == "zh" {
					line += fmt.Sprintf(" %s %d bytes", l, len(job.Bytes))
				}
			}
		}
	}
	return line, errors.Join(errs...)
}
