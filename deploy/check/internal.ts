// The pages for browsers at home, with certificates of Vault. From elsewhere they are not seen, and that is right.
import type { TLSSocket } from 'node:tls'
import { judgeCertificate } from './certificate.ts'
import { type Finding, fail, ok, skip, warn } from './finding.ts'
import type { Checking } from './installation.ts'
import { type Client, checkClient, checkProvider } from './login.ts'
import { unreached } from './unreached.ts'

interface Page {
  host: string
  /** Where it answers. */
  path: string
  /** Its namespace. */
  namespace: string
}

export async function checkInternal(checking: Checking): Promise<Finding[]> {
  const { internal } = checking.installation
  if (internal === undefined) return []
  const pages: Page[] = [
    { host: `headscale.${internal}`, path: '/web', namespace: 'headscale' },
    { host: `grafana.${internal}`, path: '/api/health', namespace: 'observation' },
  ]
  const findings = pages.map((page) => checkPage(checking, page))
  return (await Promise.all([...findings, checkGrafana(checking, `grafana.${internal}`)])).flat()
}

async function checkPage(checking: Checking, { host, path, namespace }: Page): Promise<Finding[]> {
  const { lab: reach, installation, now } = checking
  const found = await reach.find(host)
  if (!found.ok) return [skip(host, `${found.reason}, as it is to be outside of the lab`)]
  const { addresses, isTold } = found
  if (reach.hasResolver && !isTold) {
    const mend = 'kubectl -n external-dns logs deploy/external-dns-public; delete the record'
    return [warn(host, `${addresses.join(', ')} stands in public DNS`, mend)]
  }
  const { internalAddress: expected } = installation
  if (!isTold && expected !== undefined && addresses.some((each) => each !== expected)) {
    return [
      fail(
        host,
        `${addresses.join(', ')}: INTERNAL_ADDRESS is ${expected}`,
        `Find who says so: dig ${host}; kubectl -n external-dns logs deploy/external-dns-private`,
      ),
    ]
  }
  const opened = await reach.open(host, 443, { isTls: true })
  if (!opened.ok) {
    const mend = 'kubectl -n gateways describe gateway shared-gateway-internal'
    return [fail(host, opened.reason, mend)]
  }
  const socket = opened.socket as TLSSocket
  const object = 'gateways/internal'
  const certificate = judgeCertificate(socket, { subject: host, host, now, object })
  socket.destroy()
  const answer = await reach.get(`https://${host}${path}`)
  const mend = `kubectl -n ${namespace} get pods,httproutes`
  if (!answer.ok)
    return [certificate, await unreached(reach, { subject: host, host, trouble: answer, mend })]
  if (answer.status >= 400)
    return [certificate, fail(host, `${path} answers ${answer.status}`, mend)]
  return [certificate, ok(host, `${path} answers ${answer.status}`)]
}

/** Its login, where it is seen from here. */
async function checkGrafana(checking: Checking, host: string): Promise<Finding[]> {
  const { lab: reach } = checking
  if (!(await reach.find(host)).ok) return []
  const { authorize } = await checkProvider(checking)
  if (authorize === undefined) return [skip('grafana', 'waits for the provider: see login')]
  const client: Client = {
    app: 'grafana',
    logs: 'kubectl -n observation logs -l app.kubernetes.io/name=grafana',
    start: `https://${host}/login/generic_oauth`,
    back: `https://${host}/login/generic_oauth`,
  }
  return [await checkClient(reach, client, authorize)]
}
