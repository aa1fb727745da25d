// The part of the picker's app that a browser keeps over HTTPS: the page opens in
// dead air too. What is fresh is taken from the daemon wherever it answers in time;
// the socket and the API are left alone.

const KEPT = "floord-1";
const FILES = ["/pda", "/wave", "/assets/wave.js", "/app.webmanifest", "/assets/pda.js", "/assets/style.css", "/assets/zh.opus", "/assets/en.opus", "/assets/icon-192.png"];
/** How long the daemon has to answer before what is kept is shown, in ms. */
const PATIENCE = 3000;

const worker: any = self;

worker.addEventListener("install", (e: any) => {
  worker.skipWaiting();
  e.waitUntil(caches.open(KEPT).then((c) => c.addAll(FILES)));
});

worker.addEventListener("activate", (e: any) => e.waitUntil(worker.clients.claim()));

worker.addEventListener("fetch", (e: any) => {
  const url = new URL(e.request.url);
  if (e.request.method !== "GET" || url.origin !== location.origin) return;
  const ours = FILES.indexOf(url.pathname) >= 0 || url.pathname.indexOf("/pictures/") === 0;
  if (ours) e.respondWith(fresh(e.request, url.pathname));
});

/** fresh asks the daemon and keeps its answer; without one in time it gives what is kept. */
async function fresh(request: Request, path: string): Promise<Response> {
  const cache = await caches.open(KEPT);
  const kept = await cache.match(path);
  const asked = fetch(request).then((r) => {
    if (r.ok) cache.put(path, r.clone());
    return r;
  });
  if (!kept) return asked;
  asked.catch(() => undefined);
  return Promise.race([asked, new Promise<Response>((resolve) => setTimeout(() => resolve(kept), PATIENCE))]).catch(() => kept);
}
