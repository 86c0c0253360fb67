// Whether other servers find the owner: WebFinger, the Actor, NodeInfo, and the name with www.
// https://www.rfc-editor.org/rfc/rfc7033 https://www.w3.org/TR/activitypub/#retrieving-objects https://nodeinfo.diaspora.software/protocol.html
import { type Finding, fail, ok, skip, warn } from './finding.ts'
import type { Checking } from './installation.ts'
import { at, objectsAt, textAt } from './json.ts'
import { unreached } from './unreached.ts'

const PODS = 'kubectl -n fediverse get pods,httproutes; kubectl -n fediverse logs deploy/fediverse'

export async function checkFediverse(checking: Checking): Promise<Finding[]> {
  const [account, nodeInfo, www] = await Promise.all([
    checkAccount(checking),
    checkNodeInfo(checking),
    checkWww(checking),
  ])
  return [...account, nodeInfo, www]
}

function webFinger({ installation: { owner, social } }: Checking, host = social): string {
  return `https://${host}/.well-known/webfinger?resource=acct:${owner}@${social}`
}

/** What it says, and the Actor that it names. */
async function checkAccount(checking: Checking): Promise<Finding[]> {
  const { reach, installation } = checking
  const { owner, social } = installation
  const subject = 'WebFinger'
  const answer = await reach.get(webFinger(checking), { accept: 'application/jrd+json' })
  if (!answer.ok) {
    return [await unreached(reach, { subject, host: social, trouble: answer, mend: PODS })]
  }
  const account = `acct:${owner}@${social}`
  if (answer.status !== 200) {
    const mend =
      answer.status === 404
        ? 'OWNER is to be a user there: FUCHSBAU_FEDIVERSE_OWNER counts at the first start only; kubectl -n fediverse logs deploy/fediverse'
        : PODS
    return [fail(subject, `answers ${answer.status} for ${account}`, mend)]
  }
  const told = textAt(answer.body, 'subject')
  if (told !== account) {
    const mend = `FUCHSBAU_FEDIVERSE_URL is to be https://${social}; it cannot be changed once others follow`
    return [fail(subject, `names ${told || 'no subject'} instead of ${account}`, mend)]
  }
  const self = objectsAt(answer.body, 'links').find(
    ({ rel, type }) => rel === 'self' && /^application\/(activity|ld)\+json/.test(String(type)),
  )
  const id = URL.parse(String(self?.['href']))
  if (id?.protocol !== 'https:' || id.host !== social) {
    const mend = `FUCHSBAU_FEDIVERSE_URL is to be https://${social}`
    return [fail(subject, `leads to ${id?.href ?? 'no Actor'}, not to https://${social}`, mend)]
  }
  return [ok(subject, `${account} is ${id.href}`), await checkActor(checking, id.href)]
}

async function checkActor({ reach, installation }: Checking, id: string): Promise<Finding> {
  const { owner, social } = installation
  const subject = 'Actor'
  const answer = await reach.get(id, { accept: 'application/activity+json' })
  if (!answer.ok) return unreached(reach, { subject, host: social, trouble: answer, mend: PODS })
  const type = answer.headers['content-type'] ?? 'nothing'
  if (answer.status !== 200) return fail(subject, `${id} answers ${answer.status}`, PODS)
  if (!/^application\/(activity|ld)\+json/.test(type)) {
    return fail(
      subject,
      `${id} answers ${type}`,
      'Something in front keeps one answer for all: it is to heed Accept',
    )
  }
  const { body } = answer
  const [name, inbox] = [textAt(body, 'preferredUsername'), URL.parse(textAt(body, 'inbox'))]
  if (textAt(body, 'id') !== id || name !== owner || inbox?.host !== social) {
    return fail(
      subject,
      `${id} calls itself ${textAt(body, 'id') || 'nothing'}, with ${inbox?.href ?? 'no inbox'}`,
      `FUCHSBAU_FEDIVERSE_URL is to be https://${social}`,
    )
  }
  if (!textAt(body, 'publicKey', 'publicKeyPem').includes('BEGIN PUBLIC KEY')) {
    return fail(subject, `${id} has no public key`, PODS)
  }
  return ok(subject, `@${name}@${social} with key and inbox`)
}

async function checkNodeInfo({ reach, installation }: Checking): Promise<Finding> {
  const { social, version } = installation
  const subject = 'NodeInfo'
  const links = await reach.get(`https://${social}/.well-known/nodeinfo`)
  if (!links.ok) return unreached(reach, { subject, host: social, trouble: links, mend: PODS })
  const [newest] = objectsAt(links.body, 'links')
  const url = URL.parse(String(newest?.['href']))
  if (links.status !== 200 || url?.protocol !== 'https:' || url.host !== social) {
    return fail(
      subject,
      `/.well-known/nodeinfo answers ${links.status}, and leads to ${url?.href ?? 'nothing'}`,
      PODS,
    )
  }
  const answer = await reach.get(url.href)
  if (!answer.ok) return unreached(reach, { subject, host: social, trouble: answer, mend: PODS })
  const [name, runs] = [
    textAt(answer.body, 'software', 'name'),
    textAt(answer.body, 'software', 'version'),
  ]
  if (at(answer.body, 'protocols', 0) !== 'activitypub') {
    return fail(subject, `${url.href} answers ${answer.status}, and speaks of no ActivityPub`, PODS)
  }
  if (version !== undefined && version !== runs) {
    return warn(
      subject,
      `${name} ${runs} runs, and FUCHSBAU_VERSION is ${version}`,
      'flux get kustomizations fediverse',
    )
  }
  return ok(subject, `${name} ${runs}`)
}

/** Who types www gets to the same server; it never answers as another one. */
async function checkWww(checking: Checking): Promise<Finding> {
  const { reach, installation } = checking
  const { social } = installation
  const host = `www.${social}`
  const answer = await reach.get(webFinger(checking, host))
  const route = 'kubectl -n gateways describe httproute www-redirect'
  if (!answer.ok) {
    const isApexDown = !(await reach.find(social)).ok
    if (isApexDown) return skip(host, `${host} ${answer.reason}: see dns`)
    return warn(host, answer.reason, `Who types www gets nowhere: ${route}`)
  }
  const { status, headers } = answer
  const target = URL.parse(headers['location'] ?? '')
  if (status >= 300 && status < 400 && target?.origin === `https://${social}`) {
    return ok(host, `${status} to https://${social}`)
  }
  return fail(
    host,
    status === 200
      ? 'answers as a server of its own'
      : `answers ${status}, and leads to ${target?.origin ?? 'nothing'}`,
    `It is to lead to https://${social}: ${route}`,
  )
}
