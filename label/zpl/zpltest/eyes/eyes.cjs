// Renders labels with zpl-renderer-js and packs pictures with zpl-image. Each line
// of standard input is a JSON request, each line of its output the answer to it; it
// ends with its input.
const { ready } = require("zpl-renderer-js");
const { rgbaToZ64, rgbaToACS } = require("zpl-image");

// render draws the labels of one stream, all of one size; rounds is how often, for
// the clock.
async function render({ zpl, width, height, dpmm, rounds }) {
  const { api } = await ready;
  let labels, best = Infinity;
  for (let i = 0; i < (rounds || 1); i++) {
    const from = process.hrtime.bigint();
    labels = await api.zplToBase64MultipleAsync(zpl, width, height, dpmm);
    best = Math.min(best, Number(process.hrtime.bigint() - from) / 1e6);
  }
  return { labels, milliseconds: best };
}

// pack gives a picture as the other encoder packs it; bits are rows of whole bytes.
function pack({ bits, width }) {
  const raw = Buffer.from(bits, "base64");
  const stride = Math.ceil(width / 8);
  const rgba = Buffer.alloc(4 * width * (raw.length / stride), 255);
  for (let i = 0; i < rgba.length / 4; i++) {
    const x = i % width, y = (i - x) / width;
    if (raw[y * stride + (x >> 3)] & (0x80 >> (x & 7))) rgba.fill(0, 4 * i, 4 * i + 3);
  }
  return { z64: rgbaToZ64(rgba, width, { notrim: true }).z64, acs: rgbaToACS(rgba, width, { notrim: true }).acs };
}

// An error is one line: Node would print the line of the source that threw, and
// that is the whole wasm.
function fail(e) {
  process.stderr.write(String(e).slice(0, 2000) + "\n", () => process.exit(1));
}
process.on("uncaughtException", fail);
process.on("unhandledRejection", fail);

let last = Promise.resolve();
require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
  last = last.then(async () => {
    const ask = JSON.parse(line);
    const answer = ask.zpl === undefined ? pack(ask) : await render(ask);
    process.stdout.write(JSON.stringify(answer) + "\n");
  });
}).on("close", () => last.then(() => process.exit(0))); // the wasm would run on
