// For administrators: the policy in force, what is wrong with a newer one, and which rule decides for whom.
import { type Html, html } from '@fuchsbau/shared/html.ts'
import { queryOf } from '@fuchsbau/shared/page/form.ts'
import { count, time } from '@fuchsbau/shared/page/layout.ts'
import type { FastifyReply } from 'fastify'
import { type Explained, explain } from '../../manage/explain.ts'
import { parseRepository } from '../../name.ts'
import { RIGHTS } from '../../policy/policy.ts'
import type { Visit } from '../visit.ts'
import { sendAdmin } from './frame.ts'

/** Longer ones are cut: the file is there to be read. */
const MOST_LINES = 5_000

export function showPolicy(visit: Visit): FastifyReply {
  const { policy } = visit.web.registry
  const asked = askedOf(visit)
  const answer = asked.who === '' ? undefined : answerTo(visit, asked)
  const wrong = answer && 'problem' in answer ? answer.problem : undefined
  const body = html`<h1>Policy</h1>
${policy.problem && refused(visit)}
<p class="lead">${inForce(visit)}</p>
${explainForm(visit, asked)}
${answer && 'sentence' in answer && answered(answer)}
<h2>In force</h2>
${source(policy.text)}`
  const page = { title: 'Policy', body }
  return wrong === undefined
    ? sendAdmin(visit, 'policy', page)
    : sendAdmin(visit, 'policy', { ...page, problem: wrong }, 422)
}

interface Asked {
  who: string
  right: string
  repository: string
}

function askedOf({ request }: Visit): Asked {
  const word = (name: string) => (queryOf(request, name) ?? '').trim().slice(0, 300)
  return { who: word('who'), right: word('right'), repository: word('repository') }
}

function answerTo({ web: { registry } }: Visit, asked: Asked): Explained | { problem: string } {
  const { repository, right } = asked
  if (repository !== '' && !parseRepository(repository)) {
    return { problem: `"${repository}" cannot be the name of a repository.` }
  }
  if (repository === '' && right !== 'admin' && right !== 'catalog') {
    return { problem: `Say in which repository: ${right} is a right in one.` }
  }
  const explained = explain(registry, { ...asked, repository: repository || undefined })
  return explained.ok ? explained.value : { problem: explained.reason }
}

function inForce({ web: { registry } }: Visit): Html {
  const { file, loadedAt, current } = registry.policy
  const rules = `${count(current.rules.length, 'rule')}, ${current.immutable.length} for tags that never change`
  return file === undefined
    ? html`The policy that comes with the service, since none is configured (<code>registry.policy</code>): ${rules}.`
    : html`From <code>${file}</code>, read ${time(loadedAt)}: ${rules}. It is read again within seconds when it changes.`
}

function refused({ web: { registry } }: Visit): Html {
  const { problem, file = '' } = registry.policy
  const reasons = problem?.reason.replace(`${file}: `, '').split('; ')
  return html`<div class="notice bad" role="alert"><p><strong>The newest file is not in force.</strong> It was refused ${problem && time(problem.at)}; the one below still decides. Correct the file: it is read again by itself.</p><ul>${reasons?.map((each) => html`<li>${each}</li>`)}</ul></div>`
}

function explainForm({ web: { site } }: Visit, { who, right, repository }: Asked): Html {
  return html`<form class="panel" action="${site.path('admin/policy')}">
<h2>Who may what?</h2>
<div class="filters">
<div class="wide"><label for="who">Who</label><input id="who" name="who" required maxlength="200" placeholder="ann, robot:ci, anonymous" autocapitalize="none" spellcheck="false" value="${who}"></div>
<div><label for="right">May</label><select id="right" name="right">${RIGHTS.map((each) => html`<option${each === right && html` selected`}>${each}</option>`)}</select></div>
<div class="wide"><label for="repository">In</label><input id="repository" name="repository" maxlength="255" placeholder="team/app" autocapitalize="none" spellcheck="false" value="${repository}"></div>
</div>
<p class="hint small"><code>catalog</code> and <code>admin</code> need no repository. Tokens may have narrower limits.</p>
<button class="primary">Explain</button></form>`
}

function answered({ isAllowed, sentence, reason, rule, lines }: Explained): Html {
  return html`<section class="panel" role="status">
<h2>${sentence}</h2>
<p>${reason}${rule && html` <a href="#line-${rule.line}">See it among the others</a>.`}</p>
${lines.length > 0 && numbered(lines, false)}
${!isAllowed && !rule && html`<p class="small">Nothing is allowed but by a rule. A rule that denies wins over all that allow.</p>`}
</section>`
}

function source(text: string): Html {
  const all = text.trimEnd().split('\n')
  const lines = all.slice(0, MOST_LINES).map((each, index) => ({ line: index + 1, text: each }))
  return html`${numbered(lines, true)}
${all.length > MOST_LINES && html`<p class="small">And ${count(all.length - MOST_LINES, 'more line', 'more lines')}.</p>`}`
}

/** Lines with their numbers; those of the whole policy can be linked to. */
function numbered(lines: readonly { line: number; text: string }[], isWhole: boolean): Html {
  return html`<ol class="source">${lines.map(
    ({ line, text }) =>
      html`<li${isWhole && html` id="line-${line}"`} value="${line}"><span aria-hidden="true">${line}</span><span>${text}</span></li>`,
  )}</ol>`
}
