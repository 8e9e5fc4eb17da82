// Keeps the page fresh: whenever the stage says that something has changed, the page is read again and what differs is
// put in its place, so that focus, scroll position, open details and half-typed text stay. Forms and links do the same.
// All HTML comes from this page's own server, which escapes everything that people and agents wrote.
"use strict";

(() => {
  const columns = () => document.getElementById("columns");
  let reading = null;
  let again = false;

  // A notice stands for itself: nothing on it changes.
  if (!columns()) return;
  document.documentElement.classList.add("scripted");

  // Makes `now` like `next`, and leaves alone what is alike already.
  function morph(now, next) {
    if (now.nodeType === Node.TEXT_NODE) {
      if (now.data !== next.data) now.data = next.data;
      return;
    }
    for (const { name } of [...now.attributes]) {
      if (!next.hasAttribute(name) && !isTheirs(now, name)) now.removeAttribute(name);
    }
    for (const { name, value } of next.attributes) {
      if (now.getAttribute(name) !== value && !isTheirs(now, name)) now.setAttribute(name, value);
    }
    if (now.tagName !== "TEXTAREA") morphChildren(now, next);
  }

  // What the person has changed, and not the server.
  function isTheirs(element, name) {
    return (element.tagName === "DETAILS" && name === "open") || (element.tagName === "INPUT" && name === "checked");
  }

  function morphChildren(now, next) {
    const named = new Map([...now.children].filter((child) => child.id).map((child) => [child.id, child]));
    let place = now.firstChild;
    for (const wanted of [...next.childNodes]) {
      const known = wanted.id ? named.get(wanted.id) : null;
      if (known && known.tagName === wanted.tagName) {
        // What stands before it and has no place any more goes, so that it need not be moved: that would cost it its focus.
        while (place && place !== known && !(place.id && next.querySelector(`:scope > #${CSS.escape(place.id)}`))) {
          const gone = place;
          place = place.nextSibling;
          gone.remove();
        }
        if (place === known) place = place.nextSibling;
        else now.insertBefore(known, place);
        morph(known, wanted);
      } else if (place && !wanted.id && !place.id && place.nodeName === wanted.nodeName) {
        const alike = place;
        place = place.nextSibling;
        morph(alike, wanted);
      } else {
        now.insertBefore(document.importNode(wanted, true), place);
      }
    }
    while (place) {
      const gone = place;
      place = place.nextSibling;
      gone.remove();
    }
  }

  // Shows a page that was read: in the place of this one.
  function show(html) {
    const next = new DOMParser().parseFromString(html, "text/html");
    const fresh = next.getElementById("columns");
    if (!fresh || !columns()) return false;
    const logs = new Map([...document.querySelectorAll(".log")].map((log) => [log.id, isAtEnd(log)]));
    morph(columns(), fresh);
    document.title = next.title;
    for (const log of document.querySelectorAll(".log")) {
      if (logs.get(log.id) !== false) log.scrollTop = log.scrollHeight;
    }
    return true;
  }

  function isAtEnd(log) {
    return log.scrollHeight - log.scrollTop - log.clientHeight < 80;
  }

  // Reads the page again. While it is being read, one more time is remembered.
  async function refresh() {
    if (reading) {
      again = true;
      return;
    }
    reading = location.href;
    try {
      const answer = await fetch(reading);
      const html = await answer.text();
      // Somebody went elsewhere meanwhile: what was read is of the old place, and the new one may have changed since.
      if (reading !== location.href) again = true;
      else if (answer.ok) show(html);
      else if (answer.status === 404) location.assign("/");
    } catch {
      // The stream says when the server is back, and the page is read then.
    }
    reading = null;
    if (again) {
      again = false;
      refresh();
    }
  }

  async function send(form, button) {
    const body = new URLSearchParams(new FormData(form, button));
    if (button) button.disabled = true;
    try {
      const answer = await fetch(form.action, { method: "POST", body });
      const html = await answer.text();
      if (!answer.ok) {
        say(new DOMParser().parseFromString(html, "text/html").querySelector("[role=alert]")?.textContent ?? "That did not work.");
        return;
      }
      say("");
      if (form.hasAttribute("data-clears")) form.reset();
      go(answer.url, html);
    } catch {
      say("The demo does not answer. Is it still running?");
    } finally {
      if (button) button.disabled = false;
    }
  }

  // Shows a page that has an address of its own.
  function go(url, html) {
    const from = columns().dataset.pane + location.search;
    if (url !== location.href) history.pushState(null, "", url);
    if (!show(html)) location.reload();
    const to = columns().dataset.pane + location.search;
    // Where the focus went out of sight, the part that is shown now gets it.
    if (from !== to && (document.activeElement === document.body || !document.activeElement?.checkVisibility())) {
      const titles = { menu: "you-are", channel: "channel-title", thread: "thread-title", panel: "panel-title" };
      document.getElementById(titles[columns().dataset.pane])?.focus();
    }
  }

  function say(text) {
    document.getElementById("offline").textContent = text;
  }

  document.addEventListener("submit", (event) => {
    if (event.target.method !== "post") return;
    event.preventDefault();
    send(event.target, event.submitter);
  });

  document.addEventListener("click", async (event) => {
    const link = event.target.closest('a[href^="/?"]');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    try {
      const answer = await fetch(link.href);
      if (answer.ok) go(link.href, await answer.text());
      else location.assign(link.href);
    } catch {
      say("The demo does not answer. Is it still running?");
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || !event.target.closest(".composer textarea")) return;
    event.preventDefault();
    event.target.form.requestSubmit();
  });

  window.addEventListener("popstate", refresh);

  const stream = new EventSource("/stream");
  stream.addEventListener("message", refresh);
  stream.addEventListener("open", () => say(""));
  stream.addEventListener("error", () => say("The demo does not answer. Is it still running?"));

  for (const log of document.querySelectorAll(".log")) log.scrollTop = log.scrollHeight;
})();
