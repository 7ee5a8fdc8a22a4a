// Takes a group's list along on this device, and then leads to the page that shows it without network. Without this
// script, or in a browser that cannot keep the list sealed, the button is not there.
import { put } from './vault.js'

const form = document.querySelector('form[data-take]')

if (form && 'serviceWorker' in navigator && globalThis.crypto?.subtle && navigator.locks) {
  const button = form.querySelector('[data-along]')
  button.hidden = false
  form.addEventListener('submit', async event => {
    if (event.submitter !== button) return // the list on paper is a page
    event.preventDefault()
    const failed = form.querySelector('[data-failed]')
    button.disabled = true
    failed.hidden = true
    try {
      const answer = await fetch(form.dataset.take, { method: 'POST', body: new FormData(form) })
      if (answer.redirected) return location.reload() // signed out meanwhile: that page leads to signing in
      const taken = await answer.json()
      await put(`list:${taken.group}`, taken)
      await active(await navigator.serviceWorker.register(form.dataset.worker, { scope: form.dataset.day }))
      await navigator.storage?.persist?.()
      location.assign(form.dataset.day)
    } catch {
      failed.hidden = false
      button.disabled = false
    }
  })
}

// The page of the day must be kept before anybody walks out of the network.
function active (registration) {
  const worker = registration.installing ?? registration.waiting ?? registration.active
  return new Promise((resolve, reject) => {
    const look = () => {
      if (worker.state === 'activated') resolve()
      if (worker.state === 'redundant') reject(new Error('the page could not be kept'))
    }
    worker.addEventListener('statechange', look)
    look()
  })
}
