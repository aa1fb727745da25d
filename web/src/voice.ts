// Spoken words: clips that floord ships, one file a language, played piece after
// piece. They were synthesised (see voice/words.json and gen/voice); a handheld
// need not have a voice of its own.

import { ear, lang } from "./lib";
import table from "./voice/pieces.json";

const pieces: { [piece: string]: number[] } = (table as any)[lang];
let clips: Promise<AudioBuffer> | null = null;
let until = 0; // the clock of the audio at which the last piece ends

/** Load the clips now, so that the first word comes at once. */
export function listen(): Promise<AudioBuffer> {
  if (!clips) {
    clips = fetch("/assets/" + lang + ".opus").then((r) => r.arrayBuffer()).then((data) => new Promise<AudioBuffer>((resolve, reject) => {
      const a = ear();
      if (a) a.decodeAudioData(data, resolve, reject);
      else reject(new Error("no audio"));
    }));
    clips.catch(() => { clips = null; });
  }
  return clips;
}

/** speak says pieces one after the other; what is not known is left out, and an earlier saying is heard out first. */
export async function speak(...said: (string | number)[]): Promise<void> {
  const names = ([] as string[]).concat(...said.map((p) => (typeof p === "number" ? number(p) : [p])));
  try {
    const clip = await listen();
    const a = ear();
    if (!a) return;
    let at = Math.max(a.currentTime, until) + 0.02;
    for (const name of names) {
      const p = pieces[name];
      if (!p) continue;
      const source = a.createBufferSource();
      source.buffer = clip;
      source.connect(a.destination);
      source.start(at, p[0] / 1000, p[1] / 1000 + 0.03);
      at += p[1] / 1000 + 0.04;
    }
    until = at;
  } catch (e) {
    // The screen says it all the same.
  }
}

/** number gives the pieces of a number as people say it: 17 is "十" and "七". Above 100 its digits are said. */
export function number(n: number): string[] {
  if (n < 0 || n > 100 || n !== Math.floor(n)) return String(n).split("");
  if (n <= 10 || n === 100 || pieces[n]) return [String(n)];
  const tens = Math.floor(n / 10);
  const ones = n % 10 ? [String(n % 10)] : [];
  if (lang === "en") return [String(tens * 10)].concat(ones);
  return (tens > 1 ? [String(tens)] : []).concat(["10"], ones);
}
