// What the signed-in reader may do with a post: one form, a button for each verb.
import { type Html, html } from '@fuchsbau/shared/html.ts'
import { csrfField, type Reader } from './layout.ts'
import { nameText } from './person.ts'
import type { Site } from './site.ts'
import type { OwnView, PostView } from './views.ts'

type Options = { site: Site; reader: Reader; back: string }
type Make = { verb: string; label: string; of: string; isOn?: boolean; number?: number }

export function renderActions(post: PostView, own: OwnView, options: Options): Html {
  const { site, reader, back } = options
  const { counts, author, id } = post
  const of = `the post by ${nameText(author)}`
  const button = (make: Make) => renderButton(make, options)
  const link = (page: string, label: string, number = 0) =>
    html`<a class="act" href="${site.own(reader.user, page)}?id=${encodeURIComponent(id)}" aria-label="${label}: ${of}">${label}${inNumbers(number)}</a>`
  return html`<form class="actions" method="post" action="${site.own(reader.user, 'like')}">
${csrfField(reader)}<input type="hidden" name="id" value="${id}"><input type="hidden" name="back" value="${back}#p-${post.key}">
${link('post', 'Reply', counts.replies)}
${button({ verb: own.isLiked ? 'unlike' : 'like', label: 'Like', of, isOn: own.isLiked, number: counts.likes })}
${
  own.canBoost || own.isBoosted
    ? button({
        verb: own.isBoosted ? 'unboost' : 'boost',
        label: 'Boost',
        of,
        isOn: own.isBoosted,
        number: counts.boosts,
      })
    : ''
}
<details class="more"><summary>More<span class="hidden"> to do with ${of}</span></summary><div>
${
  own.isAuthor
    ? html`${link('edit', 'Edit')}
${button({ verb: own.isPinned ? 'unpin' : 'pin', label: 'Pin', of, isOn: own.isPinned })}
${button({ verb: 'remove', label: 'Delete', of })}`
    : html`<a class="act" href="${post.url}">Original page</a>
<input type="hidden" name="whom" value="${author.id}">${button({ verb: 'block', label: 'Block', of: author.handle })}`
}
</div></details>
</form>`
}

/** A toggle (`isOn` given) says its state; what it does is in its address. */
function renderButton(
  { verb, label, of, isOn, number = 0 }: Make,
  { site, reader }: Options,
): Html {
  const pressed = isOn === undefined ? '' : html` aria-pressed="${String(isOn)}"`
  return html`<button class="act" formaction="${site.own(reader.user, verb)}"${pressed} aria-label="${label}${
    number > 0 ? ` ${number}` : ''
  }: ${of}">${label}${inNumbers(number)}</button>`
}

function inNumbers(number: number): Html | '' {
  return number > 0 ? html` <span class="number">${number.toLocaleString('en')}</span>` : ''
}
