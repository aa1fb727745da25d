package pdd

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
)

// Sign gives the signature of a call: the upper-case hex MD5 over the secret, all
// parameters but "sign" as name and value in the order of their names, and the
// secret again. The platform's own vector is in testdata/sign-vectors.json.
func Sign(params map[string]string, secret string) string {
	names := make([]string, 0, len(params))
	for name := range params {
		if name != "sign" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var b strings.Builder
	b.WriteString(secret)
	for _, name := range names {
		b.WriteString(name)
		b.WriteString(params[name])
	}
	b.WriteString(secret)
	return strings.ToUpper(md5hex(b.String()))
}

// SocketPath gives the path of the message socket on message-api.pinduoduo.com
// for one moment (milliseconds, in decimal). The digest goes in as base64 of its
// hex text, not of its bytes.
func SocketPath(clientID, secret, ms string) string {
	digest := base64.StdEncoding.EncodeToString([]byte(md5hex(clientID + ms + secret)))
	return "/message/" + clientID + "/" + ms + "/" + url.QueryEscape(digest)
}

// md5hex is what the platform's protocol asks for; it protects nothing else.
func md5hex(s string) string {
	sum := md5.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}
