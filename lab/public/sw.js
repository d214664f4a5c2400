/**
 * @file The service worker of a static lab: gives every answer the headers that `vca lab` sends, so that threads work
 * on any host, and keeps what was loaded, so that the page opens without a network. Newer files win while there is one.
 */
const KEEP = "vca-lab";
const HEADERS = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
  "cross-origin-resource-policy": "same-origin",
  "content-security-policy": "__POLICY__",
};

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method === "GET" && new URL(request.url).origin === self.location.origin)
    event.respondWith(answer(event, request));
});

async function answer(event, request) {
  const kept = await caches.open(KEEP);
  try {
    const response = await fetch(request);
    if (!response.ok) return response;
    const headers = new Headers(response.headers);
    for (const [name, value] of Object.entries(HEADERS)) headers.set(name, value);
    const dressed = new Response(response.body, { status: response.status, headers });
    event.waitUntil(kept.put(request, dressed.clone()));
    return dressed;
  } catch (error) {
    const before = await kept.match(request, { ignoreSearch: request.mode === "navigate" });
    if (before) return before;
    throw error;
  }
}
