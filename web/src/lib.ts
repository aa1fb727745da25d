// What every page needs: words, elements, tones.

import messages from "../../floor/messages.json";
import words from "./text.json";

type Catalogue = { [code: string]: { zh: string; en: string } };
const catalogue: Catalogue = Object.assign({}, messages as Catalogue, words as Catalogue);

export type Lang = "zh" | "en";

/** The page's language: Chinese unless the address says ?lang=en. */
export const lang: Lang = new URLSearchParams(location.search).get("lang") === "en" ? "en" : "zh";

/**
 * say gives the sentence of a code, its {places} filled. An unknown code is said
 * as itself; a tag of the site's own is its own name.
 */
export function say(code: string, args: { [name: string]: string | number } = {}): string {
  const entry = catalogue[code];
  return (entry ? entry[lang] : code.replace(/^tag-/, "")).replace(/\{(\w+)\}/g, (whole, name) => (name in args ? String(args[name]) : whole));
}

/** knows reports whether the catalogue has a sentence for a code. */
export function knows(code: string): boolean {
  return code in catalogue;
}

type Child = Node | string | number | null | undefined | false;
type Attributes = { [name: string]: any };

/**
 * h makes an element: h("button.big", {onclick: f}, "text"). Strings become text
 * nodes and nothing else, so data cannot become markup.
 */
export function h(tag: string, attributes?: Attributes | null, ...children: (Child | Child[])[]): HTMLElement {
  const [name, ...classes] = tag.split(".");
  const el = document.createElement(name);
  if (classes.length) el.className = classes.join(" ");
  const given = attributes || {};
  for (const key in given) {
    const value = given[key];
    if (key.slice(0, 2) === "on") el.addEventListener(key.slice(2), value);
    else if (key === "class") { if (value) el.className += " " + value; }
    else if (value === true) el.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) el.setAttribute(key, String(value));
  }
  append(el, children);
  return el;
}

function append(el: Node, children: (Child | Child[])[]): void {
  for (const c of children) {
    if (Array.isArray(c)) append(el, c);
    else if (c !== null && c !== undefined && c !== false) el.appendChild(typeof c === "object" ? c : document.createTextNode(String(c)));
  }
}

/** put makes children the only content of el. */
export function put(el: Element, ...children: (Child | Child[])[]): void {
  while (el.firstChild) el.removeChild(el.firstChild);
  append(el, children);
}

/** unbroken gives a sentence whose codes (A-01-04-1) are not broken over two lines. */
export function unbroken(sentence: string): Child[] {
  return sentence.split(/([A-Za-z0-9][A-Za-z0-9.-]{2,17})/).map((part, i) => (i % 2 ? h("span.unbroken", null, part) : part));
}

/** clock gives the hour and minute of a time as people on the floor say it; seconds on demand. */
export function clock(at: string | number | undefined, seconds = false): string {
  if (!at) return "";
  const d = new Date(at);
  const two = (n: number) => (n < 10 ? "0" : "") + n;
  return two(d.getHours()) + ":" + two(d.getMinutes()) + (seconds ? ":" + two(d.getSeconds()) : "");
}

/** age says how long ago something was, in one unit. at is in ms. */
export function age(at: number, now = Date.now()): string {
  const s = Math.max(0, Math.round((now - at) / 1000));
  if (s < 60) return say("seconds", { n: s });
  return s < 3600 ? say("minutes", { n: Math.floor(s / 60) }) : say("hours", { n: Math.floor(s / 3600) });
}

/** span says a length of time as a running clock does: 4:05. */
export function span(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  return Math.floor(s / 60) + ":" + (s % 60 < 10 ? "0" : "") + (s % 60);
}

/** day gives month and day before the clock unless the time is of today. */
export function when(at: string | undefined): string {
  if (!at) return "";
  const d = new Date(at);
  const today = new Date().toDateString() === d.toDateString();
  return (today ? "" : d.getMonth() + 1 + "-" + d.getDate() + " ") + clock(at);
}

let audio: AudioContext | null = null;

/** ear gives what sounds come out of, if this browser has it and somebody has touched the page. */
export function ear(): AudioContext | null {
  try {
    audio = audio || new AudioContext();
    if (audio.state === "suspended") audio.resume();
    return audio;
  } catch (e) {
    return null;
  }
}

/** Three results that cannot be taken for each other: pairs of hertz and seconds, and how the device shakes. */
const TONES = {
  ok: { notes: [[1320, 0.09]], shape: "sine", shake: [40] },
  wrong: { notes: [[220, 0.22], [180, 0.3]], shape: "square", shake: [120, 60, 120] },
  stop: { notes: [[880, 0.25], [440, 0.25], [880, 0.25], [440, 0.4]], shape: "square", shake: [500, 150, 500, 150, 500] },
};

/** tone lets the device be heard and felt. */
export function tone(kind: "ok" | "wrong" | "stop"): void {
  const t = TONES[kind];
  if (navigator.vibrate) navigator.vibrate(t.shake);
  const a = ear();
  if (!a) return; // the screen says it all the same
  let at = a.currentTime;
  for (const [hertz, seconds] of t.notes) {
    const o = a.createOscillator();
    const g = a.createGain();
    o.frequency.value = hertz;
    o.type = t.shape as OscillatorType;
    g.gain.value = 0.2;
    o.connect(g);
    g.connect(a.destination);
    o.start(at);
    o.stop(at + seconds);
    at += seconds + 0.03;
  }
}
