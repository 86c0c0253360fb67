// The file of docker, podman and skopeo, edited. https://github.com/containers/image/blob/main/docs/containers-auth.json.5.md
import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { makeTempData, removeTempData } from '../../../test/support/temp-data.ts'
import { hasAuthFile } from '../store/auth-file.ts'
import { authFileOf, helperOf, parseAuthFile, secretsOf } from './auth-file.ts'
import { parseHost } from './host.ts'
import { dropLogin, findPlace, keepLogin } from './logins.ts'

const HOST = 'oci.test:5000'
const LOGIN = { name: 'ann', secret: 'fbr_secret' }
const AUTH = Buffer.from('ann:fbr_secret').toString('base64')

let home: string
beforeEach(() => {
  home = makeTempData('home')
})
afterEach(() => removeTempData(home))

const write = (path: string, value: unknown, mode = 0o644) => {
  const file = join(home, path)
  mkdirSync(join(file, '..'), { recursive: true })
  writeFileSync(file, typeof value === 'string' ? value : JSON.stringify(value), { mode })
  return file
}
const read = (path: string) => JSON.parse(readFileSync(join(home, path), 'utf8'))
const env = (more: Record<string, string> = {}) => ({ HOME: home, ...more })

describe('where a login is kept', () => {
  const at = (more: Record<string, string>, authfile?: string) =>
    authFileOf({ authfile, env: env(more), home, exists: hasAuthFile }).replace(home, '~')

  test('is what is named by hand, else what podman or docker are told, else docker’s file', () => {
    const all = { REGISTRY_AUTH_FILE: '/r', DOCKER_CONFIG: '/d', XDG_RUNTIME_DIR: '/x' }
    expect(at(all, '/a')).toBe('/a')
    expect(at(all)).toBe('/r')
    expect(at({ DOCKER_CONFIG: '/d', XDG_RUNTIME_DIR: '/x' })).toBe('/d/config.json')
    expect(at({ XDG_RUNTIME_DIR: '/x' })).toBe('~/.docker/config.json')
    expect(at({ REGISTRY_AUTH_FILE: '', DOCKER_CONFIG: '' })).toBe('~/.docker/config.json')
  })

  test('is podman’s file where only that is there', () => {
    write('run/containers/auth.json', {})
    const runtime = { XDG_RUNTIME_DIR: join(home, 'run') }
    expect(at(runtime)).toBe('~/run/containers/auth.json')
    write('.docker/config.json', {})
    expect(at(runtime)).toBe('~/.docker/config.json')
  })
})

describe('a login', () => {
  test('is added to what is there: other entries and unknown fields stay', async () => {
    const before = {
      HttpHeaders: { 'User-Agent': 'x' },
      auths: { 'other.test': { auth: 'eA==', email: 'a@b' }, [`https://${HOST}`]: { auth: 'old' } },
      futureField: [1, { two: null }],
    }
    const file = write('.docker/config.json', before)
    const place = await findPlace({ env: env() }, undefined, HOST)
    await keepLogin(place, HOST, LOGIN)
    expect(read('.docker/config.json')).toEqual({
      ...before,
      auths: { 'other.test': before.auths['other.test'], [HOST]: { auth: AUTH } },
    })
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(await dropLogin(place, HOST)).toEqual(['fbr_secret'])
    expect(read('.docker/config.json').auths).toEqual({ 'other.test': before.auths['other.test'] })
    expect(await dropLogin(place, HOST)).toBeUndefined()
  })

  test('makes the file and its directory, for their owner only', async () => {
    const place = await findPlace({ env: env() }, undefined, HOST)
    await keepLogin(place, HOST, LOGIN)
    expect(read('.docker/config.json')).toEqual({ auths: { [HOST]: { auth: AUTH } } })
    expect(statSync(join(home, '.docker')).mode & 0o777).toBe(0o700)
    expect(statSync(join(home, '.docker/config.json')).mode & 0o777).toBe(0o600)
  })

  test('is written where a link leads to, and the link stays', async () => {
    const real = write('dotfiles/docker.json', { auths: {} })
    mkdirSync(join(home, '.docker'))
    symlinkSync(real, join(home, '.docker/config.json'))
    await keepLogin(await findPlace({ env: env() }, undefined, HOST), HOST, LOGIN)
    expect(read('dotfiles/docker.json').auths[HOST]).toEqual({ auth: AUTH })
  })

  test('takes the place of an older one in podman’s own file, which would go before', async () => {
    write('.docker/config.json', {})
    write('run/containers/auth.json', { auths: { [HOST]: { auth: 'old' } } })
    const runtime = env({ XDG_RUNTIME_DIR: join(home, 'run') })
    await keepLogin(await findPlace({ env: runtime }, undefined, HOST), HOST, LOGIN)
    for (const path of ['.docker/config.json', 'run/containers/auth.json']) {
      expect(read(path).auths[HOST]).toEqual({ auth: AUTH })
    }
  })

  test.each([
    ['no JSON', '{', 'is no JSON: mend it first'],
    ['a list', '[]', 'is no auth file'],
    ['no object of logins', '{"auths": []}', 'is no auth file'],
    ['a helper with a path', '{"credsStore": "../../evil"}', 'credential helper that is no name'],
  ])('is not written into a file with %s, which stays as it is', async (_, text, message) => {
    const file = write('.docker/config.json', text)
    await expect(findPlace({ env: env() }, undefined, HOST)).rejects.toThrow(message)
    expect(readFileSync(file, 'utf8')).toBe(text)
  })

  test('finds passwords and refresh tokens to end', () => {
    const file = { auths: { [HOST]: { auth: AUTH, identitytoken: 'fbrr_x' } } }
    expect(secretsOf(file, HOST)).toEqual(['fbr_secret', 'fbrr_x'])
    expect(secretsOf({ auths: { [HOST]: {} } }, HOST)).toEqual([])
    expect(secretsOf(parseAuthFile(undefined, 'x'), HOST)).toEqual([])
  })
})

