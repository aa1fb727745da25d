// The page behind the code on a wave's cart: what is special in the wave, by kind
// and slot. It lives while there is a network; without one, or on a phone that is
// not paired, it shows the text that the code itself carries.

import { h, lang, put, say, clock } from "./lib";

type Need = { what: string; carrier?: string; slots: string[]; notes?: string[] };
type Needs = { wave: string; orders: number; lines: number; units: number; totes: number; due_by?: string; done: boolean; needs: Need[] };

const app = document.getElementById("app") as HTMLElement;
const text = decodeURIComponent(location.hash.slice(1));
const parts = text.split(";");
const wave = parts[0];

/** token is that of whichever screen of this device is paired. */
function token(): string {
  for (const screen of ["pda", "station", "board"]) {
    const t = localStorage.getItem("floord/" + screen + "/token");
    if (t) return t;
  }
  return "";
}

function line(n: Need): HTMLElement {
  const what = n.what === "carrier" ? n.carrier || "" : say(n.what === "frozen" ? "need-frozen" : n.what);
  return h("li" + (n.what === "frozen" ? ".bad" : ""), null,
    h("b", null, what + " ×" + n.slots.length), " ", h("span", null, n.slots.join(lang === "zh" ? "、" : ", ")),
    (n.notes || []).map((note) => h("p", null, note)));
}

function live(n: Needs): void {
  put(app, h("h1", null, n.wave),
    h("p", null, say("wave-counts", { orders: n.orders, lines: n.lines, units: n.units, totes: n.totes })),
    n.due_by ? h("p", null, say("wave-due", { at: clock(n.due_by) })) : null,
    n.done ? h("p.good", null, say("wave-over")) : null,
    n.needs.length ? h("ul", null, n.needs.map(line)) : h("p", null, say("wave-plain")),
    h("p.quiet", null, say("wave-live", { at: clock(Date.now(), true) })));
}

function printed(why: string): void {
  put(app, h("h1", null, wave || say("wave-none")), h("p.bad", null, say(why)),
    h("ul", null, parts.slice(1).map((p) => h("li", null, p))));
}

function refresh(): void {
  const t = token();
  if (!/^W-\d+$/.test(wave)) return printed("wave-none");
  if (!t) return printed("wave-unpaired");
  fetch("/api/v1/waves/" + wave, { headers: { Authorization: "Bearer " + t } }).then((r) => {
    if (r.status === 401) return printed("wave-unpaired");
    if (r.status === 404) return printed("wave-gone");
    if (!r.ok) return printed("wave-offline");
    return r.json().then((n: Needs) => live(n));
  }).catch(() => printed("wave-offline"));
}

document.title = wave || "floord";
refresh();
setInterval(refresh, 5000);
