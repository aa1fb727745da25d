package main

import (
	"path/filepath"
	"testing"

	"os"
)

// Every session that is kept beside the profiles is read by its driver as it was when
// it was kept. A new one is one command: floord device record PORT --profile
// VENDOR/MODEL --golden --out firmware-profiles/FAULT.session.
func TestSessions(t *testing.T) {
	all, err := filepath.Glob("../../firmware-profiles/*.session")
	if err != nil || len(all) < 4 {
		t.Fatalf("%d sessions, %v", len(all), err)
	}
	for _, path := range all {
		t.Run(filepath.Base(path), func(t *testing.T) {
			said, err := replayed(path, "", "")
			if err != nil {
				t.Fatal(err)
			}
			want, err := os.ReadFile(wantOf(path))
			if err != nil {
				t.Fatal(err)
			}
			if err := differs(said, want); err != nil {
				t.Error(err)
			}
		})
	}
}
