// The pages to sign in: by password, by the identity provider, and, the first time, by both.
import { type Html, html } from '@fuchsbau/shared/html.ts'
import type { Identity } from '@fuchsbau/shared/login/oidc.ts'
import { NO_INDEX } from '@fuchsbau/shared/page/layout.ts'
import { notice, renderPage } from './layout.ts'
import type { Site } from './site.ts'

export type LoginOptions = {
  site: Site
  /** The identity provider's address, if there is one. */
  issuer?: string | undefined
  user?: string
  /** Path of ours where to go on. */
  next?: string
  problem?: string | undefined
  message?: string | undefined
}

export function renderLogin({ site, issuer, message, problem, ...state }: LoginOptions): string {
  const { next } = state
  const provider =
    issuer &&
    html`<p><a class="primary" href="${site.path('login/oidc')}${
      next ? `?next=${encodeURIComponent(next)}` : ''
    }">Sign in with ${new URL(issuer).host}</a></p>
<p class="small">or with your password here:</p>`
  const body = html`<section class="narrow">
<img src="${site.logoPath}" alt="" width="88" height="88">
<h1>Sign in</h1>
${notice(message)}${notice(problem, 'bad')}
${provider}${passwordForm(site.path('login'), issuer ? 'Sign in by password' : 'Sign in', state, !issuer)}
<p class="small">Your first password was printed where the server was started. Whoever runs the server can set a new one.</p>
</section>`
  return renderPage({ site, title: 'Sign in', body, head: NO_INDEX })
}

/** For who is known to the provider, but linked to nobody here. */
export function renderLink(
  identity: Identity,
  { site, user, problem }: Pick<LoginOptions, 'site' | 'user' | 'problem'>,
): string {
  const who = identity.preferredUsername ?? identity.subject
  const { host } = new URL(identity.issuer)
  const body = html`<section class="narrow">
<h1>Which account is yours?</h1>
${notice(problem, 'bad')}
<p>${host} says that you are <strong>${who}</strong>. That is not linked to an account here yet. Sign in with your password once, and it is; from then on ${host} is enough.</p>
${passwordForm(site.path('login/link'), 'Link and sign in', { user: user ?? who })}
<p class="small">Not you, or no account? <a href="${site.path('login')}">Back to the sign-in page</a>. Whoever runs the server makes accounts.</p>
</section>`
  return renderPage({ site, title: 'Link your account', body, head: NO_INDEX })
}

function passwordForm(
  action: string,
  label: string,
  { user, next }: Pick<LoginOptions, 'user' | 'next'>,
  isFirst = true,
): Html {
  return html`<form method="post" action="${action}">
${next ? html`<input type="hidden" name="next" value="${next}">` : ''}
<label for="user">User name</label>
<input id="user" name="user" value="${user}" required maxlength="100" autocomplete="username" autocapitalize="none" spellcheck="false">
<label for="password">Password</label>
<input id="password" name="password" type="password" required maxlength="1024" autocomplete="current-password">
${isFirst ? html`<button class="primary">${label}</button>` : html`<p><button>${label}</button></p>`}
</form>`
}
