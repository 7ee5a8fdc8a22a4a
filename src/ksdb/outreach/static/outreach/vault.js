// Keeps values on this device, sealed with AES-GCM under a key that the browser never gives out (WebCrypto, not
// extractable): a copied profile folder shows no names to who reads the files alone. What runs in this browser, signed
// in or not, can still open them until they are removed.
const NAME = 'ksdb-doors'

let opened

function database () {
  opened ??= new Promise((resolve, reject) => {
    const asking = indexedDB.open(NAME, 1)
    asking.onupgradeneeded = () => { asking.result.createObjectStore('keys'); asking.result.createObjectStore('sealed') }
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

// One key for the device, even if two pages ask for the first time at once.
function key () {
  return navigator.locks.request('ksdb-doors-key', async () => {
    const kept = await on('keys', 'readonly', store => store.get('day'))
    if (kept) return kept
    const made = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt'])
    await on('keys', 'readwrite', store => store.put(made, 'day'))
    return made
  })
}

export async function put (id, value) {
  const iv = crypto.getRandomValues(new Uint8Array(12))
  const named = new TextEncoder().encode(id)
  const plain = new TextEncoder().encode(JSON.stringify(value))
  const data = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: named }, await key(), plain)
  await on('sealed', 'readwrite', store => store.put({ iv, data }, id))
}

export async function get (id) {
  const sealed = await on('sealed', 'readonly', store => store.get(id))
  if (!sealed) return null
  const named = new TextEncoder().encode(id)
  const plain = await crypto.subtle.decrypt({ name: 'AES-GCM', iv: sealed.iv, additionalData: named }, await key(), sealed.data)
  return JSON.parse(new TextDecoder().decode(plain))
}

// What is kept under names that begin so, as [name, value], in the order of the names.
export async function all (prefix) {
  const range = IDBKeyRange.bound(prefix, prefix + '\uffff')
  const ids = await on('sealed', 'readonly', store => store.getAllKeys(range))
  const values = await Promise.all(ids.map(get))
  return ids.map((id, at) => [id, values[at]]).filter(([, value]) => value)
}

export const remove = id => on('sealed', 'readwrite', store => store.delete(id))

// Without its key nothing sealed can be opened, even if a trace of it stays on the disk.
export async function wipe () {
  await on('keys', 'readwrite', store => store.clear())
  await on('sealed', 'readwrite', store => store.clear())
}
