// Shows settings: the effective configuration for an operator, and the table of a README.
import { stringify } from 'yaml'
import { type ConfigResult, type Item, listSettings, type Table } from './config.ts'

/** The configuration as a YAML file that could be used as one, each value with its origin; secrets masked. */
export function printConfig<T extends Table>(
  table: T,
  { config, origins }: ConfigResult<T> & { ok: true },
): string {
  const lines: string[] = []
  let section: string | undefined
  for (const item of listSettings(table)) {
    const [first = '', inner] = item.key.split('.')
    if (inner !== undefined && first !== section) lines.push(`${first}:`)
    section = inner === undefined ? undefined : first
    const line = `${inner === undefined ? '' : '  '}${inner ?? first}:${valueText(item, config)}`
    lines.push(`${line.padEnd(43)} # ${origins.get(item.key) ?? ''}`)
  }
  return `${lines.join('\n')}\n`
}

/** The rows of a README's table of settings; `configuration.test` compares them with the document. */
export function settingsTable(table: Table): string {
  const head = ['| Key | Variable | Default | Meaning |', '|---|---|---|---|']
  const rows = listSettings(table).map(
    ({ key, variable, setting }) =>
      `| \`${key}\` | \`${variable}\`${setting.isSecret ? ' (`_FILE`)' : ''} | ${defaultText(setting)} | ${setting.about} |`,
  )
  return [...head, ...rows].join('\n')
}

function defaultText({ fallback, isOptional }: Item['setting']): string {
  if (fallback !== undefined) return fallback === '' ? 'empty' : `\`${fallback}\``
  return isOptional ? 'none' : '**required**'
}

/** With a space before it; nothing for a value that is not set. */
function valueText({ path, setting }: Item, config: unknown): string {
  let value = config
  for (const name of path) value = (value as Record<string, unknown>)[name]
  if (value === undefined) return ''
  if (setting.isSecret) return ' "********"'
  return ` ${stringify(written(setting.kind, value), { collectionStyle: 'flow', lineWidth: 0 }).trim()}`
}

/** Values whose spelling differs from their JSON: addresses, times and sizes. */
function written(kind: string, value: unknown): unknown {
  if (kind === 'duration') return `${value}ms`
  if (kind === 'size') return `${value}B`
  if (kind !== 'host:port') return value
  const { host, port } = value as { host: string; port: number }
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}
