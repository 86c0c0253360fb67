// The sign-in page.
import { html } from '@fuchsbau/shared/html.ts'
import { NO_INDEX } from '@fuchsbau/shared/page/layout.ts'
import { notice, renderPage } from './layout.ts'
import type { Site } from './site.ts'

export type LoginOptions = {
  site: Site
  user?: string
  /** Path of ours where to go on. */
  next?: string
  problem?: string | undefined
  message?: string | undefined
}

export function renderLogin({ site, user, next, problem, message }: LoginOptions): string {
  const body = html`<section class="narrow">
<img src="${site.logoPath}" alt="" width="88" height="88">
<h1>Sign in</h1>
${notice(message)}${notice(problem, 'bad')}
<form method="post" action="${site.path('login')}">
${next ? html`<input type="hidden" name="next" value="${next}">` : ''}
<label for="user">User name</label>
<input id="user" name="user" value="${user}" required maxlength="100" autocomplete="username" autocapitalize="none" spellcheck="false">
<label for="password">Password</label>
<input id="password" name="password" type="password" required maxlength="1024" autocomplete="current-password">
<button class="primary">Sign in</button>
</form>
<p class="small">Your first password was printed where the server was started. Whoever runs the server can set a new one.</p>
</section>`
  return renderPage({
    site,
    title: 'Sign in',
    body,
    head: NO_INDEX,
  })
}
