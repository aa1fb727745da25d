// The floor from above: bins coloured by how often they are picked from, and the
// walk of a task as a line, with how far its picker is. It asks every two seconds.

import { h, lang, put, say } from "./lib";

type Spot = [number, number];
interface Walk {
  task: string; wave?: string; kind: string; person?: string; orders: number; stops: number; done: number; metres: number;
  walked: Spot[]; ahead: Spot[]; next?: string; why: { zh: string; en: string }[];
}
interface Plan { depot: Spot; bins: { bin: string; at: Spot; heat: number }[]; walks: Walk[]; aside: { order: string; why: { zh: string; en: string } }[] }

const EVERY = 2000;
const app = document.getElementById("app") as HTMLElement;
const given = new URLSearchParams(location.search).get("token");
const token = given || localStorage.getItem("floord/board/token") || "";
const list = h("div.walks", { role: "group", "aria-label": say("plan-walks") });
const map = h("figure.floor");
const told = h("div.told", { "aria-live": "polite" });
const aside = h("div.aside");
let chosen = "";
let shown = "";

/** svg makes an element of a drawing. */
function svg(tag: string, attributes: { [name: string]: string | number }, text = ""): SVGElement {
  const el = document.createElementNS("http://www.w3.org/2000/svg", tag) as SVGElement;
  for (const name in attributes) el.setAttribute(name, String(attributes[name]));
  if (text) el.appendChild(document.createTextNode(text));
  return el;
}

function drawing(p: Plan, walk: Walk | undefined): Node {
  const spots = p.bins.map((b) => b.at).concat([p.depot]);
  const low = [0, 1].map((i) => spots.reduce((m, s) => Math.min(m, s[i]), Infinity) - 3);
  const high = [0, 1].map((i) => spots.reduce((m, s) => Math.max(m, s[i]), -Infinity) + 3);
  const y = (v: number) => low[1] + high[1] - v; // the front is below
  const all = svg("svg", {
    viewBox: [low[0], low[1], high[0] - low[0], high[1] - low[1]].join(" "), role: "img",
    "aria-label": say("plan-title") + (walk ? " " + name(walk) : ""),
  });
  const racks: { [at: string]: { at: Spot; heat: number; bins: string[] } } = {}; // levels stand over each other
  for (const b of p.bins) {
    const rack = racks[b.at.join()] = racks[b.at.join()] || { at: b.at, heat: 0, bins: [] };
    rack.heat = Math.max(rack.heat, b.heat);
    rack.bins.push(b.bin);
  }
  for (const key in racks) {
    const r = racks[key];
    const box = svg("rect", { x: r.at[0] - 0.45, y: y(r.at[1]) - 0.45, width: 0.9, height: 0.9, class: "heat-" + r.heat });
    box.appendChild(svg("title", {}, r.bins.join(" ") + " · " + say("plan-heat-" + r.heat)));
    all.appendChild(box);
  }
  all.appendChild(svg("circle", { cx: p.depot[0], cy: y(p.depot[1]), r: 1, class: "depot" }));
  if (walk) {
    const line = (way: Spot[], kind: string) => all.appendChild(svg("polyline", { points: way.map((s) => s[0] + "," + y(s[1])).join(" "), class: kind }));
    line(walk.ahead, "ahead");
    line(walk.walked, "walked");
    const at = walk.walked[walk.walked.length - 1];
    if (at) all.appendChild(svg("circle", { cx: at[0], cy: y(at[1]), r: 1.1, class: "here" }));
  }
  return all;
}

function name(w: Walk): string {
  return w.task + (w.wave ? " · " + w.wave : "") + " · " + (w.person || say("plan-untaken"));
}

function draw(p: Plan): void {
  if (!p.walks.some((w) => w.task === chosen)) chosen = p.walks.length ? (p.walks.filter((w) => w.person)[0] || p.walks[0]).task : "";
  const now = JSON.stringify([p, chosen]);
  if (now === shown) return; // whoever reads or tabs is not disturbed
  shown = now;
  const walk = p.walks.filter((w) => w.task === chosen)[0];
  const focused = document.activeElement && document.activeElement.getAttribute("data-task");
  put(list, p.walks.length ? p.walks.map((w) => h("button", {
    type: "button", "data-task": w.task, "aria-pressed": w.task === chosen ? "true" : "false", class: w.task === chosen ? "on" : "",
    onclick: () => { chosen = w.task; draw(p); },
  }, h("b", null, name(w)), h("small", null, say("plan-kind-" + w.kind) + " · " + w.done + "/" + w.stops + " · " + say("metres", { n: Math.round(w.metres) })))) : h("p.quiet", null, say("plan-still")));
  const again = focused && list.querySelector('[data-task="' + focused + '"]') as HTMLElement | null;
  if (again) again.focus();
  put(map, p.bins.length ? drawing(p, walk) : h("p.quiet", null, say("plan-no-bins")),
    h("figcaption", null, [0, 1, 2, 3, 4].map((n) => h("span", null, h("i", { class: "heat-" + n }), say("plan-heat-" + n)))));
  put(told, walk && h("div", null, h("h2", null, name(walk)), walk.next ? h("p", null, say("plan-next", { bin: walk.next })) : null, h("ul", null, walk.why.map((x) => h("li", null, x[lang])))));
  put(aside, p.aside.length > 0 && h("section.panel.alarm", null, h("h2", null, say("plan-aside", { n: p.aside.length })), h("ul", null, p.aside.map((x) => h("li", null, h("b", null, x.order), " ", x.why[lang])))));
}

function refresh(): void {
  fetch("/api/v1/plan", { headers: { Authorization: "Bearer " + token } }).then((r) => {
    if (!r.ok) throw new Error(say(r.status === 401 ? "plan-unpaired" : "no-connection"));
    return r.json();
  }).then(draw).catch((e) => { shown = ""; put(told, h("p.bad", null, e.message === "Failed to fetch" ? say("no-connection") : e.message)); });
}

document.documentElement.lang = lang === "en" ? "en" : "zh-CN";
document.title = say("plan-title") + " · floord";
put(app, h("header", null, h("h1", null, say("plan-title")), h("span.push"), h("a.back", { href: "/board" + location.search }, say("app-board"))), h("main.floorplan", null, list, h("div.sheet", null, map, told, aside)));
refresh();
setInterval(refresh, EVERY);
