// A picture of a card, made small and grey on the phone, and sent for its code to be read. It is kept nowhere.
const LONGEST = 1200
const form = document.getElementById('photo')
const input = form.querySelector('input[type=file]')
const said = document.getElementById('photo-said')

async function grey (file) {
  const picture = await createImageBitmap(file)
  const scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height))
  const [width, height] = [Math.round(picture.width * scale), Math.round(picture.height * scale)]
  const canvas = Object.assign(document.createElement('canvas'), { width, height })
  const pen = canvas.getContext('2d', { willReadFrequently: true })
  pen.drawImage(picture, 0, 0, width, height)
  const { data } = pen.getImageData(0, 0, width, height)
  const light = new Uint8Array(width * height)
  for (let i = 0; i < light.length; i += 1) light[i] = (data[4 * i] * 77 + data[4 * i + 1] * 150 + data[4 * i + 2] * 29) >> 8
  return { light, width }
}

async function send () {
  said.textContent = form.dataset.saidReading
  try {
    const { light, width } = await grey(input.files[0])
    const answer = await fetch(form.action, {
      method: 'POST',
      headers: { 'Content-Type': 'application/octet-stream', 'X-Width': String(width), 'X-CSRFToken': form.querySelector('[name=csrfmiddlewaretoken]').value },
      body: light
    })
    const answered = await answer.json()
    if (answer.ok) window.location.assign(answered.next)
    else said.textContent = answered.message
  } catch {
    said.textContent = form.dataset.saidFailed
  }
  input.value = ''
}

form.hidden = false
input.addEventListener('change', () => { if (input.files.length) send() })
