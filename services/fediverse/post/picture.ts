// Uploaded pictures without what they tell beside the picture: where and when it was taken, with what, an earlier version
// as a thumbnail. What shows it rightly stays: the orientation, and the profile of its colours.

import { cleanJpeg } from './picture-jpeg.ts'
import { cleanPng } from './picture-png.ts'
import { cleanWebp } from './picture-webp.ts'

/** Undefined for a picture that is broken. The result is new bytes, at most 64 more than were given. */
type Clean = (bytes: Buffer) => Buffer | undefined

export type Cleaned = { ok: true; bytes: Buffer } | { ok: false; message: string }

/** Bytes at the beginning of a file by which `isPicture` knows it. */
export const PICTURE_HEAD_BYTES = 12

const BROKEN =
  'The picture is damaged, so what it tells beside the picture cannot be taken out. Save it anew and try again.'

/** Whether a file that begins with these bytes is of a kind that `cleanPicture` cleans: JPEG, PNG, WebP. */
export function isPicture(head: Buffer): boolean {
  return cleanerOf(head) !== undefined
}

/** A JPEG, PNG or WebP without its metadata; anything else as it is. Takes time and memory in proportion to the bytes. */
export function cleanPicture(bytes: Buffer): Cleaned {
  const clean = cleanerOf(bytes)
  if (!clean) return { ok: true, bytes }
  const cleaned = clean(bytes)
  return cleaned ? { ok: true, bytes: cleaned } : { ok: false, message: BROKEN }
}

function cleanerOf(head: Buffer): Clean | undefined {
  const text = head.toString('latin1', 0, PICTURE_HEAD_BYTES)
  if (text.startsWith('\xff\xd8\xff')) return cleanJpeg
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return cleanPng
  if (text.startsWith('RIFF') && text.slice(8) === 'WEBP') return cleanWebp
  return
}
