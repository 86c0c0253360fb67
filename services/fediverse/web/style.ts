// The style sheet of all pages, served as /style.css: what is shared, and people, posts and media.
import { baseStyle } from '@fuchsbau/shared/page/style.ts'

export const style = `${baseStyle}
.person { display: flex; align-items: center; gap: .7rem; color: inherit; text-decoration: none; min-width: 0; }
.person:hover .p-name,
.option, .who { min-width: 0; } .who { line-height: 1.3; }
.person .p-name, .residents .p-name { font-weight: 600; margin-right: .3em; }
.who .handle { overflow-wrap: anywhere; }
.avatar { flex: none; border-radius: 28%; background: var(--wash); object-fit: cover; }
svg.avatar rect { fill: var(--wash); } svg.avatar text { fill: var(--fox); font: 600 20px var(--serif); }
.emoji { height: 1.3em; width: auto; vertical-align: -.25em; }
.people, .residents { list-style: none; margin: 0; padding: 0; }
.people li { display: flex; flex-wrap: wrap; align-items: center; gap: .4rem 1rem; padding: .7rem 0; border-bottom: 1px solid var(--line); }
.people .person { flex: 1 1 14rem; }

.post { padding: 1.1rem 0 .6rem; border-bottom: 1px solid var(--line); scroll-margin-top: 1rem; }
.post:target { background: var(--raised); box-shadow: -.8rem 0 0 var(--raised), .8rem 0 0 var(--raised), -.95rem 0 0 var(--fox); }
.post > header { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: 0 1rem; margin-bottom: .6rem; }
.post > header .handle { display: block; }
.context { margin-bottom: .4rem; }
.context::before { content: ""; display: inline-block; width: 1.4rem; height: .55em; margin: 0 .6em .15em 0; border: solid var(--line); border-width: 2px 0 0 2px; border-radius: .5rem 0 0; vertical-align: bottom; }
.meta { margin: 0; } .meta a { color: inherit; text-decoration: none; }
.content p, .content li { unicode-bidi: plaintext; }
.content > :first-child { margin-top: 0; } .content > :last-child { margin-bottom: .6rem; }
.content blockquote { margin: .6em 0; padding-left: 1rem; border-left: 3px solid var(--line); color: var(--soft); }
.content pre { overflow-x: auto; background: var(--wash); padding: .7rem .9rem; border-radius: .5rem; font-size: .9rem; }
.content code { font-family: ui-monospace, monospace; font-size: .92em; }
.content :is(h3, h4, h5, h6) { font-size: 1.05rem; margin: 1em 0 .4em; }
.content :is(ul, ol) { padding-left: 1.5rem; }
.invisible { font-size: 0; line-height: 0; } .ellipsis::after { content: "…"; }
.thread .focus { border: 0; padding-block: 1.4rem; } .focus .content { font-size: 1.15rem; }
.reply { padding-left: 1rem; border-left: 3px solid var(--line); border-bottom: 0; margin-bottom: .5rem; }
.d2 { margin-left: 1rem; } .d3 { margin-left: 2rem; } .d4 { margin-left: 3rem; }
details.warning > summary { background: var(--wash); border-radius: .6rem; padding: .6rem .9rem; margin-bottom: .6rem; }
.media { display: grid; gap: .8rem; margin: .2rem 0 .8rem; }
.media figure { margin: 0; min-width: 0; }
.media :is(img, video) { display: block; width: 100%; height: auto; max-height: 30rem; object-fit: contain; background: var(--wash); border-radius: .6rem; }
.media audio { width: 100%; }
figcaption { color: var(--soft); font-size: .85rem; margin-top: .3rem; } .missing { font-style: italic; }
@media (min-width: 36rem) { .media:has(figure + figure) { grid-template-columns: 1fr 1fr; align-items: start; } .media:has(figure + figure) img { max-height: 18rem; } }

.results { list-style: none; margin: 0 0 .5rem; padding: 0; }
.poll button { margin: .3rem 0 .6rem; }
.results li { display: grid; grid-template-columns: 1fr auto; gap: 0 1rem; margin-bottom: .5rem; }
.bar { grid-column: 1 / -1; border-radius: 4px; background: var(--wash); } .bar rect { fill: var(--fox); }

a.primary { display: block; border-radius: .6rem; padding: .6rem; text-align: center; }
.compose { background: var(--raised); border: 1px solid var(--line); border-radius: 1rem; padding: .2rem 1.1rem 1.1rem; margin: .6rem 0 1.2rem; }
.compose .small { margin: .3rem 0 0; } .compose .primary, .profile-form > .primary { margin-top: 1.1rem; }
.compose > details { border-top: 1px solid var(--line); margin-top: .9rem; padding-top: .6rem; } .compose > details + details { margin-top: .6rem; }
.compose > details > summary, .follow > summary { color: var(--soft); font-size: .95rem; }
.actions { display: flex; flex-wrap: wrap; align-items: start; gap: 0 .3rem; margin: 0 -.6rem; }
.act, .more > summary { display: inline-block; border: 0; min-height: 2.4rem; padding: .45rem .6rem; font-size: .9rem; line-height: 1.5rem; color: var(--soft); text-decoration: none; border-radius: .6rem; }
.act:hover, .more > summary:hover { background: var(--wash); color: var(--ink); }
.act[aria-pressed=true] { color: var(--fox); font-weight: 600; } .act[aria-pressed=true]::before { content: "✓ "; }
.number { font-variant-numeric: tabular-nums; color: var(--soft); font-weight: 400; }
.more[open] { flex-basis: 100%; } .more > div { padding-bottom: .4rem; }

.banner { display: block; width: 100%; aspect-ratio: 3; object-fit: cover; border-radius: 1rem; background: var(--wash); margin-bottom: 1rem; }
.card { display: flex; align-items: center; gap: 1.1rem; margin-bottom: 1rem; } .card > div { min-width: 0; } .card h1, .card p { margin: 0; }
.card .handle { overflow-wrap: anywhere; } .card .handle a { color: inherit; text-decoration: none; }
.profile { border-bottom: 1px solid var(--line); padding: .6rem 0 1rem; }
.fields { margin: 1rem 0; border: 1px solid var(--line); border-radius: .6rem; overflow: hidden; }
.fields > div { display: grid; grid-template-columns: minmax(6rem, 1fr) 2.5fr; } .fields > div + div { border-top: 1px solid var(--line); }
.fields :is(dt, dd) { margin: 0; padding: .5rem .8rem; min-width: 0; overflow-wrap: anywhere; } .fields p { margin: 0; } .fields dt { background: var(--wash); color: var(--soft); font-size: .9rem; }
.counts { font-variant-numeric: tabular-nums; color: var(--soft); font-size: .9rem; margin-bottom: .5rem; } .follow p { margin: .5rem 0 0; }
.welcome { text-align: center; padding: 2.5rem 0 1rem; } .welcome h1 { font-size: 2.2rem; margin: .5rem 0; overflow-wrap: anywhere; }
.residents li { padding: 1rem 0; border-top: 1px solid var(--line); } .residents a { display: flex; align-items: center; gap: 1rem; color: inherit; text-decoration: none; margin-bottom: .5rem; } .residents .who > * { display: block; }
.notification { padding: .8rem 0; border-bottom: 1px solid var(--line); } .notification .post { border: 0; padding-top: 0; }
.what { display: flex; flex-wrap: wrap; align-items: center; gap: .1rem .5rem; margin: 0; } .what .handle { display: none; }
.excerpt { margin: .3rem 0 0 3.5rem; } .excerpt a { color: var(--soft); text-decoration: none; }
`
