package ledger
import ("testing";"os";"strconv")
func BenchmarkProf(b *testing.B) {
	w, _ := strconv.Atoi(os.Getenv("W"))
	var s store
	switch os.Getenv("S") { case "whole": s = ledgerStore(b, "l", nil); case "bare": s = bareStore(b); default: s = ledgerStore(b,"l",foldOne)}
	first := 0
	for b.Loop() { load(b, s, w, first, 10000); first += 10000 }
}
