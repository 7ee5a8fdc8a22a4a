// Keeps the page of the card and what it needs, so that it opens without network and without asking a server. It touches
// nothing outside its list: no names, no answers of the server; those the page keeps itself.
const VERSION = 'my-' + {{ version|safe }}
const KEPT = {{ kept|safe }}
const SHELL = {{ shell|safe }}

async function keep (urls) {
  const cache = await caches.open(VERSION)
  for (const url of urls) {
    const answer = await fetch(url, { redirect: 'error', cache: 'reload', credentials: 'same-origin' })
    if (!answer.ok) throw new Error(url)
    await cache.put(url, answer)
  }
}

async function forgetOlder () {
  for (const name of await caches.keys()) {
    if (name.startsWith('my-') && name !== VERSION) await caches.delete(name)
  }
  await self.clients.claim()
}

// Another language, or larger letters: the page is fetched anew before it is shown again.
async function changed (request) {
  const answer = await fetch(request)
  await keep([SHELL]).catch(() => {})
  return answer
}

self.addEventListener('install', event => event.waitUntil(keep(KEPT).then(() => self.skipWaiting())))
self.addEventListener('activate', event => event.waitUntil(forgetOlder()))
self.addEventListener('fetch', event => {
  const url = new URL(event.request.url)
  if (url.origin !== self.location.origin) return
  if (event.request.method === 'POST' && url.pathname === '/my/look/') return event.respondWith(changed(event.request))
  if (event.request.method !== 'GET' || !KEPT.includes(url.pathname)) return
  event.respondWith(caches.match(url.pathname).then(kept => kept ?? fetch(event.request)))
})
