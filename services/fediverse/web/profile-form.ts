// The page where the signed-in person says who she is.
import { type Html, html } from '@fuchsbau/shared/html.ts'
import { languageOptions } from './language.ts'
import { csrfField, notice, type Reader, renderPage } from './layout.ts'
import type { Site } from './site.ts'
import type { ProfileDraftView } from './views.ts'

type Options = {
  site: Site
  reader: Reader
  message?: string | undefined
  problem?: string | undefined
}

/** Rows for fields; Mastodon shows four. */
export const FIELD_ROWS = 4

export function renderProfileForm(
  draft: ProfileDraftView,
  { site, reader, message, problem }: Options,
): string {
  const path = site.own(reader.user, 'profile')
  const check = (name: 'isLocked' | 'isDiscoverable' | 'isBot', label: string) =>
    html`<label for="${name}"><input type="checkbox" id="${name}" name="${name}" value="1"${draft[name] ? html` checked` : ''}> ${label}</label>`
  const body = html`<h1>Profile</h1>
${notice(message)}
<p><a href="${reader.person.url}">See it as others do</a></p>
<form class="profile-form" method="post" action="${path}" enctype="multipart/form-data">
${csrfField(reader)}${notice(problem, 'bad')}
<label for="displayName">Name</label>
<input id="displayName" name="displayName" value="${draft.displayName}" maxlength="200" dir="auto">
<label for="bio">About you</label>
<textarea id="bio" name="bio" rows="5" maxlength="5000" dir="auto" aria-describedby="bio-help">${draft.bio}</textarea>
<p id="bio-help" class="small">Markdown.</p>
${picture('avatar', 'Picture', draft.avatarUrl)}
${picture('header', 'Picture above the profile', draft.headerUrl)}
<fieldset><legend>Fields</legend>
<p class="small">An address that links back to your profile is shown as verified by Mastodon.</p>
${Array.from({ length: FIELD_ROWS }, (_, row) => fieldRow(row, draft.fields[row]))}
</fieldset>
<label for="language">Language you mostly write in</label>
<select id="language" name="language">${languageOptions(draft.language)}</select>
<fieldset><legend>Account</legend>
${check('isLocked', 'I approve who follows me')}
${check('isDiscoverable', 'Search engines and directories may list me')}
${check('isBot', 'This account posts automatically')}
</fieldset>
<button class="primary">Save</button>
</form>`
  return renderPage({ site, title: 'Profile', body, reader, current: path })
}

function picture(name: 'avatar' | 'header', label: string, url: string | undefined): Html {
  return html`<fieldset><legend>${label}</legend>
${
  url
    ? html`<p><img class="${name === 'avatar' ? 'avatar' : 'banner'}" src="${url}" alt="Your present picture" width="96" height="96"></p>
<label for="no-${name}"><input type="checkbox" id="no-${name}" name="no-${name}" value="1"> Remove it</label>`
    : ''
}
<label for="${name}">New file</label>
<input type="file" id="${name}" name="${name}" accept="image/jpeg,image/png,image/gif,image/webp,image/avif"></fieldset>`
}

function fieldRow(row: number, field = { name: '', value: '' }): Html {
  return html`<div class="row"><div><label for="fieldName${row}">Label ${row + 1}</label>
<input id="fieldName${row}" name="fieldName${row}" value="${field.name}" maxlength="255" dir="auto"></div>
<div><label for="fieldValue${row}">Content ${row + 1}</label>
<input id="fieldValue${row}" name="fieldValue${row}" value="${field.value}" maxlength="2047" dir="auto"></div></div>`
}
