// A post with its thread: on its public page, and on the private one where it can be answered.
import { type Html, html } from '@fuchsbau/shared/html.ts'
import { NO_INDEX } from '@fuchsbau/shared/page/layout.ts'
import { plainText } from '../post/sanitize.ts'
import { renderArticle } from './article.ts'
import { type ComposeOptions, renderCompose } from './compose.ts'
import { notice, type Reader, renderPage } from './layout.ts'
import { nameText } from './person.ts'
import type { Site } from './site.ts'
import type { PostView, ThreadView } from './views.ts'

/** The public page of a post. Pure: the same view gives the same bytes. */
export function renderPost(thread: ThreadView, site: Site): string {
  const { post } = thread
  return renderPage({
    site,
    title: titleOf(post),
    head: head(post, site),
    body: renderThread(thread, site),
  })
}

/** The page of a post for the signed-in reader: with actions, and the form for an answer. */
export function renderOwnPost(
  thread: ThreadView,
  options: { site: Site; reader: Reader; compose: ComposeOptions; message?: string | undefined },
): string {
  const { site, reader, compose, message } = options
  const { post } = thread
  const body = html`${notice(message)}
${renderThread(thread, site, reader)}
<section id="answer" aria-labelledby="answer-title"><h2 id="answer-title">Answer ${nameText(post.author)}</h2>
${renderCompose(compose)}</section>`
  return renderPage({ site, title: titleOf(post), body, reader })
}

function renderThread({ ancestors, post, replies }: ThreadView, site: Site, reader?: Reader): Html {
  const options = {
    site,
    ...(reader ? { reader, back: `post?id=${encodeURIComponent(post.id)}` } : {}),
  }
  return html`<h1 class="hidden">${titleOf(post)}</h1>
<div class="thread">
${ancestors.map((ancestor) => renderArticle(ancestor, { ...options, className: 'ancestor' }))}
${renderArticle(post, { ...options, className: 'focus' })}
</div>
${
  replies.length > 0
    ? html`<section aria-labelledby="replies"><h2 id="replies">Replies</h2>
<div class="thread">${replies.map((reply) =>
        renderArticle(reply.post, { ...options, className: `reply d${Math.min(reply.depth, 4)}` }),
      )}</div></section>`
    : ''
}`
}

function titleOf({ author, title, warning, content }: PostView): string {
  const text = title ?? warning ?? plainText(content.text, 60)
  return text ? `${nameText(author)}: ${text}` : `Post by ${nameText(author)}`
}

function head(post: PostView, site: Site): Html {
  const { author, attachments, warning, isSensitive, content, title } = post
  const picture =
    isSensitive || warning
      ? undefined
      : attachments.find(({ mediaType }) => mediaType.startsWith('image/'))
  const image = picture?.url ?? author.avatarUrl
  return html`<link rel="canonical" href="${post.url}">
<link rel="alternate" type="application/activity+json" href="${post.id}">
<meta property="og:type" content="article">
<meta property="og:site_name" content="${site.host}">
<meta property="og:title" content="${title ?? `${nameText(author)} (${author.handle})`}">
<meta property="og:url" content="${post.url}">
<meta property="og:description" content="${warning ?? plainText(content.text, 300)}">
<meta property="article:published_time" content="${new Date(post.publishedAt).toISOString()}">
${image ? html`<meta property="og:image" content="${image}">\n` : ''}${
  post.audience === 'public' ? '' : NO_INDEX
}`
}
