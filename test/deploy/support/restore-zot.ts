// The registry of the restore drill with the Zot of its pod: two volumes, whose snapshots are not of one instant.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isListening } from '../../support/daemon.ts'
import { digestOf } from '../../support/registry-image.ts'
import { type Foreign, makeForeign } from './restore-foreign.ts'
import type { Ended } from './restore-pod.ts'
import { RegistryLoad } from './restore-registry.ts'
import type { Storage, Volume } from './restore-volume.ts'

const bundled = join(import.meta.dirname, '../../../deploy/base/registry/zot.json')

/** As the registry alone, and in front of Zot with the bundle's own configuration. */
export class ZotLoad extends RegistryLoad {
  override readonly name = 'registry and Zot'
  #zot: Foreign | undefined
  #images: Volume | undefined

  /** `images`: a volume that is there already. */
  static async startWithZot(
    storage: Storage,
    [port, zotPort]: [port: number, zotPort: number],
    images?: Volume,
  ) {
    const volume = images ?? (await storage.volume('zot-data'))
    const load = new ZotLoad(
      {
        program: storage.directory('zot-program'),
        volume: await storage.volume('zot-registry-data'),
      },
      { port, env: { FUCHSBAU_REGISTRY_UPSTREAM: `http://127.0.0.1:${zotPort}` } },
    )
    load.#images = volume
    const place = storage.directory('zot')
    const config = configuration(load, { images: volume, port, zotPort })
    load.#zot = makeForeign({
      name: 'Zot',
      peer: 'zot',
      directory: place,
      files: { 'config.json': config },
      args: ['serve', join(place, 'config.json')],
      isReady: () => isListening(zotPort),
    })
    await load.prepare()
    return load
  }

  override get volumes() {
    return [this.pod.volume, ...(this.#images ? [this.#images] : [])]
  }

  /** The container that makes the keys, Zot, and the registry, as the pod starts them. */
  override async start(): Promise<void> {
    const { code, output } = await this.pod.run('registry', 'key', 'list')
    if (code !== 0) throw new Error(output)
    await this.#zot?.start()
    await super.start()
  }

  override async stop(): Promise<void> {
    await super.stop()
    await this.#zot?.stop()
  }

  override async kill(): Promise<void> {
    await super.kill()
    await this.#zot?.kill()
  }

  /** Ours, and Zot's. */
  override async check(): Promise<Ended> {
    const ours = await super.check()
    if (ours.code !== 0) return ours
    const output = await scrub(this.#zot)
    return { code: / ok\b/.test(output) && !/ affected\b/.test(output) ? 0 : 1, output }
  }

  override fileToDamage(): string {
    const hex = digestOf(this.somethingPushed()).slice('sha256:'.length)
    return join(this.#images?.directory ?? '', 'images', 'team/app', 'blobs/sha256', hex)
  }
}

/** The bundle's file, for this place. */
function configuration(
  { pod }: RegistryLoad,
  { images, port, zotPort }: { images: Volume; port: number; zotPort: number },
): string {
  return readFileSync(bundled, 'utf8')
    .replaceAll(/https:\/\/oci\.\$\{DOMAIN\}/g, `http://127.0.0.1:${port}`)
    .replaceAll(/oci\.\$\{DOMAIN\}/g, `127.0.0.1:${port}`)
    .replace('/var/lib/registry', images.directory)
    .replace('/keys', pod.directory)
    .replace('"address": "0.0.0.0"', '"address": "127.0.0.1"')
    .replace('"port": "5000"', `"port": "${zotPort}"`)
}

async function scrub(zot: Foreign | undefined): Promise<string> {
  if (!zot) throw new Error('there is no Zot')
  const [file, line] = zot.command('scrub', join(zot.directory, 'config.json'))
  return await new Promise((resolve) => {
    execFile(file, line, { env: zot.env }, (_error, out, err) => resolve(`${out}${err}`))
  })
}
