// The style sheet of all pages, served as /style.css. Warm paper by day, the inside of the burrow by night; text first.

export const style = `:root {
  color-scheme: light dark;
  --paper: #fbf7f1; --raised: #fffdfa; --wash: #f3e8da; --line: #e5d9ca;
  --ink: #2a211b; --soft: #6b5d52; --fox: #a8431a; --on-fox: #fff; --earth: #4a3323; --on-earth: #f4e8da;
  --good: #2f6b3a; --bad: #a3262a;
  --serif: ui-serif, Charter, "Iowan Old Style", "Palatino Linotype", Georgia, serif;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #191411; --raised: #211b17; --wash: #2d251f; --line: #3a3029;
    --ink: #ece2d7; --soft: #ab9c8e; --fox: #f29b5f; --on-fox: #23160d; --earth: #33241a; --on-earth: #d9c9b9;
    --good: #8fcf9a; --bad: #ff9b93;
  }
}
*, ::before, ::after { box-sizing: border-box; }
html { font: 100%/1.55 system-ui, sans-serif; scroll-padding-top: 1rem; }
body { margin: 0; min-height: 100vh; display: flex; flex-direction: column; background: var(--paper); color: var(--ink); overflow-wrap: break-word; }
a { color: var(--fox); text-underline-offset: .18em; }
:focus-visible { outline: 3px solid var(--fox); outline-offset: 2px; border-radius: 3px; }
h1, h2, h3, .title { font-family: var(--serif); line-height: 1.2; font-weight: 600; margin: 0 0 .6em; }
h1 { font-size: 1.9rem; } h2 { font-size: 1.35rem; margin-top: 2rem; } h3 { font-size: 1.15rem; }
p { margin: 0 0 .8em; }
img, video { max-width: 100%; }
.hidden:not(:focus) { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: 1rem; top: -4rem; background: var(--fox); color: var(--on-fox); padding: .5rem 1rem; border-radius: 0 0 .5rem .5rem; z-index: 1; }
.skip:focus { top: 0; }
.small, .meta, .handle, .context, .empty { color: var(--soft); font-size: .875rem; }
.narrow { max-width: 24rem; margin: 1.5rem auto; } .narrow form { margin-bottom: 1.2rem; }

header.site, main { width: 100%; max-width: 42rem; margin: 0 auto; padding: 0 1.1rem; }
header.site { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: .2rem 1.5rem; padding-block: .8rem; }
.brand { display: flex; align-items: center; gap: .6rem; font: 600 1.15rem var(--serif); color: inherit; text-decoration: none; }
header.site ul, .tabs ul { display: flex; flex-wrap: wrap; gap: 0 .85rem; list-style: none; margin: 0; padding: 0; font-size: .94rem; }
header.site li > a, .tabs a { display: inline-block; padding: .5rem 0; color: var(--soft); text-decoration: none; border-bottom: 2px solid transparent; }
header.site li > a:hover, .tabs a:hover { color: var(--ink); border-color: var(--line); }
a[aria-current] { color: var(--ink) !important; border-color: var(--fox) !important; }
main { flex: 1; padding-bottom: 3rem; }
footer.site { display: flex; flex-wrap: wrap; justify-content: center; align-items: center; gap: 0 1rem; background: var(--earth); color: var(--on-earth); font-size: .875rem; padding: 1.2rem 1rem .4rem; border-radius: 50% 50% 0 0 / 1.6rem 1.6rem 0 0; }
footer.site p { margin: .4rem 0; }
footer.site :is(a, button) { color: inherit; text-decoration: underline; }

.person { display: flex; align-items: center; gap: .7rem; color: inherit; text-decoration: none; min-width: 0; }
.person:hover .p-name { text-decoration: underline; }
.who { min-width: 0; line-height: 1.3; }
.person .p-name, .residents .p-name { font-weight: 600; margin-right: .3em; }
.who .handle { overflow-wrap: anywhere; }
.avatar { flex: none; border-radius: 28%; background: var(--wash); object-fit: cover; }
svg.avatar rect { fill: var(--wash); } svg.avatar text { fill: var(--fox); font: 600 20px var(--serif); }
.emoji { height: 1.3em; width: auto; vertical-align: -.25em; }
.people, .residents { list-style: none; margin: 0; padding: 0; }
.people li { display: flex; flex-wrap: wrap; align-items: center; gap: .4rem 1rem; padding: .7rem 0; border-bottom: 1px solid var(--line); }
.people .person { flex: 1 1 14rem; }
.tag, .badge, .chosen, .audience { display: inline-block; font-size: .75rem; padding: .05rem .5rem; border-radius: 1rem; background: var(--wash); color: var(--soft); }
.badge { background: var(--fox); color: var(--on-fox); font-weight: 600; }

.post { padding: 1.1rem 0 .6rem; border-bottom: 1px solid var(--line); scroll-margin-top: 1rem; }
.post:target { background: var(--raised); box-shadow: -.8rem 0 0 var(--raised), .8rem 0 0 var(--raised), -.95rem 0 0 var(--fox); }
.post > header { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: 0 1rem; margin-bottom: .6rem; }
.post > header .handle { display: block; }
.context { margin-bottom: .4rem; }
.context::before { content: ""; display: inline-block; width: 1.4rem; height: .55em; margin: 0 .6em .15em 0; border: solid var(--line); border-width: 2px 0 0 2px; border-radius: .5rem 0 0; vertical-align: bottom; }
.meta { margin: 0; } .meta a { color: inherit; text-decoration: none; } .meta a:hover { text-decoration: underline; }
.content p, .content li { unicode-bidi: plaintext; }
.content > :first-child { margin-top: 0; } .content > :last-child { margin-bottom: .6rem; }
.content blockquote { margin: .6em 0; padding-left: 1rem; border-left: 3px solid var(--line); color: var(--soft); }
.content pre { overflow-x: auto; background: var(--wash); padding: .7rem .9rem; border-radius: .5rem; font-size: .9rem; }
.content code { font-family: ui-monospace, monospace; font-size: .92em; }
.content :is(h3, h4, h5, h6) { font-size: 1.05rem; margin: 1em 0 .4em; }
.content ul, .content ol { padding-left: 1.5rem; }
hr { border: 0; border-top: 1px solid var(--line); }
.invisible { font-size: 0; line-height: 0; } .ellipsis::after { content: "…"; }
.thread .focus { border: 0; padding-block: 1.4rem; } .focus .content { font-size: 1.15rem; }
.reply { padding-left: 1rem; border-left: 3px solid var(--line); border-bottom: 0; margin-bottom: .5rem; }
.d2 { margin-left: 1rem; } .d3 { margin-left: 2rem; } .d4 { margin-left: 3rem; }
details.warning > summary { background: var(--wash); border-radius: .6rem; padding: .6rem .9rem; margin-bottom: .6rem; }
summary { cursor: pointer; }
.media { display: grid; gap: .8rem; margin: .2rem 0 .8rem; }
.media figure { margin: 0; min-width: 0; }
.media img, .media video { display: block; width: 100%; height: auto; max-height: 30rem; object-fit: contain; background: var(--wash); border-radius: .6rem; }
.media audio { width: 100%; }
figcaption { color: var(--soft); font-size: .85rem; margin-top: .3rem; } .missing { font-style: italic; }
@media (min-width: 36rem) { .media:has(figure + figure) { grid-template-columns: 1fr 1fr; align-items: start; } .media:has(figure + figure) img { max-height: 18rem; } }

.results { list-style: none; margin: 0 0 .5rem; padding: 0; }
.poll button { margin: .3rem 0 .6rem; }
.results li { display: grid; grid-template-columns: 1fr auto; gap: 0 1rem; margin-bottom: .5rem; }
.bar { grid-column: 1 / -1; border-radius: 4px; background: var(--wash); } .bar rect { fill: var(--fox); }
.option { min-width: 0; }

label { display: block; font-weight: 600; font-size: .9rem; margin: .9rem 0 .3rem; }
label:has(> [type=checkbox]), label:has(> [type=radio]) { font-weight: 400; font-size: 1rem; display: flex; align-items: baseline; gap: .55rem; padding: .3rem 0; margin: 0; }
input:not([type=checkbox], [type=radio], [type=file], [type=hidden]), textarea, select { width: 100%; font: inherit; color: inherit; background: var(--raised); border: 1px solid var(--soft); border-radius: .5rem; padding: .55rem .7rem; min-height: 2.75rem; }
textarea { display: block; resize: vertical; }
[type=checkbox], [type=radio] { accent-color: var(--fox); width: 1.1rem; height: 1.1rem; margin: 0; flex: none; transform: translateY(.15rem); }
[type=file] { font: inherit; font-size: .9rem; max-width: 100%; }
fieldset { border: 1px solid var(--line); border-radius: .6rem; margin: 1rem 0; padding: .3rem 1rem 1rem; min-width: 0; }
legend { font-weight: 600; font-size: .9rem; padding: 0 .4rem; }
.row { display: flex; flex-wrap: wrap; gap: 0 1rem; align-items: end; } .row > * { flex: 1 1 12rem; } .row > button { flex: none; }
button { font: inherit; cursor: pointer; color: inherit; background: none; border: 1px solid var(--soft); border-radius: .6rem; padding: .45rem 1rem; min-height: 2.75rem; }
button:hover { background: var(--wash); }
.primary { background: var(--fox); border-color: var(--fox); color: var(--on-fox); font-weight: 600; }
.primary:hover { background: var(--ink); border-color: var(--ink); color: var(--paper); }
.compose { background: var(--raised); border: 1px solid var(--line); border-radius: 1rem; padding: .2rem 1.1rem 1.1rem; margin: .6rem 0 1.2rem; }
.compose .small { margin: .3rem 0 0; } .compose .primary, .profile-form > .primary, .narrow .primary { margin-top: 1.1rem; }
.compose > details { border-top: 1px solid var(--line); margin-top: .9rem; padding-top: .6rem; } .compose > details + details { margin-top: .6rem; }
.compose > details > summary, .follow > summary { color: var(--soft); font-size: .95rem; }
button.link, button.link:hover { border: 0; min-height: 0; padding: .4rem 0; background: none; }
.actions { display: flex; flex-wrap: wrap; align-items: start; gap: 0 .3rem; margin: 0 -.6rem; }
.act, .more > summary { display: inline-block; border: 0; min-height: 2.4rem; padding: .45rem .6rem; font-size: .9rem; line-height: 1.5rem; color: var(--soft); text-decoration: none; border-radius: .6rem; }
.act:hover, .more > summary:hover { background: var(--wash); color: var(--ink); }
.act[aria-pressed=true] { color: var(--fox); font-weight: 600; } .act[aria-pressed=true]::before { content: "✓ "; }
.number { font-variant-numeric: tabular-nums; color: var(--soft); font-weight: 400; }
.more[open] { flex-basis: 100%; } .more > div { padding-bottom: .4rem; }
.notice { padding: .7rem 1rem; border-radius: .6rem; background: var(--wash); border-left: 4px solid var(--good); margin: .8rem 0; }
.notice.bad { border-color: var(--bad); }
.paging { display: flex; justify-content: space-between; padding: 1.2rem 0; } .paging a { padding: .5rem 0; }
.tabs { border-bottom: 1px solid var(--line); margin-top: 1.6rem; }

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
.status { font: 600 4rem/1 var(--serif); color: var(--fox); margin: 0; }
.empty { padding: 2rem 0; text-align: center; }
`
