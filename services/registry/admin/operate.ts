// The operator's verbs, done: by the running server, or on the store when none runs.
import { parseArgs } from 'node:util'
import type { ControlAnswer } from '@fuchsbau/shared/control.ts'
import { isLiving, type TokenOwner, tokensOf } from '../manage/access-tokens.ts'
import {
  type Administrator,
  addRobot,
  deletePerson,
  deleteRobot,
  giveToken,
  ownerOfToken,
  setPersonEnabled,
  setRobotEnabled,
  takeToken,
} from '../manage/administer.ts'
import { explain } from '../manage/explain.ts'
import type { Outcome } from '../manage/outcome.ts'
import type { PolicyHolder } from '../policy-holder.ts'
import { type Audited, audit } from '../registry.ts'
import type { AccessTokenRecord } from '../store/records.ts'
import type { Store } from '../store/store.ts'
import type { KeyRing } from '../token/key-ring.ts'
import { exportAuditLines, listAudit } from './audit.ts'
import { entriesFor, explainExchange, isClaim } from './explain-exchange.ts'
import { listWebhooks, retryWebhook, testWebhook } from './webhooks.ts'

export interface Operated extends Audited {
  policy: PolicyHolder
  keys: KeyRing
  maxAgeMs: number
}

const DAY_MS = 86_400_000
const DEFAULT_DAYS = 90

type Act = (on: Operated, args: string[]) => ControlAnswer | Promise<ControlAnswer>

/** `VERB ACT` → what it does. */
const ACTS: Readonly<Record<string, Readonly<Record<string, Act>>>> = {
  token: { create: createToken, list: listTokens, revoke: revokeToken },
  robot: {
    create: (on, [name = '', ...about]) =>
      told(addRobot(operatorOf(on), name, about.join(' ')), () => [
        `The robot ${name} is there. Make a token: fuchsbau registry token create robot:${name} …`,
      ]),
    list: ({ store }) =>
      lines(store.robots.list(), ({ name, isEnabled, about }) =>
        [name, isEnabled ? '' : 'disabled', about].filter(Boolean).join('  '),
      ),
    enable: (on, [name = '']) =>
      told(setRobotEnabled(operatorOf(on), name, true), () => ['Enabled.']),
    disable: (on, [name = '']) =>
      told(setRobotEnabled(operatorOf(on), name, false), () => ['Disabled: its tokens end now.']),
    delete: (on, [name = '']) =>
      told(deleteRobot(operatorOf(on), name), () => ['Deleted, with its tokens.']),
  },
  person: {
    list: ({ store }) =>
      lines(store.people.list(), ({ name, groups, isOwner, isEnabled, isGone }) =>
        [
          name,
          isOwner ? 'owner' : '',
          groups.join(','),
          isEnabled ? '' : 'disabled',
          isGone ? 'gone' : '',
        ]
          .filter(Boolean)
          .join('  '),
      ),
    enable: (on, [name = '']) =>
      told(setPersonEnabled(operatorOf(on), name, true), () => ['Enabled.']),
    disable: (on, [name = '']) =>
      told(setPersonEnabled(operatorOf(on), name, false), () => [
        'Disabled: sessions and tokens end now.',
      ]),
    delete: (on, [name = '']) =>
      told(deletePerson(operatorOf(on), name), () => ['Deleted, with tokens and sessions.']),
  },
  policy: {
    explain: explainPolicy,
    show: ({ policy }) => answer(policy.text.trimEnd().split('\n')),
  },
  key: {
    list: ({ keys }) =>
      lines(
        keys.records(),
        ({ kid, state, createdAt }) => `${kid}  ${state}  since ${day(createdAt)}`,
      ),
    rotate: rotateKey,
  },
  audit: { list: listAudit, export: exportAuditLines },
  webhook: { list: listWebhooks, test: testWebhook, retry: retryWebhook },
}

/** Runs a verb. Never rejects for what a person typed. */
export async function operate(on: Operated, verb: string, args: string[]): Promise<ControlAnswer> {
  const [name = '', ...rest] = args
  const acts = Object.hasOwn(ACTS, verb) ? ACTS[verb] : undefined
  const act = acts && Object.hasOwn(acts, name) ? acts[name] : undefined
  if (!act) {
    const known = Object.keys(acts ?? ACTS).join(', ')
    return no(`Say what to do: ${verb} with one of ${known}.`)
  }
  try {
    const answered = await act(on, rest)
    // Whoever reads the answer may rely on it.
    on.store.commitTurn()
    return answered
  } catch (error) {
    if (error instanceof TypeError && 'code' in error) return no(`${error.message}.`)
    throw error
  }
}

