// Pages for what went wrong, in words that say what can be done.
import { errorPage } from '@fuchsbau/shared/page/error.ts'
import { NO_INDEX } from '@fuchsbau/shared/page/layout.ts'
import { renderPage } from './layout.ts'
import type { Site } from './site.ts'

const texts = {
  403: [
    'You may not do that',
    'Go back, reload the page and try again; perhaps you have to sign in first.',
  ],
  404: [
    'There is nothing here',
    'The address may be mistyped, or the post is not for everyone to read.',
  ],
  410: ['This post is gone', 'Its author deleted it.'],
  413: ['Too large', 'Go back and choose smaller or fewer files.'],
  503: ['Not now', 'The server cannot take this at the moment. Try again in a minute.'],
} as const

/** The page for a status. `detail` says more, in a sentence for the reader; it replaces the general advice. */
export function renderError(
  site: Site,
  status: number,
  detail?: string,
  requestId?: string,
): string {
  const page = errorPage({ site, status, detail, requestId, texts, home: 'To the first page' })
  return renderPage({ ...page, site, head: NO_INDEX })
}
