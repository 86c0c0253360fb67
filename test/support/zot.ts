// Zot, where it was built by hand: a private copy that verifies our tokens (`auth.bearer`).
import { type Daemon, isListening, makePeerHome, programInside, startDaemon } from './daemon.ts'

export interface ZotOptions {
  port: number
  /** Of the front end: `http://HOST/token`, and its host. */
  realm: string
  service: string
  /** Public key, PEM: it is read as Zot starts. */
  key: string
  /** Lets everybody do everything, without a token. */
  isOpen?: boolean
}

/** Starts it; resolves when it answers. */
export async function startZot(options: ZotOptions): Promise<Daemon> {
  const { port, realm, service, key, isOpen = false } = options
  const home = makePeerHome('zot')
  const bearer = { realm, service, cert: home.write('token-key.pem', key) }
  const file = home.write(
    'zot.json',
    JSON.stringify({
      distSpecVersion: '1.1.1',
      storage: { rootDirectory: home.mkdir('images'), dedupe: false },
      http: {
        address: '127.0.0.1',
        port: String(port),
        ...(!isOpen && { auth: { bearer } }),
      },
      log: { level: 'warn' },
    }),
  )
  return await startDaemon({
    name: 'Zot',
    home,
    program: programInside('zot'),
    args: ['serve', file],
    isReady: () => isListening(port),
  })
}
