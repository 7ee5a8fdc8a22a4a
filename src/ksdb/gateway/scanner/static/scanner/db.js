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
    request.onsuccess = () => {
      request.result.onclose = () => (opened = undefined);
      resolve(request.result);
    };
    request.onerror = () => {
      opened = undefined;
      reject(request.error);
    };
  });
  return opened;
}

// Browsers close a database below an open page: when they clear space, when its process dies. Then it is opened once more.
async function begun(stores, mode) {
  try {
    return (await database()).transaction(stores, mode, { durability: "strict" });
  } catch (error) {
    if (error.name !== "InvalidStateError") throw error;
    opened = undefined;
    return (await database()).transaction(stores, mode, { durability: "strict" });
  }
}

// What `work` asks of the stores, once it is on the disk; nothing of it when any of it fails. Throws StorageFull.
export async function within(stores, work) {
  const transaction = await begun(stores, "readwrite");
  let asked;
  try {
    asked = work(transaction);
  } catch (error) {
    transaction.abort();
    throw error;
  }
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
  const request = work((await begun(store, "readonly")).objectStore(store));
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

export const get = (store, key) => found(store, (from) => from.get(key));
export const put = (store, key, value) => within([store], (all) => all.objectStore(store).put(value, key));

// Reads a value and writes what `change` makes of it, with no other tab in between. What was written.
export async function changed(store, key, change) {
  let after;
  await within([store], (all) => {
    const there = all.objectStore(store);
    const asked = there.get(key);
    asked.onsuccess = () => {
      after = change(asked.result);
      if (after !== undefined) there.put(after, key);
    };
  });
  return after;
}

export async function wipe() {
  const names = [...STORES];
  await within(names, (all) => names.forEach((name) => all.objectStore(name).clear()));
}
