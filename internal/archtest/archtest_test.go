package archtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"unicode"
)

// A pkg is a package as the go command lists it, its path without the module's.
// Imports are those of GoFiles; TestImports those of the tests.
type pkg struct {
	ImportPath, Dir, Name              string
	GoFiles, TestGoFiles, XTestGoFiles []string
	Imports, TestImports               []string `json:"-"`
}

type tree struct {
	root, module string
	requires     []string // modules of go.mod
	pkgs         []pkg
	files        map[string]*ast.File // parsed, by path relative to root
	fset         *token.FileSet
}

// load reads the module once for all tests.
var load = sync.OnceValues(func() (*tree, error) {
	gomod, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return nil, err
	}
	t := &tree{root: filepath.Dir(strings.TrimSpace(string(gomod))), files: map[string]*ast.File{}, fset: token.NewFileSet()}
	if err := t.readMod(); err != nil {
		return nil, err
	}
	if err := t.list(); err != nil {
		return nil, err
	}
	for i := range t.pkgs {
		if err := t.parse(&t.pkgs[i]); err != nil {
			return nil, err
		}
	}
	return t, nil
})

func (t *tree) readMod() error {
	data, err := os.ReadFile(filepath.Join(t.root, "go.mod"))
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(data)) {
		f := strings.Fields(line)
		switch {
		case len(f) == 2 && f[0] == "module":
			t.module = f[1]
		case len(f) >= 2 && strings.HasPrefix(f[1], "v") && strings.Contains(f[0], "."):
			t.requires = append(t.requires, f[0])
		}
	}
	return nil
}

func (t *tree) list() error {
	cmd := exec.Command("go", "list", "-find", "-json=ImportPath,Dir,Name,GoFiles,TestGoFiles,XTestGoFiles", "./...")
	cmd.Dir = t.root
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return fmt.Errorf("go list: %s", exit.Stderr)
	} else if err != nil {
		return err
	}
	d := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p pkg
		if err := d.Decode(&p); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		p.ImportPath = strings.TrimPrefix(p.ImportPath, t.module+"/")
		t.pkgs = append(t.pkgs, p)
	}
}

func (t *tree) parse(p *pkg) error {
	for _, name := range slices.Concat(p.GoFiles, p.TestGoFiles, p.XTestGoFiles) {
		f, err := parser.ParseFile(t.fset, filepath.Join(p.Dir, name), nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		t.files[path.Join(p.ImportPath, name)] = f
		for _, spec := range f.Imports {
			imp, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if strings.HasSuffix(name, "_test.go") {
				p.TestImports = append(p.TestImports, imp)
			} else {
				p.Imports = append(p.Imports, imp)
			}
		}
	}
	return nil
}

func read(t *testing.T) *tree {
	t.Helper()
	tr, err := load()
	if err != nil {
		t.Fatal(err)
	}
	if len(tr.pkgs) < 20 || len(tr.requires) < 20 {
		t.Fatalf("only %d packages and %d modules found: the checks would see nothing", len(tr.pkgs), len(tr.requires))
	}
	return tr
}

// covers says whether pattern speaks of the package.
func covers(pattern, name string) bool {
	if folder, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(name, folder)
	}
	return pattern == name
}

func covered(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return covers(p, name) })
}

// row gives the package's row of the table: its own, or that of the longest
// pattern that covers it.
func row(name string) (may []string, key string, ok bool) {
	if may, ok = mayImport[name]; ok {
		return may, name, true
	}
	for k := range mayImport {
		if strings.HasSuffix(k, "*") && covers(k, name) && len(k) > len(key) {
			key, may, ok = k, mayImport[k], true
		}
	}
	return may, key, ok
}

