// The list of a day on a phone: shown from what is kept here, noted here, sent when there is network.
import { all, put, remove, wipe } from './vault.js'
import { add, answers, flush, post, session, waiting } from './queue.js'
import { cardOf, digitsOf } from './card.js'
import { offerCamera } from './camera.js'

const EVERY_MS = 30_000
const day = document.getElementById('day')
const at = name => document.querySelector(`[data-${name}]`)
const said = (name, words = {}) => Object.entries(words).reduce((text, [word, value]) => text.replace(`{${word}}`, value), day.dataset[`said${name}`])
const made = id => document.getElementById(id).content.firstElementChild.cloneNode(true)
const urls = { state: day.dataset.state, notes: day.dataset.notes }

const away = new Set(day.dataset.away.split(' '))
const isShown = person => person.lacking || person.touched

let lists = []
let chosen = null

async function load () {
  const kept = await all('list:')
  const over = kept.filter(([, list]) => list.until <= Date.now())
  for (const [id] of over) await remove(id)
  lists = kept.filter(([, list]) => list.until > Date.now()).map(([, list]) => list)
  if (over.length && !lists.length && !(await waiting()).length) await wipe()
  if (over.length) at('count').textContent = said('Over')
  chosen = lists.find(list => list.group === chosen?.group) ?? lists[0] ?? null
}

function show () {
  at('empty').hidden = lists.length > 0
  at('remove').hidden = lists.length === 0
  for (const part of ['which', 'which-label']) at(part).hidden = lists.length < 2
  at('which').replaceChildren(...lists.map(list => new Option(list.name, list.group, false, list === chosen)))
  day.querySelector('.day__choice').hidden = !chosen
  at('doors').replaceChildren()
  if (!chosen) return
  at('title').textContent = `${chosen.name}, ${chosen.commune}`
  const only = at('only').checked
  const doors = chosen.doors.filter(door => !only || door.persons.some(isShown))
  at('doors').append(...doors.map(door => doorOf(door, only)))
  const lacking = chosen.doors.flatMap(door => door.persons).filter(person => person.lacking).length
  at('count').textContent = said('Lacking', { count: lacking })
}

function doorOf (door, only) {
  const part = made('door')
  part.id = `door-${door.id}`
  part.tabIndex = -1
  part.classList.toggle('door--visited', door.visited)
  part.querySelector('.door__address').textContent = door.id ? door.address || '–' : said('Loose')
  const facts = [door.number && said('Number', { number: door.number }), door.active && said('Others', { count: door.active })]
  part.querySelector('.door__facts').textContent = facts.filter(Boolean).join(' · ')
  const shown = door.persons.filter(person => !only || isShown(person))
  part.querySelector('.door__persons').append(...shown.map(person => occupantOf(door, person)))
  part.querySelector('[data-act=visited]').hidden = door.visited
  part.querySelector('[data-act=visited]').addEventListener('click', () => visit(door))
  if (door.id) part.querySelector('.door__acts').prepend(handingOf(door, `card-${door.id}`))
  part.querySelector('.door__acts').hidden = !door.id
  return part
}

// At a door anybody's card of the household; of no household, the card of the one person alone.
function handingOf (door, id, person = null) {
  const form = made('handing')
  form.querySelector('input').id = id
  form.querySelector('label').htmlFor = id
  offerCamera(form)
  form.addEventListener('submit', event => { event.preventDefault(); handOver(door, form, person) })
  return form
}

function occupantOf (door, person) {
  const part = made('occupant')
  part.querySelector('.occupant__name').textContent = person.name
  part.querySelector('.occupant__born').textContent = person.born
  const state = document.getElementById('cards').content.querySelector(`[data-state=${person.card}]`)
  part.querySelector('.govuk-tag').replaceWith(state.cloneNode(true))
  const form = part.querySelector('form')
  const choice = form.querySelector('select')
  choice.id = `reason-${person.id}`
  form.querySelector('label').htmlFor = choice.id
  form.querySelector('label').textContent += ` ${person.name}`
  if (person.reason) part.querySelector('.occupant__reason').textContent = labelOf(choice, person.reason)
  choice.value = person.reason
  part.querySelector('.occupant__unsent').hidden = !person.unsent
  form.hidden = person.card === 'active'
  form.addEventListener('submit', event => { event.preventDefault(); reason(door, person, choice.value) })
  const back = form.querySelector('[data-act=withdraw]')
  back.hidden = !person.reason
  back.addEventListener('click', () => reason(door, person, ''))
  if (!door.id && person.card !== 'active') part.append(handingOf(door, `card-of-${person.id}`, person))
  return part
}

const labelOf = (choice, value) => [...choice.options].find(option => option.value === value)?.text ?? ''

async function note (door, what) {
  door.visited = true
  await add({ group: chosen.group, household: door.id, ...what }, chosen.account)
  await put(`list:${chosen.group}`, chosen)
  show()
  document.getElementById(`door-${door.id}`)?.focus()
  await send()
}

const visit = door => note(door, { kind: 'visited' })

// A second thought before the first one was sent is told against what stood on the server when the list was taken.
async function reason (door, person, value) {
  const what = value ? { kind: 'reason', reason: value } : { kind: 'withdraw' }
  const seen = { resident: person.id, seen_reason: person.reason_id, seen_card: person.card }
  Object.assign(person, { reason: value, unsent: true, touched: true, lacking: !away.has(value) })
  await note(door, { ...what, ...seen })
}

