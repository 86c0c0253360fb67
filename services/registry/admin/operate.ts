// The operator's verbs, done: by the running server, or on the store when none runs.
import { parseArgs } from 'node:util'
import type { Clock } from '@fuchsbau/shared/clock.ts'
import type { ControlAnswer } from '@fuchsbau/shared/control.ts'
import {
  isLiving,
  makeAccessToken,
  revokeAccessToken,
  type TokenOwner,
  tokensOf,
} from '../manage/access-tokens.ts'
import type { Outcome } from '../manage/outcome.ts'
import { enablePerson, removePerson } from '../manage/people.ts'
import { enableRobot, makeRobot, removeRobot } from '../manage/robots.ts'
import { decide, type Identity } from '../policy/decide.ts'
import { RIGHTS, type Right } from '../policy/policy.ts'
import type { PolicyHolder } from '../policy-holder.ts'
import type { AccessTokenRecord } from '../store/records.ts'
import type { Store } from '../store/store.ts'
import type { KeyRing } from '../token/key-ring.ts'
import type { Announcer } from '../webhook/announcer.ts'
import { entriesFor, explainExchange, isClaim } from './explain-exchange.ts'
import { listWebhooks, retryWebhook, testWebhook } from './webhooks.ts'

export interface Operated {
  store: Store
  clock: Clock
  policy: PolicyHolder
  keys: KeyRing
  webhooks: Announcer
  maxAgeMs: number
}

const DAY_MS = 86_400_000
const DEFAULT_DAYS = 90
const AUDIT_LINES = 100

type Act = (on: Operated, args: string[]) => ControlAnswer | Promise<ControlAnswer>

/** `VERB ACT` → what it does. */
const ACTS: Readonly<Record<string, Readonly<Record<string, Act>>>> = {
  token: { create: createToken, list: listTokens, revoke: revokeToken },
  robot: {
    create: ({ store, clock }, [name = '', ...about]) =>
      told(makeRobot({ store, clock }, { name, about: about.join(' '), by: 'operator' }), () => [
        `The robot ${name} is there. Make a token: fuchsbau registry token create robot:${name} …`,
      ]),
    list: ({ store }) =>
      lines(store.robots.list(), ({ name, isEnabled, about }) =>
        [name, isEnabled ? '' : 'disabled', about].filter(Boolean).join('  '),
      ),
    enable: ({ store }, [name = '']) => told(enableRobot(store, name, true), () => ['Enabled.']),
    disable: ({ store }, [name = '']) =>
      told(enableRobot(store, name, false), () => ['Disabled: its tokens end now.']),
    delete: ({ store }, [name = '']) =>
      told(removeRobot(store, name), () => ['Deleted, with its tokens.']),
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
    enable: ({ store }, [name = '']) => told(enablePerson(store, name, true), () => ['Enabled.']),
    disable: ({ store }, [name = '']) =>
      told(enablePerson(store, name, false), () => ['Disabled: sessions and tokens end now.']),
    delete: ({ store }, [name = '']) =>
      told(removePerson(store, name), () => ['Deleted, with tokens and sessions.']),
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
  audit: { list: listAudit },
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

function createToken({ store, clock, maxAgeMs }: Operated, args: string[]): ControlAnswer {
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
  const owner = ownerOf(store, positionals[0] ?? '')
  if (!owner) return no('Say whose it is: the name of a person, or robot:NAME.')
  const made = makeAccessToken({ store, clock, maxAgeMs }, owner, {
    label: values.label,
    repositories: values.repository,
    actions: values.allow.split(','),
    lifetimeMs: Number(values.days) * DAY_MS,
  })
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
    return `${token.id}  ${nameOfOwner(store, token)}  ${token.label}  ${limits}  ${stateOf(token, now)}`
  })
}

function stateOf(token: AccessTokenRecord, now: number): string {
  if (token.revokedAt !== undefined) return `revoked ${day(token.revokedAt)}`
  const used = token.lastUsedAt === undefined ? 'never used' : `used ${day(token.lastUsedAt)}`
  return isLiving(token, now) ? `until ${day(token.expiresAt)}, ${used}` : 'expired'
}

function revokeToken(on: Operated, [id = '']: string[]): ControlAnswer {
  return told(revokeAccessToken(on, Number(id)), () => ['Revoked.'])
}

/** `USER ACTION REPOSITORY`: which rule decides. */
function explainPolicy({ store, policy }: Operated, words: string[]): ControlAnswer {
  if (words[0] !== undefined && isClaim(words[0])) {
    return answer(explainExchange({ store, policy }, words))
  }
  const [who = '', word = '', repository] = words
  const right = RIGHTS.find((known) => known === word) as Right | undefined
  if (!right) return no(`Say what for: ${RIGHTS.join(', ')}.`)
  const identity = identityNamed(store, who)
  if (!identity) return no(`There is nobody called ${who}: a person, robot:NAME or anonymous.`)
  const { isAllowed, rule } = decide(policy.current, identity, right, repository)
  const where = repository === undefined ? '' : ` in ${repository}`
  const verb = isAllowed ? 'may' : 'may not'
  const text =
    rule === undefined ? [] : (policy.text.split('\n').slice(rule.line - 1, rule.line + 3) ?? [])
  return answer([
    `${who} ${verb} ${right}${where}.`,
    rule === undefined
      ? 'No rule allows it.'
      : `Decided by the rule in line ${rule.line}, which ${rule.effect === 'allow' ? 'allows' : 'denies'} it:`,
    ...text,
    ...(identity.kind === 'robot' ? entriesFor({ policy }, identity.name) : []),
  ])
}

async function rotateKey({ keys }: Operated): Promise<ControlAnswer> {
  const { kid } = await keys.prepare()
  return answer([
    `The next key is ${kid}. Give the upstream the new token-key.pem and restart it: as soon as it accepts`,
    'the new key, tokens are signed by it.',
  ])
}

function listAudit({ store }: Operated, args: string[]): ControlAnswer {
  const { values } = parseArgs({
    args,
    options: {
      who: { type: 'string' },
      event: { type: 'string' },
      repository: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  })
  const { who, event, repository, json } = values
  const found = store.audit.find({ who, event, repository }, AUDIT_LINES).toReversed()
  return lines(found, (line) =>
    json
      ? JSON.stringify(line)
      : [
          new Date(line.at).toISOString(),
          line.event,
          line.who,
          line.credential,
          line.repository,
          line.reference || line.digest,
          line.address,
          line.outcome,
        ].join('  '),
  )
}

function identityNamed(store: Store, who: string): Identity | undefined {
  if (who === 'anonymous') return { kind: 'anonymous' }
  const robot = store.robots.named(who.replace(/^robot:/, ''))
  if (who.startsWith('robot:')) return robot && { kind: 'robot', name: robot.name }
  const person = store.people.named(who)
  if (!person) return
  const { name, groups, isOwner } = person
  return { kind: 'person', name, groups, isOwner }
}

function ownerOf(store: Store, name: string): TokenOwner | undefined {
  if (name.startsWith('robot:')) {
    const robot = store.robots.named(name.slice(6))
    return robot && { robotId: robot.id }
  }
  const person = store.people.named(name)
  return person && { personId: person.id }
}

function nameOfOwner(store: Store, { personId, robotId }: AccessTokenRecord): string {
  if (personId !== undefined) return store.people.get(personId)?.name ?? ''
  return `robot:${store.robots.get(robotId ?? 0)?.name ?? ''}`
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
