// Whether plain HTTP only leads to HTTPS.
import { type Finding, fail, ok, skip, warn } from './finding.ts'
import { type Checking, publicHosts } from './installation.ts'

export async function checkRedirects(checking: Checking): Promise<Finding[]> {
  const hosts = publicHosts(checking.installation)
  return await Promise.all(hosts.map(({ host }) => checkHost(checking, host)))
}

async function checkHost({ reach }: Checking, host: string): Promise<Finding> {
  const subject = `http://${host}`
  const answer = await reach.get(`http://${host}/`)
  const route = 'kubectl -n gateways describe httproute external-redirect'
  if (!answer.ok) {
    if (answer.kind === 'name' && reach.looksAt('dns')) {
      return skip(subject, `${host} ${answer.reason}: see dns`)
    }
    return warn(
      subject,
      `port 80 ${answer.reason}`,
      'Have the router forward 80 to EXTERNAL_ADDRESS: who types the name without https:// gets nowhere',
    )
  }
  const { status, headers } = answer
  const { location = '' } = headers
  if (status < 300 || status > 399) {
    return fail(subject, `answers ${status} without TLS`, `It is to answer 301: ${route}`)
  }
  const target = URL.parse(location)
  if (target?.protocol !== 'https:' || target.host !== host) {
    return fail(
      subject,
      `leads to ${location || 'nowhere'}`,
      `It is to lead to https://${host}: ${route}`,
    )
  }
  return ok(subject, `${status} to ${location}`)
}
