// The style sheet of all pages, served as /style.css: what is shared, and networks, tables and conversations.
import { baseStyle } from '@fuchsbau/shared/page/style.ts'

export const style = `${baseStyle}
header.site, main { max-width: 52rem; }
.lead { color: var(--soft); max-width: 38rem; }
.hint { margin: .25rem 0 0; } .wrong { color: var(--bad); font-size: .9rem; margin: .25rem 0 0; } .wrong::before { content: "⚠ "; }
[aria-invalid=true] { border-color: var(--bad) !important; }
.form { max-width: 34rem; } .form > .primary, .panel > .primary, .panel > form > .primary { margin-top: 1.1rem; }
.form > details { border-top: 1px solid var(--line); margin-top: 1rem; padding-top: .7rem; }
.form > details > summary { color: var(--soft); }
code, kbd, pre, .mono { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: .92em; }
code, kbd { background: var(--wash); border-radius: .3rem; padding: .05rem .3rem; overflow-wrap: anywhere; }
pre { background: var(--wash); border-radius: .6rem; padding: .7rem .9rem; overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; margin: .4rem 0 1rem; }
pre code { background: none; padding: 0; }
.secret { font-size: 1.15rem; user-select: all; }

.panel { background: var(--raised); border: 1px solid var(--line); border-radius: 1rem; padding: .9rem 1.1rem 1.1rem; margin: 1rem 0; }
.panel > :first-child { margin-top: 0; } .panel > :last-child { margin-bottom: 0; } .panel h2, .panel h3 { margin: 0 0 .3rem; }
.panel > form + p { margin-top: .9rem; }
.network-head { display: flex; flex-wrap: wrap; align-items: baseline; gap: .2rem .7rem; } .network-head h2, .network-head h1 { margin: 0; overflow-wrap: anywhere; } .network-head a { color: inherit; }
.state { display: inline-flex; align-items: center; gap: .4rem; font-size: .9rem; font-weight: 600; white-space: nowrap; }
.state::before { content: ""; width: .65rem; height: .65rem; border-radius: 50%; background: var(--soft); }
.state.on { color: var(--good); } .state.on::before { background: var(--good); }
.state.wait { color: var(--fox); } .state.wait::before { background: none; border: 2px solid var(--fox); }
.state.off { color: var(--soft); } .state.off::before { background: none; border: 2px solid var(--soft); }
.facts { display: flex; flex-wrap: wrap; gap: .2rem 1.6rem; margin: .5rem 0 .8rem; } .facts > div { min-width: 0; } .facts dt { color: var(--soft); font-size: .8rem; } .facts dd { margin: 0; overflow-wrap: anywhere; }
.trouble { border-left: 4px solid var(--bad); padding-left: .7rem; margin: .5rem 0 .8rem; overflow-wrap: anywhere; }
.buttons { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; } .buttons form { margin: 0; } .buttons + p { margin-top: .8rem; } .rows + p, .rows + .panel { margin-top: 1rem; }
.small-button { display: inline-flex; align-items: center; border: 1px solid var(--soft); border-radius: .6rem; padding: .35rem .8rem; min-height: 2.5rem; font-size: .9rem; color: inherit; text-decoration: none; background: none; }
.small-button:hover { background: var(--wash); }
.danger { border-color: var(--bad); color: var(--bad); } .danger:hover { background: var(--bad); color: var(--paper); }
.tabs { margin: .2rem 0 1.2rem; }

.rows { list-style: none; margin: 0; padding: 0; } .rows > li { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: .4rem 1rem; padding: .65rem 0; border-bottom: 1px solid var(--line); } .rows > li > div:first-child { flex: 1 1 14rem; min-width: 0; overflow-wrap: anywhere; }
.rows .small { margin: 0; }
.table { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .92rem; } th { text-align: left; color: var(--soft); font-weight: 600; font-size: .85rem; } th, td { padding: .5rem .9rem .5rem 0; border-bottom: 1px solid var(--line); vertical-align: top; } .number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
@media (max-width: 36rem) { .stack thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); } .stack, .stack tbody, .stack tr, .stack td { display: block; } .stack tr { border-bottom: 1px solid var(--line); padding: .5rem 0; } .stack td { border: 0; padding: .1rem 0; text-align: left; } .stack td[data-label]::before { content: attr(data-label) ": "; color: var(--soft); font-size: .85rem; } }

.day { font: 600 1rem var(--serif); margin: 1.4rem 0 .4rem; padding-bottom: .2rem; border-bottom: 1px solid var(--line); position: sticky; top: 0; background: var(--paper); }
.lines { list-style: none; margin: 0; padding: 0; } .lines li { scroll-margin-top: 4.5rem; } .paging { padding: .4rem 0; }
.lines li { display: grid; grid-template-columns: 3.4rem 1fr; gap: 0 .5rem; padding: .12rem .3rem; border-radius: .3rem; }
.lines li:target { background: var(--wash); box-shadow: -3px 0 0 var(--fox); }
.lines .at { color: var(--soft); font-size: .82rem; font-variant-numeric: tabular-nums; text-decoration: none; line-height: 1.9; }
.said { min-width: 0; overflow-wrap: anywhere; white-space: pre-wrap; unicode-bidi: plaintext; }
.nick { font-weight: 600; } .own .nick { color: var(--fox); }
.event { color: var(--soft); font-size: .9rem; } .gap { color: var(--bad); font-size: .9rem; }
.b { font-weight: 700; } .i { font-style: italic; } .u { text-decoration: underline; } .s { text-decoration: line-through; } .u.s { text-decoration: underline line-through; } .m { font-family: ui-monospace, monospace; }
.found { border-bottom: 1px solid var(--line); padding: .6rem 0; } .found p { margin: 0; } mark { background: var(--wash); color: inherit; font-weight: 600; }
.search { display: flex; flex-wrap: wrap; gap: .5rem; align-items: end; margin-bottom: .8rem; } .search > div { flex: 1 1 12rem; } .search label { margin-top: 0; }
.provider { display: flex; align-items: center; justify-content: center; min-height: 2.75rem; padding: .45rem 1rem; border: 1px solid var(--fox); border-radius: .6rem; background: var(--fox); color: var(--on-fox); font-weight: 600; text-align: center; text-decoration: none; overflow-wrap: anywhere; min-width: 0; }
.provider:hover { background: var(--ink); border-color: var(--ink); color: var(--paper); }
.or { display: flex; align-items: center; gap: .8rem; color: var(--soft); font-size: .875rem; margin: 1.4rem 0 .2rem; } .or::before, .or::after { content: ""; flex: 1; border-top: 1px solid var(--line); }
.narrow form > button { margin-top: 1.1rem; }
.steps { padding-left: 1.2rem; } .steps li { margin-bottom: .5rem; }
.client > summary { font-weight: 600; padding: .6rem 0; } .client { border-bottom: 1px solid var(--line); }
`
