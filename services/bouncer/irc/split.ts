// Text that must fit into so many bytes of UTF-8, cut only between characters.

/** Bytes of the text in UTF-8; a lone surrogate counts as U+FFFD. */
export function utf8Length(text: string): number {
  return Buffer.byteLength(text, 'utf8')
}

/** The longest beginning of the text that has at most so many bytes. */
export function truncateUtf8(text: string, bytes: number): string {
  return text.slice(0, fittingEnd(text, 0, bytes))
}

/**
 * The text in parts of at most `bytes` bytes each (at least one character, though), cut behind a space
 * where there is one in the second half of a part. Together the parts are the text; '' is one part.
 */
export function splitText(text: string, bytes: number): string[] {
  const parts: string[] = []
  let start = 0
  for (;;) {
    const end = fittingEnd(text, start, bytes)
    if (end >= text.length) break
    const stop = Math.max(end, start + characterLength(text, start))
    const space = text.lastIndexOf(' ', stop - 1) + 1
    const cut = space > start + (stop - start) / 2 ? space : stop
    parts.push(text.slice(start, cut))
    start = cut
    if (start >= text.length) return parts
  }
  parts.push(text.slice(start))
  return parts
}

function fittingEnd(text: string, start: number, bytes: number): number {
  // No character of UTF-16 takes more than three bytes.
  if ((text.length - start) * 3 <= bytes) return text.length
  let room = bytes
  let at = start
  while (at < text.length) {
    const code = text.charCodeAt(at)
    const length = code < 0x800 ? 1 : characterLength(text, at)
    room -= code < 0x80 ? 1 : code < 0x800 ? 2 : length + 2
    if (room < 0) break
    at += length
  }
  return at
}

/** 2 for a pair of surrogates, else 1. */
function characterLength(text: string, at: number): number {
  const isPair =
    (text.charCodeAt(at) & 0xfc00) === 0xd800 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00
  return isPair ? 2 : 1
}
