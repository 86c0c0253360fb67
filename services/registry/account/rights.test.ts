import { describe, expect, test } from 'vitest'
import { decide, type Identity, immutableLine } from '../policy/decide.ts'
import { type Policy, parsePolicy } from '../policy/policy.ts'
import { formatScope, parseScopes } from '../scope.ts'
import type { Limit } from '../store/records.ts'
import type { Caller } from './caller.ts'
import { ANONYMOUS } from './caller.ts'
import { allowed, verdict, whatNext } from './rights.ts'

function policyOf(text: string): Policy {
  const parsed = parsePolicy(text)
  if (!parsed.ok) throw new Error(parsed.errors.join('\n'))
  return parsed.policy
}

const policy = policyOf(`rules:
  - {who: everyone, repositories: public/**, allow: pull}
  - {who: people, repositories: "\${username}/**", allow: [pull, push, overwrite, delete]}
  - {who: "group:ops", repositories: "**", allow: [pull, push, overwrite, delete, catalog, admin]}
  - {who: robots, repositories: team/**, allow: [pull, push]}
  - {who: "robot:ci", repositories: "\${username}/**", allow: push}
  - {who: anonymous, repositories: public/private, deny: pull}
  - {who: everyone, repositories: team/frozen, deny: [push, overwrite, delete]}
  - {who: "user:eve", repositories: x, deny: [catalog, admin]}
immutable:
  - {repositories: team/**, tags: [v*, "1.0"]}
`)

const person = (name: string, groups: string[] = [], isOwner = false): Identity => ({
  kind: 'person',
  name,
  groups,
  isOwner,
})
const ann = person('ann')
const ops = person('olga', ['ops'])
const ci: Identity = { kind: 'robot', name: 'ci' }
const nobody: Identity = { kind: 'anonymous' }

test.each([
  [nobody, 'pull', 'public/app', true, 2],
  [nobody, 'pull', 'public/private', false, 7],
  [ann, 'pull', 'public/private', true, 2],
  [nobody, 'push', 'public/app', false, undefined],
  [nobody, 'pull', 'ann/app', false, undefined],
  [ann, 'push', 'ann/app', true, 3],
  [ann, 'push', 'bob/app', false, undefined],
  [ann, 'push', 'team/app', false, undefined],
  [ops, 'push', 'team/app', true, 4],
  [ops, 'push', 'team/frozen', false, 8],
  [ops, 'pull', 'team/frozen', true, 4],
  [ci, 'push', 'team/app', true, 5],
  [ci, 'delete', 'team/app', false, undefined],
  [ci, 'push', 'ci/app', true, 6],
  [{ kind: 'robot', name: 'ann' } as Identity, 'push', 'ann/app', false, undefined],
  [ops, 'admin', undefined, true, 4],
  [ann, 'admin', undefined, false, undefined],
  [ops, 'catalog', undefined, true, 4],
  [person('eve', ['ops']), 'admin', undefined, false, 9],
  [person('you', [], true), 'push', 'team/app', false, undefined],
] as const)('%o, %s in %s: %s by line %s', (identity, right, repository, isAllowed, line) => {
  const decision = decide(policy, identity, right, repository)
  expect([decision.isAllowed, decision.rule?.line]).toEqual([isAllowed, line])
})

test('tags that never change', () => {
  expect(immutableLine(policy, 'team/app', 'v1')).toBe(11)
  expect(immutableLine(policy, 'team/app', '1.0')).toBe(11)
  expect(immutableLine(policy, 'team/app', '1x0')).toBeUndefined()
  expect(immutableLine(policy, 'ann/app', 'v1')).toBeUndefined()
})

function caller(identity: Identity, limits?: Limit[]): Caller {
  if (identity.kind === 'anonymous') return ANONYMOUS
  const at = { createdAt: 0, isEnabled: true }
  const account: Caller['account'] =
    identity.kind === 'robot'
      ? { kind: 'robot', robot: { id: 1, name: identity.name, about: '', createdBy: '', ...at } }
      : {
          kind: 'person',
          person: {
            ...at,
            id: 1,
            name: identity.name,
            groups: [...identity.groups],
            isOwner: identity.isOwner,
            issuer: '',
            sub: '',
            isGone: false,
            password: '',
            refreshToken: '',
            checkedAt: 0,
          },
        }
  return {
    account,
    credential: { kind: 'access-token', id: 1, label: 'laptop' },
    limits,
    expiresAt: undefined,
  }
}

describe('the limits of a token', () => {
  const limits: Limit[] = [
    { repositories: ['team/*'], actions: ['pull', 'push'] },
    { repositories: ['ann/**'], actions: ['pull'] },
  ]
  test.each([
    ['push', 'team/app', true],
    ['push', 'team/app/web', false],
    ['push', 'ann/app', false],
    ['pull', 'ann/app', true],
    ['delete', 'team/app', false],
    ['pull', 'other/app', false],
    ['admin', undefined, false],
    ['catalog', undefined, true],
  ] as const)('%s in %s: %s', (right, repository, isAllowed) => {
    const found = verdict(policy, caller(ops, limits), right, repository)
    expect(found.isAllowed).toBe(isAllowed)
    if (!found.isAllowed) expect(found.why).toContain('This token is not for')
  })

  test('give nothing that the policy does not', () => {
    expect(verdict(policy, caller(ann, limits), 'push', 'team/app')).toEqual({
      isAllowed: false,
      why: 'No rule of the policy allows push in team/app.',
    })
  })

  test('without pull are not for the catalog', () => {
    const pushing: Limit[] = [{ repositories: ['**'], actions: ['push'] }]
    expect(verdict(policy, caller(ops, pushing), 'catalog').isAllowed).toBe(false)
  })

  test('with a placeholder or a broken pattern match nothing', () => {
    for (const text of [`$\{username}/**`, '***', '']) {
      const odd: Limit[] = [{ repositories: [text], actions: ['pull'] }]
      expect(verdict(policy, caller(ann, odd), 'pull', 'ann/app').isAllowed).toBe(false)
    }
  })
})

test('who may not is told what she can do', () => {
  const here = { url: 'https://oci.test', contact: 'the keepers' }
  const limits: Limit[] = [{ repositories: ['x'], actions: ['pull'] }]
  const next = (asking: ReturnType<typeof caller>) => {
    const found = verdict(policy, asking, 'push', 'bob/app')
    return found.isAllowed ? '' : whatNext(here, asking, found)
  }
  expect(next(caller(ann))).toBe('If you need it, ask the keepers.')
  expect(next(caller(ann, limits))).toBe('Make one that is for it: https://oci.test/tokens.')
  expect(next(caller({ kind: 'robot', name: 'ci' }, limits))).toBe(
    'Ask the keepers for one that is.',
  )
})

test('of what is asked for, what she may', () => {
  const asked = parseScopes([
    'repository:ann/app:pull,push',
    'repository:public/app:pull,push',
    'repository:bob/app:*',
    'registry:catalog:*',
  ])
  const given = (identity: Identity) => allowed(policy, caller(identity), asked).map(formatScope)
  expect(given(nobody)).toEqual(['repository:public/app:pull'])
  expect(given(ann)).toEqual([
    'repository:ann/app:pull,push,overwrite',
    'repository:public/app:pull',
  ])
  expect(given(ops)).toHaveLength(4)
})
