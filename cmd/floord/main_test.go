package main

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"floord": func() { os.Exit(run(context.Background(), os.Args)) },
	})
}

// TestCommands tells the stories in testdata, as a person would type them.
func TestCommands(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata", RequireExplicitExec: true, Setup: func(env *testscript.Env) error {
		// Today on the site, as orders' numbers and commands write it.
		now := time.Now().In(time.FixedZone("UTC+8", 8*3600))
		env.Setenv("DAY", now.Format(time.DateOnly))
		env.Setenv("TODAY", now.Format("20060102"))
		return nil
	}})
}
