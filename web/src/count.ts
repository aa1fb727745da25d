// How many: typed on keys that gloves hit, or on the scanner's or station's own.

import { h, put, say } from "./lib";
import { Shell } from "./shell";

/** count asks for a number from 1 to most; done is called with it once, or never. */
export function count(shell: Shell, title: string, most: number, done: (n: number) => void): void {
  let typed = "";
  const shown = h("output.typed", null, "0");
  const key = (k: string) => {
    typed = k === "⌫" ? typed.slice(0, -1) : (typed + k).replace(/^0+/, "").slice(0, 4);
    put(shown, typed || "0");
  };
  const take = (n: number) => {
    if (n >= 1 && n <= most) return done(n);
    ask();
    if (n > most) shell.refuse(say("count-over", { n: n, most: most }));
  };
  const ask = () => {
    typed = "";
    put(shown, "0");
    // What is typed on a keyboard goes to the scanner's field, and is seen here.
    const field = shell.scanner.field.querySelector("input")!;
    let began = false;
    const timer = window.setInterval(() => {
      if (began && !document.body.contains(shown)) return window.clearInterval(timer);
      began = began || document.body.contains(shown);
      if (/^\d{1,4}$/.test(field.value)) put(shown, field.value);
      else if (!typed) put(shown, "0");
    }, 100);
    shell.choose({
      title: title,
      body: h("div.countpad", null, shown, h("div.keys", null, ["1", "2", "3", "4", "5", "6", "7", "8", "9", "⌫", "0"].map((k) =>
        h("button", { type: "button", onclick: () => key(k) }, k)))),
      choices: [{ label: say("count-ok"), kind: "go", pick: () => take(Number(typed)) }],
      scan: (code) => {
        if (!/^\d{1,4}$/.test(code)) return false;
        shell.shut();
        take(Number(code));
        return true;
      },
    });
  };
  ask();
}
