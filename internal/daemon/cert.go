package daemon

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"floord/internal/config"
)

// How long certificates are good. Browsers take no leaf of more than 398 days.
const (
	caYears  = 10
	leafDays = 396
)

// certFiles are the site's certificates, in the folder tls of its data.
func certFiles(cfg *config.Config) (ca, caKey, site, siteKey string) {
	at := func(name string) string { return filepath.Join(string(cfg.Site.Data), "tls", name) }
	return at("ca.crt"), at("ca.key"), at("site.crt"), at("site.key")
}

// Cert makes a certificate for the names in http.hosts, signed by the site's own
// authority, and says to out how to go on. The authority is made the first time;
// it is good for these names and for addresses of private networks only, so that
// a handheld which trusts it trusts it for nothing else. A name that it does not
// cover gets a new authority, which each handheld must be given again.
func Cert(cfg *config.Config, now time.Time, out io.Writer) error {
	caFile, caKeyFile, siteFile, siteKeyFile := certFiles(cfg)
	if err := os.MkdirAll(filepath.Dir(caFile), 0o750); err != nil {
		return fmt.Errorf("certificate: %w", err)
	}
	names, ips := certNames(cfg)
	ca, key, err := readCA(caFile, caKeyFile)
	fresh := err != nil || !covers(ca, names, now)
	if err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("certificate authority: %w", err)
	}
	if fresh {
		if ca, key, err = makeCA(cfg.Site.Name, names, now); err != nil {
			return fmt.Errorf("certificate authority: %w", err)
		}
		if err := putPair(caFile, caKeyFile, ca.Raw, key); err != nil {
			return fmt.Errorf("certificate authority: %w", err)
		}
	}
	leaf, leafKey, err := makeLeaf(ca, key, names, ips, now)
	if err != nil {
		return fmt.Errorf("certificate: %w", err)
	}
	if err := putPair(siteFile, siteKeyFile, leaf, leafKey); err != nil {
		return fmt.Errorf("certificate: %w", err)
	}
	return tellCert(cfg, out, ca, fresh, now)
}

func tellCert(cfg *config.Config, out io.Writer, ca *x509.Certificate, fresh bool, now time.Time) error {
	caFile, _, siteFile, siteKeyFile := certFiles(cfg)
	_, port, _ := net.SplitHostPort(cfg.HTTP.Listen)
	host := "HOST"
	if len(cfg.HTTP.Hosts) > 0 {
		host = cfg.HTTP.Hosts[0]
	}
	var b strings.Builder
	if fresh {
		fmt.Fprintf(&b, "新的根证书 %s：每台手持机都要安装一次。\nA new authority, %s: install it on each handheld, once.\n", caFile, caFile)
	}
	fmt.Fprintf(&b, "指纹 fingerprint SHA-256: %s\n", Fingerprint(ca))
	fmt.Fprintf(&b, "站点证书有效至 the site's certificate is good until %s\n", now.AddDate(0, 0, leafDays).Format(time.DateOnly))
	if cfg.HTTP.TLSCert == "" {
		fmt.Fprintf(&b, "\nfloord.toml:\n[http]\ntls_cert = %q\ntls_key = %q\nplain = \"0.0.0.0:8481\"\n\n"+
			"重启后在手持机上打开 then restart, and on a handheld open http://%s:8481/install (%s: HTTPS)\n", siteFile, siteKeyFile, host, port)
	} else {
		b.WriteString("重启 floord 后生效。 It is used after floord is started anew.\n")
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// Fingerprint is a certificate's SHA-256 in groups that people can compare.
func Fingerprint(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	text := strings.ToUpper(hex.EncodeToString(sum[:]))
	var groups []string
	for g := range slices.Chunk([]byte(text), 4) {
		groups = append(groups, string(g))
	}
	return strings.Join(groups, " ")
}

// certNames are what the site's pages are opened under, names and addresses apart.
func certNames(cfg *config.Config) (names []string, ips []net.IP) {
	all := append([]string{"localhost", "127.0.0.1"}, cfg.HTTP.Hosts...)
	if host, _, err := net.SplitHostPort(cfg.HTTP.Listen); err == nil && host != "" {
		all = append(all, host)
	}
	slices.Sort(all)
	for _, h := range slices.Compact(all) {
		ip := net.ParseIP(h)
		switch {
		case ip == nil:
			names = append(names, strings.ToLower(h))
		case !ip.IsUnspecified():
			ips = append(ips, ip)
		}
	}
	return names, ips
}

// private are the networks that an authority may sign addresses of.
var private = []string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16", "fc00::/7", "fe80::/10", "::1/128"}

func makeCA(site string, names []string, now time.Time) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	var nets []*net.IPNet
	for _, p := range private {
		_, n, err := net.ParseCIDR(p)
		if err != nil {
			return nil, nil, err
		}
		nets = append(nets, n)
	}
	t := &x509.Certificate{
		Subject:   pkix.Name{CommonName: "floord " + site, Organization: []string{"floord"}},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(caYears, 0, 0),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true,
		KeyUsage:                    x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		PermittedDNSDomainsCritical: true, PermittedDNSDomains: names, PermittedIPRanges: nets,
	}
	raw, key, err := sign(t, t, nil)
	if err != nil {
		return nil, nil, err
	}
	c, err := x509.ParseCertificate(raw)
	return c, key, err
}

func makeLeaf(ca *x509.Certificate, caKey *ecdsa.PrivateKey, names []string, ips []net.IP, now time.Time) ([]byte, *ecdsa.PrivateKey, error) {
	return sign(&x509.Certificate{
		Subject:   pkix.Name{CommonName: names[0]},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(0, 0, leafDays),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames: names, IPAddresses: ips,
	}, ca, caKey)
}

// sign gives a new certificate and its key; without a signer's key it signs itself.
func sign(t, by *x509.Certificate, byKey *ecdsa.PrivateKey) ([]byte, *ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	if byKey == nil {
		byKey = key
	}
	if t.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120)); err != nil {
		return nil, nil, err
	}
	raw, err := x509.CreateCertificate(rand.Reader, t, by, &key.PublicKey, byKey)
	return raw, key, err
}

