// The pages to log in: by password, by the identity provider, and, the first time, by both.
import { type Html, html } from '@fuchsbau/shared/html.ts'
import type { Identity } from '@fuchsbau/shared/login/oidc.ts'
import type { Page } from './layout.ts'
import type { Web } from './visit.ts'

export interface LoginState {
  name?: string
  /** Path of ours where to go on. */
  next?: string
  problem?: string | undefined
  message?: string | undefined
}

export function loginPage({ site, party }: Web, { problem, message, ...state }: LoginState): Page {
  const provider =
    party &&
    html`<p><a class="provider" href="${site.path('login/oidc')}${
      state.next ? `?next=${encodeURIComponent(state.next)}` : ''
    }">Log in with ${new URL(party.issuer).host}</a></p>
<p class="or">or with your password here</p>`
  const body = html`<section class="narrow">
<h1>Log in</h1>
<p class="lead">Your IRC bouncer: networks, history, and how to connect.</p>
${provider}
${passwordForm(site.path('login'), party ? 'Log in by password' : 'Log in', state, !party)}
<p class="small">The password is the same as for IRC. The first one was printed where the bouncer was started; administrators can set a new one.</p>
</section>`
  return { title: 'Log in', body, problem, message }
}

/** Who is known to the provider, but linked to nobody here. */
export function linkPage({ site }: Web, identity: Identity, { problem, name }: LoginState): Page {
  const who = identity.preferredUsername ?? identity.subject
  const { host } = new URL(identity.issuer)
  const body = html`<section class="narrow">
<h1>Which account is yours?</h1>
<p>${host} says that you are <strong>${who}</strong>. That is not linked to an account of this bouncer yet. Log in with your password once, and it is; from then on ${host} is enough.</p>
${passwordForm(site.path('login/link'), 'Link and log in', { name: name ?? identity.preferredUsername ?? '' })}
<p class="small">Not you, or no account? <a href="${site.path('login')}">Back to the login</a>. Administrators of the bouncer make accounts.</p>
</section>`
  return { title: 'Link your account', body, problem }
}

function passwordForm(
  action: string,
  label: string,
  { name = '', next }: LoginState,
  isFirst = true,
): Html {
  return html`<form method="post" action="${action}">
${next && html`<input type="hidden" name="next" value="${next}">`}
<label for="user">User name</label>
<input id="user" name="user" value="${name}" required maxlength="100" autocomplete="username" autocapitalize="none" spellcheck="false">
<label for="password">Password</label>
<input id="password" name="password" type="password" required maxlength="1024" autocomplete="current-password">
<button${isFirst && html` class="primary"`}>${label}</button>
</form>`
}
