// Patterns for names of repositories and tags: `*` is anything within one part, `**` anything at all, at least one character
// each; `${username}` and `${group}` stand for who asks.

const MAX_CHARACTERS = 255
/** Nobody needs more. */
const MAX_WILDCARDS = 4

/** What takes the place of a placeholder must be a name by itself: `*` in a user name matches nothing. */
const PLAIN = /^[a-z0-9]+(?:[._-]+[a-z0-9]+)*$/

// biome-ignore lint/suspicious/noTemplateCurlyInString: it is how people write it
const USERNAME = '${username}'
// biome-ignore lint/suspicious/noTemplateCurlyInString: the same
const GROUP = '${group}'

/** Who asks, for the placeholders. */
export interface Asking {
  username?: string | undefined
  groups: readonly string[]
}

export interface Glob {
  readonly text: string
  matches(name: string, asking: Asking): boolean
}

export type ParsedGlob = { ok: true; glob: Glob } | { ok: false; reason: string }

/** A pattern of the policy, or what is wrong with it. */
export function parseGlob(text: string): ParsedGlob {
  if (text === '' || text.length > MAX_CHARACTERS) {
    return wrong(`a pattern has 1 to ${MAX_CHARACTERS} characters`)
  }
  const pieces = text.split(/(\$\{[^}]*\}|\*+)/)
  const wildcards = pieces.filter((piece) => piece.startsWith('*'))
  if (wildcards.length > MAX_WILDCARDS) return wrong(`at most ${MAX_WILDCARDS} wildcards`)
  if (wildcards.some((piece) => piece.length > 2)) return wrong('* or **, no more')
  const unknown = pieces.find((piece) => piece.startsWith('$') && !isPlaceholder(piece))
  if (unknown) return wrong(`${unknown} is unknown: there are ${USERNAME} and ${GROUP}`)
  if (pieces.some((piece) => !isSpecial(piece) && !/^[a-zA-Z0-9._/-]*$/.test(piece))) {
    return wrong('letters, digits, ".", "_", "-", "/", * and **')
  }
  return { ok: true, glob: makeGlob(text, pieces) }
}

const isPlaceholder = (piece: string) => piece === USERNAME || piece === GROUP
const isSpecial = (piece: string) => piece.startsWith('*') || isPlaceholder(piece)

function makeGlob(text: string, pieces: readonly string[]): Glob {
  const needsGroup = pieces.includes(GROUP)
  const needsName = pieces.includes(USERNAME)
  return {
    text,
    matches(name, { username = '', groups }) {
      if (needsName && !PLAIN.test(username)) return false
      if (!needsGroup) return isMatch(fill(pieces, username, ''), name)
      return groups.some(
        (group) => PLAIN.test(group) && isMatch(fill(pieces, username, group), name),
      )
    },
  }
}

function fill(pieces: readonly string[], username: string, group: string): string[] {
  return pieces.map((piece) => {
    if (piece === USERNAME) return username
    return piece === GROUP ? group : piece
  })
}

/**
 * All ways at once, piece by piece: a regular expression with four wildcards would take a second for a name made for it.
 * `stops`: the characters that `*` does not stand for.
 */
export function isMatch(pieces: readonly string[], name: string, stops = '/'): boolean {
  let ends = new Set([0])
  for (const piece of pieces) {
    ends = piece.startsWith('*')
      ? endsOfWildcard(ends, name, piece === '**' ? '' : stops)
      : new Set([...ends].flatMap((at) => (name.startsWith(piece, at) ? at + piece.length : [])))
    if (ends.size === 0) return false
  }
  return ends.has(name.length)
}

function endsOfWildcard(starts: ReadonlySet<number>, name: string, stops: string): Set<number> {
  const ends = new Set<number>()
  for (let at = 0; at < name.length; at += 1) {
    const isOpen = starts.has(at) || ends.has(at)
    if (isOpen && !stops.includes(name.charAt(at))) ends.add(at + 1)
  }
  return ends
}

const wrong = (reason: string): ParsedGlob => ({ ok: false, reason })
