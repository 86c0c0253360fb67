// What the upstream says to us, and not to our clients.
import { OciError } from '../errors.ts'
import { type Digest, parseDigest } from '../name.ts'
import { UpstreamFailure } from './failure.ts'
import type { UpstreamAnswer } from './upstream.ts'

/** What the upstream says as JSON, of at most so many bytes. Throws OciError when it says something else. */
export async function jsonOf(answer: UpstreamAnswer, maxBytes: number): Promise<unknown> {
  const text = await textOf(answer, maxBytes)
  try {
    return JSON.parse(text)
  } catch {
    throw unreadable
  }
}

/** The body as text, of at most so many bytes. Throws OciError when it is longer, or breaks off. */
export async function textOf(answer: UpstreamAnswer, maxBytes: number): Promise<string> {
  try {
    return (await answer.bytes(maxBytes)).toString('utf8')
  } catch (error) {
    if (error instanceof UpstreamFailure) throw unreadable
    throw error
  }
}

/** What it says that it is of; undefined when it says none. */
export function digestIn({ headers }: UpstreamAnswer): Digest | undefined {
  return parseDigest(headers.get('docker-content-digest') ?? '')
}

export const unreadable = new OciError(
  'UNAVAILABLE',
  'The registry behind this one cannot be read.',
  {
    status: 502,
  },
)
