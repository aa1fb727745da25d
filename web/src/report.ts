// What a person reports to a lead: one of a few things, a few words, a photo.

import { h, say } from "./lib";
import { Shell } from "./shell";

export interface Where { task?: string; stop?: number }

const KINDS = ["damaged", "wrong-label", "blocked", "leaking", "other"];

/** The longest side of a photo that is kept, in pixels, and its most bytes. */
const SIDE = 1280;
const MOST = 300 << 10;

/** report asks what happened, then for words and a photo, and sends it. */
export function report(shell: Shell, where: Where): void {
  shell.choose({
    title: say("report"),
    choices: KINDS.map((what) => ({ label: say("exception-" + what), pick: () => details(shell, where, what) })),
  });
}

function details(shell: Shell, where: Where, what: string): void {
  let photo = "";
  const seen = h("div.photo", null, say("photo-none"));
  const words = h("textarea", { rows: 2, maxlength: 120, "aria-label": say("report-words"), placeholder: say("report-words") }) as HTMLTextAreaElement;
  const file = h("input", { type: "file", accept: "image/*", capture: "environment", "aria-label": say("photo-take") }) as HTMLInputElement;
  file.addEventListener("change", async () => {
    const f = file.files && file.files[0];
    if (!f) return;
    try {
      photo = await small(f);
      seen.textContent = "";
      seen.appendChild(h("img", { alt: "", src: photo }));
    } catch (e) {
      seen.textContent = say("photo-unreadable");
    }
  });
  shell.choose({
    title: say("exception-" + what),
    body: h("div.report", null, h("label.button", null, say("photo-take"), file), seen, words),
    choices: [{
      label: say("report-send"), kind: "go", pick: () => {
        const args: any = Object.assign({ what: what, text: words.value.trim() }, where);
        if (photo) args.photo = photo.slice(photo.indexOf(",") + 1);
        shell.keep("report", args);
      },
    }],
  });
}

/** small gives a photo as a data URL of a JPEG that fits the bounds. */
function small(f: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const url = URL.createObjectURL(f);
    const img = new Image();
    img.onerror = () => { URL.revokeObjectURL(url); reject(new Error("unreadable")); };
    img.onload = () => {
      URL.revokeObjectURL(url);
      const c = document.createElement("canvas");
      let by = Math.min(1, SIDE / Math.max(img.naturalWidth, img.naturalHeight));
      let data = "";
      do {
        c.width = Math.max(1, Math.round(img.naturalWidth * by));
        c.height = Math.max(1, Math.round(img.naturalHeight * by));
        c.getContext("2d")!.drawImage(img, 0, 0, c.width, c.height);
        data = c.toDataURL("image/jpeg", 0.7);
        by *= 0.7;
      } while (data.length * 3 / 4 > MOST);
      resolve(data);
    };
    img.src = url;
  });
}
