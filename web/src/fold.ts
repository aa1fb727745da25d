// The journal's events folded again in the browser, and acts that wait folded on
// top as if they had been answered. Pure: nothing here is changed in place.

import type { Act } from "./wire";

export interface Person { id: string; name: string; roles: string[]; lang?: string }
export interface Slot { no: number; order: string; tote?: string; full?: boolean; joined?: boolean; tags?: string[] }
export interface Stop {
  no: number; bin: string; sku: string; name?: string; spec?: string; barcode?: string;
  order: string; line: number; slot: number;
  /** What must be scanned with each pick: "lot", "expiry", "serial". */
  ask?: string[];
  /** What is promised: of this lot and no other. */
  lot?: string; expiry?: string;
  /** Pieces of a refill go in here. */
  put?: boolean;
  /** Nothing of this lot should be left in the bin after this walk. */
  last?: boolean;
  qty: number; done: number; missing?: number; dropped?: boolean; skipped?: number; frozen?: boolean;
}
/** A put wall; free are its empty slots when the picture was made, the first order that needs one gets the first. */
export interface Wall { id: string; free: string[] }
export interface Task {
  id: string; kind: string; wave?: string; metres: number; slots: Slot[]; stops: Stop[];
  due?: string; overdue?: boolean; totes?: string[]; wall?: Wall;
}
/** What a picker is to scan, as the site has it. */
export interface Steps { bin: string; item: string; tote: string; zero?: boolean; cart?: string; pictures?: boolean }
export interface Item { line: number; sku: string; name?: string; spec?: string; barcode?: string; qty: number; verified: number; gift?: boolean }
export interface Parcel {
  id: string; order: string; state: string; items: Item[]; grams?: number; expected?: number;
  carrier?: string; waybill?: string; sort_code?: string; copies?: number; label?: string; note?: string; merged?: string[]; tags?: string[]; frozen?: boolean;
  mark?: string; box?: Box; off?: OffWeight; stuck?: string; stale?: boolean; chosen?: Words[]; piece?: number; rest?: number;
}
export interface Box { code: string; name: string; grams: number }
export interface Explanation { pieces?: { sku: string; qty: number }[]; box?: string; left?: number }
export interface OffWeight { grams: number; expected: number; tolerance: number; why: Explanation[] | null }
export interface Words { zh: string; en: string }
export interface Fuse extends Words { id: string; cause: string; closer?: string }
export interface Pull { parcel: string; order: string; waybill?: string; sheet?: string; why: string; again?: string }
export interface Run { id: string; wave: string; of: number; left: number; pull?: number[]; zh?: string; en?: string }
export interface Sheet {
  carrier: string; name?: string; id?: string; parcels?: number; grams?: number;
  last?: { no: number; parcel: string; waybill: string }[]; signed?: string[];
}
export interface Doubt { effect: string; parcel?: string; order?: string; copy?: number; why?: string }
export interface Freeze {
  type: "freeze"; seq: number; intercept: string; order: string; in?: string; why: string; stage: string;
  asked_at: string; deadline: string; answered?: boolean; shown?: boolean; zh?: string; en?: string;
}
/** A freeze that a lead is called to. */
export interface Call { intercept: string; order: string; why: string; needs: string; stage: string; asked_at: string; answers?: { person: string; text: string; at: string }[] }
export interface Snapshot {
  seq: number;
  calls?: Call[];
  person?: Person; task?: Task; parcel?: Parcel;
  doubts?: Doubt[]; freezes?: Freeze[]; sheets?: Sheet[]; boxes?: Box[]; auto_seal?: boolean; count_items?: boolean; pulls?: Pull[]; runs?: Run[]; stations?: string[]; fuses?: Fuse[]; target?: { grams: number; tolerance: number };
  waiting?: number;
  steps?: Steps;
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
    case "tote.full/1": return full(next, f.slot);
    case "batch.bound/1": return batch(next, f.tote);
    case "task.overdue/1": return task(next, { overdue: true });
    case "line.lost/1": return stop(next, f.task, f.stop, (x) => ({ missing: (x.missing || 0) + f.qty }));
    case "line.sorted/1":
    case "line.picked/1":
    case "line.put-back/1": return stop(next, f.task, f.stop, (x) => ({ done: x.done + f.qty }));
    case "line.short/1": return stop(next, f.task, f.stop, (x) => ({ missing: (x.missing || 0) + f.qty }));
    case "stock.moved/1": return f.stop ? stop(next, f.task, f.stop, (x) => ({ done: x.done + f.qty })) : next;
    case "refill.short/1": return less(next, f.task, f.qty);
    case "stop.skipped/1": return skip(next, f.task, f.stop);
    case "stops.dropped/1": return stops(next, (x) => (x.order === f.order ? { dropped: true } : null));
    case "order.thawed/1": return thawed(next, f.order, f.in || f.order);
    case "freeze.answered/1": return answered(next, f.intercept, f.answer);
    case "item.verified/1": return item(next, f.parcel, f.line, f.qty);
    case "parcel.verified/1": return parcel(next, f.parcel, { state: "verified" });
    case "parcel.weighed/1": return parcel(next, f.parcel, { state: "weighed", grams: f.weight.grams, expected: f.weight.expected, off: undefined });
    case "parcel.voided/1": return parcel(next, f.parcel, { state: "void" });
    case "task.issued/1": return Object.assign(next, { waiting: (next.waiting || 0) + 1 });
  }
  return next;
}

