// The electronic card: shown from what this phone keeps, renewed every half minute without any server, and now and then
// compared with what the server knows of it.
import { codeAt, newKey, pointOf } from './code.js'
import { draw } from './drawing.js'
import { Refused, SignedOut, bind, state } from './server.js'
import { keep, keepKey, kept, keyKept } from './store.js'

const RENEW_SECONDS = 30
const DAY_MS = 86400_000
const EARLIEST_DAYS = 1 // between these, drawn anew after each answer: phones that were opened together ask apart
const LATEST_DAYS = 7
const QUIET_MS = 10_000 // at a gate the card is shown for less
const SPREAD_MS = 50_000
const AGAIN_MS = 3600_000 // after an answer that did not come
const LONG_SECONDS = 13 * 86400 // a token of 14 days that has more left is not renewed
const SHORT_SECONDS = 3 * 86400 // with so many left the question does not wait long
const CLOCK_MS = 60_000
const page = document.getElementById('card')
const at = name => page.querySelector(`[data-${name}]`)
const said = (name, words = {}) => Object.entries(words).reduce((text, [word, value]) => text.replace(`{${word}}`, value), page.dataset[`said${name}`])

let card = null // {members, chosen, offset, ask_at}; members have token and expires_at while the card is here
let key = null
let drawn = { token: '', at: 0 }
let isSignedOut = false
let isChecking = false
let waiting = 0 // the timer of a question that is due
let lock = null
let isChosenElsewhere = false // a member was chosen on the page of the household

const now = () => Date.now() + (card?.offset ?? 0)
const seconds = () => Math.floor(now() / 1000)
const chosen = () => card?.members.find(one => one.resident === card.chosen) ?? card?.members[0] ?? null
const isGood = one => Boolean(one?.token) && !one.is_blocked && one.expires_at > seconds()
const day = instant => new Date(instant * 1000).toLocaleDateString('vi-VN', { timeZone: 'Asia/Ho_Chi_Minh' })

// What is seen

function show () {
  const one = chosen()
  at('loading').hidden = card !== null || isSignedOut
  at('signed-out').hidden = !isSignedOut
  at('until').textContent = one && isGood(one) ? said('Until', { day: day(one.expires_at) }) : ''
  at('empty').hidden = card === null || card.members.length > 0
  at('face').hidden = !one
  if (!one) return
  at('name').textContent = one.name
  at('number').textContent = (one.number || '').replace(/(\d{4})(?=\d)/g, '$1 ')
  const fault = faultOf(one)
  at('good').hidden = fault !== ''
  at('bad').hidden = fault === ''
  at('fault').textContent = fault && said(fault)
  at('bring').hidden = fault !== 'Elsewhere'
  at('check-bad').hidden = fault === 'Elsewhere'
  showMembers(one)
  showClock()
}

function faultOf (one) {
  if (one.is_blocked) return 'Blocked'
  if (one.place === 'elsewhere') return 'Elsewhere'
  if (!one.token) return 'Waiting'
  return one.expires_at > seconds() ? '' : 'Expired'
}

function showMembers (one) {
  const place = card.members.indexOf(one)
  for (const part of ['before', 'after', 'place']) at(part).hidden = card.members.length < 2
  at('place').textContent = said('Place', { place: place + 1, count: card.members.length })
}

function showClock () {
  const minutes = Math.round(Math.abs(card.offset) / 60_000)
  at('clock').hidden = Math.abs(card.offset) < CLOCK_MS
  at('clock-said').textContent = said('Clock', { minutes })
}

async function renew () {
  const one = chosen()
  if (document.hidden || !isGood(one)) return
  const left = drawn.at + RENEW_SECONDS - seconds()
  const isFresh = drawn.token === one.token && left > 0 && left <= RENEW_SECONDS
  if (!isFresh) {
    const second = seconds()
    const digits = await codeAt(one.token, second, key)
    draw(at('code'), digits)
    drawn = { token: one.token, at: second }
    page.dataset.shownAt = String(second)
  }
  at('left').value = Math.max(0, drawn.at + RENEW_SECONDS - seconds())
}

// The clock of the phone, as far as the page itself can tell: set back while the card is shown, it is not believed.
let tick = { wall: Date.now(), run: performance.now() }

function watchClock () {
  const passed = performance.now() - tick.run
  const jump = Date.now() - tick.wall - passed
  tick = { wall: Date.now(), run: performance.now() }
  if (!card || Math.abs(jump) < 5000) return
  drawn = { token: '', at: 0 }
  if (jump > 0) return askIfDue() // the phone slept, most likely
  card.offset -= jump
  check()
}

// What the server knows

async function check (takesOver = null) {
  if (isChecking || !navigator.onLine) return say(navigator.onLine ? '' : said('Offline'))
  isChecking = true
  try {
    const known = await state(page.dataset.state)
    isSignedOut = false
    key = key ?? await keyKept() ?? await keepKey(await newKey())
    merge(known)
    for (const one of card.members) await bring(one, known, takesOver === one.resident)
    card.ask_at = now() + DAY_MS * (EARLIEST_DAYS + Math.random() * (LATEST_DAYS - EARLIEST_DAYS))
    await keep(card)
    say(isGood(chosen()) ? said('Checked') : '')
  } catch (error) {
    if (error instanceof SignedOut) isSignedOut = true
    else if (error instanceof Refused) say(error.message)
    else say(said('Unreached'))
    if (card) card.ask_at = now() + AGAIN_MS * (1 + Math.random())
  } finally {
    isChecking = false
  }
  drawn = { token: '', at: 0 }
  show()
  await renew()
}

