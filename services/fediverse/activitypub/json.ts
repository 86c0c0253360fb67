// JSON of other servers, with a bound on its depth: what walks it later may be recursive.

/** Deepest nesting that is accepted; ActivityStreams documents in use stay below 10. */
const MAX_DEPTH = 64

export type ParsedJson = { ok: true; value: unknown } | { ok: false; message: string }

/** Parses UTF-8 JSON of at most MAX_DEPTH levels. */
export function parseJson(bytes: Buffer): ParsedJson {
  if (depthOf(bytes) > MAX_DEPTH)
    return { ok: false, message: `JSON deeper than ${MAX_DEPTH} levels` }
  try {
    return { ok: true, value: JSON.parse(bytes.toString('utf8')) }
  } catch {
    return { ok: false, message: 'malformed JSON' }
  }
}

/** Levels of brackets outside strings; a scan of the bytes, since parsing comes after. */
function depthOf(bytes: Buffer): number {
  let depth = 0
  let deepest = 0
  let isString = false
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]
    if (isString) {
      if (byte === 0x5c) i++
      else if (byte === 0x22) isString = false
    } else if (byte === 0x22) isString = true
    else if (byte === 0x7b || byte === 0x5b) deepest = Math.max(deepest, ++depth)
    else if (byte === 0x7d || byte === 0x5d) depth--
  }
  return deepest
}
