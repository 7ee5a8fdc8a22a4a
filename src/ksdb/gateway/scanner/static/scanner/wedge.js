// A USB reader that types like a keyboard, told from people by its speed. Physical keys are read, not letters: so neither an
// input method nor the layout nor caps lock matters, as long as the code is digits.

const SHORTEST = 12;
const IDLE_MS = 250;
const MEAN_MS = 40;
const SHIFTED = { Backslash: "|", Semicolon: ":", Slash: "?", Digit4: "$", Digit5: "%", Digit8: "*", Equal: "+", Minus: "_" };
const PLAIN = { Slash: "/", Period: ".", Comma: ",", Minus: "-", Space: " ", Semicolon: ";", Equal: "=", Quote: "'" };

// `isCode` says whether a text can be a code; what comes as fast and is none was spoilt by an input method.
export function listen({ onScan, onSpoilt, isCode, target = window }) {
  let [text, began, last, timer] = ["", 0, 0, 0];

  const end = () => {
    clearTimeout(timer);
    const [read, isFast] = [text, text.length >= SHORTEST && (last - began) / (text.length - 1) <= MEAN_MS];
    text = "";
    if (!isFast) return false;
    if (isCode(read)) onScan(read);
    else onSpoilt();
    return true;
  };

  target.addEventListener(
    "keydown",
    (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || isTyping()) return;
      if (["Enter", "NumpadEnter", "Tab"].includes(event.code)) {
        if (text.length >= SHORTEST && end()) swallow(event);
        return;
      }
      const character = characterOf(event);
      if (!character) return;
      if (event.timeStamp - last > IDLE_MS) text = "";
      if (!text) began = event.timeStamp;
      last = event.timeStamp;
      text += character;
      if (text.length > 1) swallow(event);
      clearTimeout(timer);
      timer = setTimeout(end, IDLE_MS);
    },
    true,
  );
}

function swallow(event) {
  event.preventDefault();
  event.stopPropagation();
}

// Only where one writes. A tick, a button or the choice of a file takes no letters, however it came by the focus.
function isTyping() {
  const field = document.activeElement;
  if (field?.tagName === "INPUT") return !/^(button|checkbox|color|file|image|radio|range|reset|submit)$/.test(field.type);
  return field?.tagName === "TEXTAREA" || Boolean(field?.isContentEditable);
}

function characterOf({ code, key, shiftKey }) {
  if (/^(Numpad|Digit)\d$/.test(code) && !(shiftKey && SHIFTED[code])) return code.at(-1);
  if (/^Key[A-Z]$/.test(code)) return code[3];
  return (shiftKey ? SHIFTED : PLAIN)[code] ?? (code === "" && /^\d$/.test(key) ? key : "");
}
