package channel

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// TokenFile gives a function that reads a token from a file, anew each time: who
// renews the token replaces the file, and nothing needs to be started again.
func TokenFile(path string) func() (string, error) {
	return func() (string, error) {
		f, err := os.Open(path)
		if err != nil {
			return "", err // names the path
		}
		defer f.Close()
		const most = 4 << 10
		data, err := io.ReadAll(io.LimitReader(f, most+1))
		if err != nil {
			return "", err
		}
		token := strings.TrimSpace(string(data))
		if token == "" || len(data) > most || strings.ContainsAny(token, "\r\n\x00") {
			return "", fmt.Errorf("token file %s: not one line of text", path)
		}
		return token, nil
	}
}
