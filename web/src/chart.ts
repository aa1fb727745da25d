// Charts: bars and lines drawn by Chart.js (/assets/chart.js, which the page loads
// before its own script), in the sheet's colours and with its letters. A page that
// wants one puts <script src="/assets/chart.js" defer></script> before its own.

import { h } from "./lib";

declare const Chart: any;

/** What a colour means; it is the sheet's, so that the wall's dark form has its own. */
export type Tone = "go" | "look" | "stop" | "soft" | "faint" | "line";

export interface Series {
  label: string;
  /** One of each label: how high, from where to where, or nothing. */
  values: (number | [number, number] | null)[];
  tone: Tone | Tone[];
  line?: boolean;
}

export interface Plan {
  labels: string[];
  series: Series[];
  /** The series stand on each other and not side by side. */
  stacked?: boolean;
  /** The bars lie. */
  sideways?: boolean;
  /** The most of the scale; without it, as much as the figures need. */
  most?: number;
  /** The least of the scale, 0 without it. */
  least?: number;
  /** How a figure is written. */
  says?: (value: number) => string;
  /** What a bar says of itself when it is pointed at; without it its series and figure. */
  tells?: (label: number, series: number) => string;
  pick?: (label: number, series: number) => void;
}

interface Kept { el: HTMLElement; chart: any; drawn: string; plan: Plan }

const kept: { [key: string]: Kept } = {};

/**
 * graph gives the chart of that key. It is made once and then changed, so that a
 * page may be drawn anew as often as it likes; what it says for those who cannot
 * see it is said by title. Its height is that of its class in the sheet (.graph).
 */
export function graph(key: string, title: string, plan: Plan, kind = ""): HTMLElement {
  const had = kept[key];
  const drawn = JSON.stringify([plan, kind]);
  if (had) {
    had.plan = plan;
    had.el.className = "graph " + kind;
    if (had.drawn !== drawn && had.chart) {
      had.drawn = drawn;
      const c = config(had);
      had.chart.data = c.data;
      had.chart.options = c.options;
      had.chart.update("none");
    }
    return had.el;
  }
  const canvas = h("canvas", { role: "img", "aria-label": title });
  const k: Kept = { el: h("div.graph", { class: kind }, canvas), chart: null, drawn: drawn, plan: plan };
  kept[key] = k;
  // Colours and letters are the page's: it is drawn when it stands in it.
  window.setTimeout(() => { k.chart = new Chart(canvas, config(k)); }, 0);
  return k.el;
}

/** forget drops the charts whose key begins so: their page is gone. */
export function forget(prefix: string): void {
  for (const key in kept) {
    if (key.indexOf(prefix)) continue;
    if (kept[key].chart) kept[key].chart.destroy();
    delete kept[key];
  }
}

function config(k: Kept): any {
  const style = getComputedStyle(document.body);
  const colour = (t: string) => style.getPropertyValue("--" + t).trim();
  const p = k.plan;
  const says = p.says || String;
  const figures: any = {
    beginAtZero: !p.least, min: p.least, max: p.most, stacked: p.stacked, border: { display: false },
    grid: { color: colour("line") }, ticks: { color: colour("soft"), precision: 0, maxTicksLimit: 6, callback: (v: any) => says(Number(v)) },
  };
  const names: any = { stacked: p.stacked, grid: { display: false }, border: { color: colour("line") }, ticks: { color: colour("soft"), autoSkip: !p.sideways, maxRotation: 0 } };
  return {
    type: "bar",
    data: {
      labels: p.labels,
      datasets: p.series.map((s) => {
        const tones = Array.isArray(s.tone) ? s.tone.map(colour) : colour(s.tone);
        return {
          type: s.line ? "line" : "bar", label: s.label, data: s.values, backgroundColor: tones, borderColor: tones,
          borderWidth: s.line ? 2 : 0, pointRadius: s.line ? 2 : 0, borderRadius: 3, maxBarThickness: 44, order: s.line ? 0 : 1,
        };
      }),
    },
    options: {
      animation: false, maintainAspectRatio: false, indexAxis: p.sideways ? "y" : "x",
      // Paper wants more dots than the screen has.
      devicePixelRatio: Math.max(2, window.devicePixelRatio || 1),
      font: { family: style.fontFamily, size: parseFloat(style.fontSize) * 0.8 },
      interaction: { mode: "nearest", intersect: true, axis: p.sideways ? "y" : "x" },
      scales: p.sideways ? { x: figures, y: names } : { x: names, y: figures },
      plugins: {
        legend: { display: false },
        tooltip: {
          callbacks: {
            label: (at: any) => {
              if (p.tells) return p.tells(at.dataIndex, at.datasetIndex);
              const v = p.series[at.datasetIndex].values[at.dataIndex];
              return p.series[at.datasetIndex].label + " " + (Array.isArray(v) ? v.map(says).join("–") : says(Number(v)));
            },
          },
        },
      },
      onHover: (e: any, on: any[]) => { if (e.native) e.native.target.style.cursor = on.length && p.pick ? "pointer" : ""; },
      onClick: (e: any, on: any[]) => { if (on.length && k.plan.pick) k.plan.pick(on[0].index, on[0].datasetIndex); },
    },
  };
}

/** legend names the colours of a chart's series. */
export function legend(series: Series[]): HTMLElement {
  return h("p.legend", null, series.map((s) => h("span", null, h("i", { class: "tone-" + (Array.isArray(s.tone) ? s.tone[0] : s.tone) }), s.label)));
}
