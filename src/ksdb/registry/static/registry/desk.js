// Fills the desk's form from a scanned code without loading the page again; without it the button beside the field does.
const form = document.querySelector('form[data-code-url]')
const field = form.elements.code
const PLACE = ['commune', 'group']
const told = form.querySelector('[data-code-says]')

function tell (sentences) {
  told.replaceChildren(...sentences.map((sentence) => {
    const line = document.createElement('p')
    line.textContent = sentence
    return line
  }))
  told.hidden = sentences.length === 0
}

// A code of somebody else begins a new person: what was typed of the one before goes, but for the place.
function fill (fields) {
  const before = form.elements.id_number.value
  if (before && fields.id_number && before !== fields.id_number) {
    for (const one of form.querySelectorAll('.govuk-input, .govuk-select')) if (!PLACE.includes(one.name)) one.value = ''
  }
  for (const [name, value] of Object.entries(fields)) form.elements[name].value = value
}

async function read () {
  const text = field.value.trim()
  if (!text) return
  field.value = ''
  const body = new FormData()
  body.set('code', text)
  body.set('csrfmiddlewaretoken', form.elements.csrfmiddlewaretoken.value)
  try {
    const answer = await fetch(form.dataset.codeUrl, { method: 'POST', body })
    if (!answer.ok) throw new Error(String(answer.status))
    const { fields, says } = await answer.json()
    fill(fields)
    const isFilled = Object.keys(fields).length > 0
    tell(isFilled ? [form.dataset.filled, ...says] : says)
    form.elements[isFilled ? 'phone' : 'code'].focus()
  } catch {
    field.value = text
    tell([form.dataset.failed])
  }
}

// A reader ends with Enter or with Tab; neither may send the form before the fields are filled.
field.addEventListener('keydown', (event) => {
  if ((event.key === 'Enter' || event.key === 'Tab') && field.value.trim()) {
    event.preventDefault()
    read()
  }
})
form.elements.fill.addEventListener('click', (event) => {
  event.preventDefault()
  read()
})
