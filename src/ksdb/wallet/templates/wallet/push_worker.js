{% load static %}// Shows a notice that was pushed, and opens the page of notices when it is touched. It says nothing of anybody.
const PAGE = '{% url "wallet:notices" %}'
const ICON = '{% static "web/ksdb.svg" %}'

self.addEventListener('push', event => {
  const said = event.data ? event.data.json() : { title: 'ksdb', body: '' }
  event.waitUntil(self.registration.showNotification(said.title, { body: said.body, icon: ICON, tag: 'ksdb' }))
})

self.addEventListener('notificationclick', event => {
  event.notification.close()
  event.waitUntil(self.clients.openWindow(PAGE))
})
