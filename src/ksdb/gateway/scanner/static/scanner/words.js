// What the scanner says: Vietnamese first, English beside it. `{n}` and the like are filled in.

const WORDS = {
  title: ["Quét thẻ", "Card scanner"],
  enrol_title: ["Đăng ký thiết bị", "Enrol this device"],
  enrol_how: [
    "Chủ điểm quét mở trang của điểm, chọn “Thêm thiết bị” và đưa cho bạn mã gồm 12 chữ số. Mỗi mã dùng một lần, trong một ngày.",
    "The owner of the scan point opens the point’s page, chooses “Add a device” and gives you a code of 12 digits. A code works once, for a day.",
  ],
  enrol_code: ["Mã đăng ký", "Enrolment code"],
  enrol_name: ["Tên thiết bị, ví dụ “Cổng số 1”", "Name of the device, such as “Gate 1”"],
  enrol_send: ["Đăng ký", "Enrol"],
  enrol_camera: ["Quét mã QR đăng ký", "Scan the enrolment QR"],
  guides: ["Xem hướng dẫn", "Guides (in Vietnamese)"],
  enrol_busy: ["Đang đăng ký…", "Enrolling…"],
  fault_enrol_code_unknown: [
    "Mã này không còn dùng được. Hãy xin chủ điểm quét một mã mới.",
    "This code is not open. Ask the owner of the scan point for a new one.",
  ],
  fault_enrol_code_mistyped: ["Mã bị gõ sai. Hãy xem lại 12 chữ số.", "The code is mistyped. Look at the 12 digits again."],
  fault_too_many_guesses: ["Đã thử quá nhiều lần. Hãy đợi vài phút rồi thử lại.", "Too many tries. Wait a few minutes."],
  fault_root_differs: [
    "Khoá gốc của máy chủ khác với khoá trên trang của chủ điểm quét. Thiết bị không được đăng ký. Hãy báo quản trị viên ngay.",
    "The server’s root key is not the one on the owner’s page. The device was not let in. Tell the administrator at once.",
  ],
  fault_offline: ["Chưa nối được với máy chủ. Hãy kiểm tra mạng rồi thử lại.", "The server cannot be reached. Look at the network and try again."],
  fault_device_revoked: [
    "Thiết bị này đã bị ngừng sử dụng. Hãy hỏi chủ điểm quét.",
    "This device was taken out of service. Ask the owner of the scan point.",
  ],
  fault_device_unknown: [
    "Máy chủ không còn biết thiết bị này. Hãy hỏi chủ điểm quét một mã đăng ký mới.",
    "The server does not know this device any more. Ask the owner of the scan point for a new code.",
  ],
  fault_other: ["Máy chủ chưa nhận được. Hãy thử lại sau ít phút.", "The server could not do this. Try again in a few minutes."],
  start_camera: ["Mở máy ảnh", "Open the camera"],
  stop_camera: ["Đóng máy ảnh", "Close the camera"],
  camera_refused: [
    "Máy ảnh chưa được phép dùng. Hãy cho phép trong cài đặt của trình duyệt, hoặc chụp ảnh thẻ giấy, hoặc gõ số thẻ.",
    "The camera may not be used. Allow it in the browser’s settings, or take a picture of a paper card, or type the card number.",
  ],
  camera_missing: ["Thiết bị này không có máy ảnh. Hãy dùng đầu đọc USB hoặc gõ số thẻ.", "This device has no camera. Use a USB reader or type the card number."],
  camera_busy: ["Máy ảnh đang bị ứng dụng khác dùng. Hãy đóng ứng dụng đó rồi mở lại.", "Another app uses the camera. Close it and open the camera again."],
  camera_ended: ["Máy ảnh vừa bị ngắt. Bấm “Mở máy ảnh” để mở lại.", "The camera was cut off. Press “Open the camera” to open it again."],
  camera_engine: [
    "Bộ đọc mã không chạy được. Hãy nối mạng, nạp lại trang; trong lúc đó dùng đầu đọc hoặc gõ số thẻ.",
    "The reader of codes does not run. Go online and load the page again; meanwhile use a USB reader or type the number.",
  ],
  torch_refused: ["Máy không bật được đèn lúc này.", "The torch cannot be lit now."],
  torch: ["Đèn", "Torch"],
  zoom: ["Phóng to", "Zoom"],
  way_in: ["VÀO", "IN"],
  way_out: ["RA", "OUT"],
  way_label: ["Chiều đi: {way}. Bấm để đổi.", "Direction: {way}. Press to change."],
  type_number: ["Gõ số thẻ", "Type number"],
  type_title: ["Gõ số in trên thẻ", "Type the number on the card"],
  type_label: ["12 chữ số", "12 digits"],
  type_send: ["Ghi lượt quét", "Record"],
  number_which: ["Số này có thể là số căn cước. Bạn vừa gõ số nào?", "This may be an identity number. Which one did you type?"],
  number_card: ["Số in trên thẻ", "The card’s number"],
  number_id: ["Số căn cước", "The identity number"],
  photo: ["Ảnh thẻ", "Picture"],
  photo_unreadable: ["Không mở được ảnh này. Hãy chụp lại.", "This picture cannot be opened. Take it again."],
  photo_none: ["Không thấy mã QR trong ảnh. Hãy chụp gần hơn, đủ sáng, cả mã nằm trong ảnh.", "No QR code in the picture. Take it closer, in good light, with the whole code."],
  menu: ["Tuỳ chọn", "Options"],
  close: ["Đóng", "Close"],
  language: ["English", "Tiếng Việt"],
  quiet: ["Tắt tiếng", "No sound"],
  two_lanes: ["Hai luồng: máy ảnh và đầu đọc", "Two lanes: camera and reader"],
  group: ["Nhóm", "Group"],
  group_count: ["Nhóm: {n}", "Group: {n}"],
  group_end: ["xong", "end"],
  inside: ["Đang ở trong: {n}", "Inside: {n}"],
  inside_of: ["Đang ở trong: {n}/{most}", "Inside: {n}/{most}"],
  inside_full: ["ĐÃ ĐỦ NGƯỜI: {n}/{most}", "FULL: {n}/{most}"],
  inside_reset: ["Đếm người lại từ 0", "Count people from 0 again"],
  serial: ["Nối đầu đọc qua cổng nối tiếp", "Connect a serial reader"],
  serial_on: ["Đã nối đầu đọc.", "The reader is connected."],
  serial_off: ["Đầu đọc đã ngắt.", "The reader was disconnected."],
  send_now: ["Gửi và cập nhật ngay", "Send and update now"],
  log_out: ["Gỡ thiết bị, xoá mọi dữ liệu", "Log out and wipe this device"],
  log_out_sure: [
    "Còn {n} lượt quét chưa gửi. Nếu gỡ bây giờ, chúng mất hẳn. Vẫn gỡ?",
    "{n} scans are not sent yet. If you log out now they are lost for good. Log out all the same?",
  ],
  log_out_ask: ["Gỡ thiết bị này? Muốn dùng lại phải có mã đăng ký mới.", "Log this device out? To use it again it needs a new enrolment code."],
  log_out_yes: ["Vẫn gỡ", "Log out"],
  no: ["Không", "No"],
  counts: ["Đã quét {scanned} · An toàn {safe}", "Scanned {scanned} · Safe {safe}"],
  waiting: ["{n} lượt chờ gửi, cũ nhất {age}", "{n} waiting, oldest {age}"],
  aside: ["{n} lượt máy chủ không nhận. Mở Tuỳ chọn để gửi lại hoặc lưu ra tệp.", "{n} scans the server will not take. Open the options to send them again or to save them."],
  aside_menu: [
    "{n} lượt máy chủ không nhận. Máy tự gửi lại mỗi ngày. Nếu vẫn vậy, hãy lưu ra tệp, đưa cho quản trị viên rồi mới xoá.",
    "{n} scans the server will not take. They are tried again every day. If it stays so, save them to a file for the administrator, then delete them.",
  ],
  aside_again: ["Gửi lại các lượt này", "Send these again"],
  aside_save: ["Lưu ra tệp", "Save to a file"],
  aside_discard: ["Xoá các lượt này", "Delete these scans"],
  aside_sure: ["Xoá hẳn {n} lượt máy chủ không nhận? Không lấy lại được nữa.", "Delete the {n} scans the server will not take? They cannot be brought back."],
  aside_yes: ["Xoá hẳn", "Delete"],
  root: ["Khoá gốc: {name}", "Root key: {name}"],
  online: ["Có mạng", "Online"],
  offline: ["Mất mạng: vẫn quét được", "Offline: go on scanning"],
  lists_fresh: ["Danh sách thẻ: {age}", "Card list: {age}"],
  lists_amber: ["Danh sách thẻ đã cũ: {age}. Hãy nối mạng.", "The card list is old: {age}. Go online."],
  lists_red: [
    "Danh sách thẻ quá cũ: chỉ còn kiểm tra chữ ký. Hãy nối mạng.",
    "The card list is too old: only signatures are checked. Go online.",
  ],
  lists_none: ["Chưa có danh sách thẻ: máy chủ sẽ kiểm tra khi gửi.", "No card list yet: the server checks when scans are sent."],
  clock: ["Đồng hồ thiết bị lệch {age}. Hãy chỉnh lại giờ.", "This device’s clock is {age} off. Set it right."],
  storage_low: ["Bộ nhớ sắp đầy ({percent} %). Hãy nối mạng để gửi, hoặc xoá bớt ảnh.", "Storage is nearly full ({percent} %). Go online to send, or delete pictures."],
  spoilt: ["Tắt bộ gõ tiếng Việt rồi quét lại.", "Turn off the Vietnamese input method and scan again."],
  nth: ["Lượt {n} · {time}", "No. {n} · {time}"],
  late: ["Người vừa qua: {word}. {hint}", "The person before: {word}. {hint}"],
  touch_for_sound: ["Chạm màn hình một lần để bật tiếng.", "Touch the screen once for sound."],
  newer: ["Có bản mới: tự chạy ở lần mở sau.", "A newer version runs at the next start."],
  ready: ["Sẵn sàng", "Ready"],
  ready_hint: ["Đưa thẻ trước máy ảnh hoặc quét bằng đầu đọc.", "Hold a card to the camera or use the reader."],
  lane_1: ["Luồng 1 · máy ảnh", "Lane 1 · camera"],
  lane_2: ["Luồng 2 · đầu đọc", "Lane 2 · reader"],
  age_now: ["vừa xong", "just now"],
  age_minutes: ["{n} phút", "{n} min"],
  age_hours: ["{n} giờ", "{n} h"],
  age_days: ["{n} ngày", "{n} days"],
  age_seconds: ["{n} giây", "{n} s"],
  install: ["Cài lên màn hình chính", "Install on the home screen"],
  about: ["Thiết bị số {id} · phiên bản {version}", "Device {id} · version {version}"],
  // The answers: a word to hear and a sentence to act on.
  accepted: ["MỜI QUA", "GO ON"],
  accepted_hint: ["Thẻ hợp lệ.", "The card is good."],
  unverified: ["ĐÃ GHI", "NOTED"],
  unverified_hint: ["Mời qua. Thẻ sẽ được kiểm tra sau.", "Let them pass. It will be checked later."],
  foreign_hint: ["Mời qua. Đã ghi bằng mã khác, không lưu thông tin trong mã.", "Let them pass. Noted by another system’s code; nothing in it was kept."],
  attention: ["GỌI PHƯỜNG", "CALL THE WARD"],
  attention_hint: ["Đã ghi. Mời người cầm thẻ liên hệ phường, xã.", "Noted. Ask the holder to contact the ward."],
  refresh: ["MÃ CŨ", "OLD CODE"],
  refresh_hint: ["Mở lại thẻ trên điện thoại rồi quét lại.", "Open the card on the phone again, then scan."],
  seen: ["ĐÃ QUÉT", "SCANNED"],
  seen_hint: ["Mã này vừa được quét rồi.", "This code was scanned a moment ago."],
  revoked: ["KHÔNG NHẬN", "REFUSED"],
  revoked_hint: ["Thẻ đã bị thu hồi.", "The card was revoked."],
  suspended: ["KHÔNG NHẬN", "REFUSED"],
  suspended_hint: ["Thẻ đang tạm ngừng.", "The card is suspended."],
  expired: ["KHÔNG NHẬN", "REFUSED"],
  expired_hint: ["Thẻ đã hết hạn. Mời đổi thẻ ở phường, xã.", "The card has expired. It is replaced at the ward."],
  bad_signature: ["KHÔNG NHẬN", "REFUSED"],
  bad_signature_hint: ["Mã không phải do hệ thống cấp.", "The code was not issued by the system."],
  unknown_key: ["KHÔNG NHẬN", "REFUSED"],
  unknown_key_hint: ["Mã ký bằng khoá lạ.", "The code is signed with a strange key."],
  key_not_valid: ["KHÔNG NHẬN", "REFUSED"],
  key_not_valid_hint: ["Mã ký bằng khoá không còn giá trị.", "The code is signed with a key that is not valid now."],
  unreadable: ["KHÔNG ĐỌC ĐƯỢC", "UNREADABLE"],
  unreadable_hint: ["Quét lại. Nếu vẫn vậy, gõ số in trên thẻ.", "Scan again. If it stays so, type the printed number."],
  not_ours: ["KHÔNG PHẢI THẺ", "NOT A CARD"],
  not_ours_hint: ["Đây không phải mã của thẻ này.", "This is not the code of such a card."],
  unknown_code: ["KHÔNG PHẢI THẺ", "NOT A CARD"],
  unknown_code_hint: ["Mã lạ, không được lưu. Mời đưa thẻ hoặc căn cước.", "A strange code; it was not kept. Ask for the card or the ID card."],
  foreign_off: ["CHƯA NHẬN", "NOT TAKEN"],
  foreign_off_hint: ["Điểm này chưa nhận mã của hệ thống khác. Mời đưa thẻ hoặc gõ số thẻ.", "This point takes no codes of other systems yet. Ask for the card or type its number."],
  unknown_number: ["KHÔNG CÓ THẺ NÀY", "NO SUCH CARD"],
  unknown_number_hint: ["Không có thẻ mang số này. Xem lại số trên thẻ.", "No card has this number. Look at the card again."],
  number_mistyped: ["GÕ SAI SỐ", "MISTYPED"],
  number_mistyped_hint: ["Số thẻ gồm 12 chữ số; có chữ số bị sai.", "A card number has 12 digits; one is wrong."],
  photo_refused: ["KHÔNG NHẬN ẢNH", "NO PICTURES"],
  photo_refused_hint: ["Thẻ điện tử phải đưa trực tiếp trên điện thoại.", "An electronic card must be shown on the phone itself."],
  wrong_clock: ["SAI GIỜ", "WRONG TIME"],
  wrong_clock_hint: ["Giờ của điện thoại hoặc của thiết bị này bị sai.", "The phone’s clock or this device’s is wrong."],
  stopped: ["MÁY ĐÃ NGỪNG", "OUT OF SERVICE"],
  stopped_hint: ["Thiết bị này đã bị ngừng sử dụng: không ghi lượt nào. Hỏi chủ điểm quét.", "This device was taken out of service and records nothing. Ask the owner of the scan point."],
  not_saved: ["CHƯA LƯU!", "NOT SAVED!"],
  not_saved_hint: ["Máy không ghi được lượt này. Quét lại; nếu vẫn vậy, đóng trang rồi mở lại.", "This scan was not kept. Scan again; if it stays so, close the page and open it again."],
  storage_full: ["CHƯA LƯU!", "NOT SAVED!"],
  storage_full_hint: ["Bộ nhớ đầy: lượt quét này chưa được lưu. Nối mạng để gửi rồi quét lại.", "Storage is full: this scan was not kept. Go online to send, then scan again."],
};