/** pretend folds an act that has no answer yet. */
export function pretend(s: Snapshot, a: Act): Snapshot {
  const x = a.args;
  switch (a.verb) {
    case "bind": return x.slot ? slot(s, x.slot, { tote: x.tote }) : batch(s, x.tote);
    case "cart": return cart(s, x.cart);
    case "full": return full(s, x.slot);
    case "pick": return picked(s, x.task, x.stop, x.qty);
    case "put-back": return stop(s, x.task, x.stop, (q) => ({ done: q.done + x.qty }));
    case "carry": return stop(s, x.task, x.stop, (q) => ({ done: q.done + x.qty }));
    case "put": return put(s, x);
    case "short": return missing(s, x.task, x.stop);
    case "skip": return skip(s, x.task, x.stop);
    case "answer": return answered(s, x.intercept, x.text);
  }
  return s;
}

/** left is how many pieces a stop still asks for. */
export function left(x: Stop): number {
  return x.dropped ? 0 : x.qty - x.done - (x.missing || 0);
}

/** alike says whether two stops take from the same place: one SKU of one lot in one bin. */
export function alike(x: Stop, y: Stop): boolean {
  return x.bin === y.bin && x.sku === y.sku && (x.lot || "") === (y.lot || "") && (x.expiry || "") === (y.expiry || "");
}

/** serves gives the stops that one reach at x is for: in a batch all that want the same from the same bin. */
export function serves(t: Task, x: Stop): Stop[] {
  if (t.kind !== "batch") return [x];
  return t.stops.filter((y) => alike(x, y) && left(y) > 0 && !y.frozen);
}

/** wanted is how many pieces a reach at x is for. */
export function wanted(t: Task, x: Stop): number {
  return serves(t, x).reduce((n, y) => n + left(y), 0);
}

