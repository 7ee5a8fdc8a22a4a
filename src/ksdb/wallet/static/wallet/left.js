// After signing out: nothing of the cards stays on this phone.
import { wipe } from './store.js'

await wipe()
for (const one of await navigator.serviceWorker?.getRegistrations() ?? []) {
  if (new URL(one.scope).pathname === '/my/') await one.unregister()
}
document.documentElement.dataset.left = ''
