// The images as the Dockerfile makes them for arm64, without a container engine: by buildah, on trees made of packages, and their
// programs run under emulation.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { makeTempData, removeTempData } from '../../support/temp-data.ts'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../../..')
const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  dependencies: Record<string, string>
}
/** Of the builder; any that reads the lockfile does. */
const NPM = '11.19.1'
const MOST_OUTPUT = 64 * 1024 * 1024

export type ImageName = 'fediverse' | 'bouncer' | 'registry'

/** The images of one build. */
export interface Images extends AsyncDisposable {
  /** An OCI layout that has each image under its name as tag. */
  readonly layout: string
  /** What the image says of itself. */
  configOf(name: ImageName): ImageConfig
  /** Compressed, in bytes, a layer each. */
  layersOf(name: ImageName): number[]
  /** Its files, mounted. */
  filesOf(name: ImageName): string
  /** Runs its program to the end, as its user, with nothing but /data to write to; resolves to what it said. */
  run(name: ImageName, args: readonly string[]): Promise<string>
  /** Starts what the image starts. */
  start(name: ImageName, env: Record<string, string>): ImageProcess
}

export interface ImageConfig {
  architecture: string
  config: {
    User: string
    Entrypoint: string[]
    Cmd: string[]
    Env: string[]
    ExposedPorts: Record<string, object>
    Labels: Record<string, string>
    Healthcheck?: object
  }
}

export interface ImageProcess extends AsyncDisposable {
  log(): string
  hasEnded(): boolean
}

/** Arguments: the image's files, a directory for /data, the emulator; then the program. */
const ENTER = `
root=$1 data=$2 qemu=$3
shift 3
mount --bind "$root" "$root"
mount --bind "$data" "$root/data"
mount -t tmpfs tmpfs "$root/tmp"
cp "$qemu" "$root/tmp/emulator"
mount -o remount,ro "$root/tmp"
mount -t proc proc "$root/proc"
mount -o remount,bind,ro "$root"
exec chroot --userspec 65532:65532 "$root" /tmp/emulator "$@"`

/** Builds them: some minutes. `version` and `revision` go into their labels. */
export async function buildImages(version: string, revision: string): Promise<Images> {
  const top = makeTempData('images')
  const buildah = (...args: string[]) =>
    run('buildah', ['--root', join(top, 'root'), '--runroot', join(top, 'run'), ...args], {
      env: { ...process.env, STORAGE_DRIVER: 'vfs', BUILDAH_ISOLATION: 'chroot' },
      maxBuffer: MOST_OUTPUT,
    })
  const node = dependencies['node'] ?? ''
  await run(join(import.meta.dirname, '../image-base'), [node, NPM, join(top, 'trees')])
  const fromTree = async (tree: string, platform: string, more = '') => {
    const file = join(top, `${tree}.Dockerfile`)
    writeFileSync(file, `FROM scratch\nCOPY . /\n${more}`)
    await buildah(
      'bud',
      '--platform',
      platform,
      '-t',
      `localhost/${tree}`,
      '-f',
      file,
      join(top, 'trees', tree),
    )
  }
  await fromTree('base', 'linux/arm64')
  const authorities = 'NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt'
  await fromTree('builder', 'linux/amd64', `ENV HOME=/root ${authorities}\n`)
  const given = {
    BASE: 'localhost/base',
    BUILDER: 'localhost/builder',
    BUILDPLATFORM: 'linux/amd64',
    TARGETPLATFORM: 'linux/arm64',
    TARGETARCH: 'arm64',
    VERSION: version,
    REVISION: revision,
  }
  const layout = join(top, 'layout')
  const mounts = new Map<ImageName, string>()
  for (const name of ['registry', 'bouncer', 'fediverse'] as const) {
    const args = Object.entries(given).flatMap(([key, value]) => ['--build-arg', `${key}=${value}`])
    const how = ['--pull-never', '--layers', '--network', 'host', ...args, '--target', name]
    await buildah('bud', ...how, '-t', `localhost/${name}`, root)
    await buildah('push', '-q', `localhost/${name}`, `oci:${layout}:${name}`)
    const { stdout: container } = await buildah('from', '--pull-never', `localhost/${name}`)
    const { stdout: files } = await buildah('mount', container.trim())
    mounts.set(name, files.trim())
  }
  // The tools that push are nobody.
  chmodSync(top, 0o711)
  await run('chmod', ['-R', 'a+rX', layout])
  const close = async () => {
    await buildah('umount', '--all')
    removeTempData(top)
  }
  return { ...imagesAt(top, layout, mounts), [Symbol.asyncDispose]: close }
}

function imagesAt(
  top: string,
  layout: string,
  mounts: Map<ImageName, string>,
): Omit<Images, typeof Symbol.asyncDispose> {
  const readBlob = (digest: string) =>
    JSON.parse(readFileSync(join(layout, 'blobs', digest.replace(':', '/')), 'utf8'))
  const manifestOf = (name: ImageName) => {
    const { manifests } = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')) as {
      manifests: { digest: string; annotations: Record<string, string> }[]
    }
    const found = manifests.find(
      ({ annotations }) => annotations['org.opencontainers.image.ref.name'] === name,
    )
    return readBlob(found?.digest ?? '') as {
      config: { digest: string }
      layers: { size: number }[]
    }
  }
  const command = (name: ImageName, args: readonly string[]): [string, string[]] => {
    const data = join(top, `data-${name}`)
    mkdirSync(data, { recursive: true })
    chownSync(data, 65_532, 65_532)
    const inside = ['/usr/bin/qemu-aarch64-static', '/nodejs/bin/node', '/app/fuchsbau.mjs']
    const enter = ['bash', '-euc', ENTER, 'enter', mounts.get(name) ?? '', data, ...inside, ...args]
    return [
      'unshare',
      ['--mount', '--pid', '--fork', '--kill-child', '--propagation', 'private', '--', ...enter],
    ]
  }
  const environment = (name: ImageName) =>
    Object.fromEntries(
      (readBlob(manifestOf(name).config.digest) as ImageConfig).config.Env.map((line) => {
        const at = line.indexOf('=')
        return [line.slice(0, at), line.slice(at + 1)]
      }),
    )
  return {
    layout,
    configOf: (name) => readBlob(manifestOf(name).config.digest) as ImageConfig,
    layersOf: (name) => manifestOf(name).layers.map(({ size }) => size),
    filesOf: (name) => mounts.get(name) ?? '',
    async run(name, args) {
      const [file, line] = command(name, args)
      const { stdout } = await run(file, line, { env: { PATH: PATH, ...environment(name) } })
      return stdout
    },
    start(name, env) {
      const [file, line] = command(name, [name, 'serve'])
      const child = spawn(file, line, {
        env: { ...environment(name), PATH, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      return processOf(child)
    },
  }
}

const PATH = process.env['PATH'] ?? '/usr/bin'

function processOf(child: ChildProcess): ImageProcess {
  let log = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      log = (log + chunk).slice(-100_000)
    })
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null
  return {
    log: () => log,
    hasEnded,
    async [Symbol.asyncDispose]() {
      if (hasEnded()) return
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGKILL')
      await ended
    },
  }
}
