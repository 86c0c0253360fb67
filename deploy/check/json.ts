// Reads JSON of other servers without trust in its form.

/** The member at a path of names and indexes; undefined: it is not there, or it is no JSON. */
export function at(text: string, ...path: (string | number)[]): unknown {
  try {
    let value: unknown = JSON.parse(text)
    for (const step of path) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return
      value = (value as Record<string | number, unknown>)[step]
    }
    return value
  } catch {
    return
  }
}

/** The same, where it is a text; else an empty one. */
export function textAt(text: string, ...path: (string | number)[]): string {
  const value = at(text, ...path)
  return typeof value === 'string' ? value : ''
}

/** The objects in a list; none where it is no list. */
export function objectsAt(text: string, ...path: (string | number)[]): Record<string, unknown>[] {
  const value = at(text, ...path)
  if (!Array.isArray(value)) return []
  return value.filter((each) => typeof each === 'object' && each !== null)
}
