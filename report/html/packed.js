// The data of a page that is one file: JSON, gzip, Base64.

async function unpack() {
  const text = $("data").textContent;
  dataSum = $("data").dataset.sha256;
  $("data").remove();
  const raw = atob(text.trim());
  const bin = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) bin[i] = raw.charCodeAt(i);
  return new Response(new Blob([bin]).stream().pipeThrough(new DecompressionStream("gzip"))).json();
}
