// Which files may be uploaded, and how they are given out: nothing that a browser would run, whatever it holds.

/** Shown by a browser; all else is saved. */
const SHOWN: Readonly<Record<string, string>> = {
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/gif': 'gif',
  'image/webp': 'webp',
  'image/avif': 'avif',
  'video/mp4': 'mp4',
  'video/webm': 'webm',
  'audio/mpeg': 'mp3',
  'audio/ogg': 'ogg',
  'audio/mp4': 'm4a',
  'audio/webm': 'weba',
  'audio/wav': 'wav',
  'text/plain': 'txt',
}
const SAVED: Readonly<Record<string, string>> = {
  'application/pdf': 'pdf',
  'application/zip': 'zip',
  'application/gzip': 'gz',
  'application/octet-stream': 'bin',
}

/** For the `Accept-Post` header. */
export const ACCEPTED = ['image/*', 'audio/*', 'video/*', 'text/plain', ...Object.keys(SAVED)]

const MOST_NAME = 100

/** The type without its parameters, if such files are taken; none given: any bytes. */
export function parseMediaType(header: string | undefined): string | undefined {
  if (header === undefined || header.trim() === '') return 'application/octet-stream'
  const [type = ''] = header.toLowerCase().split(';')
  const [, group = ''] = /^([a-z]+)\/[a-z0-9][a-z0-9.+-]{0,60}$/.exec(type.trim()) ?? []
  const isTaken = ACCEPTED.includes(`${group}/*`) || ACCEPTED.includes(type.trim())
  return isTaken ? type.trim() : undefined
}

/** How it is called at the end of its address, so that clients know what it is. */
export const extensionOf = (type: string): string => {
  const extension = SHOWN[type] ?? SAVED[type]
  return extension === undefined ? '' : `.${extension}`
}

/** The name that a client gave, without folders and signs that mean something. https://www.rfc-editor.org/rfc/rfc6266 */
export function parseFileName(header: string | undefined): string {
  const [, extended] = /filename\*\s*=\s*utf-8'[^']*'([^;\s]+)/i.exec(header ?? '') ?? []
  const [, quoted] = /filename\s*=\s*"((?:[^"\\]|\\.){1,500})"/i.exec(header ?? '') ?? []
  const [, bare] = /filename\s*=\s*([^";\s]+)/i.exec(header ?? '') ?? []
  const given = decoded(extended) ?? quoted?.replace(/\\(.)/g, '$1') ?? bare ?? ''
  const name = given
    .replace(/^.*[/\\]/s, '')
    .replace(/[\p{C}"<>|:*?]/gu, '')
    .trim()
  return [...name].slice(0, MOST_NAME).join('')
}

/** The headers that a file is given out with. */
export function headersOf(mediaType: string, fileName: string): Record<string, string> {
  const isShown = Object.hasOwn(SHOWN, mediaType)
  const type = isShown ? mediaType : 'application/octet-stream'
  const name = fileName === '' ? '' : `; filename*=UTF-8''${encoded(fileName)}`
  return {
    'content-type': type === 'text/plain' ? 'text/plain; charset=utf-8' : type,
    'content-disposition': `${isShown ? 'inline' : 'attachment'}${name}`,
    'content-security-policy':
      "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox",
    'x-content-type-options': 'nosniff',
    'cross-origin-resource-policy': 'cross-origin',
    'referrer-policy': 'no-referrer',
    'cache-control': 'private, max-age=3600',
    'accept-ranges': 'bytes',
  }
}

function decoded(text: string | undefined): string | undefined {
  try {
    return text === undefined ? undefined : decodeURIComponent(text)
  } catch {
    return
  }
}

/** RFC 8187. */
const encoded = (name: string) =>
  encodeURIComponent(name.toWellFormed()).replace(
    /['()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16)}`,
  )
