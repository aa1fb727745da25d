package foreman_test

import (
	"flag"
	"os"
	"testing"

	"floord/sync/ledger/ledgertest"
)

// TestMain makes the property test's runs long enough to bring orders through,
// unless the command line says otherwise.
func TestMain(m *testing.M) {
	flag.Set("rapid.steps", "150")
	flag.Set("rapid.checks", "40")
	flag.Parse()
	os.Exit(ledgertest.Main(m, map[string]ledgertest.Child{"whole way": wholeWay}))
}
