// The registry that a command is for, as people write it: HOST, HOST:PORT, or with https:// before it.
import { UsageError } from '@fuchsbau/shared/command-line.ts'

export interface RegistryHost {
  /** As it stands before the names of images, and in auth files. */
  name: string
  /** Its address, without a slash at the end. */
  url: string
}

/** Plain HTTP is for this machine only, where it is the usual way. Throws UsageError. */
export function parseHost(text: string | undefined): RegistryHost {
  if (text === undefined || text === '') throw new UsageError('Say which registry: its host name.')
  const [, scheme, rest = ''] = /^(?:(https?):\/\/)?([^/]+)\/?$/.exec(text) ?? []
  const url = /[@?#\s\\]/.test(rest) ? null : URL.parse(`https://${rest}`)
  if (!url) throw new UsageError(`${text} is no registry: a host name, such as oci.example.org`)
  const isLocal = isLoopback(url.hostname)
  if (scheme === 'http' && !isLocal) {
    throw new UsageError('Plain HTTP is for this machine only (localhost). Use https://.')
  }
  const name = /:443$/.test(rest) ? `${url.host}:443` : url.host
  const { origin } = new URL(`${scheme ?? (isLocal ? 'http' : 'https')}://${url.host}`)
  return { name, url: origin }
}

function isLoopback(host: string): boolean {
  return /^(?:localhost|[\w.-]+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(host)
}
