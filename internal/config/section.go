package config

import (
	"errors"
	"regexp"
	"strings"
)

// Mistakes reads the file at path as it is now and gives all that is wrong in it,
// also of devices and profiles, by place.
func Mistakes(path string) []Problem {
	c, err := Load(path)
	if wrong := (*Error)(nil); errors.As(err, &wrong) {
		return wrong.all
	}
	return c.Problems
}

// A Section is one [[table]] of a file as it is written there.
type Section struct {
	ID   string // its key "id"
	Line int
	Text string // without what may be a secret
}

var (
	sectionHead = regexp.MustCompile(`^\s*\[\[?\s*([A-Za-z_.-]+)\s*\]\]?`)
	sectionID   = regexp.MustCompile(`^\s*id\s*=\s*["']([^"']+)["']`)
	secretValue = regexp.MustCompile(`(?i)^(\s*\w*(?:secret|token|password|key|badge)\w*\s*=\s*).*`)
	secretName  = regexp.MustCompile(`(?i)^\s*\w+_(?:file|ends)\s*=`)
)

// Sections gives the [[table]] entries of a TOML text, each with the tables below it,
// in their order. It is for people to look at: what is written in another form of
// TOML is not found.
func Sections(text, table string) []Section {
	var out []Section
	in := false
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimRight(line, "\r")
		if m := sectionHead.FindStringSubmatch(line); m != nil {
			if m[1] == table {
				in, out = true, append(out, Section{Line: i + 1})
			} else {
				in = in && strings.HasPrefix(m[1], table+".")
			}
		}
		if !in {
			continue
		}
		s := &out[len(out)-1]
		if m := sectionID.FindStringSubmatch(line); m != nil && s.ID == "" {
			s.ID = m[1]
		}
		if !secretName.MatchString(line) {
			line = secretValue.ReplaceAllString(line, `$1"***"`)
		}
		s.Text += line + "\n"
	}
	for i := range out {
		out[i].Text = strings.TrimRight(out[i].Text, "\n ")
	}
	return out
}
