// After signing out: nothing of the cards stays on this phone.
import { wipe } from './store.js'

await wipe()
for (const one of await navigator.serviceWorker?.getRegistrations() ?? []) {
  if (new URL(one.scope).pathname.startsWith('/my/')) await one.unregister() // with it goes the browser's subscription
}
document.documentElement.dataset.left = ''