// covers reports whether an authority may sign these names, and for long enough.
func covers(ca *x509.Certificate, names []string, now time.Time) bool {
	for _, n := range names {
		if !slices.Contains(ca.PermittedDNSDomains, n) {
			return false
		}
	}
	return ca.NotAfter.After(now.AddDate(0, 0, leafDays))
}

func readCA(certFile, keyFile string) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	c, err := readPEM(certFile, "CERTIFICATE")
	if err != nil {
		return nil, nil, err
	}
	k, err := readPEM(keyFile, "EC PRIVATE KEY")
	if err != nil {
		return nil, nil, err
	}
	cert, err := x509.ParseCertificate(c)
	if err != nil {
		return nil, nil, err
	}
	key, err := x509.ParseECPrivateKey(k)
	return cert, key, err
}

func readPEM(file, kind string) ([]byte, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	b, _ := pem.Decode(data)
	if b == nil || b.Type != kind {
		return nil, fmt.Errorf("%s holds no %s", file, strings.ToLower(kind))
	}
	return b.Bytes, nil
}

// putPair puts a certificate and its key into place, each whole or not at all;
// the key is for its owner alone.
func putPair(certFile, keyFile string, raw []byte, key *ecdsa.PrivateKey) error {
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	if err := replaceFile(keyFile, &pem.Block{Type: "EC PRIVATE KEY", Bytes: der}, 0o600); err != nil {
		return err
	}
	return replaceFile(certFile, &pem.Block{Type: "CERTIFICATE", Bytes: raw}, 0o644)
}

func replaceFile(file string, b *pem.Block, mode os.FileMode) error {
	var text bytes.Buffer
	if err := pem.Encode(&text, b); err != nil {
		return err
	}
	if err := os.WriteFile(file+".new", text.Bytes(), mode); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}

// siteCA is the site's authority, for those who install it; nil if there is none.
func siteCA(cfg *config.Config) []byte {
	file, _, _, _ := certFiles(cfg)
	raw, err := readPEM(file, "CERTIFICATE")
	if err != nil {
		return nil
	}
	return raw
}
