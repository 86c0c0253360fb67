// The tests' own certificate authority: made for one run in a temp directory, by the openssl command.
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { makeTempData, removeTempData } from './temp-data.ts'

const run = promisify(execFile)

/** A certificate signed by the tests' CA, with its key, both PEM. */
export interface Certificate {
  cert: string
  key: string
  certFile: string
  keyFile: string
}

/** The tests' CA; `file` is what NODE_EXTRA_CA_CERTS and other trust stores take. */
export interface Ca extends AsyncDisposable {
  file: string
  pem: string
  /** A server certificate for host names and IP addresses; the first one is its subject. */
  issue(...names: [string, ...string[]]): Promise<Certificate>
  close(): Promise<void>
}

/** Makes a CA valid for a week; `close` deletes every key it made. */
export async function createCa(): Promise<Ca> {
  const directory = makeTempData('ca')
  const file = join(directory, 'ca.pem')
  const keyFile = join(directory, 'ca.key')
  await openssl(file, keyFile, 'Fuchsbau tests', [
    'basicConstraints=critical,CA:TRUE',
    'keyUsage=critical,keyCertSign,cRLSign',
  ])
  const issued = new Map<string, Promise<Certificate>>()

  async function sign(names: string[]): Promise<Certificate> {
    const base = join(directory, `leaf-${issued.size}`)
    const certFile = `${base}.pem`
    const leafKeyFile = `${base}.key`
    const altNames = names.map((name) => `${isIP(name) ? 'IP' : 'DNS'}:${name}`)
    const extensions = [
      'basicConstraints=critical,CA:FALSE',
      'extendedKeyUsage=serverAuth,clientAuth',
      `subjectAltName=${altNames.join(',')}`,
    ]
    const signer = ['-CA', file, '-CAkey', keyFile]
    await openssl(certFile, leafKeyFile, names[0] ?? '', extensions, signer)
    const [cert, key] = await Promise.all([
      readFile(certFile, 'utf8'),
      readFile(leafKeyFile, 'utf8'),
    ])
    return { cert, key, certFile, keyFile: leafKeyFile }
  }

  const close = async () => removeTempData(directory)
  return {
    file,
    pem: await readFile(file, 'utf8'),
    issue(...names) {
      const id = names.join(' ')
      const certificate = issued.get(id) ?? sign(names)
      issued.set(id, certificate)
      return certificate
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

async function openssl(
  cert: string,
  key: string,
  name: string,
  extensions: string[],
  signer: string[] = [],
) {
  const algorithm = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  const added = extensions.flatMap((extension) => ['-addext', extension])
  const output = ['-days', '7', '-subj', `/CN=${name}`, '-keyout', key, '-out', cert]
  // An empty configuration: the machine's own would add extensions twice.
  const config = ['-config', '/dev/null']
  await run('openssl', ['req', '-x509', ...config, ...algorithm, ...output, ...added, ...signer])
}
