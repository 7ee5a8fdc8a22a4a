// Keeps the page of the day and what it needs, so that it opens without network. It touches nothing outside its list:
// no names, no answers of the server; those are on the page, sealed.
const VERSION = 'doors-' + {{ version|safe }}
const KEPT = {{ kept|safe }}

async function keep () {
  const cache = await caches.open(VERSION)
  for (const url of KEPT) {
    // A page of signing in, to which an ended session leads, must not be kept in the place of ours.
    const answer = await fetch(url, { redirect: 'error', cache: 'reload', credentials: 'same-origin' })
    if (!answer.ok) throw new Error(url)
    await cache.put(url, answer)
  }
  await self.skipWaiting()
}

async function forgetOlder () {
  for (const name of await caches.keys()) {
    if (name.startsWith('doors-') && name !== VERSION) await caches.delete(name)
  }
  await self.clients.claim()
}

self.addEventListener('install', event => event.waitUntil(keep()))
self.addEventListener('activate', event => event.waitUntil(forgetOlder()))
self.addEventListener('fetch', event => {
  const url = new URL(event.request.url)
  if (event.request.method !== 'GET' || url.origin !== self.location.origin || !KEPT.includes(url.pathname)) return
  event.respondWith(caches.match(url.pathname).then(kept => kept ?? fetch(event.request)))
})
