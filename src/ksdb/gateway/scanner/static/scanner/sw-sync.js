/* The service worker where scans can be sent with the app closed: Chromium, which also knows workers of modules. */
import "./sw.js";
import { flush } from "./queue.js";

self.addEventListener("sync", (event) => {
  if (event.tag === "ksdb-flush") event.waitUntil(flush());
});
