// Fills in where a place lies from where this device is, when somebody asks for it. Without a script, or without leave,
// the two numbers are typed.
const ASKED = { enableHighAccuracy: true, timeout: 15_000, maximumAge: 60_000 };

for (const button of document.querySelectorAll("[data-locate]")) {
  if (!navigator.geolocation || !window.isSecureContext) continue;
  const field = document.getElementById(button.dataset.locate);
  const said = button.parentElement.querySelector(".position__said");
  const found = ({ coords }) => {
    field.value = `${coords.latitude.toFixed(5)}, ${coords.longitude.toFixed(5)}`;
    said.textContent = `${button.dataset.found} ${Math.round(coords.accuracy)}`;
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    said.textContent = button.dataset.waiting;
    navigator.geolocation.getCurrentPosition(found, () => (said.textContent = button.dataset.failed), ASKED);
  });
}
