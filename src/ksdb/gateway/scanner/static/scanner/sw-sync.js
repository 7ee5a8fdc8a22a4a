/* The service worker where scans can be sent with the app closed: Chromium, which also knows workers of modules. */
import "./sw.js";
import { flush } from "./queue.js";

self.addEventListener("sync", (event) => {
  if (event.tag === "ksdb-flush") event.waitUntil(sent());
});

// What fails is asked for again by the browser, later and later; what ended well, never.
async function sent() {
  const { error } = await flush();
  if (error) throw new Error(error);
}
