// The form for a post: new, an answer, or an edit. Works without JavaScript; what is rarely used is folded away.
import { type Html, html } from '@fuchsbau/shared/html.ts'
import type { WebLimits } from './deps.ts'
import { languageOptions } from './language.ts'
import { csrfField, notice, type Reader } from './layout.ts'
import type { Site } from './site.ts'
import type { Audience, DraftView } from './views.ts'

export type ComposeOptions = {
  site: Site
  reader: Reader
  draft: DraftView
  limits: WebLimits
  /** Where the form returns to. */
  back: string
  /** Why the post was not taken. */
  problem?: string | undefined
}

const audiences: [Audience, string][] = [
  ['public', 'Public: everyone, and in public timelines'],
  ['unlisted', 'Unlisted: everyone, not in public timelines'],
  ['followers', 'Followers only'],
  ['direct', 'Direct: only who is mentioned'],
]

/** Options and files that the form has room for; the service may allow more. */
const POLL_ROWS = 4
const FILE_ROWS = 4

export function renderCompose(options: ComposeOptions): Html {
  const { site, reader, draft, limits, back, problem } = options
  const { editOf, reply } = draft
  const action = site.own(reader.user, editOf ? 'edit' : 'publish')
  return html`<form class="compose" method="post" action="${action}" enctype="multipart/form-data">
${csrfField(reader)}<input type="hidden" name="back" value="${back}">
${editOf ? html`<input type="hidden" name="id" value="${editOf}">` : ''}${
  reply ? html`<input type="hidden" name="inReplyTo" value="${reply.id}">` : ''
}
${notice(problem, 'bad')}
<label for="text">${editOf ? 'Text' : reply ? 'Your answer' : 'New post'}</label>
<textarea id="text" name="text" rows="4" maxlength="${limits.textChars}" aria-describedby="text-help" dir="auto">${draft.text}</textarea>
<p id="text-help" class="small">Markdown. Mention people as @user@host.</p>
<div class="row">
${editOf ? '' : audienceField(draft.audience)}
<div><label for="language">Language</label>
<select id="language" name="language">${languageOptions(draft.language)}</select></div>
</div>
<details${draft.warning ? html` open` : ''}><summary>Content warning</summary>
<label for="warning">What readers see before they open the post</label>
<input id="warning" name="warning" value="${draft.warning}" maxlength="500" dir="auto"></details>
${files(draft, Math.min(FILE_ROWS, limits.attachments))}
${editOf ? '' : poll(Math.min(POLL_ROWS, limits.pollOptions))}
<button class="primary">${editOf ? 'Save' : reply ? 'Send answer' : 'Publish'}</button>
</form>`
}

function audienceField(chosen: Audience): Html {
  return html`<div><label for="audience">Who can read it</label>
<select id="audience" name="audience">${audiences.map(
    ([value, label]) =>
      html`<option value="${value}"${value === chosen ? html` selected` : ''}>${label}</option>`,
  )}</select></div>`
}

/** Rows of a file and its alt text; above them what an edited post has already. */
function files({ attachments }: DraftView, rows: number): Html {
  const kept = attachments.map(
    (
      { url, name, mediaType },
      index,
    ) => html`<fieldset><legend>Attached: ${mediaType} ${index + 1}</legend>
<label for="keep${index}"><input type="checkbox" id="keep${index}" name="keep" value="${url}" checked> Keep <a href="${url}">this file</a></label>
<label for="kept${index}">Description for those who do not see it</label>
<input id="kept${index}" name="kept${index}" value="${name}" maxlength="1500" dir="auto"></fieldset>`,
  )
  const added = Array.from({ length: rows }, (_, row) => row + 1).map(
    (row) => html`<fieldset><legend>File ${row}</legend>
<label for="file${row}">Picture, sound or film</label>
<input type="file" id="file${row}" name="file${row}" accept="image/jpeg,image/png,image/gif,image/webp,image/avif,video/mp4,video/webm,audio/*">
<label for="alt${row}">Description for those who do not see it</label>
<input id="alt${row}" name="alt${row}" maxlength="1500" dir="auto"></fieldset>`,
  )
  return html`<details${kept.length > 0 ? html` open` : ''}><summary>Pictures and files</summary>${kept}${added}</details>`
}

function poll(rows: number): Html {
  const fields = Array.from({ length: rows }, (_, row) => row + 1)
  return html`<details><summary>Poll</summary>
${fields.map(
  (row) => html`<label for="option${row}">Option ${row}</label>
<input id="option${row}" name="option" maxlength="200" dir="auto">`,
)}
<label for="multiple"><input type="checkbox" id="multiple" name="multiple" value="1"> People may choose several</label>
<label for="hours">Open for</label>
<select id="hours" name="hours">
<option value="1">1 hour</option><option value="6">6 hours</option><option value="24" selected>1 day</option>
<option value="72">3 days</option><option value="168">7 days</option><option value="720">30 days</option>
</select></details>`
}
