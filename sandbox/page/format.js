// How times, sizes and languages are written. Times are unix seconds, shown in this machine's time zone.

const hour = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long" });
const full = new Intl.DateTimeFormat("en-GB", { dateStyle: "full", timeStyle: "short" });

const date = (at) => new Date(at * 1000);

export const hourOf = (at) => hour.format(date(at));
export const dayOf = (at) => day.format(date(at));
export const fullTime = (at) => full.format(date(at));
export const isoTime = (at) => date(at).toISOString();

export function sizeOf(bytes) {
  if (bytes == null) return "size unknown";
  if (bytes < 1024) return `${bytes} bytes`;
  const kilo = bytes / 1024;
  return kilo < 1024 ? `${Math.round(kilo)} KB` : `${(kilo / 1024).toFixed(1)} MB`;
}

/** A guess at the language, so that a screen reader picks the right voice and long words break where they should. */
export function languageOf(text) {
  if (!/\p{Script=Cyrillic}/u.test(text)) return "en";
  if (/[әғқңөұүһ]/i.test(text)) return "kk";
  return /[іїєґ]/i.test(text) ? "uk" : "ru";
}

/** One line of a message, for quotes and the pinned bar. */
export function snippet(message) {
  if (!message) return "Deleted message";
  const text = (message.text || message.caption || "").replace(/\s+/g, " ").trim();
  return (text || mediaName(message.media) || "Message").slice(0, 140);
}

const MEDIA = {
  photo: ["Photo", "photo"], document: ["Document", "document"], voice: ["Voice message", "sound"],
  audio: ["Audio", "sound"], video: ["Video", "photo"], video_note: ["Video message", "photo"],
  animation: ["Animation", "photo"], sticker: ["Sticker", "sticker"], contact: ["Contact", "person"],
  location: ["Location", "place"], venue: ["Place", "place"], poll: ["Poll", "counts"], dice: ["Dice", "sticker"],
};

export const mediaName = (media) => media && (MEDIA[media.kind]?.[0] ?? media.kind);
export const mediaIcon = (media) => MEDIA[media.kind]?.[1] ?? "document";
