// Notes that wait to be sent, each under a key of its own: whatever is sent how often, the server does it once. A note
// leaves the device only after the server's answer to it is kept here.
import { all, put, remove } from './vault.js'

const MOST = 50
let last = 0

export async function add (note, account) {
  last = Math.max(Date.now(), last + 1)
  const whole = { ...note, key: crypto.randomUUID(), done_ms: Date.now() }
  await put(`note:${String(last).padStart(15, '0')}`, { note: whole, account })
  return whole
}

export const waiting = () => all('note:')

export const answers = () => all('answer:')

// Whose session this is, or null when there is none. Fails without network.
export async function session (url) {
  const answer = await fetch(url, { redirect: 'manual', cache: 'no-store' })
  return answer.ok ? answer.json() : null
}

export function post (url, body, csrf, type = 'application/json') {
  return fetch(url, { method: 'POST', body, redirect: 'manual', headers: { 'Content-Type': type, 'X-CSRFToken': csrf } })
}

// Sends what waits, one page of the browser at a time: sent, signed-out, other or waiting. `heard` is told each answer.
export function flush (urls, heard) {
  return navigator.locks.request('ksdb-doors-flush', async () => {
    let queued = await waiting()
    if (!queued.length) return 'sent'
    try {
      const who = await session(urls.state)
      if (!who) return 'signed-out'
      queued = queued.filter(([, one]) => one.account === who.account)
      if (!queued.length) return 'other'
      for (let start = 0; start < queued.length; start += MOST) {
        const part = queued.slice(start, start + MOST)
        const sent = await post(urls.notes, JSON.stringify({ notes: part.map(([, one]) => one.note) }), who.csrf)
        if (!sent.ok) return sent.type === 'opaqueredirect' ? 'signed-out' : 'waiting'
        await settled(part, await sent.json(), heard)
      }
    } catch {
      return 'waiting'
    }
    return (await waiting()).length ? 'other' : 'sent'
  })
}

async function settled (part, told, heard) {
  const by = new Map(told.map(answer => [answer.key, answer]))
  for (const [id, { note }] of part) {
    const answer = by.get(note.key)
    if (!answer) continue
    if (answer.outcome === 'conflict' || answer.outcome === 'refused') await put(`answer:${note.key}`, { note, answer })
    await heard(note, answer)
    await remove(id)
  }
}
