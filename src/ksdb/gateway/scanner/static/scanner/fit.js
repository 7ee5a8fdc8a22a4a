/* Whether this browser can run the scanner, in words that the oldest ones understand, before anything else runs. What is
   asked for came with Chrome and Edge 108, Safari 16.4 (iOS 16.4), Firefox 113; the guides name them. */
(function () {
  var isSecure = window.isSecureContext && window.crypto && window.crypto.subtle;
  var isNew =
    "noModule" in document.createElement("script") &&
    window.indexedDB &&
    window.AbortSignal &&
    AbortSignal.timeout &&
    window.DecompressionStream &&
    window.HTMLDialogElement &&
    window.CSS &&
    CSS.supports("height", "1dvh");
  if (isSecure && isNew) return;
  var place = document.getElementById("unfit");
  var address = "https://" + location.host + "/scanner/";
  place.textContent = isNew
    ? "Trang này chỉ chạy khi địa chỉ bắt đầu bằng https. Hãy mở " + address + " — The scanner needs https: open " + address
    : "Trình duyệt này đã cũ, không quét được. Cần Chrome hoặc Edge từ 108, Safari (iOS) từ 16.4, Firefox từ 113. " +
      "Hãy cập nhật hoặc dùng máy khác. — This browser is too old. The scanner needs Chrome or Edge 108, Safari (iOS) 16.4, Firefox 113 or newer.";
  place.hidden = false;
  document.documentElement.setAttribute("data-state", "unfit");
})();
