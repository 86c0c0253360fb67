// Whether the registry sends clients to its token endpoint, and that answers.
// https://distribution.github.io/distribution/spec/auth/token/
import { type Finding, fail, ok } from './finding.ts'
import type { Checking } from './installation.ts'
import { textAt } from './json.ts'
import { unreached } from './unreached.ts'

const PODS =
  'kubectl -n registry get pods,httproutes; kubectl -n registry logs deploy/registry -c registry'

export async function checkRegistry({ reach, installation }: Checking): Promise<Finding[]> {
  const host = `oci.${installation.domain}`
  const subject = 'challenge'
  const answer = await reach.get(`https://${host}/v2/`)
  if (!answer.ok) return [await unreached(reach, { subject, host, trouble: answer, mend: PODS })]
  const told = answer.headers['www-authenticate'] ?? ''
  if (answer.status !== 401 || !/^bearer /i.test(told)) {
    return [
      fail(
        subject,
        `https://${host}/v2/ answers ${answer.status}${told === '' ? ' without a challenge' : ` with ${told.split(' ')[0]}`}`,
        `The HTTPRoute is to lead to the registry's Service, not to Zot: ${PODS}`,
      ),
    ]
  }
  const part = (name: string) => new RegExp(`\\b${name}="([^"]*)"`).exec(told)?.[1] ?? ''
  const realm = `https://${host}/token`
  if (part('realm') !== realm || part('service') !== host) {
    return [
      fail(
        subject,
        `sends clients to ${part('realm') || 'nowhere'} for ${part('service') || 'no service'}`,
        `It is to be ${realm} for ${host}: FUCHSBAU_REGISTRY_URL`,
      ),
    ]
  }
  const token = await reach.get(`${realm}?service=${host}&scope=repository:check/none:pull`)
  const name = 'token endpoint'
  if (!token.ok) {
    return [
      ok(subject, told),
      await unreached(reach, { subject: name, host, trouble: token, mend: PODS }),
    ]
  }
  // Without a login it gives a token that allows what everybody may, or wants a login.
  const isGiven = token.status === 200 && textAt(token.body, 'token') !== ''
  const isRefused = token.status === 401 && /^basic /i.test(token.headers['www-authenticate'] ?? '')
  return [
    ok(subject, told),
    isGiven || isRefused
      ? ok(name, isGiven ? 'gives a token to everybody, for what is public' : 'wants a login')
      : fail(name, `${realm} answers ${token.status}`, PODS),
  ]
}
