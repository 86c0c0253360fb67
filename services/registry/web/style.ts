// The style sheet of all pages, served as /style.css: what is shared, and tables, commands and panels.
import { baseStyle } from '@fuchsbau/shared/page/style.ts'

export const style = `${baseStyle}
header.site, main { max-width: 56rem; }
.lead { color: var(--soft); max-width: 38rem; }
.hint { margin: .25rem 0 0; }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: .92em; }
code { background: var(--wash); border-radius: .3rem; padding: .05rem .3rem; overflow-wrap: anywhere; }
pre { background: var(--wash); border-radius: .6rem; padding: .7rem .9rem; overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; margin: .4rem 0 1rem; }
pre code { background: none; padding: 0; }
.secret { font-size: 1.05rem; user-select: all; }
.code { font: 600 1.5rem/1.3 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; letter-spacing: .08em; } p.code { margin: 0 0 .8rem; } .plain { list-style: none; margin: 0; padding: 0; } .decide { display: flex; flex-wrap: wrap; gap: .8rem; } .panel .decide .primary { margin-top: 0; }
.panel { background: var(--raised); border: 1px solid var(--line); border-radius: 1rem; padding: .9rem 1.1rem 1.1rem; margin: 1rem 0; }
.panel > :first-child { margin-top: 0; } .panel > :last-child { margin-bottom: 0; } .panel .primary { margin-top: 1.1rem; }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1.2rem; margin: .5rem 0 1rem; } .facts dt { color: var(--soft); font-size: .9rem; } .facts dd { margin: 0; min-width: 0; overflow-wrap: anywhere; }
.rows { list-style: none; margin: 0; padding: 0; } .rows > li { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: .4rem 1rem; padding: .65rem 0; border-bottom: 1px solid var(--line); } .rows > li > div:first-child { flex: 1 1 14rem; min-width: 0; overflow-wrap: anywhere; } .rows p { margin: 0; }
.table { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .92rem; } th { text-align: left; color: var(--soft); font-weight: 600; font-size: .85rem; } th, td { padding: .5rem .9rem .5rem 0; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; } .number { text-align: right; white-space: nowrap; }
.small-button { display: inline-flex; align-items: center; border: 1px solid var(--soft); border-radius: .6rem; padding: .35rem .8rem; min-height: 2.5rem; font-size: .9rem; color: inherit; text-decoration: none; background: none; white-space: nowrap; }
.search { display: flex; flex-wrap: wrap; gap: .5rem; align-items: end; margin-bottom: .8rem; } .search > div { flex: 1 1 12rem; } .search label { margin-top: 0; }
.signed { color: var(--good); font-weight: 600; } .unsigned { color: var(--soft); }
.provider { display: flex; align-items: center; justify-content: center; min-height: 2.75rem; padding: .45rem 1rem; border: 1px solid var(--fox); border-radius: .6rem; background: var(--fox); color: var(--on-fox); font-weight: 600; text-align: center; text-decoration: none; overflow-wrap: anywhere; }
.provider:hover { background: var(--ink); border-color: var(--ink); color: var(--paper); }
.or { display: flex; align-items: center; gap: .8rem; color: var(--soft); font-size: .875rem; margin: 1.4rem 0 .2rem; } .or::before, .or::after { content: ""; flex: 1; border-top: 1px solid var(--line); }
.narrow form > button { margin-top: 1.1rem; }
th { overflow-wrap: break-word; } tbody th { color: inherit; font-size: inherit; } th .small { font-weight: 400; } .when { white-space: nowrap; } .tabs { margin-bottom: 1.4rem; } .refused { border-left: 3px solid var(--bad); padding-left: .6rem; } caption { text-align: left; color: var(--soft); font-size: .875rem; padding: .3rem 0; } td form { margin: 0; }
.buttons { display: flex; flex-wrap: wrap; align-items: center; gap: .6rem 1.2rem; margin: .8rem 0; } .panel .buttons { margin: 1.1rem 0 0; } .panel .buttons .primary { margin: 0; }
.danger { border-color: var(--bad); color: var(--bad); font-weight: 600; }
.danger:hover { background: var(--bad); color: var(--paper); }
.state { color: var(--bad); font-weight: 600; }
.filters { display: grid; grid-template-columns: repeat(auto-fill, minmax(8.5rem, 1fr)); gap: 0 1rem; align-items: end; } .filters .wide { grid-column-end: span 2; }
.source { list-style: none; margin: .4rem 0 1rem; padding: .7rem .9rem; background: var(--wash); border-radius: .6rem; font: .88em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; } .source li { display: flex; gap: .9rem; white-space: pre-wrap; overflow-wrap: anywhere; } .source li > span:first-child { flex: none; width: 2.6em; text-align: right; color: var(--soft); user-select: none; } .source li > span:last-child { min-width: 0; } .source li:target { background: var(--line); }
.checks { display: flex; flex-wrap: wrap; gap: 0 1.2rem; }
.crumbs { font-size: .9rem; margin: .6rem 0 .2rem; overflow-wrap: anywhere; }
.copy { user-select: all; }
.commands { display: grid; grid-template-columns: minmax(5rem, max-content) minmax(0, 1fr); gap: .4rem 1rem; align-items: baseline; margin: .5rem 0 1rem; } .commands dt { color: var(--soft); font-size: .9rem; } .commands dd { margin: 0; min-width: 0; } .commands code { display: block; border-radius: .5rem; padding: .35rem .7rem; }
.facts.wide { grid-template-columns: minmax(8rem, max-content) 1fr; } .facts.wide dt { overflow-wrap: anywhere; }
details { margin: .6rem 0; } summary { padding: .5rem 0; min-height: 2.75rem; }
ol.rows > li { align-items: flex-start; } .step { white-space: pre-wrap; }
.tree { list-style: none; margin: .3rem 0; padding: 0; } .tree .tree { border-left: 2px solid var(--line); padding-left: 1rem; } .tree li { padding: .35rem 0; overflow-wrap: anywhere; }
.paging { align-items: center; }
.components { min-width: 40rem; } .components :is(th, td) { overflow-wrap: break-word; } .components td:nth-child(4) { overflow-wrap: anywhere; min-width: 12rem; }
@media (max-width: 40rem) { .facts.wide { grid-template-columns: minmax(0, 1fr); gap: .1rem; } .facts.wide dd { margin-bottom: .5rem; } .commands { grid-template-columns: minmax(0, 1fr); gap: .15rem; } .commands dd { margin-bottom: .5rem; } .rows > li > :is(.signed, .unsigned) { flex: 1 0 100%; } }
`
