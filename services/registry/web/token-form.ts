// The form by which access tokens are made, the token that is shown once, and what a token is good for in words: for a
// person's own tokens and for those of robots.
import { type Html, html } from '@fuchsbau/shared/html.ts'
import { csrfField, time } from '@fuchsbau/shared/page/layout.ts'
import type { MadeToken, WantedToken } from '../manage/access-tokens.ts'
import { ACTIONS } from '../scope.ts'
import type { AccessTokenRecord } from '../store/records.ts'
import type { Visit } from './visit.ts'

const DAY_MS = 86_400_000
const LIFETIMES = [7, 30, 90, 365]

/** What the form asks for. */
export function wantedToken(fields: URLSearchParams): WantedToken {
  return {
    label: fields.get('label') ?? '',
    repositories: (fields.get('repositories') ?? '').split(/[\s,]+/),
    actions: fields.getAll('action'),
    lifetimeMs: Number(fields.get('days')) * DAY_MS,
  }
}

export interface TokenForm {
  /** Where it is sent. */
  path: string
  /** What stands there first. */
  repositories: string
  placeholder: string
  /** What was entered is forgotten when a token was made of it. */
  isDone: boolean
}

export function tokenForm(
  { web, csrf, fields }: Visit,
  { path, repositories, placeholder, isDone }: TokenForm,
): Html {
  const typed = isDone ? new URLSearchParams() : fields
  const chosen = typed.getAll('action')
  const days = LIFETIMES.filter((each) => each * DAY_MS <= web.registry.maxTokenAgeMs)
  const chosenDays = Number(typed.get('days') ?? 90)
  return html`<section class="panel">
<h2>Make a token</h2>
<form method="post" action="${web.site.path(path)}">${csrfField({ csrf })}
<label for="label">What for</label>
<input id="label" name="label" required maxlength="60" placeholder="${placeholder}" value="${typed.get('label') ?? ''}">
<label for="repositories">Repositories</label>
<input id="repositories" name="repositories" required maxlength="2000" autocapitalize="none" spellcheck="false" value="${typed.get('repositories') ?? repositories}">
<p class="hint small">Names or patterns, separated by spaces: <code>*</code> is anything in one part of a name, <code>**</code> anything.</p>
<fieldset><legend>May</legend><div class="checks">${ACTIONS.map(
    (action) =>
      html`<label><input type="checkbox" name="action" value="${action}"${
        (chosen.length === 0 ? action === 'pull' : chosen.includes(action)) && html` checked`
      }>${action}</label>`,
  )}</div></fieldset>
<label for="days">Lasts</label>
<select id="days" name="days">${days.map((each) => html`<option value="${each}"${each === chosenDays && html` selected`}>${each} days</option>`)}</select>
<button class="primary">Make the token</button>
</form>
</section>`
}

/** `name`: what is logged in with. */
export function shownToken({ web }: Visit, name: string, { secret }: MadeToken): Html {
  return html`<section class="panel" role="status">
<h2>The new token</h2>
<p>It is shown this once. Who has it can use it.</p>
<pre><code class="secret">${secret}</code></pre>
<pre><code>docker login ${web.registry.host} -u ${name}</code></pre>
</section>`
}

/** `pull, push in team/**`. */
export function limitsInWords({ limits }: AccessTokenRecord): string {
  return limits
    .map(({ repositories, actions }) => `${actions.join(', ')} in ${repositories.join(' ')}`)
    .join('; ')
}

export function useInWords({ lastUsedAt, lastUsedFrom = '' }: AccessTokenRecord): Html {
  return lastUsedAt === undefined
    ? html`never used`
    : html`used ${time(lastUsedAt)} from ${lastUsedFrom}`
}