func TestImportsGoDownOnly(t *testing.T) {
	tr := read(t)
	for _, p := range tr.pkgs {
		if slices.Contains(forTests, p.ImportPath) {
			continue
		}
		may, _, ok := row(p.ImportPath)
		if !ok {
			t.Errorf("%s has no row in mayImport: say what it may import", p.ImportPath)
			continue
		}
		for _, imp := range p.Imports {
			name, ours := strings.CutPrefix(imp, tr.module+"/")
			if ours && !covered(may, name) {
				t.Errorf("%s imports %s, and may import only %v", p.ImportPath, name, may)
			}
			if ours && slices.Contains(forTests, name) && !strings.HasPrefix(p.ImportPath, "internal/sim") {
				t.Errorf("%s imports %s, which is for tests", p.ImportPath, name)
			}
		}
	}
}

func TestEveryRowOfTheTableIsUsed(t *testing.T) {
	tr := read(t)
	for key := range mayImport {
		used := slices.ContainsFunc(tr.pkgs, func(p pkg) bool { _, k, _ := row(p.ImportPath); return k == key })
		if !used && !slices.Contains(waiting, key) {
			t.Errorf("no package takes the row %q", key)
		}
	}
	for _, name := range slices.Concat(forTests, pure) {
		if !slices.ContainsFunc(tr.pkgs, func(p pkg) bool { return p.ImportPath == name }) {
			t.Errorf("there is no package %s", name)
		}
	}
}

// moduleOf gives the module of go.mod that an import path belongs to.
func (t *tree) moduleOf(imp string) string {
	found := ""
	for _, m := range t.requires {
		if (imp == m || strings.HasPrefix(imp, m+"/")) && len(m) > len(found) {
			found = m
		}
	}
	return found
}

func isStandard(imp string) bool {
	first, _, _ := strings.Cut(imp, "/")
	return !strings.Contains(first, ".")
}

func TestModulesStayInTheirPlace(t *testing.T) {
	tr := read(t)
	documented, err := os.ReadFile(filepath.Join(tr.root, "docs", "DEPENDENCIES.md"))
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, p := range tr.pkgs {
		for _, imp := range slices.Concat(p.Imports, p.TestImports) {
			if isStandard(imp) || strings.HasPrefix(imp, tr.module+"/") {
				continue
			}
			m := tr.moduleOf(imp)
			used[m] = true
			places, known := onlyIn[m]
			if !known {
				t.Errorf("%s imports %s of module %q, which has no row in onlyIn", p.ImportPath, imp, m)
			}
			if slices.Contains(p.Imports, imp) && known && !slices.Contains(forTests, p.ImportPath) && !covered(places, p.ImportPath) {
				t.Errorf("%s imports %s, which may be used only in %v", p.ImportPath, imp, places)
			}
		}
	}
	for m := range used {
		if !strings.Contains(string(documented), "`"+m+"`") {
			t.Errorf("docs/DEPENDENCIES.md does not say why %s was chosen", m)
		}
	}
	for m := range onlyIn {
		if !used[m] && !slices.Contains(waiting, m) {
			t.Errorf("onlyIn has a row for %s, which nothing imports", m)
		}
	}
}

func TestPurePackagesTouchNothing(t *testing.T) {
	tr := read(t)
	barred := []string{"os", "net", "net/*", "log", "log/*", "syscall", "math/rand", "io/fs", "path/filepath"}
	for _, p := range tr.pkgs {
		if !slices.Contains(pure, p.ImportPath) {
			continue
		}
		for _, imp := range p.Imports {
			if covered(barred, imp) && imp != "net/url" {
				t.Errorf("%s imports %s", p.ImportPath, imp)
			}
		}
		for _, name := range p.GoFiles {
			tr.calls(path.Join(p.ImportPath, name), func(at token.Position, on, method string) {
				if on == "time" && (method == "Now" || method == "Since" || method == "Until" || method == "Sleep") {
					t.Errorf("%s: time.%s: pure code is given its now", at, method)
				}
			})
		}
	}
}

// calls calls f for every call on.method(...) of a file where on is a plain name.
func (t *tree) calls(file string, f func(at token.Position, on, method string)) {
	ast.Inspect(t.files[file], func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		if sel, ok := call.Fun.(*ast.SelectorExpr); ok {
			if on, ok := sel.X.(*ast.Ident); ok {
				f(t.position(call.Pos()), on.Name, sel.Sel.Name)
			}
		}
		return true
	})
}

