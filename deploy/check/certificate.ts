// Judges the certificate that a TLS server has shown.
import { checkServerIdentity, type PeerCertificate, type TLSSocket } from 'node:tls'
import { type Finding, fail, ok, warn } from './finding.ts'
import { certificateReason } from './trouble.ts'

const DAY_MS = 86_400_000
/** cert-manager renews when a third of its time is left. Some live for a few days only. */
const SOON = 1 / 6

export interface CertificateOptions {
  subject: string
  /** The name that it is to be for. */
  host: string
  now: number
  /** Where the Certificate is: its namespace and name. */
  object: string
}

/** The finding about an open connection's certificate. */
export function judgeCertificate(socket: TLSSocket, options: CertificateOptions): Finding {
  const { subject, host, now, object } = options
  const certificate = socket.getPeerCertificate()
  if (Object.keys(certificate).length === 0) {
    return fail(subject, 'shows no certificate', lookAt(object))
  }
  const names = namesOf(certificate)
  if (checkServerIdentity(host, certificate) !== undefined) {
    return fail(
      subject,
      `the certificate is for ${names}`,
      `${lookAt(object)}; its dnsNames are to have ${host}`,
    )
  }
  const [from, to] = [Date.parse(certificate.valid_from), Date.parse(certificate.valid_to)]
  if (now > to) {
    return fail(subject, `the certificate expired on ${certificate.valid_to}`, lookAt(object))
  }
  const issuer = text(certificate.issuer.O) || text(certificate.issuer.CN)
  if (!socket.authorized) {
    // Node names it by a code, whatever the type says.
    const code = String(socket.authorizationError)
    return fail(
      subject,
      `${(certificateReason(code) ?? code).replace(/^shows /, '')} (issued by ${issuer})`,
      /staging/i.test(`${issuer} ${text(certificate.issuer.CN)}`)
        ? 'It comes from the staging issuer: let the Certificate name letsencrypt'
        : `${lookAt(object)}. An authority of your own is trusted by --ca FILE`,
    )
  }
  const message = `${issuer} for ${names}, ${Math.floor((to - now) / DAY_MS)} days left`
  if (to - now < (to - from) * SOON)
    return warn(subject, message, `It should be renewed by now: ${lookAt(object)}`)
  return ok(subject, message)
}

function lookAt(object: string): string {
  const [namespace = '', name = ''] = object.split('/')
  return `kubectl -n ${namespace} describe certificate ${name}`
}

function namesOf({ subjectaltname = '', subject }: PeerCertificate): string {
  const names = subjectaltname.split(', ').map((each) => each.replace(/^(?:DNS|IP Address):/, ''))
  return names.join(', ') || text(subject.CN)
}

/** Node has a list where there are several. */
function text(value: unknown): string {
  return Array.isArray(value) ? value.join(', ') : typeof value === 'string' ? value : ''
}
