// One message: made once, then changed in place, so that keyboard focus and reading position survive an edit.

import { clone, element, part, setText } from "./dom.js";
import { link, renderText } from "./entities.js";
import { dayOf, fullTime, hourOf, isoTime, languageOf, snippet } from "./format.js";
import { fillMedia } from "./media.js";

export class MessageView {
  /** `actions`: press, reply, edit, openDocument, jump, command, startWith, botName (see column.js). */
  constructor(actions) {
    this.actions = actions;
    this.element = clone("message");
    this.keyboard = part(this.element, "keyboard");
    part(this.element, "reply").addEventListener("click", () => actions.reply(this.message));
    part(this.element, "edit").addEventListener("click", () => actions.edit(this.message));
    part(this.element, "quote").addEventListener("click", () => actions.jump(this.message.reply_to));
    this.element.addEventListener("keydown", (event) => this.shortcut(event));
  }

  /** Returns whether the message is new or says something new. `context`: acting, isGroup, device, quoted, previous. */
  update(message, context) {
    const { acting, device, quoted, previous } = context;
    const signature = JSON.stringify([message, acting, device, quoted, previous?.at, previous?.from]);
    if (signature === this.signature) return false;
    const { text, caption, entities, media, buttons } = message;
    const content = JSON.stringify([text, caption, entities, media, buttons]);
    const changed = content !== this.content;
    if (changed && this.content) this.flash();
    Object.assign(this, { signature, content, message });
    this.own = message.from === acting;
    this.showHead(context);
    this.showText(text || caption || "", entities ?? []);
    this.showMedia(media, device);
    this.showMeta(message);
    this.showKeyboard(buttons ?? []);
    return changed;
  }

  get canEdit() {
    return this.own && !this.message.media && !this.message.service && Boolean(this.message.text);
  }

  showHead({ isGroup, quoted, previous }) {
    const { message, element: article } = this;
    const side = message.service ? "service" : message.from === "bot" ? "bot" : this.own ? "own" : "other";
    const day = dayOf(message.at);
    const newDay = !previous || dayOf(previous.at) !== day;
    Object.assign(article.dataset, { messageId: message.id, from: side });
    if (newDay) article.dataset.day = day;
    else delete article.dataset.day;
    article.classList.toggle("continued", !newDay && previous.from === message.from);
    if (this.own) article.setAttribute("aria-live", "off");
    else article.removeAttribute("aria-live");
    const author = part(article, "author");
    setText(author, this.own ? "You" : message.name);
    author.classList.toggle("unseen", this.own || !isGroup);
    const quote = part(article, "quote");
    quote.hidden = message.reply_to == null;
    setText(quote.querySelector("strong"), quoted?.name ?? "");
    setText(quote.querySelector("span"), quoted?.text ?? "Deleted message");
    part(article, "edit").hidden = !this.canEdit;
  }

  showText(text, entities) {
    const body = part(this.element, "text");
    const signature = JSON.stringify([text, entities]);
    if (body.dataset.signature === signature) return;
    body.dataset.signature = signature;
    body.hidden = !text;
    body.lang = languageOf(text);
    body.replaceChildren(...renderText(text, entities, this.actions));
  }

  showMedia(media, device) {
    const box = part(this.element, "media");
    const signature = JSON.stringify([media, device]);
    if (box.dataset.signature === signature) return;
    box.dataset.signature = signature;
    box.hidden = !media;
    box.replaceChildren();
    if (media) fillMedia(box, media, device && { label: device, open: () => this.actions.openDocument(media) });
  }

  showMeta(message) {
    const time = part(this.element, "time");
    setText(time, hourOf(message.at));
    time.dateTime = isoTime(message.at);
    time.title = fullTime(message.at);
    part(this.element, "edited").hidden = !message.edited;
    part(this.element, "forwarded").hidden = !message.forwarded;
    const reactions = part(this.element, "reactions");
    reactions.hidden = !message.reactions?.length;
    setText(reactions, message.reactions?.join(" ") ?? "");
    part(this.element, "lock").toggleAttribute("hidden", !message.protected);
  }

  /** If the keyboard is replaced under the focus, the focus goes to the first new button. */
  showKeyboard(rows) {
    const layout = JSON.stringify(rows.map((row) => row.map(({ text, ...action }) => action)));
    if (this.layout === layout) {
      // The same screen with new labels (a ticked box): the buttons stay, and with them the focus.
      rows.flat().forEach((button, i) => setText(this.keyboard.querySelectorAll("[data-button]")[i], button.text));
      return;
    }
    this.layout = layout;
    const focused = this.keyboard.contains(document.activeElement);
    this.keyboard.hidden = rows.length === 0;
    this.keyboard.replaceChildren(
      ...rows.map((row) => element("div", { className: "keyboard-row" }, ...row.map((b) => this.makeButton(b)))),
    );
    if (focused) (this.firstButton ?? this.element).focus({ preventScroll: true });
  }

  get firstButton() {
    return this.keyboard.querySelector("[data-button]");
  }

  makeButton({ text, data, url, web_app: webApp, copy_text: copyText }) {
    const address = url ?? webApp;
    const node = address ? link(address, [text], this.actions) : element("button", { type: "button", textContent: text });
    node.className = "key";
    node.dataset.button = data ?? "";
    node.lang = languageOf(text);
    if (data !== undefined) node.addEventListener("click", () => this.actions.press(this, node, data));
    if (copyText) node.addEventListener("click", () => this.actions.copy(copyText.text));
    return node;
  }

  /** Keys that act while the message itself has the focus: Enter or R replies, E edits. */
  shortcut(event) {
    if (event.target !== this.element || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter" || event.key === "r") this.actions.reply(this.message);
    else if (event.key === "e" && this.canEdit) this.actions.edit(this.message);
    else return;
    event.preventDefault();
  }

  /** A soft flash marks what changed; the style sheet leaves it out where motion is not wanted. */
  flash() {
    this.element.classList.remove("changed");
    requestAnimationFrame(() => this.element.classList.add("changed"));
  }
}

export function quoteOf(messages, id) {
  const message = messages.find((m) => m.id === id);
  return message && { name: message.name, text: snippet(message) };
}
