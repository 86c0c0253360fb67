// Why a server could not be asked, in words that follow its name.

/** Why something could not be reached; the reason follows the name in a sentence. */
export interface Trouble {
  ok: false
  kind: 'name' | 'connection' | 'certificate' | 'answer'
  reason: string
}

/** Of an error of a look-up. */
export function reasonOfName(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOTFOUND' || code === 'ENODATA') return 'has no address'
  if (code === 'ETIMEOUT' || code === 'EAI_AGAIN')
    return 'cannot be looked up: no DNS server answers'
  return `cannot be looked up: ${code ?? (error as Error).message}`
}

/** Said where this machine has no way there. */
export const NO_WAY = 'cannot be reached from here'

const connectionReasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refuses the connection',
  ECONNRESET: 'closes the connection',
  EPIPE: 'closes the connection',
  ETIMEDOUT: 'does not answer',
  EADDRNOTAVAIL: NO_WAY,
  EHOSTUNREACH: NO_WAY,
  ENETUNREACH: NO_WAY,
  ERR_SSL_WRONG_VERSION_NUMBER: 'answers without TLS',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'answers without TLS',
}

const certificateReasons: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'shows a certificate that has expired',
  CERT_NOT_YET_VALID: 'shows a certificate that is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'shows a certificate for other names',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'shows a certificate that nobody but itself has signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'shows a certificate of an authority that is not known here',
  UNABLE_TO_GET_ISSUER_CERT: 'shows a certificate of an authority that is not known here',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'shows a certificate of an authority that is not known here',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'shows a certificate of an authority that is not known here, or without those in between',
}

/** Of an error of a socket or a request. */
export function troubleOf(error: unknown): Trouble {
  const { name, message, code = '' } = error as NodeJS.ErrnoException
  if (name === 'TimeoutError' || name === 'AbortError') {
    return { ok: false, kind: 'connection', reason: 'does not answer' }
  }
  const certificate = certificateReason(code)
  if (certificate !== undefined) return { ok: false, kind: 'certificate', reason: certificate }
  const connection = connectionReasons[code]
  if (connection !== undefined) return { ok: false, kind: 'connection', reason: connection }
  if (code.startsWith('ERR_SSL_')) {
    return {
      ok: false,
      kind: 'connection',
      reason: `breaks off TLS: ${code.slice(8).toLowerCase().replaceAll('_', ' ')}`,
    }
  }
  return { ok: false, kind: 'answer', reason: code === '' ? message : `fails: ${code}` }
}

/** What is wrong with a certificate, by the code of OpenSSL or Node. */
export function certificateReason(code: string): string | undefined {
  return certificateReasons[code]
}
