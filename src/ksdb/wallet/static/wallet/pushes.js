// The switch for notices that light up on this phone. Without it, and in browsers that cannot, messages come all the same.
const box = document.getElementById('pushes')
const on = document.getElementById('pushes-on')
const off = document.getElementById('pushes-off')
const said = document.getElementById('pushes-said')

if (box && box.dataset.key && 'serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window) begin()

async function begin () {
  box.hidden = false
  const worker = await navigator.serviceWorker.getRegistration(box.dataset.scope)
  const kept = worker && worker.scope.endsWith(box.dataset.scope) ? await worker.pushManager.getSubscription() : null
  show(Boolean(kept) && box.dataset.takes === '1') // for each member of the household it is allowed apart
  on.addEventListener('click', () => attempt(take))
  off.addEventListener('click', () => attempt(leave))
}

function show (takes) {
  on.hidden = takes
  off.hidden = !takes
}

async function attempt (act) {
  on.disabled = off.disabled = true
  try {
    said.textContent = await act()
  } catch (error) {
    said.textContent = error.name === 'NotAllowedError' ? said.dataset.denied : said.dataset.failed
  }
  on.disabled = off.disabled = false
}

async function take () {
  const worker = await navigator.serviceWorker.register(box.dataset.worker, { scope: box.dataset.scope })
  await active(worker)
  const made = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(box.dataset.key) })
  const refused = await told(made, true)
  if (refused) {
    await made.unsubscribe()
    return refused
  }
  show(true)
  return said.dataset.on
}

async function leave () {
  const worker = await navigator.serviceWorker.getRegistration(box.dataset.scope)
  const kept = await worker.pushManager.getSubscription()
  await told(kept, false)
  await kept.unsubscribe()
  show(false)
  return said.dataset.off
}

async function told (subscription, takes) {
  const { endpoint, keys } = subscription.toJSON()
  const token = document.querySelector('[name=csrfmiddlewaretoken]').value
  const answer = await fetch(box.dataset.url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-CSRFToken': token },
    body: JSON.stringify({ endpoint, keys, takes })
  })
  const { message } = await answer.json()
  return answer.ok ? '' : message
}

async function active (worker) {
  const coming = worker.installing || worker.waiting
  if (!coming) return
  await new Promise(resolve => coming.addEventListener('statechange', () => { if (coming.state === 'activated') resolve() }))
}

function bytes (text) {
  const plain = atob(text.replaceAll('-', '+').replaceAll('_', '/').padEnd(Math.ceil(text.length / 4) * 4, '='))
  return Uint8Array.from(plain, letter => letter.charCodeAt(0))
}
