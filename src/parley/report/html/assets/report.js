"use strict";
// Everything here is an addition: without it the pages are plain tables that show all there is.
(() => {
  const page = document.body.dataset.page;
  const up = document.body.dataset.up;
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  document.documentElement.classList.add("js");

  // State lives in the fragment, so that a link or a reload brings back what was shown.
  const state = new URLSearchParams(location.hash.slice(1));
  const remember = (name, value) => {
    if (value) state.set(name, value);
    else state.delete(name);
    const hash = state.toString();
    history.replaceState(null, "", hash ? "#" + hash : location.pathname + location.search);
  };

  // Filter language: words, "two words", key:value, a leading minus for "not".
  const parse = (text) =>
    [...text.toLowerCase().matchAll(/(-?)(?:"([^"]*)"?|(\S+))/g)]
      .map(([, minus, quoted, word]) => ({ no: minus === "-", want: quoted ?? word, exact: quoted !== undefined }))
      .filter(({ want }) => want)
      .map((term) => ({ ...term, key: !term.exact && /^(impl|platform|backend|verdict|now|scenario|initiator|responder|rfc|is|was):./.test(term.want) }));
  const holds = (item, terms) =>
    terms.every(({ no, want, key }) => (key ? item.keys.includes(" " + want) : item.text.includes(want)) !== no);

  const itemOf = (element, more, text) => {
    const verdict = element.dataset.v;
    return {
      element,
      verdict,
      keys: ` ${element.dataset.k || ""} ${more} verdict:${verdict} now:${verdict}`.toLowerCase(),
      text: text.toLowerCase(),
    };
  };

  const box = $("#filter");
  const buttons = $$("[data-verdict]");
  const chosen = new Set((state.get("v") || "").split(",").filter(Boolean));
  let items = [];
  let noun = "cases";
  let show = () => {};

  // What fits on a screen is drawn at once, and what is below it when that can be seen: typing never waits.
  const pause = 60;
  const portion = 500;
  let later = 0;
  const reveal = (found, isNear) => {
    clearTimeout(later);
    const wanted = new Set(found);
    for (const item of items) if (!wanted.has(item) && !item.element.hidden) item.element.hidden = true;
    const rest = [];
    for (const [at, item] of found.entries()) {
      const near = isNear(item, at);
      if (!item.element.hidden) continue;
      if (near) item.element.hidden = false;
      else rest.push(item);
    }
    const more = () => {
      for (const item of rest.splice(0, portion)) item.element.hidden = false;
      if (rest.length) later = setTimeout(more);
    };
    if (rest.length) later = setTimeout(more, pause);
  };

  const apply = () => {
    const terms = parse(box.value);
    const scenario = state.get("s") || "";
    const rfc = state.get("r") || "";
    const found = items.filter(
      (item) =>
        (!chosen.size || chosen.has(item.verdict)) &&
        (!scenario || item.element.dataset.s === scenario) &&
        (!rfc || item.keys.includes(` ${rfc} `)) &&
        holds(item, terms),
    );
    const all = found.length === items.length;
    $("#shown").textContent = all ? `${items.length} ${noun}` : `${found.length} of ${items.length} ${noun}`;
    for (const button of buttons) button.setAttribute("aria-pressed", String(chosen.has(button.dataset.verdict)));
    show(found);
  };
  const choose = (verdict) => {
    if (!chosen.delete(verdict)) chosen.add(verdict);
    remember("v", [...chosen].join(","));
    apply();
  };
  const reset = () => {
    chosen.clear();
    box.value = "";
    for (const name of ["v", "q"]) remember(name, "");
    for (const pick of $$("#scenario, #rfc")) {
      pick.value = "";
      pick.dispatchEvent(new Event("change"));
    }
    apply();
  };

  // Index: sorted, and never more rows laid out than can be read, so that 5,000 cases answer at once.
  const startTable = () => {
    const body = $("#cases tbody");
    const few = 300;
    const screenful = 100;
    let limit = few;
    items = [...body.rows].map((row, at) => ({ ...itemOf(row, "", row.textContent), at }));
    const severity = buttons.map((button) => button.dataset.verdict);
    const names = new Intl.Collator(undefined, { numeric: true });
    const value = {
      verdict: (item) => severity.indexOf(item.verdict),
      seconds: (item) => Number(item.element.cells[3].textContent),
      case: (item) => $("a", item.element).textContent,
      hosts: (item) => item.element.cells[2].textContent,
      reason: (item) => item.element.cells[4].textContent,
    };
    const sort = (spec) => {
      const [column, way] = (spec || "").split(":");
      const of = value[column];
      const sign = way === "descending" ? -1 : 1;
      const by = new Map(of ? items.map((item) => [item, of(item)]) : []);
      items.sort((a, b) => {
        const [x, y] = [by.get(a), by.get(b)];
        const order = of ? (typeof x === "number" ? x - y : names.compare(x, y)) : 0;
        return sign * order || a.at - b.at;
      });
      for (const head of $$("[data-sort]")) {
        if (of && head.dataset.sort === column) head.setAttribute("aria-sort", way);
        else head.removeAttribute("aria-sort");
      }
      body.append(...items.map((item) => item.element));
    };
    for (const head of $$("[data-sort]")) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const now = head.getAttribute("aria-sort");
        const spec = now === "descending" ? "" : `${head.dataset.sort}:${now ? "descending" : "ascending"}`;
        remember("sort", spec);
        keep("parley-sort", spec);
        sort(spec);
        apply();
      });
    }
    show = (found) => {
      const shown = found.slice(0, limit);
      reveal(shown, (_item, at) => at < screenful);
      $(".more").hidden = found.length <= limit;
      $("#more").textContent = `Show all ${found.length}`;
      $(".nothing").hidden = found.length > 0;
    };
    $("#more").addEventListener("click", () => {
      limit = Infinity;
      apply();
    });
    sort(state.get("sort") || kept("parley-sort"));
  };
  const keep = (name, value) => {
    try {
      localStorage.setItem(name, value);
    } catch {
      // A browser may refuse storage to pages from disk; the fragment still holds the order.
    }
  };
  const kept = (name) => {
    try {
      return localStorage.getItem(name) || "";
    } catch {
      return "";
    }
  };

  // Matrix: one chip a scenario, or one large mark a cell once a scenario is picked.
  const startMatrix = () => {
    const table = $("#matrix");
    const pick = $("#scenario");
    noun = "cells";
    items = $$(".chip", table).map((chip) => {
      const cell = chip.closest("td").dataset.k;
      return { ...itemOf(chip, `${cell} scenario:${chip.dataset.s}`, `${chip.title} ${cell}`), cell };
    });
    // Above the fold of each cell of the table.
    const fold = Math.max(20, 900 / $$("td", table).length);
    show = (found) => {
      const seen = new Map();
      reveal(found, ({ cell }) => {
        const at = seen.get(cell) ?? 0;
        seen.set(cell, at + 1);
        return at < fold;
      });
    };
    const change = () => {
      remember("s", pick.value);
      table.classList.toggle("one", pick.value !== "");
      for (const old of $$(".why", table)) old.remove();
      if (pick.value) for (const item of items) if (item.element.dataset.s === pick.value) explain(item.element);
      apply();
    };
    const explain = (chip) => {
      const why = document.createElement("span");
      why.className = "why";
      why.textContent = chip.title.slice(chip.dataset.s.length + 2);
      chip.append(why);
    };
    pick.value = state.get("s") || "";
    pick.addEventListener("change", change);
    const rfc = $("#rfc");
    if (rfc) {
      rfc.value = state.get("r") || "";
      // What an old link asks for may not be there any more.
      remember("r", rfc.value);
      rfc.addEventListener("change", () => {
        remember("r", rfc.value);
        apply();
      });
    }
    change();
    const tell = (event) => {
      const chip = event.target.closest(".chip");
      if (!chip) return;
      const [, initiator, responder] = /initiator:(\S+) responder:(\S+)/.exec(chip.closest("td").dataset.k);
      $("#detail").textContent = `${initiator} to ${responder}, ${chip.title}`;
    };
    table.addEventListener("mouseover", tell);
    table.addEventListener("focusin", tell);
  };
  const walk = (key) => {
    const cells = $$("#matrix tbody tr").map((row) => $$("td", row));
    const now = document.activeElement.closest("#matrix td");
    let y = cells.findIndex((row) => row.includes(now));
    let x = y < 0 ? -1 : cells[y].indexOf(now);
    if (y < 0) [y, x] = [0, 0];
    else if (key === "ArrowLeft") x -= 1;
    else if (key === "ArrowRight") x += 1;
    else if (key === "ArrowUp") y -= 1;
    else y += 1;
    const chip = $(".chip:not([hidden])", cells[y]?.[x] ?? document.createElement("td"));
    if (chip) chip.focus();
  };
  const turn = (by) => {
    const pick = $("#scenario");
    pick.selectedIndex = (pick.selectedIndex + by + pick.length) % pick.length;
    pick.dispatchEvent(new Event("change"));
  };

  const step = (elements, by) => {
    const at = elements.indexOf(document.activeElement);
    const next = at < 0 ? (by > 0 ? 0 : elements.length - 1) : at + by;
    elements[next]?.focus();
    elements[next]?.scrollIntoView({ block: "center" });
  };
  const copy = async (button) => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
    } catch {
      // Not every browser gives pages from disk a clipboard; selecting the text is the next best thing.
      getSelection().selectAllChildren(button.previousElementSibling);
      document.execCommand("copy");
    }
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 1500);
  };
  const go = (target) => target && location.assign(target);

  const keys = { "?": () => $("#help").showModal() };
  if (box) {
    Object.assign(keys, { "/": () => box.focus(), 0: reset });
    buttons.forEach((button, at) => (keys[at + 1] = () => choose(button.dataset.verdict)));
  }
  if (page === "index") {
    const links = () => $$("#cases tbody tr:not([hidden]) a");
    Object.assign(keys, { j: () => step(links(), 1), k: () => step(links(), -1) });
  }
  if (page === "matrix") {
    for (const arrow of ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"]) keys[arrow] = () => walk(arrow);
    Object.assign(keys, { ".": () => turn(1), ",": () => turn(-1) });
  }
  if (page === "case") {
    const differing = $$(".sides .d");
    for (const row of differing) row.tabIndex = -1;
    Object.assign(keys, {
      j: () => step(differing, 1),
      k: () => step(differing, -1),
      n: () => go($("[rel=next]")?.href),
      p: () => go($("[rel=prev]")?.href),
      c: () => $("#rerun .copy")?.click(),
    });
  }
  if (page !== "index") keys.u = () => go(up + "index.html");
  if ($('nav a[href$="matrix.html"]') && page !== "matrix") keys.m = () => go(up + "matrix.html");

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || $("dialog[open]")) return;
    if (event.target.matches("input, select")) {
      if (event.key !== "Escape") return;
      // A search box would empty itself; leaving it must keep what was typed.
      event.preventDefault();
      event.target.blur();
      return;
    }
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.copy !== undefined) copy(button);
    else if (button.dataset.help !== undefined) $("#help").showModal();
    else if (button.dataset.reset !== undefined) reset();
    else if (button.dataset.verdict) choose(button.dataset.verdict);
  });
  addEventListener("beforeprint", () => $$("details").forEach((detail) => (detail.open = true)));

  if (!box) return;
  box.form.addEventListener("submit", (event) => event.preventDefault());
  box.addEventListener("input", () => {
    remember("q", box.value);
    apply();
  });
  box.value = state.get("q") || "";
  if (page === "matrix") startMatrix();
  else startTable();
  apply();
})();
