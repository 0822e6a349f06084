// Telegram's message entities as elements. Offsets count UTF-16 units, which is what JavaScript's strings are made of.

import { element } from "./dom.js";

const TAGS = {
  bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code", pre: "pre",
  blockquote: "blockquote", expandable_blockquote: "blockquote", spoiler: "span",
};
const BLOCKS = new Set(["pre", "blockquote", "expandable_blockquote"]);
const PLAIN_LINKS = /https?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]]|(?<![\w/])\/[a-z][a-z0-9_]{0,31}\b(?![/\w])/gi;

/** `actions.command(text)` and `actions.startWith(parameter)` act; `actions.botName` tells our own deep links. */
export function renderText(text, entities, actions) {
  const sorted = [...entities].sort((a, b) => a.offset - b.offset || b.length - a.length);
  return nodes(text, sorted, 0, text.length, actions);
}

function nodes(text, entities, start, end, actions) {
  const made = [];
  let at = start;
  for (let i = 0; i < entities.length; i += 1) {
    const entity = entities[i];
    const from = Math.max(entity.offset, start);
    const to = Math.min(entity.offset + entity.length, end);
    if (from < at || to <= from) continue;
    made.push(...plain(text.slice(at, from), actions));
    const inner = nodes(text, entities.slice(i + 1), from, to, { ...actions, linked: actions.linked || isLeaf(entity) });
    made.push(wrap(entity, text.slice(from, to), inner, actions));
    // The line break after a block is the block's own.
    at = BLOCKS.has(entity.type) && text[to] === "\n" ? to + 1 : to;
  }
  made.push(...plain(text.slice(at, end), actions));
  return made;
}

const isLeaf = (entity) => ["code", "pre", "text_link", "url", "bot_command"].includes(entity.type);

function wrap(entity, covered, inner, actions) {
  if (entity.type === "text_link") return link(entity.url, inner, actions);
  if (entity.type === "url") return link(covered.includes("://") ? covered : `https://${covered}`, inner, actions);
  if (entity.type === "bot_command") return command(covered, actions);
  const node = element(TAGS[entity.type] ?? "span", {}, ...inner);
  if (entity.type === "spoiler") Object.assign(node, { className: "spoiler", tabIndex: 0 });
  return node;
}

/** Addresses and commands become active by themselves, as in the app. */
function plain(text, actions) {
  if (!text) return [];
  if (actions.linked) return [text];
  const made = [];
  let at = 0;
  for (const match of text.matchAll(PLAIN_LINKS)) {
    made.push(text.slice(at, match.index));
    made.push(match[0].startsWith("/") ? command(match[0], actions) : link(match[0], [match[0]], actions));
    at = match.index + match[0].length;
  }
  made.push(text.slice(at));
  return made.filter((node) => node !== "");
}

function command(text, actions) {
  const button = element("button", { type: "button", className: "link", textContent: text });
  button.addEventListener("click", () => actions.command(text));
  return button;
}

/** Only web addresses become links; a deep link to our own bot opens its chat here instead of leaving the page. */
export function link(address, children, actions) {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (!url || !/^https?:$/.test(url.protocol)) return element("span", {}, ...children);
  if (url.hostname === "t.me" && url.pathname === `/${actions.botName}`) {
    const button = element("button", { type: "button", className: "link" }, ...children);
    button.addEventListener("click", () => actions.startWith(url.searchParams.get("start") ?? ""));
    return button;
  }
  return element("a", { href: url.href, target: "_blank", rel: "noopener noreferrer" }, ...children);
}
