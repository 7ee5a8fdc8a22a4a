// What the phone keeps: its key, which the browser never gives out, and the household's cards.
const NAME = 'ksdb-my'

let opened

function database () {
  opened ??= new Promise((resolve, reject) => {
    const asking = indexedDB.open(NAME, 1)
    asking.onupgradeneeded = () => { asking.result.createObjectStore('keys'); asking.result.createObjectStore('kept') }
    asking.onsuccess = () => resolve(asking.result)
    asking.onerror = () => reject(asking.error)
  })
  return opened
}

async function on (store, mode, act) {
  const db = await database()
  return new Promise((resolve, reject) => {
    const transaction = db.transaction(store, mode)
    const asking = act(transaction.objectStore(store))
    transaction.oncomplete = () => resolve(asking.result)
    transaction.onerror = transaction.onabort = () => reject(transaction.error)
  })
}

export const kept = () => on('kept', 'readonly', store => store.get('card'))
export const keep = card => on('kept', 'readwrite', store => store.put(card, 'card'))
export const keyKept = () => on('keys', 'readonly', store => store.get('device'))

// The first of two pages that ask at the same time makes the key: what is there already is not overwritten.
export async function keepKey (key) {
  await on('keys', 'readwrite', store => {
    const asking = store.get('device')
    asking.onsuccess = () => { if (!asking.result) store.put(key, 'device') }
    return asking
  })
  return keyKept()
}

export async function wipe () {
  await on('keys', 'readwrite', store => store.clear())
  await on('kept', 'readwrite', store => store.clear())
  for (const name of await caches.keys()) if (name.startsWith('my-')) await caches.delete(name)
}
