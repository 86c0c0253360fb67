// A poll: its results as bars with the numbers in words, or the form to vote in it.
import { type Html, html } from '@fuchsbau/shared/html.ts'
import { count, csrfField, type Reader, time } from './layout.ts'
import type { Site } from './site.ts'
import type { PollView, PostView } from './views.ts'

/** Results for who may not vote (any more), else the form. `back` is where the form returns to. */
export function renderPoll(post: PostView, site: Site, reader?: Reader, back = ''): Html | '' {
  const { poll, own } = post
  if (!poll) return ''
  const mayVote = reader && own && !own.isAuthor && own.votes.length === 0 && !poll.isClosed
  return html`<div class="poll">${mayVote ? form(post, poll, site, reader, back) : results(poll, own?.votes ?? [])}
<p class="small">${summary(poll)}</p></div>`
}

function summary({ voters, options, endsAt, isClosed }: PollView): Html {
  const votes = options.reduce((sum, option) => sum + option.votes, 0)
  const total = voters === undefined ? count(votes, 'vote') : count(voters, 'person', 'people')
  if (isClosed) return html`${total} · closed`
  return endsAt === undefined ? html`${total}` : html`${total} · ends ${time(endsAt)}`
}

function results({ options, voters }: PollView, chosen: readonly string[]): Html {
  const total = voters || options.reduce((sum, option) => sum + option.votes, 0)
  const percent = (votes: number) =>
    total > 0 ? Math.min(100, Math.round((100 * votes) / total)) : 0
  return html`<ul class="results">${options.map(
    ({ name, votes }) => html`<li>
<span class="option">${name}${chosen.includes(name) ? html` <span class="chosen">your vote</span>` : ''}</span>
<span class="share">${percent(votes)} % <span class="small">(${count(votes, 'vote')})</span></span>
<svg class="bar" aria-hidden="true" width="100%" height="8"><rect width="${percent(votes)}%" height="8" rx="4"/></svg></li>`,
  )}</ul>`
}

function form(
  { id, key }: PostView,
  poll: PollView,
  site: Site,
  reader: Reader,
  back: string,
): Html {
  const type = poll.isMultiple ? 'checkbox' : 'radio'
  return html`<form method="post" action="${site.own(reader.user, 'vote')}">
${csrfField(reader)}<input type="hidden" name="id" value="${id}"><input type="hidden" name="back" value="${back}">
<fieldset><legend>${poll.isMultiple ? 'Choose any' : 'Choose one'}</legend>
${poll.options.map(
  ({ name }, index) =>
    html`<label for="${key}-${index}"><input type="${type}" id="${key}-${index}" name="option" value="${name}"> ${name}</label>`,
)}
</fieldset>
<button>Vote</button>
</form>`
}
