// Puts server-rendered fragments in place as the stream brings them. What somebody is working in is left alone until
// they leave it: a form that is being filled in, an opened drawer, a button that is held down. What they wrote stays
// when they have left it: it is theirs until it is sent.

const waiting = new Map();

function busy(target) {
  if (target.querySelector("details[open], :active")) return true;
  const focused = document.activeElement;
  return target.contains(focused) && focused.matches("input, select, textarea");
}

// Where the keyboard stands: found again after its fragment has been put in anew.
function keyOf(element) {
  if (element.id) return `#${CSS.escape(element.id)}`;
  for (const name of ["href", "value", "aria-label"]) {
    const value = element.getAttribute(name);
    if (value) return `${element.tagName.toLowerCase()}[${name}="${CSS.escape(value)}"]`;
  }
  return "";
}

// The fields that say something else than the server put there, by id. Hidden ones never do.
function written(target) {
  const fields = [...target.querySelectorAll("input[id], textarea[id], select[id]")];
  return fields.filter((one) => one.value !== usual(one)).map((one) => [one.id, one.value]);
}

function usual(field) {
  if (!field.options) return field.defaultValue;
  return ([...field.options].find((one) => one.defaultSelected) ?? field.options[0])?.value ?? "";
}

// A choice that is no longer offered leaves its field empty: what was written beside it must not go to another one.
function write(target, values) {
  for (const [id, value] of values) {
    const field = target.querySelector(`#${CSS.escape(id)}`);
    if (field) field.value = value;
  }
}

function numbers(target) {
  return new Map([...target.querySelectorAll("[data-n]")].map((one) => [one.dataset.n, one.textContent]));
}

function place(name, html) {
  if (name === "title") {
    const box = document.createElement("textarea");
    box.innerHTML = html;
    document.title = box.value.trim();
    return;
  }
  const target = document.querySelector(`[data-fragment="${name}"]`);
  if (!target) return;
  if (busy(target)) {
    waiting.set(name, html);
    return;
  }
  waiting.delete(name);
  const before = numbers(target);
  const scrolled = [...target.querySelectorAll("[data-keep-scroll], .scroll")].map((one) => [one.scrollTop, one.scrollLeft]);
  const key = target.contains(document.activeElement) ? keyOf(document.activeElement) : "";
  const words = written(target);
  target.innerHTML = html;
  write(target, words);
  [...target.querySelectorAll("[data-keep-scroll], .scroll")].forEach((one, index) => {
    if (scrolled[index]) [one.scrollTop, one.scrollLeft] = scrolled[index];
  });
  if (key) target.querySelector(key)?.focus({ preventScroll: true });
  for (const one of target.querySelectorAll("[data-n]")) {
    if (before.has(one.dataset.n) && before.get(one.dataset.n) !== one.textContent) one.classList.add("changed");
  }
}

function settle() {
  setTimeout(() => {
    for (const [name, html] of [...waiting]) place(name, html);
  }, 0);
}

export function follow(address, lost, after) {
  if (!address) return;
  for (const left of ["focusout", "click", "pointerup", "pointercancel"]) document.addEventListener(left, settle);
  document.addEventListener("toggle", settle, true);
  let have = "";
  function listen() {
    const source = new EventSource(have ? address.replace(/([?&]have=)[^&]*/, `$1${have}`) : address);
    source.addEventListener("fragments", (event) => {
      lost.hidden = true;
      have = event.lastEventId;
      for (const [name, html] of Object.entries(JSON.parse(event.data))) place(name, html);
      after();
    });
    source.addEventListener("error", () => {
      lost.hidden = false;
      if (source.readyState !== EventSource.CLOSED) return; // it tries again by itself, and says what it has
      setTimeout(listen, 2000);
    });
  }
  listen();
}