/** place gives the bar code of the slot of the wall that a slot's order has, or will get. */
export function place(t: Task, of: Slot): string {
  if (of.tote) return of.tote;
  const used = t.slots.map((s) => s.tote);
  return ((t.wall && t.wall.free) || []).filter((f) => used.indexOf(f) < 0)[0] || "";
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

function task(s: Snapshot, change: Partial<Task>): Snapshot {
  return s.task ? Object.assign({}, s, { task: Object.assign({}, s.task, change) }) : s;
}

function batch(s: Snapshot, tote: string): Snapshot {
  const have = (s.task && s.task.totes) || [];
  return task(s, { totes: have.filter((t) => t !== tote).concat([tote]) });
}

function full(s: Snapshot, no: number): Snapshot {
  const t = s.task;
  const old = t && t.slots.filter((x) => x.no === no)[0];
  if (!t || !old || old.full) return s;
  const next = t.slots.length + 1;
  const slots = t.slots.map((x) => (x.no === no ? Object.assign({}, x, { full: true }) : x));
  return task(s, {
    slots: slots.concat([{ no: next, order: old.order, tags: old.tags }]),
    stops: t.stops.map((x) => (x.slot === no && left(x) > 0 ? Object.assign({}, x, { slot: next }) : x)),
  });
}

function cart(s: Snapshot, name: string): Snapshot {
  if (!s.task) return s;
  return task(s, { slots: s.task.slots.map((x) => (x.tote ? x : Object.assign({}, x, { tote: name + "-" + x.no }))) });
}

/** picked gives the pieces of one reach to the stops it serves, one after the other. */
function picked(s: Snapshot, id: string, no: number, qty: number): Snapshot {
  const t = s.task;
  const x = t && t.id === id && t.stops.filter((y) => y.no === no)[0];
  if (!t || !x) return s;
  let rest = qty;
  for (const y of serves(t, x)) {
    const n = Math.min(rest, left(y));
    rest -= n;
    s = stop(s, id, y.no, (z) => ({ done: z.done + n }));
  }
  return s;
}

function missing(s: Snapshot, id: string, no: number): Snapshot {
  const t = s.task;
  const x = t && t.id === id && t.stops.filter((y) => y.no === no)[0];
  if (!t || !x) return s;
  if (t.kind === "refill") return less(s, id, left(x));
  return serves(t, x).reduce((u, y) => stop(u, id, y.no, (z) => ({ missing: z.qty - z.done })), s);
}

/** less takes pieces out of a refill that its reserve bin does not hold: they are not put anywhere either. */
function less(s: Snapshot, id: string, n: number): Snapshot {
  return s.task && s.task.id === id ? stops(s, (x) => ({ missing: (x.missing || 0) + n })) : s;
}

function put(s: Snapshot, x: any): Snapshot {
  const at = s.task && s.task.stops.filter((y) => y.no === x.stop)[0];
  if (!at) return s;
  return slot(stop(s, x.task, x.stop, (y) => ({ done: y.done + x.qty })), at.slot, { tote: x.slot });
}

/** skip puts a stop behind all others, as the daemon does. */
function skip(s: Snapshot, id: string, no: number): Snapshot {
  const most = s.task ? s.task.stops.reduce((n, x) => Math.max(n, x.skipped || 0), 0) : 0;
  return stop(s, id, no, () => ({ skipped: most + 1 }));
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
  const stopped = f.in || f.order; // one that goes with others stops them all
  let next = stops(Object.assign({}, s, { freezes: list }), (x) => (x.order === stopped ? { frozen: true } : null));
  if (next.parcel && next.parcel.order === stopped) next = parcel(next, next.parcel.id, { frozen: true });
  return next;
}

function thawed(s: Snapshot, order: string, stopped: string): Snapshot {
  const list = (s.freezes || []).filter((x) => x.order !== order);
  const calls = (s.calls || []).filter((x) => x.order !== order);
  let next = Object.assign({}, s, { freezes: list, calls: calls });
  if (list.some((x) => (x.in || x.order) === stopped)) return next; // another of the same parcel
  next = stops(next, (x) => (x.order === stopped ? { frozen: false } : null));
  if (next.parcel && next.parcel.order === stopped) next = parcel(next, next.parcel.id, { frozen: false });
  return next;
}

function answered(s: Snapshot, intercept: string, text: string): Snapshot {
  if (text === "on-it") return Object.assign({}, s, { calls: (s.calls || []).filter((x) => x.intercept !== intercept) });
  const list = (s.freezes || []).map((x) => (x.intercept === intercept ? Object.assign({}, x, { answered: true }) : x));
  return Object.assign({}, s, { freezes: list });
}
