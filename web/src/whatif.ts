// Today's orders under other rules: metres and minutes side by side, before anything
// is released. Nothing that is tried here is kept.

import { h, lang, put, say } from "./lib";

interface Rules { totes_per_cart: number; max_orders: number; max_lines: number; max_grams: number; same_carrier: boolean; same_zones: boolean; kinds: string }
interface Kind { rule?: string; kind: string; waves: number; orders: number; metres: number; minutes: number }
interface Result { wrong?: { line: number; text: string }[]; waves: number; orders: number; metres: number; minutes: number; aside: number; unplanned: number; kinds: Kind[] }
interface Compared { orders: number; left_out: number; one_by_one: number; plans: Result[] }

const NUMBERS: [keyof Rules, string, number, number][] = [["totes_per_cart", "whatif-totes", 1, 1000], ["max_orders", "whatif-orders", 0, 100000], ["max_lines", "whatif-lines", 0, 100000], ["max_grams", "whatif-grams", 0, 10000000]];
const SWITCHES: [keyof Rules, string][] = [["same_carrier", "whatif-carrier"], ["same_zones", "whatif-zones"]];

/** How many tries stay on the page. */
const KEPT = 6;

const app = document.getElementById("app") as HTMLElement;
const given = new URLSearchParams(location.search).get("token");
const token = given || localStorage.getItem("floord/board/token") || "";
const fields: { [name: string]: HTMLInputElement } = {};
const kinds = h("textarea", { rows: 12, spellcheck: "false", maxlength: 262144, "aria-label": say("whatif-kinds") }) as HTMLTextAreaElement;
const said = h("div.said", { "aria-live": "polite" });
const seen = h("div.tries");
const go = h("button.go.big", { type: "button", onclick: compare }, say("whatif-go")) as HTMLButtonElement;
let now: Rules | null = null;
let tries: { rules: Rules; result: Result }[] = [];

function call(body?: Rules): Promise<any> {
  return fetch("/api/v1/whatif", {
    method: body ? "POST" : "GET", headers: { Authorization: "Bearer " + token, "Content-Type": "application/json" }, body: body ? JSON.stringify(body) : undefined,
  }).catch(() => { throw new Error(say("no-connection")); }).then((r) => r.json().then((j) => {
    if (!r.ok) throw new Error(r.status === 401 ? say("plan-unpaired") : j[lang] || j.detail || j.title);
    return j;
  }));
}

function asked(): Rules {
  const out: any = { kinds: kinds.value };
  for (const [key] of NUMBERS) out[key] = Math.max(0, Math.round(Number(fields[key].value) || 0));
  for (const [key] of SWITCHES) out[key] = fields[key].checked;
  return out;
}

function compare(): void {
  const rules = asked();
  go.disabled = true;
  put(said, h("p", null, say("whatif-busy")));
  call(rules).then((c: Compared) => {
    put(said);
    tries = [{ rules: rules, result: c.plans[1] }].concat(tries).slice(0, KEPT);
    show(c);
  }).catch((e) => put(said, h("p.bad", null, e.message))).then(() => { go.disabled = false; });
}

/** differs says in words what is other than now. */
function differs(r: Rules): string {
  if (!now) return "";
  const out: string[] = [];
  for (const [key, word] of NUMBERS) if (r[key] !== now[key]) out.push(say(word) + " " + (r[key] || say("whatif-any")));
  for (const [key, word] of SWITCHES) if (r[key] !== now[key]) out.push(say(word) + " " + say(r[key] ? "whatif-yes" : "whatif-no"));
  if (r.kinds !== now.kinds) out.push(say("whatif-own"));
  return out.join(lang === "zh" ? "，" : ", ") || say("whatif-same");
}

function hours(minutes: number): string {
  return say("whatif-time", { h: Math.floor(minutes / 60), m: Math.round(minutes % 60) });
}

/** against gives a figure and how much more or less it is than now. */
function against(n: number, was: number, text: string): Node {
  const part = was > 0 ? (n - was) / was : 0;
  const shown = Math.abs(part) < 0.0005 ? "" : (part > 0 ? "+" : "−") + (100 * Math.abs(part)).toFixed(1) + "%";
  return h("span", null, text, shown && h("small", { class: part < 0 ? "good" : "bad" }, " " + shown));
}

function row(title: string, p: Result, base: Result): Node {
  const wrong = p.wrong || [];
  return h("tr", null, h("th", { scope: "row" }, title),
    wrong.length ? h("td", { colspan: 4 }, h("p.bad", null, say("whatif-wrong")), wrong.map((m) => h("p.bad", null, m.line + ": " + m.text))) : [
      h("td", null, against(p.metres, base.metres, say("metres", { n: Math.round(p.metres) }))),
      h("td", null, against(p.minutes, base.minutes, hours(p.minutes))),
      h("td", null, String(p.waves)),
      h("td", null, p.kinds.map((k) => h("div", null, say("plan-kind-" + k.kind) + (k.rule ? "「" + k.rule + "」" : "") + " ", say("whatif-part", { orders: k.orders, waves: k.waves, n: Math.round(k.metres) }))),
        p.unplanned > 0 && h("p.bad", null, say("whatif-cut", { n: p.unplanned })), p.aside > 0 && h("p", null, say("plan-aside", { n: p.aside }))),
    ]);
}

function show(c: Compared): void {
  const base = c.plans[0];
  put(seen, h("p", null, say("whatif-day", { n: c.orders, m: Math.round(c.one_by_one) }), c.left_out > 0 && h("b", null, " " + say("whatif-more", { n: c.left_out }))),
    h("table", null, h("thead", null, h("tr", null, ["whatif-what", "whatif-metres", "whatif-minutes", "whatif-waves", "whatif-how"].map((w) => h("th", { scope: "col" }, say(w))))),
      h("tbody", null, row(say("whatif-now"), base, base), tries.map((t) => row(differs(t.rules), t.result, base)))));
}

document.documentElement.lang = lang === "en" ? "en" : "zh-CN";
document.title = say("whatif-title") + " · floord";
put(app, h("header", null, h("h1", null, say("whatif-title")), h("span.push"), h("a.back", { href: "/plan" + location.search }, say("plan-title"))),
  h("main.whatif", null,
    h("form.rules", { onsubmit: (e: Event) => { e.preventDefault(); compare(); } },
      NUMBERS.map(([key, word, low, high]) => h("label", null, h("span", null, say(word)), fields[key] = h("input", { type: "number", min: low, max: high, inputmode: "numeric" }) as HTMLInputElement)),
      SWITCHES.map(([key, word]) => h("label.check", null, fields[key] = h("input", { type: "checkbox" }) as HTMLInputElement, h("span", null, say(word)))),
      h("details", null, h("summary", null, say("whatif-kinds")), kinds), go, h("p.quiet", null, say("whatif-hint"))),
    h("div.outcome", null, said, seen)));
call().then((r: Rules) => {
  now = r;
  for (const [key] of NUMBERS) fields[key].value = String(r[key]);
  for (const [key] of SWITCHES) fields[key].checked = r[key] as boolean;
  kinds.value = r.kinds;
}).catch((e) => put(said, h("p.bad", null, e.message)));
