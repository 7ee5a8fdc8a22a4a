/* Finds QR codes in pictures, away from the page's thread. A classic worker: older Safaris know no other. */
/* global ZXingWASM */
importScripts("vendor/zxing-reader-3.1.4.js");

const NAME = "vendor/zxing-reader-3.1.4.wasm";
const ready = ZXingWASM.prepareZXingModule({
  overrides: { locateFile: () => new URL(NAME, self.location.href).href },
  fireImmediately: true,
});
ready.then(
  () => postMessage({ isReady: true }),
  (error) => postMessage({ error: error.name }),
);

onmessage = async ({ data: { id, picture } }) => {
  try {
    await ready;
    const found = await ZXingWASM.readBarcodes(picture, { formats: ["QRCode"], maxNumberOfSymbols: 2, tryHarder: true });
    postMessage({ id, texts: found.filter((one) => one.isValid).map((one) => one.text) });
  } catch (error) {
    postMessage({ id, error: error.name });
  }
};
