// The floor from above: bins coloured by how often they are picked from, and the
// walk of a task as a line, with how far its picker is. It asks every two seconds.

import { h, lang, put, say } from "./lib";

type Spot = [number, number];
interface Walk {
  task: string; wave?: string; kind: string; person?: string; orders: number; stops: number; done: number; metres: number;
  walked: Spot[]; ahead: Spot[]; before?: Spot[]; before_metres?: number; next?: string; why: Words[];
}
interface Words { zh: string; en: string }
interface Plan {
  depot: Spot; bins: { bin: string; at: Spot; heat: number }[]; walks: Walk[];
  aside: { order: string; why: Words }[]; waiting: { orders: number; order: string; why: Words }[];
}

const EVERY = 2000;
const app = document.getElementById("app") as HTMLElement;
const given = new URLSearchParams(location.search).get("token");
const token = given || localStorage.getItem("floord/board/token") || "";
const list = h("div.walks", { role: "group", "aria-label": say("plan-walks") });
const map = h("figure.floor");
const told = h("div.told", { "aria-live": "polite" });
const aside = h("div.aside");
const waits = h("div.aside");
let chosen = "";
let shown = "";
let before = false; // the orders one by one are drawn, not the walk

/** svg makes an element of a drawing. */
function svg(tag: string, attributes: { [name: string]: string | number }, text = ""): SVGElement {
  const el = document.createElementNS("http://www.w3.org/2000/svg", tag) as SVGElement;
  for (const name in attributes) el.setAttribute(name, String(attributes[name]));
  if (text) el.appendChild(document.createTextNode(text));
  return el;
}

/** room is how wide and high a drawing may be, in pixels. */
function room(): Spot {
  return [Math.max(200, map.clientWidth - 18), window.innerHeight * (window.innerWidth > 720 ? 0.6 : 0.5)];
}

/**
 * drawing shows the floor with the front below, or, where it comes out larger so,
 * turned with the front to the left.
 */
function drawing(p: Plan, walk: Walk | undefined): Node {
  const spots = p.bins.map((b) => b.at).concat([p.depot]);
  const low = [0, 1].map((i) => spots.reduce((m, s) => Math.min(m, s[i]), Infinity) - 3);
  const high = [0, 1].map((i) => spots.reduce((m, s) => Math.max(m, s[i]), -Infinity) + 3);
  const wide = high[0] - low[0], deep = high[1] - low[1];
  const [width, height] = room();
  const upright = Math.min(width / wide, height / deep), across = Math.min(width / deep, height / wide);
  const turned = across > 1.25 * upright;
  const pixel = 1 / (turned ? across : upright); // metres
  const at = (s: Spot): Spot => turned ? [s[1], s[0]] : [s[0], low[1] + high[1] - s[1]];
  const all = svg("svg", {
    viewBox: (turned ? [low[1], low[0], deep, wide] : [low[0], low[1], wide, deep]).join(" "), role: "img",
    "aria-label": say("plan-title") + (walk ? " " + name(walk) : ""),
  });
  all.style.height = Math.ceil((turned ? wide : deep) / pixel) + "px";
  const racks: { [at: string]: { at: Spot; heat: number; bins: string[] } } = {}; // levels stand over each other
  for (const b of p.bins) {
    const rack = racks[b.at.join()] = racks[b.at.join()] || { at: b.at, heat: 0, bins: [] };
    rack.heat = Math.max(rack.heat, b.heat);
    rack.bins.push(b.bin);
  }
  for (const key in racks) {
    const r = racks[key];
    const [x, y] = at(r.at);
    const box = svg("rect", { x: x - 0.45, y: y - 0.45, width: 0.9, height: 0.9, class: "heat-" + r.heat });
    box.appendChild(svg("title", {}, r.bins.join(" ") + " · " + say("plan-heat-" + r.heat)));
    all.appendChild(box);
  }
  const dot = (s: Spot, r: number, kind: string) => all.appendChild(svg("circle", { cx: at(s)[0], cy: at(s)[1], r: r * pixel, class: kind }));
  dot(p.depot, 7, "depot");
  if (walk) {
    const line = (way: Spot[], kind: string) => all.appendChild(svg("polyline", { points: way.map((s) => at(s).join()).join(" "), class: kind }));
    if (before) {
      line(walk.before || [], "before");
    } else {
      line(walk.ahead, "ahead");
      line(walk.walked, "walked");
      const here = walk.walked[walk.walked.length - 1];
      if (here) dot(here, 8, "here");
    }
  }
  return all;
}

/** compare lets one choose between the walk and the same orders one by one. */
function compare(p: Plan, walk: Walk | undefined): Node | null {
  if (!walk || !(walk.before_metres && walk.before_metres > 0)) {
    before = false;
    return null;
  }
  const choice = (is: boolean, word: string, metres: number) => h("button", {
    type: "button", "aria-pressed": before === is ? "true" : "false", class: before === is ? "on" : "",
    onclick: () => { before = is; draw(p); },
  }, h("b", null, say("metres", { n: Math.round(metres) })), h("small", null, say(word)));
  return h("div.compare", { role: "group", "aria-label": say("plan-compare") }, choice(true, "plan-before", walk.before_metres), choice(false, "plan-after", walk.metres));
}

function name(w: Walk): string {
  return w.task + (w.wave ? " · " + w.wave : "") + " · " + (w.person || say("plan-untaken"));
}

let last: Plan | null = null;

function draw(p: Plan): void {
  last = p;
  if (!p.walks.some((w) => w.task === chosen)) chosen = p.walks.length ? (p.walks.filter((w) => w.person)[0] || p.walks[0]).task : "";
  const now = JSON.stringify([p, chosen, before, room()]);
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
  const choice = compare(p, walk);
  const stood = document.activeElement && choice && Array.prototype.indexOf.call(map.querySelectorAll(".compare button"), document.activeElement);
  put(map, choice, p.bins.length ? drawing(p, walk) : h("p.quiet", null, say("plan-no-bins")),
    h("figcaption", null, [0, 1, 2, 3, 4].map((n) => h("span", null, h("i", { class: "heat-" + n }), say("plan-heat-" + n)))));
  if (typeof stood === "number" && stood >= 0) (map.querySelectorAll(".compare button")[stood] as HTMLElement).focus();
  put(waits, p.waiting.length > 0 && h("section.panel", null, h("h2", null, say("plan-waiting", { n: p.waiting.reduce((n, x) => n + x.orders, 0) })), h("ul", null, p.waiting.map((x) => h("li", null, h("b", null, say("plan-orders", { n: x.orders })), " ", x.why[lang])))));
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
put(app, h("header", null, h("h1", null, say("plan-title")), h("span.push"), h("a.back", { href: "/whatif" + location.search }, say("whatif-title")), h("a.back", { href: "/stock" + location.search }, say("stock-title")), h("a.back", { href: "/board" + location.search }, say("app-board"))), h("main.floorplan", null, list, h("div.sheet", null, map, told, aside, waits)));
refresh();
setInterval(refresh, EVERY);
window.addEventListener("resize", () => { if (last) draw(last); });
