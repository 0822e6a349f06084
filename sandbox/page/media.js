// What a message carries besides text: documents to fetch, pictures, and labelled placeholders for the rest.

import { element, icon } from "./dom.js";
import { mediaIcon, mediaName, sizeOf } from "./format.js";

/** `device`: the `{label, open}` of the person looking, if they have one that can open documents. */
export function fillMedia(box, media, device) {
  const isDocument = media.kind === "document";
  const name = element("p", { className: "media-name", textContent: media.file_name || mediaName(media) });
  const kind = element("p", { className: "media-kind" });
  kind.textContent = isDocument ? sizeOf(media.size) : media.file_name ? mediaName(media) : "placeholder";
  box.dataset.kind = media.kind;
  box.append(element("span", { className: "media-icon" }, icon(mediaIcon(media))), name, kind);
  if (!media.file_id) return;
  const address = `/sandbox/files/${encodeURIComponent(media.file_id)}`;
  if (isDocument) box.append(documentButtons(address, media.file_name || "document", device));
  if (media.kind === "photo") showPicture(box, address);
}

function documentButtons(address, fileName, device) {
  const row = element("div", { className: "media-buttons" });
  row.append(element("a", { href: address, download: fileName, textContent: "Download" }));
  if (device) {
    const open = element("button", { type: "button", textContent: `Open on ${device.label}` });
    open.addEventListener("click", device.open);
    row.append(open);
  }
  return row;
}

/** The placeholder stands until the picture is there, and for good if its bytes are no picture. */
function showPicture(box, address) {
  const image = element("img", { src: address, alt: "Photo", hidden: true });
  image.addEventListener("error", () => image.remove());
  image.addEventListener("load", () => {
    image.hidden = false;
    box.replaceChildren(image);
  });
  box.append(image);
}
