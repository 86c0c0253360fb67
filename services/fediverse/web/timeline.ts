// The home timeline of the signed-in person, with the form for a new post, and the page to edit one.
import { html } from '@fuchsbau/shared/html.ts'
import { renderArticle } from './article.ts'
import { type ComposeOptions, renderCompose } from './compose.ts'
import { notice, paging, type Reader, renderPage } from './layout.ts'
import type { Site } from './site.ts'
import type { PageOf, PostView } from './views.ts'

type Options = { site: Site; reader: Reader; compose: ComposeOptions; message?: string | undefined }

export function renderHome(
  posts: PageOf<PostView>,
  { site, reader, compose, message }: Options,
): string {
  const path = site.own(reader.user)
  const body = html`<h1 class="hidden">Home</h1>
${notice(message)}
${posts.isFirst ? renderCompose(compose) : ''}
<section aria-labelledby="timeline"><h2 id="timeline" class="hidden">Timeline</h2>
${posts.items.map((post) => renderArticle(post, { site, reader, back: compose.back }))}
${
  posts.items.length === 0
    ? html`<p class="empty">Quiet in here. <a href="${site.own(reader.user, 'people')}">Follow someone</a>, or write something.</p>`
    : ''
}
${paging(path, posts)}</section>`
  return renderPage({ site, title: 'Home', body, reader, current: path })
}

/** Only the form: for an edit, and for what was not taken. */
export function renderComposePage({ site, reader, compose, message }: Options): string {
  const title = compose.draft.editOf ? 'Edit post' : 'Write'
  const { reply } = compose.draft
  const body = html`<h1>${title}</h1>
${notice(message)}
${reply ? renderArticle(reply, { site }) : ''}
${renderCompose(compose)}`
  return renderPage({ site, title, body, reader })
}
