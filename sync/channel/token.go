package channel

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"floord/internal/filecache"
)

// A Token is what a shop granted a site.
type Token struct {
	Access  string    `json:"access"`
	Refresh string    `json:"refresh,omitempty"`
	Ends    time.Time `json:"ends,omitzero"`
}

// A TokenFile is the name of the file that holds a token: one line of text, or
// the JSON form of Token. It is looked at anew at each use: who renews the token, a
// person or floord itself, replaces the file, and nothing is started again.
type TokenFile string

const maxToken = 16 << 10

// Read reads the token. Without a name there is none, and no error.
func (f TokenFile) Read() (t Token, err error) {
	if f == "" {
		return t, nil
	}
	return tokens.Get(string(f), f.read) // whose error names the path
}

// tokens are those that files held when they last changed.
var tokens filecache.Cache[Token]

func (f TokenFile) read(info os.FileInfo) (t Token, err error) {
	if !info.Mode().IsRegular() || info.Size() > maxToken {
		return t, fmt.Errorf("token file %s: no file of at most %d bytes", f, maxToken)
	}
	data, err := os.ReadFile(string(f))
	if err != nil {
		return t, err
	}
	text := strings.TrimSpace(string(data))
	if strings.HasPrefix(text, "{") {
		if err := json.Unmarshal([]byte(text), &t); err != nil {
			return t, fmt.Errorf("token file %s: %w", f, err)
		}
	} else {
		t.Access = text
	}
	if t.Access == "" || strings.ContainsAny(t.Access+t.Refresh, "\r\n\x00") {
		return Token{}, fmt.Errorf("token file %s: not one line of text", f)
	}
	return t, nil
}

// Write replaces the file; a crash leaves the old one or the new one.
func (f TokenFile) Write(t Token) error {
	data, err := json.Marshal(t)
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(string(f)), ".token-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(append(data, '\n'))
	if err == nil {
		err = tmp.Sync()
	}
	if e := tmp.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(tmp.Name(), string(f))
	}
	return err
}
