// Harmless made-up things to send: nobody's file, nobody's number, nobody's whereabouts.

const text = "A made-up document from the sandbox. It says nothing about anyone.\n";

function photo() {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [240, 160];
  const paint = canvas.getContext("2d");
  const sky = paint.createLinearGradient(0, 0, 0, 160);
  sky.addColorStop(0, "#9cc7c4");
  sky.addColorStop(1, "#f1e9d6");
  paint.fillStyle = sky;
  paint.fillRect(0, 0, 240, 160);
  paint.fillStyle = "#2c5f60";
  paint.fillRect(0, 118, 240, 42);
  return canvas.toDataURL("image/png").split(",")[1];
}

export const SAMPLES = [
  { label: "Photo", hint: "a painted landscape", make: () => ({ media: "photo", file_name: "sample.png", content_base64: photo() }) },
  { label: "Document", hint: "a few plain words", make: () => ({ media: "document", file_name: "sample.txt", content_base64: btoa(text) }) },
  { label: "Contact", hint: "a number that nobody has", make: () => ({ media: "contact" }) },
  { label: "Location", hint: "a point in the sea", make: () => ({ media: "location" }) },
  { label: "Voice", hint: "a second of silence", make: () => ({ media: "voice", file_name: "sample.ogg", content_base64: btoa("silence") }) },
  { label: "Sticker", hint: "a smile", make: () => ({ media: "sticker" }) },
];
