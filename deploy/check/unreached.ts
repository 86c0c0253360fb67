import { type Finding, fail, skip } from './finding.ts'
import type { Reach } from './reach.ts'
import type { Trouble } from './trouble.ts'

/** The finding for a server that could not be asked: a failure, unless another line tells the same. */
export async function unreached(
  reach: Reach,
  {
    subject,
    host,
    trouble,
    mend,
  }: { subject: string; host: string; trouble: Trouble; mend: string },
): Promise<Finding> {
  const message = `${host} ${trouble.reason}`
  if (trouble.kind === 'name' && reach.looksAt('dns')) return skip(subject, `${message}: see dns`)
  if (trouble.kind === 'connection' && reach.looksAt('tls')) {
    const opened = await reach.open(host, 443, { isTls: true })
    if (!opened.ok) return skip(subject, `${message}: see tls`)
    opened.socket.destroy()
  }
  return fail(subject, message, mend)
}
