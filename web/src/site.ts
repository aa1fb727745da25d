// The parts of the set-up page that floord.toml alone may change: shops, rules and
// bins. They show what is there, its state and its mistakes, and how to change it.

import { h, lang, put, say } from "./lib";

export type Api = (method: string, path: string, body?: any) => Promise<any>;

/** Tones of the zones on the map, in turn. */
const ZONES = ["#0b6b5d", "#a85a00", "#2b5fb4", "#8a3d93", "#c4161c", "#55635f"];

/** mistakes says what is wrong in floord.toml as it is now, line by line, and whether a restart is due. */
function mistakes(s: any): HTMLElement {
  return h("div.mistakes", null,
    s.changed && h("p.look", null, say("set-changed")),
    s.mistakes.length > 0
      ? h("ul", null, s.mistakes.map((m: any) => h("li.bad", null, h("b", null, m.file.replace(/^.*\//, "") + (m.line ? ":" + m.line : "")), h("span", null, m[lang]))))
      : s.file && h("p.good", null, say("set-right")));
}

/** how tells where something is changed: in the file, which nobody but its owner writes. */
function how(s: any, what: string, line = 0): HTMLElement {
  return h("div.how", null, h("p", null, say(what, { file: s.file || "floord.toml", line: line })), h("p.hint", null, say("set-restart")));
}

export async function shops(api: Api, list: HTMLElement, side: HTMLElement): Promise<void> {
  const [s, states] = await Promise.all([api("GET", "/settings"), api("GET", "/channels")]);
  if (!s) return;
  const state = (id: string) => (states || []).filter((c: any) => c.id === id)[0];
  const show = (x: any) => put(side, h("h2", null, x.id), how(s, "set-shop-how", x.line), h("pre.file", { tabindex: 0 }, x.text));
  put(list, h("h2", null, say("set-shops"), h("a", { href: "/channels" + location.search }, say("set-channels"))), mistakes(s),
    s.shops.length ? h("table", null, h("thead", null, h("tr", null, ["col-channel", "set-driver", "col-state", "set-token", ""].map((c) => h("th", null, c && say(c))))),
      h("tbody", null, s.shops.map((x: any) => {
        const c = state(x.id);
        return h("tr", null, h("td", null, h("b", null, x.id), x.trial && h("span.tag.gift", null, say("set-trial"))), h("td", null, x.driver || "", x.every && h("small", null, say("set-every", { every: x.every }))),
          h("td", null, !x.runs ? h("span.look", null, say("set-not-yet")) : c ? h("span", { class: c.ok ? "good" : "bad" }, (lang === "en" && c.en) || c.text) : "—"),
          h("td", null, x.token_ends ? x.token_ends.slice(0, 10) : "—"),
          h("td", null, h("button.small", { type: "button", onclick: () => show(x) }, say("set-look"))));
      }))) : h("p.none", null, say("set-no-shops")));
  if (s.shops.length) show(s.shops[0]);
  else put(side, how(s, "set-shop-new"), h("pre.file", { tabindex: 0 }, SHOP));
}

const SHOP = '[[channel]]\nid = "pdd-main"\ndriver = "pdd"\nshop = "123456"\nclient_id = "…"\nsecret_file = "pdd.secret"\ntoken_file = "pdd.token"\n';

export async function rules(api: Api, list: HTMLElement, side: HTMLElement): Promise<void> {
  const s = await api("GET", "/settings");
  if (!s) return;
  put(list, h("h2", null, say("set-rules")), mistakes(s),
    h("p", null, s.rules ? say("set-rules-own", { file: s.rules }) : say("set-rules-shipped")),
    h("p", null, h("a.button", { href: "/rules" + location.search }, say("set-rules-page"))));
  put(side, h("h2", null, say("set-how")), how(s, "set-rules-how"), h("pre.file", { tabindex: 0 }, '[orders]\nrules = "rules.toml"\n'));
}

export async function bins(api: Api, list: HTMLElement, side: HTMLElement): Promise<void> {
  const [s, now] = await Promise.all([api("GET", "/settings"), api("GET", "/bins")]);
  if (!s || !now) return;
  const found = h("div");
  const show = (m: any, tried: boolean) => put(found, tried && h("p", null, h("b", null, say("set-bins-diff", { fresh: m.new, moved: m.moved, left: m.left }))),
    m.mistakes.map((x: any) => h("p.bad", null, x[lang])), tried && m.mistakes.length > 0 && h("p.bad", null, say("set-bins-none")),
    m.checks.map((x: any) => h("p.look", null, x[lang])), !m.mistakes.length && !m.checks.length && m.bins > 0 && h("p.good", null, say("set-bins-right")),
    h("p", null, say("set-bins-count", { n: m.bins }), " ", m.zones.map((z: any, i: number) => h("span.zone", null, dot(i), (z.zone || "—") + " " + z.bins))), map(m));
  show(now, false);
  put(list, h("h2", null, say("set-bins"), s.bins && h("small", null, s.bins)), found);
  const text = h("textarea", { rows: 8, spellcheck: "false", "aria-label": say("set-bins-try"), placeholder: "bin,zone,aisle,x,y\nA-01-1-1,A,1,2.0,1.5" }) as HTMLTextAreaElement;
  const file = h("input", { type: "file", accept: ".csv,text/csv", "aria-label": say("set-bins-file") }) as HTMLInputElement;
  const look = async () => {
    const m = text.value.trim() && await api("POST", "/bins/try", { csv: text.value });
    if (m) show(m, true);
  };
  file.addEventListener("change", () => {
    const f = file.files && file.files[0];
    if (!f) return;
    const r = new FileReader();
    r.onload = () => { text.value = String(r.result); look(); };
    r.readAsText(f);
  });
  put(side, h("h2", null, say("set-bins-try")), h("div.fields", null, h("label", null, h("span", null, say("set-bins-file")), file), text,
    h("button.big.go", { type: "button", onclick: look }, say("set-bins-look"))), how(s, "set-bins-how"), h("pre.file", { tabindex: 0 }, '[catalogue]\nbins = "bins.csv"\n'));
}

function dot(zone: number): HTMLElement {
  const i = h("i");
  i.style.background = ZONES[zone % ZONES.length];
  return i;
}

/** map draws where the bins lie, from above: a dot a place, in its zone's colour. */
function map(m: any): HTMLElement | null {
  if (!m.spots.length) return null;
  const wide = 1400, high = 700, edge = 20;
  const c = h("canvas.map", { width: wide, height: high, role: "img", "aria-label": say("set-bins-map") }) as HTMLCanvasElement;
  const x1 = Math.max(1, ...most(m.spots, 0)), y1 = Math.max(1, ...most(m.spots, 1));
  const by = Math.min((wide - 2 * edge) / x1, (high - 2 * edge) / y1);
  const size = Math.max(2, Math.min(14, by * 8));
  const on = c.getContext("2d")!;
  for (const [x, y, z] of m.spots) {
    on.fillStyle = ZONES[z % ZONES.length];
    on.fillRect(edge + x * by - size / 2, high - edge - y * by - size / 2, size, size);
  }
  return c;
}

function most(spots: number[][], at: number): number[] {
  return [spots.reduce((n, s) => Math.max(n, s[at]), 0)];
}
