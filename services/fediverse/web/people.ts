// Whom the signed-in person follows, who follows her, who asks to, and whom she blocked.
import { type Html, html } from '@fuchsbau/shared/html.ts'
import type { ActorVerb } from './deps.ts'
import { csrfField, notice, paging, type Reader, renderPage } from './layout.ts'
import { personLine } from './person.ts'
import type { Site } from './site.ts'
import { type PeopleList, type PeopleView, peopleLists, type RelationView } from './views.ts'

type Options = {
  site: Site
  reader: Reader
  message?: string | undefined
  /** Why someone could not be followed, and what was typed. */
  problem?: string | undefined
  typed?: string
}

const titles: Record<PeopleList, string> = {
  following: 'Following',
  followers: 'Followers',
  requests: 'Requests',
  blocked: 'Blocked',
}

const empty: Record<PeopleList, string> = {
  following: 'You follow nobody yet.',
  followers: 'Nobody follows you yet.',
  requests: 'Nobody waits for an answer.',
  blocked: 'You block nobody.',
}

export function renderPeople(view: PeopleView, options: Options): string {
  const { site, reader, message, problem, typed } = options
  const { list, counts, people } = view
  const path = site.own(reader.user, 'people')
  const tab = (name: PeopleList) =>
    html`<li><a href="${path}?list=${name}"${
      name === list ? html` aria-current="page"` : ''
    }>${titles[name]} <span class="number">${counts[name]}</span></a></li>`
  const body = html`<h1>People</h1>
${notice(message)}
<form class="follow-form" method="post" action="${site.own(reader.user, 'follow')}">
${csrfField(reader)}<input type="hidden" name="back" value="people">
${notice(problem, 'bad')}
<label for="whom">Follow someone</label>
<div class="row"><input id="whom" name="whom" value="${typed}" placeholder="@user@host" required maxlength="2000" autocapitalize="none" autocomplete="off" spellcheck="false" aria-describedby="whom-help">
<button class="primary">Follow</button></div>
<p id="whom-help" class="small">A handle such as @user@host, or the address of a profile.</p>
</form>
<nav class="tabs" aria-label="Lists"><ul>${peopleLists.map(tab)}</ul></nav>
<section aria-labelledby="list"><h2 id="list" class="hidden">${titles[list]}</h2>
<ul class="people">${people.items.map((item) => renderItem(item, list, options))}</ul>
${people.items.length === 0 ? html`<p class="empty">${empty[list]}</p>` : ''}
${paging(`${path}?list=${list}`, people)}</section>`
  return renderPage({ site, title: titles[list], body, reader, current: path })
}

function renderItem(item: RelationView, list: PeopleList, { site, reader }: Options): Html {
  const { person, isPending } = item
  const button = (verb: ActorVerb, label: string) =>
    html`<button class="act" formaction="${site.own(reader.user, verb)}" aria-label="${label} ${person.handle}">${label}</button>`
  return html`<li>${personLine(person, 'p-name')}${isPending ? html`<span class="tag">asked</span>` : ''}
<form class="actions" method="post" action="${site.own(reader.user, 'follow')}">
${csrfField(reader)}<input type="hidden" name="whom" value="${person.id}"><input type="hidden" name="back" value="people?list=${list}">
${verbsFor(item, list).map(([verb, label]) => button(verb, label))}</form></li>`
}

function verbsFor(
  { isFollowing, isPending }: RelationView,
  list: PeopleList,
): [ActorVerb, string][] {
  const block: [ActorVerb, string] = ['block', 'Block']
  switch (list) {
    case 'following':
      return [['unfollow', isPending ? 'Take back' : 'Unfollow'], block]
    case 'followers':
      return [
        ...(isFollowing || isPending ? [] : [['follow', 'Follow back'] as [ActorVerb, string]]),
        ['reject', 'Remove'],
        block,
      ]
    case 'requests':
      return [['accept', 'Accept'], ['reject', 'Reject'], block]
    case 'blocked':
      return [['unblock', 'Unblock']]
  }
}
