// What the packer's views share: buttons with a key each, and weights in words.

import { h } from "./lib";

/** A key is a button that says what may be pressed or scanned for it: F2, Enter, Esc. */
export function key(name: string, label: string, press: () => void, kind = ""): HTMLElement {
  return h("button.key", { type: "button", class: kind, "data-key": name, onclick: press }, h("kbd", null, name), h("span", null, label));
}

export function kilos(grams: number): string {
  return (grams / 1000).toFixed(3) + " kg";
}
