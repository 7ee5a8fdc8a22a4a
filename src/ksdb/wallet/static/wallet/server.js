// The few questions that the card has for the server. Showing a code asks none of them.
import { proof } from './code.js'

export class SignedOut extends Error {}
export class Refused extends Error {
  constructor (code, message) {
    super(message)
    this.code = code
  }
}

const WAIT_MS = 8000

// {now, csrf, chosen, members} and `offset`: how far the server's clock is ahead of the phone's. Throws SignedOut.
export async function state (url) {
  const before = Date.now()
  const began = performance.now()
  const answer = await fetch(url, { redirect: 'manual', cache: 'no-store', signal: AbortSignal.timeout?.(WAIT_MS) })
  if (answer.type === 'opaqueredirect') throw new SignedOut()
  if (!answer.ok) throw new Error(String(answer.status))
  const said = await answer.json()
  const took = performance.now() - began
  return { ...said, offset: said.now - (before + took / 2) }
}

// {number, token, expires_at} of a card that is now bound to this phone's key. Throws Refused.
export async function bind (url, asked) {
  const at = Math.floor(asked.state.now / 1000)
  const body = {
    resident: asked.resident,
    point: asked.point,
    at,
    signature: await proof(asked.key, asked.resident, at),
    takes_over: asked.takesOver
  }
  const answer = await fetch(url, {
    method: 'POST',
    redirect: 'manual',
    signal: AbortSignal.timeout?.(WAIT_MS),
    headers: { 'Content-Type': 'application/json', 'X-CSRFToken': asked.state.csrf },
    body: JSON.stringify(body)
  })
  if (answer.type === 'opaqueredirect') throw new SignedOut()
  const said = await answer.json()
  if (!answer.ok) throw new Refused(said.code, said.message)
  return said
}
