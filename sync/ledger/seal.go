package ledger

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// keyPrefix begins a key file; the rest is the key in hex.
const keyPrefix = "floord-key-1 "

// readKey reads the key file. A missing file is an error here: see createMissing.
func readKey(path string) ([]byte, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("its key file %s is missing: put it back from where it was kept, no ledger can be read without its key", path)
	}
	if err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("key file %s can be read by others: chmod 600 %s", path, path)
	}
	text, err := io.ReadAll(io.LimitReader(f, 1024))
	if err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	digits, ok := strings.CutPrefix(strings.TrimSpace(string(text)), keyPrefix)
	key, err := hex.DecodeString(digits)
	if !ok || err != nil || len(key) != 32 {
		return nil, fmt.Errorf("%s is not a key file of floord: put the right one back from where it was kept", path)
	}
	return key, nil
}

// createKey writes a new key file unless there is one.
func createKey(path string) error {
	if _, err := os.Lstat(path); err == nil {
		return nil
	}
	key := make([]byte, 32)
	rand.Read(key)
	return install(path, func(f *os.File) error {
		_, err := fmt.Fprintf(f, "%s%x\n", keyPrefix, key)
		return err
	})
}

// seals holds one AES-256-GCM for every bucket, each with a key of its own
// derived from the master key. So a row sealed for one bucket opens in no other,
// and the limit of random nonces (2^32 rows under one key) holds per bucket.
//
// It also holds what packs payloads: no two ledgers share it, so that a ledger
// can live in a test's bubble.
type seals struct {
	master []byte
	pack   *zstd.Encoder
	unpack *zstd.Decoder

	mu       sync.RWMutex
	byBucket map[string]cipher.AEAD // guarded by mu
}

// sealOverhead is what sealing adds to a row: nonce and tag.
const sealOverhead = 12 + 16

func newSeals(master []byte) *seals {
	pack, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true))
	if err != nil {
		panic(err) // the options are right
	}
	unpack, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(2), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(maxFrame))
	if err != nil {
		panic(err)
	}
	return &seals{master: master, pack: pack, unpack: unpack, byBucket: map[string]cipher.AEAD{}}
}

// id names the key without giving it away; it stands unsealed in the file so
// that a wrong key file can be told from a damaged ledger.
func (s *seals) id() string {
	return hex.EncodeToString(s.derive("id", 8))
}

func (s *seals) of(bucket string) cipher.AEAD {
	s.mu.RLock()
	aead := s.byBucket[bucket]
	s.mu.RUnlock()
	if aead != nil {
		return aead
	}
	block, err := aes.NewCipher(s.derive("bucket/"+bucket, 32))
	if err != nil {
		panic(err) // the key has the right length
	}
	if aead, err = cipher.NewGCMWithRandomNonce(block); err != nil {
		panic(err)
	}
	s.mu.Lock()
	s.byBucket[bucket] = aead
	s.mu.Unlock()
	return aead
}

func (s *seals) derive(what string, n int) []byte {
	key, err := hkdf.Key(sha256.New, s.master, nil, "floord ledger "+what, n)
	if err != nil {
		panic(err) // n is small
	}
	return key
}
