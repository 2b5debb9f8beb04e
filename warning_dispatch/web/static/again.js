// Loads a page of lists again now and then; not while somebody reads with a selection, or has turned away to another window.

const every = Number(document.querySelector("[data-again]").dataset.again) * 1000;

setInterval(() => {
  const selecting = String(document.getSelection()) !== "";
  if (!document.hidden && !selecting) location.reload();
}, every);
