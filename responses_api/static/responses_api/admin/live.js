// The live list: every two seconds asks for rows that are newer than the newest one, and for those
// that were running, with the filters of the list. Pauses while the page is hidden, or when told to.
"use strict";

(() => {
  const INTERVAL = 2000;
  const OVERLAP = 2000;  // a row may be written a little after one that began later
  const MOST_ROWS = 200;
  const bar = document.getElementById("zg-live");
  if (!bar) return;
  const button = bar.querySelector("button");
  const status = bar.querySelector("[data-status]");
  let newest = bar.dataset.newest || "";
  let on = sessionStorage.getItem("zg-live") !== "off";
  let timer = 0;
  let asking = false;
  let added = 0;

  const table = () => document.getElementById("result_list");
  const rows = (root) => [...root.querySelectorAll("tbody")].filter((body) => body.querySelector("[data-row]"));
  const mark = (body) => body.querySelector("[data-row]");

  function address() {
    const query = new URLSearchParams(window.location.search);
    query.delete("before");
    const since = newest ? Date.parse(newest.split("~")[0]) - OVERLAP : 0;
    query.set("newer", `${new Date(since).toISOString()}~-`);
    for (const open of document.querySelectorAll("#result_list [data-open]")) query.append("open", open.dataset.row);
    return `${bar.dataset.url}?${query}`;
  }

  function take(html) {
    const answer = new DOMParser().parseFromString(html, "text/html");
    const fresh = rows(answer);
    if (!table()) {
      if (fresh.length) window.location.reload();  // the first row of an empty list
      return;
    }
    const known = new Map(rows(table()).map((body) => [mark(body).dataset.row, body]));
    const stays = document.activeElement;
    for (const body of fresh) {
      const id = mark(body).dataset.row;
      const old = known.get(id);
      if (old) {
        const ended = !("open" in mark(old).dataset);
        if (ended || old.contains(stays)) continue;  // what has the keyboard is left alone
        const chosen = old.querySelector("input.action-select");
        const box = body.querySelector("input.action-select");
        if (chosen && box) box.checked = chosen.checked;
        old.replaceWith(body);
        known.set(id, body);
      } else {
        const cursor = mark(body).dataset.cursor;
        const older = rows(table()).find((other) => mark(other).dataset.cursor < cursor);
        table().insertBefore(body, older || null);
        body.classList.add("zg-fresh");
        added += 1;
      }
    }
    if (fresh.length) {
      newest = mark(rows(table())[0]).dataset.cursor;
      for (const body of rows(table()).slice(MOST_ROWS)) body.remove();
    }
    if (added) status.textContent = `${added} new`;
  }

  async function ask() {
    if (asking) return;
    asking = true;
    try {
      const answer = await fetch(address(), { headers: { Accept: "text/html" }, redirect: "error" });
      if (answer.status === 200) take(await answer.text());
      else if (answer.status !== 204) status.textContent = `The gateway answers ${answer.status}.`;
    } catch {
      status.textContent = "The gateway cannot be reached; trying on.";
    } finally {
      asking = false;
    }
  }

  function show() {
    button.setAttribute("aria-pressed", String(on));
    button.querySelector("[data-label]").textContent = on ? "Live" : "Paused";
    window.clearInterval(timer);
    if (on && !document.hidden) {
      timer = window.setInterval(ask, INTERVAL);
      ask();
    }
  }

  button.addEventListener("click", () => {
    on = !on;
    sessionStorage.setItem("zg-live", on ? "on" : "off");
    show();
  });
  document.addEventListener("visibilitychange", show);
  bar.hidden = false;
  show();
})();
