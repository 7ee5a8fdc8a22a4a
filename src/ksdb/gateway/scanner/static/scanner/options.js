// The dialogs of the scanning screen: the options, a typed number, and the question before something is lost.
import { asideFile, discardAside, putBack } from "./aside.js";
import { isCardNumber, digitsOf } from "./cardnumber.js";
import { choose, chosen } from "./chosen.js";
import { isIdNumber } from "./foreign.js";
import { counts } from "./queue.js";
import { send, update } from "./sending.js";
import { say } from "./words.js";

const of = (id) => document.getElementById(id);

export function readyOptions({ logOut, deviceId, onChange, onLanes, resetInside }) {
  of("menu-open").addEventListener("click", () => of("menu").showModal());
  of("send-now").addEventListener("click", update);
  of("inside-reset").addEventListener("click", resetInside);
  tick("quiet", onChange);
  tick("two-lanes", onLanes);
  of("log-out").addEventListener("click", async () => {
    const { waiting, aside } = await counts();
    const unsent = waiting + aside;
    makeSure(unsent ? say("log_out_sure", { n: unsent }) : say("log_out_ask"), say("log_out_yes"), logOut);
  });
  readyAside(deviceId, onChange);
  window.addEventListener("beforeinstallprompt", (event) => {
    of("install").hidden = false;
    of("install").onclick = () => event.prompt();
  });
}

export function tickTwoLanes(isTwo) {
  of("two-lanes").checked = isTwo;
}

function makeSure(words, yes, then) {
  of("sure-words").textContent = words;
  of("sure-yes").textContent = yes;
  of("sure-yes").onclick = then;
  of("sure").showModal();
}

function readyAside(deviceId, onChange) {
  // While they are on their way they are not here to be saved or discarded.
  of("aside-again").addEventListener("click", async () => {
    const buttons = of("aside").querySelectorAll("button");
    for (const button of buttons) button.disabled = true;
    try {
      await putBack(true);
      await send();
    } finally {
      for (const button of buttons) button.disabled = false;
    }
  });
  of("aside-save").addEventListener("click", async () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await asideFile());
    link.download = `luot-quet-${deviceId}.json`;
    link.click();
    URL.revokeObjectURL(link.href);
  });
  of("aside-discard").addEventListener("click", async () => {
    const { aside } = await counts();
    makeSure(say("aside_sure", { n: aside }), say("aside_yes"), async () => {
      of("sure").close();
      await discardAside();
      await onChange();
    });
  });
}

function tick(name, then) {
  of(name).checked = chosen(name) === true;
  of(name).addEventListener("change", async () => {
    await choose(name, of(name).checked);
    await then();
  });
}

// `take` gets the number as typed, or the code of a USB reader that typed into the field: then it is a scan. A number that could
// be an identity number, too, is asked about: of that a hash is sent, and never the number.
export function readyTyping(take) {
  of("type-open").addEventListener("click", () => {
    of("number").value = "";
    askWhich(null);
    of("number-fault").textContent = "";
    of("type").showModal();
  });
  of("number").addEventListener("input", () => askWhich(null));
  of("type-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const digits = digitsOf(of("number").value);
    const isCode = /^\d{60,}$/.test(digits);
    if (!isCode && !isCardNumber(digits)) return void (of("number-fault").textContent = say("number_mistyped_hint"));
    if (!isCode && isIdNumber(digits)) return askWhich(digits);
    await take(digits, isCode ? "reader" : "typed");
    of("type").close();
  });
  for (const [button, how] of [["number-card", "typed"], ["number-id", "reader"]]) {
    of(button).addEventListener("click", async () => {
      await take(digitsOf(of("number").value), how);
      of("type").close();
    });
  }
}

function askWhich(digits) {
  of("which").hidden = !digits;
  of("type-send").hidden = Boolean(digits);
  of("number-fault").textContent = digits ? say("number_which") : "";
  if (digits) of("number-card").focus();
}
