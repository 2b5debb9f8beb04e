// Search of the handbook: every word that was typed must stand in a section. Chinese has no spaces between words, so a
// word is looked for as it is. The contents are folded on a phone. Nothing is fetched.
"use strict";
(() => {
  const base = document.currentScript.dataset.base;
  const find = document.getElementById("find");
  const hits = document.getElementById("hits");
  const chinese = document.documentElement.lang !== "en";
  const MOST = 12;

  if (window.matchMedia("(max-width: 52rem)").matches) document.querySelector(".pages details").open = false;

  // A Latin word is found where a word begins, a Chinese one anywhere.
  const pattern = (word) => (/^[\x00-\x7f]+$/.test(word) ? "(?<![A-Za-z0-9])" : "") + word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const rank = (entry, words) => {
    const tests = words.map((word) => new RegExp(pattern(word), "i"));
    if (!tests.every((test) => test.test(entry.t) || test.test(entry.x))) return 0;
    const ours = entry.u.includes(".zh-CN.") === chinese && !entry.u.startsWith("adr/") ? 2 : 0;
    const officer = entry.u.startsWith("runbook.") ? 1 : 0;
    return 1 + ours + officer + tests.filter((test) => test.test(entry.t)).length * 4;
  };
  const marked = (text, words) => {
    const line = document.createElement("span");
    const at = Math.max(0, text.search(new RegExp(pattern(words[0]), "i")) - 24);
    const part = (at ? "…" : "") + text.slice(at, at + 110);
    const all = new RegExp(`(${words.map(pattern).join("|")})`, "gi");
    part.split(all).forEach((piece, index) => {
      if (!piece) return;
      const node = document.createElement(index % 2 ? "mark" : "span");
      node.textContent = piece;
      line.append(node);
    });
    return line;
  };
  const show = () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    hits.replaceChildren();
    hits.hidden = !words.length;
    if (!words.length) return;
    const found = (window.HANDBOOK || []).map((entry) => [rank(entry, words), entry]).filter(([points]) => points);
    found.sort((one, other) => other[0] - one[0]);
    for (const [, entry] of found.slice(0, MOST)) {
      const item = document.createElement("li"), link = document.createElement("a"), small = document.createElement("small");
      link.href = `${base}/${entry.u}`;
      link.append(entry.t === entry.p ? entry.t : `${entry.p} › ${entry.t}`);
      small.append(marked(entry.x, words));
      link.append(small);
      item.append(link);
      hits.append(item);
    }
    if (!found.length) hits.textContent = chinese ? "没有找到。换一个词试试。" : "Nothing found. Try another word.";
  };
  find.addEventListener("input", show);
  find.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { find.value = ""; show(); }
    if (event.key === "Enter") hits.querySelector("a")?.click();
  });
  hits.addEventListener("click", () => { hits.hidden = true; });
  document.addEventListener("click", (event) => { if (!hits.contains(event.target) && event.target !== find) hits.hidden = true; });
})();
