// Where a line comes from: `nick!user@host`, or the name of a server.

export interface Source {
  readonly nick: string
  readonly user: string
  readonly host: string
}

/** Parts that are missing are ''. Of a server the name stands as `nick`. */
export function parseSource(source: string): Source {
  const at = source.indexOf('@')
  const front = at < 0 ? source : source.slice(0, at)
  const bang = front.indexOf('!')
  return {
    nick: bang < 0 ? front : front.slice(0, bang),
    user: bang < 0 ? '' : front.slice(bang + 1),
    host: at < 0 ? '' : source.slice(at + 1),
  }
}

/** `nick!user@host`, without the parts that are empty. */
export function formatSource({ nick, user, host }: Source): string {
  return `${nick}${user === '' ? '' : `!${user}`}${host === '' ? '' : `@${host}`}`
}

/** The nick alone, or the server's name; '' without a source. */
export function nickOf(source: string | undefined): string {
  if (source === undefined) return ''
  for (let at = 0; at < source.length; at++) {
    const code = source.charCodeAt(at)
    if (code === 0x21 || code === 0x40) return source.slice(0, at)
  }
  return source
}
