// JSON in the one form that is signed: the JSON Canonicalization Scheme, RFC 8785.

/**
 * Serialises what JSON.parse gave: members sorted by UTF-16 code units, no white space, numbers and strings as
 * ECMAScript has them. Recursive; parsing has bounded the depth (json.ts).
 */
export function canonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  const members: string[] = []
  for (const [name, member] of Object.entries(value).sort(byName)) {
    if (member !== undefined) members.push(`${JSON.stringify(name)}:${canonicalJson(member)}`)
  }
  return `{${members.join(',')}}`
}

function byName([left]: [string, unknown], [right]: [string, unknown]): number {
  return left < right ? -1 : 1
}