const LANGUAGES = ["vi", "en"];
let language = 0;

export function speak(code) {
  language = Math.max(0, LANGUAGES.indexOf(code));
  document.documentElement.lang = LANGUAGES[language];
  document.title = say("title");
  for (const place of document.querySelectorAll("[data-say]")) place.textContent = say(place.dataset.say);
}

export const spoken = () => LANGUAGES[language];

export function say(key, values = {}) {
  return WORDS[key][language].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

export const isWord = (key) => key in WORDS;

export function faultWords(code) {
  return say(isWord(`fault_${code}`) ? `fault_${code}` : "fault_other");
}

export function ageWords(seconds) {
  if (seconds < 60) return say("age_now");
  if (seconds < 5400) return say("age_minutes", { n: Math.round(seconds / 60) });
  return seconds < 172_800 ? say("age_hours", { n: Math.round(seconds / 3600) }) : say("age_days", { n: Math.round(seconds / 86_400) });
}

// The time of day, in the province.
export const timeWords = (ms) => new Date(ms + 7 * 3_600_000).toISOString().slice(11, 19);

// [word, sentence, kind] of a result: the kind chooses colour, sign and sound.
export function answerWords({ result, kind }) {
  const shown = SHOWN[result] ?? result;
  return [say(shown), say(kind ? "foreign_hint" : `${shown}_hint`), kindOf(result)];
}

export const kindOf = (result) => KINDS[SHOWN[result] ?? result] ?? "refused";

const SHOWN = {
  old_code: "refresh",
  too_old: "refresh",
  from_the_future: "wrong_clock",
  from_future: "wrong_clock",
  bad_device_signature: "bad_signature",
  photo: "photo_refused",
};
const KINDS = { accepted: "good", unverified: "unsure", attention: "ask", refresh: "again", seen: "again" };
