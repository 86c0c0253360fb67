// Programs that keep secrets for docker, such as a key ring: `docker-credential-NAME`, asked by words on stdin.
// https://github.com/docker/docker-credential-helpers#development
import { spawn } from 'node:child_process'

const TIMEOUT_MS = 60_000
const MAX_CHARACTERS = 64 * 1024

/** Whether the program is there. */
export async function hasHelper(name: string): Promise<boolean> {
  return (await run(name, 'version', '')) !== undefined
}

/** Rejects with what it says when it does not take it. */
export async function storeByHelper(
  name: string,
  host: string,
  login: { name: string; secret: string },
): Promise<void> {
  const words = { ServerURL: host, Username: login.name, Secret: login.secret }
  await demand(name, 'store', JSON.stringify(words))
}

/** The secret that it keeps; undefined when it keeps none. */
export async function secretOfHelper(name: string, host: string): Promise<string | undefined> {
  const answer = await run(name, 'get', host)
  if (answer?.code !== 0) return
  try {
    const { Secret: secret } = JSON.parse(answer.text) as { Secret?: unknown }
    return typeof secret === 'string' && secret !== '' ? secret : undefined
  } catch {
    return
  }
}

export async function eraseByHelper(name: string, host: string): Promise<void> {
  await demand(name, 'erase', host)
}

async function demand(name: string, action: string, input: string): Promise<void> {
  const answer = await run(name, action, input)
  if (answer?.code === 0) return
  const said = answer?.text.trim().replaceAll(/\p{C}/gu, ' ').slice(0, 300)
  throw new Error(`docker-credential-${name} ${action} failed: ${said || 'it says nothing'}`)
}

/** Undefined: there is no such program. What it says is on stdout, errors too. */
async function run(
  name: string,
  action: string,
  input: string,
): Promise<{ code: number | null; text: string } | undefined> {
  return await new Promise((resolve, reject) => {
    const child = spawn(`docker-credential-${name}`, [action], {
      stdio: ['pipe', 'pipe', 'ignore'],
      timeout: TIMEOUT_MS,
    })
    let text = ''
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') resolve(undefined)
      else reject(error)
    })
    child.stdout.on('data', (chunk: Buffer) => {
      text = (text + chunk).slice(0, MAX_CHARACTERS)
    })
    child.on('close', (code) => resolve({ code, text }))
    // It may end without reading.
    child.stdin.on('error', () => undefined)
    child.stdin.end(input)
  })
}
