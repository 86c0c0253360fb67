// Whether devices reach Headscale, and nobody from outside its API for administrators.
import { type Finding, fail, ok } from './finding.ts'
import type { Checking } from './installation.ts'
import { textAt } from './json.ts'
import { unreached } from './unreached.ts'

const PODS = 'kubectl -n headscale get pods,httproutes; kubectl -n headscale logs deploy/headscale'

export async function checkHeadscale(checking: Checking): Promise<Finding[]> {
  return await Promise.all([checkHealth(checking), checkKey(checking), checkApi(checking)])
}

async function checkHealth({ reach, installation }: Checking): Promise<Finding> {
  const host = `ts.${installation.domain}`
  const subject = 'health'
  const answer = await reach.get(`https://${host}/health`)
  if (!answer.ok) return unreached(reach, { subject, host, trouble: answer, mend: PODS })
  const state = textAt(answer.body, 'status')
  if (answer.status === 200 && state === 'pass') return ok(subject, 'pass')
  return fail(subject, `https://${host}/health answers ${answer.status} ${state}`.trim(), PODS)
}

/** What a device asks for first: the key of the server. */
async function checkKey({ reach, installation }: Checking): Promise<Finding> {
  const host = `ts.${installation.domain}`
  const subject = 'key'
  const answer = await reach.get(`https://${host}/key?v=130`)
  if (!answer.ok) return unreached(reach, { subject, host, trouble: answer, mend: PODS })
  if (/^mkey:[0-9a-f]{64}$/.test(textAt(answer.body, 'publicKey'))) {
    return ok(subject, 'devices get the key of the server')
  }
  return fail(subject, `https://${host}/key answers ${answer.status} without a key`, PODS)
}

async function checkApi({ reach, installation }: Checking): Promise<Finding> {
  const host = `ts.${installation.domain}`
  const subject = 'private API'
  const answer = await reach.get(`https://${host}/api/v1/node`)
  if (!answer.ok) return unreached(reach, { subject, host, trouble: answer, mend: PODS })
  if (answer.status === 404) return ok(subject, 'cannot be reached from here')
  return fail(
    subject,
    `https://${host}/api/v1/node answers ${answer.status}: it is open to whoever guesses a key`,
    'The HTTPRoute headscale is to name the paths of devices only, as in deploy/base/headscale',
  )
}
