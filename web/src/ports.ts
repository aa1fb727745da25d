// The part of the set-up page that looks at the machine's ports: what hangs on them,
// which scale it is, what it says, and what the doctor finds. Nothing is sent to a device.

import { h, lang, put, say } from "./lib";

type Ask = (method: string, path: string, body?: any) => Promise<any>;

/** Text gives a file; it is null, and the trouble is shown, where there is none. */
type Text = (path: string, body?: any) => Promise<string | null>;

/** Keep gives the text of a session, if there is one. */
export type Keep = () => Promise<string | null>;

/** saved is a button that hands a session to the browser as a file. */
export function saved(keep: Keep, name: string): HTMLElement {
  return h("button.small.save", { type: "button", onclick: async () => {
    const text = await keep();
    if (text) save(text, name);
  } }, say("ports-save"));
}

function save(text: string, name: string): void {
  const a = h("a", { href: URL.createObjectURL(new Blob([text], { type: "text/plain" })), download: name + ".session" }) as HTMLAnchorElement;
  document.body.appendChild(a);
  a.click();
  document.body.removeChild(a);
  window.setTimeout(() => URL.revokeObjectURL(a.href), 10000);
}

export async function ports(ask: Ask, text: Text, list: HTMLElement, side: HTMLElement): Promise<void> {
  const all = await ask("GET", "/ports");
  if (!all || !list.isConnected) return;
  const again = () => ports(ask, text, list, side);
  put(list, h("h2", null, say("setup-ports"), h("span.acts", null, h("button.small", { type: "button", onclick: again }, say("ports-again")), h("button.small", { type: "button", onclick: () => doctor(ask, side) }, say("ports-doctor")))),
    h("p.hint", null, say("ports-how")), all.length ? h("div.ports", null, all.map((p: any) => port(p, ask, text, side))) : h("p.none", null, say("ports-none")));
  if (!side.firstChild) doctor(ask, side);
}

function port(p: any, ask: Ask, text: Text, side: HTMLElement): HTMLElement {
  const ours = p.station && p.station + " · " + say(p.kind);
  return h("div.port", null, h("b", null, p.path),
    p.names.filter((n: string) => n !== p.path).map((n: string) => h("small", null, n)),
    h("p", null, [ours, p.says, p.shared && say("ports-shared")].concat(p.holders).filter((x: any) => x).join(" · ")),
    p.trouble && h("p.bad", null, p.trouble[lang]),
    h("span.acts", null,
      (!ours || p.kind === "scale") && h("button.small", { type: "button", onclick: () => identify(p.path, ask, side) }, say("ports-identify")),
      !ours && h("button.small", { type: "button", onclick: () => record(p.path, text, side) }, say("ports-record"))));
}

/** bytes shows what came, as the live feed does. */
function bytes(lines: string[][]): HTMLElement {
  return h("div.feed", null, h("pre", { tabindex: 0 }, lines.map((l) => h("div", null, h("time", null, l[0]), h("i", null, l[1]), h("span", null, l[2]), h("em", null, l[3])))));
}

async function identify(path: string, ask: Ask, side: HTMLElement): Promise<void> {
  put(side, h("h2", null, path), h("p.hint", null, say("ports-listening")));
  const a = await ask("POST", "/ports/identify", { port: path });
  if (!a) return put(side);
  put(side, h("h2", null, path), h("p", { class: a.sure ? "good" : "bad" }, say(a.sure ? "ports-sure" : "ports-not-sure")), h("p.number", null, a.say[lang]),
    a.candidates.length > 0 && h("table", null, h("tbody", null, a.candidates.slice(0, 8).map((c: any) => h("tr", null, h("td", null, c.score + " %"), h("td", null, h("b", null, c.profile)), h("td", null, c.line), h("td", null, c.text))))),
    bytes(a.heard.map((x: any) => [x.line, "<", x.hex || say("setup-silent"), x.ascii])));
}

const LINES = ["9600 8N1", "9600 7E1", "4800 8N1", "4800 7E1", "2400 8N1", "2400 7E1", "19200 8N1", "1200 8N1", "115200 8N1"];

function record(path: string, text: Text, side: HTMLElement): void {
  const line = h("select", { "aria-label": say("ports-line") }, LINES.map((l) => h("option", { value: l }, l))) as HTMLSelectElement;
  const out = h("div");
  put(side, h("h2", null, path), h("form.fields", { onsubmit: async (e: Event) => {
    e.preventDefault();
    put(out, h("p.hint", null, say("ports-listening")));
    const session = await text("/ports/record", { port: path, line: line.value });
    if (!session) return put(out);
    const lines = session.split("\n").map((l) => /^([0-9.]+) ([<>#]) (.*)$/.exec(l)).filter((m) => m) as RegExpExecArray[];
    put(out, bytes(lines.map((m) => [m[1], m[2], m[3], m[2] === "<" ? readable(m[3]) : ""])), saved(async () => session, "port"));
  } }, h("label", null, h("span", null, say("ports-line")), line), h("button.big.go", { type: "submit" }, say("ports-record"))), out);
}

/** readable shows bytes in hexadecimal as text. */
function readable(hex: string): string {
  return hex.split(" ").map((x) => { const c = parseInt(x, 16); return c >= 32 && c < 127 ? String.fromCharCode(c) : "."; }).join("");
}

async function doctor(ask: Ask, side: HTMLElement): Promise<void> {
  put(side, h("h2", null, say("ports-doctor")), h("p.hint", null, say("ports-looking")));
  const all = await ask("GET", "/doctor?lang=" + lang);
  if (!all || !side.isConnected) return;
  const rank: any = { bad: 0, warn: 1, ok: 2 };
  all.sort((a: any, b: any) => rank[a.mark] - rank[b.mark]);
  put(side, h("h2", null, say("ports-doctor")), h("ul.findings", null, all.map((f: any) => h("li", { class: f.mark }, h("b", null, say("doctor-" + f.mark)), h("span", null, f.text)))));
}
