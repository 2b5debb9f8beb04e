// Keeps the work list fresh and its timers running. Nothing is put in place under the hands of somebody who types, and
// a page that shows a number stays as it is.

const EVERY = 4000;
let main = document.querySelector("[data-tasks]");
let ahead = Date.now() - Number(main.dataset.now);

function tick() {
  const now = Date.now() - ahead;
  for (const one of main.querySelectorAll("[data-since]")) {
    const seconds = Math.max(0, Math.floor((now - Number(one.dataset.since)) / 1000));
    const rest = String(seconds % 60).padStart(2, "0");
    one.textContent = `${Math.floor(seconds / 60)}:${rest}`;
  }
}

function busy() {
  const active = document.activeElement;
  const typed = [...main.querySelectorAll(".remark")].some((one) => one.value !== "");
  return main.dataset.hold === "1" || typed || (active !== null && active.tagName === "INPUT");
}

async function refresh() {
  if (busy()) return;
  try {
    const answer = await fetch(main.dataset.again, { headers: { Accept: "text/html" } });
    if (!answer.ok || busy()) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const next = fresh.querySelector("[data-tasks]");
    if (!next) return;
    document.title = fresh.title;
    document.querySelector("h1 b").replaceWith(fresh.querySelector("h1 b"));
    main.replaceWith(next);
    main = next;
    ahead = Date.now() - Number(main.dataset.now);
    tick();
  } catch {
    // the line is cut: what is on the page stays, and the next look tries again
  }
}

tick();
setInterval(tick, 1000);
setInterval(refresh, EVERY);