func (t *tree) position(p token.Pos) token.Position {
	at := t.fset.Position(p)
	at.Filename = strings.TrimPrefix(at.Filename, t.root+"/")
	return at
}

// The comment stands once, in the file named like the package or its folder.
func TestEveryPackageSaysItsJob(t *testing.T) {
	tr := read(t)
	for _, p := range tr.pkgs {
		if len(p.GoFiles) == 0 {
			continue // tests alone
		}
		want, homes := "Package "+p.Name+" ", []string{p.Name + ".go"}
		if p.Name == "main" {
			want, homes = "Command "+path.Base(p.ImportPath)+" ", []string{"main.go", path.Base(p.ImportPath) + ".go"}
		}
		said := 0
		for _, name := range p.GoFiles {
			doc := tr.files[path.Join(p.ImportPath, name)].Doc.Text()
			if doc == "" {
				continue
			}
			said++
			if !slices.Contains(homes, name) || !strings.HasPrefix(doc, want) {
				t.Errorf("%s/%s: the package comment belongs into %v and begins with %q", p.ImportPath, name, homes, want)
			}
		}
		if said != 1 {
			t.Errorf("%s has %d package comments; want one, in %v", p.ImportPath, said, homes)
		}
	}
}

func TestSyncHoldsOnlyPackages(t *testing.T) {
	tr := read(t)
	files, err := filepath.Glob(filepath.Join(tr.root, "sync", "*.go"))
	if err != nil || len(files) > 0 {
		t.Errorf("sync/ holds Go files of its own: %v, %v", files, err)
	}
	if _, err := os.Stat(filepath.Join(tr.root, "sync", "README.md")); err != nil {
		t.Error(err)
	}
}

// Every test runs everywhere. (rapid's Skip only drops a step of a random run.)
func TestNoTestIsSkipped(t *testing.T) {
	tr := read(t)
	for name, f := range tr.files {
		if !strings.HasSuffix(name, "_test.go") {
			continue
		}
		testers := map[string]bool{}
		ast.Inspect(f, func(n ast.Node) bool {
			if field, ok := n.(*ast.Field); ok && isTester(field.Type) {
				for _, id := range field.Names {
					testers[id.Name] = true
				}
			}
			return true
		})
		tr.calls(name, func(at token.Position, on, method string) {
			if testers[on] && strings.HasPrefix(method, "Skip") {
				t.Errorf("%s: %s.%s: make the test's need part of ./test, or give it a short form", at, on, method)
			}
		})
	}
}

func isTester(e ast.Expr) bool {
	if star, ok := e.(*ast.StarExpr); ok {
		e = star.X
	}
	sel, ok := e.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	on, ok := sel.X.(*ast.Ident)
	return ok && on.Name == "testing"
}

// Only a command prints, exits or logs by itself; everybody else returns.
func TestOnlyCommandsPrintAndExit(t *testing.T) {
	tr := read(t)
	for _, p := range tr.pkgs {
		if p.Name == "main" || slices.Contains(forTests, p.ImportPath) {
			continue
		}
		for _, name := range p.GoFiles {
			tr.calls(path.Join(p.ImportPath, name), func(at token.Position, on, method string) {
				call := on + "." + method
				if slices.Contains([]string{"fmt.Print", "fmt.Println", "fmt.Printf", "os.Exit"}, call) || on == "log" && strings.HasPrefix(method, "Fatal") {
					t.Errorf("%s: %s outside a command", at, call)
				}
			})
		}
	}
}

