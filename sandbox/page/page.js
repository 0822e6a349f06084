// Puts the page together: four columns, tabs, controls, theme; then follows the world.

import { Column } from "./column.js";
import { Controls } from "./controls.js";
import { element, part, setText } from "./dom.js";
import { follow } from "./server.js";
import { Tabs } from "./tabs.js";

const PLANS = [
  {
    key: "requester", icon: "phone", roles: ["requester"], short: "Requester", title: "Requester’s phone",
    purpose: "Asks for help, in this chat alone.",
    hint: "Press Start, as someone who needs help would.",
  },
  {
    key: "group", icon: "people", short: "Group", title: "Operators’ group",
    purpose: "Sees summaries, never the words.",
    hint: "What requesters send will be announced here.",
  },
  {
    key: "operator", icon: "key", roles: ["operator", "lead"], short: "Operator", title: "An operator",
    purpose: "Holds a case, and the key to it.",
    hint: "What this operator takes on will arrive here.",
  },
  {
    key: "admin", icon: "counts", roles: ["admin"], short: "Admin", title: "An admin",
    purpose: "Reads the month’s counts.",
    hint: "Ask the bot from here, once requests have come in.",
  },
];

const columns = PLANS.map((plan) => new Column(plan));
part(document, "columns").append(...columns.map((column) => column.element));
const tabs = new Tabs(part(document, "tabs"), columns);
const controls = new Controls(part(document, "controls"));
addSkipLinks();
addThemeToggle();

follow(
  (world) => {
    showBot(world);
    for (const column of columns) if (column.render(world)) tabs.markNews(column);
    controls.render(world);
  },
  (live) => {
    const state = part(document, "connection");
    state.hidden = live;
    setText(state, live ? "" : "Reconnecting…");
    document.body.classList.toggle("stale", !live);
  },
);

function showBot(world) {
  const state = part(document, "bot");
  state.dataset.state = world.online ? "online" : "offline";
  setText(state, world.online ? "Bot online" : "Bot offline");
}

function addSkipLinks() {
  const links = columns.map((column) => {
    const link = element("a", { href: `#${column.element.id}`, textContent: `Skip to ${column.plan.title}` });
    link.addEventListener("click", () => tabs.show(column));
    return link;
  });
  part(document, "skips").append(...links, element("a", { href: "#controls", textContent: "Skip to Sandbox controls" }));
}

function addThemeToggle() {
  const button = part(document, "theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (document.documentElement.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";
  const show = () => button.setAttribute("aria-pressed", String(isDark()));
  button.addEventListener("click", () => {
    const theme = isDark() ? "light" : "dark";
    document.documentElement.dataset.theme = theme;
    try { localStorage.setItem("theme", theme); } catch { /* Storage may be refused; the choice then lasts as long as the page. */ }
    show();
  });
  system.addEventListener("change", show);
  show();
}
