// Keeps the live page fresh: puts server-rendered fragments in place as the stream brings them.

const stream = document.body.dataset.stream;
const lost = document.querySelector("[data-lost]");

function place(name, html) {
  if (name === "title") {
    document.title = html;
    return;
  }
  const target = document.querySelector(`[data-fragment="${name}"]`);
  if (!target) return;
  const before = target.querySelector("[data-keep-scroll]");
  const top = before ? before.scrollTop : 0;
  const focused = before !== null && document.activeElement === before;
  target.innerHTML = html;
  const after = target.querySelector("[data-keep-scroll]");
  if (after) {
    after.scrollTop = top;
    if (focused) after.focus({ preventScroll: true });
  }
}

// Closed for good: either the session is over, then the page leads to the login, or the server is being started anew.
async function again() {
  const answer = await fetch("account", { method: "HEAD" }).catch(() => null);
  if (answer !== null && answer.status === 401) location.reload();
  else listen();
}

function listen() {
  const source = new EventSource(stream);
  source.addEventListener("fragments", (event) => {
    lost.hidden = true;
    for (const [name, html] of Object.entries(JSON.parse(event.data))) place(name, html);
  });
  source.addEventListener("reload", () => {
    source.close();
    setTimeout(() => location.reload(), 1000); // never in a tight circle
  });
  source.addEventListener("error", () => {
    lost.hidden = false;
    if (source.readyState !== EventSource.CLOSED) return; // it tries again by itself
    setTimeout(again, 2000);
  });
}

listen();
