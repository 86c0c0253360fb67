// Where ZNC's log module puts what: a path is made from a template with `$USER`, `$NETWORK`, `$WINDOW` and a date. Which
// template it was is read from the module's argument, or is one of its defaults, today's or one of older versions.

export interface LogPlace {
  /** Below ZNC's directory. */
  folder: string
  /** Templates of the files' names below it, the likeliest first. */
  templates: readonly string[]
  /** Whose they are, where the folder tells. */
  user?: string
  network?: string
}

export interface LogFile {
  /** Below ZNC's directory. */
  path: string
  user: string
  network: string
  /** Channel or nick, in lower case, `/` as `-`. */
  window: string
  /** 0:00 of the day as if in UTC; undefined when the template has no date. */
  day: number | undefined
}

/** Networks by user, as znc.conf has them. */
export type KnownNetworks = ReadonlyMap<string, readonly string[]>

const USER_MODULE = ['$NETWORK/$WINDOW/%Y-%m-%d.log', '$NETWORK_$WINDOW_%Y%m%d.log']
const GLOBAL_MODULE = ['$USER/$NETWORK/$WINDOW/%Y-%m-%d.log', '$USER_$NETWORK_$WINDOW_%Y%m%d.log']
const NETWORK_MODULE = ['$WINDOW/%Y-%m-%d.log', '$WINDOW_%Y%m%d.log']

/** All places for these people. `argument` is what the log module was loaded with, where it was. */
export function logPlaces(networks: KnownNetworks, argument: (user: string) => string): LogPlace[] {
  const places: LogPlace[] = [{ folder: 'moddata/log', templates: GLOBAL_MODULE }]
  for (const [user, names] of networks) {
    const own = templateOf(argument(user))
    const first = names[0]
    places.push({
      folder: `users/${user}/moddata/log`,
      templates: [...(own ? [own] : []), ...USER_MODULE, ...NETWORK_MODULE],
      user,
      // Before ZNC 1.0 a user had one network, without a name.
      ...(names.length === 1 && first !== undefined && { network: first }),
    })
    for (const network of names) {
      const folder = `users/${user}/networks/${network}/moddata/log`
      places.push({ folder, templates: NETWORK_MODULE, user, network })
    }
  }
  return places
}

/** The template in an argument such as `-sanitize $NETWORK/$WINDOW-%Y%m%d.log`, completed as the module does. */
function templateOf(argument: string): string | undefined {
  const words = argument.replace(/-timestamp\s+("[^"]*"|\S+)/, '').split(/\s+/)
  const path = words.find((word) => word !== '' && !word.startsWith('-'))
  if (path === undefined || path.startsWith('/')) return
  const isWhole = path.includes('$WINDOW') && path.includes('$NETWORK') && !path.endsWith('/')
  return isWhole ? path : `${path.replace(/\/$/, '')}/$NETWORK/$WINDOW/%Y-%m-%d.log`
}

/** Which log a file is, if it is one. */
export function matchLogFile(
  place: LogPlace,
  path: string,
  networks: KnownNetworks,
): LogFile | undefined {
  for (const template of place.templates) {
    const found = match(place, template, path, networks)
    if (found) return found
  }
  return
}

function match(
  place: LogPlace,
  template: string,
  path: string,
  networks: KnownNetworks,
): LogFile | undefined {
  const groups = patternOf(template, place, networks).exec(path)?.groups
  if (!groups) return
  const user = groups['user'] ?? place.user
  const network = groups['network'] ?? place.network
  const window = groups['window'] ?? ''
  if (user === undefined || network === undefined || window === '') return
  const isKnown = networks.get(user)?.includes(network) === true
  const { year, month, date } = groups
  const day = year ? Date.UTC(Number(year), Number(month) - 1, Number(date)) : undefined
  return isKnown ? { path: `${place.folder}/${path}`, user, network, window, day } : undefined
}

/** Names of users and networks are those of znc.conf: in the old form all is joined by `_`, which names may hold too. */
function patternOf(template: string, { user }: LogPlace, networks: KnownNetworks): RegExp {
  const names = user === undefined ? [...networks.values()].flat() : (networks.get(user) ?? [])
  const parts: Readonly<Record<string, string>> = {
    $USER: `(?<user>${oneOf([...networks.keys()])})`,
    $NETWORK: `(?<network>${oneOf(names)})`,
    $WINDOW: '(?<window>[^/]+)',
    '%Y': String.raw`(?<year>\d{4})`,
    '%m': String.raw`(?<month>\d\d)`,
    '%d': String.raw`(?<date>\d\d)`,
  }
  const seen = new Set<string>()
  const source = template.replace(/\$USER|\$NETWORK|\$WINDOW|%[a-zA-Z]|[^$%]+|./g, (part) => {
    const known = parts[part]
    if (known !== undefined && !seen.has(part)) {
      seen.add(part)
      return known
    }
    return known === undefined && !part.startsWith('%') ? escaped(part) : '[^/]*'
  })
  return new RegExp(`^${source}$`, 'su')
}

/** The longest first, so that `a_b` is not read as `a`. */
const oneOf = (names: readonly string[]) =>
  names.length === 0
    ? '(?!)'
    : [...names]
        .sort((a, b) => b.length - a.length)
        .map(escaped)
        .join('|')

const escaped = (text: string) => text.replace(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`)
