// The device's own database: what it was enrolled with, the lists, small counters, and the scans that wait.

const STORES = ["enrolment", "lists", "counters", "queue", "aside"];
let opened;

export class StorageFull extends Error {}

export function database() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open("ksdb-scanner", 1);
    request.onupgradeneeded = () => {
      for (const name of STORES.slice(0, 3)) request.result.createObjectStore(name);
      // The generator never hands a number out twice, not even after its scan was sent and deleted.
      request.result.createObjectStore("queue", { autoIncrement: true });
      request.result.createObjectStore("aside");
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opened;
}

// What `work` asks of the stores, once it is on the disk. Throws StorageFull.
export async function within(stores, work) {
  const transaction = (await database()).transaction(stores, "readwrite", { durability: "strict" });
  const asked = work(transaction);
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(asked?.result);
    transaction.onabort = () => {
      const isFull = transaction.error?.name === "QuotaExceededError";
      reject(isFull ? new StorageFull() : (transaction.error ?? new Error("aborted")));
    };
  });
}

// What the one request of `work` finds.
export async function found(store, work) {
  const request = work((await database()).transaction(store, "readonly").objectStore(store));
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

export const get = (store, key) => found(store, (from) => from.get(key));
export const put = (store, key, value) => within([store], (all) => all.objectStore(store).put(value, key));

export async function wipe() {
  const names = [...STORES];
  await within(names, (all) => names.forEach((name) => all.objectStore(name).clear()));
}