async function handOver (door, form, person) {
  const field = form.querySelector('input')
  const digits = digitsOf(field.value)
  const card = cardOf(digits)
  if (card.fault) return say(form, said(card.fault === 'letters' ? 'Letters' : 'Mistyped'))
  const isIts = person => (card.number ? person.number === card.number : person.index === card.index)
  const home = chosen.doors.find(one => one.persons.some(isIts))
  const holder = home?.persons.find(isIts)
  if (home && home !== door) return say(form, said('Elsewhere', { where: home.address || holder.name }))
  if (person && holder && holder !== person) return say(form, said('Elsewhere', { where: holder.name }))
  if (holder) Object.assign(holder, { card: 'active', reason: '', unsent: true, touched: true, lacking: false })
  await note(door, { kind: 'hand_over', card: digits, resident: person?.id ?? 0 })
  const shown = document.getElementById(form.querySelector('input').id)?.form
  const told = holder ? said('Handed', { name: holder.name }) : said('Unlisted')
  if (shown) say(shown, told)
  else at('count').textContent = told
}

function say (form, text) {
  form.querySelector('.door__said').textContent = text
  form.querySelector('input').select()
}

// What the server says stands now takes the place of what was noted here.
async function heard (_note, answer) {
  for (const list of lists) {
    for (const person of list.doors.flatMap(door => door.persons)) {
      if (person.id !== answer.person?.resident) continue
      const { card, reason, reason_id } = answer.person
      Object.assign(person, { card, reason, reason_id, unsent: false, lacking: card !== 'active' && !away.has(reason) })
      await put(`list:${list.group}`, list)
    }
  }
}

async function send () {
  const queued = await waiting()
  if (queued.length) at('status').textContent = said('Sending')
  const result = await flush(urls, heard)
  const left = await waiting()
  const words = { count: left.length }
  const name = { sent: 'Sent', 'signed-out': 'SignedOut', other: 'Other', waiting: 'Waiting' }[result]
  at('status').textContent = said(name, words) + (left.length ? ` (${oldest(left)})` : '')
  at('status').dataset.left = left.length
  at('sign-in-link').hidden = result !== 'signed-out'
  at('send').hidden = !left.length
  if (queued.length !== left.length && !isTyping()) show()
  await showAnswers()
}

// Drawing the list anew would take away what somebody has half typed, or the form a code is being looked for.
const isScanning = () => document.getElementById('camera').open
const isTyping = () => isScanning() || at('doors').contains(document.activeElement) && Boolean(document.activeElement.value)

const oldest = left => said('Oldest', { time: new Date(left[0][1].note.done_ms).toLocaleTimeString('vi-VN', { hour: '2-digit', minute: '2-digit' }) })

async function showAnswers () {
  at('answers').replaceChildren(...(await answers()).map(([id, { note: told, answer }]) => answerOf(id, told, answer)))
}

function answerOf (id, told, answer) {
  const part = made('answer')
  const person = lists.flatMap(list => list.doors).flatMap(door => door.persons).find(one => one.id === told.resident)
  const home = lists.flatMap(list => list.doors).find(door => door.id === told.household)
  part.querySelector('.clash__who').textContent = person?.name ?? home?.address ?? ''
  part.querySelector('.clash__said').textContent = answer.message
  const isClash = answer.outcome === 'conflict' && answer.theirs
  part.querySelector('dl').hidden = !isClash
  for (const button of part.querySelectorAll('[data-keep]')) button.hidden = !isClash
  part.querySelector('[data-understood]').hidden = Boolean(isClash)
  part.querySelector('[data-understood]').addEventListener('click', () => remove(id).then(showAnswers))
  if (!isClash) return part
  part.querySelector('.clash__mine').textContent = answer.mine
  part.querySelector('.clash__by').textContent = `${answer.theirs.by}, ${answer.theirs.at}`
  part.querySelector('.clash__theirs').textContent = answer.theirs.what
  for (const [which, what] of [['mine', answer.mine], ['theirs', answer.theirs.what]]) {
    const button = part.querySelector(`[data-keep=${which}]`)
    button.textContent = said('Keep', { what })
    button.addEventListener('click', () => decide(id, answer.note, which))
  }
  return part
}

async function decide (id, number, keep) {
  try {
    const who = await session(urls.state)
    if (!who) return send()
    const type = 'application/x-www-form-urlencoded'
    const answer = await post(`${urls.notes}${number}/settle/`, `keep=${keep}&as=json`, who.csrf, type)
    if (answer.ok) await heard(null, await answer.json())
    if (answer.ok || answer.status === 409) await remove(id)
  } catch {
    // Without network it stays to be decided.
  }
  show()
  await showAnswers()
}

async function removeList () {
  const left = (await waiting()).length
  if (!confirm(left ? said('Lose', { count: left }) : said('Remove'))) return
  await wipe()
  const registration = await navigator.serviceWorker.getRegistration(location.pathname)
  await registration?.unregister()
  location.assign(day.dataset.groups)
}

at('which').addEventListener('change', event => { chosen = lists.find(list => list.group === Number(event.target.value)); show() })
at('only').addEventListener('change', show)
at('send').addEventListener('click', send)
at('remove').addEventListener('click', removeList)
window.addEventListener('online', send)
document.addEventListener('visibilitychange', () => { if (!document.hidden && !isScanning()) load().then(show).then(send) })
setInterval(send, EVERY_MS)
await load()
show()
await send()
day.dataset.ready = 'yes'
