import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { listSettings, readConfig, type Table } from './config.ts'
import { printConfig, settingsTable } from './config-print.ts'
import { address, integer, list, secret, string, url } from './setting.ts'
import { sharedSettings } from './settings.ts'

const table = {
  data: string({ default: './data', about: 'The data.' }),
  ownerPassword: secret({ optional: true, about: 'The password.' }),
  fediverse: {
    listen: address({ default: '127.0.0.1:3000', about: 'The address.' }),
    url: url({ about: 'The public address.', example: 'https://social.example' }),
    workers: integer({ default: '4', min: 1, max: 8, about: 'Workers.' }),
    relays: list({ default: '', about: 'Relays.' }),
  },
} satisfies Table

const needed = { FUCHSBAU_FEDIVERSE_URL: 'https://a.example' }
let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'config-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

function write(name: string, text: string): string {
  writeFileSync(join(directory, name), text)
  return join(directory, name)
}

function errorsOf(env: Record<string, string>, yaml?: string): string[] {
  const file = yaml === undefined ? undefined : write('f.yaml', yaml)
  const result = readConfig(table, { env, file, others: ['bouncer'] })
  return result.ok ? [] : result.errors.map((error) => error.replaceAll(`${directory}/`, ''))
}

describe('the configuration', () => {
  test('is defaults, the file over them, and the environment over both', () => {
    const file = write('f.yaml', 'data: /srv\nfediverse:\n  workers: 2\n  relays: [a, b]\n')
    const env = { ...needed, FUCHSBAU_FEDIVERSE_WORKERS: '8' }
    expect(readConfig(table, { env, file })).toMatchObject({
      ok: true,
      config: {
        data: '/srv',
        ownerPassword: undefined,
        fediverse: {
          listen: { host: '127.0.0.1', port: 3000 },
          url: 'https://a.example',
          workers: 8,
          relays: ['a', 'b'],
        },
      },
    })
  })

  test('cannot be changed', () => {
    const result = readConfig(table, { env: needed })
    expect(result.ok && Object.isFrozen(result.config)).toBe(true)
    expect(result.ok && Object.isFrozen(result.config.fediverse)).toBe(true)
  })

  test('reads a secret from a file, without its last line break', () => {
    const path = write('password', 'hunter2\n')
    const byVariable = { ...needed, FUCHSBAU_OWNER_PASSWORD_FILE: path }
    expect(readConfig(table, { env: byVariable })).toMatchObject({
      config: { ownerPassword: 'hunter2' },
    })
    const file = write('f.yaml', `owner_password_file: ${path}\n`)
    expect(readConfig(table, { env: needed, file })).toMatchObject({
      config: { ownerPassword: 'hunter2' },
    })
  })

  test('takes an empty variable and an empty key as not set', () => {
    const env = { ...needed, FUCHSBAU_DATA: '' }
    expect(errorsOf(env, 'data:\nfediverse:\n')).toEqual([])
  })

  test('passes over what other services and Kubernetes put beside it', () => {
    const env = {
      ...needed,
      FUCHSBAU_BOUNCER_LISTEN: 'x',
      FUCHSBAU_FEDIVERSE_SERVICE_HOST: '10.0.0.1',
      FUCHSBAU_FEDIVERSE_PORT: 'tcp://10.0.0.1:80',
      FUCHSBAU_FEDIVERSE_PORT_80_TCP_ADDR: '10.0.0.1',
      FUCHSBAU_CACHE: 'of a test',
      PATH: '/bin',
    }
    expect(errorsOf(env, 'bouncer:\n  listen: x\n')).toEqual([])
  })
})

