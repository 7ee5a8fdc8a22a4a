// The camera for a field of a card: a picture of the code, moving or taken, becomes the digits of the field, and the
// form is sent as if somebody had typed them. Nothing of a picture is kept or leaves the device.
import { cardOf, digitsOf } from './card.js'

const dialog = document.getElementById('camera')
const video = dialog?.querySelector('video')
const photo = dialog?.querySelector('input[type=file]')
const told = dialog?.querySelector('[role=status]')
const said = name => dialog.dataset[`said${name}`]

let reader = null
let camera = null
let form = null

const hasCamera = Boolean(navigator.mediaDevices?.getUserMedia)
const canRead = Boolean(dialog?.showModal && globalThis.Worker && globalThis.WebAssembly && globalThis.createImageBitmap)

// Puts the button into the form of a card, where this browser can read codes.
export function offerCamera (part) {
  const button = part.querySelector('[data-act=camera]')
  if (!button || !canRead) return
  button.hidden = false
  button.addEventListener('click', () => open(part))
}

async function open (part) {
  form = part
  photo.value = ''
  dialog.showModal()
  tell(said('Starting'))
  try {
    reader ??= await import(dialog.dataset.reader)
    if (!hasCamera) return tell(said('None'))
    video.hidden = false
    camera = new reader.Camera(video, seen)
    await camera.start()
    if (dialog.open) tell(said('Hold'))
    else close()
  } catch {
    close()
    tell(said('None'))
  }
}

const tell = text => { told.textContent = text }

// A code that is no card's is told, and looking goes on.
function seen (text) {
  if (!form || !dialog.open) return
  const digits = digitsOf(text)
  if (cardOf(digits).fault) return tell(said('Other'))
  const [sent, field] = [form, form.querySelector('input[name=card]')]
  dialog.close()
  navigator.vibrate?.(60)
  field.value = digits
  sent.requestSubmit()
}

function close () {
  camera?.stop()
  camera = null
  video.hidden = true
}

async function look () {
  const [file] = photo.files
  if (!file) return
  tell(said('Looking'))
  try {
    const [text] = await reader.codesIn(file)
    photo.value = ''
    return text ? seen(text) : tell(said('Unseen'))
  } catch {
    tell(said('Unseen'))
  }
}

if (dialog) {
  dialog.addEventListener('close', () => { close(); form = null })
  dialog.querySelector('[data-act=close]').addEventListener('click', () => dialog.close())
  photo.addEventListener('change', look)
  window.addEventListener('pagehide', close)
}
for (const part of document.querySelectorAll('form.door__card')) offerCamera(part)
