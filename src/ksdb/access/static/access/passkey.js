// Asks the browser for a passkey when its button is pressed, and sends the answer with the form around the button.
for (const button of document.querySelectorAll('button[data-passkey]')) {
  const form = button.form
  button.disabled = false
  button.addEventListener('click', async () => {
    const failed = form.querySelector('[data-passkey-failed]')
    failed.hidden = true
    try {
      const answer = await window.webauthnJSON[button.dataset.passkey](JSON.parse(button.dataset.options))
      form.elements.credential.value = JSON.stringify(answer)
      form.submit()
    } catch {
      failed.hidden = false
      failed.focus()
    }
  })
}
