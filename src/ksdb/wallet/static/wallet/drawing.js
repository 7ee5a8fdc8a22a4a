// Draws the code: black on white, each module a whole number of the screen's points, with its quiet zone.
import { correction, generate } from './vendor/lean-qr-2.7.4.js'

const QUIET = 4

export function draw (canvas, digits) {
  const code = generate(digits, { minVersion: 11, minCorrectionLevel: correction.M })
  const modules = code.size + 2 * QUIET
  const room = Math.max(canvas.parentElement.clientWidth, 200) * (window.devicePixelRatio || 1)
  const points = Math.max(2, Math.floor(room / modules))
  canvas.width = canvas.height = modules * points
  const pen = canvas.getContext('2d')
  pen.fillStyle = '#fff'
  pen.fillRect(0, 0, canvas.width, canvas.height)
  pen.fillStyle = '#000'
  for (let y = 0; y < code.size; y += 1) {
    for (let x = 0; x < code.size; x += 1) {
      if (code.get(x, y)) pen.fillRect((x + QUIET) * points, (y + QUIET) * points, points, points)
    }
  }
}
