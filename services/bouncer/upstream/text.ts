// Bytes of a network as text and back. Lines travel as latin1 strings, one character a byte; text is UTF-8 where it can be.

/** How a network's bytes are read when they are not UTF-8, and written when it is not `utf-8`. */
export interface TextCodec {
  decode(line: string): string
  encode(line: string): string
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Whether every byte is ASCII: most lines are, and need no conversion. */
function isAscii(line: string): boolean {
  for (let i = 0; i < line.length; i++) if (line.charCodeAt(i) > 127) return false
  return true
}

/**
 * The codec of a network. `encoding` is a label of the WHATWG encoding standard; an unknown one is read as windows-1252.
 * What is sent is UTF-8, except where the encoding is a single-byte one and has all the characters.
 */
export function textCodec(encoding: string): TextCodec {
  const label = encoding === '' || /^utf-?8$/i.test(encoding) ? 'windows-1252' : encoding
  const fallback = decoderOf(label)
  const bytesOf = label === encoding ? singleBytes(fallback) : undefined
  return {
    decode(line) {
      if (isAscii(line)) return line
      const bytes = Buffer.from(line, 'latin1')
      try {
        return utf8.decode(bytes)
      } catch {
        return fallback.decode(bytes)
      }
    },
    encode(line) {
      if (isAscii(line)) return line
      const single = bytesOf && mapped(line, bytesOf)
      return single ?? Buffer.from(line, 'utf8').toString('latin1')
    },
  }
}

function decoderOf(label: string): InstanceType<typeof TextDecoder> {
  try {
    return new TextDecoder(label)
  } catch {
    return new TextDecoder('windows-1252')
  }
}

/** The byte of each character, for encodings of one byte a character. */
function singleBytes(
  decoder: InstanceType<typeof TextDecoder>,
): ReadonlyMap<string, string> | undefined {
  const map = new Map<string, string>()
  for (let byte = 128; byte < 256; byte++) {
    const character = decoder.decode(Uint8Array.of(byte))
    if (character.length !== 1) return
    if (character !== '\ufffd') map.set(character, String.fromCharCode(byte))
  }
  return map.size > 0 ? map : undefined
}

function mapped(line: string, bytes: ReadonlyMap<string, string>): string | undefined {
  let out = ''
  for (const character of line) {
    const byte = character < '\x80' ? character : bytes.get(character)
    if (byte === undefined) return
    out += byte
  }
  return out
}
