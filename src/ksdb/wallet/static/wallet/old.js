// For browsers that do not know what the card is written in: after a while without it, says so in words. Written as they
// read it.
(function () {
  var page = document.getElementById('card')
  function say () {
    if (page.hasAttribute('data-running')) return
    document.getElementById('too-old').hidden = false
    document.querySelector('[data-loading]').hidden = true
  }
  setTimeout(say, 'noModule' in document.createElement('script') ? 8000 : 0)
})()