describe('a credential helper', () => {
  /** Keeps one login in a file; says no to a secret that is too long. */
  const helper = () => {
    const file = write(
      'bin/docker-credential-burrow',
      `#!/bin/sh
case "$1" in
  store) cat > "${join(home, 'kept')}" ;;
  get) read -r host; [ -s "${join(home, 'kept')}" ] && cat "${join(home, 'kept')}" || { echo "credentials not found"; exit 1; } ;;
  erase) [ -w "${home}" ] && : > "${join(home, 'kept')}" ;;
  *) exit 1 ;;
esac
`,
    )
    chmodSync(file, 0o755)
    const before = process.env['PATH']
    process.env['PATH'] = `${join(home, 'bin')}:${before}`
    return () => {
      process.env['PATH'] = before
    }
  }

  test('keeps the secret, and the file names only the host', async () => {
    const restore = helper()
    try {
      write('.docker/config.json', { credsStore: 'burrow', auths: { [HOST]: { auth: 'old' } } })
      const place = await findPlace({ env: env() }, undefined, HOST)
      expect(place.words).toContain('docker-credential-burrow')
      await keepLogin(place, HOST, LOGIN)
      expect(read('.docker/config.json')).toEqual({ credsStore: 'burrow', auths: { [HOST]: {} } })
      expect(read('kept')).toEqual({ ServerURL: HOST, Username: 'ann', Secret: 'fbr_secret' })
      expect(await dropLogin(place, HOST)).toEqual(['fbr_secret'])
      expect(read('.docker/config.json').auths).toEqual({})
      expect(await dropLogin(place, HOST)).toBeUndefined()
    } finally {
      restore()
    }
  })

  test('that is not there is told before anything begins, with what to do', async () => {
    write('.docker/config.json', { credHelpers: { [HOST]: 'no-such-helper' } })
    await expect(findPlace({ env: env() }, undefined, HOST)).rejects.toThrow(
      /docker-credential-no-such-helper keeps the secrets, and there is no such program. Install it/,
    )
    expect((await findPlace({ env: env() }, undefined, 'other.test')).helper).toBeUndefined()
  })

  test('of one registry goes before the one of all', () => {
    const file = { credsStore: 'all', credHelpers: { [HOST]: 'one', 'x.test': '' } }
    expect(helperOf(file, HOST)).toBe('one')
    expect(helperOf(file, 'other.test')).toBe('all')
    expect(helperOf(file, 'x.test')).toBeUndefined()
  })
})

describe('the registry that is meant', () => {
  test.each([
    ['oci.test', 'oci.test', 'https://oci.test'],
    ['OCI.test:5000', 'oci.test:5000', 'https://oci.test:5000'],
    ['https://oci.test/', 'oci.test', 'https://oci.test'],
    ['oci.test:443', 'oci.test:443', 'https://oci.test'],
    ['localhost:3002', 'localhost:3002', 'http://localhost:3002'],
    ['http://127.0.0.1:3002', '127.0.0.1:3002', 'http://127.0.0.1:3002'],
    ['https://localhost:3002', 'localhost:3002', 'https://localhost:3002'],
    ['[::1]:3002', '[::1]:3002', 'http://[::1]:3002'],
    ['localhost:80', 'localhost:80', 'http://localhost'],
  ])('%s', (text, name, url) => {
    expect(parseHost(text)).toEqual({ name, url })
  })

  test.each([
    ['', 'Say which registry'],
    ['http://oci.test', 'Plain HTTP is for this machine only'],
    ['oci.test/team/app', 'is no registry'],
    ['user@oci.test', 'is no registry'],
    ['ftp://oci.test', 'is no registry'],
    ['a b', 'is no registry'],
    ['http://localhost.evil.test', 'Plain HTTP is for this machine only'],
  ])('%s is none', (text, message) => {
    expect(() => parseHost(text)).toThrow(message)
  })
})
