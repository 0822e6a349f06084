// One column: who is looking at which chat, what they see there, and what they can do.

import { Composer } from "./composer.js";
import { copyText, showAlert, showTerminal, toast } from "./dialogs.js";
import { clone, fillSelect, part, setText } from "./dom.js";
import { snippet } from "./format.js";
import { Log } from "./log.js";
import { server } from "./server.js";

export class Column {
  /** `plan`: key, title, purpose, hint, icon, roles (none: the column of groups). */
  constructor(plan) {
    this.plan = plan;
    this.element = clone("column");
    this.element.id = `chat-${plan.key}`;
    this.element.dataset.column = plan.key;
    this.element.setAttribute("aria-label", plan.title);
    const find = (name) => part(this.element, name);
    setText(find("title"), plan.title);
    setText(find("purpose"), plan.purpose);
    this.element.querySelector(".column-head use").setAttribute("href", `#i-${plan.icon}`);
    this.element.querySelector(".avatar use").setAttribute("href", plan.roles ? "#i-gate" : "#i-people");
    find("log").setAttribute("aria-label", `Messages, ${plan.title}`);
    this.toasts = find("toasts");
    this.actions = this.makeActions();
    this.log = new Log(find("log"), find("jump"), this.actions);
    this.composer = new Composer(find("composer"), this.actions);
    find("who").querySelector("select").addEventListener("change", (event) => this.choose(Number(event.target.value)));
    find("start").addEventListener("click", () => { this.actions.startWith(""); find("log").focus(); });
    find("pinned").addEventListener("click", () => this.log.jumpTo(this.pinnedId));
  }

  /** Brings the column in step with the world; returns true if someone else's news came in. */
  render(world) {
    this.world = world;
    this.actions.botName = world.bot?.username;
    this.candidates = this.plan.roles ? peopleWith(world, this.plan.roles) : groupsOf(world);
    const shown = this.candidates.find((c) => c.id === this.chosen) ?? this.candidates[0];
    this.chat = shown?.chat;
    this.members = (this.chat?.members ?? []).map((id) => world.people.find((p) => p.id === id)).filter(Boolean);
    this.person = shown?.person ?? this.actingMember();
    this.showHead(shown);
    this.showPinned();
    this.showEmpty(Boolean(shown));
    this.showComposer();
    const context = { acting: this.person?.id, isGroup: !this.plan.roles, device: this.person?.device };
    return this.log.show(this.chat?.id ?? null, this.chat?.messages ?? [], context);
  }

  choose(id) {
    this.chosen = id;
    this.render(this.world);
  }

  /** In a group, an operator acts unless someone else was chosen. */
  actingMember() {
    return this.members.find((p) => p.id === this.actingId) ?? this.members.find((p) => p.role === "operator") ?? this.members[0];
  }

  showHead(shown) {
    const { world, chat, plan } = this;
    const who = part(this.element, "who");
    who.hidden = this.candidates.length < 2;
    fillSelect(who.querySelector("select"), this.candidates.map((c) => [c.id, c.label]), shown?.id);
    setText(part(this.element, "chat-title"), plan.roles ? (world.bot?.name ?? "Bot") : (chat?.title ?? "No group yet"));
    const count = chat?.members.length ?? 0;
    const members = count === 1 ? "1 member" : `${count} members`;
    const watcher = shown ? `${shown.label}${shown.person?.blocked ? ", who blocked it" : ""}` : "nobody here yet";
    setText(part(this.element, "chat-kind"), plan.roles ? `bot · ${watcher}` : members);
  }

  showPinned() {
    const bar = part(this.element, "pinned");
    const pinned = (this.chat?.messages ?? []).filter((m) => this.chat.pinned?.includes(m.id)).at(-1);
    bar.hidden = !pinned;
    this.pinnedId = pinned?.id;
    if (pinned) setText(bar.querySelector(".pinned-text"), snippet(pinned));
  }

  showEmpty(inhabited) {
    const empty = part(this.element, "empty");
    empty.hidden = Boolean(this.chat?.messages.length);
    part(this.element, "start").hidden = !(inhabited && this.plan.roles);
    setText(empty.querySelector("p"), inhabited ? this.plan.hint : "Nobody is here yet.");
  }

  showComposer() {
    const writers = this.plan.roles ? [this.person].filter(Boolean) : this.members;
    this.composer.update({
      people: this.chat ? writers.map((p) => [p.id, p.first_name]) : [],
      acting: this.person?.id,
      commands: this.chat?.commands ?? this.world.commands ?? [],
      title: this.plan.title,
    });
    this.composer.forget(this.chat?.messages ?? []);
  }

  makeActions() {
    const attempt = async (promise) => {
      try { return (await promise) ?? true; } catch (error) { toast(this.toasts, error.message, "error"); return null; }
    };
    const send = (body) => attempt(server.send(this.chat.id, { user: this.person.id, ...body }));
    return {
      send,
      command: (text) => send({ text }),
      change: (message, text) => attempt(server.edit(this.chat.id, message.id, { user: this.person.id, text })),
      startWith: (parameter) => attempt(server.start(this.person.id, parameter)),
      reply: (message) => this.composer.reply(message),
      edit: (message) => this.composer.edit(message),
      jump: (id) => this.log.jumpTo(id),
      actAs: (id) => { this.actingId = id; this.render(this.world); },
      lastOwn: () => this.chat?.messages.findLast((m) => m.from === this.person?.id && m.text && !m.media),
      press: (view, button, data) => this.press(view, button, data, attempt),
      copy: async (text) => toast(this.toasts, await copyText(text) ? "Copied." : "Copying was refused."),
      openDocument: (media) => showTerminal(this.person.device, server.open(this.person.id, media.file_id).then((a) => a.output)),
    };
  }

  /** A button stays focusable while it waits: `disabled` would drop the focus to the page. */
  async press(view, button, data, attempt) {
    if (button.getAttribute("aria-busy") === "true") return;
    button.setAttribute("aria-busy", "true");
    const answer = await attempt(server.press(this.chat.id, view.message.id, { user: this.person.id, data }));
    button.removeAttribute("aria-busy");
    if (!answer) return;
    if (!answer.answered) toast(this.toasts, "The bot did not answer this press.", "error");
    else if (answer.text && answer.alert) {
      await showAlert(`${this.world.bot.name} · ${this.plan.title}`, answer.text);
      if (document.activeElement === document.body) (view.firstButton ?? this.log.element).focus();
    } else if (answer.text) toast(this.toasts, answer.text);
  }
}

function peopleWith(world, roles) {
  return world.people.filter((p) => roles.includes(p.role)).map((person) => {
    const id = person.chat_id ?? person.id;
    const chat = world.chats.find((c) => c.id === id) ?? { id, type: "private", members: [person.id], pinned: [], messages: [] };
    return { id: person.id, label: person.first_name, person, chat };
  });
}

function groupsOf(world) {
  return world.chats.filter((c) => c.type !== "private").map((chat) => ({ id: chat.id, label: chat.title, chat }));
}
