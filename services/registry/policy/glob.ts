// Patterns for names of repositories and tags: `*` is anything within one part, `**` anything at all, at least one character
// each; `${username}` and `${group}` stand for who asks.

const MAX_CHARACTERS = 255
/** More would make the search for a match slow. */
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
  if (!needsGroup && !needsName) {
    const pattern = compile(pieces, '', '')
    return { text, matches: (name) => pattern.test(name) }
  }
  return {
    text,
    matches(name, { username = '', groups }) {
      if (needsName && !PLAIN.test(username)) return false
      if (!needsGroup) return compile(pieces, username, '').test(name)
      return groups.some(
        (group) => PLAIN.test(group) && compile(pieces, username, group).test(name),
      )
    },
  }
}

function compile(pieces: readonly string[], username: string, group: string): RegExp {
  const source = pieces.map((piece) => {
    if (piece === '**') return '.+'
    if (piece === '*') return '[^/]+'
    if (piece === USERNAME) return escapeRegExp(username)
    if (piece === GROUP) return escapeRegExp(group)
    return escapeRegExp(piece)
  })
  return new RegExp(`^${source.join('')}$`)
}

const escapeRegExp = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\/-]/g, '\\$&')

const wrong = (reason: string): ParsedGlob => ({ ok: false, reason })
