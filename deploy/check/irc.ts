// Whether the bouncer speaks IRC by TLS on port 6697, with its own certificate, and never in plain text.
// https://ircv3.net/specs/extensions/capability-negotiation
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { judgeCertificate } from './certificate.ts'
import { type Finding, fail, ok, warn } from './finding.ts'
import type { Checking } from './installation.ts'
import { unreached } from './unreached.ts'

const PORT = 6697
const MAX_BYTES = 16 * 1024
const LOGS = 'kubectl -n bouncer get pods,tcproutes; kubectl -n bouncer logs deploy/bouncer'

export async function checkIrc({ reach, installation, now }: Checking): Promise<Finding[]> {
  const host = `irc.${installation.domain}`
  const subject = `${host}:${PORT}`
  const opened = await reach.open(host, PORT, { isTls: true })
  if (!opened.ok) {
    if (opened.kind !== 'name' && (await speaksPlainly(reach, host))) {
      return [
        fail(
          subject,
          'speaks IRC in plain text: passwords go over the internet unprotected',
          'A proxy in front takes TLS off: the listener ircs is to be TCP, and the TCPRoute to lead to port 6697 of the bouncer',
        ),
      ]
    }
    const mend = `The router forwards 6697 to EXTERNAL_ADDRESS? ${LOGS}`
    if (opened.kind === 'name') {
      return [await unreached(reach, { subject, host, trouble: opened, mend })]
    }
    return [fail(subject, opened.reason, mend)]
  }
  const socket = opened.socket as TLSSocket
  const object = 'bouncer/bouncer'
  const certificate = judgeCertificate(socket, { subject, host, now, object })
  return [certificate, greeting(subject, await converse(socket))]
}

function greeting(subject: string, said: string): Finding {
  const line = said.split('\r\n').find((each) => /\bCAP \S+ LS\b/.test(each))
  if (line === undefined) {
    const [first = ''] = said.split('\r\n')
    return fail(
      subject,
      said === '' ? 'says nothing to CAP LS' : `says ${first} to CAP LS`,
      `With a proxy in front, FUCHSBAU_BOUNCER_PROXIES is to have its addresses. ${LOGS}`,
    )
  }
  const capabilities = [...said.matchAll(/\bCAP \S+ LS (?:\* )?:?([^\r\n]*)/g)]
    .flatMap(([, words = '']) => words.split(' '))
    .map((each) => each.split('=')[0])
  if (!capabilities.includes('sasl')) {
    return warn(subject, 'offers no SASL', `Clients log in by it: ${LOGS}`)
  }
  return ok(subject, `greets with ${capabilities.length} capabilities, SASL among them`)
}

/** What is answered until the list of capabilities has ended, at most 16 KiB. Ends the connection. */
async function converse(socket: Socket): Promise<string> {
  let said = ''
  socket.write('CAP LS 302\r\n')
  try {
    for await (const part of socket.setEncoding('utf8')) {
      said += String(part)
      const isWhole = /\bCAP \S+ LS (?!\* )[^\n]*\n/.test(said)
      if (isWhole || said.length > MAX_BYTES) break
    }
  } catch {
    // Broken off: what was said until then counts.
  }
  socket.destroy()
  return said
}

async function speaksPlainly(reach: Checking['reach'], host: string): Promise<boolean> {
  const opened = await reach.open(host, PORT, { isTls: false })
  return opened.ok && /^(?::\S+ )?[A-Z0-9]+ .*\r?\n/m.test(await converse(opened.socket))
}
