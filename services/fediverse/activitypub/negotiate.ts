// Whether a request wants ActivityStreams or a page. https://www.w3.org/TR/activitypub/#retrieving-objects

const MEDIA_RANGE = /^\s*([\w.+*-]+\/[\w.+*-]+)\s*(?:;(.*))?$/

/** True when JSON is asked for at least as much as HTML. No Accept, or only a wildcard, means a page. */
export function prefersActivity(accept: string | undefined): boolean {
  if (!accept) return false
  let activity = 0
  let page = 0
  for (const part of accept.slice(0, 1_000).split(',')) {
    const match = MEDIA_RANGE.exec(part)
    if (!match) continue
    const type = match[1]?.toLowerCase()
    const quality = Number(/(?:^|;)\s*q=([\d.]+)/i.exec(match[2] ?? '')?.[1] ?? 1)
    if (
      type === 'application/activity+json' ||
      type === 'application/ld+json' ||
      type === 'application/json'
    ) {
      activity = Math.max(activity, quality)
    } else if (type === 'text/html' || type === 'application/xhtml+xml') {
      page = Math.max(page, quality)
    }
  }
  return activity > 0 && activity >= page
}