describe('what is wrong is said all at once, in words', () => {
  test('every error of the file and of the environment', () => {
    const env = { FUCHSBAU_FEDIVERSE_WORKERS: '9', FUCHSBAU_FEDIVERSE_LISTN: '0.0.0.0:1' }
    const yaml = 'dat: /srv\nfediverse:\n  listen: 3000\n  hue: red\n  relays: {a: b}\n'
    expect(errorsOf(env, yaml)).toEqual([
      'f.yaml:1: dat is not a setting: did you mean data?',
      'f.yaml:4: fediverse.hue is not a setting: did you mean fediverse.url?',
      'f.yaml:5: fediverse.relays must be a single value',
      'FUCHSBAU_FEDIVERSE_LISTN is set in the environment, but there is no such setting: did you mean FUCHSBAU_FEDIVERSE_LISTEN?',
      'f.yaml:3: fediverse.listen is "3000": it must be host:port with a port up to 65535, for example 127.0.0.1:3000',
      'fediverse.url is missing: set FUCHSBAU_FEDIVERSE_URL, or fediverse.url in the configuration file, for example https://social.example',
      'FUCHSBAU_FEDIVERSE_WORKERS is "9": it must be a whole number from 1 to 8, for example 4',
    ])
  })

  test.each([
    [
      'a variable that is nearly one of ours',
      { FUCHSBAU_DTA: '/srv' },
      'FUCHSBAU_DTA is set in the environment, but there is no such setting: did you mean FUCHSBAU_DATA?',
    ],
    [
      'a secret given twice',
      { FUCHSBAU_OWNER_PASSWORD: 'a', FUCHSBAU_OWNER_PASSWORD_FILE: 'b' },
      'FUCHSBAU_OWNER_PASSWORD_FILE and FUCHSBAU_OWNER_PASSWORD are both set: keep one',
    ],
    [
      'a secret whose file is not there',
      { FUCHSBAU_OWNER_PASSWORD_FILE: '/nowhere/password' },
      "FUCHSBAU_OWNER_PASSWORD_FILE is /nowhere/password, which cannot be read: ENOENT: no such file or directory, open '/nowhere/password'",
    ],
  ])('%s', (_, env, message) => {
    expect(errorsOf({ ...needed, ...env })).toEqual([message])
  })

  test.each([
    ['broken YAML', 'data: [', /^f\.yaml:1: /],
    ['a key given twice', 'data: a\ndata: b\n', /^f\.yaml:2: Map keys must be unique/],
    ['a file that is no mapping', '- data\n', /^f\.yaml:1: the file must be/],
    ['a section with a value', 'fediverse: yes\n', /^f\.yaml:1: fediverse is a section/],
  ])('%s', (_, yaml, message) => {
    expect(errorsOf(needed, yaml)[0]).toMatch(message)
  })

  test('a file that is not there', () => {
    const result = readConfig(table, { env: needed, file: join(directory, 'none.yaml') })
    expect(result).toMatchObject({ ok: false, errors: [expect.stringContaining('cannot be read')] })
  })
})

describe('shown to an operator', () => {
  test('it is YAML with the origin of each value and masked secrets, and reads back the same', () => {
    const file = write('f.yaml', 'fediverse:\n  workers: 2\n  relays: [a, b]\n')
    const env = { ...needed, FUCHSBAU_OWNER_PASSWORD: 'hunter2' }
    const result = readConfig(table, { env, file })
    if (!result.ok) throw new Error(result.errors.join('\n'))
    const text = printConfig(table, result)
    expect(text).not.toContain('hunter2')
    expect(text.replaceAll(`${directory}/`, '')).toBe(
      `data: ./data                                # default
owner_password: "********"                  # FUCHSBAU_OWNER_PASSWORD
fediverse:
  listen: 127.0.0.1:3000                    # default
  url: https://a.example                    # FUCHSBAU_FEDIVERSE_URL
  workers: 2                                # f.yaml:2: fediverse.workers
  relays: [ a, b ]                          # f.yaml:3: fediverse.relays
`,
    )
    const again = readConfig(table, { env, file: write('again.yaml', text) })
    expect(again.ok && again.config).toEqual(result.config)
  })

  test('the table of a README has a row for each setting', () => {
    expect(settingsTable(table).split('\n')).toEqual([
      '| Key | Variable | Default | Meaning |',
      '|---|---|---|---|',
      '| `data` | `FUCHSBAU_DATA` | `./data` | The data. |',
      '| `owner_password` | `FUCHSBAU_OWNER_PASSWORD` (`_FILE`) | none | The password. |',
      '| `fediverse.listen` | `FUCHSBAU_FEDIVERSE_LISTEN` | `127.0.0.1:3000` | The address. |',
      '| `fediverse.url` | `FUCHSBAU_FEDIVERSE_URL` | **required** | The public address. |',
      '| `fediverse.workers` | `FUCHSBAU_FEDIVERSE_WORKERS` | `4` | Workers. |',
      '| `fediverse.relays` | `FUCHSBAU_FEDIVERSE_RELAYS` | empty | Relays. |',
    ])
  })
})

test('the shared settings have the names and defaults that scripts rely on', () => {
  const named = listSettings(sharedSettings).map((item) => [item.variable, item.setting.fallback])
  expect(Object.fromEntries(named)).toMatchObject({
    FUCHSBAU_DATA: './data',
    FUCHSBAU_MANAGEMENT_LISTEN: '127.0.0.1:3009',
    FUCHSBAU_OWNER_PASSWORD: undefined,
    FUCHSBAU_ALLOW_PRIVATE_ADDRESS: 'false',
    FUCHSBAU_OIDC_ISSUER: undefined,
    FUCHSBAU_OIDC_CLIENT_ID: undefined,
    FUCHSBAU_OIDC_CLIENT_SECRET: undefined,
  })
  expect(readConfig(sharedSettings, { env: {} }).ok).toBe(true)
})
