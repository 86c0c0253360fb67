// The style that all services share: colours, the frame of a page, forms. Warm paper by day, the inside of the burrow by night;
// text first.

export const baseStyle = `:root {
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
h1, h2, h3, .title { font-family: var(--serif); line-height: 1.2; font-weight: 600; margin: 0 0 .6em; text-wrap: balance; }
h1 { font-size: 1.9rem; } h2 { font-size: 1.35rem; margin-top: 2rem; } h3 { font-size: 1.15rem; }
p { margin: 0 0 .8em; }
img, video { max-width: 100%; }
.hidden:not(:focus) { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: 1rem; top: -4rem; background: var(--fox); color: var(--on-fox); padding: .5rem 1rem; border-radius: 0 0 .5rem .5rem; z-index: 1; }
.skip:focus { top: 0; }
.small, .meta, .handle, .context, .empty { color: var(--soft); font-size: .875rem; }
.narrow { max-width: 24rem; margin: 1.5rem auto; } .narrow form { margin-bottom: 1.2rem; } .narrow .primary { margin-top: 1.1rem; }

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

.tag, .badge, .chosen, .audience { display: inline-block; font-size: .75rem; padding: .05rem .5rem; border-radius: 1rem; background: var(--wash); color: var(--soft); }
.badge { background: var(--fox); color: var(--on-fox); font-weight: 600; }
hr { border: 0; border-top: 1px solid var(--line); }
summary { cursor: pointer; }

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
button.link, button.link:hover { border: 0; min-height: 0; padding: .4rem 0; background: none; }
.notice { padding: .7rem 1rem; border-radius: .6rem; background: var(--wash); border-left: 4px solid var(--good); margin: .8rem 0; }
.notice.bad { border-color: var(--bad); }
.paging { display: flex; justify-content: space-between; padding: 1.2rem 0; } .paging a { padding: .5rem 0; }
.tabs { border-bottom: 1px solid var(--line); margin-top: 1.6rem; }
.status { font: 600 4rem/1 var(--serif); color: var(--fox); margin: 0; }
.empty { padding: 2rem 0; text-align: center; }
`
