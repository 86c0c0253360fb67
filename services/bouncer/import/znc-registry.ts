// The `.registry` file in which a module of ZNC keeps its settings: a name and a value a line, signs as `%2f;`.
// https://github.com/znc/znc/blob/master/src/ZNCString.cpp (MCString)

/** Names to values. Lines that are none are left out. */
export function parseZncRegistry(text: string): ReadonlyMap<string, string> {
  const registry = new Map<string, string>()
  for (const line of text.split('\n')) {
    const [name = '', value = ''] = line.trim().split(' ')
    if (name !== '') registry.set(decode(name), decode(value))
  }
  return registry
}

function decode(text: string): string {
  const bytes = Buffer.from(text, 'utf8').toString('latin1')
  const decoded = bytes.replace(/%([0-9a-f]{2});/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
  return Buffer.from(decoded, 'latin1').toString('utf8')
}
