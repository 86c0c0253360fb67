// Access tokens in a table, as administrators see them: those that are good, and folded away those that are over.
import { type Html, html } from '@fuchsbau/shared/html.ts'
import { buttonForm } from '@fuchsbau/shared/page/button.ts'
import { time } from '@fuchsbau/shared/page/layout.ts'
import { isLiving } from '../../manage/access-tokens.ts'
import { ownerOfToken } from '../../manage/administer.ts'
import type { AccessTokenRecord } from '../../store/records.ts'
import { limitsInWords, useInWords } from '../token-form.ts'
import type { Visit } from '../visit.ts'
import { row, table } from './frame.ts'

export interface TokenTable {
  tokens: readonly AccessTokenRecord[]
  caption: string
  /** Where to go after one is revoked: `tokens`, `people/3`, `robots/3`. */
  back: string
  isWithOwner?: boolean
}

/** Of one owner: what is over is of less interest. */
export function tokenTable(visit: Visit, shown: TokenTable): Html {
  const now = visit.web.registry.clock.now()
  const living = shown.tokens.filter((token) => isLiving(token, now))
  const over = shown.tokens.filter((token) => !isLiving(token, now)).slice(0, MOST_OVER)
  return html`${
    living.length > 0
      ? flatTokenTable(visit, { ...shown, tokens: living })
      : html`<p class="small">None that is good now.</p>`
  }
${
  over.length > 0 &&
  html`<details><summary>Expired and revoked</summary>${flatTokenTable(visit, { ...shown, tokens: over, caption: `${shown.caption}, expired and revoked` })}</details>`
}`
}

const MOST_OVER = 50

/** All as they come. */
export function flatTokenTable(
  visit: Visit,
  { tokens, caption, back, isWithOwner = false }: TokenTable,
): Html {
  return table({
    caption,
    isNamedAbove: !isWithOwner,
    heads: ['Token', 'Good for', ''],
    rows: tokens.map((token) =>
      row(
        html`${token.label}${isWithOwner && ownerOf(visit, token)}`,
        html`${limitsInWords(token)}<br><span class="small">${endOf(visit, token)}; ${useInWords(token)}</span>`,
        revokeForm(visit, token, back),
      ),
    ),
  })
}

function endOf({ web: { registry } }: Visit, token: AccessTokenRecord): Html {
  if (token.revokedAt !== undefined) return html`revoked ${time(token.revokedAt, '', true)}`
  const end = time(token.expiresAt, '', true)
  return isLiving(token, registry.clock.now()) ? html`until ${end}` : html`expired ${end}`
}

function ownerOf({ web: { site, registry } }: Visit, token: AccessTokenRecord): Html {
  const { personId, robotId } = token
  const path = personId === undefined ? `admin/robots/${robotId}` : `admin/people/${personId}`
  const owner = html`<a href="${site.path(path)}">${ownerOfToken(registry.store, token)}</a>`
  return html`<br><span class="small">of ${owner}</span>`
}

function revokeForm(visit: Visit, token: AccessTokenRecord, back: string): Html {
  if (!isLiving(token, visit.web.registry.clock.now())) return html``
  const about = token.label
  return buttonForm(visit, `admin/tokens/${token.id}/revoke`, 'Revoke', { fields: { back }, about })
}
