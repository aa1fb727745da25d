// Label templates, and what they come to: the text on the left, the label as a
// printer would print it with a sample order on the right, while one types.

import { h, lang, put, say } from "./lib";

type Template = { name: string; for: string; width: number; height: number; source: string };
type Drawn = { png?: string; bytes?: number; notes: string[]; mistakes: string[] };

const app = document.getElementById("app") as HTMLElement;
const token = localStorage.getItem("floord/board/token") || localStorage.getItem("floord/station/token") || localStorage.getItem("floord/pda/token") || "";
let templates: Template[] = [];
let timer = 0;
let asked = 0;

function call(path: string, body?: any): Promise<any> {
  return fetch("/api/v1" + path, {
    method: body ? "POST" : "GET",
    headers: { Authorization: "Bearer " + token, "Content-Type": "application/json" },
    body: body ? JSON.stringify(body) : undefined,
  }).then((r) => r.json().then((j) => {
    if (!r.ok) throw new Error(j[lang] || j.title);
    return j;
  }));
}

function choice(name: string, options: string[]): HTMLSelectElement {
  return h("select", { "aria-label": name, onchange: soon }, options.map((o) => h("option", { value: o }, o))) as HTMLSelectElement;
}

const source = h("textarea", { spellcheck: "false", wrap: "off", "aria-label": say("labels-source"), oninput: soon }) as HTMLTextAreaElement;
const which = h("select", { "aria-label": say("labels-template"), onchange: pick }) as HTMLSelectElement;
const language = choice(say("labels-language"), ["tspl", "zpl", "cpcl", "escpos", "epl2"]);
const dpi = choice("dpi", ["203", "300"]);
const charset = choice(say("labels-charset"), ["gbk", "gb2312", "gb18030", "ascii"]);
const picture = h("img", { alt: say("labels-preview") }) as HTMLImageElement;
const said = h("div.said", null);

function pick(): void {
  const t = templates.filter((x) => x.name === which.value)[0];
  if (t) source.value = t.source;
  draw();
}

/** soon draws once nobody has typed for a moment. */
function soon(): void {
  clearTimeout(timer);
  timer = setTimeout(draw, 300) as any;
}

function draw(): void {
  const mine = ++asked;
  call("/labels/preview", { template: source.value, language: language.value, dpi: Number(dpi.value), charset: charset.value, lang: lang })
    .then((d: Drawn) => {
      if (mine !== asked) return; // something newer was asked for
      if (d.png) picture.src = "data:image/png;base64," + d.png;
      picture.className = d.png ? "" : "old";
      put(said, d.mistakes.map((m) => h("p.bad", null, m)), d.png ? h("p", null, say("labels-bytes", { n: d.bytes || 0 })) : null, d.notes.map((n) => h("p.quiet", null, n)));
    })
    .catch((e) => put(said, h("p.bad", null, e.message)));
}

put(app, h("header", null, h("h1", null, say("labels-title")), which, language, dpi, charset),
  h("main", null, h("section", null, source, h("p.quiet", null, say("labels-how"))), h("section", null, said, picture)));
call("/labels").then((all: Template[]) => {
  templates = all;
  put(which, all.map((t) => h("option", { value: t.name }, t.name)));
  which.value = "waybill-100x150";
  pick();
}).catch((e) => put(said, h("p.bad", null, token ? e.message : say("labels-unpaired"))));
