// The journal's events folded again in the browser, and acts that wait folded on
// top as if they had been answered. Pure: nothing here is changed in place.

import type { Act } from "./wire";

export interface Person { id: string; name: string; roles: string[]; lang?: string }
export interface Slot { no: number; order: string; tote?: string; full?: boolean; tags?: string[] }
export interface Stop {
  no: number; bin: string; sku: string; name?: string; spec?: string; barcode?: string;
  order: string; line: number; slot: number;
  qty: number; done: number; missing?: number; dropped?: boolean; skipped?: number; frozen?: boolean;
}
export interface Task { id: string; kind: string; wave?: string; metres: number; slots: Slot[]; stops: Stop[] }
export interface Item { line: number; sku: string; name?: string; spec?: string; barcode?: string; qty: number; verified: number; gift?: boolean }
export interface Parcel {
  id: string; order: string; state: string; items: Item[]; grams?: number; expected?: number;
  carrier?: string; waybill?: string; sort_code?: string; copies?: number; label?: string; note?: string; tags?: string[]; frozen?: boolean;
  mark?: string; box?: Box; off?: OffWeight; why?: string; piece?: number; rest?: number;
}
export interface Box { code: string; name: string; grams: number }
export interface Explanation { pieces?: { sku: string; qty: number }[]; box?: string; left?: number }
export interface OffWeight { grams: number; expected: number; tolerance: number; why: Explanation[] | null }
export interface Doubt { effect: string; parcel?: string; order?: string; copy?: number; why?: string }
export interface Freeze {
  type: "freeze"; seq: number; intercept: string; order: string; why: string; stage: string;
  asked_at: string; deadline: string; answered?: boolean; shown?: boolean; zh?: string; en?: string;
}
export interface Snapshot {
  seq: number;
  person?: Person; task?: Task; parcel?: Parcel;
  doubts?: Doubt[]; freezes?: Freeze[]; carriers?: string[]; boxes?: Box[]; target?: { grams: number; tolerance: number };
  waiting?: number;
  board?: any;
}
export interface FloorEvent { type: "event"; seq: number; at: string; kind: string; cause: string; fact: any }

/** fold brings the picture up to date with one message. What it does not know changes nothing. */
export function fold(s: Snapshot, e: FloorEvent | Freeze): Snapshot {
  if (e.seq <= s.seq) return s;
  const next = Object.assign({}, s, { seq: e.seq });
  if (e.type === "freeze") return frozen(next, e);
  const f = e.fact;
  switch (e.kind) {
    case "tote.bound/1": return slot(next, f.slot, { tote: f.tote });
    case "line.picked/1":
    case "line.put-back/1": return stop(next, f.task, f.stop, (x) => ({ done: x.done + f.qty }));
    case "line.short/1": return stop(next, f.task, f.stop, (x) => ({ missing: (x.missing || 0) + f.qty }));
    case "stop.skipped/1": return stop(next, f.task, f.stop, (x) => ({ skipped: (x.skipped || 0) + 1 }));
    case "stops.dropped/1": return stops(next, (x) => (x.order === f.order ? { dropped: true } : null));
    case "order.thawed/1": return thawed(next, f.order);
    case "freeze.answered/1": return answered(next, f.intercept);
    case "item.verified/1": return item(next, f.parcel, f.line, f.qty);
    case "parcel.verified/1": return parcel(next, f.parcel, { state: "verified" });
    case "parcel.weighed/1": return parcel(next, f.parcel, { state: "weighed", grams: f.weight.grams, expected: f.weight.expected });
    case "parcel.voided/1": return parcel(next, f.parcel, { state: "void" });
    case "task.issued/1": return Object.assign(next, { waiting: (next.waiting || 0) + 1 });
  }
  return next;
}

/** pretend folds an act that has no answer yet. */
export function pretend(s: Snapshot, a: Act): Snapshot {
  const x = a.args;
  switch (a.verb) {
    case "bind": return slot(s, x.slot, { tote: x.tote });
    case "pick":
    case "put-back": return stop(s, x.task, x.stop, (q) => ({ done: q.done + x.qty }));
    case "short": return stop(s, x.task, x.stop, (q) => ({ missing: q.qty - q.done }));
    case "skip": return stop(s, x.task, x.stop, (q) => ({ skipped: (q.skipped || 0) + 1 }));
    case "answer": return answered(s, x.intercept);
  }
  return s;
}

/** left is how many pieces a stop still asks for. */
export function left(x: Stop): number {
  return x.dropped ? 0 : x.qty - x.done - (x.missing || 0);
}

/** nextStop is where to go now: open, not frozen, least often skipped, in walking order. */
export function nextStop(t: Task): Stop | null {
  let best: Stop | null = null;
  for (const x of t.stops) {
    if (left(x) <= 0 || x.frozen) continue;
    if (!best || (x.skipped || 0) < (best.skipped || 0)) best = x;
  }
  return best;
}

function stops(s: Snapshot, change: (x: Stop) => Partial<Stop> | null): Snapshot {
  if (!s.task) return s;
  const list = s.task.stops.map((x) => Object.assign({}, x, change(x)));
  return Object.assign({}, s, { task: Object.assign({}, s.task, { stops: list }) });
}

function stop(s: Snapshot, task: string, no: number, change: (x: Stop) => Partial<Stop>): Snapshot {
  if (!s.task || s.task.id !== task) return s;
  return stops(s, (x) => (x.no === no ? change(x) : null));
}

function slot(s: Snapshot, no: number, change: Partial<Slot>): Snapshot {
  if (!s.task) return s;
  const list = s.task.slots.map((x) => (x.no === no ? Object.assign({}, x, change) : x));
  return Object.assign({}, s, { task: Object.assign({}, s.task, { slots: list }) });
}

function parcel(s: Snapshot, id: string, change: Partial<Parcel>): Snapshot {
  if (!s.parcel || s.parcel.id !== id) return s;
  return Object.assign({}, s, { parcel: Object.assign({}, s.parcel, change) });
}

function item(s: Snapshot, id: string, line: number, qty: number): Snapshot {
  if (!s.parcel) return s;
  return parcel(s, id, { items: s.parcel.items.map((i) => (i.line === line ? Object.assign({}, i, { verified: i.verified + qty }) : i)) });
}

function frozen(s: Snapshot, f: Freeze): Snapshot {
  const list = (s.freezes || []).filter((x) => x.intercept !== f.intercept).concat([f]);
  let next = stops(Object.assign({}, s, { freezes: list }), (x) => (x.order === f.order ? { frozen: true } : null));
  if (next.parcel && next.parcel.order === f.order) next = parcel(next, next.parcel.id, { frozen: true });
  return next;
}

function thawed(s: Snapshot, order: string): Snapshot {
  const list = (s.freezes || []).filter((x) => x.order !== order);
  let next = stops(Object.assign({}, s, { freezes: list }), (x) => (x.order === order ? { frozen: false } : null));
  if (next.parcel && next.parcel.order === order) next = parcel(next, next.parcel.id, { frozen: false });
  return next;
}

function answered(s: Snapshot, intercept: string): Snapshot {
  const list = (s.freezes || []).map((x) => (x.intercept === intercept ? Object.assign({}, x, { answered: true }) : x));
  return Object.assign({}, s, { freezes: list });
}
