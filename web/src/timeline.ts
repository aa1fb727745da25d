// The time line of an order, in words: what happened, when, by whom.

import { clock, h, knows, say, when } from "./lib";

/** Which words a field's value may be, by the field's name. */
const VALUES: { [field: string]: string[] } = {
  why: ["freeze-", "why-", "short-", "needs-"], stage: ["state-"], answer: ["answer-"], what: ["effect-"], mend: ["mend-"], state: ["shop-"], effect_what: ["effect-"],
  outcome: ["end-", "outcome-"], holds_code: ["hold-"], tags_0: ["tag-"],
};

/** timeline shows what happened to an order, as the API tells it. */
export function timeline(o: { events: any[]; more?: boolean; order?: { id: string; in?: string } }): HTMLElement {
  const mine = (e: any) => !o.order || !e.args || !e.args.order || e.args.order === o.order.id || e.args.order === o.order.in;
  return h("div", null,
    h("ol.timeline", null, o.events.map((e: any) => h("li", null,
      h("time", { title: when(e.at) }, clock(e.at, true)), h("b", { title: e.says }, told(e) + (mine(e) ? "" : " · " + e.args.order)), h("small", null, who(e.actor))))),
    o.more && h("p.hint", null, say("timeline-more")));
}

/** told says what an event of a time line was; a kind without a sentence is said as itself. */
function told(e: { kind: string; args?: { [name: string]: string } }): string {
  const args: { [name: string]: string } = {};
  for (const name in e.args || {}) {
    const v = (e.args as any)[name];
    args[name] = v;
    for (const before of VALUES[name] || []) {
      if (knows(before + v)) { args[name] = say(before + v, { field: (e.args as any).holds_field || "" }); break; }
    }
  }
  const code = "fact-" + e.kind;
  if (e.kind === "order.received/1" && args.score) {
    const more = ["scored", args.tags_0 && "tagged", args.holds_code && "held"];
    return [say(code, args)].concat(more.filter(k => k).map(k => say("fact-order." + k + "/1", args))).join(" · ");
  }
  const empty = e.kind === "order.held/1" && !args.holds_code || e.kind === "order.tagged/1" && !args.tags_0;
  if (!knows(code)) return e.kind;
  return say(empty ? code + "-none" : code, args).replace(/\{\w+\}/g, "—");
}

/** who says who caused an event: "li.wei (pda-07)". */
function who(actor: string): string {
  const m = /^person:([^@]*)(?:@(.*))?$/.exec(actor);
  return m ? m[1] + (m[2] ? " · " + m[2] : "") : actor === "floord" ? say("actor-floord") : actor.replace(/^shop:/, say("col-channel") + " ");
}