// Errors read as one sentence from far to near.
func TestErrorsReadAsOneSentence(t *testing.T) {
	tr := read(t)
	for name, f := range tr.files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				return true
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			lit, isLit := call.Args[0].(*ast.BasicLit)
			if !ok || !isLit || lit.Kind != token.STRING {
				return true
			}
			on, ok := sel.X.(*ast.Ident)
			if !ok || on.Name+"."+sel.Sel.Name != "errors.New" && on.Name+"."+sel.Sel.Name != "fmt.Errorf" {
				return true
			}
			if text, err := strconv.Unquote(lit.Value); err == nil {
				if wrong := sentence(text); wrong != "" {
					t.Errorf("%s: %q %s", tr.position(lit.Pos()), text, wrong)
				}
			}
			return true
		})
	}
}

// sentence says what is wrong with the text of an error, if anything.
func sentence(text string) string {
	runes := []rune(text)
	switch {
	case strings.Contains(text, "failed to"):
		return `says "failed to": say what was being done`
	case strings.HasSuffix(text, ".") || strings.HasSuffix(text, "!"):
		return "ends with a stop"
	case len(runes) > 1 && unicode.IsUpper(runes[0]) && unicode.IsLower(runes[1]):
		return "begins with a capital"
	}
	return ""
}

func TestSentence(t *testing.T) {
	for text, ok := range map[string]bool{
		"open ledger %s: %w": true, "TLS needs a key": true, "%d asked": true,
		"failed to open": false, "it broke.": false, "Open ledger": false,
	} {
		if got := sentence(text); (got == "") != ok {
			t.Errorf("sentence(%q) = %q", text, got)
		}
	}
}

// link finds a Markdown link or picture that is not on the network.
var link = regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)

func TestPagesLinkToWhatIsThere(t *testing.T) {
	tr := read(t)
	var pages []string
	for _, pattern := range []string{"*.md", "docs/*.md", "sync/*.md"} {
		found, err := filepath.Glob(filepath.Join(tr.root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, found...)
	}
	links := 0
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			links++
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), m[1])); err != nil {
				t.Errorf("%s links to %s: %v", strings.TrimPrefix(page, tr.root+"/"), m[1], err)
			}
		}
	}
	if links < 10 {
		t.Errorf("found only %d links", links)
	}
}

// machine finds names of somebody's own machine or of where packages come from.
var machine = regexp.MustCompile(`(?i)(^|[^\w/.])/(` + strings.Join([]string{"work", "home", "Users"}, "|") + `)/\w|[a-z]:\\users\\|` +
	`\b(?:(?:go)?proxy|registry|mirrors?)\.[a-z]+\.[a-z]+`)

func TestTreeNamesNobodysMachine(t *testing.T) {
	tr := read(t)
	looked := 0
	err := filepath.WalkDir(tr.root, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(tr.root, name) // below root
		if e.IsDir() {
			if base := e.Name(); rel != "." && (strings.HasPrefix(base, ".") && base != ".ci" || strings.HasPrefix(base, "demo-") || base == "node_modules") {
				return fs.SkipDir
			}
			return nil
		}
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() || info.Size() > 8<<20 || rel == "internal/archtest/archtest_test.go" || rel == "go.sum" || rel == ".git" {
			return err
		}
		data, err := os.ReadFile(name)
		if err != nil || !isText(data) {
			return err
		}
		looked++
		for i, line := range strings.Split(string(data), "\n") {
			if m := machine.FindString(line); m != "" {
				t.Errorf("%s:%d names %q", rel, i+1, m)
			}
		}
		return nil
	})
	if err != nil || looked < 100 {
		t.Errorf("looked at %d files, %v", looked, err)
	}
}

func isText(data []byte) bool {
	return !slices.Contains(data[:min(len(data), 8000)], 0)
}

func TestMachine(t *testing.T) {
	for text, want := range map[string]bool{
		"see /" + "work/main": true, `"/home/li/x"`: true, `C:\Users\li`: true, "https://proxy.example.org": true,
		"/var/lib/floord": false, "https://x.cn/home/a": false, "pick/home/": false,
	} {
		if got := machine.MatchString(text); got != want {
			t.Errorf("machine matches %q: %v", text, got)
		}
	}
}
