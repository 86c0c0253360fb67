// Which claims of an identity provider say how somebody is called and in which groups she is.

/** Names of claims, or paths to them: `groups`, `realm_access.roles`, `https://example.org/groups`. */
export type ClaimNames = { username: string; groups: string }

export const USUAL_CLAIMS: ClaimNames = { username: 'preferred_username', groups: 'groups' }

/** What they say; undefined: nothing. */
export type Named = { username: string | undefined; groups: string[] | undefined }

/** More than any provider puts into a token. */
const MAX_GROUPS = 1_000
const MAX_CHARACTERS = 256

/** The claim of this name, or at this path. A name may hold dots, at each step: the longest that is there counts. */
export function claimAt(claims: unknown, path: string): unknown {
  if (typeof claims !== 'object' || claims === null || Array.isArray(claims)) return
  const known = claims as Record<string, unknown>
  if (Object.hasOwn(known, path)) return known[path]
  for (let dot = path.lastIndexOf('.'); dot > 0; dot = path.lastIndexOf('.', dot - 1)) {
    const name = path.slice(0, dot)
    const found = Object.hasOwn(known, name) ? claimAt(known[name], path.slice(dot + 1)) : undefined
    if (found !== undefined) return found
  }
  return
}

/** At most 1,000 groups. */
export function readClaims(claims: unknown, names: ClaimNames): Named {
  const username = claimAt(claims, names.username)
  return {
    username: typeof username === 'string' ? username : undefined,
    groups: groupsOf(claimAt(claims, names.groups)),
  }
}

/** A list of names, or a single one; or an object with a member for each (Zitadel). */
function groupsOf(value: unknown): string[] | undefined {
  if (value === undefined) return
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  const all: unknown[] = isObject ? Object.keys(value) : [value].flat()
  const names = all.filter(
    (name): name is string =>
      typeof name === 'string' && name !== '' && name.length <= MAX_CHARACTERS,
  )
  return [...new Set(names)].slice(0, MAX_GROUPS)
}
