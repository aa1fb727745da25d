package drivers

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"floord/sync/channel/api"
	"floord/sync/channel/channelmap"
	"floord/sync/channel/sign"
)

// A Hook is the secrets of a channel's pushes.
type Hook struct {
	Map    *channelmap.Map
	Client string // the app's id
	Secret string // what pushes are signed with; of WeChat "TOKEN AESKEY"
}

// Why a push is not taken.
var (
	ErrForged = errors.New("the signature is not the platform's")
	ErrStale  = errors.New("its stamp is too old or too new")
	ErrNoHook = errors.New("the channel takes no pushes")
)

// maxStale is how far a push's stamp may be from our clock.
const maxStale = 10 * time.Minute

// Verify says whether a push is the platform's own, by its body as it came and
// without reading it. Errors are ErrForged, ErrStale and ErrNoHook.
func (k Hook) Verify(h http.Header, query url.Values, body []byte, now time.Time) error {
	hook := k.Map.Hook()
	if k.Secret == "" {
		return ErrNoHook
	}
	genuine := false
	switch hook.Kind {
	case "hmac":
		genuine = sign.Same(api.Digest(body, k.Secret, hook.Hex), h.Get(hook.Name))
	case "key":
		genuine = sign.Same(k.Secret, query.Get("key"))
	case "douyin":
		genuine = sign.Same(sign.DouyinPush(body, k.Client, k.Secret), h.Get("event-sign"))
	case "wechat":
		token, _, _ := strings.Cut(k.Secret, " ")
		text, signature := "", query.Get("signature")
		if sealed := sealed(body); sealed != "" {
			text, signature = sealed, query.Get("msg_signature")
		}
		genuine = sign.Same(sign.WeChatPush(token, query.Get("timestamp"), query.Get("nonce"), text), signature)
		if n, err := strconv.ParseInt(query.Get("timestamp"), 10, 64); genuine && (err != nil || now.Sub(time.Unix(n, 0)).Abs() > maxStale) {
			return ErrStale
		}
	default:
		return ErrNoHook
	}
	if !genuine {
		return ErrForged
	}
	return nil
}

// Open gives what a push says: WeChat may seal it, and write XML instead of JSON.
func (k Hook) Open(body []byte) ([]byte, error) {
	if k.Map.Hook().Kind != "wechat" {
		return body, nil
	}
	text, err := k.unseal(body)
	if err == nil && bytes.HasPrefix(bytes.TrimSpace(text), []byte("<")) {
		text, err = jsonOf(text)
	}
	return text, err
}

func (k Hook) unseal(body []byte) ([]byte, error) {
	sealed := sealed(body)
	if sealed == "" {
		return body, nil
	}
	_, encoded, _ := strings.Cut(k.Secret, " ")
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded) + "=")
	text, err2 := base64.StdEncoding.DecodeString(sealed)
	if err != nil || err2 != nil || len(key) != 32 || len(text) == 0 || len(text)%aes.BlockSize != 0 {
		return nil, errors.New("the sealed push or its key has a wrong form")
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	cipher.NewCBCDecrypter(block, key[:aes.BlockSize]).CryptBlocks(text, text)
	pad := int(text[len(text)-1]) // to 32, and 16 random bytes and a length stand before
	if pad < 1 || pad > 32 || len(text)-pad < 20 {
		return nil, errors.New("the sealed push does not open with this key")
	}
	n := int(binary.BigEndian.Uint32(text[16:20]))
	if text = text[20 : len(text)-pad]; n < 0 || n > len(text) {
		return nil, errors.New("the sealed push does not open with this key")
	}
	return text[:n], nil
}

// sealed gives the sealed text of WeChat's push; "" if it is plain.
func sealed(body []byte) string {
	if !bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")) {
		return quoted(body, `"Encrypt"`)
	}
	_, rest, _ := bytes.Cut(body, []byte("<Encrypt>"))
	text, _, closed := bytes.Cut(rest, []byte("</Encrypt>"))
	if !closed {
		return ""
	}
	text = bytes.TrimSpace(text)
	text = bytes.TrimSuffix(bytes.TrimPrefix(text, []byte("<![CDATA[")), []byte("]]>"))
	return string(bytes.TrimSpace(text))
}

// maxXML bounds how deep a push in XML may be nested.
const maxXML = 8

// jsonOf gives WeChat's XML as the JSON it would have been: elements are members, and
// an element that holds JSON is that.
func jsonOf(text []byte) ([]byte, error) {
	d := xml.NewDecoder(bytes.NewReader(text))
	for {
		token, err := d.Token()
		if err != nil {
			return nil, fmt.Errorf("push: %w", err)
		}
		if _, root := token.(xml.StartElement); root {
			v, err := element(d, 0)
			if err != nil {
				return nil, fmt.Errorf("push: %w", err)
			}
			return json.Marshal(v)
		}
	}
}

// element reads what stands up to the end of an element that has begun.
func element(d *xml.Decoder, depth int) (any, error) {
	if depth == maxXML {
		return nil, fmt.Errorf("nested deeper than %d", maxXML)
	}
	var text strings.Builder
	members := map[string]any{}
	for {
		token, err := d.Token()
		if err != nil {
			return nil, err
		}
		switch x := token.(type) {
		case xml.CharData:
			text.Write(x)
		case xml.StartElement:
			if _, twice := members[x.Name.Local]; twice {
				return nil, fmt.Errorf("%q said twice", x.Name.Local)
			}
			if members[x.Name.Local], err = element(d, depth+1); err != nil {
				return nil, err
			}
		case xml.EndElement:
			said := strings.TrimSpace(text.String())
			switch {
			case len(members) > 0:
				return members, nil
			case strings.HasPrefix(said, "{") && json.Valid([]byte(said)):
				return json.RawMessage(said), nil
			}
			return said, nil
		}
	}
}

// quoted gives the plain string behind a name in JSON, without reading the rest.
func quoted(body []byte, name string) string {
	_, rest, found := bytes.Cut(body, []byte(name))
	rest = bytes.TrimLeft(rest, " \t\r\n:")
	if !found || len(rest) == 0 || rest[0] != '"' {
		return ""
	}
	text, _, closed := bytes.Cut(rest[1:], []byte{'"'})
	if !closed {
		return ""
	}
	return strings.ReplaceAll(string(text), `\/`, "/")
}
