// Moving in as deploy/README.md tells it: what was kept elsewhere gets into volumes of the bundle.
import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { freePorts, isListening } from '../support/daemon.ts'
import { connect } from '../support/irc-client.ts'
import { requirePeer } from '../support/peers.ts'
import { digestOf, MANIFEST, manifest, pushImage } from '../support/registry-image.ts'
import type { RegistryRequest } from '../support/registry-process.ts'
import { launcher } from '../support/service-process.ts'
import { makeTempData, removeTempData } from '../support/temp-data.ts'
import { makeForeign } from './support/restore-foreign.ts'
import { makeRepository } from './support/restore-mover.ts'
import { makePod } from './support/restore-pod.ts'
import { podUser, requireVolumes, startStorage } from './support/restore-volume.ts'
import { ZotLoad } from './support/restore-zot.ts'

const run = promisify(execFile)
const hasVolumes = requireVolumes()

// As ZNC writes it; the password is “correct horse battery staple”.
const ZNC = `Version = 1.8.2
<User fox>
\tAdmin = true
\tNick = fox
\tIdent = fox
\tRealName = Fox
\t<Network den>
\t\tServer = 127.0.0.1 1
\t\t<Chan #den>
\t\t</Chan>
\t</Network>
\t<Pass password>
\t\tMethod = sha256
\t\tHash = HASH
\t\tSalt = salt
\t</Pass>
</User>
`

test.skipIf(!requirePeer('restic18') || !hasVolumes)(
  'ZNC, imported elsewhere, comes into the volume as a backup that is restored',
  async () => {
    await using storage = await startStorage()
    const directory = makeTempData('znc')
    const { createHash } = await import('node:crypto')
    const hash = createHash('sha256').update('correct horse battery staplesalt').digest('hex')
    mkdirSync(join(directory, 'configs'))
    writeFileSync(join(directory, 'configs/znc.conf'), ZNC.replace('HASH', hash))
    const logs = join(directory, 'users/fox/moddata/log/den/#den')
    mkdirSync(logs, { recursive: true })
    writeFileSync(join(logs, '2026-11-01.log'), '[10:00:00] <hare> under the old roof\n')

    // On the owner's own machine, as whoever she is there.
    const data = join(makeTempData('owner'), 'data')
    const env = { ...process.env, NODE_OPTIONS: '', FUCHSBAU_DATA: data }
    const words = [launcher, 'bouncer', 'import', 'znc', directory, '--timezone', 'UTC']
    await run(process.execPath, words, { env })
    const repository = await makeRepository(storage, 'bouncer-data-restic')
    const id = await repository.backup(data, 0)

    const volume = await storage.volume('bouncer-data')
    await repository.restore(id, volume.directory)
    const [port = 0] = await freePorts(1)
    const pod = makePod({
      service: 'bouncer',
      volume,
      program: storage.directory('program'),
      env: {
        FUCHSBAU_BOUNCER_LISTEN: '127.0.0.1:0',
        FUCHSBAU_BOUNCER_PLAIN_LISTEN: `127.0.0.1:${port}`,
        FUCHSBAU_BOUNCER_WEB_LISTEN: '127.0.0.1:0',
      },
    })
    const { code, output } = await pod.check()
    expect(code, output).toBe(0)
    await pod.start()
    try {
      await using client = await connect({ port })
      await client.register({ nick: 'fox', pass: 'fox/den:correct horse battery staple' })
      expect((await pod.operate('export', 'fox', 'den', '#den')).join()).toContain(
        'under the old roof',
      )
    } finally {
      await pod.kill()
      removeTempData(directory)
    }
  },
)

test.skipIf(!requirePeer('zot') || !hasVolumes)(
  'a bare Zot: its volume, with all in a folder, is the volume of the Zot behind the registry',
  async () => {
    await using storage = await startStorage()
    const volume = await storage.volume('zot-data')
    const [port = 0, zotPort = 0, oldPort = 0] = await freePorts(3)
    const place = storage.directory('old')
    // As its image has it: root, on the whole volume.
    const old = makeForeign({
      name: 'the old Zot',
      peer: 'zot',
      directory: place,
      uid: 0,
      files: {
        'config.json': JSON.stringify({
          distSpecVersion: '1.1.1',
          storage: { rootDirectory: volume.directory, dedupe: true, gc: true },
          http: { address: '127.0.0.1', port: String(oldPort) },
        }),
      },
      args: ['serve', join(place, 'config.json')],
      isReady: () => isListening(oldPort),
    })
    await old.start()
    const direct = {
      request: (path: string, { method = 'GET', headers = {}, body }: RegistryRequest = {}) =>
        fetch(`http://127.0.0.1:${oldPort}${path}`, {
          method,
          headers,
          ...(body !== undefined && {
            body: typeof body === 'string' ? body : new Uint8Array(body),
          }),
        }),
    }
    for (const name of ['team/app', 'team/other'])
      for (const tag of ['v1', 'v2']) await pushImage(direct, undefined, name, tag)
    await old.stop()

    // What mounting it into the new pod does, and the job of deploy/README.md.
    await run('chown', ['-R', `:${podUser}`, volume.directory])
    await run('chmod', ['-R', 'g+rwXs', volume.directory])
    const move = `const fs = require('fs'); fs.mkdirSync('images', { recursive: true }); for (const name of fs.readdirSync('.')) if (!['images', 'lost+found'].includes(name)) fs.renameSync(name, 'images/' + name)`
    const user = ['--reuid', String(podUser), '--regid', String(podUser), '--clear-groups']
    await run('setpriv', [...user, process.execPath, '-e', move], { cwd: volume.directory })

    const load = await ZotLoad.startWithZot(storage, [port, zotPort], volume)
    try {
      const { secret } = load.robot()
      for (const name of ['team/app', 'team/other'])
        for (const tag of ['v1', 'v2']) {
          const body = manifest(`${name}:${tag}`)
          const answer = await load.request(`/v2/${name}/manifests/${tag}`, {
            as: { name: 'ci', secret },
            headers: { accept: MANIFEST },
          })
          expect([answer.status, await answer.text()]).toEqual([200, body])
          expect(answer.headers.get('docker-content-digest')).toBe(digestOf(body))
        }
      await pushImage(load, load.robot(), 'team/app', 'v3')
      await load.stop()
      const { code, output } = await load.check()
      expect(code, output).toBe(0)
    } finally {
      await load[Symbol.asyncDispose]()
    }
  },
)