function merge (known) {
  const before = new Map((card?.members ?? []).map(one => [one.resident, one]))
  const members = known.members.map(one => {
    const old = before.get(one.resident)
    const isOurs = one.place === 'here' && old?.number === one.number
    return { ...one, token: isOurs ? old.token : '', expires_at: isOurs ? old.expires_at : 0 }
  })
  const wanted = isChosenElsewhere ? known.chosen : card?.chosen ?? known.chosen
  card = { members, chosen: wanted, offset: known.offset, ask_at: 0 }
}

async function bring (one, known, takesOver) {
  const isEnough = one.token && one.expires_at - seconds() > LONG_SECONDS
  if (one.is_blocked || isEnough || (one.place === 'elsewhere' && !takesOver)) return
  const asked = { resident: one.resident, point: await pointOf(key), key, state: known, takesOver }
  const bound = await bind(page.dataset.bind, asked)
  Object.assign(one, { token: bound.token, expires_at: bound.expires_at, number: bound.number, place: 'here' })
}

function say (text) {
  at('said').textContent = text
}

// What is touched

function choose (step) {
  const place = card.members.indexOf(chosen()) + step
  card.chosen = card.members[(place + card.members.length) % card.members.length].resident
  drawn = { token: '', at: 0 }
  keep(card)
  show()
  renew()
}

function fill (isFull) {
  document.documentElement.classList.toggle('is-full', isFull)
  at('full').hidden = isFull
  at('small').hidden = !isFull
  at(isFull ? 'small' : 'full').focus() // the button that was pressed is gone
  if (isFull) document.documentElement.requestFullscreen?.().catch(() => {})
  else if (document.fullscreenElement) document.exitFullscreen()
  drawn = { token: '', at: 0 }
  renew()
}

let touched = null

// Browsers that can put the page on the home screen say so; the others have it in their menu, as the guide shows.
function offerHome (offer) {
  offer.preventDefault()
  at('install').hidden = false
  at('install').onclick = () => { offer.prompt(); at('install').hidden = true }
}

function listen () {
  window.addEventListener('beforeinstallprompt', offerHome)
  at('before').addEventListener('click', () => choose(-1))
  at('after').addEventListener('click', () => choose(1))
  at('full').addEventListener('click', () => fill(true))
  at('small').addEventListener('click', () => fill(false))
  for (const button of page.querySelectorAll('[data-check]')) button.addEventListener('click', () => check())
  at('bring').addEventListener('click', () => check(chosen().resident))
  const face = at('face')
  face.addEventListener('touchstart', event => { touched = event.changedTouches[0].clientX }, { passive: true })
  face.addEventListener('touchend', event => {
    const way = event.changedTouches[0].clientX - touched
    if (Math.abs(way) > 60 && card.members.length > 1) choose(way < 0 ? 1 : -1)
  }, { passive: true })
  window.addEventListener('online', () => askIfDue())
  window.addEventListener('resize', () => { drawn = { token: '', at: 0 }; renew() })
  document.addEventListener('visibilitychange', () => { if (!document.hidden) { awake(); show(); renew(); askIfDue() } else clearTimeout(waiting) })
  document.addEventListener('fullscreenchange', () => { if (!document.fullscreenElement && !at('small').hidden) fill(false) })
}

// A screen that goes dark at the gate is no card.
async function awake () {
  try {
    lock = await navigator.wakeLock?.request('screen') ?? lock
  } catch {
    lock = null // the battery is low, or the phone does not know this
  }
}

// An opening asks nothing. A phone that has no card to show asks at once; one that has asks on a day of its own, and then
// only if the card is looked at for longer than a gate takes, after a wait of its own.
function askIfDue () {
  clearTimeout(waiting)
  if (!navigator.onLine || document.hidden) return
  if (!card || card.members.some(one => !one.is_blocked && one.place !== 'elsewhere' && !isGood(one))) return check()
  if (now() < card.ask_at) return
  const isShort = card.members.some(one => one.token && one.expires_at - seconds() < SHORT_SECONDS)
  waiting = setTimeout(() => check(), (isShort ? 0 : QUIET_MS) + Math.random() * (isShort ? QUIET_MS : SPREAD_MS))
}

async function begin () {
  page.dataset.running = ''
  document.getElementById('too-old').hidden = true
  at('loading').hidden = false
  if (!window.isSecureContext || !window.crypto?.subtle || !window.indexedDB || typeof BigInt === 'undefined') {
    at('loading').hidden = true
    document.getElementById('too-old').hidden = false
    return
  }
  [card, key] = await Promise.all([kept().then(found => found ?? null), keyKept().then(found => found ?? null)])
  if (card && !key) card.members.forEach(one => { one.token = '' })
  listen()
  show()
  await renew()
  page.dataset.ready = ''
  setInterval(() => { watchClock(); renew() }, 1000)
  if (location.hash === '#chosen') {
    isChosenElsewhere = true
    history.replaceState(null, '', location.pathname)
  }
  await (isChosenElsewhere ? check() : askIfDue())
  isChosenElsewhere = false
  if (card === null && !isSignedOut && !navigator.onLine) at('loading').textContent = said('Offline')
  awake()
  navigator.storage?.persist?.()
  navigator.serviceWorker?.register(page.dataset.worker, { scope: '/my/', updateViaCache: 'all' })
}

begin()