/** Whoever may use the command line. */
const operatorOf = (on: Audited): Administrator => ({ on, by: 'operator', address: '' })

function createToken(on: Operated, args: string[]): ControlAnswer {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      label: { type: 'string', default: 'command line' },
      repository: { type: 'string', multiple: true, default: ['**'] },
      allow: { type: 'string', default: 'pull' },
      days: { type: 'string', default: String(DEFAULT_DAYS) },
    },
  })
  const owner = ownerOf(on.store, positionals[0] ?? '')
  if (!owner) return no('Say whose it is: the name of a person, or robot:NAME.')
  const wanted = {
    label: values.label,
    repositories: values.repository,
    actions: values.allow.split(','),
    lifetimeMs: Number(values.days) * DAY_MS,
  }
  const made = giveToken(operatorOf(on), owner, wanted, on.maxAgeMs)
  return told(made, ({ secret }) => [secret])
}

function listTokens({ store, clock }: Operated, [name = '']: string[]): ControlAnswer {
  const owner = ownerOf(store, name)
  if (name !== '' && !owner) return no('There is no such person or robot.')
  const tokens = owner ? tokensOf(store, owner) : store.accessTokens.list()
  const now = clock.now()
  return lines(tokens, (token) => {
    const limits = token.limits
      .map(({ repositories, actions }) => `${repositories.join(' ')}: ${actions.join(',')}`)
      .join('; ')
    return `${token.id}  ${ownerOfToken(store, token)}  ${token.label}  ${limits}  ${stateOf(token, now)}`
  })
}

function stateOf(token: AccessTokenRecord, now: number): string {
  if (token.revokedAt !== undefined) return `revoked ${day(token.revokedAt)}`
  const used = token.lastUsedAt === undefined ? 'never used' : `used ${day(token.lastUsedAt)}`
  return isLiving(token, now) ? `until ${day(token.expiresAt)}, ${used}` : 'expired'
}

function revokeToken(on: Operated, [id = '']: string[]): ControlAnswer {
  return told(takeToken(operatorOf(on), Number(id)), () => ['Revoked.'])
}

/** `WHO RIGHT REPOSITORY`: which rule decides. `CLAIM=VALUE…`: what a CI job gets. */
function explainPolicy(on: Operated, words: string[]): ControlAnswer {
  const [who = '', right = '', repository] = words
  if (isClaim(who)) return answer(explainExchange(on, words))
  return told(explain(on, { who, right, repository }), ({ sentence, reason, lines }) => [
    sentence,
    reason,
    ...lines.map(({ text }) => text),
    ...(who.startsWith('robot:') ? entriesFor(on, who.slice('robot:'.length)) : []),
  ])
}

async function rotateKey(on: Operated): Promise<ControlAnswer> {
  const { kid } = await on.keys.prepare()
  audit(on, { event: 'key made', caller: 'operator', address: '', reference: kid })
  return answer([
    `The next key is ${kid}. Give the upstream the new token-key.pem and restart it: as soon as it accepts`,
    'the new key, tokens are signed by it.',
  ])
}

function ownerOf(store: Store, name: string): TokenOwner | undefined {
  if (name.startsWith('robot:')) {
    const robot = store.robots.named(name.slice(6))
    return robot && { robotId: robot.id }
  }
  const person = store.people.named(name)
  return person && { personId: person.id }
}

const day = (at: number) => new Date(at).toISOString().slice(0, 10)
const answer = (text: string[]): ControlAnswer => ({ ok: true, lines: text })
const no = (reason: string): ControlAnswer => ({ ok: false, lines: [reason] })

function lines<T>(items: readonly T[], format: (item: T) => string): ControlAnswer {
  return answer(items.length === 0 ? ['There are none.'] : items.map(format))
}

function told<T>(outcome: Outcome<T>, format: (value: T) => string[]): ControlAnswer {
  return outcome.ok ? answer(format(outcome.value)) : no(outcome.reason)
}
