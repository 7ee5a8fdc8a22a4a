// For browsers that know no modules: says so, in words. Written as they read it.
document.getElementById('too-old').hidden = false
document.querySelector('[data-loading]').hidden = true
